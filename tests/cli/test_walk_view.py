"""What somebody who has to decide a conflict sees of it, on screens of any size."""

from __future__ import annotations

from unicodedata import east_asian_width

from hypothesis import given
from hypothesis import strategies as st

from nbmerge.cli.terminal import Piece, Styled
from nbmerge.cli.walk_view import View
from nbmerge.conflicts.finding import find
from nbmerge.conflicts.known import KnownMerge, trace
from nbmerge.merge.engine import merge
from nbmerge.merge.markers import render
from nbmerge.merge.values import Terms
from nbmerge.notebook.reader import read
from nbmerge.notebook.writer import write
from tests.helpers.build import Cell, code, conflict, markdown, notebook
from tests.helpers.examples import tried
from tests.helpers.spelling import JUPYTER

TEXTS = st.text(st.sampled_from("ab  \t日é\u0301-_."), max_size=60)


def marked(text: str, *styles: str) -> str:
    """A style that can be seen in a test: differing words stand in braces."""
    return f"{{{text}}}" if "reverse" in styles else text


USUAL = View(marked, 80, 40)


def shown(*cells: Cell, number: int = 0, view: View = USUAL) -> list[str]:
    """A conflict of a notebook with these cells of which nothing else is known."""
    found = read(JUPYTER.spell(notebook(*cells)))
    rows, _ = view.of(found, trace(find(found), found, None)[number], "here")
    return rows[1:]


def merged(base: Cell, local: Cell | None, remote: Cell | None, view: View = USUAL) -> list[str]:
    """The conflict of a merge whose versions are known; None is a side that deleted the cell."""
    rest = markdown("# Rest", id="rest")
    three = ([cell | {"id": "one"}] if cell else [] for cell in (base, local, remote))
    sides = Terms(*(read(JUPYTER.spell(notebook(*cells, rest))) for cells in three))
    after = read(write(render(merge(sides.base, sides.local, sides.remote)).notebook))
    known = KnownMerge(sides)
    [traced] = trace(find(after), after, known)
    return view.of(after, traced, "here")[0][1:]


def test_the_words_that_differ_stand_out() -> None:
    rows = shown(code(conflict(["x = fit(data, alpha=0.5)"], ["x = fit(data, alpha=0.1, n=3)"])))
    assert rows == [
        "  local:",
        "  | x = fit(data, alpha=0.{5})",
        "  remote:",
        "  | x = fit(data, alpha=0.{1, n=3})",
    ]


def test_lines_that_have_nothing_in_common_do_not() -> None:
    rows = shown(code(conflict(["import numpy"], ["y = 2"])))
    assert rows == ["  local:", "  | import numpy", "  remote:", "  | y = 2"]


def test_a_side_without_lines_is_said_to_be_so() -> None:
    assert shown(code(conflict([], ["y = 2"])))[0] == "  local: nothing"
    gone = shown(code(conflict(["x = 1"], [], "HEAD", "topic (deleted)")))
    assert gone[-1] == "  remote (topic): the cell is deleted"


def test_the_base_if_it_is_known() -> None:
    rows = merged(code("x = 1"), code("x = 2"), code("x = 3"))
    assert rows[:2] == ["  base (the original, before both changes):", "  | x = 1"]
    assert merged(code(""), code("x = 2"), code("x = 3"))[0].endswith("nothing; both added what follows")


def test_an_edit_beside_a_deletion_is_shown_against_the_base() -> None:
    source = "import a\nimport b\nx = compute(1)\nprint(x)"
    rows = merged(code(source), None, code(source.replace("1", "2")))
    assert rows == [
        "  local: the cell is deleted",
        "  remote, against the base:",
        "  | import a",
        "  | import b",
        "  - x = compute({1})",
        "  + x = compute({2})",
        "  | print(x)",
    ]


def test_the_lines_around_it_but_no_other_conflict() -> None:
    first, second = conflict(["a"], ["b"]), conflict(["c"], ["d"])
    cell = code(f"one\ntwo\nthree\n{first}\nbetween\n{second}\nfour\nfive\nsix")
    assert shown(cell, number=0)[:2] == ["    two", "    three"]
    assert shown(cell, number=0)[-1:] == ["    between"]
    assert (shown(cell, number=1)[0], shown(cell, number=1)[-2:]) == ("    between", ["    four", "    five"])


def test_long_runs_that_both_have_are_left_out() -> None:
    same = [f"same_{n}" for n in range(20)]
    rows = shown(code(conflict(["x = 1", *same, "y = 1"], ["x = 2", *same, "y = 2"])))
    assert rows[:7] == [
        "  local:",
        "  | x = {1}",
        "  | same_0",
        "  | same_1",
        "  | ... 16 lines that are the same",
        "  | same_18",
        "  | same_19",
    ]


def test_what_does_not_fit_is_counted() -> None:
    lines = [f"line_{n} = {n}" for n in range(50)]
    rows = shown(code(conflict(lines, ["x = 1"])), view=View(marked, 80, 30))
    assert rows[9:12] == ["  | line_8 = 8", "  | ... 41 more lines", "  remote:"]


def test_nothing_is_left_out_of_the_whole() -> None:
    lines = [f"line_{n} = {n}" for n in range(50)]
    long = "word " * 1000
    found = read(JUPYTER.spell(notebook(markdown(conflict([*lines, long, "x"], [*lines, long, "y"])))))
    [traced] = trace(find(found), found, None)
    rows, cut = View(marked, 80, 24, whole=True).of(found, traced, "here")
    assert not cut
    assert sum(row.count("word") for row in rows) == 2000
    assert [row for row in rows if row.startswith("  | line_")] == [f"  | {line}" for line in lines] * 2
    assert View(marked, 80, 24).of(found, traced, "here")[1]


def test_the_middle_of_very_long_lines_is_left_out_but_what_differs_is_not() -> None:
    """A picture in the text, a paragraph in one line."""
    picture, words = "iVBORw0KGgo" * 1000, "the same words again " * 40
    ours, theirs = (f"![]({picture}) {words}{word}. {words}" for word in ("mine", "yours"))
    rows = "\n".join(shown(markdown(conflict([ours], [theirs]))))
    assert len(rows) < 1500
    assert "{mine}" in rows
    assert "{yours}" in rows
    assert "characters)" in rows


@tried(300)
@given(st.lists(TEXTS, max_size=5), st.integers(-1, 70))
def test_wrapping_loses_no_character_and_keeps_to_the_columns(texts: list[str], columns: int) -> None:
    pieces = tuple(Piece(text, (str(number),)) for number, text in enumerate(texts))
    rows = Styled(Piece("> "), pieces).rows(columns)
    assert all(row[0] == Piece("> ") for row in rows)
    parts = [piece for row in rows for piece in row[1:]]
    assert "".join(piece.text for piece in parts) == "".join(texts)
    for piece in pieces:
        assert "".join(part.text for part in parts if part.styles == piece.styles) == piece.text
    for row in rows:
        width = sum(1 + (east_asian_width(c) in "WF") for piece in row for c in piece.text if c != "\u0301")
        assert width <= max(columns, 12)
