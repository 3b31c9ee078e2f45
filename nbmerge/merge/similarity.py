"""Owns: how alike two cells are, and finding the likeliest partners cheaply.

Must not know: ids, order, merging.
Invariant: no pair is scored that shares no rare word, so that cost follows what the cells have in common
and not their number squared.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import lru_cache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbmerge.notebook.model import Cell

SIMILAR_ELSEWHERE = 0.65  # from here on two cells are one that was edited, wherever they stand
_HELD = 0.5  # for a source that holds every line of the other: enough in place, not elsewhere
_WORD = re.compile(r"\w+")
_TOO_COMMON = 12  # a word in more cells than this tells nothing about which is which
_PARTNERS = 10  # of the cells that share rare words with one, how many are looked at


@lru_cache(maxsize=4096)
def words(source: str) -> Counter[str]:
    """The words of a source with their numbers."""
    return Counter(_WORD.findall(source))


def similarity(one: str, other: str) -> float:
    """0 to 1: the share of words in common (Dice); texts without words compare as a whole."""
    if one == other:
        return 1.0
    if one.split() == other.split():
        return 0.99
    a, b = words(one), words(other)
    total = a.total() + b.total()
    if not total:
        return 0.0
    return 2 * (a & b).total() / total * 0.98


@lru_cache(maxsize=4096)
def _lines(source: str) -> frozenset[str]:
    return frozenset(text for line in source.split("\n") if (text := line.strip()))


def one_holds_other(one: str, other: str) -> bool:
    """True if every line of one source is in the other: much was added, or taken away."""
    small, large = sorted((_lines(one), _lines(other)), key=len)
    return bool(small) and small <= large


def weight(one: str, other: str) -> float:
    """How much the similarity of two sources counts beside others: more for longer texts."""
    return math.sqrt(1 + words(one).total() + words(other).total())


def candidates(ones: Sequence[Cell], others: Sequence[Cell]) -> Iterator[tuple[int, int]]:
    """Index pairs of each cell with those `others` that share the most rare words with it."""
    places: dict[str, list[int]] = {}
    for index, cell in enumerate(others):
        for word in words(cell.source):
            places.setdefault(word, []).append(index)
    for index, cell in enumerate(ones):
        shared: Counter[int] = Counter()
        for word in words(cell.source):
            where = places.get(word, ())
            if len(where) <= _TOO_COMMON:
                shared.update(where)
        best = sorted(shared.items(), key=lambda item: (-item[1], item[0]))[:_PARTNERS]
        yield from ((index, other) for other, _ in best)


def alike(one: Cell, other: Cell) -> float:
    """0 to 1; a change of kind costs something, equal outputs that are not trivial help."""
    score = similarity(one.source, other.source)
    if score < _HELD and one_holds_other(one.source, other.source):
        score = _HELD
    if one.type != other.type:
        score *= 0.8
    elif one.outputs and one.plain_outputs == other.plain_outputs:
        score = max(score, 0.2 + 0.8 * score)
    return score
