"""Owns: notebooks that no tool would write, but that can be read.

Must not know: merging.  Invariant: what comes out is JSON in some spelling; valid nbformat it need not be.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from hypothesis import strategies as st

from tests.helpers.build import Notebook
from tests.helpers.spelling import Literal, Twice
from tests.helpers.strategies import notebooks

NUMBERS = (
    "1E5",
    "1e+5",
    "-0",
    "-0.0",
    "1.10",
    "NaN",
    "Infinity",
    "-Infinity",
    "7" * 300,
    "9" * 5000,
    "1e999",
)
TEXTS = st.text(max_size=6) | st.sampled_from(
    ["\ud800", "a\udfff", "\x00", "\r\n", "\u2028", "/", "\\u0041", "😀"]
)


@cache
def values() -> st.SearchStrategy[Any]:
    """Anything that JSON can hold, in spellings that Python would not keep."""
    leaves = st.none() | st.booleans() | TEXTS | st.sampled_from(NUMBERS).map(Literal)
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(TEXTS, inner, max_size=3)
            | st.tuples(inner, inner).map(lambda pair: Twice((("key", pair[0]), ("key", pair[1]))))
        ),
        max_leaves=6,
    )


@st.composite
def odd_notebooks(draw: st.DrawFn) -> dict[str, Any]:
    """A notebook with unknown keys and values anywhere, and sources of either kind."""
    made = draw(notebooks())
    cells = []
    for cell in made["cells"]:
        source = "".join(cell["source"]) if draw(st.booleans()) else cell["source"]
        cells.append(
            cell | {"source": source, "metadata": draw(values()), draw(st.text(max_size=3)): draw(values())}
        )
    return {"unknown": draw(values())} | made | {"cells": cells, "metadata": draw(values())}


@st.composite
def damaged(draw: st.DrawFn, notebook: Notebook) -> Notebook:
    """The notebook with any value in a place or two where nbformat wants a certain one."""
    made = notebook
    for _ in range(draw(st.integers(0, 2))):
        key = draw(st.sampled_from(["metadata", "nbformat_minor", "unknown", "cell", "cell", "cell"]))
        if key != "cell":
            made = made | {key: draw(values())}
        elif made["cells"]:
            place = draw(st.integers(0, len(made["cells"]) - 1))
            made = made | {"cells": [*made["cells"]]}
            made["cells"][place] = draw(_damaged_cells(made["cells"][place]))
    return made


@st.composite
def _damaged_cells(draw: st.DrawFn, cell: dict[str, Any]) -> dict[str, Any]:
    keys = [key for key in (*cell, "attachments", "id") if key not in ("cell_type", "source")]
    if draw(st.integers(0, 4)) == 0:
        return {key: item for key, item in cell.items() if key not in keys}
    return cell | {draw(st.sampled_from(keys)): draw(values() | st.lists(values(), max_size=2))}
