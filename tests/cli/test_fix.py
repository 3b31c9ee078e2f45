"""`nbmerge fix`: what people are told, and what becomes of the others when one cannot be fixed."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.past import Past
from tests.cli.world import BASE, Command, save, sources
from tests.helpers.spelling import JUPYTER

MARKED = """<<<<<<< HEAD
    "a = 2"
=======
    "a = 9"
>>>>>>> topic
"""


def broken(path: Path) -> bytes:
    """A notebook as git leaves it where both sides changed the first cell."""
    text = JUPYTER.spell(BASE).decode()
    [line] = [line for line in text.splitlines() if "a = 1" in line]
    path.write_text(text.replace(f"{line}\n", MARKED))
    return path.read_bytes()


def test_what_is_rebuilt_is_a_version_after_the_broken_one(past: Past, nbmerge: Command) -> None:
    before = broken(past.path)
    ended = nbmerge("fix", "nb.ipynb")
    assert (ended.code, b"from its own text alone; 1 conflict is shown in cell 1" in ended.out) == (1, True)
    assert sources(past.path.read_bytes())[1:] == ["b = 1", "c = 1"]
    assert nbmerge("show", "nb.ipynb@1").out == before


def test_check_writes_nothing(past: Past, nbmerge: Command) -> None:
    before = broken(past.path)
    assert nbmerge("fix", "--check", "nb.ipynb").code == 1
    assert past.path.read_bytes() == before
    assert nbmerge("log", "nb.ipynb").code == 3


def test_a_fixed_notebook_still_shows_its_conflicts(past: Past, nbmerge: Command) -> None:
    broken(past.path)
    nbmerge("fix", "nb.ipynb")
    ended = nbmerge("fix", "nb.ipynb")
    assert (ended.code, b"nothing to fix, but 1 conflict is shown in it" in ended.out) == (1, True)


def test_one_that_cannot_be_fixed_does_not_stop_the_others(
    past: Past, nbmerge: Command, folder: Path
) -> None:
    (folder / "notes.ipynb").write_text("just some notes\n")
    broken(past.path)
    ended = nbmerge("fix", "gone.ipynb", "notes.ipynb", "nb.ipynb", "base.ipynb", "--json")
    found = [json.loads(line) for line in ended.out.splitlines()]
    assert [each["result"] for each in found] == ["failed", "failed", "conflict", "sound"]
    assert (ended.code, (folder / "notes.ipynb").read_text()) == (3, "just some notes\n")


def test_a_notebook_that_is_whole_is_left_alone(nbmerge: Command, folder: Path) -> None:
    save(folder / "whole.ipynb", BASE)
    ended = nbmerge("fix", "whole.ipynb")
    assert (ended.code, ended.out) == (0, b"whole.ipynb: it is a notebook; nothing to fix\n")
