"""The law of the reader: bytes are a notebook or a NotebookError; what was read is written as it was."""

from __future__ import annotations

import string
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from nbmerge.errors import NotebookError
from nbmerge.notebook import Notebook, read, write
from tests.helpers.build import Trio
from tests.helpers.edits import trios
from tests.helpers.examples import tried
from tests.helpers.oddities import odd_notebooks, values
from tests.helpers.spelling import JUPYTER, Spelling
from tests.helpers.strategies import notebooks, odd_spellings, spellings


def shape(notebook: Notebook) -> tuple[list[str], str]:
    """Everything that was read of the cells, and the style."""
    cells = [repr((cell.value, cell.text, cell.layout, cell.lead)) for cell in notebook.cells]
    return cells, repr(notebook.style)


@tried(80)
@given(odd_notebooks(), spellings() | odd_spellings())
def test_what_was_read_is_written_byte_for_byte(notebook: dict[str, Any], style: Spelling) -> None:
    data = style.spell(notebook)
    assert write(read(data)) == data


@tried(60)
@given(trios(), spellings() | odd_spellings(), spellings())
def test_known_cells_save_parsing_and_change_nothing(trio: Trio, one: Spelling, other: Spelling) -> None:
    known = read(one.spell(trio.base)).cells
    for style in (one, other):
        data = style.spell(trio.local)
        found = read(data, known=known)
        assert shape(found) == shape(read(data))
        assert write(found) == data


def answer(data: bytes, known: bytes = b"") -> None:
    """Reads, or fails as the law allows: one line that begins with the name."""
    cells = read(known).cells if known else ()
    try:
        found = read(data, "a.ipynb", cells)
    except NotebookError as error:
        name, *lines = str(error).split("\n")
        if lines or not name.startswith("a.ipynb: "):
            raise AssertionError("not one line that begins with the name") from error
        return
    assert write(found) == data


@tried(80)
@given(st.binary(max_size=60) | st.text(string.printable, max_size=60).map(str.encode))
def test_any_bytes(data: bytes) -> None:
    answer(data)


@tried(80)
@given(
    values()
    | st.fixed_dictionaries({}, optional={"nbformat": values(), "cells": values(), "worksheets": values()})
)
def test_any_json(value: Any) -> None:
    answer(JUPYTER.spell(value))


@tried(80)
@given(notebooks(max_cells=2), values(), st.data())
def test_any_value_in_any_place_of_a_notebook(
    notebook: dict[str, Any], value: Any, data: st.DataObject
) -> None:
    key = data.draw(st.sampled_from(["nbformat", "nbformat_minor", "cells", "metadata", "cell"]))
    if key == "cell" and notebook["cells"]:
        field = data.draw(st.sampled_from(sorted(notebook["cells"][0])))
        changed = notebook | {"cells": [notebook["cells"][0] | {field: value}]}
    else:
        changed = notebook | {key: value}
    answer(JUPYTER.spell(changed), JUPYTER.spell(notebook))


@tried(100)
@given(notebooks(max_cells=3), spellings(), st.data())
def test_any_damage_to_a_notebook(notebook: dict[str, Any], style: Spelling, data: st.DataObject) -> None:
    whole = style.spell(notebook)
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + 40)) | st.just(len(whole)))
    put = data.draw(st.sampled_from([b"", b"", b'"', b"{", b"]", b",", b"\r\n", b"\xff", b"[[", b"\x00"]))
    answer(whole[:start] + put + whole[end:], whole)
