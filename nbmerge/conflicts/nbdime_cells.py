"""Owns: conflicts that nbdime marks with cells, and with the first line of one: found, settled.

Must not know: outputs, metadata.  Invariant: a marker cell is a markdown cell with a marker and
nothing else, so that a cell that quotes one is none; a cell that is kept is the same object.
"""

from __future__ import annotations

from dataclasses import replace

from nbmerge.conflicts.nbdime_runs import CLOSING, OPENING, SEPARATOR, dropped, triples
from nbmerge.conflicts.values import Absent, CellRuns, Choice, Edited, NotKnown
from nbmerge.merge.threeway import Terms
from nbmerge.notebook.model import CODE, in_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbmerge.conflicts.values import Chosen, Term
    from nbmerge.notebook.jsontext import Json
    from nbmerge.notebook.model import Cell

_MARKER_CELLS = {
    f'<span style="color:red"><b>{marker}</b></span>': marker for marker in (OPENING, SEPARATOR, CLOSING)
}
_DELETED = {
    "<<<<<<< LOCAL CELL DELETED >>>>>>>": Choice.LOCAL,
    "<<<<<<< REMOTE CELL DELETED >>>>>>>": Choice.REMOTE,
}


def runs_of_cells(cells: Sequence[Cell]) -> Iterator[tuple[CellRuns, Terms[Term]]]:
    """The conflicts between marker cells, outer before inner ones."""
    marks = _marks(cells)
    if not any(marks):
        return
    for first, middle, last in triples(marks):
        local, remote = cells[first + 1 : middle], cells[middle + 1 : last]
        yield CellRuns(first, middle, last), Terms(Absent.UNKNOWN, _text(local), _text(remote))


def settled_run(cells: Sequence[Cell | None], place: CellRuns, choice: Chosen) -> list[Cell | None]:
    """What stands for the two runs and their markers, None for each cell that is no more.

    Some of the cells may be gone already.  A text that somebody wrote is one cell, unless it is
    what a side or both have; an empty one is none.  Raises NotKnown.
    """
    match choice:
        case Choice.BASE:
            raise NotKnown("what was there before is not known: choose local, remote or both")
        case Choice():
            gone = dropped((place.first, place.middle, place.last), choice)
            return [None if at in gone else cells[at] for at in range(place.first, place.last + 1)]
    local = [cell for cell in cells[place.first + 1 : place.middle] if cell is not None]
    remote = [cell for cell in cells[place.middle + 1 : place.last] if cell is not None]
    kept = _written(choice.text, local, remote)
    return [*kept, *[None] * (place.last + 1 - place.first - len(kept))]


def deleted_terms(cell: Cell) -> Terms[Term] | None:
    """The cell's text and the side that has no such cell; None if its first line says nothing."""
    by = _deleted_by(cell)
    if by is None:
        return None
    kept = cell.source.partition("\n")[2]
    if by is Choice.LOCAL:
        return Terms(Absent.UNKNOWN, Absent.DELETED, kept)
    return Terms(Absent.UNKNOWN, kept, Absent.DELETED)


def settled_deleted(cell: Cell, choice: Chosen) -> Cell | None:
    """The cell without its first line, or None where it was deleted.

    A cell whose first line says nothing (any more) stays as it is.  Raises NotKnown.
    """
    by = _deleted_by(cell)
    if by is None:
        return cell
    kept = cell.source.partition("\n")[2]
    match choice:
        case Edited(text):
            return _with_source(cell, text, is_its_own=text == kept)
        case Choice.BASE:
            raise NotKnown("the text that the cell had before is not known: choose a side")
    return None if choice is by else _with_source(cell, kept, is_its_own=True)


def _deleted_by(cell: Cell) -> Choice | None:
    if not cell.source.startswith(OPENING[:7]):
        return None
    return _DELETED.get(cell.source.partition("\n")[0].rstrip())


def _marks(cells: Sequence[Cell]) -> list[str]:
    """The line of each marker cell, "" for every other cell."""
    return [_MARKER_CELLS.get(cell.source.strip(), "") if cell.type == "markdown" else "" for cell in cells]


def _text(cells: Sequence[Cell]) -> str:
    return "\n\n".join(cell.source for cell in cells)


def _written(text: str, local: list[Cell], remote: list[Cell]) -> list[Cell]:
    """The cells for a text in place of these two runs."""
    for run in (local, remote, local + remote):
        if text == _text(run):
            return run
    return [_with_source(cell, text, is_its_own=False) for cell in (*local, *remote)[:1] if text.strip()]


def _with_source(cell: Cell, source: str, *, is_its_own: bool) -> Cell:
    """The cell with another source; outputs and count stay only if it is what they are of."""
    as_string = isinstance(cell.value.get(cell.source_field), str)
    value: dict[str, Json] = {**cell.value, cell.source_field: source if as_string else in_lines(source)}
    if cell.type == CODE and not is_its_own:
        value |= {"outputs": [], cell.count_field: None}
    return replace(cell, value=value, span=None, spellings=(cell, *cell.spellings))
