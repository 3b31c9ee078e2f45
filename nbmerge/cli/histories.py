"""Owns: which notebook and version an argument names, and opening their history.

Must not know: what is asked about them.  Invariant: every spelling of a path names the same
history, also when the file is gone; an argument that names nothing is an error of one line.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from nbmerge.cli.program import to_type
from nbmerge.cli.streams import printable, write_error
from nbmerge.errors import NotebookError, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.history.store import Store
    from nbmerge.lineage.versions import Version
    from nbmerge.service.notebook_service import NotebookService


@dataclass(frozen=True, slots=True)
class NamedVersion:
    """A notebook as it was spelled, and the number of a version if one was given."""

    path: str
    number: int | None

    @property
    def real(self) -> str:
        """The path under which its history is kept."""
        return os.path.realpath(self.path)


def named(word: str) -> NamedVersion:
    """What `NOTEBOOK` or `NOTEBOOK@N` names; the name itself may hold an @."""
    path, at, number = word.rpartition("@")
    if at and path and is_number(number):
        return NamedVersion(path, int(number))
    return NamedVersion(word, None)


def is_number(text: str) -> bool:
    """Whether it is written like the number of a version."""
    return text.isascii() and text.isdigit() and len(text) < 12


def named_version(word: str) -> tuple[NamedVersion, int]:
    """The same where a version must be given."""
    found = named(word)
    if found.number is None:
        raise UsageError(
            f"{word}: the version is missing: {word}@N ({to_type('log', word)} lists the versions)"
        )
    return found, found.number


@contextmanager
def history(state: str | None) -> Iterator[Store]:
    """The store of a state directory or a database; says so if it was damaged.

    What a watcher that was killed had read is taken in first.
    """
    from nbmerge.history.opening import database_of, open_store, state_directory

    directory = state_directory(state)
    opened = open_store(directory, time.time, database=database_of(state))
    tell_set_aside(opened.set_aside)
    try:
        _take_in_arrivals(opened.store, directory)
        yield opened.store
    finally:
        opened.store.close()


@contextmanager
def service(state: str | None) -> Iterator[NotebookService]:
    """What records and writes notebooks, with the store of a state directory; likewise."""
    from nbmerge.history.opening import state_directory
    from nbmerge.service.notebook_service import taking_part

    with taking_part(state) as found:
        tell_set_aside(found.set_aside)
        _take_in_arrivals(found.store, state_directory(state))
        yield found


def _take_in_arrivals(store: Store, directory: str) -> None:
    from nbmerge.observe.arrivals import doubts, journal_directory, left_over

    place = journal_directory(directory)
    journals, doubted = left_over(place), doubts(place)
    if not journals and not doubted:
        return
    from nbmerge.service.arrivals import take_in_arrivals
    from nbmerge.service.cache import NotebookCache
    from nbmerge.service.record import Recorder
    from nbmerge.watch.status import is_locked

    if is_locked(directory):  # the watcher sees to it
        return
    for one in doubted:
        _tell(one.path, f"{one.why}, so it was left as it is; remove it if you know nothing of it")
    for left in take_in_arrivals(Recorder(store, NotebookCache(store)), journals):
        _tell(left.path, left.why)


def _tell(path: str, why: str) -> None:
    write_error(f"nbmerge: {printable(f'{path}: {why}')}\n")


def tell_set_aside(path: str | None) -> None:
    """Say that the store was damaged, if it was."""
    if path is not None:
        write_error(
            f"nbmerge: the store was damaged; it was moved to {printable(path)}, and a new one was begun\n"
        )


def book_of(store: Store, notebook: NamedVersion) -> int:
    """Its number in the store.  Raises NotebookError if it has no history."""
    notebook_id = store.notebook_id(notebook.real)
    if notebook_id is None or store.heads(notebook_id) is None:
        if os.path.isdir(notebook.path):
            raise NotebookError(f"{notebook.path}: is a folder; name a notebook in it")
        there = os.path.exists(notebook.path)
        why = "nothing watches it yet" if there else "there is no such file"
        begin = to_type("watch", os.path.dirname(notebook.path) or ".")
        raise NotebookError(f"{notebook.path}: has no history: {why}; {begin} begins one")
    return notebook_id


def version_of(store: Store, notebook_id: int, notebook: NamedVersion, number: int) -> Version:
    """One of its versions that is kept.  Raises NotebookError that says which there are."""
    versions = store.versions(notebook_id)
    for version in versions:
        if version.number == number:
            return version
    was_there = versions and 0 < number < versions[-1].number
    why = f"version {number} is no longer kept" if was_there else f"there is no version {number}"
    raise NotebookError(f"{notebook.path}: {why}; {to_type('log', notebook.path)} lists the versions")
