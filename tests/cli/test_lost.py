"""`nbmerge lost`: the list, and what is put back."""

from __future__ import annotations

import json
import os

import pytest

from tests.cli.past import Past
from tests.cli.world import Command
from tests.helpers.build import code, notebook

LOAD, PLOT = code("load()", id="load"), code("plot(height)\nplot(width)", id="plot")
SHORT = code("plot(height)", id="plot")


def test_what_is_gone_is_listed_with_the_version_that_it_went_with(past: Past, nbmerge: Command) -> None:
    past.saved(notebook(LOAD, PLOT), notebook(LOAD, SHORT), notebook(SHORT), writer="Ann")
    ended = nbmerge("lost", "nb.ipynb")
    first, text, second, line, last = ended.out.decode().splitlines()
    assert first.startswith("  1  cell 1, went with @3 at ")
    assert first.endswith("(Ann)")
    assert text == "       load()"
    assert second.startswith("  2  1 line of cell 2, went with @2 at ")
    assert line == "       plot(width)"
    assert last == "python -m nbmerge lost nb.ipynb --put-back N puts number N back"
    assert (ended.code, ended.err) == (0, "")


def test_words_choose_and_numbers_stay(past: Past, nbmerge: Command) -> None:
    past.saved(notebook(LOAD, PLOT), notebook(LOAD, SHORT), notebook(SHORT))
    assert b"  2  1 line of cell 2" in nbmerge("lost", "nb.ipynb", "Width", "plot").out
    assert nbmerge("lost", "nb.ipynb", "nowhere").out == (
        b"nb.ipynb: nothing of this kind is lost: all of it is in the notebook\n"
    )
    for name in ("3", "@3"):
        assert b"1 line" not in nbmerge("lost", "nb.ipynb", "--since", name).out


def test_json_is_one_object_a_line(past: Past, nbmerge: Command) -> None:
    past.saved(notebook(LOAD, SHORT), notebook(SHORT), writer="Ann")
    [found] = map(json.loads, nbmerge("lost", "nb.ipynb", "--json").out.splitlines())
    assert found == {
        "number": 1,
        "kind": "cell",
        "cell": 1,
        "id": "load",
        "text": "load()",
        "last": 1,
        "gone": 2,
        "time": "2023-11-14T22:14:20.000+00:00",
        "writer": "Ann",
    }


def test_what_is_put_back_is_a_save_that_can_be_undone(past: Past, nbmerge: Command) -> None:
    _, without = past.saved(notebook(LOAD, PLOT), notebook(LOAD, SHORT))
    ended = nbmerge("lost", "nb.ipynb", "--put-back", "1")
    assert ended.out == b"nb.ipynb: 1 line of cell 2 of version 1 is in the notebook again: version 3\n"
    cells = json.loads(past.path.read_bytes())["cells"]
    assert "".join(cells[1]["source"]) == "plot(height)\nplot(width)"
    assert nbmerge("restore", "nb.ipynb@2").code == 0
    assert past.path.read_bytes() == without


@pytest.mark.parametrize(
    ("words", "code", "why"),
    [
        (["lost", "nb.ipynb", "--put-back", "9"], 2, "number 9 is not in the list: there are 1"),
        (["lost", "nb.ipynb", "word", "--put-back", "1"], 2, "--put-back takes a number of the whole list"),
        (["lost", "other.ipynb"], 3, "has no history"),
    ],
)
def test_one_line_says_what_is_wrong(
    past: Past, nbmerge: Command, words: list[str], code: int, why: str
) -> None:
    past.saved(notebook(LOAD, SHORT), notebook(SHORT))
    os.utime(past.path)
    ended = nbmerge(*words)
    assert ended.code == code
    assert why in ended.err
    assert ended.err.count("\n") == 1
