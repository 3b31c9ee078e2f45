"""Owns: the notebooks of the versions that are being compared, each read once.

Must not know: why they are compared.  Invariant: what comes out is what the store's bytes
spell; memory is bounded by what the files read take, oldest use first out.

Versions of one notebook share their cells: what a version has in common with the newest one
on the shelf is recognised by comparing memory, so a version costs what it changed.
"""

from __future__ import annotations

from collections import OrderedDict
from functools import partial

from nbmerge.errors import NotebookError
from nbmerge.history.store import Store
from nbmerge.lineage.versions import Version
from nbmerge.merge.files import Parsed
from nbmerge.notebook.model import Cell, Notebook
from nbmerge.notebook.reader import read

BUDGET = 24_000_000  # bytes of memory that are used between saves
_A_LINE = 80  # bytes that a line takes besides its text: sources and outputs are lists of strings
_AT_LEAST = 4  # notebooks that stay whatever their size: a merge needs three, and its result comes next
_SHARED = 20  # a version that shares cells is taken to cost this much less


class NotebookCache:
    """Notebooks by the digest of their bytes."""

    def __init__(self, store: Store, budget: int = BUDGET) -> None:
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

    def source(self, notebook_id: int, version: Version) -> Parsed:
        """A stored version, to be merged.  Raises NotebookError if it is no notebook."""
        known = next(reversed(self._kept.values()))[0].cells if self._kept else ()
        notebook = self.version(notebook_id, version.number, known)
        fetch = partial(self._store.data, notebook_id, version.number)
        return Parsed(f"version {version.number}", version.digest, notebook, fetch)

    def put(self, digest: str, data: bytes, known: tuple[Cell, ...] = ()) -> Notebook:
        """Read bytes; `known` are cells they may share."""
        found = self._kept.get(digest)
        if found is not None:
            self._kept.move_to_end(digest)
            return found[0]
        notebook = read(data, known=known)
        shared = any(one is two for one, two in zip(notebook.cells[:8], known[:8], strict=False))
        weight = 2 * len(data) + _A_LINE * data.count(b"\n")
        if shared:
            weight //= _SHARED
        self._kept[digest] = (notebook, weight)
        self._weight += weight
        while self._weight > self._budget and len(self._kept) > _AT_LEAST:
            _, (_, dropped) = self._kept.popitem(last=False)
            self._weight -= dropped
        return notebook

    def readable(self, notebook_id: int, number: int, known: tuple[Cell, ...] = ()) -> Notebook | None:
        """The same; None if the version is no notebook or is no longer kept."""
        try:
            return self.version(notebook_id, number, known)
        except NotebookError:
            return None
