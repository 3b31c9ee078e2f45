"""Owns: the order of the elements of two sides that come from one base.

Must not know: what the elements are, or which is which: that is given.  Invariant: every element
of every side is in exactly one Row; a side that changed no order leaves the other side's order as it is.

The merged order is base's, with each side's runs at their places: what was deleted keeps its
place as a tombstone until the order is known.
"""

from __future__ import annotations

from bisect import bisect_right

from nbmerge.frozen import frozen
from nbmerge.merge.sequences import align, longest_rising


class Positions:
    """Where a side put its elements.

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

    def beside(self, other: Positions) -> dict[int, int]:
        """For each inserted cell, the last cell before it that stands still on both sides.

        Two insertions with the same answer are at one place, whatever was deleted there.
        """
        shared = sorted(set(self.still).intersection(other.still))
        found = {}
        for j in self.inserted:
            before = bisect_right(shared, self.slot[j])
            found[j] = shared[before - 1] if before else -1
        return found


@frozen
class Row:
    """One cell of the merge: its index in each notebook that has it."""

    base: int | None
    local: int | None
    remote: int | None
    moved: bool = False
    contested: bool = False  # put at different places by the two sides


class Ordering:
    """Two sides' places on their way to one order."""

    def __init__(self, ours: Positions, theirs: Positions, paired: dict[int, int]) -> None:
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
