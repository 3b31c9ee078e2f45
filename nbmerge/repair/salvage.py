"""Owns: notebooks out of one text without markers: which of the fields that were read make one cell, and
which cells make one notebook.

Must not know: markers, sides of a merge, git.  Invariant: every line of a source in the text is in one cell,
in the order of the file, or in a conflict that is shown; cells that are whole keep their text.

A program writes the fields of every cell in one order.  So where a field comes that belongs before the last
one, or that is there already, the end of a cell and the beginning of the next one are lost.

One text may hold two versions of a notebook, one behind the other: somebody took the markers out and left
both.  A second list of cells, cells behind the notebook's own metadata, or cells written in another layout
begin a new one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from nbmerge.errors import NotebookError
from nbmerge.notebook.jsontext import Number, Slot
from nbmerge.notebook.model import CODE, Cell, Layout, Notebook, Span, Style, has_escapes, joined
from nbmerge.notebook.reader import read
from nbmerge.repair.reading import (
    SOURCES,
    CellBegins,
    CellEnds,
    CellField,
    NotebookField,
    SoundCell,
    SourceLine,
    TextReader,
    holds_cells,
)
from nbmerge.repair.tree import BrokenLineError, stands_once

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TypeAlias

    from nbmerge.notebook.jsontext import Json
    from nbmerge.repair.reading import Event
    from nbmerge.repair.text import Text

    Item: TypeAlias = "SoundCell | NotebookField | CellDraft"

_USUAL = ("cell_type", "execution_count", "id", "metadata", "outputs", "source")
_PLAIN = ("cell_type", "id", "execution_count", "prompt_number", "language", "collapsed", "level")


_DEPTH = {3: 5}  # of the fields of a cell in the file; 3 in nbformat 4
_COLON = re.compile(r'"cell_type"([ \t]*:[ \t]*)"')
_MARKDOWN = "markdown"


@dataclass(frozen=True, slots=True)
class ReadNotebook:
    """A notebook that was read from lines of a text; `places` are the numbers of those in which each
    of its cells begins, on any side that it was made of."""

    notebook: Notebook
    places: tuple[frozenset[int], ...]


class HopelessError(Exception):
    """A text that no notebook can be made of; `number` is the line of the file that shows it."""

    def __init__(self, reason: str, number: int | None = None) -> None:
        super().__init__(reason)
        self.number = number


@dataclass(frozen=True, slots=True)
class Salvaged:
    """The versions of a notebook that stand in a text one behind the other, mostly one."""

    parts: tuple[ReadNotebook, ...]
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
    index = at = 0
    for cell in notebook.cells:
        spelled = cell.text or "{"
        start = content.index(spelled, at)  # the cell may be one of another text
        index += content.count("\n", at, start)
        places.append(frozenset({text.numbers[index]}))
        index += spelled.count("\n")
        at = start + len(spelled)
    return Salvaged((ReadNotebook(notebook, tuple(places)),))


def _put_together(text: Text) -> Salvaged:
    try:
        reading = TextReader(text)
    except BrokenLineError as error:
        raise HopelessError(str(error), text.numbers[error.index]) from None
    items = gather(reading.events)
    halves = [item for item in items if isinstance(item, CellDraft) and not item.has_source]
    kept = [item for item in items if not (isinstance(item, CellDraft) and not item.has_source)]
    left_out = [*reading.left_out, *((half.index, "half a cell without a source") for half in halves)]
    parts = tuple(
        ReadNotebook(notebook, tuple(frozenset({text.numbers[index]}) for index in indices))
        for notebook, indices in notebooks_of(kept, reading.tree.text)
    )
    if not parts:
        raise HopelessError("there is no cell of a notebook in it")
    notes = tuple(f"line {text.numbers[index]}: {what}" for index, what in sorted(left_out))
    return Salvaged(parts, notes)


@dataclass(slots=True)
class CellDraft:
    """A cell that was put together from what was read; `index` is the place of its first line."""

    index: int
    column: int | None = None
    fields: dict[str, Json] = field(default_factory=dict)
    sealed: bool = False
    last: str = ""

    @property
    def has_source(self) -> bool:
        return any(key in self.fields for key in SOURCES)


def gather(events: Sequence[Event]) -> list[Item]:
    """Whole cells, cells put together, and the members of notebooks, in order."""
    return _joined(_Gathering(_order(events)).run(events))


def _order(events: Iterable[Event]) -> list[str]:
    """The order of the fields in the cells that are whole."""
    order: list[str] = []
    for event in events:
        if isinstance(event, SoundCell):
            order += [key for key in event.value if key not in order]
            if "outputs" in event.value:
                break
    return order + [key for key in _USUAL if key not in order]


class _Gathering:
    """One pass over what was read."""

    def __init__(self, order: list[str]) -> None:
        self.rank = {key: place for place, key in enumerate(order)}
        self.items: list[Item] = []
        self.draft: CellDraft | None = None

    def run(self, events: Iterable[Event]) -> list[Item]:
        for event in events:
            match event:
                case SoundCell() | NotebookField():
                    self.finish()
                    self.items.append(event)
                case CellBegins(index, sealed):
                    self.begin(index).sealed = sealed
                case CellEnds():
                    self.finish()
                case CellField():
                    self.field(event)
                case SourceLine():
                    self.source_line(event)
        self.finish()
        return self.items

    def begin(self, index: int) -> CellDraft:
        self.finish()
        self.draft = CellDraft(index)
        return self.draft

    def finish(self) -> None:
        if self.draft is not None:
            self.items.append(self.draft)
            self.draft = None

    def field(self, event: CellField) -> None:
        draft = self.draft
        if draft is None or self.begins_another(draft, event.key):
            draft = self.begin(event.index)
        if draft.column is None:
            draft.column = event.column
        known = draft.fields.get(event.key)
        draft.fields[event.key] = _both(event.key, known, event.value)
        draft.last = event.key

    def begins_another(self, draft: CellDraft, key: str) -> bool:
        if draft.sealed or not draft.last:
            return False
        if key == draft.last:
            return key in SOURCES
        return self.rank.get(key, 0) < self.rank.get(draft.last, 0)

    def source_line(self, event: SourceLine) -> None:
        """A line of a source: of the cell that it stands in, or of one of which no more is left."""
        draft = self.draft or self.begin(event.index)
        before = joined(draft.fields.get("source")) or ""
        end = "\n" if before and not before.endswith("\n") else ""
        draft.fields["source"] = f"{before}{end}{event.line}"
        draft.last = "source"


def _both(key: str, known: Json, new: Json) -> Json:
    """A field that stands twice, one directly behind the other, for which there can be one value only."""
    match known, new:
        case list(), list() if key == "outputs":
            return known + [output for output in new if output not in known]
        case dict(), dict():
            return new | known
        case None, _:
            return new
    return known if key in _PLAIN else new


def _joined(items: list[Item]) -> list[Item]:
    """Two halves become one cell: the first has a kind and no text, the second a text and no kind."""
    found: list[Item] = []
    for item in items:
        last = found[-1] if found else None
        if (
            isinstance(item, CellDraft)
            and isinstance(last, CellDraft)
            and not last.has_source
            and "cell_type" not in item.fields
        ):
            last.fields = {**last.fields, **item.fields}
            last.column = item.column if last.column is None else last.column
        else:
            found.append(item)
    return found


@dataclass(slots=True)
class _Collected:
    """What belongs to one notebook."""

    frame: dict[str, Json] = field(default_factory=dict)
    cells: list[SoundCell | CellDraft] = field(default_factory=list)
    column: int | None = None
    closed: bool = False


def notebooks_of(items: Iterable[Item], text: str) -> list[tuple[Notebook, list[int]]]:
    """The notebooks in what was gathered from a text, each with the places of the lines in which its cells
    begin; none if there is neither a cell nor a list of them."""
    parts = _collected(items)
    known: dict[str, Json] = {}
    for part in parts:
        for key, value in part.frame.items():
            if not isinstance(value, Slot):
                known.setdefault(key, value)
    filled = [part for part in parts if part.cells]
    empty = [part for part in parts if "cells" in part.frame and not filled]
    return [
        (_notebook(part, known, text), [item.index for item in part.cells]) for part in filled or empty[:1]
    ]


def _collected(items: Iterable[Item]) -> list[_Collected]:
    parts = [_Collected()]
    for item in items:
        part = parts[-1]
        if isinstance(item, NotebookField):
            if item.key == "cells" and part.cells:
                parts.append(_Collected({"cells": Slot()}))
            elif item.value is None:
                part.frame[item.key] = Slot()
            else:
                part.frame.setdefault(item.key, item.value)
                part.closed = bool(part.cells)
            continue
        other = part.column is not None and item.column is not None and part.column != item.column
        if part.closed or other:
            part = _Collected()
            parts.append(part)
        if part.column is None:
            part.column = item.column
        part.cells.append(item)
    return parts


def _notebook(part: _Collected, known: dict[str, Json], text: str) -> Notebook:
    """`known` is what any part of the text says of the notebook itself."""
    number = part.frame.get("nbformat", known.get("nbformat"))
    major = 3 if number == Number("3") else 4
    style = Style(_layout(part, text, major))
    cells: list[Cell] = []
    for item in part.cells:
        if isinstance(item, SoundCell):
            span = Span(text, item.start, item.end)
            cells.append(Cell(item.value, major, span, style.layout))
        else:
            kind = cells[-1].type if cells else CODE
            cells.append(Cell(_fields(item, kind), major, layout=style.layout))
    return Notebook(_frame(part.frame, known, major), tuple(cells), style)


def _frame(own: dict[str, Json], known: dict[str, Json], major: int) -> dict[str, Json]:
    frame = own | {key: value for key, value in known.items() if key not in own}
    cells: dict[str, Json] = {"cells": Slot()}
    if major == 3:
        cells = {"worksheets": [{"cells": Slot(), "metadata": {}}]}
    order = [key for key in frame if key not in ("cells", "worksheets")]
    lists = [place for place, key in enumerate(own) if key in ("cells", "worksheets")]
    members = [(key, frame[key]) for key in order]
    place = lists[0] if lists else 0
    return dict([*members[:place], *cells.items(), *members[place:]])


def _layout(part: _Collected, text: str, major: int) -> Layout:
    """As the indentation of the fields shows it."""
    ascii = True if has_escapes(text) else None if text.isascii() else False
    colon = _COLON.search(text)
    unit, rest = divmod(part.column or 0, _DEPTH.get(major, 3))
    indent = ("\t" if "\n\t" in text else " ") * unit if unit and not rest else " "
    return Layout(indent, ",", colon.group(1) if colon else ": ", ascii)


def _fields(draft: CellDraft, kind_before: str) -> dict[str, Json]:
    """The fields of a cell that was put together; a kind that is lost is told by what else there is."""
    fields = dict(draft.fields)
    if "outputs" in fields or "execution_count" in fields or "input" in fields:
        kind = CODE
    else:
        kind = _MARKDOWN if "metadata" in fields else kind_before
    fields.setdefault("cell_type", kind)
    return dict(sorted(fields.items()))
