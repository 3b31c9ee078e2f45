"""Owns: which fields that were read make one cell.
making notebooks of the cells that were gathered from a broken one.

Must not know: text, trees, notebooks as files.
how they were read, sides, conflicts.
Invariant: every line of a source that was read is in
one cell, in the order of the file.

A program writes the fields of every cell in one order.  So where a field comes that belongs before the
last one, or that is there already, the end of a cell and the beginning of the next one are lost.
cells that are whole keep their text.

One text may hold two versions of a notebook, one behind the other: somebody took the markers out and
left both.  A second list of cells, cells behind the notebook's own metadata, or cells written in
another layout begin a new one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from nbmerge.notebook.jsontext import Number, Slot
from nbmerge.notebook.model import CODE, Cell, Layout, Notebook, Span, Style, has_escapes, joined
from nbmerge.repair.reading import SOURCES, CellBegins, CellEnds, Field, Frame, Loose, SoundCell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TypeAlias

    from nbmerge.notebook.jsontext import Json
    from nbmerge.repair.reading import Event

    Item: TypeAlias = "SoundCell | Frame | CellDraft"

_USUAL = ("cell_type", "execution_count", "id", "metadata", "outputs", "source")
_PLAIN = ("cell_type", "id", "execution_count", "prompt_number", "language", "collapsed", "level")


@dataclass(slots=True)
class CellDraft:
    """A cell that was put together from what was read; `row` is its first line."""

    row: int
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
                case SoundCell() | Frame():
                    self.finish()
                    self.items.append(event)
                case CellBegins(row, sealed):
                    self.begin(row).sealed = sealed
                case CellEnds():
                    self.finish()
                case Field():
                    self.field(event)
                case Loose():
                    self.loose(event)
        self.finish()
        return self.items

    def begin(self, row: int) -> CellDraft:
        self.finish()
        self.draft = CellDraft(row)
        return self.draft

    def finish(self) -> None:
        if self.draft is not None:
            self.items.append(self.draft)
            self.draft = None

    def field(self, event: Field) -> None:
        draft = self.draft
        if draft is None or self.begins_another(draft, event.key):
            draft = self.begin(event.row)
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

    def loose(self, event: Loose) -> None:
        """A line of a source: of the cell that it stands in, or of one of which no more is left."""
        draft = self.draft or self.begin(event.row)
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


_DEPTH = {3: 5}  # of the fields of a cell in the file; 3 in nbformat 4
_COLON = re.compile(r'"cell_type"([ \t]*:[ \t]*)"')
_MARKDOWN = "markdown"


@dataclass(slots=True)
class _Pile:
    """What belongs to one notebook."""

    frame: dict[str, Json] = field(default_factory=dict)
    cells: list[SoundCell | CellDraft] = field(default_factory=list)
    column: int | None = None
    closed: bool = False


def notebooks_of(items: Iterable[Item], text: str) -> list[tuple[Notebook, list[int]]]:
    """The notebooks in what was gathered from a text, each with the rows in which its cells begin; none
    if there is neither a cell nor a list of them."""
    piles = _piles(items)
    known: dict[str, Json] = {}
    for pile in piles:
        for key, value in pile.frame.items():
            if not isinstance(value, Slot):
                known.setdefault(key, value)
    filled = [pile for pile in piles if pile.cells]
    empty = [pile for pile in piles if "cells" in pile.frame and not filled]
    return [(_notebook(pile, known, text), [item.row for item in pile.cells]) for pile in filled or empty[:1]]


def _piles(items: Iterable[Item]) -> list[_Pile]:
    piles = [_Pile()]
    for item in items:
        pile = piles[-1]
        if isinstance(item, Frame):
            if item.key == "cells" and pile.cells:
                piles.append(_Pile({"cells": Slot()}))
            elif item.value is None:
                pile.frame[item.key] = Slot()
            else:
                pile.frame.setdefault(item.key, item.value)
                pile.closed = bool(pile.cells)
            continue
        other = pile.column is not None and item.column is not None and pile.column != item.column
        if pile.closed or other:
            pile = _Pile()
            piles.append(pile)
        if pile.column is None:
            pile.column = item.column
        pile.cells.append(item)
    return piles


def _notebook(pile: _Pile, known: dict[str, Json], text: str) -> Notebook:
    """`known` is what any part of the text says of the notebook itself."""
    number = pile.frame.get("nbformat", known.get("nbformat"))
    major = 3 if number == Number("3") else 4
    style = Style(_layout(pile, text, major))
    cells: list[Cell] = []
    for item in pile.cells:
        if isinstance(item, SoundCell):
            span = Span(text, item.start, item.end)
            cells.append(Cell(item.value, major, span, style.layout))
        else:
            kind = cells[-1].type if cells else CODE
            cells.append(Cell(_fields(item, kind), major, layout=style.layout))
    return Notebook(_frame(pile.frame, known, major), tuple(cells), style)


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


def _layout(pile: _Pile, text: str, major: int) -> Layout:
    """As the indentation of the fields shows it."""
    ascii = True if has_escapes(text) else None if text.isascii() else False
    colon = _COLON.search(text)
    unit, rest = divmod(pile.column or 0, _DEPTH.get(major, 3))
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
