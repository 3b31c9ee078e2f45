"""Owns: lines of styled text, laid out in the columns of a terminal.

Must not know: what the text is, which styles there are.  Invariant: wrapping loses and adds no
character; no row is wider than the columns that it was given, as far as widths of characters are known.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from unicodedata import combining, east_asian_width

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_LEAST = 10  # columns, however narrow the terminal


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a line; the text is printable."""

    text: str
    styles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Styled:
    """One line: what stands before each of its rows, and its pieces; `whole` unless some of what
    is to be shown is left out in it."""

    lead: Piece
    pieces: tuple[Piece, ...]
    whole: bool = True

    def rows(self, columns: int) -> list[tuple[Piece, ...]]:
        """The line wrapped, at spaces where there are any."""
        text = "".join(piece.text for piece in self.pieces)
        ends = list(_breaks(text, max(_LEAST, columns - len(self.lead.text))))
        return [(self.lead, *part) for part in _cut_at(self.pieces, ends)]


def _breaks(text: str, columns: int) -> Iterator[int]:
    """Where rows end: behind a space in their second half, else where the columns end."""
    start, width, space = 0, 0, 0
    for at, character in enumerate(text):
        width += _width(character)
        if width > columns:
            end = space if space > start + (at - start) // 2 else at
            yield end
            width = sum(map(_width, text[end : at + 1]))
            start = end
        if character == " ":
            space = at + 1
    yield len(text)


def _width(character: str) -> int:
    if character.isascii():
        return 1
    if combining(character):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1


def _cut_at(pieces: Sequence[Piece], ends: Sequence[int]) -> Iterator[tuple[Piece, ...]]:
    """The pieces of each row, by the places in the whole text where rows end."""
    left = list(pieces)
    at = 0
    for end in ends:
        row: list[Piece] = []
        while left and at < end:
            piece = left.pop(0)
            room = end - at
            if len(piece.text) > room:
                left.insert(0, replace(piece, text=piece.text[room:]))
                piece = replace(piece, text=piece.text[:room])
            row.append(piece)
            at += len(piece.text)
        yield tuple(row)
