"""Owns: what is lost of one notebook, from its versions in the store, and putting it back as a save.

Must not know: what is printed, how something got lost.  Invariant: every version that is kept and is a
notebook is looked at; what is put back is a version like any other, and can be undone.
"""

from __future__ import annotations

from nbmerge.errors import UsageError
from nbmerge.lineage.lost import Lost, NotPutBackError, lost, put_back
from nbmerge.lineage.versions import Version
from nbmerge.notebook.model import Notebook
from nbmerge.notebook.reader import read
from nbmerge.notebook.writer import write
from nbmerge.service.notebook_service import NotebookService
from nbmerge.service.past_cells import cells_of_versions
from nbmerge.service.record import DeclaredSave
from nbmerge.service.saving import Held, save

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.history.store import Store


_WRITER = "nbmerge lost"


def all_lost(store: Store, notebook_id: int, now: Notebook) -> list[Lost]:
    """What was saved once and is not in the notebook now, the latest loss first."""
    return list(lost(cells_of_versions(store, notebook_id), now))


def went_with(versions: tuple[Version, ...], found: Lost) -> Version | None:
    """The first version without it; None if it went since the newest one."""
    return next((one for one in versions if one.number > found.last), None)


def put_lost_back(service: NotebookService, path: str, number: int) -> tuple[Lost, Held]:
    """Put what is listed under this number (from 1) into the notebook again.

    Raises UsageError if there is no such number, or it cannot be put back as it was, NotebookError if the
    file is no notebook, SystemFailure if it cannot be written.
    """
    with service.at(path) as (notebook_id, _):
        head = service.head(notebook_id)
    now = read(service.store.data(notebook_id, head.number), path)
    found = all_lost(service.store, notebook_id, now)  # reads every version: others may save meanwhile
    if not 0 < number <= len(found):
        there = f"there are {len(found)}" if found else "nothing is lost"
        raise UsageError(f"{path}: number {number} is not in the list: {there}")
    one = found[number - 1]
    try:
        made = write(put_back(one, now))
    except NotPutBackError as error:
        raise UsageError(f"{path}: {error}") from error
    sent = DeclaredSave(path, made, read(made, path), lambda find: head, "", _WRITER)
    return one, save(service, sent)
