"""Owns: the tables, and how those of an older nbmerge become today's.

Must not know: what is asked of them.  Invariant: a store is at one of the numbered
stages, whole; one from a newer nbmerge is not touched.
"""

from __future__ import annotations

from nbmerge.errors import SystemFailure
from nbmerge.history.database import Database

# One step for each stage; a new one is added at the end, and none is ever changed.
STEPS: tuple[tuple[str, ...], ...] = (
    (
        # `last` is the highest number that was ever given; `standing` is JSON, `open` the count in it.
        # `glance` is text because an inode's number may be larger than SQLite's.
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
        # `last` is the newest kept version that has the piece; NULL: the book's newest version.
        """CREATE TABLE use (
            piece INTEGER NOT NULL, book INTEGER NOT NULL, last INTEGER, PRIMARY KEY (piece, book)
        ) WITHOUT ROWID""",
        "CREATE INDEX use_last ON use (book, last) WHERE last IS NOT NULL",
    ),
)


def is_current(database: Database) -> bool:
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


def migrate(database: Database) -> None:
    """Bring a store, or an empty database, to today's stage, all steps or none."""
    with database.writing():
        for step in STEPS[_stage(database) :]:
            for statement in step:
                database.run(statement)
        database.run(f"PRAGMA user_version = {len(STEPS)}")


def _stage(database: Database) -> int:
    [[stage]] = database.rows("PRAGMA user_version")
    return int(stage)
