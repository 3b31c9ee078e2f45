"""Owns: one side's order of cells, as places relative to base's order.

Must not know: the other side's cells, what is in any cell.  Invariant: the side's order
is its still cells in base order, and behind each the run it inserted or moved there.
"""

from __future__ import annotations

from bisect import bisect_right

from nbmerge.merge.sequences import longest_rising


class Places:
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

    def beside(self, other: Places) -> dict[int, int]:
        """For each inserted cell, the last cell before it that stands still on both sides.

        Two insertions with the same answer are at one place, whatever was deleted there.
        """
        shared = sorted(set(self.still).intersection(other.still))
        found = {}
        for j in self.inserted:
            before = bisect_right(shared, self.slot[j])
            found[j] = shared[before - 1] if before else -1
        return found
