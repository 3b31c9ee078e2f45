"""Owns: how a conflict in a source is written down, in git's three styles.
the grammar of conflict markers over lines, in git's three styles.

Must not know: how conflicts arise.
notebooks, what is chosen.
Invariant: the markers are longer than any line
like them in the text around, so that they give back exactly the terms that they show.
`lines_of(parse(lines))` is `lines`; what
is not a whole conflict (markers of one size, in order, all there) is plain lines; two conflicts that
are found never share a line.

    conflict = open part [base part] separator part close      part = (line | conflict)*

Markers of another size than their opening are plain lines of its parts: git writes longer ones
into a base that is itself a merge, and ours are longer than any line like them in the sources.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

from nbmerge.merge.sequences import common_ends
from nbmerge.merge.text import MergedText, compose
from nbmerge.merge.values import Clash, ConflictStyle, Decided, Labels, Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TypeAlias

    Lines: TypeAlias = tuple[str, ...]

_LIKE_A_MARKER = re.compile(r"^(<+|\|+|=+|>+)(?=\s|$)", re.M)


def marker_size(least: int, *texts: str) -> int:
    """The least size that no line of the texts can be taken for."""
    longest = max((len(m.group(1)) for t in texts for m in _LIKE_A_MARKER.finditer(t)), default=0)
    return least if longest < least else longest + 4


def render(merged: MergedText, policy: Policy, labels: Labels, size: int) -> str:
    """The text of a merge, with markers around what is left in conflict."""
    lines: list[str] = []
    for piece in merged.pieces:
        if isinstance(piece, Decided):
            lines += piece.value
        else:
            lines += _conflict(piece, policy.conflict_style, labels, size)
    return compose(lines, merged.shape)


def _conflict(clash: Clash[Lines], style: ConflictStyle, labels: Labels, size: int) -> list[str]:
    head, tail = 0, 0
    if style is not ConflictStyle.DIFF3:
        head, tail = common_ends(clash.local, clash.remote)
    local = clash.local[head : len(clash.local) - tail]
    remote = clash.remote[head : len(clash.remote) - tail]
    lines = [*clash.local[:head], _marker("<", size, labels.local), *local]
    if style is not ConflictStyle.MERGE:
        lines += [_marker("|", size, labels.base), *clash.base]
    lines += ["=" * size, *remote, _marker(">", size, labels.remote)]
    return lines + list(clash.local[len(clash.local) - tail :])


def _marker(character: str, size: int, label: str) -> str:
    return f"{character * size} {label}" if label else character * size


LEAST = 7  # characters; no program writes shorter ones unless it is told to


@dataclass(frozen=True, slots=True)
class Marker:
    """One line of markers: which character, how often, and the label behind it."""

    character: str
    size: int
    label: str


@dataclass(frozen=True, slots=True)
class Marked:
    """A conflict as its markers show it, at `start` to `end` (exclusive) of the lines parsed.

    The sides are lines as they stand between the markers, nested conflicts included; `base` is
    None where the style does not show it.  `markers` are the two, three or four lines of markers.
    """

    start: int
    end: int
    size: int
    local: Lines
    base: Lines | None
    remote: Lines
    labels: tuple[str, str, str]  # of local, base ("" where it is not shown), remote
    markers: Lines

    @property
    def places(self) -> tuple[int, ...]:
        """Where the markers stand among the lines parsed."""
        first = self.start + 1 + len(self.local)
        between = () if self.base is None else (first,)
        separator = first if self.base is None else first + 1 + len(self.base)
        return (self.start, *between, separator, self.end - 1)

    @property
    def lines(self) -> Lines:
        """The conflict as it stands."""
        opening, *between, separator, closing = self.markers
        base = () if self.base is None else (*between, *self.base)
        return (opening, *self.local, *base, separator, *self.remote, closing)


def marker(line: str) -> Marker | None:
    """What a line marks, if it is a marker of any size; a separator has no label."""
    character = line[:1]
    if not character or character not in "<|=>":
        return None
    behind = line.lstrip(character)
    label = behind.strip()
    if (behind and not behind[0].isspace()) or (label and character == "="):
        return None
    return Marker(character, len(line) - len(behind), label)


def parse(lines: Sequence[str], least: int = LEAST) -> tuple[str | Marked, ...]:
    """The lines in order, each whole conflict as one value; lines may have their ends or not."""
    pieces: list[str | Marked] = []
    at = 0
    for conflict in conflicts_in(lines, least):
        pieces += [*lines[at : conflict.start], conflict]
        at = conflict.end
    return (*pieces, *lines[at:])


def conflicts_in(lines: Sequence[str], least: int = LEAST) -> tuple[Marked, ...]:
    """The outermost whole conflicts among the lines, in order.

    Where two cross, since a merge took another one's markers for text, that with the longer markers
    counts: it came later, and the other one is whole again once it is settled.
    """
    by_size: dict[int, list[Marked]] = {}
    for conflict in _all_conflicts(lines, least):
        by_size.setdefault(conflict.size, []).append(conflict)
    outermost: list[Marked] = []
    for size in sorted(by_size, reverse=True):
        outermost = _outermost(outermost, sorted(by_size[size], key=_start))
    return tuple(outermost)


def crossed(lines: Sequence[str], conflict: Marked, least: int = LEAST) -> tuple[Marked, ...]:
    """The whole conflicts of which some markers stand inside this one, and some outside."""
    within = (marker(line) for line in conflict.lines)
    if all(found is None or found.size == conflict.size for found in within):
        return ()
    return tuple(
        other
        for other in _all_conflicts(lines, least)
        if other.start < conflict.start < other.end < conflict.end
        or conflict.start < other.start < conflict.end < other.end
    )


def lines_of(pieces: Sequence[str | Marked]) -> Lines:
    """The inverse of `parse`."""
    return tuple(
        line for piece in pieces for line in (piece.lines if isinstance(piece, Marked) else (piece,))
    )


def _outermost(longer: list[Marked], shorter: list[Marked]) -> list[Marked]:
    """The outermost of both; neither holds two that cross, and those with longer markers stand apart."""
    ends = [conflict.end for conflict in longer]
    found: list[Marked] = []
    kept = 0  # how many of the longer ones were looked at
    for conflict in shorter:
        first = bisect_right(ends, conflict.start)
        last = bisect_left(ends, conflict.end)
        begins_inside = first < len(longer) and longer[first].start < conflict.start
        ends_inside = last < len(longer) and longer[last].start < conflict.end < ends[last]
        if begins_inside or ends_inside or (found and conflict.start < found[-1].end):
            continue
        found += [*longer[kept:first], conflict]
        kept = max(kept, bisect_right(ends, conflict.end))
    return [*found, *longer[kept:]]


def _start(conflict: Marked) -> int:
    return conflict.start


def _all_conflicts(lines: Sequence[str], least: int) -> Iterator[Marked]:
    """Every whole conflict, nested ones too; a closing marker belongs to the nearest opening one."""
    begun: dict[int, list[list[tuple[int, Marker]]]] = {}  # by size: the markers of those not yet closed
    for at, line in enumerate(lines):
        mark = marker(line)
        if mark is None or mark.size < least:
            continue
        waiting = begun.setdefault(mark.size, [])
        if mark.character == "<":
            waiting.append([(at, mark)])
        elif waiting and _follows(waiting[-1][-1][1].character, mark.character):
            waiting[-1].append((at, mark))
            if mark.character == ">":
                yield _marked(lines, waiting.pop())


def _follows(last: str, character: str) -> bool:
    """Whether the next marker of a conflict may be this one; a line such as the underline of a
    heading, which is none in its place, is a line of the side that it stands in."""
    return character in {"<": "|=", "|": "=", "=": ">"}[last]


def _marked(lines: Sequence[str], marks: list[tuple[int, Marker]]) -> Marked:
    places = [at for at, _ in marks]
    start, *between, separator, close = places
    first = between[0] if between else separator
    return Marked(
        start=start,
        end=close + 1,
        size=marks[0][1].size,
        local=tuple(lines[start + 1 : first]),
        base=tuple(lines[first + 1 : separator]) if between else None,
        remote=tuple(lines[separator + 1 : close]),
        labels=(marks[0][1].label, marks[1][1].label if between else "", marks[-1][1].label),
        markers=tuple(lines[at] for at in places),
    )
