"""The law of long texts: that they stay bytes changes nothing; only time and memory know of it."""

from __future__ import annotations

import json
from random import Random
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbmerge.merge.files import merge_bytes
from nbmerge.notebook import longtext, write
from nbmerge.notebook.jsontext import LongText
from nbmerge.notebook.longtext import LongTexts
from nbmerge.notebook.reader import read_abridged
from tests.helpers.build import Notebook, Trio, code, merge, notebook, shown
from tests.helpers.edits import trios
from tests.helpers.examples import tried
from tests.helpers.oddities import odd_notebooks
from tests.helpers.spelling import JUPYTER, Spelling
from tests.helpers.strategies import odd_spellings, spellings

SHORT = 18  # longer than the names of nbformat's fields, so that random texts are long ones
NEVER = 10**9
PICTURE = "iVBORw0KGgo/+=" * 1000
FILLINGS = ["0123456789/abcdefgh=", "one\ntwo three four five six\n", '"said it, and went home"', "äöü" * 9]


def lengthened(value: Any, chance: Random) -> Any:
    """The same with many of its texts longer, in ways that occur more than once."""
    match value:
        case str() if value not in ("code", "markdown", "raw", "stream", "display_data", "execute_result"):
            return value + chance.choice([*FILLINGS, "", ""])
        case list():
            return [lengthened(item, chance) for item in value]
        case dict():
            return {
                key: item if key in ("id", "name") else lengthened(item, chance)
                for key, item in value.items()
            }
    return value


def longer(made: Notebook, seed: int) -> Notebook:
    """The notebook with longer texts: equal cells get equal ones."""
    cells = [lengthened(cell, Random(f"{seed} {json.dumps(cell)}")) for cell in made["cells"]]
    return made | {"cells": cells, "metadata": lengthened(made["metadata"], Random(seed))}


def merged(files: list[bytes], least: int) -> tuple[bytes, list[Any], list[Any]]:
    base, local, remote = files
    with patch.object(longtext, "LEAST", least):
        found = merge_bytes(base, local, remote)
    return found.data, list(found.rendered.conflicts), list(found.result.decisions)


@tried(150)
@given(trios(), st.tuples(*[spellings() | odd_spellings()] * 3), st.integers(0, 9))
def test_a_merge_is_the_same_with_stand_ins_and_without(
    trio: Trio, styles: tuple[Spelling, ...], seed: int
) -> None:
    texts = (longer(made, seed) for made in trio.files())
    files = [style.spell(made) for style, made in zip(styles, texts, strict=True)]
    assert merged(files, SHORT) == merged(files, NEVER)


@tried(100)
@given(odd_notebooks(), spellings() | odd_spellings(), st.integers(0, 9))
def test_what_was_read_with_stand_ins_is_written_byte_for_byte(
    made: dict[str, Any], style: Spelling, seed: int
) -> None:
    made = made | {"cells": [lengthened(cell, Random(seed)) for cell in made["cells"]]}
    data, long = style.spell(made), LongTexts()
    with patch.object(longtext, "LEAST", SHORT):
        found = read_abridged(data, "a.ipynb", (), long)
    assert long.put_back(write(found)) == data


def pictured(picture: object, source: str = "plot()", **fields: Any) -> Notebook:
    return notebook(code(source, id="a", outputs=[shown({"image/png": picture})], **fields))


def outputs_of(data: bytes, long: LongTexts) -> Any:
    found: Any = read_abridged(data, "a.ipynb", (), long).cells[0]
    return found.outputs[0]["data"]["image/png"], found.plain_outputs[0]["data"]["image/png"]


def test_a_picture_is_one_value_however_its_file_spells_it() -> None:
    long, text = LongTexts(), PICTURE + "\n" + PICTURE
    as_text, plain = outputs_of(JUPYTER.spell(pictured(text)), long)
    assert isinstance(as_text, LongText)
    _, in_lines = outputs_of(JUPYTER.spell(pictured(text.splitlines(keepends=True))), long)
    escaped, _ = outputs_of(JUPYTER.spell(pictured(text)).replace(b"/", b"\\/"), long)
    assert not isinstance(escaped, LongText)
    for other in (as_text, plain, in_lines, escaped, text):
        assert as_text == other
        assert other == as_text
        assert not as_text != other  # noqa: SIM202
    assert as_text not in (text + "x", "", 1)


def test_what_looks_like_a_stand_in_is_a_text_of_somebody() -> None:
    for text in ("@@@@@@@@@@@@0@", "\\u0040" * 12 + "0@"):
        data = JUPYTER.spell(pictured(PICTURE)).replace(b"plot()", text.encode())
        assert LongTexts().abridged(data) is None
        assert merge_bytes(data, data.replace(b"PNG", b"JPG"), data + b"\n").data == data + b"\n"


@pytest.mark.parametrize("text", ["@@@@@@@@@@@@0@", "@@@@@@@@@@@@-0@"])
def test_what_one_side_writes_is_not_taken_for_the_stand_in_of_anothers_picture(text: str) -> None:
    base = pictured(PICTURE)
    ours, theirs = pictured(PICTURE, "plot()\n" + text), pictured(PICTURE, metadata={"tags": ["x"]})
    assert "".join(merge(base, ours, theirs).cells[0]["source"]) == "plot()\n" + text


def test_a_kept_picture_is_there_once_and_as_long_as_somebody_needs_it() -> None:
    long = LongTexts(kept=True)
    first = read_abridged(JUPYTER.spell(pictured(PICTURE)), "a.ipynb", (), long)
    assert long.size == len(PICTURE)
    second = read_abridged(JUPYTER.spell(pictured(PICTURE, "show()")), "a.ipynb", first.cells, long)
    assert long.size == len(PICTURE)
    del first
    assert long.put_back(write(second)) == JUPYTER.spell(pictured(PICTURE, "show()"))
    del second
    assert long.size == 0
    third = read_abridged(JUPYTER.spell(pictured(PICTURE)), "a.ipynb", (), long)
    assert long.put_back(write(third)) == JUPYTER.spell(pictured(PICTURE))


@pytest.mark.parametrize(
    "inside", ["\n", "\t", "\x00", "\\q", "\\u12", '"'], ids=["line", "tab", "null", "q", "u12", "quote"]
)
def test_what_is_wrong_in_a_picture_is_found_and_told_as_ever(inside: str) -> None:
    from nbmerge.errors import NotebookError
    from nbmerge.notebook import read

    data = JUPYTER.spell(pictured(PICTURE)).replace(b"iVBOR", f"iV{inside}BOR".encode(), 1)
    with pytest.raises(NotebookError) as plain:
        read(data, "a.ipynb")
    with pytest.raises(NotebookError) as found:
        read_abridged(data, "a.ipynb", (), LongTexts())
    assert str(found.value) == str(plain.value)


def test_long_lists_of_numbers_are_left_alone() -> None:
    data = JUPYTER.spell(pictured(list(range(3000))))
    assert LongTexts().abridged(data) is None


def test_pictures_of_a_file_in_utf_16_come_out_in_either_encoding() -> None:
    base, text = pictured(PICTURE), JUPYTER.spell(pictured(PICTURE, "show()")).decode()
    wide, plain = ("\ufeff" + text).encode("utf-16-le"), JUPYTER.spell(base)
    ours = JUPYTER.spell(pictured(PICTURE, metadata={"tags": ["x"]}))
    assert b"show()" in merge_bytes(plain, ours, wide).data
    both = merge_bytes(plain, wide, ("\ufeff" + ours.decode()).encode("utf-16-le")).data
    assert PICTURE in both.decode("utf-16")


def test_pictures_of_both_sides_are_each_in_the_cell_that_shows_it() -> None:
    base = notebook(code("a()", id="a"), code("b()", id="b"), code("c()", id="c"))
    ours, theirs = (json.loads(json.dumps(base)) for _ in range(2))
    ours["cells"][0]["outputs"] = [shown({"image/png": PICTURE})]
    theirs["cells"][2]["outputs"] = [shown({"image/png": PICTURE[::-1]})]
    found = [cell["outputs"] for cell in merge(base, ours, theirs).cells]
    assert found == [ours["cells"][0]["outputs"], [], theirs["cells"][2]["outputs"]]
