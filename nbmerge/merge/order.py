"""Owns: which cells of three notebooks are one cell, and the order in which the merged ones stand.

Must not know: what becomes of a cell's content.
Invariant: every cell of every side is in exactly one Row; a side that changed no order leaves the other
side's order as it is.  Insertions of both sides are one cell by id, by equal text, or by very similar text
at one place, and none is in two pairs.

A side's order is its still cells in base order, and behind each the run that it inserted or moved there.
The merged order is base's, with each side's runs at their places: deleted cells keep their place as
tombstones until the order is known.
"""

from __future__ import annotations

from bisect import bisect_right

from nbmerge.frozen import frozen
from nbmerge.merge.matching import alike, candidates, match_cells, positional, trusted_ids
from nbmerge.merge.sequences import align, align_alike, longest_rising

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    from nbmerge.notebook.model import Cell

    Cells: TypeAlias = Sequence[Cell]


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
