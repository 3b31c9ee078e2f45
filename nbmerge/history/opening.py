"""Owns: opening the store: making, migrating, setting aside.

Must not know: what is asked of it.  Invariant: a store that is there and sound is never
set aside; one that is damaged is renamed, never removed.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count

from nbmerge.errors import SystemFailure
from nbmerge.files import reason
from nbmerge.history.database import Database, mark_of
from nbmerge.history.lock import lock_of
from nbmerge.history.schema import migrate, prepare
from nbmerge.history.store import Store
from nbmerge.history.values import Retention, StoreLost

NAME = "history.sqlite3"
COMPANIONS = ("", "-wal", "-shm")


@dataclass(frozen=True, slots=True, eq=False)
class Opened:
    """A store that can be used; `set_aside` is where a damaged one that stood in its place is now."""

    store: Store
    set_aside: str | None = None


def open_store(
    directory: str | None, clock: Callable[[], float], retention: Retention = Retention()
) -> Opened:
    """The store in the state directory, which exists; None: one in memory.

    Raises SystemFailure if it is from a newer nbmerge, or cannot be opened for a reason
    that is not damage.
    """
    lock = lock_of(directory)
    if directory is None:
        memory = Database(":memory:")
        migrate(memory)
        return Opened(Store(memory, lock, retention))
    path = os.path.join(directory, NAME)
    if os.path.exists(path) and not os.path.exists(mark_of(path)):
        with contextlib.suppress(StoreLost):
            if found := _as_it_is(path):
                return Opened(Store(found, lock, retention))
    with lock:  # of several processes that find it missing, old or damaged, one mends it
        aside = None
        try:
            database = _mended(path)
        except StoreLost:
            aside = _put_aside(path, clock())
            database = _mended(path)
        return Opened(Store(database, lock, retention), aside)


def _as_it_is(path: str) -> Database | None:
    """The store if nothing is to be done to it.  Raises StoreLost if it is damaged."""
    database = Database(path)
    try:
        if prepare(database):
            database.row(
                "SELECT max(id), (SELECT max(id) FROM version), (SELECT max(id) FROM piece) FROM book"
            )
            return database
    except BaseException:
        database.close()
        raise
    database.close()
    return None


def _mended(path: str) -> Database:
    if os.path.exists(mark_of(path)):
        raise StoreLost(f"{path}: the store was found damaged")
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # SQLite's other files follow it
    if (found := _as_it_is(path)) is not None:
        return found
    database = Database(path)
    try:
        migrate(database)
    except BaseException:
        database.close()
        raise
    return database


def _put_aside(path: str, now: float) -> str:
    stamp = time.strftime("%Y%m%dT%H%M%S", time.localtime(now))
    names = (f"{path}.{stamp}{extra}" for extra in ("", *(f"-{number}" for number in count(2))))
    target = next(name for name in names if not os.path.exists(name))
    try:
        for end in COMPANIONS:
            with contextlib.suppress(FileNotFoundError):
                os.rename(path + end, target + end)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(mark_of(path))
    except OSError as error:
        raise SystemFailure(
            f"{path}: the store is damaged and cannot be set aside: {reason(error)}; rename it yourself"
        ) from error
    return target
