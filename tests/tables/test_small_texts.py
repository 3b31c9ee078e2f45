"""The laws of a text merge, on every three texts of up to three lines out of two."""

from __future__ import annotations

from collections import Counter
from itertools import product

import pytest

from nbmerge.merge.text import merge_text
from nbmerge.merge.values import Clash, MergedText

LINES = {
    "telling": ("alpha = load('samples.csv')", "omega.draw(figure, colour='red')"),
    "short": ("a", "b"),
    "blank": ("", "end"),
}


def all_texts(kind: str) -> list[str]:
    return ["\n".join(found) for size in range(4) for found in product(LINES[kind], repeat=size)]


def lines_of(text: str) -> Counter[str]:
    return Counter(line for line in text.split("\n") if line)


def shown(merged: MergedText) -> Counter[str]:
    """All lines of the result, with both sides of what is in conflict."""
    found: Counter[str] = Counter()
    for piece in merged.pieces:
        parts = (piece.local, piece.remote) if isinstance(piece, Clash) else (piece.value,)
        found += sum((Counter(part) for part in parts), Counter[str]())
    return Counter({line: count for line, count in found.items() if line})


def fault(base: str, local: str, remote: str, *, code: bool) -> str:
    """Which law these three texts break, or ''."""
    one = merge_text(base, local, remote, code=code, accept=lambda _: True)
    other = merge_text(base, remote, local, code=code, accept=lambda _: True)
    b, l, r = lines_of(base), lines_of(local), lines_of(remote)
    if (one.text is None) != (other.text is None):
        return "clean one way, conflict the other way"
    if shown(one) != shown(other):
        return "other lines when the sides are swapped"
    if base in (local, remote) and one.text != (remote if base == local else local):
        return "the changed side is the result"
    if not set(b - (b - l) - (b - r)) | set(l - b) | set(r - b) <= set(shown(one)):
        return "a line is lost"
    if one.text is not None and not lines_of(one.text) <= b + (l - b) + (r - b):
        return "a line is doubled"
    return ""


@pytest.mark.parametrize("kind", LINES)
@pytest.mark.parametrize("code", [True, False], ids=["code", "prose"])
def test_every_three_texts(kind: str, code: bool) -> None:
    wrong = [
        f"{three}: {reason}"
        for three in product(all_texts(kind), repeat=3)
        if (reason := fault(*three, code=code))
    ]
    assert not wrong, f"{len(wrong)}:\n" + "\n".join(wrong[:10])
