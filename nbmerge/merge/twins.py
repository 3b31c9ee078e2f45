"""Owns: which cells of the two sides are one cell though base does not show it.

Must not know: order, beyond "at one place".  Invariant: cells are paired by id, by equal
text, or by very similar text at one place; a cell has at most one twin.
"""

from __future__ import annotations

from nbmerge.merge.likeness import candidates
from nbmerge.merge.matching import alike, positional, trusted_ids
from nbmerge.merge.sequences import align_alike

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    from nbmerge.merge.places import Places
    from nbmerge.notebook.model import Cell

    Cells: TypeAlias = Sequence[Cell]

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


def find_twins(local: Cells, ours: Places, remote: Cells, theirs: Places) -> dict[int, int]:
    """Insertions that both sides made: index in local -> index in remote."""
    pairing = _Pairing(local, ours, remote, theirs)
    pairing.by_id()
    pairing.by_equal_text_at_one_place()
    pairing.by_equal_text(lambda cell: cell.key)
    pairing.by_equal_text(lambda cell: cell.source)  # one side may have changed its kind
    pairing.by_likeness_at_one_place()
    return pairing.found


class _Pairing:
    """The twins found so far, and the rounds that find more."""

    def __init__(self, local: Cells, ours: Places, remote: Cells, theirs: Places) -> None:
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

    def by_likeness_at_one_place(self) -> None:
        scores = []
        for x, y in candidates(*self.cells()):
            j, k = self.left[x], self.right[y]
            one, other = self.local[j], self.remote[k]
            if self.place_of_local[j] == self.place_of_remote[k] and one.type == other.type:
                scores.append((-alike(one, other), j, k))
        self.pair([(j, k) for score, j, k in sorted(scores) if -score >= _SAME_PLACE])
