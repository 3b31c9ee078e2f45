"""Owns: which cells of the three notebooks are one cell, and the order of the merged ones.

Must not know: what becomes of a cell's content.  Invariant: every cell of every side is
in exactly one Row; a side that changed no order leaves the other side's order as it is.

The merged order is base's, with each side's runs at their places: deleted cells keep
their place as tombstones until the order is known.
"""

from __future__ import annotations

from dataclasses import dataclass

from nbmerge.merge.matching import match_cells
from nbmerge.merge.places import Places
from nbmerge.merge.sequences import align
from nbmerge.merge.twins import find_twins, match_through

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbmerge.notebook.model import Cell


@dataclass(frozen=True, slots=True)
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
    ours, theirs = Places(len(local), to_local), Places(len(remote), to_remote)
    return _Ordering(ours, theirs, find_twins(local, ours, remote, theirs)).run(len(base))


class _Ordering:
    """Two sides' places on their way to one order."""

    def __init__(self, ours: Places, theirs: Places, twins: dict[int, int]) -> None:
        self.ours = ours
        self.theirs = theirs
        self.twins = twins
        self.twin_of = {k: j for j, k in twins.items()}
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
        return self.inserted(j, self.twins.get(j)) if i is None else self.of_base(i)

    def of_remote(self, k: int) -> Row:
        i = self.theirs.to_base.get(k)
        return self.inserted(self.twin_of.get(k), k) if i is None else self.of_base(i)

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
