"""Owns: everything that a command needs to take part in the history of one notebook.

Must not know: options, what is printed.  Invariant: what the file holds is in the store
before anything is done about it; other processes wait while `at` is held.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from nbmerge.disk.disk import Disk
from nbmerge.environment.environment import Environment
from nbmerge.errors import NotebookError
from nbmerge.files import digest, read_file
from nbmerge.history.opening import open_store, state_directory
from nbmerge.history.store import Store
from nbmerge.history.values import Retention
from nbmerge.lineage.heads import Heads
from nbmerge.service.cache import NotebookCache
from nbmerge.service.record import Saved, Taker
from nbmerge.service.write import Settler

_PATIENCE = 0.3  # seconds for what a write of ours displaced to become quiet, before the command ends


@dataclass(frozen=True, slots=True)
class Session:
    """A store, a disk and what works on them; `set_aside` names a damaged store that was replaced."""

    store: Store
    disk: Disk
    taker: Taker
    settler: Settler
    surroundings: Environment
    clock: Callable[[], float]
    set_aside: str | None = None

    @contextmanager
    def at(self, path: str) -> Iterator[tuple[int, str]]:
        """The book of a notebook and its real path, while no other process changes the store.

        What the file holds now is taken first.  Raises NotebookError if it is no notebook.
        """
        real = os.path.realpath(path)
        with self.store.lock():
            data = read_file(real)
            notebook_id = self.store.adopt(real)
            if not self._is_held(notebook_id, data):
                latest = self.store.versions(notebook_id, last=1)
                since = latest[-1].time if latest else None
                try:
                    situation = self.surroundings.situation(real, data, since)
                    self.taker.take(notebook_id, Saved(data, self.clock()), situation)
                except NotebookError as error:
                    raise NotebookError(f"{path}: {str(error).removeprefix('notebook: ')}") from error
            yield notebook_id, real

    def _is_held(self, notebook_id: int, data: bytes) -> bool:
        heads = self.store.heads(notebook_id)
        return heads is not None and self.store.version(notebook_id, heads.head).digest == digest(data)

    def heads(self, notebook_id: int) -> Heads:
        """Where a notebook stands of which at least one version is known."""
        heads = self.store.heads(notebook_id)
        assert heads is not None
        return heads


@contextmanager
def open_session(
    state: str | None, clock: Callable[[], float], retention: Retention = Retention()
) -> Iterator[Session]:
    """The store of a state directory (None: the user's) and the disk, ready to be used."""
    directory = state_directory(state)
    opened = open_store(directory, clock, retention)
    disk = Disk(os.path.join(directory, "journal"), clock)
    try:
        taker = Taker(opened.store, NotebookCache(opened.store))
        settler = Settler(taker, disk, clock)
        surroundings = Environment(clock, os.environ, os.path.expanduser("~"))
        yield Session(opened.store, disk, taker, settler, surroundings, clock, opened.set_aside)
    finally:
        disk.close(_PATIENCE)
        opened.store.close()
