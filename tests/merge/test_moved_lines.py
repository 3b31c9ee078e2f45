"""Lines moved between cells: what one side moved and the other deleted is never silently back."""

from __future__ import annotations

import pytest

from nbmerge.merge.values import Favor, Policy
from tests.helpers.build import Notebook, code, conflict, merge, notebook

LINES = [f"table_{name} = read('{name}.csv')" for name in ("spring", "summer", "autumn", "winter")]
ANOTHER = code("print(sorted(globals()))", id="another")


def split_at(number: int, lines: list[str] = LINES) -> Notebook:
    first, second = "\n".join(lines[:number]), "\n".join(lines[number:])
    return notebook(code(first, id="first"), code(second, id="second"), ANOTHER)


WHOLE = notebook(code("\n".join(LINES), id="first"), ANOTHER)
WITHOUT_WINTER = notebook(code("\n".join(LINES[:3]), id="first"), ANOTHER)


def test_a_split_cell_comes_out_as_it_was_split() -> None:
    assert merge(WHOLE, split_at(2), WHOLE).sources == [
        "\n".join(LINES[:2]),
        "\n".join(LINES[2:]),
        "print(sorted(globals()))",
    ]


def test_a_line_deleted_by_one_side_and_moved_by_the_others_split_conflicts_there() -> None:
    merged = merge(WHOLE, split_at(2), WITHOUT_WINTER)
    assert not merged.clean
    assert merged.sources[0] == "\n".join(LINES[:2])
    assert merged.sources[1] == LINES[2] + "\n" + conflict([LINES[3]], [])
    [found] = merged.result.conflicts
    assert (found.cell, found.local, found.remote) == (1, LINES[3], "")


def test_swapping_the_sides_swaps_only_the_terms() -> None:
    merged = merge(WHOLE, WITHOUT_WINTER, split_at(2))
    assert merged.sources[1] == LINES[2] + "\n" + conflict([], [LINES[3]])


def test_a_line_that_both_sides_moved_to_different_cells_is_shown_at_both_places() -> None:
    base = notebook(code("\n".join(LINES), id="a"), code("fit()", id="b"), code("draw()", id="c"))
    rest = code("\n".join(LINES[:3]), id="a")
    local = notebook(rest, code(f"fit()\n{LINES[3]}", id="b"), code("draw()", id="c"))
    remote = notebook(rest, code("fit()", id="b"), code(f"draw()\n{LINES[3]}", id="c"))
    merged = merge(base, local, remote)
    assert [found.cell for found in merged.result.conflicts] == [1, 2]
    assert merged.sources[1] == "fit()\n" + conflict([LINES[3]], [])
    assert merged.sources[2] == "draw()\n" + conflict([], [LINES[3]])


def test_joined_cells_keep_no_line_that_the_other_side_deleted_unseen() -> None:
    joined = notebook(code("\n".join(LINES), id="first"), ANOTHER)
    second_gone = notebook(code("\n".join(LINES[:2]), id="first"), ANOTHER)
    merged = merge(split_at(2), joined, second_gone)
    assert not merged.clean
    assert merged.sources[0] == "\n".join([*LINES[:2], conflict(LINES[2:], [])])


def test_the_same_move_on_both_sides_is_no_conflict() -> None:
    assert merge(WHOLE, split_at(2), split_at(2)).clean


def test_short_lines_may_be_there_twice() -> None:
    base = notebook(code("x = 1\ny = 2", id="a"), code("fit()", id="b"))
    local = notebook(code("x = 1", id="a"), code("fit()\ny = 2", id="b"))
    remote = notebook(code("x = 1", id="a"), code("fit()", id="b"))
    assert merge(base, local, remote).clean


@pytest.mark.parametrize(
    ("favor", "kept", "took"),
    [
        (Favor.LOCAL, True, "local"),
        (Favor.REMOTE, False, "remote"),
        (Favor.UNION, True, "both"),
        (Favor.BASE, True, "both"),  # it stands nowhere else any more
    ],
)
def test_what_is_favoured_settles_all_and_says_so(favor: Favor, kept: bool, took: str) -> None:
    merged = merge(WHOLE, split_at(2), WITHOUT_WINTER, Policy(favor=favor))
    assert merged.clean
    assert (LINES[3] in "\n".join(merged.sources)) is kept
    assert took in [d.took for d in merged.result.decisions if d.path == "/cells/1/source"]


def test_outputs_do_not_stand_under_a_source_in_conflict() -> None:
    ran = notebook(
        code("\n".join(LINES[:2]), id="first"),
        code("\n".join(LINES[2:]), id="second", count=4, out="4 seasons"),
        ANOTHER,
    )
    merged = merge(WHOLE, ran, WITHOUT_WINTER)
    assert merged.outs[1] == ""
    assert merged.noted("/cells/1/outputs", "nothing")
