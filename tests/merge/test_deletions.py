"""Deletions: against nothing, a re-run or metadata they stand; against an edited source they conflict."""

from __future__ import annotations

from nbmerge.merge.markers import Labels, MarkerStyle
from tests.helpers.build import code, conflict, markdown, merge, notebook

A = code("table = read('samples.csv')", id="a", count=1, out="ok\n")
B = code("model = fit(table)\nscore(model)", id="b", count=2, out="0.5\n")
EDITED = code("model = fit(table)\nscore(model, digits=3)", id="b", count=2, out="0.5\n")
BASE, WITHOUT = notebook(A, B), notebook(A)


def test_an_untouched_cell_is_deleted() -> None:
    remote = notebook(A, B, metadata={"title": "New"})
    merged = merge(BASE, WITHOUT, remote)
    assert merged.clean
    assert merged.sources == ["table = read('samples.csv')"]


def test_a_cell_that_was_only_run_again_is_deleted_and_that_is_noted() -> None:
    ran = code("model = fit(table)\nscore(model)", id="b", count=7, out="0.6\n")
    merged = merge(BASE, WITHOUT, notebook(A, ran))
    assert merged.clean
    assert len(merged.cells) == 1
    assert any(d.took == "local" for d in merged.result.decisions)


def test_a_cell_whose_metadata_changed_is_deleted_and_that_is_noted() -> None:
    merged = merge(BASE, notebook(A, B | {"metadata": {"tags": ["slow"]}}), WITHOUT)
    assert merged.clean
    assert len(merged.cells) == 1
    assert any(d.took == "remote" for d in merged.result.decisions)


def test_an_edited_cell_stays_as_a_conflict_with_nothing() -> None:
    merged = merge(BASE, WITHOUT, notebook(A, EDITED))
    assert not merged.clean
    assert merged.sources[1] == conflict(
        [], ["model = fit(table)", "score(model, digits=3)"], left="local (deleted)"
    )
    assert merged.cells[1]["id"] == "b"


def test_the_deleting_side_may_be_remote() -> None:
    merged = merge(BASE, notebook(A, EDITED), WITHOUT)
    assert merged.sources[1] == conflict(
        ["model = fit(table)", "score(model, digits=3)"], [], right="remote (deleted)"
    )


def test_the_label_of_the_deleting_side_says_so() -> None:
    markers = MarkerStyle(labels=Labels("HEAD", "abc", "topic"))
    merged = merge(BASE, WITHOUT, notebook(A, EDITED), markers=markers)
    assert merged.sources[1].startswith("<<<<<<< HEAD (deleted)\n=======\n")
    assert merged.sources[1].endswith(">>>>>>> topic")


def test_the_conflict_has_no_term_for_the_side_without_the_cell() -> None:
    (found,) = merge(BASE, WITHOUT, notebook(A, EDITED)).result.conflicts
    assert (found.cell, found.id) == (1, "b")
    assert found.local is None
    assert found.remote == "model = fit(table)\nscore(model, digits=3)"
    assert found.base == "model = fit(table)\nscore(model)"


def test_outputs_do_not_stand_under_a_conflict() -> None:
    merged = merge(BASE, WITHOUT, notebook(A, EDITED))
    assert merged.cells[1]["outputs"] == []
    assert merged.cells[1]["execution_count"] is None


def test_white_space_at_line_ends_is_no_edit_against_a_deletion() -> None:
    touched = code("model = fit(table)  \nscore(model)\n", id="b", count=2, out="0.5\n")
    assert merge(BASE, WITHOUT, notebook(A, touched)).clean


def test_a_cell_deleted_by_both_is_gone() -> None:
    merged = merge(notebook(A, B), WITHOUT, notebook(A, metadata={"title": "New"}))
    assert merged.clean
    assert len(merged.cells) == 1


def test_a_deleted_and_edited_markdown_cell_conflicts_too() -> None:
    text = markdown("We measured twelve samples.", id="t")
    merged = merge(notebook(A, text), notebook(A), notebook(A, markdown("We measured ten samples.", id="t")))
    assert [len(source.split("\n")) for source in merged.sources] == [1, 4]


def test_everything_deleted_by_one_side_leaves_only_what_the_other_side_edited() -> None:
    merged = merge(BASE, notebook(minor=5), notebook(A, EDITED))
    assert len(merged.cells) == 1
    assert not merged.clean
