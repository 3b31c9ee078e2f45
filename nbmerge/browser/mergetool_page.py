"""Owns: the conflicts between the lines of one source as stretches of lines, and which side of each
stands in a text that somebody made of that source.
open conflicts taken out of their notebook, as the parts that a page of merges shows.

Must not know: how the text was made.
the page.
Invariant: the pieces as they are shown, in order, are the
lines of the source; a text is taken for choices only if those choices give exactly that text.
every conflict is in one part, or apart; parts are in the
notebook's order, and cells without a conflict are there only to tell where it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from nbmerge.conflicts.values import Absent, CellRuns, Choice, DeletedCell, InSource
from nbmerge.merge.text import split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    from nbmerge.conflicts.known import Traced
    from nbmerge.merge.markers import Lines
    from nbmerge.notebook.model import Cell, Notebook

    Choices: TypeAlias = list[tuple[Traced, Choice | None]]  # None: it is still in conflict
    Reached: TypeAlias = dict[int, tuple[int, Choice | None]]

# What a page or its editor would take for the end of a line, or lose.
_HARD = "\r\u2028\u2029"
_INSTEAD = "\u240d\u2424\u240a" + "".join(map(chr, range(0xE000, 0xE100)))


@dataclass(frozen=True, slots=True)
class ConflictRegion:
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


def regions(lines: Lines, conflicts: Iterable[Traced]) -> tuple[str | ConflictRegion, ...]:
    """The lines of a source in order, with each of its conflicts as one piece."""
    pieces: list[str | ConflictRegion] = []
    at = 0
    for traced, place in sorted(_in_source(conflicts), key=lambda found: found[1].marked.start):
        marked = place.marked
        start = max(at, marked.start - place.head)
        end = min(len(lines), marked.end + place.tail)
        head, tail = lines[start : marked.start], lines[marked.end : end]
        pieces += lines[at:start]
        pieces.append(
            ConflictRegion(
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


def choices_in(pieces: Sequence[str | ConflictRegion], lines: Sequence[str]) -> Choices | None:
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


@dataclass(frozen=True, eq=False)
class Texts:
    """Conflicts between the lines of one source, which `regions` and the plain lines between them make up."""

    cell: int
    pieces: tuple[str | ConflictRegion, ...]
    substitute: Substitute


@dataclass(frozen=True, eq=False)
class Deleted:
    """A cell that one side deleted; `lines` are what the other side made of it."""

    cell: int
    traced: Traced
    base: Lines | None
    lines: Lines
    by_local: bool
    substitute: Substitute


@dataclass(frozen=True, eq=False)
class Runs:
    """Two runs of cells, by their places in the notebook."""

    traced: Traced
    local: tuple[int, ...]
    remote: tuple[int, ...]

    @property
    def cell(self) -> int:
        return self.traced.conflict.cell or 0


@dataclass(frozen=True, eq=False)
class Around:
    """A cell that is shown only to tell where a conflict is."""

    cell: int


Part: TypeAlias = Texts | Deleted | Runs | Around


@dataclass(frozen=True, eq=False)
class Reduced:
    """What a page can show, and `apart` what it cannot: conflicts in outputs and in metadata, and
    those inside of runs of cells that are in conflict themselves."""

    parts: tuple[Part, ...]
    apart: tuple[Traced, ...]


def reduce(notebook: Notebook, conflicts: Sequence[Traced]) -> Reduced:
    """The conflicts, which `find` found in this very notebook, as parts."""
    by_cell: dict[int, list[Traced]] = defaultdict(list)
    apart: list[Traced] = []
    taken = -1  # the last cell of the runs that are a part already
    for traced in conflicts:
        place, cell = traced.conflict.place, traced.conflict.cell
        if not isinstance(place, InSource | DeletedCell | CellRuns) or cell is None or cell <= taken:
            apart.append(traced)
            continue
        by_cell[cell].append(traced)
        taken = place.last if isinstance(place, CellRuns) else taken
    for cell, found in by_cell.items():
        if len(found) > 1:  # the line that tells of a deletion stays among the others
            apart += [one for one in found if isinstance(one.conflict.place, DeletedCell)]
            by_cell[cell] = [one for one in found if not isinstance(one.conflict.place, DeletedCell)]
    parts = tuple(_parts(notebook, by_cell))
    return Reduced(parts, tuple(apart))


def _parts(notebook: Notebook, by_cell: Mapping[int, Sequence[Traced]]) -> Iterator[Part]:
    """In the order of the notebook: each conflict, and the cells just before and behind it."""
    behind = 0  # cells before this one have been dealt with
    for cell, found in sorted(by_cell.items()):
        if cell - 1 >= behind and cell - 1 not in by_cell:
            yield Around(cell - 1)
        own = list(_of_cell(notebook, cell, found))
        yield from own
        behind = max([behind, *(part.cell + 1 for part in own), *(_end(one) for one in found)])
        if behind < len(notebook.cells) and behind not in by_cell:
            yield Around(behind)
            behind += 1


def _end(traced: Traced) -> int:
    place = traced.conflict.place
    return place.last + 1 if isinstance(place, CellRuns) else 0


def _of_cell(notebook: Notebook, cell: int, found: Sequence[Traced]) -> Iterator[Part]:
    """What one cell, or the runs that begin in it, are on the page."""
    place = found[0].conflict.place
    if isinstance(place, CellRuns):
        local, remote = range(place.first + 1, place.middle), range(place.middle + 1, place.last)
        yield Runs(found[0], tuple(local), tuple(remote))
        return
    deleted = _deleted(notebook.cells[cell], cell, found)
    if deleted is not None:
        yield deleted
        return
    lines, _ = split(notebook.cells[cell].source)
    pieces = regions(lines, found)
    yield Texts(cell, pieces, substitute_for(line for piece in pieces for line in _lines(piece)))


def _deleted(cell: Cell, place: int, found: Sequence[Traced]) -> Deleted | None:
    """The cell as one that a side deleted, if that is all there is to it."""
    [traced, *others] = found
    terms, where = traced.conflict.terms, traced.conflict.place
    kept = [term for term in (terms.local, terms.remote) if isinstance(term, str)]
    if others or len(kept) != 1 or Absent.DELETED not in (terms.local, terms.remote):
        return None
    if isinstance(where, InSource) and where.marked.lines != split(cell.source)[0]:
        return None
    base = split(terms.base)[0] if isinstance(terms.base, str) else None
    lines = split(kept[0])[0]
    if base == lines:
        return None
    by_local = terms.local is Absent.DELETED
    return Deleted(place, traced, base, lines, by_local, substitute_for((*lines, *(base or ()))))


def _lines(piece: str | ConflictRegion) -> Iterator[str]:
    if isinstance(piece, str):
        yield piece
    else:
        yield from (line for _, way in piece.ways() for line in way)
