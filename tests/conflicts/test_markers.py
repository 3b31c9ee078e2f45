"""The grammar of markers: whole conflicts are values, everything else is lines."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbmerge.merge.markers import Marked, conflicts_in, crossing, marker
from tests.helpers.examples import tried
from tests.helpers.marked import lines_of, parse

PIECES = (
    *("<<<<<<< HEAD", "=======", ">>>>>>> topic", "||||||| 1a2b3c"),
    *("<<<<<<<<< deep", "=========", ">>>>>>>>> deep", "|||||||||"),
    *("x = 1", "", "======= no separator", "<<<<<<<x", "<<<<<<<\r", "=======\r", ">>>>>>>\r"),
)


def one(*lines: str) -> Marked:
    [found] = conflicts_in(lines)
    return found


@tried(300)
@given(st.lists(st.sampled_from(PIECES), max_size=14))
def test_nothing_is_lost_by_parsing(lines: list[str]) -> None:
    assert lines_of(parse(lines)) == tuple(lines)


@tried(300)
@given(st.lists(st.sampled_from(PIECES), max_size=14))
def test_conflicts_stand_in_order_and_apart(lines: list[str]) -> None:
    found = conflicts_in(lines)
    assert all(before.end <= after.start for before, after in pairwise(found))
    assert all(tuple(lines[each.start : each.end]) == each.lines for each in found)


def test_a_conflict_in_git_s_usual_style() -> None:
    found = one("a", "<<<<<<< HEAD", "b", "=======", "c", "d", ">>>>>>> topic/x", "e")
    assert (found.local, found.base, found.remote) == (("b",), None, ("c", "d"))
    assert (found.labels, found.start, found.end) == (("HEAD", "", "topic/x"), 1, 7)


def test_a_conflict_that_shows_its_base() -> None:
    found = one("<<<<<<< ours", "b", "||||||| 1a2b3c", "a", "=======", ">>>>>>> theirs")
    assert (found.local, found.base, found.remote) == (("b",), ("a",), ())
    assert found.labels == ("ours", "1a2b3c", "theirs")


def test_a_base_that_is_itself_a_merge_has_longer_markers() -> None:
    """git merges the bases of a criss-cross, and shows what came of it."""
    inner = ("<<<<<<<<< one", "x", "=========", "y", ">>>>>>>>> other")
    found = one("<<<<<<< HEAD", "b", "||||||| merged common ancestors", *inner, "=======", "c", ">>>>>>> t")
    assert found.base == inner


def test_conflicts_of_one_size_nest() -> None:
    """As when a notebook with markers was merged once more, as text."""
    inner = ("<<<<<<< a", "x", "=======", "y", ">>>>>>> b")
    found = one("<<<<<<< HEAD", *inner, "=======", "z", ">>>>>>> topic")
    assert (found.local, found.remote) == (inner, ("z",))


def test_the_underline_of_a_heading_is_a_line_of_the_side_it_stands_in() -> None:
    found = one("<<<<<<< HEAD", "x", "=======", "Title", "=======", ">>>>>>> topic")
    assert (found.local, found.remote) == (("x",), ("Title", "======="))


@pytest.mark.parametrize(
    "lines",
    [
        ("<<<<<<< HEAD", "x", ">>>>>>> topic"),
        ("<<<<<<< HEAD", "x", "=======", "y"),
        ("x", "=======", "y", ">>>>>>> topic"),
        ("<<<<<< HEAD", "x", "======", "y", ">>>>>> topic"),
        ("    <<<<<<< HEAD", "x", "=======", "y", ">>>>>>> topic"),
        ("<<<<<<< HEAD", "x", "=========", "y", ">>>>>>> topic"),
    ],
)
def test_what_is_not_whole_is_text(lines: tuple[str, ...]) -> None:
    assert conflicts_in(lines) == ()


def test_a_lone_marker_does_not_hide_a_conflict() -> None:
    assert one("<<<<<<< stray", "<<<<<<< HEAD", "x", "=======", "y", ">>>>>>> topic").start == 1


def test_a_label_is_what_stands_behind_the_signs() -> None:
    assert marker("<<<<<<< HEAD (my work) \r\n") is not None
    found = marker("<<<<<<< HEAD (my work) \r\n")
    assert found is not None
    assert (found.character, found.size, found.label) == ("<", 7, "HEAD (my work)")
    assert marker("======= x") is None
    assert marker("") is None


CROSSED = (
    *("<<<<<<< two", "a", "<<<<<<<<<<< two and three", "=======", "b", ">>>>>>> three"),
    *("===========", "c", ">>>>>>>>>>> four"),
)


def test_where_conflicts_cross_the_later_one_counts() -> None:
    """A third version was merged into lines that held markers."""
    found = one(*CROSSED)
    assert (found.size, found.local, found.remote) == (11, ("=======", "b", ">>>>>>> three"), ("c",))
    assert crossing(CROSSED, [found]) == [[(0, 3, 5)]]
    settled = (*CROSSED[:2], *found.local)
    assert (one(*settled).local, one(*settled).remote) == (("a",), ("b",))


def test_those_that_cross_some_are_found_for_all_of_them_at_once() -> None:
    lines = [*CROSSED, "x", *CROSSED]
    assert crossing(lines, conflicts_in(lines)) == [[(0, 3, 5)], [(10, 13, 15)]]
    across = ["<<<<<<<<< a", "<<<<<<<", "=========", ">>>>>>>>> b", "=======", *CROSSED[2:], ">>>>>>>"]
    apart = [each for each in conflicts_in(across) if each.size > 7]
    assert crossing(across, apart) == [[(1, 4, 8)], [(1, 4, 8)]]


def test_one_that_begins_in_another_and_ends_behind_it_crosses_it() -> None:
    lines = ["<<<<<<<< a", "<<<<<<<", "========", ">>>>>>>> b", "=======", ">>>>>>>", "x"]
    assert crossing(lines, conflicts_in(lines)) == [[(1, 4, 5)]]


@tried(300)
@given(
    st.lists(
        st.sampled_from([*PIECES[:4], *PIECES[4:8], "<<<<<<<<<<<", "===========", ">>>>>>>>>>>"]), max_size=24
    )
)
def test_what_is_not_found_is_in_what_is_or_crosses_it(lines: list[str]) -> None:
    found = conflicts_in(lines)
    assert all(before.end <= after.start for before, after in pairwise(found))
    assert all(tuple(lines[at] for at in each.places) == each.markers for each in found)
    for size in (7, 9, 11):
        for alone in conflicts_in([line if sized(line) == size else "x" for line in lines]):
            assert any(
                (each.start <= alone.start and alone.end <= each.end)
                or (each.size > size and alone.start < each.end and each.start < alone.end)
                for each in found
            )


def sized(line: str) -> int:
    found = marker(line)
    return 0 if found is None else found.size


def test_a_long_line_that_is_almost_a_marker_costs_no_time() -> None:
    assert marker("<<<<<<< " + " " * 1_000_000 + "x") is not None
