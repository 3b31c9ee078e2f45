"""Owns: which cells of two and of three notebooks are one cell, and the order of the merged ones.

Must not know: what becomes of a cell's content.
Invariant: a cell has at most one partner, and never gets it by position alone; no pair is scored that
shares no rare word, so that cost follows what the cells have in common and not their number squared.
Every cell of every side is in exactly one Row; a side that changed no order leaves the other side's as it is.

Strictest evidence first: ids where they can be trusted, equal cells in order, equal cells out of order
(moves), then similar ones: between neighbours that are paired, and last, with a higher threshold, anywhere.

A side's order is its still cells in base order, and behind each the run that it inserted or moved there.
The merged order is base's, with each side's runs at their places: deleted cells keep their place as
tombstones until the order is known.
"""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import Counter
from functools import lru_cache

from nbmerge.frozen import frozen
from nbmerge.merge.sequences import align, align_alike, best_chain, longest_rising
from nbmerge.merge.values import Terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TypeAlias

    from nbmerge.notebook.model import Cell, Notebook

    Cells: TypeAlias = Sequence[Cell]


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


def _ids(cells: Sequence[Cell]) -> dict[str, int]:
    """Ids that occur once, with their places."""
    return _only_once((cell.id, i) for i, cell in enumerate(cells) if cell.id is not None)


def _only_once(items: Iterable[tuple[object, int]]) -> dict:  # type: ignore[type-arg]
    items = list(items)
    counts = Counter(key for key, _ in items)
    return {key: place for key, place in items if counts[key] == 1}


def _telling(cell: Cell) -> bool:
    return len(cell.source.split()) >= _TELLING_WORDS


class CellPositions:
    """Where a side put its cells.

    `slot` gives for an inserted or moved cell the last still cell before it, by its index
    in base (-1: none); `runs` the cells of each slot, in order.  A cell is still if it is in
    a longest run that the side left in base order.
    """

    def __init__(self, size: int, to_side: dict[int, int]) -> None:
        self.to_side = to_side
        self.to_base = {j: i for i, j in to_side.items()}
        matched = sorted(self.to_base)
        still = {matched[n] for n in longest_rising([self.to_base[j] for j in matched])}
        self.still = sorted(self.to_base[j] for j in still)
        self.moved = {self.to_base[j] for j in matched if j not in still}
        self.inserted = [j for j in range(size) if j not in self.to_base]
        self.slot: dict[int, int] = {}
        self.runs: dict[int, list[int]] = {}
        slot = -1
        for j in range(size):
            if j in still:
                slot = self.to_base[j]
            else:
                self.slot[j] = slot
                self.runs.setdefault(slot, []).append(j)

    def slot_of_base(self, i: int) -> int | None:
        """The slot of a cell of base that the side moved."""
        return self.slot.get(self.to_side[i])

    def beside(self, other: CellPositions) -> dict[int, int]:
        """For each inserted cell, the last cell before it that stands still on both sides.

        Two insertions with the same answer are at one place, whatever was deleted there.
        """
        shared = sorted(set(self.still).intersection(other.still))
        found = {}
        for j in self.inserted:
            before = bisect_right(shared, self.slot[j])
            found[j] = shared[before - 1] if before else -1
        return found


_SAME_ID = 0.4
_SAME_PLACE = 0.8
_SAME_TEXT_LENGTH = 15  # shorter insertions may be equal by chance, unless at one place


def match_through(
    base: Cells, one: Cells, to_one: dict[int, int], other: Cells, to_other: dict[int, int]
) -> None:
    """Add to `to_other` cells that both sides rewrote alike: unlike base's, but like each other."""
    taken = set(to_other.values())
    free = [j for j in range(len(other)) if j not in taken]
    by_key = {other[j].key: j for j in reversed(free) if other[j].source.strip()}
    by_id = {other[j].id: j for j in reversed(free) if other[j].id is not None}
    if positional(one) or positional(other):
        by_id = {}
    for i, at in to_one.items():
        cell = one[at]
        if i in to_other or base[i].key == cell.key:
            continue
        j = by_key.get(cell.key, by_id.get(cell.id) if cell.id is not None else None)
        if j is not None and j not in taken and alike(cell, other[j]) >= _SAME_ID:
            to_other[i] = j
            taken.add(j)


def paired_insertions(
    local: Cells, ours: CellPositions, remote: Cells, theirs: CellPositions
) -> dict[int, int]:
    """Insertions that both sides made: index in local -> index in remote."""
    pairing = _Pairing(local, ours, remote, theirs)
    pairing.by_id()
    pairing.by_equal_text_at_one_place()
    pairing.by_equal_text(lambda cell: cell.key)
    pairing.by_equal_text(lambda cell: cell.source)  # one side may have changed its kind
    pairing.by_similarity_at_one_place()
    return pairing.found


class _Pairing:
    """The pairs of insertions found so far, and the rounds that find more."""

    def __init__(self, local: Cells, ours: CellPositions, remote: Cells, theirs: CellPositions) -> None:
        self.local, self.remote = local, remote
        self.left, self.right = list(ours.inserted), list(theirs.inserted)
        self.place_of_local, self.place_of_remote = ours.beside(theirs), theirs.beside(ours)
        self.found: dict[int, int] = {}

    def pair(self, pairs: list[tuple[int, int]]) -> None:
        taken = set(self.found.values())
        for j, k in pairs:
            if j not in self.found and k not in taken:
                self.found[j] = k
                taken.add(k)
        self.left = [j for j in self.left if j not in self.found]
        self.right = [k for k in self.right if k not in taken]

    def cells(self) -> tuple[list[Cell], list[Cell]]:
        return [self.local[j] for j in self.left], [self.remote[k] for k in self.right]

    def by_id(self) -> None:
        if positional(self.local) or positional(self.remote):
            return
        ones, others = self.cells()
        pairs = [
            pair for pair in trusted_ids(ones, others) if alike(ones[pair[0]], others[pair[1]]) >= _SAME_ID
        ]
        self.pair([(self.left[x], self.right[y]) for x, y in pairs])

    def by_equal_text_at_one_place(self) -> None:
        ones, others = self.cells()
        here = [(self.place_of_local[j], cell.key) for j, cell in zip(self.left, ones, strict=True)]
        there = [(self.place_of_remote[k], cell.key) for k, cell in zip(self.right, others, strict=True)]
        self.pair([(self.left[x], self.right[y]) for x, y in align_alike(here, there)])

    def by_equal_text(self, text: Callable[[Cell], object]) -> None:
        there = {text(self.remote[k]): k for k in reversed(self.right)}
        telling = [j for j in self.left if len(self.local[j].source.strip()) >= _SAME_TEXT_LENGTH]
        found = [(j, there.get(text(self.local[j]))) for j in telling]
        self.pair([(j, k) for j, k in found if k is not None])

    def by_similarity_at_one_place(self) -> None:
        scores = []
        for x, y in candidates(*self.cells()):
            j, k = self.left[x], self.right[y]
            one, other = self.local[j], self.remote[k]
            if self.place_of_local[j] == self.place_of_remote[k] and one.type == other.type:
                scores.append((-alike(one, other), j, k))
        self.pair([(j, k) for score, j, k in sorted(scores) if -score >= _SAME_PLACE])


@frozen
class Row:
    """One cell of the merge: its index in each notebook that has it."""

    base: int | None
    local: int | None
    remote: int | None
    moved: bool = False
    contested: bool = False  # put at different places by the two sides


def rows(base: Sequence[Cell], local: Sequence[Cell], remote: Sequence[Cell]) -> list[Row]:
    """All cells in merged order, those that a side deleted included."""
    to_local, to_remote = match_cells(base, local), match_cells(base, remote)
    match_through(base, local, to_local, remote, to_remote)
    match_through(base, remote, to_remote, local, to_local)
    ours, theirs = CellPositions(len(local), to_local), CellPositions(len(remote), to_remote)
    return _Ordering(ours, theirs, paired_insertions(local, ours, remote, theirs)).run(len(base))


def cells_at(places: Row | Terms[int | None], sides: Terms[Notebook]) -> Terms[Cell | None]:
    """The cells of the three notebooks at these places; None where one has no such cell."""
    base, local, remote = (
        None if place is None else side.cells[place]
        for place, side in zip((places.base, places.local, places.remote), sides, strict=True)
    )
    return Terms(base, local, remote)


class _Ordering:
    """Two sides' places on their way to one order."""

    def __init__(self, ours: CellPositions, theirs: CellPositions, paired: dict[int, int]) -> None:
        self.ours = ours
        self.theirs = theirs
        self.paired = paired
        self.paired_back = {k: j for j, k in paired.items()}
        self.places_of_local, self.places_of_remote = ours.beside(theirs), theirs.beside(ours)

    def run(self, size: int) -> list[Row]:
        ordered: dict[Row, None] = {}
        for slot in range(-1, size):
            if slot >= 0 and slot not in self.ours.moved and slot not in self.theirs.moved:
                ordered[self.of_base(slot)] = None
            left = [self.of_local(j) for j in self.ours.runs.get(slot, ())]
            here = set(left)
            right = [self.of_remote(k) for k in self.theirs.runs.get(slot, ())]
            right = [row for row in right if row in here or not self.placed_by_local(row)]
            ordered.update(dict.fromkeys(_woven(left, right)))
        return list(ordered)

    def of_local(self, j: int) -> Row:
        i = self.ours.to_base.get(j)
        return self.inserted(j, self.paired.get(j)) if i is None else self.of_base(i)

    def of_remote(self, k: int) -> Row:
        i = self.theirs.to_base.get(k)
        return self.inserted(self.paired_back.get(k), k) if i is None else self.of_base(i)

    def inserted(self, j: int | None, k: int | None) -> Row:
        contested = j is not None and k is not None and self.places_of_local[j] != self.places_of_remote[k]
        return Row(None, j, k, contested=contested)

    def of_base(self, i: int) -> Row:
        j, k = self.ours.to_side.get(i), self.theirs.to_side.get(i)
        by_local, by_remote = i in self.ours.moved, i in self.theirs.moved
        contested = by_local and by_remote and self.ours.slot_of_base(i) != self.theirs.slot_of_base(i)
        return Row(i, j, k, by_local or by_remote, contested)

    def placed_by_local(self, row: Row) -> bool:
        return row.local is not None and row.local in self.ours.slot


def _woven(left: list[Row], right: list[Row]) -> list[Row]:
    """Two runs at one place: common cells once, between them local's cells before remote's."""
    merged: list[Row] = []
    x = y = 0
    for next_x, next_y in [*align(left, right), (len(left), len(right))]:
        merged += left[x:next_x] + right[y:next_y] + left[next_x : next_x + 1]
        x, y = next_x + 1, next_y + 1
    return merged
