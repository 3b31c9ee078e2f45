"""The smallest cases of bugs that were found by trying to break the merge."""

from __future__ import annotations

import pytest

from tests.helpers.build import Merged, Notebook, code, conflict, merge, merge_code, merge_prose, notebook

STEPS = ['a = load("one")', 'b = prep(a, "two")', 'c = fit(b, "three")', 'd = plot(c, "four")']
RESTYLED = [line.replace('"', "'") for line in STEPS]


def cells(*sources: str) -> Notebook:
    return notebook(*(code(source, id=f"c{number}") for number, source in enumerate(sources)))


def times(merged: Merged, line: str) -> int:
    return "\n".join(merged.sources).split("\n").count(line)


def test_a_line_that_one_side_restyled_and_the_other_deleted_is_not_silently_back() -> None:
    merged = merge_code("\n".join(STEPS), "\n".join(RESTYLED), "\n".join(RESTYLED[:3]))
    assert merged.sources == ["\n".join(RESTYLED[:3]) + "\n" + conflict(RESTYLED[3:], [])]


def test_a_restyled_cell_that_the_other_side_also_split_is_not_doubled() -> None:
    local, remote = cells("\n".join(RESTYLED)), cells("\n".join(RESTYLED[:2]), "\n".join(RESTYLED[2:]))
    assert not merge(cells("\n".join(STEPS)), local, remote).clean


@pytest.mark.parametrize("join", [merge_code, merge_prose])
def test_a_line_that_both_added_at_neighbouring_places_is_there_once(join: object) -> None:
    assert callable(join)
    base, added = "fig, ax = plt.subplots()\nax.plot(x, y)", "plt.tight_layout()"
    merged = join(f"{base}\nplt.show()", f"{base}\n{added}\nplt.show()", f"{base}\n{added}")
    assert times(merged, added) == 1


def test_a_line_that_both_moved_into_one_cell_is_there_once_or_in_conflict() -> None:
    line = "prepare(alpha, another=2)"
    base = cells(f"alpha = load(1)\n{line}\nplot(alpha, 3)", "beta = train(alpha, 4)\nscore(beta, 5)")
    local = cells("alpha = load(1)\nplot(alpha, 3)", f"beta = train(alpha, 4)\nscore(beta, 5)\n{line}")
    remote = cells("alpha = load(1)\nplot(alpha, 3)", f"{line}\nbeta = train(alpha, 4)\nscore(beta, 5)")
    assert not merge(base, local, remote).clean


def test_imports_of_different_blocks_are_not_put_together() -> None:
    start, end = "def f():\n    x = 1\n", "\ny = 2"
    sides = (f"{start}import a{end}", f"{start}    import b{end}")
    assert not merge_code(start.rstrip() + end, *sides).clean
    assert not merge_code(start.rstrip() + end, sides[1], sides[0]).clean


def test_code_that_only_a_notebook_may_hold_is_guarded_all_the_same() -> None:
    """`await` at the top is no Python, but a broken indentation is still one fault more."""
    base = "try:\n    x = await get(1)\nexcept E:\n    x = 0"
    local = "try:\n        x = await get(1)\nexcept E:\n    x = 0"
    remote = "try:\n    x = await get(1)\n    y = 2\nexcept E:\n    x = 0"
    assert not merge_code(base, local, remote).clean


def test_a_question_in_a_comment_is_no_call_for_help() -> None:
    base = "try:\n    x = get(1)  # why?\nexcept E:\n    x = 0"
    local = base.replace("    x = get", "        x = get")
    assert not merge_code(base, local, base.replace("why?", "why?\n    y = 2")).clean


def test_nesting_that_no_parser_takes_is_merged_without_bold_rules() -> None:
    deep = "x = " + "(" * 2000 + "1" + ")" * 2000
    merged = merge_code(f"{deep}\na = 1\nb = 2", f"{deep}\na = 10\nb = 2", f"{deep}\na = 1\nb = 20")
    assert not merged.clean


def test_long_indentation_costs_nothing() -> None:
    lines = [" " * 60_000 + "x = 1", "a = 1", "b = 2"]
    merged = merge_code(
        "\n".join(lines), "\n".join([lines[0], "a = 10", "b = 2"]), "\n".join([*lines[:2], "b = 20"])
    )
    assert times(merged, "b = 20") == 1


def test_new_cells_with_positional_ids_are_not_taken_for_one() -> None:
    old = [code("a = load()", id="cell-0"), code("b = prep(a)", id="cell-1")]
    speed, age = 'df.plot(x="time", y="speed")', 'df.plot(x="age", y="height")'
    merged = merge(
        notebook(*old), notebook(*old, code(speed, id="cell-2")), notebook(*old, code(age, id="cell-2"))
    )
    assert merged.clean
    assert merged.sources[2:] == [speed, age]


def test_a_common_line_in_a_new_cell_was_not_moved_there() -> None:
    first, last = code("a = load()", id="a"), code("c = 3", id="c")
    base = notebook(first, code("ax.hist(a)\nplt.show()", id="b"), last)
    local = notebook(first, last, code("ax.scatter(a, c)\nplt.show()", id="new"))
    assert merge(base, local, notebook(first, last)).clean


def test_operands_of_a_comparison_are_one_expression() -> None:
    assert not merge_code("ok = a == b", "ok = c == b", "ok = a == d").clean


def test_insertions_with_blank_lines_conflict_alike_from_both_sides() -> None:
    one, other = "\nCCC", "CCC\n\nDDD"
    assert merge_prose("", one, other).clean == merge_prose("", other, one).clean


def test_two_resolutions_of_one_conflict_are_one_cell_without_ids() -> None:
    """The base of a criss-cross merge holds the markers of an earlier one."""
    base = notebook(code(conflict(["a = 10"], ["a = 77"], "ours", "theirs")), code("b = 2"), minor=4)
    local, remote = (notebook(code(line), code("b = 2"), minor=4) for line in ("a = 10", "a = 77"))
    merged = merge(base, local, remote)
    assert not merged.clean
    assert len(merged.cells) == 2
