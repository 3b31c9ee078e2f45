"""Owns: bytes -> Notebook.

Must not know: merging, the disk.  Invariant: whatever is read can be written back byte
for byte; what is no notebook is refused with a NotebookError that names place and reason.

A cell that an earlier notebook already holds is not parsed again: JSON objects are
self-delimiting, so where the text goes on with the whole text of a known cell, it is
that cell.  A merge reads base first and then recognises most of the other two by
comparing memory, whatever their layout.
"""

from __future__ import annotations

import re
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from contextlib import suppress
from json import JSONDecodeError

from nbmerge.errors import NotebookError
from nbmerge.notebook.jsontext import Number, Slot, parse_value, skip_space, walk_array, walk_object
from nbmerge.notebook.model import (
    CODE,
    RAW,
    UTF_8,
    Cell,
    FrameText,
    Notebook,
    Span,
    Style,
    detect_layout,
    has_escapes,
    joined,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbmerge.notebook.jsontext import Json
    from nbmerge.notebook.longtext import LongTexts
    from nbmerge.notebook.model import Layout

BOM = b"\xef\xbb\xbf"
_LINE_END = re.compile(r"\r+\n")  # tools that convert twice leave \r\r\n
_LITERALS = ("true", "false", "null", "NaN", "Infinity", "-Infinity")
_LOOK_AHEAD = 8  # how many known cells may have been deleted before the next one is found


def read(data: bytes, name: str = "notebook", known: Sequence[Cell] = ()) -> Notebook:
    """The notebook that these bytes spell; `known` are cells it may share with another one.

    Raises NotebookError with one line that begins with `name`.
    """
    bom, encoding = encoding_of(data)
    try:
        text = data[len(bom) :].decode(encoding)
    except UnicodeDecodeError as error:
        raise NotebookError(f"{name}: is not {encoding.upper()} (byte {error.start})") from None
    if skip_space(text, 0) == len(text):
        raise NotebookError(f"{name}: is empty")
    del data  # files hold pictures, and what is let go here need not be found elsewhere
    newline = _newline(text)
    try:
        return _Reading(text.replace(newline, "\n"), known).notebook(newline, bool(bom), encoding)
    except JSONDecodeError as error:
        raise NotebookError(f"{name}: {_marked(text) or _explain(error)}") from None
    except _NoNotebookError as error:
        raise NotebookError(f"{name}: {_marked(text) or f'is no notebook: {error}'}") from None


def read_abridged(data: bytes, name: str, known: Sequence[Cell], long: LongTexts) -> Notebook:
    """The same with the long texts of outputs as LongText; what is written of it has to be put back."""
    short = long.abridged(data)
    if short is not None:
        with suppress(NotebookError):  # whatever is wrong is said about the file as it is
            return long.completed(read(short.data, name, known))
    return read(data, name, known)


def encoding_of(data: bytes) -> tuple[bytes, str]:
    """The byte order mark of a file, if it has one, and the encoding: UTF-16 only with a mark."""
    for mark, encoding in ((BOM, UTF_8), (BOM_UTF16_LE, "utf-16-le"), (BOM_UTF16_BE, "utf-16-be")):
        if data.startswith(mark):
            return mark, encoding
    return b"", UTF_8


class _NoNotebookError(Exception):
    pass


def _newline(text: str) -> str:
    """How every line of the file ends; "\\n" where they differ, and then it stays as it is."""
    first = _LINE_END.search(text) if "\r" in text else None
    if first:
        newline = first.group()
        lines = text.count(newline)
        if text.count("\n") == lines and text.count("\r") == lines * (len(newline) - 1):
            return newline
    return "\n"


class _Reading:
    """One pass over the text of one file."""

    def __init__(self, text: str, known: Sequence[Cell]) -> None:
        self.text = text
        self.known = known
        self.next_known = 0
        self.frame: dict[str, Json] = {}
        self.found: list[tuple[int, int, Cell | None, Json]] = []
        self.span: int | None = None  # where the list of cells begins

    def notebook(self, newline: str, bom: bool, encoding: str) -> Notebook:
        start = skip_space(self.text, 0)
        if self.text[start : start + 1] != "{":
            is_json = self.text[start : start + 1] in '[{"-0123456789' or self.text[start:] in _LITERALS
            raise _NoNotebookError("the outermost value is not an object" if is_json else "it is no JSON")
        end = walk_object(self.text, start, self.member)
        if skip_space(self.text, end) != len(self.text):
            raise JSONDecodeError("something follows the last brace", self.text, end)
        major = self.major()
        if self.span is None:
            raise _NoNotebookError("it has no list of cells")
        first = self.span + 1
        behind = self.found[-1][1] if self.found else first
        frame_text = FrameText(self.text[:first], self.text[behind:end], bool(self.found))
        layout = detect_layout(frame_text.text, self.escapes(frame_text.text))
        style = Style(layout, newline, bom, self.text[end:], encoding)
        return Notebook(self.frame, self.cells(major, layout), style, frame_text)

    def escapes(self, frame: str) -> bool | None:
        """Whether the file escapes what is not ASCII; None if it holds nothing but ASCII."""
        if not self.text.isascii():
            return False
        escaped = has_escapes(frame) or any(
            has_escapes(self.text, start, end) if known is None else known.has_escapes
            for start, end, known, _ in self.found
        )
        return True if escaped else None

    def major(self) -> int:
        number = self.frame.get("nbformat")
        if not isinstance(number, Number) or not number.text.isdigit():
            raise _NoNotebookError("it has no nbformat number")
        major = int(number.text[:9])
        if not 1 <= major <= 4:
            raise _NoNotebookError(f"nbformat {major} is not known")
        return major

    def member(self, key: str, at: int) -> int:
        if key == "worksheets" and self.text[at : at + 1] == "[":
            sheets: list[Json] = []
            self.frame[key] = sheets
            return walk_array(self.text, at, lambda start: self.worksheet(sheets, start))
        return self.member_of(self.frame, key, at)

    def worksheet(self, sheets: list[Json], at: int) -> int:
        """nbformat 3: cells stand in worksheets; files with more than one do not exist."""
        sheet: dict[str, Json] = {}
        sheets.append(sheet)
        return walk_object(self.text, at, lambda key, start: self.member_of(sheet, key, start))

    def member_of(self, holder: dict[str, Json], key: str, at: int) -> int:
        if key == "cells" and self.text[at : at + 1] == "[":
            holder[key] = Slot()
            return self.list_of_cells(at)
        holder[key], end = parse_value(self.text, at)
        return end

    def list_of_cells(self, at: int) -> int:
        if self.span is not None:
            raise _NoNotebookError("it has more than one list of cells")
        self.span = at
        return walk_array(self.text, at, self.cell)

    def cell(self, at: int) -> int:
        for index in range(self.next_known, min(self.next_known + _LOOK_AHEAD, len(self.known))):
            cell = self.known[index]
            if cell.span is not None and cell.span.stands_in(self.text, at):
                self.next_known = index + 1
                end = at + cell.span.end - cell.span.start
                self.found.append((at, end, cell, None))
                return end
        value, end = parse_value(self.text, at)
        if isinstance(value, dict):
            _share_common_parts(value)
        self.found.append((at, end, None, value))
        return end

    def cells(self, major: int, layout: Layout) -> tuple[Cell, ...]:
        made = []
        for number, (start, end, known, value) in enumerate(self.found, 1):
            lead = self.lead(number, start, layout, major)
            if known is not None and (known.layout, known.major, known.lead) == (layout, major, lead):
                made.append(known)
                continue
            fields = known.value if known is not None else value
            if not isinstance(fields, dict) or not isinstance(fields.get("cell_type"), str):
                raise _NoNotebookError(f"cell {number} is no cell")
            cell = Cell(fields, major, self.span_of(start, end), layout, lead)
            if cell.source_field in fields and joined(fields[cell.source_field]) is None:
                raise _NoNotebookError(f"the source of cell {number} is no text")
            made.append(cell)
        return tuple(made)

    def span_of(self, start: int, end: int) -> Span:
        """A part of the whole text, or a copy where most of the text is held elsewhere."""
        if self.next_known:
            return Span(self.text[start:end], 0, end - start)
        return Span(self.text, start, end)

    def lead(self, number: int, start: int, layout: Layout, major: int) -> str | None:
        """What stands between a cell and the one before it, if it is not what the layout says."""
        assert self.span is not None
        before = self.found[number - 2][1] if number > 1 else self.span + 1
        regular = (layout.comma if number > 1 else "") + layout.newline(2 if major >= 4 else 4)
        found = self.text[before:start]
        return None if found == regular else found


_KINDS = {kind: kind for kind in (CODE, "markdown", RAW)}
_NO_METADATA: dict[str, Json] = {}
_NO_OUTPUTS: list[Json] = []


def _share_common_parts(cell: dict[str, Json]) -> None:
    """What most cells have alike is one object: values are never changed in place."""
    kind = cell.get("cell_type")
    if isinstance(kind, str):
        cell["cell_type"] = _KINDS.get(kind, kind)
    if cell.get("metadata") == _NO_METADATA:
        cell["metadata"] = _NO_METADATA
    if cell.get("outputs") == _NO_OUTPUTS:
        cell["outputs"] = _NO_OUTPUTS


def _marked(text: str) -> str | None:
    """The commonest reasons by name: git's conflict markers, and what git LFS leaves."""
    if text.startswith("version https://git-lfs"):
        return "is a Git LFS pointer, not the notebook: `git lfs pull` fetches it"
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith(("<<<<<<< ", ">>>>>>> ")):
            return f"is not JSON: git conflict markers from line {number} on"
    return None


def _explain(error: JSONDecodeError) -> str:
    """Where and why."""
    rest = error.doc[error.pos :].rstrip()
    cut_literal = any(literal.startswith(rest) for literal in _LITERALS)
    cut_escape = "escape" in error.msg and len(rest) < len("\\uD83D\\u")
    if cut_literal or cut_escape or error.msg.startswith("Unterminated string"):
        return "is not JSON: it ends too early (a save that was cut off?)"
    reason = error.msg[:1].lower() + error.msg[1:]
    return f"is not JSON: line {error.lineno} column {error.colno}: {reason}"
