"""Owns: lines with conflicts among them, taken apart and put together.

Must not know: the grammar of markers.
Invariant: `lines_of(parse(lines))` is `lines`.
"""

from __future__ import annotations

from collections.abc import Sequence

from nbmerge.merge.markers import LEAST, Marked, conflicts_in


def parse(lines: Sequence[str], least: int = LEAST) -> tuple[str | Marked, ...]:
    """The lines in order, each whole conflict as one value; lines may have their ends or not."""
    pieces: list[str | Marked] = []
    at = 0
    for conflict in conflicts_in(lines, least):
        pieces += [*lines[at : conflict.start], conflict]
        at = conflict.end
    return (*pieces, *lines[at:])


def lines_of(pieces: Sequence[str | Marked]) -> tuple[str, ...]:
    """The inverse of `parse`."""
    return tuple(
        line for piece in pieces for line in (piece.lines if isinstance(piece, Marked) else (piece,))
    )
