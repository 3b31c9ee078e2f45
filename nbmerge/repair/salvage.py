"""Owns: which cells of the sides of one text are the same cell.
one notebook out of one text without markers.

Must not know: markers, how texts are read.
sides of a merge, git.
Invariant: a pair that the text shows goes before one
that only looks alike; ids that were given to say so are gone in the end.

In the text of a broken notebook git has already said what belongs together: a cell whose first line
stands outside of conflicts is on all sides one cell, however much the sides changed in it.
every line of a source in the text is in the
notebook, at least in a conflict that is shown.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from nbmerge.errors import NotebookError
from nbmerge.merge.matching import match_cells
from nbmerge.notebook.model import Cell, Notebook
from nbmerge.notebook.reader import read
from nbmerge.repair.halves import CellDraft, gather, notebooks_of
from nbmerge.repair.reading import TextReader, holds_cells
from nbmerge.repair.tree import BrokenLineError, stands_once

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TypeAlias

    from nbmerge.notebook.model import Cell
    from nbmerge.repair.text import Text

    Pairs: TypeAlias = dict[int, int]

_TELLING = 15  # characters; a shorter source may well stand in two cells


@dataclass(frozen=True, slots=True)
class ReadNotebook:
    """A notebook that was read from lines of a text; `places` are the numbers of those in which each
    of its cells begins, on any side that it was made of."""

    notebook: Notebook
    places: tuple[frozenset[int], ...]


def pairs_of(one: ReadNotebook, other: ReadNotebook) -> Pairs:
    """Index in one -> index in the other."""
    found = _by_place(one, other)
    ones = [i for i in range(len(one.notebook.cells)) if i not in found]
    taken = set(found.values())
    others = [j for j in range(len(other.notebook.cells)) if j not in taken]
    alike = match_cells([one.notebook.cells[i] for i in ones], [other.notebook.cells[j] for j in others])
    return found | {ones[i]: others[j] for i, j in alike.items()}


def _by_place(one: ReadNotebook, other: ReadNotebook) -> Pairs:
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


class SharedIds:
    """Notebooks whose cells have the same id where, and only where, they are the same cell.

    `local` and `remote` are given in this order; `base` may be absent.
    """

    def __init__(self, base: ReadNotebook | None, local: ReadNotebook, remote: ReadNotebook) -> None:
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
        return replace(cell.with_value(value), spellings=spellings)


class HopelessError(Exception):
    """A text that no notebook can be made of; `number` is the line of the file that shows it."""

    def __init__(self, reason: str, number: int | None = None) -> None:
        super().__init__(reason)
        self.number = number


@dataclass(frozen=True, slots=True)
class Salvaged:
    """The versions of a notebook that stand in a text one behind the other, mostly one."""

    parts: tuple[ReadNotebook, ...]
    left_out: tuple[str, ...] = ()


def salvage(text: Text, known: Sequence[Cell] = ()) -> Salvaged:
    """The notebooks in a text; `known` are cells it may share with another one.  Raises HopelessError.

    Markers in it stay in the sources in which they stand, and are left out elsewhere.
    """
    sound = _as_it_is(text, known) if not text.markers else None
    if sound is not None:
        return sound
    try:
        return _put_together(text)
    except HopelessError:
        sound = _as_it_is(text.without(text.markers), known)
        if sound is None:
            raise
        return sound


def _as_it_is(text: Text, known: Sequence[Cell]) -> Salvaged | None:
    """The notebook if the text is JSON in which nothing stands twice, for JSON would forget it."""
    content = "\n".join(text.lines)
    if not stands_once(content):
        return None
    try:
        notebook = read(content.encode("utf-8", "surrogatepass"), known=known)
    except NotebookError:
        return None
    if any(holds_cells(cell.outputs) for cell in notebook.cells):
        return None
    places = []
    row = at = 0
    for cell in notebook.cells:
        spelled = cell.text or "{"
        start = content.index(spelled, at)  # the cell may be one of another text
        row += content.count("\n", at, start)
        places.append(frozenset({text.numbers[row]}))
        row += spelled.count("\n")
        at = start + len(spelled)
    return Salvaged((ReadNotebook(notebook, tuple(places)),))


def _put_together(text: Text) -> Salvaged:
    try:
        reading = TextReader(text)
    except BrokenLineError as error:
        raise HopelessError(str(error), text.numbers[error.row]) from None
    items = gather(reading.events)
    halves = [item for item in items if isinstance(item, CellDraft) and not item.has_source]
    kept = [item for item in items if not (isinstance(item, CellDraft) and not item.has_source)]
    left_out = [*reading.left_out, *((half.row, "half a cell without a source") for half in halves)]
    parts = tuple(
        ReadNotebook(notebook, tuple(frozenset({text.numbers[row]}) for row in rows))
        for notebook, rows in notebooks_of(kept, reading.tree.text)
    )
    if not parts:
        raise HopelessError("there is no cell of a notebook in it")
    notes = tuple(f"line {text.numbers[row]}: {what}" for row, what in sorted(left_out))
    return Salvaged(parts, notes)
