"""Owns: the engine for one machine, SQLite: the connection, transactions, its failures in words, and the
tables at each stage.

Must not know: what the tables mean, what is asked of them.  Invariant: after a failure nothing of the
transaction is there and the connection can be used again; any thread may use it.  A store is at one of
the numbered stages, whole; one from a newer nbmerge is not touched.

A commit does not wait for the disk (`synchronous=NORMAL`): in WAL mode a kill takes nothing back, and a
power cut the last commits at most, whole ones.  Whoever is about to displace or remove what was recorded
calls `flush` first, after which a power cut takes nothing back either.  Waiting each time cost three
quarters of the time of a start with many notebooks.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from threading import RLock

from nbmerge.errors import SystemFailure
from nbmerge.files import for_this_user_only
from nbmerge.history.database import NO_GROWTH, Growth, read_as_written
from nbmerge.history.values import StoreLost

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


PATIENCE = 30.0  # seconds that one process waits for another one's transaction
SETTINGS = (
    "PRAGMA synchronous = NORMAL",
    "PRAGMA fullfsync = ON",  # macOS: past the drive's cache
    "PRAGMA wal_autocheckpoint = 500",  # pages of 4 KiB
    "PRAGMA journal_size_limit = 2097152",
)
FREE = 2000  # pages given back at a time
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
    by_uri = path.startswith("file:")
    return sqlite3.connect(path, timeout=PATIENCE, isolation_level=None, check_same_thread=False, uri=by_uri)


def read_only_name(path: str) -> str:
    """A name under which a file can be opened so that nothing in its folder changes.

    SQLite makes a log even to read; where there is none, nobody has the file open, and it is read
    as one that cannot change (https://www.sqlite.org/uri.html).
    """
    from urllib.parse import quote

    alone = "" if os.path.exists(f"{path}-wal") else "&immutable=1"
    return f"file:{quote(os.fsencode(path))}?mode=ro{alone}"


def sqlite_version() -> str:
    """The version of SQLite that is used."""
    return sqlite3.sqlite_version


class SqliteDatabase:
    """One SQLite file, or memory (":memory:").  Raises SystemFailure, or StoreLost if it is damaged."""

    usual_size = 2 << 30

    def __init__(self, path: str) -> None:
        self.path = path
        self.undone = 0  # transactions, or parts of them, that came to nothing
        self._mutex = RLock()
        self._depth = 0
        self._file = _identity(path)
        with self._in_words():
            self._connection = connect(path)
        try:
            for setting in SETTINGS:
                self.rows(setting)
        except BaseException:
            self.close()
            raise

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with self._mutex, self._in_words():
            return self._connection.execute(sql, values).fetchall()

    def foresee(self, asked: Sequence[tuple[str, Sequence[object]]]) -> None:
        """No question takes a way here."""

    def row(self, sql: str, *values: object) -> tuple[Any, ...] | None:
        """The first row, if there is one."""
        return next(iter(self.rows(sql, *values)), None)

    def run(self, sql: str, *values: object) -> None:
        """Execute a statement."""
        with self._mutex, self._in_words():
            self._connection.execute(sql, values)

    def note(self, sql: str, *values: object) -> None:
        """Execute a statement that may come to nothing: it costs little here."""
        with self.writing():
            self.run(sql, *values)

    def insert(self, sql: str, *values: object) -> int:
        """Execute a statement; the id of the row that it inserted."""
        with self._mutex, self._in_words():
            return self._connection.execute(sql, values).lastrowid or 0

    def run_all(self, sql: str, many: Sequence[Sequence[object]]) -> None:
        """Execute a statement for each sequence of values."""
        with self._mutex, self._in_words():
            self._connection.executemany(sql, many)

    def pieces(self, wanted: Mapping[bytes, Callable[[], bytes]]) -> Mapping[bytes, int]:
        """The ids of pieces by their names; one that is not there is added, as what is given for it."""
        marks = ",".join("?" * len(wanted))
        known = dict(self.rows(f"SELECT hash, id FROM piece WHERE hash IN ({marks})", *wanted))
        for name, packed in wanted.items():
            if name not in known:
                known[name] = self.insert("INSERT INTO piece (hash, data) VALUES (?, ?)", name, packed())
        return known

    def piece_name(self, notebook_id: int, name: bytes) -> bytes:
        """The name itself: all notebooks share their pieces."""
        return name

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """All or nothing.  Within another transaction: a part of it that may fail by itself."""
        with self._mutex:
            if self._depth:
                with self._block("SAVEPOINT part", "RELEASE part", "ROLLBACK TO part"):
                    yield
            else:
                with self._block("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK"):
                    yield
                self._still_there()

    def flush(self) -> None:
        """Wait until all that was committed has reached the disk; not within a transaction.

        A commit that waits takes everything before it in the log along; this one is empty but
        for the number of the schema, which is written as it stands.
        """
        with self._mutex:
            self.rows("PRAGMA synchronous = FULL")
            try:
                with self.writing():
                    [[schema]] = self.rows("PRAGMA user_version")
                    self.rows(f"PRAGMA user_version = {schema}")
            finally:
                self.rows("PRAGMA synchronous = NORMAL")

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """What is read within is of one moment."""
        with self._mutex:
            if self._depth:
                yield
            else:
                with self._block("BEGIN", "COMMIT", "ROLLBACK"):
                    yield

    @contextlib.contextmanager
    def _block(self, begin: str, end: str, undo: str) -> Iterator[None]:
        if self._depth == 0 and self._connection.in_transaction:
            self.run("ROLLBACK")  # the one before could not be ended
        self._depth += 1
        try:
            self.run(begin)
            yield
            self.run(end)
        except BaseException:
            self.undone += 1
            with contextlib.suppress(sqlite3.Error):  # SQLite undoes by itself what a full disk stopped
                self._connection.execute(undo)
            raise
        finally:
            self._depth -= 1

    def changed(self, notebook_id: int, growth: Growth = NO_GROWTH) -> None:
        """Nobody has to be told: what is remembered of a notebook is its newest content, by its number."""

    def confirm(self) -> None:
        """The system frees the lock of no process that lives."""

    def recount(self, notebook_id: int) -> None:
        """It is counted when somebody asks."""

    def counts(self) -> tuple[int, int, int, int]:
        """How many notebooks with versions, kept versions, merges among them and open tips there are."""
        kept = "SELECT count(*) FROM version WHERE recipe IS NOT NULL"
        with self.reading():
            [[notebooks, open_tips]] = self.rows("SELECT count(*), total(open) FROM book WHERE last > 0")
            [[versions]] = self.rows(kept)
            [[merges]] = self.rows(f"{kept} AND origin = 'merged'")
        return notebooks, versions, merges, int(open_tips)

    def size(self) -> int:
        """Bytes of the file that are in use; what waits in the log for its place is among them."""
        [[size]] = self.rows(
            "SELECT (page_count - freelist_count) * page_size "
            "FROM pragma_page_count, pragma_freelist_count, pragma_page_size"
        )
        return int(size)

    def shrink(self) -> None:
        """Give unused pages back to the system, a few at a time so that others get their turn."""
        [[free]] = self.rows("PRAGMA freelist_count")
        for _ in range(0, free, FREE):
            with self._mutex, self._in_words():  # as a script: `execute` frees one page and stops
                self._connection.executescript(f"PRAGMA incremental_vacuum({FREE})")

    def check(self) -> None:
        """Read all of the file and see whether it is sound.  Raises StoreLost if it is not."""
        [[verdict], *_] = self.rows("PRAGMA quick_check(1)")
        if verdict != "ok":
            raise self.damaged(str(verdict).splitlines()[-1])

    def decoding(self, what: str) -> AbstractContextManager[None]:
        """What is read within was written by nbmerge: if no sense can be made of it, it is damaged."""
        return read_as_written(what, self.damaged)

    def damaged(self, what: str) -> StoreLost:
        """The failure to raise for what cannot be; the next one to open the store sets it aside."""
        if self._file is not None and self._file == _identity(self.path):
            mark = damage_mark(self.path)
            with contextlib.suppress(OSError), open(mark, "wb", opener=for_this_user_only):
                pass
        return StoreLost(
            f"{self.path}: the store is damaged ({what}); start nbmerge again: it makes a new one"
        )

    def hear(
        self,
        told: Callable[[Collection[int] | None], None],
        spoken: Callable[[str | None], None] | None = None,
    ) -> None:
        """Nothing: no other machine changes it."""

    def close(self) -> None:
        """Give the file back."""
        with self._mutex:
            self._connection.close()

    def _still_there(self) -> None:
        """Somebody may have set the file aside or removed it: then what was written is lost."""
        if self._file is not None and _identity(self.path) != self._file:
            raise StoreLost(
                f"{self.path}: the store was moved or removed; start nbmerge again, it begins a new one"
            )

    @contextlib.contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except UnicodeDecodeError as error:  # even SQLite's message quotes what is damaged
            raise self.damaged("text in it is none") from error
        except (sqlite3.DatabaseError, sqlite3.InterfaceError) as error:
            code = getattr(error, "sqlite_errorcode", None)
            if code is None and isinstance(error, sqlite3.OperationalError):
                raise self.damaged(str(error)) from error  # Python could not read what SQLite gave
            if code is None:
                raise  # wrong use, a bug
            if code & 0xFF in DAMAGED or str(error).startswith(("no such", "malformed")):
                raise self.damaged(str(error)) from error
            advice = ADVICE.get(code & 0xFF, f"SQLite says: {error}")
            raise SystemFailure(f"{self.path}: the store cannot be used: {advice}") from error


def damage_mark(path: str) -> str:
    """The file that says: this store is damaged, do not open it."""
    return f"{path}.damaged"


def _identity(path: str) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _tips_of_merges(database: SqliteDatabase) -> None:
    """Fill `made_of`: merges say in words what they were made of, which their parents may be no more."""
    rows = database.rows("SELECT id, parents, note FROM version WHERE origin = 'merged'")
    for row, text, note in rows:
        with database.decoding("merge"):
            parents, why = text.split(), json.loads(note)[1]
            made_of = " ".join(sorted(parents, key=int))
        if why == "merged from " + " and ".join(f"version {parent}" for parent in parents):
            database.run("UPDATE version SET made_of = ? WHERE id = ?", made_of, row)


# One step for each stage; a new one is added at the end, and none is ever changed.
STEPS: tuple[tuple[str | Callable[[SqliteDatabase], None], ...], ...] = (
    (
        # A notebook is a `book`.  `last` is the highest number that was ever given; `standing` are its heads
        # as JSON, `open` the count of open tips in it.  `glance` is the stamp of its file: (modified, size,
        # inode), as text because an inode's number may be larger than SQLite's.
        """CREATE TABLE book (
            id INTEGER PRIMARY KEY AUTOINCREMENT, path BLOB NOT NULL UNIQUE, last INTEGER NOT NULL DEFAULT 0,
            standing TEXT, open INTEGER NOT NULL DEFAULT 0, glance TEXT
        )""",
        # `recipe` is NULL when the content was dropped; `note` is JSON: writer and why.
        """CREATE TABLE version (
            id INTEGER PRIMARY KEY, book INTEGER NOT NULL, number INTEGER NOT NULL, digest BLOB NOT NULL,
            time REAL NOT NULL, origin TEXT NOT NULL, parents TEXT NOT NULL, size INTEGER NOT NULL,
            note TEXT NOT NULL, recipe BLOB, UNIQUE (book, number)
        )""",
        "CREATE INDEX version_digest ON version (book, digest, number)",
        "CREATE INDEX version_time ON version (time) WHERE recipe IS NOT NULL",
        "CREATE TABLE piece (id INTEGER PRIMARY KEY, hash BLOB NOT NULL UNIQUE, data BLOB NOT NULL)",
        # `last` is the newest kept version that has the piece; NULL: the notebook's newest version.
        """CREATE TABLE use (
            piece INTEGER NOT NULL, book INTEGER NOT NULL, last INTEGER, PRIMARY KEY (piece, book)
        ) WITHOUT ROWID""",
        "CREATE INDEX use_last ON use (book, last) WHERE last IS NOT NULL",
    ),
    (
        # `made_of` are the tips of which the content is the merge, ascending; NULL for what is no merge, and
        # where it turned out that it descends from others: its parents are not what it was made of then.
        "ALTER TABLE version ADD COLUMN made_of TEXT",
        _tips_of_merges,
        "CREATE INDEX version_made_of ON version (book, made_of, number) WHERE made_of IS NOT NULL",
        "CREATE INDEX version_merged ON version (book, number) WHERE origin = 'merged'",
        # By a mistake times of a clock that counts from the start of the machine came in here: what was
        # recorded next to such a version, in whatever notebook, tells when that was.
        """UPDATE version SET time = coalesce(
            (SELECT near.time FROM version AS near
             WHERE near.id < version.id AND near.time >= 978307200 ORDER BY near.id DESC LIMIT 1),
            (SELECT near.time FROM version AS near
             WHERE near.id > version.id AND near.time >= 978307200 ORDER BY near.id LIMIT 1),
            CAST(strftime('%s', 'now') AS REAL)
        ) WHERE time < 978307200""",
    ),
    (
        # Whether the content holds what a conflict marker begins with; NULL: nobody looked.
        "ALTER TABLE version ADD COLUMN marked INTEGER",
    ),
    (
        # Which version a save became, by the name that its writer gave it before it knew a token.
        """CREATE TABLE sent (
            book INTEGER NOT NULL, save_id TEXT NOT NULL, number INTEGER NOT NULL, PRIMARY KEY (book, save_id)
        ) WITHOUT ROWID""",
    ),
    (
        # The conflicts that a merge made, as JSON, deflated; no row: nobody noted them.
        """CREATE TABLE conflicts (
            book INTEGER NOT NULL, number INTEGER NOT NULL, made BLOB NOT NULL, PRIMARY KEY (book, number)
        ) WITHOUT ROWID""",
    ),
)


def is_current(database: SqliteDatabase) -> bool:
    """Whether the store is at today's stage.

    Raises SystemFailure if it is from a newer nbmerge, StoreLost if it is none.
    """
    stage = _stage(database)
    if stage > len(STEPS):
        raise SystemFailure(
            f"{database.path}: the store is from a newer nbmerge; update this one, "
            "or name another state directory with --state"
        )
    if stage < 1:
        raise database.damaged("it is empty")
    database.row("SELECT max(id), (SELECT max(id) FROM version), (SELECT max(id) FROM piece) FROM book")
    return stage == len(STEPS)


def migrate(database: SqliteDatabase) -> None:
    """Bring a store, or an empty database, to today's stage, all steps or none."""
    with database.writing():
        for step in STEPS[_stage(database) :]:
            for change in step:
                if isinstance(change, str):
                    database.run(change)
                else:
                    change(database)
        database.run(f"PRAGMA user_version = {len(STEPS)}")


def _stage(database: SqliteDatabase) -> int:
    [[stage]] = database.rows("PRAGMA user_version")
    return int(stage)
