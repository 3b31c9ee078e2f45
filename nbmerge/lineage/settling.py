"""Owns: whether a save settles conflicts that the file shows, by what it holds.

Must not know: stores, disk, who saves, what follows.  Invariant: pure; a save that lacks all that a merge
brought to one of its sides, conflicts aside, settles nothing: its author has that side before them.

What is in conflict tells nothing about who saw it: whoever settles it takes out most of both sides, as an
editor does that never saw one of them.  So it is set aside, and the rest tells: other changes of the sides,
markers that are still there, results that only the merge left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from nbmerge.lineage.changes import VersionStep
from nbmerge.lineage.evidence import Evidence, Trial
from nbmerge.lineage.lines import telling
from nbmerge.merge.markers import conflicts_in, is_marker
from nbmerge.notebook.model import Cell, Notebook

SETTLED = "settles the conflict"  # why such a save was taken as it is, also in stores
_OPENING = "<" * 7


class Reply(Enum):
    """What a save says about the conflicts."""

    SETTLED = SETTLED
    SEEN = "shows the conflict"
    UNKNOWN = "says nothing of the conflict"


@dataclass(frozen=True, eq=False)
class Conflicts:
    """The conflicts that a merge shows, and its sides by number."""

    merge: Notebook
    sides: Mapping[int, Notebook]

    @cached_property
    def places(self) -> tuple[int, ...]:
        """The cells in which the merge shows conflicts that no side has."""
        held = {block for side in self.sides.values() for cell in side.cells for block in _blocks(cell)}
        return tuple(
            place for place, cell in enumerate(self.merge.cells) if any(b not in held for b in _blocks(cell))
        )

    @cached_property
    def _steps(self) -> dict[int, VersionStep]:
        return {number: VersionStep(self.merge.cells, side.cells) for number, side in self.sides.items()}

    def answer(self, save: Notebook) -> Reply:
        """What a save says about them."""
        if not self.places:
            return Reply.UNKNOWN
        step = VersionStep(self.merge.cells, save.cells)
        now = {place: _at(save.cells, step.then(place)) for place in self.places}
        if any(cell is not None and self._still_shows(place, cell) for place, cell in now.items()):
            return Reply.SEEN
        rest = self._rest(save, step)
        if any(_is_unseen(rest, mine, self._rest_of_merge) for mine in self._rests.values()):
            return Reply.UNKNOWN
        of_sides = [set(self._sides_like(place, cell)) for place, cell in now.items()]
        taken = set.intersection(*of_sides)
        if not taken or any(not of_side for of_side in of_sides):
            return Reply.SETTLED
        if self._is_left_without_result(save, now, taken) or all(
            _shows_something_of(rest, self._rests[number], self._rest_of_merge) for number in taken
        ):
            return Reply.SETTLED
        return Reply.UNKNOWN

    def is_older(self, save: Notebook, earlier: int) -> bool:
        """Whether a save was made from an earlier merge: it shows nothing of what came since."""
        return _is_unseen(
            self._rest(save, VersionStep(self.merge.cells, save.cells)),
            self._rests[earlier],
            self._rest_of_merge,
        )

    def _still_shows(self, place: int, cell: Cell) -> bool:
        """Whether a marker is left that no side has."""
        lines = set(cell.source.split("\n"))
        others = {line for side in self.sides.values() for one in side.cells for line in _marker_lines(one)}
        return any(line in lines for line in _marker_lines(self.merge.cells[place]) if line not in others)

    def _sides_like(self, place: int, cell: Cell | None) -> Iterator[int]:
        """The sides that have the same source in that place, or none as well."""
        for number, step in self._steps.items():
            theirs = _at(self.sides[number].cells, step.then(place))
            if cell is theirs or (cell is not None and theirs is not None and cell.source == theirs.source):
                yield number

    def _is_left_without_result(
        self, save: Notebook, now: Mapping[int, Cell | None], taken: Iterable[int]
    ) -> bool:
        """Whether cells that were run on a side have no result, as the merge shows them; others have one."""
        cells = [cell for cell in now.values() if cell is not None]
        if any(cell.has_result for cell in cells) or not any(cell.has_result for cell in save.cells):
            return False
        sides = [(self._steps[number], self.sides[number].cells) for number in taken]
        return all(
            any(
                (theirs := _at(cells_of, step.then(place))) is not None and theirs.has_result
                for place in self.places
            )
            for step, cells_of in sides
        )

    # What is not in conflict.

    @cached_property
    def _contested(self) -> frozenset[str]:
        """The lines that stand between markers, also in an earlier merge that is taken for a side."""
        found = [self.merge.cells[place] for place in self.places]
        for number, step in self._steps.items():
            there = (_at(self.sides[number].cells, step.then(place)) for place in self.places)
            found += [cell for cell in there if cell is not None]
        return frozenset(line for cell in found for block in _blocks(cell) for line in telling(block))

    @cached_property
    def _rest_of_merge(self) -> Notebook:
        return self._rest(self.merge, None)

    @cached_property
    def _rests(self) -> dict[int, Notebook]:
        return {number: self._rest(self.sides[number], step) for number, step in self._steps.items()}

    def _rest(self, notebook: Notebook, step: VersionStep | None) -> Notebook:
        """A notebook without what is in conflict: those cells have neither contested lines nor results."""
        there = (place if step is None else step.then(place) for place in self.places)
        cells = list(notebook.cells)
        for place in there:
            if place is not None:
                cells[place] = self._without(cells[place])
        return notebook.with_cells(tuple(cells))

    def _without(self, cell: Cell) -> Cell:
        lines = (line for line in telling(cell.source) if line not in self._contested)
        return Cell({"cell_type": cell.type, "source": "\n".join(lines)})


def _is_unseen(save: Notebook, base: Notebook, head: Notebook) -> bool:
    """Whether a save undoes most of what the head did to a base."""
    evidence = _weighed(save, base, head)
    lines = evidence.lines
    if not lines.changed:
        return bool(evidence.restored) and not evidence.kept
    return lines.undone > lines.kept + lines.absent


def _shows_something_of(save: Notebook, base: Notebook, head: Notebook) -> bool:
    """Whether a save shows something that the head brought to a base, or lacks several lines that it took
    out: one may be taken out by two."""
    evidence = _weighed(save, base, head)
    return bool(evidence.kept) or evidence.lines.kept > 0 or evidence.lines.absent > 1


def _weighed(save: Notebook, base: Notebook, head: Notebook) -> Evidence:
    return Trial(save, head).weigh(base)


def _at(cells: Sequence[Cell], place: int | None) -> Cell | None:
    return None if place is None else cells[place]


def _blocks(cell: Cell) -> list[str]:
    """The whole conflicts in a cell."""
    if _OPENING not in cell.source:
        return []
    return ["\n".join(found.lines) for found in conflicts_in(cell.source.split("\n"))]


def _marker_lines(cell: Cell) -> Iterator[str]:
    """The lines with which conflicts begin and end."""
    for block in _blocks(cell):
        yield from (line for line in block.split("\n") if line[:1] in "<>" and is_marker(line))
