"""Differences of texts, and carrying one side's over to the other: laws of text.js under node."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from tests.helpers.examples import tried
from tests.helpers.node_process import NodeProcess, needs_node

pytestmark = needs_node
_LINES = st.lists(st.sampled_from(["a = 1\n", "b = 2\n", "", "c", "naïve 😀\n", "😁\n", "\n"]), max_size=8)
TEXTS = _LINES.map("".join) | st.text("ab\n 😀😁", max_size=12)


@given(TEXTS, TEXTS)
@tried(150)
def test_the_splices_lead_from_one_text_to_the_other(double: NodeProcess, old: str, now: str) -> None:
    assert double.do("text", old=old, now=now) == now


@given(TEXTS, TEXTS)
@example("x 😀", "x 😁")
@example("😀 x", "🈀 x")  # the same second half
@tried(100)
def test_no_splice_cuts_a_character(double: NodeProcess, old: str, now: str) -> None:
    units = old.encode("utf-16-le")
    for one in double.do("splices", old=old, now=now):
        units[: 2 * one["from"]].decode("utf-16-le")
        units[: 2 * one["to"]].decode("utf-16-le")
        one["text"].encode()


@given(TEXTS, TEXTS)
@tried(60)
def test_what_one_side_changed_is_taken_as_it_is(double: NodeProcess, old: str, now: str) -> None:
    assert double.do("carry", old=old, theirs=now, mine=old) == now
    assert double.do("carry", old=old, theirs=old, mine=now) == now
    assert double.do("carry", old=old, theirs=now, mine=now) == now


def test_words_apart_are_carried_over_and_the_same_word_is_not(double: NodeProcess) -> None:
    old = "first line\nsecond line\nthird line"
    theirs = "first line\nsecond line\nthird row"
    assert (
        double.do("carry", old=old, theirs=theirs, mine=f"new {old}!!")  # "line!!" and "row" are one word's
        is None
    )
    mine = "new first line\nsecond line\nthird line"
    assert double.do("carry", old=old, theirs=theirs, mine=mine) == f"new {theirs}"
    assert double.do("carry", old="ab", theirs="abX", mine="Yab") is None
