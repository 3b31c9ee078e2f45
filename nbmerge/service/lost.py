"""Owns: what is lost of one notebook, from its versions in the store, and putting it back as a save.

Must not know: what is printed, how something got lost.  Invariant: every version that is kept and is a
notebook is looked at; what is put back is a version like any other, and can be undone.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass

from nbmerge.errors import UsageError
from nbmerge.lineage.lost import Lost, NotPutBackError, lost, put_back
from nbmerge.lineage.versions import Version
from nbmerge.notebook.model import Notebook
from nbmerge.notebook.reader import read
from nbmerge.notebook.writer import write
from nbmerge.service.listing import when
from nbmerge.service.notebook_service import NotebookService
from nbmerge.service.past_cells import cells_of_versions
from nbmerge.service.record import DeclaredSave
from nbmerge.service.saving import Held, save

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.history.store import Store


_WRITER = "nbmerge lost"


@dataclass(frozen=True, slots=True)
class LostName:
    """What is lost, by the last version that had it, its cell there (from 1), and what of the cell it is."""

    last: int
    cell: int
    kind: str


@dataclass(frozen=True, slots=True)
class LostRow:
    """One thing that is lost, under its number (from 1).

    `gone` is the first version without it, None if it went since the newest one.
    """

    number: int
    found: Lost
    gone: Version | None

    def holds(self, words: Iterable[str]) -> bool:
        """Whether all the words are in it."""
        text = self.found.text.lower()
        return all(word.lower() in text for word in words)

    @property
    def name(self) -> LostName:
        """Names it also when the numbers are others."""
        return LostName(self.found.last, self.found.place + 1, self.found.kind.value)

    def as_json(self) -> dict[str, object]:
        """The object that people's programs read."""
        gone = self.gone
        return {
            "number": self.number,
            "kind": self.found.kind.value,
            "cell": self.found.place + 1,
            "id": self.found.cell.id,
            "text": self.found.text,
            "last": self.found.last,
            "gone": None if gone is None else gone.number,
            "time": None if gone is None else when(gone),
            "writer": None if gone is None else gone.by,
        }


def lost_rows(store: Store, notebook_id: int, now: Notebook) -> list[LostRow]:
    """What was saved once and is not in the notebook now, the latest loss first."""
    versions = store.versions(notebook_id)
    found = lost(cells_of_versions(store, notebook_id), now)
    return [LostRow(number, one, _gone(versions, one)) for number, one in enumerate(found, 1)]


def _gone(versions: tuple[Version, ...], found: Lost) -> Version | None:
    place = bisect_right(versions, found.last, key=lambda one: one.number)
    return versions[place] if place < len(versions) else None


def put_lost_back(service: NotebookService, path: str, wanted: int | LostName) -> tuple[Lost, Held]:
    """Put what is listed under this number (from 1), or is called so, into the notebook again.

    Raises UsageError if there is no such thing, or it cannot be put back as it was, NotebookError if the
    file is no notebook, SystemFailure if it cannot be written.
    """
    with service.at(path) as (notebook_id, _):
        head = service.head(notebook_id)
    now = read(service.store.data(notebook_id, head.number), path)
    found = lost_rows(service.store, notebook_id, now)  # reads every version: others may save meanwhile
    one = next((row.found for row in found if wanted in (row.number, row.name)), None)
    if one is None:
        there = f"there are {len(found)}" if found else "nothing is lost"
        named = f"number {wanted}" if isinstance(wanted, int) else "what is to be put back"
        raise UsageError(f"{path}: {named} is not in the list: {there}")
    try:
        return one, save_made(service, path, head, put_back(one, now), _WRITER)
    except NotPutBackError as error:
        raise UsageError(f"{path}: {error}") from error


def save_made(service: NotebookService, path: str, head: Version, made: Notebook, writer: str) -> Held:
    """Save what was made of the version that the file held."""
    content = write(made)
    return save(service, DeclaredSave(path, content, read(content, path), lambda _: head, "", writer))
