"""Owns: the conflicts between the lines of one source as stretches of lines, and which side of each
stands in a text that somebody made of that source.

Must not know: how the text was made.  Invariant: the pieces as they are shown, in order, are the
lines of the source; a text is taken for choices only if those choices give exactly that text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from nbmerge.conflicts.values import Absent, Choice, InSource
from nbmerge.merge.text import split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from nbmerge.conflicts.known import Traced
    from nbmerge.conflicts.markers import Lines

    Choices: TypeAlias = list[tuple[Traced, Choice | None]]  # None: it is still in conflict
    Reached: TypeAlias = dict[int, tuple[int, Choice | None]]

# What a page or its editor would take for the end of a line, or lose.
_HARD = "\r\u2028\u2029"
_INSTEAD = "\u240d\u2424\u240a" + "".join(map(chr, range(0xE000, 0xE100)))


@dataclass(frozen=True, slots=True)
class Region:
    """A conflict with the lines around its markers that are a part of it."""

    traced: Traced
    shown: Lines
    local: Lines
    remote: Lines
    base: Lines | None
    both: Lines

    def ways(self) -> Iterator[tuple[Choice | None, Lines]]:
        """What may have become of it."""
        yield None, self.shown
        yield Choice.LOCAL, self.local
        yield Choice.REMOTE, self.remote
        if self.base is not None:
            yield Choice.BASE, self.base
        yield Choice.BOTH, self.both


def regions(lines: Lines, conflicts: Iterable[Traced]) -> tuple[str | Region, ...]:
    """The lines of a source in order, with each of its conflicts as one piece."""
    pieces: list[str | Region] = []
    at = 0
    for traced, place in sorted(_in_source(conflicts), key=lambda found: found[1].marked.start):
        marked = place.marked
        start = max(at, marked.start - place.head)
        end = min(len(lines), marked.end + place.tail)
        head, tail = lines[start : marked.start], lines[marked.end : end]
        pieces += lines[at:start]
        pieces.append(
            Region(
                traced,
                shown=lines[start:end],
                local=(*head, *marked.local, *tail),
                remote=(*head, *marked.remote, *tail),
                base=_base(traced),
                both=(*head, *marked.local, *marked.remote, *tail),
            )
        )
        at = end
    return (*pieces, *lines[at:])


def choices_in(pieces: Sequence[str | Region], lines: Sequence[str]) -> Choices | None:
    """What was chosen for each conflict, if choices alone made these lines of the pieces."""
    reached: list[Reached] = [{0: (0, None)}]
    for piece in pieces:
        after: Reached = {}
        ways = ((None, (piece,)),) if isinstance(piece, str) else tuple(piece.ways())
        for at in reached[-1]:
            for choice, way in ways:
                if tuple(lines[at : at + len(way)]) == way:
                    after.setdefault(at + len(way), (at, choice))
        reached.append(after)
    if len(lines) not in reached[-1]:
        return None
    found: Choices = []
    at = len(lines)
    for piece, steps in zip(reversed(pieces), reversed(reached), strict=False):
        at, choice = steps[at]
        if not isinstance(piece, str):
            found.append((piece.traced, choice))
    return found[::-1]


@dataclass(frozen=True, slots=True)
class Substitute:
    """Characters that stand in for those that would not come back as they are."""

    table: tuple[tuple[str, str], ...] = ()

    def shown(self, line: str) -> str:
        """The line for the page."""
        for hard, instead in self.table:
            line = line.replace(hard, instead)
        return line

    def original(self, text: str) -> str:
        """The inverse of `shown`."""
        for hard, instead in self.table:
            text = text.replace(instead, hard)
        return text


def substitute_for(lines: Iterable[str]) -> Substitute:
    """Stand-ins that none of the lines holds."""
    used = set().union(*lines)
    free = (character for character in _INSTEAD if character not in used)
    return Substitute(tuple(zip((hard for hard in _HARD if hard in used), free, strict=False)))


def _in_source(conflicts: Iterable[Traced]) -> Iterator[tuple[Traced, InSource]]:
    for traced in conflicts:
        if isinstance(traced.conflict.place, InSource):
            yield traced, traced.conflict.place


def _base(traced: Traced) -> Lines | None:
    match traced.conflict.terms.base:
        case Absent.UNKNOWN:
            return None
        case Absent.DELETED:
            return ()
        case base:
            return split(base)[0]
