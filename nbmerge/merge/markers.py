"""Owns: conflict markers in git's three styles: results of a merge written with them, lines read again.

Must not know: how conflicts arise, what becomes of them.
Invariant: what is written are markers longer than any line like them in the texts around, so that they give
back exactly the terms that they show.  What is not a whole conflict
(markers of one size, in order, all there) is plain lines; two conflicts that are found never share a line.

    conflict = open part [base part] separator part close      part = (line | conflict)*

Markers of another size than their opening are plain lines of its parts: git writes longer ones into a base
that is itself a merge, and ours are longer than any line like them in the sources.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from enum import Enum

from nbmerge.frozen import frozen
from nbmerge.merge.sequences import common_ends
from nbmerge.merge.values import Clash, Conflict, Side, compose

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nbmerge.merge.cells import MergedCell
    from nbmerge.merge.values import Decision, Lines, MergedText, Result
    from nbmerge.notebook.model import Notebook


LEAST = 7  # characters; no program writes shorter ones unless it is told to
DELETED = "(deleted)"  # what ends the label of a side that has no such cell
_LIKE_A_MARKER = r"^(<+|\|+|=+|>+)(?=\s|$)"


class ConflictStyle(Enum):
    """git's three: without base, with base, with base and narrowed."""

    MERGE = "merge"
    DIFF3 = "diff3"
    ZDIFF3 = "zdiff3"


@frozen
class Labels:
    """What stands behind the conflict markers."""

    local: str = "local"
    base: str = "base"
    remote: str = "remote"

    def deleted(self, by: Side) -> Labels:
        """The same where that side has no such cell."""
        if by is Side.LOCAL:
            return Labels(f"{self.local} {DELETED}".lstrip(), self.base, self.remote)
        return Labels(self.local, self.base, f"{self.remote} {DELETED}".lstrip())


@frozen
class MarkerStyle:
    """How conflicts are shown: it decides nothing about the merge.

    `labelled`, where it is given, says what stands behind the markers of one conflict, in place of `labels`.
    """

    style: ConflictStyle = ConflictStyle.MERGE
    labels: Labels = Labels()
    size: int = LEAST
    labelled: Callable[[Conflict], Labels] | None = None

    def of(self, conflict: Conflict) -> Labels:
        """What stands behind the markers of a conflict."""
        return self.labels if self.labelled is None else self.labelled(conflict)


@frozen
class Rendered:
    """A merge as a notebook, its conflicts shown between markers; each tells its cell and its lines."""

    notebook: Notebook
    conflicts: tuple[Conflict, ...]
    result: Result
    markers: MarkerStyle = MarkerStyle()

    @property
    def clean(self) -> bool:
        return not self.conflicts

    @property
    def decisions(self) -> tuple[Decision, ...]:
        return self.result.decisions


def render(result: Result, markers: MarkerStyle = MarkerStyle()) -> Rendered:
    """Show the conflicts; a clean result is a notebook as it is."""
    if result.clean:
        return Rendered(result.notebook, (), result)
    cells = list(result.notebook.cells)
    conflicts: list[Conflict] = []
    for place, merged in result.contested.items():
        found = [Conflict(place, merged.cell.id, one.base, one.local, one.remote) for one in merged.conflicts]
        source, shown = _source(merged, markers, list(map(markers.of, found)))
        cells[place] = merged.cell.with_source(source)
        conflicts += [one.shown_in(lines) for one, lines in zip(found, shown, strict=True)]
    return Rendered(result.notebook.with_cells(tuple(cells)), tuple(conflicts), result, markers)


def _source(merged: MergedCell, markers: MarkerStyle, labels: Sequence[Labels]) -> tuple[str, list[range]]:
    """The source with its conflicts shown, and the lines that each of them takes up."""
    assert merged.text is not None
    by = merged.deleted_by
    waiting = iter(labels if by is None else [each.deleted(by) for each in labels])
    base, *sides = (source or "" for source in merged.sources)
    texts = sides if markers.style is ConflictStyle.MERGE else (base, *sides)
    size = marker_size(markers.size, *texts)
    lines: list[str] = []
    shown: list[range] = []
    for piece in shown_pieces(merged.text, markers.style):
        start = len(lines)
        if isinstance(piece, Clash):
            lines += _between_markers(piece, markers.style, next(waiting), size)
            shown.append(range(start, len(lines)))
        else:
            lines += piece
    return compose(lines, merged.text.shape), shown


def marker_size(least: int, *texts: str) -> int:
    """The least size that no line of the texts can be taken for."""
    longest = max((len(m.group(1)) for t in texts for m in re.finditer(_LIKE_A_MARKER, t, re.M)), default=0)
    return least if longest < least else longest + 4


def shown_pieces(text: MergedText, style: ConflictStyle) -> Iterator[Lines | Clash[Lines]]:
    """The text in order, as the style shows it: but in diff3, what both sides of a conflict begin and end
    with stands around it."""
    for piece in text.pieces:
        if not isinstance(piece, Clash):
            yield piece.value
        elif style is ConflictStyle.DIFF3:
            yield piece
        else:
            head, tail = equal_ends(piece.local, piece.remote)
            local, remote = (lines[head : len(lines) - tail] for lines in (piece.local, piece.remote))
            yield piece.local[:head]
            yield Clash(piece.base, local, remote)
            yield piece.local[len(piece.local) - tail :]


def equal_ends(local: Lines, remote: Lines) -> tuple[int, int]:
    """How many lines at the ends of two sides are equal and may stand around the markers of their conflict:
    no part of another conflict, which would not be whole then."""
    head, tail = common_ends(local, remote)
    within = [
        (len(side), one.start, one.end)
        for side in (local, remote)
        if (head or tail) and any(line.startswith("<" * LEAST) for line in side)
        for one in conflicts_in(side)
    ]
    for size, start, end in within * 2:  # what stands whole on one side need not on the other
        head = start if start < head < end else head
        tail = size - end if start < size - tail < end else tail
    return head, tail


def _between_markers(clash: Clash[Lines], style: ConflictStyle, labels: Labels, size: int) -> Lines:
    with_base = style is not ConflictStyle.MERGE
    base = (_marker("|", size, labels.base), *clash.base) if with_base else ()
    opening, closing = _marker("<", size, labels.local), _marker(">", size, labels.remote)
    return (opening, *clash.local, *base, "=" * size, *clash.remote, closing)


def _marker(character: str, size: int, label: str) -> str:
    return f"{character * size} {label}" if label else character * size


@frozen
class Marker:
    """One line of markers: which character, how often, and the label behind it."""

    character: str
    size: int
    label: str


@frozen
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


def is_marker(line: str) -> bool:
    """Whether a line is a marker as programs write it."""
    found = marker(line)
    return found is not None and found.size >= LEAST


def conflicts_in(lines: Sequence[str], least: int = LEAST) -> tuple[Marked, ...]:
    """The outermost whole conflicts among the lines, in order.

    Where two cross, since a merge took another one's markers for text, that with the longer markers
    counts: it came later, and the other one is whole again once it is resolved.
    """
    by_size: dict[int, list[Standing]] = {}
    for place in all_conflicts(lines, least):
        by_size.setdefault(place.size, []).append(place)
    outermost: list[Standing] = []
    for size in sorted(by_size, reverse=True):
        outermost = _outermost(outermost, sorted(by_size[size], key=_start))
    return tuple(place.marked(lines) for place in outermost)


def crossing(
    lines: Sequence[str], conflicts: Sequence[Marked], least: int = LEAST
) -> list[list[tuple[int, ...]]]:
    """For each of some conflicts that stand apart, in order: the places of the markers of each whole conflict
    that crosses it, of which some stand inside and some outside."""
    starts = [conflict.start for conflict in conflicts]
    found: list[list[tuple[int, ...]]] = [[] for _ in conflicts]
    for other in all_conflicts(lines, least):
        begun_in, ended_in = bisect_left(starts, other.start) - 1, bisect_left(starts, other.end) - 1
        if begun_in >= 0 and other.start < conflicts[begun_in].end < other.end:
            found[begun_in].append(other.places)
        if begun_in < ended_in and other.end < conflicts[ended_in].end:
            found[ended_in].append(other.places)
    return found


@frozen
class Standing:
    """Where a whole conflict stands.  Its lines are taken only of those that are asked for: many that are
    nested would hold each line many times."""

    marks: tuple[tuple[int, Marker], ...]

    @property
    def start(self) -> int:
        return self.marks[0][0]

    @property
    def end(self) -> int:
        return self.marks[-1][0] + 1

    @property
    def size(self) -> int:
        return self.marks[0][1].size

    @property
    def places(self) -> tuple[int, ...]:
        return tuple(at for at, _ in self.marks)

    def marked(self, lines: Sequence[str]) -> Marked:
        """The conflict with its lines."""
        places = self.places
        start, *between, separator, close = places
        first = between[0] if between else separator
        return Marked(
            start=start,
            end=close + 1,
            size=self.size,
            local=tuple(lines[start + 1 : first]),
            base=tuple(lines[first + 1 : separator]) if between else None,
            remote=tuple(lines[separator + 1 : close]),
            labels=(
                self.marks[0][1].label,
                self.marks[1][1].label if between else "",
                self.marks[-1][1].label,
            ),
            markers=tuple(lines[at] for at in places),
        )


def _outermost(longer: list[Standing], shorter: list[Standing]) -> list[Standing]:
    """The outermost of both; neither holds two that cross, and those with longer markers stand apart."""
    ends = [conflict.end for conflict in longer]
    found: list[Standing] = []
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


def _start(conflict: Standing) -> int:
    return conflict.start


def all_conflicts(lines: Sequence[str], least: int) -> Iterator[Standing]:
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
                yield Standing(tuple(waiting.pop()))


def _follows(last: str, character: str) -> bool:
    """Whether the next marker of a conflict may be this one; a line such as the underline of a
    heading, which is none in its place, is a line of the side that it stands in."""
    return character in {"<": "|=", "|": "=", "=": ">"}[last]
