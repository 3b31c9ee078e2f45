"""Owns: which cells of the sides of one text are the same cell.

Must not know: markers, how texts are read.  Invariant: a pair that the text shows goes before one
that only looks alike; ids that were given to say so are gone in the end.

In the text of a broken notebook git has already said what belongs together: a cell whose first line
stands outside of conflicts is on all sides one cell, however much the sides changed in it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from nbmerge.merge.matching import match_cells
from nbmerge.notebook.model import Cell, Notebook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TypeAlias

    Pairs: TypeAlias = dict[int, int]

_TELLING = 15  # characters; a shorter source may well stand in two cells


@dataclass(frozen=True, slots=True)
class Part:
    """A notebook that was read from lines of a text; `places` are the numbers of those in which each
    of its cells begins, on any side that it was made of."""

    notebook: Notebook
    places: tuple[frozenset[int], ...]


def pairs_of(one: Part, other: Part) -> Pairs:
    """Index in one -> index in the other."""
    found = _by_place(one, other)
    ones = [i for i in range(len(one.notebook.cells)) if i not in found]
    taken = set(found.values())
    others = [j for j in range(len(other.notebook.cells)) if j not in taken]
    alike = match_cells([one.notebook.cells[i] for i in ones], [other.notebook.cells[j] for j in others])
    return found | {ones[i]: others[j] for i, j in alike.items()}


def _by_place(one: Part, other: Part) -> Pairs:
    """Cells that begin in one line, unless they have other ids, or stand elsewhere on the other side.

    Where both sides inserted a cell git may show them as one, for the lines around are the same.
    """
    there = {number: j for j, places in enumerate(other.places) for number in places}
    elsewhere = _telling(one.notebook), _telling(other.notebook)
    found: Pairs = {}
    taken: set[int] = set()
    for i, places in enumerate(one.places):
        j = next((there[number] for number in sorted(places) if number in there), None)
        if j is None or j in taken:
            continue
        left, right = one.notebook.cells[i], other.notebook.cells[j]
        same = left.key == right.key or (left.key not in elsewhere[1] and right.key not in elsewhere[0])
        if same and (left.id == right.id or None in (left.id, right.id)):
            found[i] = j
            taken.add(j)
    return found


def _telling(notebook: Notebook) -> set[tuple[str, str]]:
    return {cell.key for cell in notebook.cells if is_telling(cell)}


def is_telling(cell: Cell) -> bool:
    """Whether its source is long enough not to stand in another cell by chance."""
    return len(cell.source.strip()) >= _TELLING


class Named:
    """Notebooks whose cells have the same id where, and only where, they are the same cell.

    `local` and `remote` are given in this order; `base` may be absent.
    """

    def __init__(self, base: Part | None, local: Part, remote: Part) -> None:
        self._own: dict[int, Cell] = {}  # by identity: what the cells were
        self._ids: dict[str, str | None] = {}
        self._named_cells: dict[tuple[int, str], Cell] = {}
        ours = [f"n{i}l" for i in range(len(local.notebook.cells))]
        theirs = [f"n{j}r" for j in range(len(remote.notebook.cells))]
        names: list[str] = []
        if base is not None:
            names = [f"n{k}b" for k in range(len(base.notebook.cells))]
            for side, part in ((ours, local), (theirs, remote)):
                for k, at in pairs_of(base, part).items():
                    side[at] = names[k]
        by_base = {*ours}, {*theirs}  # what base has named on each side
        for i, j in pairs_of(local, remote).items():
            if theirs[j].endswith("r") and ours[i] not in by_base[1]:
                theirs[j] = ours[i]
            elif ours[i].endswith("l") and theirs[j] not in by_base[0]:
                ours[i] = theirs[j]
        self.base = None if base is None else self._named(base.notebook, names)
        self.remote = self._named(remote.notebook, theirs)
        self.local = self._named(local.notebook, ours)  # last: where both have an id, local's counts

    def _named(self, notebook: Notebook, names: Iterable[str]) -> Notebook:
        cells = []
        for cell, name in zip(notebook.cells, names, strict=True):
            key = id(cell), name
            if key not in self._named_cells:  # a cell that both sides share stays one
                self._named_cells[key] = replace(cell, value={**cell.value, "id": name})
            cells.append(self._named_cells[key])
            self._own[id(cells[-1])] = cell
            self._ids[name] = cell.id or self._ids.get(name)
        return replace(notebook, cells=tuple(cells))

    def as_they_were(self, cells: Iterable[Cell]) -> tuple[Cell, ...]:
        """The cells of a merge of these notebooks with the ids that they had."""
        return tuple(self._as_it_was(cell) for cell in cells)

    def own_id(self, name: str | None) -> str | None:
        """The id that a cell had which has this one now."""
        return None if name is None else self._ids.get(name, name)

    def _as_it_was(self, cell: Cell) -> Cell:
        if id(cell) in self._own:
            return self._own[id(cell)]
        value = dict(cell.value)
        own = self.own_id(cell.id)
        if own is None:
            value.pop("id", None)
        else:
            value["id"] = own
        spellings = tuple(self._own.get(id(known), known) for known in cell.spellings)
        return replace(cell, value=value, span=None, spellings=spellings)
