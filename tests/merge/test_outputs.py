"""Outputs and counts belong to the run of one source; markers never stand in them."""

from __future__ import annotations

import pytest

from nbmerge.merge.values import Outputs, Policy, Side
from tests.helpers.build import Cell, code, markdown, merge_cells, shown

LINES = "a = 1\nb = 2\nc = 3\nprint(a)"
LOCAL_SOURCE, REMOTE_SOURCE = LINES.replace("1", "10"), LINES.replace("3", "30")
BASE = code(LINES, count=1, out="1\n")


def ran(source: str, count: int, out: str) -> Cell:
    return code(source, count=count, out=out)


def test_a_run_by_one_side_is_taken() -> None:
    merged = merge_cells(BASE, BASE | {"metadata": {"tags": ["x"]}}, ran(LINES, 5, "1!\n"))
    assert merged.outs == ["1!\n"]
    assert merged.cells[0]["execution_count"] == 5


def test_outputs_follow_the_source_of_the_side_that_wrote_it() -> None:
    local = ran(LOCAL_SOURCE, 4, "10\n")
    merged = merge_cells(BASE, local, BASE | {"metadata": {"tags": ["x"]}})
    assert merged.outs == ["10\n"]


def test_a_run_of_the_old_source_by_the_other_side_is_left_out_and_noted() -> None:
    merged = merge_cells(BASE, ran(LOCAL_SOURCE, 4, "10\n"), ran(LINES, 9, "other\n"))
    assert merged.clean
    assert merged.outs == ["10\n"]
    assert merged.cells[0]["execution_count"] == 4
    assert merged.noted("/cells/0/outputs", "local")


def test_outputs_that_the_editing_side_cleared_stay_cleared() -> None:
    cleared = code(LOCAL_SOURCE)
    merged = merge_cells(BASE, cleared, ran(LINES, 9, "other\n"))
    assert merged.outs == [""]
    assert merged.cells[0]["execution_count"] is None


def test_outputs_cleared_by_the_other_side_stay_with_their_source_and_that_is_noted() -> None:
    merged = merge_cells(BASE, ran(LOCAL_SOURCE, 4, "10\n"), code(LINES))
    assert merged.outs == ["10\n"]
    assert merged.noted("/cells/0/outputs", "local")


def test_outputs_that_one_side_cleared_and_the_other_did_not_run_stay_cleared() -> None:
    """The other side changed the source, and still shows the outputs of the old one."""
    merged = merge_cells(BASE, ran(LOCAL_SOURCE, 1, "1\n"), code(LINES))
    assert merged.sources == [LOCAL_SOURCE]
    assert merged.outs == [""]
    assert merged.cells[0]["execution_count"] is None


def test_both_ran_the_same_source_local_s_run_is_taken_and_noted() -> None:
    merged = merge_cells(BASE, ran(LINES, 4, "local\n"), ran(LINES, 9, "remote\n"))
    assert merged.clean
    assert merged.outs == ["local\n"]
    assert merged.cells[0]["execution_count"] == 4
    assert merged.noted("/cells/0/outputs", "local")


def test_both_ran_the_same_source_the_newer_save_counts_when_watching() -> None:
    policy = Policy(newer=Side.REMOTE)
    merged = merge_cells(BASE, ran(LINES, 4, "local\n"), ran(LINES, 9, "remote\n"), policy)
    assert merged.outs == ["remote\n"]
    assert merged.noted("/cells/0/outputs", "remote")


def test_both_ran_to_the_same_outputs_only_the_count_is_noted() -> None:
    merged = merge_cells(BASE, ran(LINES, 4, "same\n"), ran(LINES, 9, "same\n"))
    assert merged.cells[0]["execution_count"] == 4
    assert merged.noted("/cells/0/execution_count", "local")


def test_both_made_the_same_new_source_and_one_ran_it() -> None:
    merged = merge_cells(BASE, code(LOCAL_SOURCE), ran(LOCAL_SOURCE, 3, "10\n"))
    assert merged.outs == ["10\n"]
    assert merged.cells[0]["execution_count"] == 3


@pytest.mark.parametrize("newer", Side)
@pytest.mark.parametrize("swapped", [False, True])
def test_the_side_that_ran_the_new_source_counts_not_the_one_that_kept_the_old_outputs(
    newer: Side, swapped: bool
) -> None:
    kept, made = code(LOCAL_SOURCE, count=1, out="1\n"), ran(LOCAL_SOURCE, 3, "10\n")
    local, remote = (made, kept) if swapped else (kept, made)
    merged = merge_cells(BASE, local, remote, Policy(newer=newer))
    assert merged.outs == ["10\n"]
    assert merged.cells[0]["execution_count"] == 3


def test_a_source_that_neither_side_ran_has_no_outputs_and_that_is_noted_with_the_way_back() -> None:
    merged = merge_cells(BASE, ran(LOCAL_SOURCE, 4, "10\n"), ran(REMOTE_SOURCE, 9, "1 again\n"))
    assert merged.clean
    assert merged.outs == [""]
    assert merged.cells[0]["execution_count"] is None
    (note,) = [d for d in merged.result.decisions if d.path == "/cells/0/outputs"]
    assert note.took == "nothing"
    assert "--outputs" in note.reason


def test_comments_and_blank_lines_make_no_outputs_stale() -> None:
    commented = "# why\n\n" + LINES
    merged = merge_cells(BASE, ran(LOCAL_SOURCE, 4, "10\n"), code(commented, count=1, out="1\n"))
    assert merged.sources == ["# why\n\n" + LOCAL_SOURCE]
    assert merged.outs == ["10\n"]


def test_a_comment_sign_inside_a_string_is_no_comment() -> None:
    base = 'text = """\n# one\n"""\na = 1\nb = 2\nc = 3\nprint(text)'
    local = base.replace("# one", "# two")
    merged = merge_cells(
        ran(base, 1, "one\n"), ran(local, 2, "two\n"), ran(base.replace("c = 3", ""), 3, "x\n")
    )
    assert merged.outs == [""]


def test_a_conflict_has_no_outputs() -> None:
    merged = merge_cells(code("x = 1"), ran("x = 2", 4, "2\n"), ran("x = 3", 9, "3\n"))
    assert not merged.clean
    assert merged.outs == [""]
    assert merged.cells[0]["execution_count"] is None
    assert merged.noted("/cells/0/outputs", "nothing")


@pytest.mark.parametrize(
    ("outputs", "expected"),
    [
        (Outputs.LOCAL, "local\n"),
        (Outputs.REMOTE, "remote\n"),
        (Outputs.BASE, "1\n"),
        (Outputs.CLEAR, ""),
        (Outputs.UNION, "local\nremote\n"),
    ],
)
@pytest.mark.parametrize("stale", [False, True])
def test_the_policy_for_outputs_is_carried_out_and_noted(
    outputs: Outputs, expected: str, stale: bool
) -> None:
    local = ran(LOCAL_SOURCE if stale else LINES, 4, "local\n")
    remote = ran(REMOTE_SOURCE if stale else LINES, 9, "remote\n")
    merged = merge_cells(BASE, local, remote, Policy(outputs=outputs))
    assert merged.outs == [expected]
    assert merged.noted("/cells/0/outputs", outputs.value)


def test_the_policy_for_outputs_leaves_alone_what_only_one_side_ran() -> None:
    merged = merge_cells(
        BASE, BASE | {"metadata": {"tags": ["x"]}}, ran(LINES, 5, "5\n"), Policy(outputs=Outputs.CLEAR)
    )
    assert merged.outs == ["5\n"]


def test_an_output_s_metadata_travels_with_it() -> None:
    local = code(LOCAL_SOURCE, count=4) | {"outputs": [shown({"image/png": "aaaa"}, 4, needs="light")]}
    remote = code(LINES, count=9) | {"outputs": [shown({"image/png": "bbbb"}, 9, needs="dark")]}
    merged = merge_cells(BASE, local, remote)
    assert merged.cells[0]["outputs"] == local["outputs"]


def test_spelling_of_outputs_is_no_run() -> None:
    """One string or a list of lines: another tool saved it, nobody ran it."""
    respelled = BASE | {"outputs": [{"name": "stdout", "output_type": "stream", "text": "1\n"}]}
    merged = merge_cells(BASE, respelled, ran(LINES, 9, "again\n"))
    assert merged.outs == ["again\n"]
    assert not merged.noted("/cells/0/outputs")


def test_markers_never_stand_in_outputs() -> None:
    merged = merge_cells(code("x = 1", out="1\n"), ran("x = 2", 4, "2\n"), ran("x = 3", 9, "3\n"))
    assert "<<<<<<<" not in str(merged.cells[0]["outputs"])


def test_a_cell_that_became_markdown_has_no_outputs_and_no_count() -> None:
    merged = merge_cells(BASE, markdown(LINES), ran(LINES, 9, "again\n"))
    assert set(merged.cells[0]) == {"cell_type", "id", "metadata", "source"}


def test_a_cell_that_became_code_has_the_fields_of_code() -> None:
    merged = merge_cells(markdown("x = 1\ny\nz"), code("x = 1\ny\nz"), markdown("x = 1\ny\nz = 3"))
    assert merged.sources == ["x = 1\ny\nz = 3"]
    assert merged.cells[0]["cell_type"] == "code"
    assert merged.cells[0]["outputs"] == []
    assert merged.cells[0]["execution_count"] is None


def test_a_kind_changed_differently_by_both_is_local_s_and_noted() -> None:
    raw: Cell = markdown("x = 1") | {"cell_type": "raw"}
    merged = merge_cells(code("x = 1"), markdown("x = 1"), raw)
    assert merged.clean
    assert merged.cells[0]["cell_type"] == "markdown"
    assert merged.noted("/cells/0/cell_type", "local")


def test_a_run_of_a_cell_that_became_prose_is_dropped_and_noted() -> None:
    ran = code("total = 2", count=8, out="two")
    merged = merge_cells(code("total = 1", count=1, out="one"), markdown("total = 1"), ran)
    assert merged.cells[0]["cell_type"] == "markdown"
    assert merged.noted("/cells/0/outputs", "nothing")
