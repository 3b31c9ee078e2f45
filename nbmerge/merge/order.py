"""Owns: which cells of the three notebooks are one cell, and the order of the merged ones.

Must not know: what becomes of a cell's content.  Invariant: every cell of every side is
in exactly one Row; a side that changed no order leaves the other side's order as it is.

A side's order is its stable cells (a longest run in base order) and, behind each, what
it inserted or moved there.  The merged order is base's, with each side's runs at their
places: deleted cells keep their place as tombstones until the order is known.
"""

from __future__ import annotations

from dataclasses import dataclass

from nbmerge.merge.likeness import candidates
from nbmerge.merge.matching import alike, match_cells, trusted_ids
from nbmerge.merge.sequences import align, longest_rising

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from nbmerge.notebook.model import Cell

    Cells: TypeAlias = Sequence[Cell]

_SAME_ID = 0.4
_SAME_PLACE = 0.8
_SAME_TEXT_LENGTH = 15  # shorter insertions may be equal by chance, unless at one place


@dataclass(frozen=True, slots=True)
class Row:
    """One cell of the merge: its index in each notebook that has it."""

    base: int | None
    local: int | None
    remote: int | None
    moved: bool = False
    contested: bool = False  # moved by both sides, to different places


def rows(base: Cells, local: Cells, remote: Cells) -> list[Row]:
    """All cells in merged order, those that a side deleted included."""
    to_local, to_remote = match_cells(base, local), match_cells(base, remote)
    _match_through(base, local, to_local, remote, to_remote)
    _match_through(base, remote, to_remote, local, to_local)
    ours, theirs = _Places(len(base), local, to_local), _Places(len(base), remote, to_remote)
    twins = _twins(local, ours, remote, theirs)
    return _ordered(len(base), ours, theirs, twins)


def _match_through(
    base: Cells, one: Cells, to_one: dict[int, int], other: Cells, to_other: dict[int, int]
) -> None:
    """A cell that both sides rewrote alike is known by the other side's text, not by base's."""
    taken = set(to_other.values())
    free = {j: cell for j, cell in enumerate(other) if j not in taken}
    half = [i for i in to_one if i not in to_other and base[i].key != one[to_one[i]].key]
    for i in half:
        cell = one[to_one[i]]
        for j, found in free.items():
            if (found.key == cell.key and cell.source.strip()) or (
                found.id is not None and found.id == cell.id and alike(found, cell) >= _SAME_ID
            ):
                to_other[i] = j
                del free[j]
                break


class _Places:
    """One side's order: where its inserted and moved cells stand relative to base."""

    def __init__(self, size: int, cells: Cells, to_side: dict[int, int]) -> None:
        self.to_side = to_side
        to_base = {j: i for i, j in to_side.items()}
        matched = sorted(to_base)
        stable = {matched[n] for n in longest_rising([to_base[j] for j in matched])}
        self.inserted = [j for j in range(len(cells)) if j not in to_base]
        self.moved = {to_base[j] for j in matched if j not in stable}
        self.slot: dict[int, int] = {}
        self.runs: dict[int, list[int]] = {}
        slot = -1
        for j in range(len(cells)):
            if j in stable:
                slot = to_base[j]
            else:
                self.slot[j] = slot
                self.runs.setdefault(slot, []).append(j)


def _twins(local: Cells, ours: _Places, remote: Cells, theirs: _Places) -> dict[int, int]:
    """Insertions that both sides made: index in local -> index in remote."""
    free = set(theirs.inserted)
    found: dict[int, int] = {}

    def pair(j: int, k: int) -> None:
        if j not in found and k in free:
            found[j] = k
            free.discard(k)

    left, right = [local[j] for j in ours.inserted], [remote[k] for k in theirs.inserted]
    for x, y in trusted_ids(left, right):
        if alike(left[x], right[y]) >= _SAME_ID:
            pair(ours.inserted[x], theirs.inserted[y])
    inserted = set(ours.inserted)
    for slot, cells in ours.runs.items():
        run = [j for j in cells if j in inserted and j not in found]
        other = [k for k in theirs.runs.get(slot, ()) if k in free]
        for x, y in align([local[j].key for j in run], [remote[k].key for k in other]):
            pair(run[x], other[y])
    by_key = {remote[k].key: k for k in sorted(free, reverse=True)}
    for j in ours.inserted:
        k = by_key.get(local[j].key)
        if k is not None and len(local[j].source.strip()) >= _SAME_TEXT_LENGTH:
            pair(j, k)
    _similar_twins(local, ours, remote, theirs, found, free)
    return found


def _similar_twins(
    local: Cells, ours: _Places, remote: Cells, theirs: _Places, found: dict[int, int], free: set[int]
) -> None:
    """Very similar insertions at one place."""
    left = [j for j in ours.inserted if j not in found]
    right = sorted(free)
    scores = []
    for x, y in candidates([local[j] for j in left], [remote[k] for k in right]):
        j, k = left[x], right[y]
        if ours.slot[j] == theirs.slot[k] and local[j].type == remote[k].type:
            scores.append((-alike(local[j], remote[k]), j, k))
    for score, j, k in sorted(scores):
        if -score >= _SAME_PLACE and j not in found and k in free:
            found[j] = k
            free.discard(k)


def _ordered(size: int, ours: _Places, theirs: _Places, twins: dict[int, int]) -> list[Row]:
    twin_of = {k: j for j, k in twins.items()}
    base_of_local = {j: i for i, j in ours.to_side.items()}
    base_of_remote = {k: i for i, k in theirs.to_side.items()}
    placed: set[Row] = set()
    result: list[Row] = []

    def of_local(j: int) -> Row:
        i = base_of_local.get(j)
        return of_base(i) if i is not None else Row(None, j, twins.get(j))

    def of_remote(k: int) -> Row:
        i = base_of_remote.get(k)
        return of_base(i) if i is not None else Row(None, twin_of.get(k), k)

    def of_base(i: int) -> Row:
        j, k = ours.to_side.get(i), theirs.to_side.get(i)
        places = {side.slot.get(place) for side, place in ((ours, j), (theirs, k)) if place is not None}
        moved = (i in ours.moved, i in theirs.moved)
        return Row(i, j, k, moved=any(moved), contested=all(moved) and len(places) > 1)

    def placed_by_local(row: Row) -> bool:
        return row.local is not None and row.local in ours.slot

    for slot in range(-1, size):
        if slot >= 0 and slot not in ours.moved and slot not in theirs.moved:
            result.append(of_base(slot))
        left = [of_local(j) for j in ours.runs.get(slot, ())]
        right = [of_remote(k) for k in theirs.runs.get(slot, ())]
        in_both = set(left)
        right = [row for row in right if row in in_both or not placed_by_local(row)]
        for row in _runs(left, right):
            if row not in placed:
                placed.add(row)
                result.append(row)
    return result


def _runs(left: list[Row], right: list[Row]) -> list[Row]:
    """Two runs at one place: common cells once, between them local's cells before remote's."""
    merged: list[Row] = []
    x = y = 0
    for next_x, next_y in [*align(left, right), (len(left), len(right))]:
        merged += left[x:next_x] + right[y:next_y] + left[next_x : next_x + 1]
        x, y = next_x + 1, next_y + 1
    return merged
