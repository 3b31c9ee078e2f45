"""Owns: conflicts that other programs write into a notebook, besides markers in a source: found, settled.
All but marker cells are nbdime's.

Must not know: files, how a conflict is shown, who chooses.
Invariant: a notebook that no other program wrote into holds none; cells in which nothing was settled stay
the same objects.

What nbdime decides without a word (a deletion against outputs, attachments that both changed) it leaves no
trace of, and so it is no open conflict here.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from dataclasses import replace

from nbmerge.conflicts.marker_cells import conflicts_between_cells, settled_run, with_source
from nbmerge.conflicts.nbdime_metadata import id_terms, metadata_terms, settled_id, settled_metadata
from nbmerge.conflicts.nbdime_outputs import (
    OPENING,
    conflicts_among,
    settled_outputs,
)
from nbmerge.conflicts.values import (
    Absent,
    CellRuns,
    Choice,
    DeletedCell,
    Edited,
    InId,
    InMetadata,
    InOutputs,
    NotKnown,
    OpenConflict,
    ShownBy,
)
from nbmerge.merge.markers import Labels
from nbmerge.merge.values import Terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from typing import TypeAlias

    from nbmerge.conflicts.values import Chosen, Place, Term
    from nbmerge.merge.values import Terms
    from nbmerge.notebook.jsontext import Json
    from nbmerge.notebook.model import Cell, Notebook

    Own: TypeAlias = DeletedCell | CellRuns | InOutputs | InMetadata | InId
    Choices: TypeAlias = dict[Place, Chosen]

_DELETED = {
    "<<<<<<< LOCAL CELL DELETED >>>>>>>": Choice.LOCAL,
    "<<<<<<< REMOTE CELL DELETED >>>>>>>": Choice.REMOTE,
}


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
            return with_source(cell, text, is_its_own=text == kept)
        case Choice.BASE:
            raise NotKnown("the text that the cell had before is not known: choose a side")
    return None if choice is by else with_source(cell, kept, is_its_own=True)


def _deleted_by(cell: Cell) -> Choice | None:
    if not cell.source.startswith(OPENING[:7]):
        return None
    return _DELETED.get(cell.source.partition("\n")[0].rstrip())


_LABELS = Labels("local", "", "remote")


def find_nbdime(notebook: Notebook) -> tuple[OpenConflict, ...]:
    """The open conflicts that other programs wrote, in the order of the cells; outer before inner ones."""
    return tuple(_conflicts(notebook))


def settle_nbdime(notebook: Notebook, chosen: Mapping[OpenConflict, Chosen]) -> Notebook:
    """The notebook with what was chosen for conflicts that `find_nbdime` found in it.

    A conflict that is not there any more, since its cell has been settled, changes nothing.  Raises
    NotKnown if what was chosen is not known or cannot be had; nothing is settled then.
    """
    by_cell: dict[int, Choices] = defaultdict(dict)
    runs: dict[CellRuns, Chosen] = {}
    frame = notebook.frame
    for conflict, choice in chosen.items():
        match conflict.place:
            case CellRuns() as run:
                runs[run] = choice
            case InMetadata(None):
                with _telling("the notebook's metadata"):
                    settled = settled_metadata(frame.get("metadata"), choice)
                frame = {**frame, "metadata": settled}
            case DeletedCell(at) | InOutputs(at) | InId(at) | InMetadata(int() as at):
                by_cell[at][conflict.place] = choice
    cells: list[Cell | None] = list(notebook.cells)
    for at, choices in by_cell.items():
        with _telling(f"cell {at + 1}"):
            cells[at] = _settled_cell(notebook.cells[at], choices)
    for run, choice in sorted(runs.items(), key=lambda item: item[0].last - item[0].first):
        with _telling(f"cells {run.first + 1} to {run.last + 1}"):
            cells[run.first : run.last + 1] = settled_run(cells, run, choice)
    kept = tuple(cell for cell in cells if cell is not None)
    if frame is notebook.frame:
        return replace(notebook, cells=kept)
    return replace(notebook, frame=frame, cells=kept, frame_text=None, spellings=(notebook,))


@contextmanager
def _telling(where: str) -> Iterator[None]:
    """Begins what is said about a term that is not known with its place."""
    try:
        yield
    except NotKnown as unknown:
        raise NotKnown(f"{where}: {unknown}") from None


def _conflicts(notebook: Notebook) -> Iterator[OpenConflict]:
    terms = metadata_terms(notebook.frame.get("metadata"))
    if terms is not None:
        yield _of_nbdime(InMetadata(None), None, terms)
    runs = {run.first: conflict for run, conflict in conflicts_between_cells(notebook.cells).items()}
    for at, cell in enumerate(notebook.cells):
        if at in runs:
            yield runs[at]
        yield from (_of_nbdime(place, cell.id, terms) for place, terms in _places_in(at, cell))


def _of_nbdime(place: Own, id: str | None, terms: Terms[Term]) -> OpenConflict:
    return OpenConflict(place, id, ShownBy.NBDIME, _LABELS, terms)


def _places_in(at: int, cell: Cell) -> Iterator[tuple[Own, Terms[Term]]]:
    deleted = deleted_terms(cell)
    if deleted is not None:
        yield DeletedCell(at), deleted
    two = id_terms(cell.value.get("id"))
    if two is not None:
        yield InId(at), two
    terms = metadata_terms(cell.value.get("metadata"))
    if terms is not None:
        yield InMetadata(at), terms
    for place, output in enumerate(cell.outputs):
        terms = metadata_terms(output.get("metadata")) if isinstance(output, dict) else None
        if terms is not None:
            yield InMetadata(at, place), terms
    yield from conflicts_among(at, cell.outputs)


def _settled_cell(cell: Cell, choices: Choices) -> Cell | None:
    value = dict(cell.value)
    outputs = list(cell.outputs)
    among: dict[InOutputs, Chosen] = {}
    for place, choice in choices.items():
        match place:
            case InId():
                value["id"] = settled_id(value.get("id"), choice)
            case InMetadata(_, None):
                value["metadata"] = settled_metadata(value.get("metadata"), choice)
            case InMetadata(_, int() as at) if at < len(outputs):
                outputs[at] = _with_metadata(outputs[at], choice)
            case InOutputs():
                among[place] = choice
    if among or outputs != cell.outputs:
        value["outputs"] = settled_outputs(outputs, among)
    if value != cell.value:
        cell = cell.with_value(value)
    deleted = [choice for place, choice in choices.items() if isinstance(place, DeletedCell)]
    return settled_deleted(cell, deleted[0]) if deleted else cell


def _with_metadata(output: Json, choice: Chosen) -> Json:
    if not isinstance(output, dict):
        return output
    return {**output, "metadata": settled_metadata(output.get("metadata"), choice)}
