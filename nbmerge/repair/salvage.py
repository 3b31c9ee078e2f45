"""Owns: one notebook out of one text without markers.

Must not know: sides of a merge, git.  Invariant: every line of a source in the text is in the
notebook, at least in a conflict that is shown.
"""

from __future__ import annotations

from dataclasses import dataclass

from nbmerge.errors import NotebookError
from nbmerge.notebook.reader import read
from nbmerge.repair.halves import Draft, gather
from nbmerge.repair.notebooks import notebooks_of
from nbmerge.repair.once import stands_once
from nbmerge.repair.pairing import Part
from nbmerge.repair.reading import Reading, holds_cells
from nbmerge.repair.tree import BrokenLineError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbmerge.notebook.model import Cell
    from nbmerge.repair.text import Text


class HopelessError(Exception):
    """A text that no notebook can be made of; `number` is the line of the file that shows it."""

    def __init__(self, reason: str, number: int | None = None) -> None:
        super().__init__(reason)
        self.number = number


@dataclass(frozen=True, slots=True)
class Salvaged:
    """The versions of a notebook that stand in a text one behind the other, mostly one."""

    parts: tuple[Part, ...]
    left_out: tuple[str, ...] = ()


def salvage(text: Text, known: Sequence[Cell] = ()) -> Salvaged:
    """The notebooks in a text; `known` are cells it may share with another one.  Raises HopelessError.

    Markers in it stay in the sources in which they stand, and are left out elsewhere.
    """
    sound = _as_it_is(text, known) if not text.markers else None
    if sound is not None:
        return sound
    try:
        return _put_together(text)
    except HopelessError:
        sound = _as_it_is(text.without(text.markers), known)
        if sound is None:
            raise
        return sound


def _as_it_is(text: Text, known: Sequence[Cell]) -> Salvaged | None:
    """The notebook if the text is JSON in which nothing stands twice, for JSON would forget it."""
    content = "\n".join(text.lines)
    if not stands_once(content):
        return None
    try:
        notebook = read(content.encode("utf-8", "surrogatepass"), known=known)
    except NotebookError:
        return None
    if any(holds_cells(cell.outputs) for cell in notebook.cells):
        return None
    places = []
    row = at = 0
    for cell in notebook.cells:
        spelled = cell.text or "{"
        start = content.index(spelled, at)  # the cell may be one of another text
        row += content.count("\n", at, start)
        places.append(frozenset({text.numbers[row]}))
        row += spelled.count("\n")
        at = start + len(spelled)
    return Salvaged((Part(notebook, tuple(places)),))


def _put_together(text: Text) -> Salvaged:
    try:
        reading = Reading(text)
    except BrokenLineError as error:
        raise HopelessError(str(error), text.numbers[error.row]) from None
    items = gather(reading.events)
    halves = [item for item in items if isinstance(item, Draft) and not item.has_source]
    kept = [item for item in items if not (isinstance(item, Draft) and not item.has_source)]
    left_out = [*reading.left_out, *((half.row, "half a cell without a source") for half in halves)]
    parts = tuple(
        Part(notebook, tuple(frozenset({text.numbers[row]}) for row in rows))
        for notebook, rows in notebooks_of(kept, reading.tree.text)
    )
    if not parts:
        raise HopelessError("there is no cell of a notebook in it")
    notes = tuple(f"line {text.numbers[row]}: {what}" for row, what in sorted(left_out))
    return Salvaged(parts, notes)
