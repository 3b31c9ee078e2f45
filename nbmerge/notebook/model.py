"""Owns: what a notebook, a cell and the style of a file are: values, together with the text they came from.

Must not know: disk, merging, what the values mean.  Invariant: nothing here is ever changed in place; a cell
that has a `span` is written as its text, and that text parses to exactly `value`.  A style says nothing that
its file does not show; what a file cannot show (escapes in a file of pure ASCII) is None.
"""

from __future__ import annotations

import re
from functools import cached_property

from nbmerge.frozen import frozen
from nbmerge.notebook.jsontext import LongText, Number, parse_value

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.notebook.jsontext import Json


_FIRST_KEY = re.compile(r'\{([ \t\n\r]*)"(?:[^"\\]|\\.)*"([ \t\n\r]*:[ \t\n\r]*)')
_COMMA = re.compile(r"[ \t]*,[ \t]*")
_NON_ASCII_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*\\u(?!00[0-7])")


@frozen
class Layout:
    """White space and escapes.  `indent` is None for a file on one line."""

    indent: str | None = " "
    comma: str = ","
    colon: str = ": "
    ascii: bool | None = None

    def fits(self, other: Layout) -> bool:
        """True when text in the other layout can stand in this one as it is."""
        return (self.indent, self.comma, self.colon) == (
            other.indent,
            other.comma,
            other.colon,
        ) and (self.ascii == other.ascii or self.ascii is None or other.ascii is None)

    def newline(self, depth: int) -> str:
        """What goes before an element at this depth ('' on one line)."""
        return "" if self.indent is None else "\n" + self.indent * depth


UTF_8 = "utf-8"


@frozen
class Style:
    """The style of a whole file; `tail` is what follows the last brace."""

    layout: Layout = Layout()
    newline: str = "\n"
    bom: bool = False
    tail: str = "\n"
    encoding: str = UTF_8


def detect_layout(frame: str, ascii: bool | None) -> Layout:
    """The layout that the outer object of a file shows; escapes show anywhere in it."""
    first = _FIRST_KEY.match(frame)
    if not first:
        return Layout(ascii=ascii)
    space, colon = first.groups()
    indent = space.rpartition("\n")[2] if "\n" in space else None
    comma = _COMMA.match(frame, parse_value(frame, first.end())[1])
    default = "," if indent is not None else ", "
    return Layout(indent, comma.group() if comma else default, colon, ascii)


def has_escapes(text: str, start: int = 0, end: int | None = None) -> bool:
    """True if a character that is not ASCII is written as an escape in that part."""
    end = len(text) if end is None else end
    return text.find("\\u", start, end) >= 0 and _NON_ASCII_ESCAPE.search(text, start, end) is not None


def merge_styles(base: Style, local: Style, remote: Style) -> Style:
    """Each part from the side that changed it; both differently: local's; UTF-8 if one side is."""
    layout = remote.layout if local.layout == base.layout else local.layout
    if layout.ascii is None:
        known = [s.layout.ascii for s in (local, remote) if s.layout.ascii is not None]
        layout = Layout(layout.indent, layout.comma, layout.colon, known[0] if known else None)
    newline = remote.newline if local.newline == base.newline else local.newline
    tail = remote.tail if local.tail == base.tail else local.tail
    if local.encoding != remote.encoding:
        kept = remote if remote.encoding == UTF_8 else local
        return Style(layout, newline, kept.bom, tail, kept.encoding)
    return Style(layout, newline, remote.bom if local.bom == base.bom else local.bom, tail, local.encoding)


_HEAD = 400  # characters that tell most cells apart, before all are compared
CODE, RAW = "code", "raw"


def joined(value: Json) -> str | None:
    """A text that nbformat lets be one string or a list of them; None if it is neither."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        kinds = set(map(type, value))  # mostly one: sources are read again and again
        if kinds <= {str}:
            return "".join(value)  # type: ignore[arg-type]
        if all(issubclass(kind, str) for kind in kinds):
            return "".join(part.whole if isinstance(part, LongText) else str(part) for part in value)
    return None


def in_lines(text: str) -> list[Json]:
    """A text as a list of lines with their ends, as Jupyter spells it."""
    lines: list[Json] = [line + "\n" for line in text.split("\n")]
    last = text.rpartition("\n")[2]
    return lines[:-1] + ([last] if last else [])


def unspelled(value: Json) -> Json:
    """The value with every multi-line text as one string, so that spelling does not count."""
    if isinstance(value, dict):
        return {key: unspelled(item) for key, item in value.items()}
    if isinstance(value, list):
        text = joined(value) if value else None
        return [unspelled(item) for item in value] if text is None else text
    return value


@frozen(eq=False)
class Span:
    """A part of a file's text, copied only when asked for: files hold pictures."""

    whole: str
    start: int
    end: int

    @property
    def text(self) -> str:
        return self.whole[self.start : self.end]

    def holds(self, text: str) -> bool:
        """True if this text stands in it."""
        return self.whole.find(text, self.start, self.end) >= 0

    def stands_in(self, text: str, at: int) -> bool:
        """True if the other text goes on with this one at that place."""
        size = self.end - self.start
        head = self.start + min(size, _HEAD)
        if not text.startswith(self.whole[self.start : head], at):
            return False
        return head == self.end or text.startswith(self.whole[self.start : self.end], at)


@frozen(eq=False)
class Cell:
    """One cell.  `spellings` are cells whose text a changed cell may copy parts from;
    `lead` is what stands between it and the cell before where the layout says otherwise.
    """

    value: dict[str, Json]
    major: int = 4
    span: Span | None = None
    layout: Layout = Layout()
    lead: str | None = None
    spellings: tuple[Cell, ...] = ()

    def with_value(self, value: dict[str, Json]) -> Cell:
        """This cell with another value, which may copy from the text that this one has."""
        spellings = self.spellings if self.span is None else (self, *self.spellings)
        return Cell(value, self.major, layout=self.layout, lead=self.lead, spellings=spellings)

    def with_source(self, source: str) -> Cell:
        """This cell with another source, one string or a list of lines as it has it."""
        as_string = isinstance(self.value.get(self.source_field), str)
        return self.with_value({**self.value, self.source_field: source if as_string else in_lines(source)})

    @property
    def text(self) -> str | None:
        """The cell as its file spells it."""
        return None if self.span is None else self.span.text

    @cached_property
    def has_escapes(self) -> bool:
        """Whether its text writes a character that is not ASCII as an escape."""
        return self.span is not None and has_escapes(self.span.text)

    @cached_property
    def type(self) -> str:
        kind = self.value.get("cell_type")
        return kind if isinstance(kind, str) else RAW

    @property
    def source_field(self) -> str:
        """nbformat 3 calls the source of a code cell `input`."""
        return "input" if self.major < 4 and self.type == CODE else "source"

    @property
    def count_field(self) -> str:
        return "execution_count" if self.major >= 4 else "prompt_number"

    @property
    def count(self) -> str | None:
        """The number of the execution, as it is spelled."""
        found = self.value.get(self.count_field)
        return found.text if isinstance(found, Number) else None

    @cached_property
    def source(self) -> str:
        return joined(self.value.get(self.source_field)) or ""

    @cached_property
    def key(self) -> tuple[str, str]:
        """What makes two cells the same text: kind and source."""
        return (self.type, self.source)

    @cached_property
    def id(self) -> str | None:
        found = self.value.get("id")
        return found if isinstance(found, str) else None

    @property
    def outputs(self) -> list[Json]:
        found = self.value.get("outputs")
        return found if isinstance(found, list) else []

    @property
    def has_result(self) -> bool:
        """Whether a run left anything behind: outputs or a count."""
        return bool(self.outputs) or self.count is not None

    @cached_property
    def plain_outputs(self) -> Json:
        """The outputs without differences of spelling."""
        return unspelled(self.outputs)


@frozen
class FrameText:
    """How a file spells what stands around its cells.

    `head` goes up to the first cell, `foot` from behind the last one to the last brace.
    """

    head: str
    foot: str
    has_cells: bool

    @property
    def text(self) -> str:
        """The outer object without cells."""
        return (self.head + self.foot).lstrip()


@frozen(eq=False)
class Notebook:
    """A notebook as a value.

    `frame` is everything but the cells: the outer object, with a Slot where the list of
    cells stands.  `frame_text` is None for a notebook that was not read from a file;
    `spellings` are notebooks whose text it may copy parts from.
    """

    frame: dict[str, Json]
    cells: tuple[Cell, ...]
    style: Style = Style()
    frame_text: FrameText | None = None
    spellings: tuple[Notebook, ...] = ()

    def with_cells(self, cells: tuple[Cell, ...]) -> Notebook:
        """This notebook with other cells."""
        return Notebook(self.frame, cells, self.style, self.frame_text, self.spellings)

    @property
    def depth(self) -> int:
        """How deep the list of cells stands: nbformat 3 has it inside a worksheet."""
        return 1 if "cells" in self.frame else 3

    @property
    def major(self) -> int:
        return _integer(self.frame.get("nbformat"), 4)

    @property
    def minor(self) -> int:
        return _integer(self.frame.get("nbformat_minor"), 0)


def _integer(value: object, otherwise: int) -> int:
    if isinstance(value, Number) and value.text.isdigit() and len(value.text) < 10:
        return int(value.text)
    return otherwise
