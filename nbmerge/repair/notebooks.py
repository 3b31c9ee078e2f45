"""Owns: making notebooks of the cells that were gathered from a broken one.

Must not know: how they were read, sides, conflicts.  Invariant: cells that are whole keep their text.

One text may hold two versions of a notebook, one behind the other: somebody took the markers out and
left both.  A second list of cells, cells behind the notebook's own metadata, or cells written in
another layout begin a new one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from nbmerge.notebook.jsontext import Number, Slot
from nbmerge.notebook.model import CODE, Cell, Notebook, Span
from nbmerge.notebook.style import Layout, Style, has_escapes
from nbmerge.repair.events import Frame, Whole
from nbmerge.repair.halves import Draft

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbmerge.notebook.jsontext import Json
    from nbmerge.repair.halves import Item

_DEPTH = {3: 5}  # of the fields of a cell in the file; 3 in nbformat 4
_COLON = re.compile(r'"cell_type"([ \t]*:[ \t]*)"')
_MARKDOWN = "markdown"


@dataclass(slots=True)
class _Pile:
    """What belongs to one notebook."""

    frame: dict[str, Json] = field(default_factory=dict)
    cells: list[Whole | Draft] = field(default_factory=list)
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
        if isinstance(item, Whole):
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


def _fields(draft: Draft, kind_before: str) -> dict[str, Json]:
    """The fields of a cell that was put together; a kind that is lost is told by what else there is."""
    fields = dict(draft.fields)
    if "outputs" in fields or "execution_count" in fields or "input" in fields:
        kind = CODE
    else:
        kind = _MARKDOWN if "metadata" in fields else kind_before
    fields.setdefault("cell_type", kind)
    return dict(sorted(fields.items()))
