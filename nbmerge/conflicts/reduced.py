"""Owns: open conflicts taken out of their notebook, as the parts that a page of merges shows.

Must not know: the page.  Invariant: every conflict is in one part, or apart; parts are in the
notebook's order, and cells without a conflict are there only to tell where it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from nbmerge.conflicts.regions import Region, Substitute, regions, substitute_for
from nbmerge.conflicts.values import Absent, CellRuns, DeletedCell, InSource
from nbmerge.merge.text import split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbmerge.conflicts.known import Traced
    from nbmerge.conflicts.markers import Lines
    from nbmerge.notebook.model import Cell, Notebook


@dataclass(frozen=True, eq=False)
class Texts:
    """Conflicts between the lines of one source, which `regions` and the plain lines between them make up."""

    cell: int
    pieces: tuple[str | Region, ...]
    substitute: Substitute


@dataclass(frozen=True, eq=False)
class Deleted:
    """A cell that one side deleted; `lines` are what the other side made of it."""

    cell: int
    traced: Traced
    base: Lines | None
    lines: Lines
    by_local: bool
    substitute: Substitute


@dataclass(frozen=True, eq=False)
class Runs:
    """Two runs of cells, by their places in the notebook."""

    traced: Traced
    local: tuple[int, ...]
    remote: tuple[int, ...]

    @property
    def cell(self) -> int:
        return self.traced.conflict.cell or 0


@dataclass(frozen=True, eq=False)
class Around:
    """A cell that is shown only to tell where a conflict is."""

    cell: int


Part: TypeAlias = Texts | Deleted | Runs | Around


@dataclass(frozen=True, eq=False)
class Reduced:
    """What a page can show, and `apart` what it cannot: conflicts in outputs and in metadata, and
    those inside of runs of cells that are in conflict themselves."""

    parts: tuple[Part, ...]
    apart: tuple[Traced, ...]


def reduce(notebook: Notebook, conflicts: Sequence[Traced]) -> Reduced:
    """The conflicts, which `find` found in this very notebook, as parts."""
    by_cell: dict[int, list[Traced]] = defaultdict(list)
    apart: list[Traced] = []
    taken = -1  # the last cell of the runs that are a part already
    for traced in conflicts:
        place, cell = traced.conflict.place, traced.conflict.cell
        if not isinstance(place, InSource | DeletedCell | CellRuns) or cell is None or cell <= taken:
            apart.append(traced)
            continue
        by_cell[cell].append(traced)
        taken = place.last if isinstance(place, CellRuns) else taken
    for cell, found in by_cell.items():
        if len(found) > 1:  # the line that tells of a deletion stays among the others
            apart += [one for one in found if isinstance(one.conflict.place, DeletedCell)]
            by_cell[cell] = [one for one in found if not isinstance(one.conflict.place, DeletedCell)]
    parts = tuple(_parts(notebook, by_cell))
    return Reduced(parts, tuple(apart))


def _parts(notebook: Notebook, by_cell: Mapping[int, Sequence[Traced]]) -> Iterator[Part]:
    """In the order of the notebook: each conflict, and the cells just before and behind it."""
    behind = 0  # cells before this one have been dealt with
    for cell, found in sorted(by_cell.items()):
        if cell - 1 >= behind and cell - 1 not in by_cell:
            yield Around(cell - 1)
        own = list(_of_cell(notebook, cell, found))
        yield from own
        behind = max([behind, *(part.cell + 1 for part in own), *(_end(one) for one in found)])
        if behind < len(notebook.cells) and behind not in by_cell:
            yield Around(behind)
            behind += 1


def _end(traced: Traced) -> int:
    place = traced.conflict.place
    return place.last + 1 if isinstance(place, CellRuns) else 0


def _of_cell(notebook: Notebook, cell: int, found: Sequence[Traced]) -> Iterator[Part]:
    """What one cell, or the runs that begin in it, are on the page."""
    place = found[0].conflict.place
    if isinstance(place, CellRuns):
        local, remote = range(place.first + 1, place.middle), range(place.middle + 1, place.last)
        yield Runs(found[0], tuple(local), tuple(remote))
        return
    deleted = _deleted(notebook.cells[cell], cell, found)
    if deleted is not None:
        yield deleted
        return
    lines, _ = split(notebook.cells[cell].source)
    pieces = regions(lines, found)
    yield Texts(cell, pieces, substitute_for(line for piece in pieces for line in _lines(piece)))


def _deleted(cell: Cell, place: int, found: Sequence[Traced]) -> Deleted | None:
    """The cell as one that a side deleted, if that is all there is to it."""
    [traced, *others] = found
    terms, where = traced.conflict.terms, traced.conflict.place
    kept = [term for term in (terms.local, terms.remote) if isinstance(term, str)]
    if others or len(kept) != 1 or Absent.DELETED not in (terms.local, terms.remote):
        return None
    if isinstance(where, InSource) and where.marked.lines != split(cell.source)[0]:
        return None
    base = split(terms.base)[0] if isinstance(terms.base, str) else None
    lines = split(kept[0])[0]
    if base == lines:
        return None
    by_local = terms.local is Absent.DELETED
    return Deleted(place, traced, base, lines, by_local, substitute_for((*lines, *(base or ()))))


def _lines(piece: str | Region) -> Iterator[str]:
    if isinstance(piece, str):
        yield piece
    else:
        yield from (line for _, way in piece.ways() for line in way)
