"""Owns: which cells of two notebooks correspond, and how similar two cells are.

Must not know: what is merged afterwards.
Invariant: a cell has at most one partner, and never gets it by position alone; no pair is scored that
shares no rare word, so that cost follows what the cells have in common and not their number squared.

Strictest evidence first: ids where they can be trusted, equal cells in order, equal cells out of order
(moves), then similar ones: between neighbours that are paired, and last, with a higher threshold, anywhere.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from functools import lru_cache

from nbmerge.merge.sequences import align, longest_rising

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from nbmerge.notebook.model import Cell


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


_SIMILAR_IN_PLACE = 0.4
_SIMILAR_ELSEWHERE = 0.65
_HELD = 0.5  # for a source that holds every line of the other: enough in place, not elsewhere
_TELLING_WORDS = 5  # a shorter cell is too common to be recognised away from its place
_TELLING_LENGTH = 15
_GRID = 900  # pairs in a gap that are all compared; above, only those that share a rare word


def match_cells(base: Sequence[Cell], side: Sequence[Cell]) -> dict[int, int]:
    """Index in `base` -> index in `side`."""
    return _Matching(base, side).run()


class _Matching:
    """The pairs found so far, and the rounds that find more."""

    def __init__(self, base: Sequence[Cell], side: Sequence[Cell]) -> None:
        self.base = base
        self.side = side
        self.forth: dict[int, int] = {}
        self.back: dict[int, int] = {}

    def run(self) -> dict[int, int]:
        for i, j in trusted_ids(self.base, self.side):
            self.pair(i, j)
        self.equal_in_order(lambda cell: (cell.key, cell.id, cell.count))
        self.equal_in_order(lambda cell: cell.key)
        self.equal_in_order(lambda cell: (cell.type, tuple(cell.source.split())))
        self.equal_elsewhere()
        self.similar_in_place()
        self.similar_in_place()  # what had no rare word in a long gap may have one in a short one
        self.similar_elsewhere()
        return self.forth

    def pair(self, i: int, j: int) -> None:
        if i not in self.forth and j not in self.back:
            self.forth[i] = j
            self.back[j] = i

    def free(self) -> tuple[list[int], list[int]]:
        return (
            [i for i in range(len(self.base)) if i not in self.forth],
            [j for j in range(len(self.side)) if j not in self.back],
        )

    def equal_in_order(self, key: Callable[[Cell], object]) -> None:
        """Pairs of equal cells that stand in order between the paired ones."""
        for rows, columns in self.gaps():
            ones = [key(self.base[i]) for i in rows]
            others = [key(self.side[j]) for j in columns]
            for i, j in align(ones, others):
                self.pair(rows[i], columns[j])

    def equal_elsewhere(self) -> None:
        """Moved cells: a telling source that is free once on each side."""
        rows, columns = self.free()
        once_base = _only_once((self.base[i].key, i) for i in rows)
        once_side = _only_once((self.side[j].key, j) for j in columns)
        for key, i in once_base.items():
            if key in once_side and len(key[1].strip()) >= _TELLING_LENGTH:
                self.pair(i, once_side[key])

    def similar_in_place(self) -> None:
        """The best chain of similar cells in each gap."""
        for rows, columns in self.gaps():
            for i, j in best_chain(self.scores(rows, columns, _SIMILAR_IN_PLACE)):
                self.pair(i, j)

    def similar_elsewhere(self) -> None:
        """Moved and edited: the likeliest pairs first."""
        rows, columns = self.free()
        rows = [i for i in rows if _telling(self.base[i])]
        columns = [j for j in columns if _telling(self.side[j])]
        scores = self.scores(rows, columns, _SIMILAR_ELSEWHERE)
        for (i, j), _ in sorted(scores.items(), key=lambda item: (-item[1], item[0])):
            self.pair(i, j)

    def scores(self, rows: list[int], columns: list[int], least: float) -> dict[tuple[int, int], float]:
        if len(rows) * len(columns) <= _GRID:
            pairs: Iterable[tuple[int, int]] = ((i, j) for i in rows for j in columns)
        else:
            ones, others = [self.base[i] for i in rows], [self.side[j] for j in columns]
            pairs = ((rows[i], columns[j]) for i, j in candidates(ones, others))
        found = {}
        for i, j in pairs:
            score = alike(self.base[i], self.side[j])
            if score >= least:
                found[(i, j)] = score * weight(self.base[i].source, self.side[j].source)
        return found

    def gaps(self) -> list[tuple[list[int], list[int]]]:
        """Free cells of both sides between pairs that stand in order."""
        paired = sorted(self.forth.items())
        paired = [paired[index] for index in longest_rising([j for _, j in paired])]
        found = []
        i = j = 0
        for next_i, next_j in [*paired, (len(self.base), len(self.side))]:
            rows = [index for index in range(i, next_i) if index not in self.forth]
            columns = [index for index in range(j, next_j) if index not in self.back]
            if rows and columns:
                found.append((rows, columns))
            i, j = next_i + 1, next_j + 1
        return found


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


def trusted_ids(base: Sequence[Cell], side: Sequence[Cell]) -> list[tuple[int, int]]:
    """Pairs with the same id, as far as the contents do not speak against it.

    Positional ids (`cell-3`) shift when a cell is inserted, copies bring an id twice: a
    pair whose sources are unlike is dropped if either source stands under another id.
    """
    if positional(base) or positional(side):
        return []
    places_base, places_side = _ids(base), _ids(side)
    pairs = [(i, places_side[id]) for id, i in places_base.items() if id in places_side]
    equal = [(i, j) for i, j in pairs if base[i].key == side[j].key]
    loose_base = _telling_texts(base, {i for i, _ in equal})
    loose_side = _telling_texts(side, {j for _, j in equal})
    trusted = set(equal)
    for i, j in pairs:
        elsewhere = base[i].key in loose_side or side[j].key in loose_base
        if not elsewhere or alike(base[i], side[j]) >= _SIMILAR_ELSEWHERE:
            trusted.add((i, j))
    return [pair for pair in pairs if pair in trusted]


def _telling_texts(cells: Sequence[Cell], paired: set[int]) -> set[tuple[str, str]]:
    """What cells that no equal pair has claimed say, as far as it is not said by chance."""
    return {
        cell.key
        for place, cell in enumerate(cells)
        if place not in paired and len(cell.source.strip()) >= _TELLING_LENGTH
    }


def positional(cells: Sequence[Cell]) -> bool:
    """True if every id is one prefix and the number of the place."""
    if len(cells) < 2:
        return False
    first = (cells[0].id or "").rstrip("0123456789")
    for offset in (0, 1):
        if first and all(cell.id == f"{first}{n + offset}" for n, cell in enumerate(cells)):
            return True
    return False


def best_chain(scores: dict[tuple[int, int], float]) -> list[tuple[int, int]]:
    """Pairs rising on both sides with the greatest sum of scores."""
    best: dict[int, tuple[float, tuple[int, int], int]] = {}
    columns = sorted({j for _, j in scores})
    rank = {j: n for n, j in enumerate(columns, 1)}
    tree: list[tuple[float, int]] = [(0.0, -1)] * (len(columns) + 1)  # Fenwick tree of maxima
    pairs = sorted(scores, key=lambda pair: (pair[0], -pair[1]))
    for number, (i, j) in enumerate(pairs):
        total, before = 0.0, -1
        at = rank[j] - 1
        while at > 0:
            total, before = max((total, before), tree[at], key=lambda item: item[0])
            at -= at & -at
        total += scores[(i, j)]
        best[number] = (total, (i, j), before)
        at = rank[j]
        while at <= len(columns):
            if total > tree[at][0]:
                tree[at] = (total, number)
            at += at & -at
    at = max(best, key=lambda number: best[number][0], default=-1)
    chain = []
    while at >= 0:
        _, pair, at = best[at]
        chain.append(pair)
    return chain[::-1]


def _ids(cells: Sequence[Cell]) -> dict[str, int]:
    """Ids that occur once, with their places."""
    return _only_once((cell.id, i) for i, cell in enumerate(cells) if cell.id is not None)


def _only_once(items: Iterable[tuple[object, int]]) -> dict:  # type: ignore[type-arg]
    items = list(items)
    counts = Counter(key for key, _ in items)
    return {key: place for key, place in items if counts[key] == 1}


def _telling(cell: Cell) -> bool:
    return len(cell.source.split()) >= _TELLING_WORDS
