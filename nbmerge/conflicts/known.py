"""Owns: recognising the conflicts that a known merge made among markers that stand in a notebook.

Must not know: where the versions that were merged come from (git's index, the store).
Invariant: a conflict is recognised by exactly the lines that are shown of it, first of all in its own
cell, and only once; a term is filled in for no other one.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain

from nbmerge.conflicts.values import Absent, InSource, OpenConflict
from nbmerge.merge.engine import merge
from nbmerge.merge.markers import LEAST, all_conflicts, conflicts_in, equal_ends
from nbmerge.merge.matching import cells_at
from nbmerge.merge.values import Terms, split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterable
    from typing import TypeAlias

    from nbmerge.merge.markers import Marked
    from nbmerge.merge.values import Conflict, Lines, Result
    from nbmerge.notebook.model import Cell, Notebook

    Shown: TypeAlias = tuple[Lines, Lines]  # what stands between markers for local and for remote
    Candidate: TypeAlias = tuple[Conflict, tuple[int, int]]

_OPENING = "<" * LEAST
_NO_CELLS: Terms[Cell | None] = Terms(None, None, None)


class Quoted:
    """The markers, and the whole conflicts, that stand in a version that was merged; line ends aside."""

    def __init__(self, notebook: Notebook) -> None:
        marked = (cell.source.split("\n") for cell in notebook.cells if _OPENING in cell.source)
        self._sources = [[line.rstrip("\r") for line in lines] for lines in marked]
        self._lines = frozenset(chain.from_iterable(self._sources))
        self._alike: dict[tuple[int, int], frozenset[Lines]] = {}

    @cached_property
    def _standing(self) -> dict[tuple[int, int], list[tuple[int, int]]]:
        """The source and the line at which conflicts begin, nested ones too, by their markers' size and
        their length."""
        found: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for source, lines in enumerate(self._sources):
            for each in all_conflicts(lines, LEAST):
                found.setdefault((each.size, each.end - each.start), []).append((source, each.start))
        return found

    def has_line(self, line: str) -> bool:
        return line in self._lines

    def has_conflict(self, size: int, lines: Lines) -> bool:
        """Whether a whole conflict stands there just so.  Those of one size and length hold no line of each
        other: however deep they are nested, not much is compared."""
        kind = size, len(lines)
        if kind not in self._alike:
            self._alike[kind] = frozenset(
                tuple(self._sources[source][start : start + len(lines)])
                for source, start in self._standing.get(kind, ())
            )
        return lines in self._alike[kind]


@dataclass(frozen=True, eq=False)
class KnownMerge:
    """The three notebooks that were merged, of one nbformat major."""

    sides: Terms[Notebook]

    @cached_property
    def result(self) -> Result:
        """Their merge, made again."""
        return merge(self.sides.base, self.sides.local, self.sides.remote)

    @cached_property
    def quoted(self) -> Terms[Quoted]:
        """The markers that stand in each."""
        return self.sides.map(Quoted)

    @cached_property
    def made(self) -> MadeConflicts:
        """The conflicts of that merge, to be recognised."""
        return MadeConflicts(self.result.conflicts)

    @cached_property
    def _in_conflict(self) -> set[str | int]:
        """The ids of the cells with a conflict, and the places of those that have none."""
        return {made.cell if made.id is None else made.id for made in self.result.conflicts}

    def shows(self, marked: Marked) -> bool:
        """Whether that merge makes a conflict that may be shown like this."""
        return self.made.has_shown_as(marked)

    def has_conflict_in_cell_of(self, conflict: OpenConflict) -> bool:
        """Whether that merge shows any conflict in the same cell."""
        return (conflict.cell if conflict.id is None else conflict.id) in self._in_conflict

    def origin(self, merged: int) -> Terms[Cell | None]:
        """The cells from which a cell of that merge came."""
        if not self.result.origins:
            return _NO_CELLS
        return cells_at(self.result.origins[merged], self.sides)


@dataclass(frozen=True, slots=True)
class Traced:
    """An open conflict and the cells of the merged versions that it is about, where they are known."""

    conflict: OpenConflict
    cells: Terms[Cell | None] = _NO_CELLS


def trace(
    conflicts: Iterable[OpenConflict], notebook: Notebook, known: KnownMerge | None
) -> tuple[Traced, ...]:
    """Each conflict with all that is known about it."""
    if known is None:
        return tuple(map(Traced, conflicts))
    made = MadeConflicts(known.result.conflicts)
    return tuple(_traced(conflict, notebook, known, made) for conflict in conflicts)


def _traced(conflict: OpenConflict, notebook: Notebook, known: KnownMerge, waiting: MadeConflicts) -> Traced:
    """`waiting` are those conflicts of the merge that no other one has been found to be."""
    place = conflict.place
    found = waiting.take(place.cell, conflict.id, place.marked) if isinstance(place, InSource) else None
    if found is None or not isinstance(place, InSource):
        return Traced(conflict, _same_cell(conflict, notebook, known))
    made, (head, tail) = found
    base = Absent.DELETED if made.base is None else "\n".join(_lines(made.base, made))
    terms = replace(conflict.terms, base=base)
    traced = replace(conflict, place=replace(place, head=head, tail=tail), terms=terms)
    return Traced(traced, known.origin(made.cell))


class MadeConflicts:
    """Conflicts that a merge made, to be recognised by their cell and exactly their terms."""

    def __init__(self, made: Iterable[Conflict]) -> None:
        self._by_lines: dict[Shown, _Alike] = {}
        self._taken: set[int] = set()
        for conflict in made:
            for shown, ends in _ways(conflict).items():
                self._by_lines.setdefault(shown, _Alike()).add((conflict, ends))

    def has_shown_as(self, marked: Marked) -> bool:
        """Whether one may be shown like this: whole, or without the lines that both sides end with."""
        return _shown(marked) in self._by_lines

    def take(self, cell: int, id_of_cell: str | None, marked: Marked) -> Candidate | None:
        """The one that stands between these markers, which no other markers show then; the same lines
        may be in conflict in several cells."""
        alike = self._by_lines.get(_shown(marked))
        found = None if alike is None else alike.nearest(cell, id_of_cell, self._taken)
        if found is not None:
            self._taken.add(id(found[0]))
        return found


class _Alike:
    """Conflicts that are shown by the same lines.  There may be thousands, in one cell or in as many."""

    def __init__(self) -> None:
        self._in_cell: dict[int, deque[Candidate]] = {}
        self._cells: list[int] = []  # in order; those that have none any more go when they are met
        self._of_id: dict[str | None, list[int]] = {}

    def add(self, one: Candidate) -> None:
        """Those of a cell in their order."""
        conflict = one[0]
        if conflict.cell not in self._in_cell:
            self._in_cell[conflict.cell] = deque()
            insort(self._cells, conflict.cell)
            insort(self._of_id.setdefault(conflict.id, []), conflict.cell)
        self._in_cell[conflict.cell].append(one)

    def nearest(self, cell: int, id: str | None, taken: Container[int]) -> Candidate | None:
        """The first that is not taken, of the nearest cell with this id, else of the nearest one."""
        return self._first(self._of_id.get(id, []), cell, taken) or self._first(self._cells, cell, taken)

    def _first(self, cells: list[int], cell: int, taken: Container[int]) -> Candidate | None:
        while cells:
            behind = bisect_left(cells, cell)
            beside = range(max(behind - 1, 0), min(behind + 1, len(cells)))
            at = min(beside, key=lambda at: abs(cells[at] - cell))
            waiting = self._in_cell[cells[at]]
            while waiting and id(waiting[0][0]) in taken:
                waiting.popleft()
            if waiting:
                return waiting[0]
            del cells[at]
        return None


def shown_in(notebook: Notebook, merges: Iterable[Iterable[Conflict]]) -> tuple[Conflict, ...]:
    """The conflicts of merges that stand in a notebook, under the cells and the lines where they do.

    A merge is asked only while there are markers that none before it explains; markers that none of
    them made are no conflict.
    """
    waiting = [
        (place, cell.id, marked)
        for place, cell in enumerate(notebook.cells)
        for marked in conflicts_in(split(cell.source)[0])
    ]
    found: list[Conflict] = []
    for made in merges:
        candidates = MadeConflicts(made)
        left = []
        for place, id, marked in waiting:
            candidate = candidates.take(place, id, marked)
            if candidate is None:
                left.append((place, id, marked))
            else:
                lines = range(marked.start, marked.end)
                found.append(replace(candidate[0], cell=place, id=id, lines=lines))
        waiting = left
        if not waiting:
            break
    return tuple(sorted(found, key=_place))


def _place(conflict: Conflict) -> tuple[int, int]:
    return conflict.cell, 0 if conflict.lines is None else conflict.lines.start


def _ways(made: Conflict) -> dict[Shown, tuple[int, int]]:
    """How a conflict may be shown, each with how many lines at the ends of its sides are equal and
    stand around its markers then."""
    local, remote = _lines(made.local, made), _lines(made.remote, made)
    head, tail = equal_ends(local, remote)
    narrowed = (local[head : len(local) - tail], remote[head : len(remote) - tail])
    ways = (narrowed, (head, tail)), ((local, remote), (0, 0))
    return {(_one_blank_is_none(ours), _one_blank_is_none(theirs)): ends for (ours, theirs), ends in ways}


def _shown(marked: Marked) -> Shown:
    return _one_blank_is_none(marked.local), _one_blank_is_none(marked.remote)


def _one_blank_is_none(lines: tuple[str, ...]) -> tuple[str, ...]:
    """A term as a text cannot tell one blank line from none."""
    return () if lines == ("",) else lines


def _lines(text: str | None, made: Conflict) -> tuple[str, ...]:
    """Those of a term; where a side deleted the cell, terms are whole sources with their line ends."""
    if made.local is None or made.remote is None:
        return split(text or "")[0]
    return tuple(text.split("\n")) if text else ()


def _same_cell(conflict: OpenConflict, notebook: Notebook, known: KnownMerge) -> Terms[Cell | None]:
    """The cells of a conflict that the merge does not give like this, if its cell can be told."""
    cells = known.result.notebook.cells
    if conflict.cell is None:
        return _NO_CELLS
    if conflict.id is not None:
        alike = [place for place, cell in enumerate(cells) if cell.id == conflict.id]
        return known.origin(alike[0]) if len(alike) == 1 else _NO_CELLS
    return known.origin(conflict.cell) if len(cells) == len(notebook.cells) else _NO_CELLS
