"""Owns: what becomes of the lines of a text when conflicts between markers in it are settled.

Must not know: cells, how it was chosen.  Invariant: each line outside the markers stays, but for
markers of a conflict that crosses a settled one and of which some are gone with it.
"""

from __future__ import annotations

from dataclasses import dataclass

from nbmerge.conflicts.markers import crossed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbmerge.conflicts.markers import Lines, Marked


@dataclass(frozen=True, slots=True)
class Replacing:
    """The lines that take the place of a conflict, and of `head` and `tail` lines around it."""

    marked: Marked
    chosen: Lines
    head: int = 0
    tail: int = 0


def settled_lines(lines: Lines, replacing: Sequence[Replacing]) -> list[str]:
    """The lines with what was chosen in place of each of these conflicts, which stand apart."""
    after: list[tuple[int, str]] = []  # each with its place before, -1 for what was chosen
    stray: set[int] = set()
    at = 0
    for each in sorted(replacing, key=lambda each: each.marked.start):
        torn = _torn(lines, each)
        stray |= {place for other in torn for place in other.places}
        markers = {line for other in torn for line in other.markers}
        after += [(place, lines[place]) for place in range(at, each.marked.start - each.head)]
        after += [(-1, line) for line in each.chosen if line not in markers]
        at = each.marked.end + each.tail
    after += [(place, lines[place]) for place in range(at, len(lines))]
    return [line for place, line in after if place not in stray]


def _torn(lines: Lines, each: Replacing) -> list[Marked]:
    """The conflicts that cross this one, unless all their markers are still there behind it."""
    inside = range(each.marked.start, each.marked.end)
    return [
        other
        for other in crossed(lines, each.marked)
        if any(place in inside and lines[place] not in each.chosen for place in other.places)
    ]
