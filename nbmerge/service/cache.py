"""Owns: the notebooks of the versions that are being compared, each read once, and the merges of two of
them, each made once.

Must not know: why they are compared, how they are merged.  Invariant: what comes out is what the store's
bytes spell, and what a merge of the very same bytes gave; memory is bounded by what the files read and
made take, oldest use first out.  One thread at a time may use it: the one that holds the store's lock.

Versions of one notebook share their cells: what a version has in common with the one that was used
last is recognised by comparing memory, so a version costs what it changed.  Where only this program's
own judging and merging looks at them (`compared_only`), they share long texts of outputs, too: these are
LongText then, of which nothing may be asked but whether they are equal.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass

from nbmerge.errors import NotebookError
from nbmerge.history.store import Store
from nbmerge.merge.values import Conflict, Decision
from nbmerge.notebook.longtext import LongTexts
from nbmerge.notebook.model import Cell, Notebook
from nbmerge.notebook.reader import read, read_abridged

BUDGET = 24_000_000  # bytes of memory that are used between saves
MERGES = 8_000_000  # bytes of merges that are kept between saves
_A_NOTEBOOK, _A_CELL = 2000, 1000  # bytes that one takes besides what is in it
_A_LINE = 80  # bytes that a line takes besides its text: sources and outputs are lists of strings
_AS_VALUES = 4  # bytes that a character of a cell takes, its line included
_AT_LEAST = 4  # notebooks that stay for more than that: a merge needs three, and its result comes next
_TOO_LARGE = 4  # budgets, or twice the file where that is more: beyond it fewer stay
_SHARED = 20  # a version that shares cells is taken to cost this much less


@dataclass(frozen=True, slots=True, eq=False)
class MergedPair:
    """What two versions make together, and how."""

    data: bytes
    conflicts: tuple[Conflict, ...]
    decisions: tuple[Decision, ...]


class MergeCache:
    """Merges by all that they depend on."""

    def __init__(self, budget: int = MERGES) -> None:
        self._budget = budget
        self._kept: OrderedDict[Hashable, MergedPair] = OrderedDict()
        self._size = 0

    def get(self, key: Hashable, make: Callable[[], MergedPair]) -> MergedPair:
        """The merge that was made for this key, or is made now."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        made = self._kept[key] = make()
        self._size += len(made.data)
        while self._size > self._budget and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._size -= len(dropped.data)
        return made


class NotebookCache:
    """Notebooks by the digest of their bytes; `merges` are those of two of them, `long` the long texts that
    they have in common."""

    def __init__(self, store: Store, budget: int = BUDGET, *, compared_only: bool = False) -> None:
        self.merges = MergeCache()
        self.long = LongTexts(kept=True) if compared_only else None
        self._store = store
        self._budget = budget
        self._kept: OrderedDict[str, tuple[Notebook, int]] = OrderedDict()
        self._weight = 0

    def version(self, notebook_id: int, number: int, known: tuple[Cell, ...] = ()) -> Notebook:
        """What a stored version holds.  Raises NotebookError if it is no notebook."""
        version = self._store.version(notebook_id, number)
        found = self._kept.get(version.digest)
        if found is not None:
            self._kept.move_to_end(version.digest)
            return found[0]
        return self.put(version.digest, self._store.data(notebook_id, number), known)

    def put(self, digest: str, data: bytes, known: tuple[Cell, ...] = ()) -> Notebook:
        """Read bytes; `known` are cells they may share."""
        found = self._kept.get(digest)
        if found is not None:
            self._kept.move_to_end(digest)
            return found[0]
        notebook = self._read(data, known)
        weight = _weight(notebook, data, known)
        self._kept[digest] = (notebook, weight)
        self._weight += weight
        while self._weight > self._budget and len(self._kept) > _AT_LEAST:
            self._drop_oldest()
        while len(self._kept) > 1 and self._is_too_large(len(data)):
            self._drop_oldest()
        return notebook

    def _read(self, data: bytes, known: tuple[Cell, ...]) -> Notebook:
        if self.long is None:
            return read(data, known=known)
        return read_abridged(data, "notebook", known, self.long)

    def _is_too_large(self, newest: int) -> bool:
        """Whether even a few are too many: long texts that they share do not count twice."""
        texts = 0 if self.long is None else self.long.size
        return self._weight + texts > max(_TOO_LARGE * self._budget, 2 * newest)

    def _drop_oldest(self) -> None:
        _, (_, dropped) = self._kept.popitem(last=False)
        self._weight -= dropped

    @property
    def latest(self) -> tuple[Cell, ...]:
        """The cells of the notebook that was used last: the next one most likely shares them."""
        return next(reversed(self._kept.values()))[0].cells if self._kept else ()

    def readable(self, notebook_id: int, number: int, known: tuple[Cell, ...] = ()) -> Notebook | None:
        """The same; None if the version is no notebook or is no longer kept."""
        try:
            return self.version(notebook_id, number, known)
        except NotebookError:
            return None


def _weight(notebook: Notebook, data: bytes, known: tuple[Cell, ...]) -> int:
    """About how many bytes of memory a notebook takes, without long texts and cells that are known.

    Those may be forgotten where they are known from, and stay here: so they count for a little.
    """
    shared = {id(cell) for cell in known}
    own = [cell for cell in notebook.cells if id(cell) not in shared]
    if len(own) == len(notebook.cells):
        return _A_NOTEBOOK + _A_CELL * len(own) + 2 * _spelled(own) + _A_LINE * data.count(b"\n")
    in_all = _A_NOTEBOOK + _A_CELL * len(own) + _AS_VALUES * _spelled(own)
    return max(in_all, _AS_VALUES * _spelled(notebook.cells) // _SHARED)


def _spelled(cells: Iterable[Cell]) -> int:
    """How many characters some cells have in their file."""
    spans = (cell.span for cell in cells)
    return sum(span.end - span.start for span in spans if span is not None)


def same_notebook(one: Notebook, other: Notebook) -> bool:
    """Whether two notebooks are the same JSON value, however they are spelled."""
    return (
        one.frame == other.frame
        and len(one.cells) == len(other.cells)
        and all(a is b or a.value == b.value for a, b in zip(one.cells, other.cells, strict=True))
    )
