"""Writing: what is new is spelled in the style of the file; what stood there stays as it stood."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from nbmerge.notebook import Cell, Notebook, read, write
from tests.helpers.build import code, notebook
from tests.helpers.spelling import JUPYTER, Spelling

TWO = notebook(code("a = 1", id="a"), code("b = 'ä'", id="b"))


def with_cell(found: Notebook, value: Mapping[str, object]) -> Notebook:
    made = Cell(json.loads(json.dumps(value)))
    return replace(found, cells=(*found.cells, made))


@pytest.mark.parametrize(
    "style",
    [
        JUPYTER,
        Spelling(indent="    "),
        Spelling(indent="\t"),
        Spelling(indent=None, comma=", "),
        Spelling(indent=None, colon=":"),
        Spelling(ascii=True, newline="\r\n", tail=""),
        Spelling(bom=True, comma=", "),
    ],
)
def test_a_new_cell_is_written_in_the_style_of_the_file(style: Spelling) -> None:
    new = {"cell_type": "raw", "id": "n", "metadata": {}, "source": ["ö ☃ 😀\n", "x"]}
    found = write(with_cell(read(style.spell(TWO)), new))
    assert found == style.spell(TWO | {"cells": [*TWO["cells"], new]})


def test_a_lone_surrogate_is_escaped_even_where_other_characters_are_not() -> None:
    new = {"cell_type": "raw", "metadata": {}, "source": "ä\ud800"}
    assert '"ä\\ud800"'.encode() in write(with_cell(read(JUPYTER.spell(TWO)), new))


def test_cells_can_be_reordered_without_respelling_them() -> None:
    data = JUPYTER.spell(TWO).replace(b"a = 1", b"\\u0061 = 1")
    found = read(data)
    turned = write(replace(found, cells=found.cells[::-1]))
    expected = JUPYTER.spell(TWO | {"cells": TWO["cells"][::-1]}).replace(b"a = 1", b"\\u0061 = 1")
    assert turned == expected


def test_the_last_cell_can_be_removed() -> None:
    found = read(JUPYTER.spell(TWO))
    assert write(replace(found, cells=())) == JUPYTER.spell(TWO | {"cells": []})
