"""Owns: Hypothesis strategies for notebooks as people have them.

Must not know: merging, or how a side edits (see edits).  Invariant: a notebook of a valid kind of ids
is valid nbformat; what is drawn is drawn anew, and shares nothing that could be changed.  Each strategy is
made once: Hypothesis examines a new one before it draws from it, which takes longer than drawing.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace
from enum import Enum
from functools import cache
from random import Random
from typing import Any

from hypothesis import strategies as st

from tests.helpers.build import Cell, Notebook, code, markdown, printed, raw, shown
from tests.helpers.spelling import Spelling


class Ids(Enum):
    """How a notebook identifies its cells."""

    OWN = "own"
    NONE = "none"  # nbformat 4.4
    FORGOTTEN = "4.5 without ids"
    TWICE = "one id twice"
    POSITIONAL = "cell-0, cell-1, ..."


VALID = (Ids.OWN, Ids.NONE, Ids.POSITIONAL)

CODE_LINES = (
    "import numpy as np",
    "import pandas as pd",
    "from pathlib import Path",
    "data = pd.read_csv('measurements.csv')",
    "model = fit(data, alpha=0.5, steps=100)",
    "print(model.score(data, data.target))",
    "def area(width, height):",
    "    return width * height",
    "for row in data.itertuples():",
    "    total += row.weight * row.price",
    "# the figure for the paper",
    "plt.plot(data.x, data.y, color='red')",
    "plt.show()",
    "%matplotlib inline",
    "x = 1",
    "x",
    "",
    "result = {'mean': mean(values), 'sd': sd(values)}",
    "assert result['mean'] > 0",
    "    x = 1  ",
)
PROSE_LINES = (
    "# Introduction to the measurements",
    "We measured twelve samples in three laboratories.",
    "The results are shown in the table below.",
    "* first item of the list",
    "* second item",
    "",
    "![figure](attachment:image.png)",
    "Umlauts: äöü and a snowman ☃.",
    "Done.",
)
TEXTS = ("1\n", "2\n", "error: no data\n", "a long line of output that says something\n", "")
PIXEL = "iVBORw0KGgo="
_FIGURE = "![figure](attachment:image.png)"


@cache
def code_lines() -> st.SearchStrategy[str]:
    return st.sampled_from(CODE_LINES) | st.integers(0, 999).map(
        lambda n: f"value_{n} = compute({n}, depth=3)"
    )


@cache
def prose_lines() -> st.SearchStrategy[str]:
    return st.sampled_from(PROSE_LINES) | st.integers(0, 999).map(
        lambda n: f"Sample {n} was kept at {n} degrees."
    )


@cache
def sources(line: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Short texts, a few with a final newline."""
    text = st.lists(line, max_size=5).map("\n".join)
    return text | text | text | text.map(lambda found: found + "\n")


@cache
def outputs() -> st.SearchStrategy[list[Any]]:
    one = st.sampled_from(TEXTS).map(printed) | st.sampled_from(
        [
            shown({"text/plain": ["<Figure size 640x480>"], "image/png": PIXEL}),
            shown({"text/plain": "42"}, 3),
            shown({"text/html": ["<b>bold</b>\n", "text"]}, 4, isolated=True),
            {"output_type": "error", "ename": "KeyError", "evalue": "'x'", "traceback": ["line 1", "line 2"]},
        ]
    ).map(deepcopy)
    return st.lists(one, max_size=2)


@cache
def metadata() -> st.SearchStrategy[dict[str, Any]]:
    """Cell metadata: mostly none."""
    some = st.fixed_dictionaries(
        {},
        optional={
            "tags": st.lists(st.sampled_from(["slow", "figure", "draft"]), unique=True, max_size=2),
            "collapsed": st.booleans(),
            "name": st.sampled_from(["setup", "plot"]),
            "editor": st.fixed_dictionaries({}, optional={"depth": st.integers(0, 2), "note": st.just("n")}),
        },
    )
    return st.builds(dict) | st.builds(dict) | some


@cache
def counts() -> st.SearchStrategy[int | None]:
    return st.none() | st.integers(1, 30)


@cache
def code_cells() -> st.SearchStrategy[Cell]:
    return st.builds(
        lambda source, count, made, data: code(source, count=count) | {"outputs": made, "metadata": data},
        sources(code_lines()),
        counts(),
        outputs(),
        metadata(),
    )


@cache
def text_cells() -> st.SearchStrategy[Cell]:
    return st.builds(
        lambda make, source, data: make(source) | {"metadata": data},
        st.sampled_from([markdown, markdown, raw]),
        sources(prose_lines()),
        metadata(),
    ) | st.builds(lambda: markdown(_FIGURE, attachments={"image.png": {"image/png": PIXEL}}))


@cache
def cells() -> st.SearchStrategy[Cell]:
    return code_cells() | code_cells() | text_cells()


@cache
def notebook_metadata() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {},
        optional={
            "kernelspec": st.sampled_from(["python3", "venv"]).map(
                lambda name: {"display_name": name, "language": "python", "name": name}
            ),
            "language_info": st.sampled_from(["3.11.1", "3.12.4"]).map(
                lambda version: {"name": "python", "version": version}
            ),
            "title": st.sampled_from(["Draft", "Final"]),
        },
    )


@st.composite
def notebooks(draw: st.DrawFn, ids: Ids = Ids.OWN, max_cells: int = 5) -> Notebook:
    found = draw(st.lists(cells(), max_size=max_cells))
    made: Notebook = {"cells": found, "metadata": draw(notebook_metadata()), "nbformat": 4}
    return identified(made | {"nbformat_minor": 4}, ids)


def identified(notebook: Notebook, ids: Ids) -> Notebook:
    """The notebook with ids of this kind."""
    if ids is Ids.NONE:
        return notebook
    found = notebook["cells"]
    match ids:
        case Ids.OWN:
            found = [with_id(cell, f"{place:x}c0ffee") for place, cell in enumerate(found)]
        case Ids.TWICE:
            found = [with_id(cell, f"{place // 2:x}c0ffee") for place, cell in enumerate(found)]
        case Ids.POSITIONAL:
            found = [with_id(cell, f"cell-{place}") for place, cell in enumerate(found)]
    return notebook | {"cells": found, "nbformat_minor": 5}


def with_id(cell: Cell, id: str | None) -> Cell:
    """The cell with another id, or without one."""
    bare = {key: item for key, item in cell.items() if key != "id"}
    return bare if id is None else {"cell_type": cell["cell_type"], "id": id} | bare


@cache
def spellings() -> st.SearchStrategy[Spelling]:
    """The regular ways to write a whole file."""
    return st.builds(
        Spelling,
        indent=st.sampled_from([" ", " ", "  ", "    ", "        ", "\t", "", None]),
        comma=st.sampled_from([",", ",", ", "]),
        colon=st.sampled_from([": ", ": ", ":", " : "]),
        ascii=st.booleans(),
        newline=st.sampled_from(["\n", "\n", "\r\n", "\r\r\n"]),
        bom=st.booleans(),
        tail=st.sampled_from(["\n", "\n", "", "\n\n", " \n"]),
    )


@cache
def odd_spellings() -> st.SearchStrategy[Spelling]:
    """Any white space anywhere, escapes where no tool would write one."""
    return st.builds(replace, spellings(), chaos=st.integers(0, 99).map(Random), newline=st.just("\n"))
