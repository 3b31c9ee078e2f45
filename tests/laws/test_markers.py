"""The law of markers: they give back exactly the terms that they show, whatever stands in the sources."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from nbmerge.merge.markers import ConflictStyle, MarkerStyle
from nbmerge.merge.values import Favor, Policy
from tests.helpers.build import merge_prose
from tests.helpers.examples import tried

POOL = (
    "=======",
    "<<<<<<< HEAD",
    ">>>>>>> topic",
    "||||||| base",
    "=====",
    "==========",
    "",
    "The first sentence.",
    "Something wholly different!",
    "third = line",
)
OPENING = re.compile(r"<+ local")


@dataclass(frozen=True)
class Block:
    """What stands between the markers of one conflict; `base` only where it is shown."""

    local: list[str]
    base: list[str]
    remote: list[str]


def parsed(text: str) -> list[str | Block]:
    """The lines of a text outside of conflicts, and the conflicts."""
    found: list[str | Block] = []
    at, lines = 0, text.split("\n")
    size = max((len(line) - 6 for line in lines if OPENING.fullmatch(line)), default=0)
    while at < len(lines):
        if lines[at] != "<" * size + " local":
            found.append(lines[at])
            at += 1
            continue
        end = lines.index(">" * size + " remote", at)
        middle = lines.index("=" * size, at, end)
        bar = "|" * size + " base"
        base = lines.index(bar, at, middle) if bar in lines[at:middle] else middle
        found.append(Block(lines[at + 1 : base], lines[base + 1 : middle], lines[middle + 1 : end]))
        at = end + 1
    return found


def resolved(text: str, side: str) -> list[str]:
    """The text with every conflict settled by hand for one side."""
    lines: list[str] = []
    for part in parsed(text):
        lines += [part] if isinstance(part, str) else getattr(part, side)
    return lines


def sources() -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(POOL), max_size=5).map("\n".join)


@tried(80)
@given(sources(), sources(), sources(), st.sampled_from([5, 7, 12]))
def test_diff3_markers_give_back_all_three_terms(base: str, local: str, remote: str, size: int) -> None:
    merged = merge_prose(base, local, remote, markers=MarkerStyle(ConflictStyle.DIFF3, size=size))
    blocks = [part for part in parsed(merged.sources[0]) if isinstance(part, Block)]
    terms = [(c.local, c.base, c.remote) for c in merged.result.conflicts]
    assert ["\n".join(lines) for b in blocks for lines in (b.local, b.base, b.remote)] == [
        term for three in terms for term in three
    ]


@tried(80)
@given(sources(), sources(), sources(), st.sampled_from([ConflictStyle.MERGE, ConflictStyle.ZDIFF3]))
def test_settling_by_hand_gives_what_favouring_a_side_gives(
    base: str, local: str, remote: str, style: ConflictStyle
) -> None:
    shown = merge_prose(base, local, remote, markers=MarkerStyle(style))
    for favor in (Favor.LOCAL, Favor.REMOTE):
        expected = merge_prose(base, local, remote, Policy(favor=favor)).sources[0]
        assert resolved(shown.sources[0], favor.value) == expected.split("\n") or not expected
