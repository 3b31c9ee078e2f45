"""Notebooks made so that looking for conflicts in them is slow are looked at in seconds."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from nbmerge.conflicts.choosing import Replacing, settled_lines
from nbmerge.conflicts.finding import find, find_in_text, find_left
from nbmerge.conflicts.known import KnownMerge, Quoted, shown_in, trace
from nbmerge.conflicts.marker_cells import conflicts_between_cells
from nbmerge.merge.markers import all_conflicts, conflicts_in
from nbmerge.merge.rules import faults
from nbmerge.merge.values import Terms
from nbmerge.notebook.model import Cell, Notebook
from nbmerge.notebook.reader import read
from tests.helpers.build import code, conflict, markdown, notebook
from tests.helpers.spelling import JUPYTER
from tests.helpers.work import work

LIMIT = 5  # seconds of CPU


def many_markers_left_in_code() -> list[dict[str, Any]]:
    return [code("\n".join(['a = """', *["<<<<<<< HEAD", "x = 1"] * 2_000, '"""', ">>>>>>> b"]))]


def many_markers_left_in_markdown() -> list[dict[str, Any]]:
    return [markdown("\n".join(["```", "x", "```", *["<<<<<<< HEAD", "text"] * 5_000]))]


def many_conflicts_in_code() -> list[dict[str, Any]]:
    return [code("\n".join(['a = """', *[conflict(["x = 1"], ["x = 2"], "HEAD", "b")] * 1_000, '"""', "("]))]


def many_conflicts_in_markdown() -> list[dict[str, Any]]:
    return [markdown("\n".join(["```", *[conflict(["x"], ["y"], "HEAD", "b")] * 4_000, "```"]))]


SLOW = [
    many_markers_left_in_code,
    many_markers_left_in_markdown,
    many_conflicts_in_code,
    many_conflicts_in_markdown,
]


@pytest.mark.parametrize("make", SLOW)
def test_it_takes_no_longer_than_the_notebook_is(make: Callable[[], list[dict[str, Any]]]) -> None:
    made = read(JUPYTER.spell(notebook(*make())))
    began = time.process_time()
    find(made)
    find_left(made)
    assert time.process_time() - began < LIMIT


def marker_cells(size: int) -> list[Cell]:
    return [Cell({"cell_type": "markdown", "source": f"`{mark * size}`"}) for mark in "<=>"]


@pytest.mark.parametrize(
    ("cells", "conflicts"),
    [
        (
            [cell for size in range(7, 1_000) for cell in marker_cells(size)] + marker_cells(7)[:1] * 40_000,
            993,
        ),
        (marker_cells(7) * 20_000, 20_000),
    ],
    ids=["kinds", "conflicts"],
)
def test_many_marker_cells(cells: list[Cell], conflicts: int) -> None:
    began = time.process_time()
    assert len(conflicts_between_cells(cells)) == conflicts
    assert time.process_time() - began < LIMIT


def test_many_sides_of_jj_with_long_names() -> None:
    """Written as git does, each level would name all those within it."""
    sides = [f"+++++++ {name * 100}\n{name}" for name in ["side"] * 3_000]
    text = "\n".join(["<<<<<<< 1 of 1", sides[0], *(f"------- base\nx\n{side}" for side in sides[1:])])
    began = time.process_time()
    assert find_in_text(f"{text}\n>>>>>>> 1 of 1 ends\n".encode()) == ()
    assert time.process_time() - began < LIMIT


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The sources that are read as code."""
    sources: list[str] = []

    def counted(source: str) -> frozenset[str]:
        sources.append(source)
        return faults(source)

    monkeypatch.setattr("nbmerge.conflicts.examples.faults", counted)
    return sources


@pytest.mark.parametrize(("markers", "times"), [(1, 1), (20, 21), (21, 1)])
def test_code_is_parsed_a_few_times_at_most(parsed: list[str], markers: int, times: int) -> None:
    """One that is no example does not hide behind those that are."""
    lesson = ['a = """', *["<<<<<<< HEAD"] * (markers - 1), '"""', ">>>>>>> topic"]
    left = find_left(read(JUPYTER.spell(notebook(code("\n".join(lesson))))))
    assert left[-1].line == len(lesson) - 1
    assert len(parsed) == times


def test_a_lesson_of_many_markers_is_parsed_once(parsed: list[str]) -> None:
    lesson = ['a = """', *["<<<<<<< HEAD", "x"] * 100, '"""']
    assert find_left(read(JUPYTER.spell(notebook(code("\n".join(lesson)))))) == ()
    assert len(parsed) == 1


class Handed(tuple[str, ...]):
    """Lines that count how many of them were handed out."""

    handed = 0

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        Handed.handed += len(found) if isinstance(at, slice) else 1
        return found


LEVELS = 1_000
NESTED = {
    "in local": ["<<<<<<< a"] * LEVELS + ["=======", ">>>>>>> b"] * LEVELS,
    "in remote": ["<<<<<<< a", "======="] * LEVELS + [">>>>>>> b"] * LEVELS,
    "of two sizes": ["<<<<<<< a", "<<<<<<<< a", "=======", "========", ">>>>>>> b", ">>>>>>>> b"] * LEVELS,
    "none whole": ["<<<<<<< a"] * LEVELS,
}


@pytest.mark.parametrize("lines", NESTED.values(), ids=NESTED.keys())
def test_each_line_is_taken_a_few_times_however_conflicts_are_nested_or_cross(lines: list[str]) -> None:
    handed = Handed(lines)
    Handed.handed = 0
    settled_lines(handed, [Replacing(each, each.local) for each in conflicts_in(handed)])
    assert Handed.handed < 5 * len(lines)


def lessons(number: int, cells: int = 1) -> tuple[Notebook, KnownMerge]:
    """The same conflicts, so many in each of some cells, and versions that quote them all."""
    quoted = "\n".join(["```", *[conflict(["x"], ["y"], "HEAD", "b")] * number, "```"])
    sides = [JUPYTER.spell(notebook(*[markdown(f"{first}\n{quoted}")] * cells)) for first in "abc"]
    base, local, remote = map(read, sides)
    return local, KnownMerge(Terms(base, local, remote))


def made_by_merging(number: int, cells: int = 1) -> tuple[Notebook, KnownMerge]:
    """A merge with so many conflicts that look the same, in each of some cells."""
    sources = ("\n".join(f"at {n}\n{one}" for n in range(number)) for one in ("x", "y = 1", "z == 2"))
    base, local, remote = (read(JUPYTER.spell(notebook(*[markdown(each)] * cells))) for each in sources)
    shown = "\n".join(f"at {n}\n{conflict(['y = 1'], ['z == 2'])}" for n in range(number))
    return read(JUPYTER.spell(notebook(*[markdown(shown)] * cells))), KnownMerge(Terms(base, local, remote))


@pytest.mark.parametrize("make", [lessons, made_by_merging])
@pytest.mark.parametrize("shape", [(1, 0), (0, 1)], ids=["in one cell", "in many"])
def test_conflicts_that_look_the_same_cost_no_more_each_where_there_are_many(
    make: Callable[[int, int], tuple[Notebook, KnownMerge]], shape: tuple[int, int]
) -> None:
    def taken(times: int) -> int:
        shown, known = make(*(times if each else 1 for each in shape))

        def look() -> None:
            assert trace(find(shown, lambda: known, merging=True), shown, known) or make is lessons
            shown_in(shown, [known.result.conflicts])

        look()
        known = KnownMerge(known.sides)
        return work(look)

    assert taken(200) < 4.2 * taken(50)


@pytest.mark.parametrize("lines", NESTED.values(), ids=NESTED.keys())
def test_what_is_quoted_is_found_however_it_is_nested(lines: list[str]) -> None:
    lines = lines[: LEVELS // 10] + lines[-LEVELS // 10 :]
    made = read(JUPYTER.spell(notebook(markdown("\n".join(["first", *lines, "last"])))))
    quoted = Quoted(made)
    for each in all_conflicts(lines, 7):
        assert quoted.has_conflict(each.size, tuple(lines[each.start : each.end]))
        assert not quoted.has_conflict(each.size, tuple(lines[each.start : each.end - 1]))
