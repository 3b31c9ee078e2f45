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
from nbmerge.merge.threeway import Terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbmerge.merge.results import Conflict, Result
    from nbmerge.notebook.model import Cell, Notebook


_NO_CELLS: Terms[Cell | None] = Terms(None, None, None)


@dataclass(frozen=True, eq=False)
class Known:
    """The three notebooks that were merged, of one nbformat major."""

    sides: Terms[Notebook]

    @cached_property
    def result(self) -> Result:
        """Their merge, made again."""
        return merge(self.sides.base, self.sides.local, self.sides.remote)

    def gives(self, conflict: OpenConflict) -> bool:
        """Whether that merge shows such a conflict."""
        return any(_shown_as(conflict, made) is not None for made in self.result.conflicts)

    def has_conflict_in_cell_of(self, conflict: OpenConflict) -> bool:
        """Whether that merge shows any conflict in the same cell."""
        return any(
            made.id == conflict.id and (conflict.id is not None or made.cell == conflict.cell)
            for made in self.result.conflicts
        )

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


def trace(conflicts: Iterable[OpenConflict], notebook: Notebook, known: Known | None) -> tuple[Traced, ...]:
    """Each conflict with all that is known about it."""
    if known is None:
        return tuple(map(Traced, conflicts))
    waiting = list(known.result.conflicts)
    return tuple(_traced(conflict, notebook, known, waiting) for conflict in conflicts)


def _traced(conflict: OpenConflict, notebook: Notebook, known: Known, waiting: list[Conflict]) -> Traced:
    place = conflict.place
    if isinstance(place, InSource):
        alike = [(each, narrow) for each in waiting if (narrow := _shown_as(conflict, each)) is not None]
        for each, (head, tail) in sorted(alike, key=lambda found: _distance(found[0], conflict))[:1]:
            waiting.remove(each)
            place = replace(place, head=head, tail=tail)
            base = Absent.DELETED if each.base is None else "\n".join(_lines(each.base, each))
            terms = replace(conflict.terms, base=base)
            return Traced(replace(conflict, place=place, terms=terms), known.origin(each.cell))
    return Traced(conflict, _same_cell(conflict, notebook, known))


def _shown_as(conflict: OpenConflict, made: Conflict) -> tuple[int, int] | None:
    """How many lines at the ends of a conflict's sides are equal and stand around its markers.

    None if the conflict would not be shown like this.
    """
    if not isinstance(conflict.place, InSource):
        return None
    marked = conflict.place.marked
    shown = _one_blank_is_none(marked.local), _one_blank_is_none(marked.remote)
    local, remote = _lines(made.local, made), _lines(made.remote, made)
    if shown == (local, remote):
        return 0, 0
    head, tail = common_ends(local, remote)
    narrowed = (local[head : len(local) - tail], remote[head : len(remote) - tail])
    return (head, tail) if shown == tuple(map(_one_blank_is_none, narrowed)) else None


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


def _same_cell(conflict: OpenConflict, notebook: Notebook, known: Known) -> Terms[Cell | None]:
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
