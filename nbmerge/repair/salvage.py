"""Owns: one notebook out of one text without markers.

Must not know: sides of a merge, git.  Invariant: every line of a source in the text is in the
notebook, at least in a conflict that is shown.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from nbmerge.errors import NotebookError
from nbmerge.notebook.reader import read
from nbmerge.repair.halves import Draft, gather
from nbmerge.repair.notebooks import notebooks_of
from nbmerge.repair.pairing import Part
from nbmerge.repair.reading import Reading
from nbmerge.repair.text import is_marker
from nbmerge.repair.tree import BrokenLineError

TYPE_CHECKING = False
if TYPE_CHECKING:
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


def salvage(text: Text) -> Salvaged:
    """The notebooks in a text.  Raises HopelessError.

    Markers in it stay in the sources in which they stand, and are left out elsewhere.
    """
    markers = {n for line, n in zip(text.lines, text.numbers, strict=True) if is_marker(line)}
    sound = _as_it_is(text) if not markers else None
    if sound is not None:
        return sound
    try:
        return _put_together(text)
    except HopelessError:
        sound = _as_it_is(text.without(markers))
        if sound is None:
            raise
        return sound


def _as_it_is(text: Text) -> Salvaged | None:
    """The notebook if the text is JSON in which nothing stands twice, for JSON would forget it."""
    content = "\n".join(text.lines)
    try:
        json.loads(content, object_pairs_hook=_refuse_twins)
        notebook = read(content.encode("utf-8", "surrogatepass"))
    except (ValueError, NotebookError, RecursionError):
        return None
    places = []
    row = at = 0
    for cell in notebook.cells:
        start = at if cell.span is None else cell.span.start
        row += content.count("\n", at, start)
        at = start
        places.append(frozenset({text.numbers[row]}))
    return Salvaged((Part(notebook, tuple(places)),))


def _refuse_twins(members: list[tuple[str, object]]) -> None:
    if len({key for key, _ in members}) < len(members):
        raise ValueError("a member stands twice")


def _put_together(text: Text) -> Salvaged:
    try:
        reading = Reading(text.lines)
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
