"""Conflict markers in the page and in VS Code: what markers.js finds and settles is what the commands do."""

from __future__ import annotations

from itertools import chain
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nbmerge.conflicts.choosing import Replacing, settled_lines
from nbmerge.merge.markers import Marked, conflicts_in
from nbmerge.merge.values import compose, split
from tests.helpers.examples import tried
from tests.helpers.node_process import NodeProcess, needs_node

pytestmark = needs_node
_LABELS = [
    "",
    " ann",
    " ann (deleted)",
    " <img onerror=alert(1)>",
    "\t\u202eevil",
    " 日本\u3000",
    "x",
    "\ufeff",
    " \x85",
]
_MARKERS = st.tuples(st.sampled_from("<|=>"), st.sampled_from([3, 7, 7, 7, 8, 11]), st.sampled_from(_LABELS))
_LINES = st.one_of(
    _MARKERS.map(lambda one: one[0] * one[1] + one[2]),
    st.sampled_from(["a = 1", "b = 2", "", "naïve 😀", "a = 1\r", " <<<<<<< no"]),
)
_BASE = st.sampled_from([[], ["||||||| b", "old"]])


def conflict(local: list[str], base: list[str], remote: list[str]) -> list[str]:
    return ["<<<<<<< a", *local, *base, "=======", *remote, ">>>>>>> c"]


_SIDE = st.lists(_LINES, max_size=3)
_PART = st.one_of(_LINES.map(lambda line: [line]), st.builds(conflict, _SIDE, _BASE, _SIDE))
_NEWLINES = st.sampled_from(["\n", "\r\n"])
TEXTS = st.builds(
    lambda parts, newline, final: newline.join(chain.from_iterable(parts)) + newline * final,
    st.lists(_PART, max_size=8),
    _NEWLINES,
    st.booleans(),
)


def in_python(text: str) -> list[dict[str, Any]]:
    """The same as the page says it."""
    lines, shape = split(text)

    def after(marked: Marked, chosen: tuple[str, ...] | None) -> str | None:
        return None if chosen is None else compose(settled_lines(lines, [Replacing(marked, chosen)]), shape)

    return [
        {
            "first": one.start,
            "base": None if one.base is None else one.start + 1 + len(one.local),
            "middle": one.places[-2],
            "last": one.end - 1,
            "size": one.size,
            "labels": [one.labels[0], one.labels[2]],
            "settled": {
                "upper": after(one, one.local),
                "lower": after(one, one.remote),
                "both": after(one, (*one.local, *one.remote)),
                "base": after(one, one.base),
            },
        }
        for one in conflicts_in(lines)
    ]


@given(TEXTS)
@example("<<<<<<<< a\n<<<<<<< x\n========\nr\n>>>>>>>> b\n=======\n>>>>>>> y")  # crossing, either way
@example("<<<<<<< x\n<<<<<<<< a\nq\n=======\n>>>>>>> y\n========\nr\n>>>>>>>> b")
@tried(400)
def test_it_finds_and_settles_what_the_commands_do(double: NodeProcess, text: str) -> None:
    assert double.do("conflicts", text=text) == in_python(text)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("<<<<<<< a\nx\n=======\n>>>>>>> b", "x"),
        ("a\r\n<<<<<<< a\r\nx\r\n=======\r\n>>>>>>> b\r\n", "a\r\nx\r\n"),
        ("<<<<<<< a\n=======\nx\n>>>>>>> b\n", ""),
    ],
)
def test_the_end_of_the_text_is_kept(double: NodeProcess, text: str, left: str) -> None:
    (found,) = double.do("conflicts", text=text)
    assert found["settled"]["upper"] == left
