"""Sources: lines first; where they overlap, tokens; code only where it can be believed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.helpers.build import (
    Cell,
    code,
    conflict,
    markdown,
    merge,
    merge_cells,
    merge_code,
    merge_prose,
    notebook,
    raw,
)

PLOT = "figure = plot(data, color='red', width=2)"


def test_changes_of_different_lines_are_both_made() -> None:
    merged = merge_code("a = 1\nb = 2\nc = 3", "a = 10\nb = 2\nc = 3", "a = 1\nb = 2\nc = 30")
    assert merged.clean
    assert merged.sources == ["a = 10\nb = 2\nc = 30"]
    assert not merged.result.decisions


def test_the_same_change_on_both_sides_is_made_once() -> None:
    merged = merge_code("a = 1\nb = 2\nc = 3", "a = 10\nb = 2\nc = 3", "a = 10\nb = 2\nc = 30")
    assert merged.clean
    assert merged.sources == ["a = 10\nb = 2\nc = 30"]


def test_neighbouring_lines_changed_by_two_sides_merge_and_are_noted() -> None:
    merged = merge_code("a = 1\nb = 2", "a = 10\nb = 2", "a = 1\nb = 20")
    assert merged.clean
    assert merged.sources == ["a = 10\nb = 20"]
    assert merged.noted("/cells/0/source", "both")


def test_neighbouring_lines_of_code_that_would_not_parse_together_conflict() -> None:
    base = "s = 1\nt = 2\nu = 3"
    merged = merge_code(base, "s = '''1\nt = 2\nu = 3'''", "s = 1\nt = '''2'''\nu = 3")
    assert not merged.clean


def test_code_too_long_to_be_parsed_merges_by_separate_lines_alone() -> None:
    lines = [f"x_{number} = compute({number}, factor={number})" for number in range(6000)]
    local = [*lines[:10], "y = 1", *lines[11:]]
    beside, apart = [*lines[:11], "z = 2", *lines[12:]], [*lines[:12], "z = 2", *lines[13:]]
    assert merge_code("\n".join(lines), "\n".join(local), "\n".join(apart)).clean
    assert not merge_code("\n".join(lines), "\n".join(local), "\n".join(beside)).clean


def test_the_guard_knows_magics_and_shell_lines() -> None:
    base = "%matplotlib inline\n!pip install numpy\nfiles = !ls\nnumpy?"
    local = base.replace("inline", "widget")
    merged = merge_code(base, local, base.replace("numpy\n", "scipy\n"))
    assert merged.clean
    assert merged.sources == ["%matplotlib widget\n!pip install scipy\nfiles = !ls\nnumpy?"]


def test_code_that_did_not_parse_before_need_not_parse_after() -> None:
    merged = merge_code("print 1\nprint 2", "print 10\nprint 2", "print 1\nprint 20")
    assert merged.clean
    assert merged.sources == ["print 10\nprint 20"]


def test_the_guard_judges_a_cell_with_magics_by_its_other_lines() -> None:
    base = "%matplotlib inline\ns = 1\nt = 2\nu = 3"
    local = base.replace("1", "'''1").replace("3", "3'''")
    assert not merge_code(base, local, base.replace("2", "'''2'''")).clean


def test_a_cell_for_another_program_is_not_judged_as_python() -> None:
    base = "%%writefile notes.txt\ns = 1\nt = 2\nu = 3"
    local = base.replace("1", "'''1").replace("3", "3'''")
    assert merge_code(base, local, base.replace("2", "'''2'''")).clean


def test_a_notebook_in_another_language_is_not_judged_as_python() -> None:
    metadata = {"kernelspec": {"display_name": "R", "language": "R", "name": "ir"}}
    sources = ["x <- '''1\ny <- 2\nz <- 3'''", "x <- 1\ny <- '''2'''\nz <- 3"]
    files = [notebook(code(s, id="a"), metadata=metadata) for s in ("x <- 1\ny <- 2\nz <- 3", *sources)]
    assert merge(files[0], files[1], files[2]).clean


def test_different_arguments_in_one_line_of_code_are_both_changed() -> None:
    merged = merge_code(PLOT, PLOT.replace("'red'", "'blue'"), PLOT.replace("width=2", "width=5"))
    assert merged.clean
    assert merged.sources == ["figure = plot(data, color='blue', width=5)"]
    assert merged.noted("/cells/0/source", "both")


def test_touching_tokens_in_one_line_of_code_conflict() -> None:
    merged = merge_code("total = first + second", "total = first - second", "total = first + third")
    assert merged.sources == [conflict(["total = first - second"], ["total = first + third"])]


def test_the_same_token_changed_differently_conflicts() -> None:
    merged = merge_code("alpha = 0.1", "alpha = 0.2", "alpha = 0.3")
    assert merged.sources == [conflict(["alpha = 0.2"], ["alpha = 0.3"])]


@pytest.mark.parametrize("make", [markdown, raw])
def test_different_words_of_one_line_of_prose_are_both_changed(make: Callable[[str], Cell]) -> None:
    merged = merge_cells(
        make("We measured twelve samples in three laboratories."),
        make("We measured ten samples in three laboratories."),
        make("We measured twelve samples in two laboratories."),
    )
    assert merged.clean
    assert merged.sources == ["We measured ten samples in two laboratories."]
    assert merged.noted("/cells/0/source", "both")


def test_the_same_word_of_prose_changed_differently_conflicts() -> None:
    merged = merge_prose(
        "We measured twelve samples.", "We measured ten samples.", "We measured six samples."
    )
    assert merged.sources == [conflict(["We measured ten samples."], ["We measured six samples."])]


def test_a_rewritten_line_is_not_mixed_with_an_edited_one() -> None:
    base = "We measured twelve samples in three laboratories."
    rewritten = "Nobody knows how these figures came about, in fact."
    merged = merge_prose(base, rewritten, base.replace("three", "two"))
    assert not merged.clean
    assert rewritten in merged.sources[0].split("\n")


def test_a_mostly_rewritten_line_is_not_mixed_with_an_edited_one_though_its_end_is_the_same() -> None:
    base = "We measured twelve samples of water in three laboratories."
    rewritten = "Somebody else counted forty fishes from many rivers near three laboratories."
    merged = merge_prose(base, rewritten, base.replace("laboratories", "laboratories of Berlin"))
    assert not merged.clean


def test_a_line_of_code_broken_in_two_keeps_its_layout_with_the_other_sides_edit() -> None:
    merged = merge_code("draw(a, b)", "draw(\n    a, b)", "draw(a, b, c)")
    assert merged.sources == ["draw(\n    a, b, c)"]


def test_a_line_that_one_side_deleted_beside_a_change_that_both_made_does_not_come_back() -> None:
    merged = merge_code("x\ny", "a", "a\ny")
    assert not merged.clean or merged.sources == ["a"]


def test_two_insertions_at_one_point_conflict() -> None:
    merged = merge_code("a = 1\nz = 26", "a = 1\nf(a)\nz = 26", "a = 1\ng(2, 3)\nz = 26")
    assert merged.sources == ["a = 1\n" + conflict(["f(a)"], ["g(2, 3)"]) + "\nz = 26"]


def test_two_insertions_at_the_end_conflict() -> None:
    merged = merge_prose("First.", "First.\nOne idea.", "First.\nSomething else entirely.")
    assert merged.sources == ["First.\n" + conflict(["One idea."], ["Something else entirely."])]


def test_an_insertion_that_touches_a_deletion_conflicts() -> None:
    merged = merge_code("a = 1\nb = 2\nc = 3", "a = 1\nc = 3", "a = 1\nb = 2\nnew(b)\nc = 3")
    assert not merged.clean
    assert "new(b)" in merged.sources[0]


def test_a_line_deleted_by_one_side_and_changed_by_the_other_conflicts() -> None:
    merged = merge_code("a = 1\nb = 2\nc = 3", "a = 1\nc = 3", "a = 1\nb = 20\nc = 3")
    assert merged.sources == ["a = 1\n" + conflict([], ["b = 20"]) + "\nc = 3"]


def test_import_lines_inserted_by_both_are_all_kept_once() -> None:
    base = "import os\n\nrun()"
    local = "import os\nimport numpy as np\nimport re\n\nrun()"
    remote = "import os\nfrom pathlib import Path\nimport re\n\nrun()"
    merged = merge_code(base, local, remote)
    assert merged.clean
    assert sorted(merged.sources[0].split("\n")) == sorted(
        ["import os", "import numpy as np", "import re", "from pathlib import Path", "", "run()"]
    )
    assert merged.noted("/cells/0/source", "both")


def test_imports_and_other_lines_inserted_at_one_point_conflict() -> None:
    merged = merge_code("run()", "import re\nrun()", "seed(1)\nrun()")
    assert not merged.clean


def test_space_at_line_ends_conflicts_with_nothing() -> None:
    merged = merge_code("a = 1\nb = 2", "a = 1  \nb = 2", "a = 10\nb = 2")
    assert merged.clean
    assert merged.sources == ["a = 10\nb = 2"]


def test_space_at_line_ends_is_chosen_alike_whichever_side_has_it() -> None:
    one, other = merge_code("a", "b  ", "b"), merge_code("a", "b", "b  ")
    assert one.clean
    assert one.sources == other.sources


def test_a_final_newline_conflicts_with_nothing() -> None:
    merged = merge_code("a = 1", "a = 1\n", "a = 2")
    assert merged.clean
    assert merged.sources == ["a = 2\n"]


def test_a_line_that_both_sides_moved_is_not_doubled() -> None:
    lines = ["seed = 1", "load(table)", "fit(model)", "draw(figure)", "save(figure)"]
    local, remote = lines[1:2] + lines[:1] + lines[2:], lines[1:] + lines[:1]
    merged = merge_code("\n".join(lines), "\n".join(local), "\n".join(remote))
    assert not merged.clean or merged.sources[0].split("\n").count("seed = 1") == 1


def test_carriage_returns_in_a_source_are_kept() -> None:
    merged = merge_prose("One.\r\nTwo.\r\nThree.", "One!\r\nTwo.\r\nThree.", "One.\r\nTwo.\r\nThree!")
    assert merged.sources == ["One!\r\nTwo.\r\nThree!"]


def test_an_edit_that_both_made_and_one_continued_is_taken_whole() -> None:
    merged = merge_code("a = 1", "a = 2\nb = 3", "a = 2\nb = 3\nc = 4")
    assert merged.clean
    assert merged.sources == ["a = 2\nb = 3\nc = 4"]


def test_lines_that_both_inserted_in_another_order_are_neither_doubled_nor_mixed() -> None:
    title, line = "# Introduction to the measurements", "Sample 0 was kept at 0 degrees."
    local, remote = f"{title}\n{line}\n{line}", f"{line}\n{title}\n{line}"
    one, other = merge_prose("", local, remote), merge_prose("", remote, local)
    assert one.clean == other.clean
    assert sorted(one.sources[0].split("\n")) == sorted(other.sources[0].split("\n")) or not one.clean
    assert not one.clean or one.sources[0].split("\n").count(title) == 1


def test_deletions_that_overlap_are_both_made_if_one_holds_the_other() -> None:
    base = "one\ntwo\nthree\nfour"
    assert merge_prose(base, "one", "one\ntwo\nfour").sources == ["one"]


def test_two_sides_that_each_kept_what_the_other_deleted_conflict() -> None:
    merged = merge_prose("one\ntwo\nor\nthree\nfour", "one\ntwo\nfour", "one\nthree\nfour")
    assert merged.sources == ["one\n" + conflict(["two"], ["three"]) + "\nfour"]


def test_an_import_that_both_inserted_at_two_places_stands_once() -> None:
    base = "import os\nx = 1\ny = 2\nz = 3"
    merged = merge_code(base, f"import numpy\n{base}", base.replace("z", "import numpy\nz"))
    assert merged.sources == [f"import numpy\n{base}"]
    assert merged.noted("/cells/0/source", "both")


def test_new_lines_that_both_share_stand_once_where_only_one_side_changed_the_rest() -> None:
    merged = merge_code(
        "load(1)\nwait(2)\nrun()",
        "load(5)\nsetup(3)\nfinish(4)\nmore(6)\nrun()",
        "load(1)\nwait(2)\nsetup(3)\nfinish(4)\nrun()",
    )
    assert merged.sources == ["load(5)\nsetup(3)\nfinish(4)\nmore(6)\nrun()"]
    assert merged.noted("/cells/0/source", "both")


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252"])
def test_a_side_that_only_misread_the_encoding_loses_to_an_edit(encoding: str) -> None:
    base = "Un café à Besançon"
    misread, edited = base.encode().decode(encoding), f"{base}, dit-on"
    assert merge_prose(base, misread, edited).sources == [edited]
    merged = merge_prose(base, edited, misread)
    assert merged.sources == [edited]
    assert merged.noted("/cells/0/source", "both")
