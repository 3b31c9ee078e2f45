"""The page about what changed from one version to another."""

from __future__ import annotations

from hypothesis import given

from tests.browser.pages import compared
from tests.browser.reading import Reading
from tests.helpers.build import Trio, code, markdown, notebook, printed
from tests.helpers.edits import trios
from tests.helpers.examples import tried

A, B, C = code("alpha = compute(1)", id="a"), code("beta = compute(2)", id="b"), code("gamma = go()", id="c")


@tried(100)
@given(trios())
def test_every_cell_of_both_is_on_the_page(trio: Trio) -> None:
    page = Reading(compared(trio.base, trio.local))
    for cell in trio.base["cells"] + trio.local["cells"]:
        for line in "".join(cell["source"]).splitlines():
            assert line in page.text
    assert len(page.all("article.cell")) >= max(len(trio.base["cells"]), len(trio.local["cells"]))


def test_the_same() -> None:
    page = Reading(compared(notebook(A), notebook(A)))
    assert page.one("p.verdict").text == "The same, but for how it is spelled."


def test_what_changed_is_counted_and_marked() -> None:
    page = Reading(compared(notebook(A, B), notebook(markdown("# New", id="m"), A | {"source": "alpha = 2"})))
    assert page.one("p.verdict").text == "1 cell changed, 1 cell inserted, 1 cell deleted."
    assert [bar.text for bar in page.all("div.bar")] == [
        "Cell 1markdowninsertedm",
        "Cell 2codechangedwas cell 1a",
        "Deleted cellcodedeletedwas cell 2b",
    ]


def test_lines_are_added_and_removed() -> None:
    page = Reading(compared(notebook(code("a = 1\nb = 1", id="x")), notebook(code("a = 1\nb = 2", id="x"))))
    assert [line.text for line in page.all("div.ln")] == ["a = 1", "\u2212b = 1", "+b = 2"]
    assert [word.text for word in page.all(".w")] == ["1", "2"]


def test_outputs_that_differ_stand_side_by_side() -> None:
    old, new = (code("x", id="x", count=n) | {"outputs": [printed(text)]} for n, text in ((3, "1"), (4, "2")))
    page = Reading(compared(notebook(old), notebook(new)))
    assert page.one("div.pair").text == "before outputs1after outputs2"
    assert "code [3], now [4]" in page.text
    page = Reading(compared(notebook(old), notebook(code("x", id="x"))))
    assert page.one("div.pair").text == "before outputs1after outputsnone"


def test_moves_kinds_and_metadata() -> None:
    old = notebook(A, B, C, metadata={"title": "old"})
    new = notebook(C, A, B | {"metadata": {"tags": ["x"]}, "cell_type": "raw"}, metadata={"title": "new"})
    page = Reading(compared(old, new))
    assert page.one("p.verdict").text == "1 cell changed, 1 cell moved, the notebook's metadata changed."
    assert "code, now raw" in page.text
    assert [row.text for row in page.all("tr")] == [
        "beforeafter",
        'metadata.title"old""new"',
        "beforeafter",
        'tagsnothing["x"]',
    ]
