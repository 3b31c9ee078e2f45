"""Owns: a store and a disk that fail or stop working when a test says so.

Must not know: what is recorded or written.  Invariant: a statement that is refused has done nothing;
after a kill nothing more is done by anybody, and what was not committed is gone.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from nbmerge.disk import PlaceResult
from nbmerge.errors import SystemFailure
from nbmerge.history.opening import open_store
from nbmerge.history.store import Store
from tests.helpers.fake_disk import FakeDisk

CHANGES = ("INSERT", "UPDATE", "DELETE")


def full() -> sqlite3.OperationalError:
    """What SQLite says on a full disk."""
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    return error


@dataclass
class StoreFaults:
    """What is to go wrong: all changes while `refusing`; and `hook`, called with each statement."""

    refusing: bool = False
    hook: Callable[[str], None] | None = None
    statements: int = 0

    def before(self, sql: str) -> None:
        self.statements += 1
        if self.hook is not None and not sql.startswith("ROLLBACK"):  # that needs no room
            self.hook(sql)
        if self.refusing and sql.lstrip().startswith(CHANGES):
            raise full()

    @contextlib.contextmanager
    def suspended(self) -> Iterator[None]:
        """While the test itself looks at the store."""
        hook, refusing, self.hook, self.refusing = self.hook, self.refusing, None, False
        try:
            yield
        finally:
            self.hook, self.refusing = hook, refusing


@dataclass
class FaultyConnection:
    """Stands before SQLite's own connection."""

    real: sqlite3.Connection
    faults: StoreFaults

    @property
    def in_transaction(self) -> bool:
        return self.real.in_transaction

    def execute(self, sql: str, values: Any = ()) -> sqlite3.Cursor:
        self.faults.before(sql)
        return self.real.execute(sql, values)

    def executemany(self, sql: str, many: Any) -> sqlite3.Cursor:
        self.faults.before(sql)
        return self.real.executemany(sql, many)

    def close(self) -> None:
        self.real.close()


def faulty_store(faults: StoreFaults) -> Store:
    """A store in memory that fails when it is told to."""
    store = open_store(None, lambda: 0.0).store
    database: Any = store._database
    database._connection = FaultyConnection(database._connection, faults)
    return store


def forget_what_was_begun(store: Store) -> None:
    """What a kill does to a transaction."""
    with contextlib.suppress(sqlite3.OperationalError):
        store._database._connection.real.execute("ROLLBACK")  # type: ignore[attr-defined]


@dataclass(slots=True)
class StubbornDisk(FakeDisk):
    """Writes to no notebook while it is `refusing`; `trap` is called with each touch."""

    refusing: bool = False
    trap: Callable[[FakeDisk], None] | None = None

    def place(self, path: str, data: bytes, expected: str) -> PlaceResult:
        if self.refusing and path in self.files:
            raise SystemFailure(f"{path}: cannot be written: no space left on the disk")
        return FakeDisk.place(self, path, data, expected)

    def _step(self) -> None:
        if self.trap is not None:
            self.trap(self)
        FakeDisk._step(self)

    def restart(self) -> StubbornDisk:
        return StubbornDisk(dict(self.files), list(self.displaced), set(self.writers), self.placed)
