"""Owns: Notebook -> bytes.

Must not know: merging, the disk.  Invariant: a value that some spelling of the same
layout holds is written as it stands there; only what is new is spelled here.
"""

from __future__ import annotations

import re
from io import BytesIO
from itertools import chain
from json.encoder import encode_basestring, encode_basestring_ascii

from nbmerge.notebook.jsontext import Number, Slot, elements, members, same
from nbmerge.notebook.model import Cell, Notebook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from nbmerge.notebook.jsontext import Json

    Spelling: TypeAlias = tuple[Json, str]  # a value and its text

_SURROGATE = re.compile("[\ud800-\udfff]")


def write(notebook: Notebook) -> bytes:
    """The bytes of a notebook in its style."""
    writing = _Writing(notebook)
    writing.emit("\ufeff" if notebook.style.bom else "")
    writing.frame(notebook)
    writing.emit(notebook.style.tail)
    return writing.out.getvalue()


def spell(text: str, ascii_only: bool | None) -> str:
    """A JSON string; lone surrogates, which UTF-8 cannot hold, are always escaped."""
    if ascii_only:
        return encode_basestring_ascii(text)
    spelled = encode_basestring(text)
    if text.isascii():
        return spelled
    return _SURROGATE.sub(lambda found: f"\\u{ord(found.group()):04x}", spelled)


class _Writing:
    """The bytes of one notebook so far."""

    def __init__(self, notebook: Notebook) -> None:
        self.layout = notebook.style.layout
        self.newline = notebook.style.newline
        self.encoding = notebook.style.encoding
        self.all_cells = notebook.cells
        self.out = BytesIO()

    def emit(self, text: str) -> None:
        if self.newline != "\n":
            text = text.replace("\n", self.newline)
        self.out.write(text.encode(self.encoding))

    def frame(self, notebook: Notebook) -> None:
        """Everything: the outer object, with the cells at their place in it."""
        known = [
            (spelled.frame, spelled.frame_text)
            for spelled in (notebook, *notebook.spellings)
            if spelled.frame_text is not None and spelled.style.layout.fits(self.layout)
        ]
        for frame, text in known:
            if same(frame, notebook.frame) and text.has_cells == bool(notebook.cells):
                self.emit(text.head)
                self.list_cells(notebook.depth)
                return self.emit(text.foot)
        # paired with {}, which no frame equals: the text has no cells and must not be copied
        return self.value(notebook.frame, [({}, text.text) for _, text in known], 0)

    def value(self, value: Json, spellings: Sequence[Spelling], depth: int) -> None:
        if isinstance(value, Slot):
            return self.cells(depth)
        for known, text in spellings:
            if same(known, value):
                self.emit(text)
                return None
        if isinstance(value, dict):
            self.object(value, spellings, depth)
        elif isinstance(value, list):
            self.array(value, spellings, depth)
        else:
            self.emit(self.scalar(value))
        return None

    def scalar(self, value: bool | str | Number | None) -> str:
        match value:
            case None:
                return "null"
            case True:
                return "true"
            case False:
                return "false"
            case Number():
                return value.text
            case str():
                return spell(value, self.layout.ascii)

    def object(self, value: dict[str, Json], spellings: Sequence[Spelling], depth: int) -> None:
        known: dict[str, list[Spelling]] = {}
        for other, text in spellings:
            if isinstance(other, dict):
                for key, item, item_text in members(text):
                    known.setdefault(key, []).append((item, item_text))
        self.emit("{")
        for position, (key, item) in enumerate(value.items()):
            self.separate(position, depth + 1)
            self.emit(spell(key, self.layout.ascii) + self.layout.colon)
            self.value(item, known.get(key, ()), depth + 1)
        self.close("}", bool(value), depth)

    def array(self, value: list[Json], spellings: Sequence[Spelling], depth: int) -> None:
        known = [pair for other, text in spellings if isinstance(other, list) for pair in elements(text)]
        strings = {item: text for item, text in reversed(known) if isinstance(item, str)}
        others = [pair for pair in known if not isinstance(pair[0], str)]
        next_alike = 0
        self.emit("[")
        for position, item in enumerate(value):
            self.separate(position, depth + 1)
            if isinstance(item, str):
                text = strings.get(item)
                self.emit(spell(item, self.layout.ascii) if text is None else text)
            else:
                found = self.alike(item, others, next_alike)
                next_alike = next_alike if found is None else found + 1
                at = position if found is None else found
                self.value(item, others[at : at + 1], depth + 1)
        self.close("]", bool(value), depth)

    def alike(self, item: Json, known: list[Spelling], start: int) -> int | None:
        """Where an equal element is; elements mostly stand in the same order, so that it is behind the
        last one that was found."""
        for at in chain(range(start, len(known)), range(min(start, len(known)))):
            if same(known[at][0], item):
                return at
        return None

    def cells(self, depth: int) -> None:
        self.emit("[")
        self.list_cells(depth)
        self.close("]", bool(self.all_cells), depth)

    def list_cells(self, depth: int) -> None:
        for position, cell in enumerate(self.all_cells):
            fits = cell.layout.fits(self.layout)
            if cell.lead is not None and fits:
                lead = cell.lead.replace(",", "")
                self.emit(lead if not position else cell.lead if "," in cell.lead else f",{lead}")
            else:
                self.separate(position, depth + 1)
            if cell.span is not None and fits:
                self.emit(cell.span.text)
            else:
                self.value(cell.value, self.spellings_of(cell), depth + 1)

    def spellings_of(self, cell: Cell) -> list[Spelling]:
        return [
            (known.value, known.span.text)
            for known in cell.spellings
            if known.span is not None and known.layout.fits(self.layout)
        ]

    def separate(self, position: int, depth: int) -> None:
        comma = self.layout.comma if position else ""
        self.emit(comma + self.layout.newline(depth))

    def close(self, bracket: str, filled: bool, depth: int) -> None:
        self.emit((self.layout.newline(depth) if filled else "") + bracket)
