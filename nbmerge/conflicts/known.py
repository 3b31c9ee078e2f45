"""Owns: what is known of the versions whose merge shows the conflicts of a notebook.

Must not know: where the versions come from (git's index, the store).  Invariant: a term is filled
in only for a conflict that merging the same versions again gives, with the lines that are shown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from nbmerge.conflicts.values import Absent, InSource, OpenConflict
from nbmerge.merge.engine import merge
from nbmerge.merge.sequences import common_ends
from nbmerge.merge.text import split
from nbmerge.merge.values import Terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

    from nbmerge.merge.markers import Lines
    from nbmerge.merge.values import Conflict, Result
    from nbmerge.notebook.model import Cell, Notebook

    Shown: TypeAlias = tuple[Lines, Lines]  # what stands between markers for local and for remote
    Candidate: TypeAlias = tuple[Conflict, tuple[int, int]]

_NO_CELLS: Terms[Cell | None] = Terms(None, None, None)


@dataclass(frozen=True, eq=False)
class KnownMerge:
    """The three notebooks that were merged, of one nbformat major."""

    sides: Terms[Notebook]

    @cached_property
    def result(self) -> Result:
        """Their merge, made again."""
        return merge(self.sides.base, self.sides.local, self.sides.remote)

    @cached_property
    def marked(self) -> Terms[tuple[Cell, ...]]:
        """The cells of each in which markers may stand."""
        return self.sides.map(lambda side: tuple(cell for cell in side.cells if "<<<<<<<" in cell.source))

    @cached_property
    def _shown(self) -> dict[Shown, list[Candidate]]:
        """The conflicts of that merge by how they may be shown: whole, or without common ends."""
        found: dict[Shown, list[Candidate]] = {}
        for made in self.result.conflicts:
            for shown, ends in _ways(made).items():
                found.setdefault(shown, []).append((made, ends))
        return found

    @cached_property
    def _in_conflict(self) -> set[str | int]:
        """The ids of the cells with a conflict, and the places of those that have none."""
        return {made.cell if made.id is None else made.id for made in self.result.conflicts}

    def shown_as(self, conflict: OpenConflict) -> list[Candidate]:
        """The conflicts of that merge that are shown like this."""
        if not isinstance(conflict.place, InSource):
            return []
        marked = conflict.place.marked
        return self._shown.get((_one_blank_is_none(marked.local), _one_blank_is_none(marked.remote)), [])

    def has_conflict_in_cell_of(self, conflict: OpenConflict) -> bool:
        """Whether that merge shows any conflict in the same cell."""
        return (conflict.cell if conflict.id is None else conflict.id) in self._in_conflict

    def origin(self, merged: int) -> Terms[Cell | None]:
        """The cells from which a cell of that merge came."""
        if not self.result.origins:
            return _NO_CELLS
        places = self.result.origins[merged]
        return Terms(
            _at(self.sides.base, places.base),
            _at(self.sides.local, places.local),
            _at(self.sides.remote, places.remote),
        )


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
    taken: set[int] = set()
    return tuple(_traced(conflict, notebook, known, taken) for conflict in conflicts)


def _traced(conflict: OpenConflict, notebook: Notebook, known: KnownMerge, taken: set[int]) -> Traced:
    """`taken` are those conflicts of the merge, by identity, that others have been found to be."""
    place = conflict.place
    alike = [found for found in known.shown_as(conflict) if id(found[0]) not in taken]
    if not alike or not isinstance(place, InSource):
        return Traced(conflict, _same_cell(conflict, notebook, known))
    made, (head, tail) = min(alike, key=lambda found: _distance(found[0], conflict))
    taken.add(id(made))
    base = Absent.DELETED if made.base is None else "\n".join(_lines(made.base, made))
    terms = replace(conflict.terms, base=base)
    traced = replace(conflict, place=replace(place, head=head, tail=tail), terms=terms)
    return Traced(traced, known.origin(made.cell))


def _ways(made: Conflict) -> dict[Shown, tuple[int, int]]:
    """How a conflict may be shown, each with how many lines at the ends of its sides are equal and
    stand around its markers then."""
    local, remote = _lines(made.local, made), _lines(made.remote, made)
    head, tail = common_ends(local, remote)
    narrowed = (local[head : len(local) - tail], remote[head : len(remote) - tail])
    ways = (narrowed, (head, tail)), ((local, remote), (0, 0))
    return {(_one_blank_is_none(ours), _one_blank_is_none(theirs)): ends for (ours, theirs), ends in ways}


def _one_blank_is_none(lines: tuple[str, ...]) -> tuple[str, ...]:
    """A term as a text cannot tell one blank line from none."""
    return () if lines == ("",) else lines


def _distance(made: Conflict, conflict: OpenConflict) -> tuple[bool, int]:
    """The same conflict may stand in several cells."""
    return made.id != conflict.id, abs(made.cell - (conflict.cell or 0))


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


def _at(notebook: Notebook, place: int | None) -> Cell | None:
    return None if place is None else notebook.cells[place]
