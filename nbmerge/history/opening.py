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
from itertools import chain, count

from nbmerge.errors import SystemFailure
from nbmerge.files import reason
from nbmerge.history.database import Database, is_marked, mark_of
from nbmerge.history.lock import lock_of
from nbmerge.history.schema import is_current, migrate
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
    with contextlib.suppress(StoreLost):
        if os.path.exists(path):
            database, current = _opened(path)
            if current:
                return Opened(Store(database, lock, retention))
            database.close()
    with lock:  # of several processes that find it missing, old or damaged, one mends it
        database, aside = _mended(path, clock())
    return Opened(Store(database, lock, retention), aside)


def _opened(path: str) -> tuple[Database, bool]:
    """The store, and whether it is of today's stage.  Raises StoreLost if it is damaged."""
    if is_marked(path):
        raise StoreLost(f"{path}: the store was found damaged; start nbmerge again: it makes a new one")
    database = Database(path)
    try:
        return database, is_current(database)
    except BaseException:
        database.close()
        raise


def _mended(path: str, now: float) -> tuple[Database, str | None]:
    """A store of today's stage, and where the damaged one is now that was in its place."""
    aside = None
    if not os.path.exists(path):
        if os.path.exists(f"{path}-wal"):  # it would be taken for part of the new one
            aside = _put_aside(path, now)
        _create(path)
    try:
        return _migrated(path), aside
    except StoreLost:
        aside = _put_aside(path, now)
        _create(path)
        return _migrated(path), aside


def _migrated(path: str) -> Database:
    database, current = _opened(path)
    try:
        if not current:
            migrate(database)
    except BaseException:
        database.close()
        raise
    return database


def _create(path: str) -> None:
    """Make an empty store, beside its place, so that nobody ever finds half of one."""
    beside = f"{path}.new"
    try:
        for end in COMPANIONS:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(beside + end)  # of a process that was killed
        os.close(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))  # its companions follow it
        database = Database(beside, new=True)
        try:
            migrate(database)
        finally:
            database.close()
        os.rename(beside, path)
    except OSError as error:
        raise SystemFailure(
            f"{path}: the store cannot be made: {reason(error)}; name another state directory with --state"
        ) from error


def _put_aside(path: str, now: float) -> str:
    stamp = time.strftime("%Y%m%dT%H%M%S", time.localtime(now))
    names = (f"{path}.{stamp}{extra}" for extra in chain([""], (f"-{number}" for number in count(2))))
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
