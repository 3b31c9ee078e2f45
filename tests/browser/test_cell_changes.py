"""What became of each cell of a merge."""

from __future__ import annotations

import pytest
from hypothesis import given

from nbmerge.browser.cell_changes import CellStatus, MergedPart
from nbmerge.browser.sources import Author
from tests.browser.pages import Files, labelled, of_cells
from tests.helpers.build import Trio, code, markdown, notebook3, printed
from tests.helpers.edits import trios
from tests.helpers.examples import tried

BASE, LOCAL, REMOTE, BOTH, MIXED = Author
SAME, CHANGED, INSERTED, DELETED = CellStatus

A, B, C = code("alpha = compute(1)", id="a"), code("beta = compute(2)", id="b"), code("gamma = go()", id="c")


@tried(100)
@given(trios())
def test_every_cell_is_there_once(trio: Trio) -> None:
    files = Files(*trio.files())
    changes, result = files.cell_changes, files.result
    numbers = [change.number for change in changes if change.number is not None]
    assert numbers == list(range(len(result.notebook.cells)))
    for side in ("base", "local", "remote"):
        places = [getattr(change.row, side) for change in changes if getattr(change.row, side) is not None]
        assert sorted(places) == list(range(len(getattr(trio, side)["cells"])))
    assert sum(len(change.conflicts) for change in changes) == len(result.conflicts)
    assert sum(len(change.notes) for change in changes) <= len(result.decisions)
    for change in changes:
        assert (change.merged is None) == (change.status is DELETED)
        if change.status is SAME:
            assert change.merged is not None
            assert change.cells.base is not None
            assert change.merged.source == change.cells.base.source


@pytest.mark.parametrize(
    ("local", "remote", "changes"),
    [
        ([A, B], [A, B], [(SAME, BASE), (SAME, BASE)]),
        (
            [A, B, C],
            [A, B],
            [
                (SAME, BASE),
                (SAME, BASE),
                (INSERTED, LOCAL),
            ],
        ),
        (
            [A, B, C],
            [A, B, C],
            [
                (SAME, BASE),
                (SAME, BASE),
                (INSERTED, BOTH),
            ],
        ),
        ([A], [A, B], [(SAME, BASE), (DELETED, LOCAL)]),
        ([B], [B], [(DELETED, BOTH), (SAME, BASE)]),
        (
            [A, B],
            [A | {"source": "alpha = compute(9)"}, B],
            [(CHANGED, REMOTE), (SAME, BASE)],
        ),
    ],
)
def test_what_became_of_each_cell(
    local: list[dict[str, object]], remote: list[dict[str, object]], changes: object
) -> None:
    assert [
        (change.status, change.author) for change in of_cells([A, B], local, remote).cell_changes
    ] == changes


def test_who_moved_a_cell() -> None:
    changes = of_cells([A, B, C], [C, A, B], [A, B, C | {"source": "gamma = go(now)"}]).cell_changes
    assert [(change.row.base, change.moved, change.author) for change in changes] == [
        (2, LOCAL, REMOTE),
        (0, None, BASE),
        (1, None, BASE),
    ]


def test_parts_of_a_cell_come_from_different_sides() -> None:
    base = code("x = 1\ny = 2\nz = 3", count=1, out="1")
    local = base | {"metadata": {"name": "plot"}}
    remote = code("x = 1\ny = 2\nz = 4", count=2, out="2")
    [change] = labelled(base, local, remote).cell_changes
    assert change.parts == (
        MergedPart("source", REMOTE),
        MergedPart("outputs", REMOTE),
        MergedPart("execution count", REMOTE),
        MergedPart("metadata", LOCAL),
    )
    assert (change.alike, change.run_again, change.quiet) == (False, False, False)


def test_what_is_only_run_again_says_so() -> None:
    base = code("x", count=1, out="1")
    [change] = labelled(base, code("x", count=2, out="2"), base).cell_changes
    assert (change.run_again, change.quiet) == (True, False)
    [change] = labelled(base, base | {"execution_count": 3}, base).cell_changes
    assert (change.run_again, change.quiet) == (True, True)  # nothing to read there


def test_deleted_by_one_and_edited_by_the_other() -> None:
    changes = of_cells([A, B], [A], [A, B | {"source": "beta = compute(2, deep)"}]).cell_changes
    assert [(change.deleted_by, len(change.conflicts)) for change in changes] == [(None, 0), (LOCAL, 1)]
    assert (changes[1].status_on(LOCAL), changes[1].status_on(REMOTE)) == (
        DELETED,
        CHANGED,
    )


def test_a_decision_about_a_deleted_cell_belongs_to_it() -> None:
    changes = of_cells([A, B], [A], [A, B | {"outputs": [printed("2")]}]).cell_changes
    assert [[note.reason for note in change.notes] for change in changes] == [
        [],
        ["deleted; the other side changed outputs or metadata only"],
    ]


def test_new_ids_are_nothing_to_tell() -> None:
    bare = [{key: item for key, item in cell.items() if key != "id"} for cell in (A, B)]
    assert all(change.quiet for change in of_cells(bare, bare, [A, B]).cell_changes)


@pytest.mark.parametrize("taken", ["local", "remote"])
def test_where_one_side_is_taken_as_it_is(taken: str) -> None:
    changed, other = ([A, B, C], [A, B]) if taken == "local" else ([A, B], [A, B, C])
    changes = of_cells([A, B], changed, other).cell_changes
    assert [change.number for change in changes] == [0, 1, 2]
    assert changes[2].author is (LOCAL if taken == "local" else REMOTE)


def test_files_of_nbformat_3() -> None:
    base, local = (notebook3(markdown("# T"), code(text, out="1")) for text in ("x = 1", "x = 2"))
    changes = Files(base, local, base).cell_changes
    assert [(change.status, change.author) for change in changes] == [
        (SAME, BASE),
        (CHANGED, LOCAL),
    ]
