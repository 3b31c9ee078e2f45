"""Whatever JSON stands in a notebook, a page comes out, and a sound one."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tests.browser.pages import compared, labelled, of_cells
from tests.browser.reading import Reading
from tests.helpers.build import Cell, code, notebook
from tests.helpers.examples import tried

KINDS = ("image/png", "image/svg+xml", "text/html", "text/plain", "application/json", "a/b", "width")
KEYS = ("data", "metadata", "name", "text", "traceback", "ename", "evalue", "png", "tags", *KINDS)
PLAIN = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("iVBORw0KGgo=")
)
JSON: st.SearchStrategy[Any] = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=8,
)
OUTPUTS = st.builds(
    lambda kind, fields: {"output_type": kind, **fields},
    st.sampled_from(["stream", "error", "display_data", "execute_result", "pyout", "pyerr", "odd", None, 3]),
    st.dictionaries(st.sampled_from(KEYS), JSON, max_size=4),
)


@st.composite
def odd_cells(draw: st.DrawFn) -> Cell:
    fields: dict[str, Any] = {
        "outputs": draw(st.lists(OUTPUTS | JSON, max_size=3)),
        "metadata": draw(JSON),
        "execution_count": draw(JSON),
        "attachments": draw(JSON),
        "source": draw(st.text() | st.lists(st.text(), max_size=3)),
        "cell_type": draw(st.sampled_from(["code", "markdown", "raw", "heading", "odd"])),
    }
    return code("") | {key: fields[key] for key in draw(st.sets(st.sampled_from(sorted(fields))))}


@tried(80)
@given(odd_cells(), odd_cells(), odd_cells())
def test_a_page_about_odd_cells(base: Cell, local: Cell, remote: Cell) -> None:
    Reading(labelled(base, local, remote).page)
    Reading(of_cells([base, remote], [local, remote], [remote, local]).page)
    Reading(compared(notebook(base, local), notebook(local, remote)))


def nested(depth: int, end: int) -> dict[str, Any]:
    found: Any = end
    for _ in range(depth):
        found = {"x": found}
    return {"x": found}


def test_what_is_nested_deeply_is_told_as_far_as_anybody_reads() -> None:
    base, local = (code("x", metadata=nested(60, end)) for end in (1, 2))
    row = Reading(labelled(base, local, base).page).one("tbody")
    assert row.text.startswith(".".join("x" * 21) + '{"x": ')
    assert row.text.endswith("…" + "}" * 21 + "local")
