"""Conflicts in a cell look like git's, and give back exactly the terms that they show."""

from __future__ import annotations

import pytest

from nbmerge.merge.markers import ConflictStyle, Labels, MarkerStyle
from nbmerge.merge.values import Favor, Policy
from tests.helpers.build import code, conflict, merge, merge_code, notebook

BASE = "load()\nscale = 1\nfit()"
LOCAL = "load()\nseed(7)\nscale = 'two'\nfit()"
REMOTE = "load()\nseed(7)\nscale = max(three)\nfit()"


def test_the_conflict_is_narrowed_to_what_differs() -> None:
    merged = merge_code(BASE, LOCAL, REMOTE)
    ours, theirs = ["scale = 'two'"], ["scale = max(three)"]
    assert merged.sources == ["load()\nseed(7)\n" + conflict(ours, theirs) + "\nfit()"]


def test_diff3_style_shows_the_base_and_narrows_nothing() -> None:
    merged = merge_code(BASE, LOCAL, REMOTE, markers=MarkerStyle(ConflictStyle.DIFF3))
    assert merged.sources[0].split("\n") == [
        "load()",
        "<<<<<<< local",
        "seed(7)",
        "scale = 'two'",
        "||||||| base",
        "scale = 1",
        "=======",
        "seed(7)",
        "scale = max(three)",
        ">>>>>>> remote",
        "fit()",
    ]


def test_zdiff3_style_shows_the_base_and_narrows() -> None:
    merged = merge_code(BASE, LOCAL, REMOTE, markers=MarkerStyle(ConflictStyle.ZDIFF3))
    assert merged.sources[0].split("\n") == [
        "load()",
        "seed(7)",
        "<<<<<<< local",
        "scale = 'two'",
        "||||||| base",
        "scale = 1",
        "=======",
        "scale = max(three)",
        ">>>>>>> remote",
        "fit()",
    ]


def test_labels_stand_behind_the_markers() -> None:
    markers = MarkerStyle(ConflictStyle.DIFF3, Labels("HEAD", "1a2b3c4", "topic/plots"))
    lines = merge_code("x = 1", "x = 2", "x = 3", markers=markers).sources[0].split("\n")
    assert [line for line in lines if line[0] in "<|>"] == [
        "<<<<<<< HEAD",
        "||||||| 1a2b3c4",
        ">>>>>>> topic/plots",
    ]


def test_an_empty_label_leaves_the_marker_bare() -> None:
    merged = merge_code("x = 1", "x = 2", "x = 3", markers=MarkerStyle(labels=Labels("", "", "")))
    assert merged.sources == ["<<<<<<<\nx = 2\n=======\nx = 3\n>>>>>>>"]


def test_the_marker_size_is_as_asked() -> None:
    merged = merge_code("x = 1", "x = 2", "x = 3", markers=MarkerStyle(size=10))
    assert merged.sources == ["<<<<<<<<<< local\nx = 2\n==========\nx = 3\n>>>>>>>>>> remote"]


@pytest.mark.parametrize("line", ["<<<<<<< HEAD", "=======", ">>>>>>> topic", "||||||| base", "<<<<<<<<<<"])
@pytest.mark.parametrize("size", [7, 9])
def test_markers_are_longer_than_lines_like_them(line: str, size: int) -> None:
    markers = MarkerStyle(size=size)
    merged = merge_code(f"{line}\nx = 1", f"{line}\nx = 2", f"{line}\nx = 3", markers=markers)
    opening = merged.sources[0].split("\n")[1]
    found, like = opening.removesuffix(" local"), line.partition(" ")[0]
    assert set(found) == {"<"}
    assert len(found) >= size
    assert len(found) > len(like) or len(like) < size


def test_short_markers_are_longer_than_short_lines_like_them() -> None:
    """A heading underlined with five signs is no marker, even when markers of five are asked for."""
    merged = merge_code(
        "Title\n=====\nx = 1", "Title\n=====\nx = 2", "Title\n=====\nx = 3", markers=MarkerStyle(size=5)
    )
    signs = [line for line in merged.sources[0].split("\n") if set(line) == {"="}]
    assert len(signs) == len(set(signs)) == 2


def test_text_like_a_marker_in_an_input_is_no_conflict() -> None:
    marked = conflict(["x = 2"], ["x = 3"])
    merged = merge_code(f"{marked}\na\nb", f"{marked}\na\nb\nc", f"y\n{marked}\na\nb")
    assert merged.clean
    assert merged.sources == [f"y\n{marked}\na\nb\nc"]


def test_each_conflict_is_a_value_with_its_cell_and_terms() -> None:
    base = notebook(code("a = 1", id="a"), code("b = 1", id="b"))
    local = notebook(code("x", id="n"), code("a = 2", id="a"), code("b = 2", id="b"))
    remote = notebook(code("a = 3", id="a"), code("b = 3", id="b"))
    found = [c.as_json() for c in merge(base, local, remote).result.conflicts]
    assert found == [
        {"cell": 1, "id": "a", "base": "a = 1", "local": "a = 2", "remote": "a = 3", "lines": [0, 5]},
        {"cell": 2, "id": "b", "base": "b = 1", "local": "b = 2", "remote": "b = 3", "lines": [0, 5]},
    ]


def test_two_conflicts_in_one_cell_are_two_values() -> None:
    base, rest = "a = 1\n{}\nb = 1", "one()\ntwo()\nthree()"
    before, ours, theirs = (base.format(rest).replace("1", n) for n in "123")
    merged = merge_code(before, ours, theirs)
    assert [(c.cell, c.local, c.remote) for c in merged.result.conflicts] == [
        (0, "a = 2", "a = 3"),
        (0, "b = 2", "b = 3"),
    ]
    assert merged.sources[0].count("<<<<<<< local") == 2


def test_the_base_of_two_insertions_is_shown_empty() -> None:
    markers = MarkerStyle(ConflictStyle.DIFF3)
    merged = merge_code("a = 1", "a = 1\nfirst()", "a = 1\nthe(second)", markers=markers)
    assert "||||||| base\n=======" in merged.sources[0]


def test_nothing_else_in_the_notebook_marks_a_conflict() -> None:
    merged = merge_code("x = 1", "x = 2", "x = 3")
    assert set(merged.cells[0]) == {"cell_type", "execution_count", "id", "metadata", "outputs", "source"}
    assert merged.cells[0]["metadata"] == {}
    assert merged.notebook["metadata"] == {}


@pytest.mark.parametrize(
    ("favor", "expected"), [(Favor.LOCAL, "x = 2"), (Favor.REMOTE, "x = 3"), (Favor.BASE, "x = 1")]
)
def test_a_favoured_side_settles_conflicts_and_is_noted(favor: Favor, expected: str) -> None:
    merged = merge_code("x = 1\na\nb\ny = 1", "x = 2\na\nb\ny = 1", "x = 3\na\nb\ny = 5", Policy(favor=favor))
    assert merged.clean
    assert merged.sources == [f"{expected}\na\nb\ny = 5"]
    assert merged.noted("/cells/0/source", favor.value)


def test_for_both_sides_local_s_lines_come_first_and_shared_ends_once() -> None:
    merged = merge_code(
        "old()", "load()\nx = 10\nshow()", "load()\nx = 77\nshow()", Policy(favor=Favor.UNION)
    )
    assert merged.clean
    assert merged.sources == ["load()\nx = 10\nx = 77\nshow()"]
    assert [(d.path, d.took) for d in merged.result.decisions if "as asked" in d.reason] == [
        ("/cells/0/source", "both")
    ]


@pytest.mark.parametrize(
    ("favor", "expected", "path", "took"),
    [
        (Favor.LOCAL, ["x = 10", "y = 2"], "/cells/0", "local"),
        (Favor.REMOTE, ["y = 2"], "base:/cells/0", "remote"),
        (Favor.UNION, ["x = 10", "y = 2"], "/cells/0", "local"),
        (Favor.BASE, ["x = 1", "y = 2"], "/cells/0", "base"),
    ],
)
def test_a_deleted_cell_that_the_other_side_edited(
    favor: Favor, expected: list[str], path: str, took: str
) -> None:
    base, local = (notebook(code(x, id="x"), code("y = 2", id="y")) for x in ("x = 1", "x = 10"))
    merged = merge(base, local, notebook(code("y = 2", id="y")), Policy(favor=favor))
    assert merged.sources == expected
    assert [(d.path, d.took) for d in merged.result.decisions if "as asked" in d.reason] == [(path, took)]
