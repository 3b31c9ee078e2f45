"""Owns: how a file is written: layout (indentation, separators, escapes), newline,
byte order mark, and what follows the last brace.  Detects it and merges it.

Must not know: what the values mean.  Invariant: a style says nothing that its file
does not show; what a file cannot show (escapes in a file of pure ASCII) is None.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from nbmerge.notebook.jsontext import parse_value

_FIRST_KEY = re.compile(r'\{([ \t\n\r]*)"(?:[^"\\]|\\.)*"([ \t\n\r]*:[ \t\n\r]*)')
_COMMA = re.compile(r"[ \t]*,[ \t]*")
_NON_ASCII_ESCAPE = re.compile(r"(?<!\\)(?:\\\\)*\\u(?!00[0-7])")


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Style:
    """The style of a whole file; `tail` is what follows the last brace."""

    layout: Layout = Layout()
    newline: str = "\n"
    bom: bool = False
    tail: str = "\n"


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
    """Each part from the side that changed it; both differently: local's."""
    layout = remote.layout if local.layout == base.layout else local.layout
    if layout.ascii is None:
        known = [s.layout.ascii for s in (local, remote) if s.layout.ascii is not None]
        layout = replace(layout, ascii=known[0] if known else None)
    return Style(
        layout,
        remote.newline if local.newline == base.newline else local.newline,
        remote.bom if local.bom == base.bom else local.bom,
        remote.tail if local.tail == base.tail else local.tail,
    )
