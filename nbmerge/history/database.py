"""Owns: SQLite: the connection, transactions, and its failures in words.

Must not know: what the tables mean.  Invariant: after a failure nothing of the
transaction is there and the connection can be used again; any thread may use it.

Each commit waits for the disk (`synchronous=FULL`), although WAL would be consistent
without: an editor's save is displaced by a merge as soon as its version is recorded, and
a power cut must not take back the record when the file is already gone.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Iterator, Sequence
from threading import RLock

from nbmerge.errors import SystemFailure
from nbmerge.history.values import StoreLost

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PATIENCE = 30.0  # seconds that one process waits for another one's transaction
SETTINGS = (
    "PRAGMA auto_vacuum = INCREMENTAL",  # counts only before the first table
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA fullfsync = ON",  # macOS: past the drive's cache
    "PRAGMA wal_autocheckpoint = 500",  # pages of 4 KiB
    "PRAGMA journal_size_limit = 2097152",
)
DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CONSTRAINT}
ADVICE = {
    sqlite3.SQLITE_FULL: "the disk is full; free some space",
    sqlite3.SQLITE_BUSY: "another process has been writing for too long; see what it does and try again",
    sqlite3.SQLITE_LOCKED: "another process has been writing for too long; see what it does and try again",
    sqlite3.SQLITE_READONLY: "it is write-protected; allow writing or name another directory with --state",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; see who owns it or name another directory with --state",
    sqlite3.SQLITE_PERM: "it cannot be opened; see who owns it or name another directory with --state",
    sqlite3.SQLITE_IOERR: "the disk cannot be read or written; check it and its free space",
}


def connect(path: str) -> sqlite3.Connection:
    """A connection without transactions of its own."""
    return sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False)


class Database:
    """One SQLite file, or memory (":memory:").  Raises SystemFailure, or StoreLost if it is damaged."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.undone = 0  # transactions that came to nothing
        self._mutex = RLock()
        self._file = _identity(path)
        with self._told():
            self._connection = connect(path)
        try:
            for setting in SETTINGS:
                self.rows(setting)
        except BaseException:
            self.close()
            raise

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with self._mutex, self._told():
            return self._connection.execute(sql, values).fetchall()

    def row(self, sql: str, *values: object) -> tuple[Any, ...] | None:
        """The first row, if there is one."""
        return next(iter(self.rows(sql, *values)), None)

    def run(self, sql: str, *values: object) -> int:
        """Execute a statement; the id of the row that it inserted."""
        with self._mutex, self._told():
            return self._connection.execute(sql, values).lastrowid or 0

    def run_all(self, sql: str, many: Sequence[Sequence[object]]) -> None:
        """Execute a statement for each sequence of values."""
        with self._mutex, self._told():
            self._connection.executemany(sql, many)

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """All or nothing.  Within another one: part of it."""
        with self._mutex:
            if self._connection.in_transaction:
                yield
                return
            self.run("BEGIN IMMEDIATE")
            yield from self._ended()
            self._still_there()

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """What is read within is of one moment."""
        with self._mutex:
            if self._connection.in_transaction:
                yield
                return
            self.run("BEGIN")
            yield from self._ended()

    def size(self) -> int:
        """Bytes of the file that are in use; what waits in the log for its place is among them."""
        [[size]] = self.rows(
            "SELECT (page_count - freelist_count) * page_size "
            "FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
        )
        return int(size)

    def shrink(self) -> None:
        """Give unused pages at the end back to the system."""
        self.rows("PRAGMA incremental_vacuum")

    def damaged(self, what: str) -> StoreLost:
        """The failure to raise for what cannot be; the next one to open the store sets it aside."""
        if self._file is not None:
            with contextlib.suppress(OSError), open(mark_of(self.path), "wb"):
                pass
        return StoreLost(
            f"{self.path}: the store is damaged ({what}); start nbmerge again, it begins a new one"
        )

    def close(self) -> None:
        """Give the file back."""
        with self._mutex:
            self._connection.close()

    def _ended(self) -> Iterator[None]:
        try:
            yield
            self.run("COMMIT")
        except BaseException:
            self.undone += 1
            if self._connection.in_transaction:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
            raise

    def _still_there(self) -> None:
        """Somebody may have set the file aside or removed it: then what was written is lost."""
        if self._file is not None and _identity(self.path) != self._file:
            raise StoreLost(
                f"{self.path}: the store was moved or removed; start nbmerge again, it begins a new one"
            )

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.DatabaseError, sqlite3.InterfaceError) as error:
            code = getattr(error, "sqlite_errorcode", None)
            if code is None:
                raise  # wrong use, a bug
            if code & 0xFF in DAMAGED or str(error).startswith(("no such", "malformed")):
                raise self.damaged(str(error)) from error
            advice = ADVICE.get(code & 0xFF, f"SQLite says: {error}")
            raise SystemFailure(f"{self.path}: the store cannot be used: {advice}") from error


def mark_of(path: str) -> str:
    """The file that says: this store is damaged, do not open it."""
    return f"{path}.damaged"


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino
