"""Owns: which cell of a writer's copy becomes which cell of the merged notebook.

Must not know: operations.  Invariant: a cell that stands in both, equal and under an id of
its own, is paired with itself; no cell is left over on one side that has its equal left
over on the other.

Front ends know a cell by its id, so an id outweighs what the cell says, unlike in a merge:
only positional ids (`cell-3`), which shift when a cell is inserted, say less than content.
"""

from __future__ import annotations

from collections import defaultdict

from nbmerge.merge.matching import match_cells, positional

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Sequence

    from nbmerge.notebook.model import Cell, Notebook


def equal(one: Cell, other: Cell) -> bool:
    """Whether two cells are the same JSON value; a number spelled differently is another one."""
    return one is other or one.value == other.value


def same_value(one: Notebook, other: Notebook) -> bool:
    """Whether two notebooks are the same JSON value, however they are spelled."""
    return (
        one.frame == other.frame
        and len(one.cells) == len(other.cells)
        and all(map(equal, one.cells, other.cells))
    )


def pair_cells(sent: Sequence[Cell], merged: Sequence[Cell]) -> dict[int, int]:
    """Index in `sent` -> index in `merged`, in the order of `sent`."""
    found = _Pairs(sent, merged)
    same_id = _same_id(sent, merged)
    shifting = positional(sent) or positional(merged)
    found.add((i, j) for i, j in same_id if not shifting or equal(sent[i], merged[j]))
    found.add(match_cells(sent, merged).items())
    found.add_equal()
    found.add(same_id)  # nothing better is left
    return dict(sorted(found.forth.items()))


class _Pairs:
    """The pairs so far; what is paired stays paired."""

    def __init__(self, sent: Sequence[Cell], merged: Sequence[Cell]) -> None:
        self.sent = sent
        self.merged = merged
        self.forth: dict[int, int] = {}
        self.taken: set[int] = set()

    def add(self, pairs: Iterable[tuple[int, int]]) -> None:
        for i, j in pairs:
            if i not in self.forth and j not in self.taken:
                self.forth[i] = j
                self.taken.add(j)

    def add_equal(self) -> None:
        """Cells too short to be recognised away from their place, if they are equal to the last bit."""
        waiting: dict[Hashable, list[int]] = defaultdict(list)
        for j, cell in enumerate(self.merged):
            if j not in self.taken:
                waiting[cell.key].append(j)
        for i, cell in enumerate(self.sent):
            if i not in self.forth:
                equals = [j for j in waiting[cell.key] if equal(cell, self.merged[j])]
                for j in equals[:1]:
                    waiting[cell.key].remove(j)
                    self.add([(i, j)])


def _same_id(sent: Sequence[Cell], merged: Sequence[Cell]) -> list[tuple[int, int]]:
    """Cells with one id that is theirs alone on both sides."""
    ours, theirs = _own_ids(sent), _own_ids(merged)
    return [(i, theirs[id]) for id, i in ours.items() if id in theirs]


def _own_ids(cells: Sequence[Cell]) -> dict[str, int]:
    places: dict[str, int] = {}
    twice = set()
    for place, cell in enumerate(cells):
        if cell.id is not None and places.setdefault(cell.id, place) != place:
            twice.add(cell.id)
    return {id: place for id, place in places.items() if id not in twice}
