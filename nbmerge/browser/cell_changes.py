"""Owns: what became of each cell in a merge: whose it is, in its parts, and what was decided about it.

Must not know: HTML.  Invariant: every cell of the merged notebook is there once, in order, and so is
every cell of base, local and remote that is not in it, at the place where it would stand.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import Enum

from nbmerge.browser.sources import Author, author_of, lines
from nbmerge.merge.markers import shown_pieces
from nbmerge.merge.matching import cells_at, rows
from nbmerge.merge.ordering import Positions, Row
from nbmerge.merge.values import Terms
from nbmerge.notebook.model import unspelled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nbmerge.merge.markers import Rendered
    from nbmerge.merge.values import Clash, Conflict, Decision, Lines, Result
    from nbmerge.notebook.jsontext import Json
    from nbmerge.notebook.model import Cell, Notebook


_COUNT = "execution count"


class CellStatus(Enum):
    """What happened to a cell since base."""

    SAME = "unchanged"
    CHANGED = "changed"
    INSERTED = "inserted"
    DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class MergedPart:
    """A part of a merged cell that is not base's, and whose it is."""

    name: str
    author: Author


@dataclass(frozen=True, slots=True)
class CellChange:
    """One cell.  `number` counts the merged cells from 0, and is None for one that is not among them.

    `pieces` are the merged source where it is in conflict: lines, and the terms of each conflict.
    `first` is the number of its first conflict among all conflicts of the notebook.
    """

    number: int | None
    row: Row
    cells: Terms[Cell | None]
    merged: Cell | None
    status: CellStatus
    author: Author
    moved: Author | None = None
    parts: tuple[MergedPart, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    pieces: tuple[Lines | Clash[Lines], ...] = ()
    first: int = 0
    notes: tuple[Decision, ...] = ()

    @property
    def cell(self) -> Cell:
        """The merged cell, or what there was of it."""
        cells = (self.merged, self.cells.base, self.cells.local, self.cells.remote)
        return next(cell for cell in cells if cell is not None)

    @property
    def quiet(self) -> bool:
        """Whether there is nothing to read about it: at most it has another execution count."""
        counted_anew = self.status is CellStatus.CHANGED and all(part.name == _COUNT for part in self.parts)
        same = self.status is CellStatus.SAME or (counted_anew and self.parts)
        return bool(same) and not (self.moved or self.notes or self.conflicts)

    @property
    def run_again(self) -> bool:
        """Whether only the outputs and the execution count are not base's."""
        names = {part.name for part in self.parts}
        runs = self.status is CellStatus.CHANGED and bool(names) and names <= {_COUNT, "outputs"}
        return runs and not self.conflicts

    @property
    def alike(self) -> bool:
        """Whether both sides did the very same."""
        local, remote = self.cells.local, self.cells.remote
        return self.author is Author.BOTH and local is not None and same_content(local, remote)

    @property
    def deleted_by(self) -> Author | None:
        """Who deleted a cell that is there all the same, since the other side edited it."""
        if self.merged is None or self.cells.base is None:
            return None
        local, remote = self.cells.local, self.cells.remote
        return Author.LOCAL if local is None else Author.REMOTE if remote is None else None

    def status_on(self, side: Author) -> CellStatus:
        """What one side did to the cell."""
        base, mine = self.cells.base, getattr(self.cells, side.value)
        if base is None:
            return CellStatus.SAME if mine is None else CellStatus.INSERTED
        if mine is None:
            return CellStatus.DELETED
        return CellStatus.SAME if same_content(base, mine) else CellStatus.CHANGED


_PARTS: tuple[tuple[str, Callable[[Cell], Json]], ...] = (
    ("kind", lambda cell: cell.type),
    ("source", lambda cell: "\n".join(lines(cell.source))),
    ("last line break", lambda cell: str(cell.source.endswith("\n"))),
    ("outputs", lambda cell: cell.plain_outputs),
    (_COUNT, lambda cell: cell.value.get(cell.count_field)),
    ("metadata", lambda cell: cell.value.get("metadata")),
    ("attachments", lambda cell: unspelled(cell.value.get("attachments"))),
)


def cell_changes(sides: Terms[Notebook], result: Rendered) -> list[CellChange]:
    """All cells in merged order; what was deleted stands where it stood."""
    found = rows(sides.base.cells, sides.local.cells, sides.remote.cells)
    numbers = _numbers(found, result.result)
    movers = _movers(found, sides)
    conflicts, notes = _conflicts_by_cell(result), notes_by_cell(result)
    changes: list[CellChange] = []
    first = 0
    for row in found:
        number = numbers.get(row)
        cells = cells_at(row, sides)
        merged = None if number is None else result.notebook.cells[number]
        status, author = _status(cells, merged)
        here = tuple(conflicts[number])
        moved = movers.get(row.base) if merged is not None else None
        said = tuple(notes[f"base:{row.base}" if number is None else str(number)])
        parts = () if merged is None else _parts(cells, merged, contested=bool(here))
        pieces = _pieces(number, result)
        changes.append(
            CellChange(number, row, cells, merged, status, author, moved, parts, here, pieces, first, said)
        )
        first += len(here)
    return changes


def _pieces(number: int | None, result: Rendered) -> tuple[Lines | Clash[Lines], ...]:
    contested = None if number is None else result.result.contested.get(number)
    if contested is None or contested.text is None:
        return ()
    return tuple(shown_pieces(contested.text, result.markers.style))


def notes_by_cell(result: Rendered) -> dict[str, list[Decision]]:
    """The decisions by the number of the merged cell, `base:` and a number for one that is gone,
    and "" for the notebook itself."""
    found: dict[str, list[Decision]] = defaultdict(list)
    for decision in result.decisions:
        start, *steps = decision.path.split("/")
        about_a_cell = len(steps) > 1 and steps[0] == "cells"
        found[start + steps[1] if about_a_cell else ""].append(decision)
    return found


def _conflicts_by_cell(result: Rendered) -> dict[int | None, list[Conflict]]:
    found: dict[int | None, list[Conflict]] = defaultdict(list)
    for conflict in result.conflicts:
        found[conflict.cell].append(conflict)
    return found


def _numbers(found: Sequence[Row], result: Result) -> dict[Row, int]:
    """The place of each row among the merged cells; one that has none was deleted."""
    if result.taken is None:
        places = {origin: number for number, origin in enumerate(result.origins)}
        pairs = ((row, places.get(Terms(row.base, row.local, row.remote))) for row in found)
    else:
        pairs = ((row, getattr(row, result.taken.value)) for row in found)
    return {row: number for row, number in pairs if number is not None}


def _movers(found: Sequence[Row], sides: Terms[Notebook]) -> dict[int | None, Author]:
    """Who moved which cell of base."""
    if not any(row.moved for row in found):
        return {}
    local, remote = (
        Positions(len(cells), {row.base: at for row, at in pairs if row.base is not None and at is not None})
        for cells, pairs in (
            (sides.local.cells, [(row, row.local) for row in found]),
            (sides.remote.cells, [(row, row.remote) for row in found]),
        )
    )
    return {at: author_of(at in local.moved, at in remote.moved) for at in local.moved | remote.moved}


def _status(cells: Terms[Cell | None], merged: Cell | None) -> tuple[CellStatus, Author]:
    base, local, remote = cells
    if merged is None:
        return CellStatus.DELETED, author_of(local is None, remote is None)
    if base is None:
        return CellStatus.INSERTED, author_of(local is not None, remote is not None)
    by_local, by_remote = not same_content(base, local), not same_content(base, remote)
    if by_local or by_remote:
        return CellStatus.CHANGED, author_of(by_local, by_remote)
    return (
        (CellStatus.SAME, Author.BASE) if same_content(base, merged) else (CellStatus.CHANGED, Author.MIXED)
    )


def same_content(one: Cell, other: Cell | None) -> bool:
    """Whether two cells are the same to a reader: ids and spelling aside."""
    if other is None or one is other:
        return one is other
    if one.value == other.value:
        return True
    contents = ({key: item for key, item in cell.value.items() if key != "id"} for cell in (one, other))
    first, second = (unspelled(content) for content in contents)
    return first == second


def _parts(cells: Terms[Cell | None], merged: Cell, *, contested: bool) -> tuple[MergedPart, ...]:
    """Whose each part is that base does not have like this."""
    if cells.base is None and (cells.local is None or cells.remote is None):
        return ()
    return tuple(_each_part(cells, merged, contested))


def _each_part(cells: Terms[Cell | None], merged: Cell, contested: bool) -> Iterator[MergedPart]:
    for name, get in _PARTS:
        mine = get(merged)
        base, local, remote = (cell is not None and get(cell) == mine for cell in cells)
        alike = cells.base is None and local and remote
        nobodys = not (mine or local or remote)  # taken away, and there is a note about it
        in_conflict = contested and name in ("source", "last line break")
        if not (base or alike or nobodys or in_conflict):
            yield MergedPart(name, author_of(local, remote))
