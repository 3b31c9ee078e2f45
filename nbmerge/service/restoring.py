"""Owns: bringing back what a notebook was once: one cell, or the whole as it was before.

Must not know: who asks, how a file is written.  Invariant: what is brought back is a version of its own,
which can be undone like any other; of one cell nothing else of the notebook changes by it.
"""

from __future__ import annotations

from nbmerge.errors import UsageError
from nbmerge.lineage.lost import with_past_cell
from nbmerge.merge.matching import rows
from nbmerge.notebook.reader import read
from nbmerge.service.changes import version_before
from nbmerge.service.lost import save_made
from nbmerge.service.notebook_service import NotebookService
from nbmerge.service.saving import Held

_WRITER = "nbmerge restore"


def restore_cell(service: NotebookService, path: str, number: int, cell: int) -> Held:
    """Make a cell what it was in a version, where it has this number (from 1); if it is gone it comes back.

    Raises UsageError if there is no such cell, NotebookError if the version or the file is no notebook,
    SystemFailure if it cannot be written.
    """
    with service.at(path) as (notebook_id, _):
        head = service.head(notebook_id)
        then = service.recorder.cache.version(notebook_id, number)
        now = read(service.store.data(notebook_id, head.number), path, then.cells)
    if not 0 < cell <= len(then.cells):
        raise UsageError(f"{path}: version {number} has no cell {cell}: it has {len(then.cells)}")
    if then.major != now.major:
        why = f"version {number} is of nbformat {then.major}: restore it as a whole"
        raise UsageError(f"{path}: a cell of it cannot be brought back: {why}")
    place = cell - 1
    at = next(row.local for row in rows(then.cells, now.cells, then.cells) if row.base == place)
    made = with_past_cell(then.cells[place], then.cells[:place], at, now)
    return save_made(service, path, head, made, _WRITER)


def number_before(service: NotebookService, path: str) -> int:
    """The number of the version that the file held before; to restore it twice this is asked twice.

    Raises UsageError if nothing else is known.
    """
    with service.at(path) as (notebook_id, _):
        found = version_before(service.store, notebook_id, service.head(notebook_id).digest)
    if found is None:
        raise UsageError(f"{path}: no other version of it is known")
    return found.number
