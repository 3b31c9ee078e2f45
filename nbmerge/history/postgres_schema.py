"""Owns: the tables in PostgreSQL at each stage, and bringing a schema to today's.

Must not know: what is asked of the tables.  Invariant: a schema is at one of the numbered stages, whole; one
from a newer nbmerge is not touched.  Of several machines that find it missing or old, one mends it.

All tables stand in the first schema of the role's search_path, beside nobody else's.  `book` is written at
each save and stays narrow: contents stand in `piece`, what they are made of (`recipe`) out of line.
"""

from __future__ import annotations

from collections.abc import Iterable
from uuid import uuid4

from nbmerge.errors import SystemFailure
from nbmerge.history.postgres import PostgresDatabase

_LOCK = 0x6E626D6572676500  # "nbmerge": while tables are made
CHANNEL = "nbmerge_{}"  # with the store's own name: on which changes of notebooks are told

# One step for each stage; a new one is added at the end, and none is ever changed.
STEPS: tuple[tuple[str, ...], ...] = (
    (
        # A notebook is a `book`.  `last`, `standing`, `open` and `glance`: as in SQLite.  `generation` counts
        # up with each change; `kept`, `merges` and `bytes` say how much there is without counting.
        """CREATE TABLE book (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, path bytea NOT NULL UNIQUE,
            last bigint NOT NULL DEFAULT 0, standing text, open bigint NOT NULL DEFAULT 0, glance text,
            generation bigint NOT NULL DEFAULT 0, kept bigint NOT NULL DEFAULT 0,
            merges bigint NOT NULL DEFAULT 0, bytes bigint NOT NULL DEFAULT 0
        ) WITH (fillfactor = 60)""",
        """CREATE TABLE version (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, book bigint NOT NULL, number bigint NOT NULL,
            digest bytea NOT NULL, time double precision NOT NULL, origin text NOT NULL,
            parents text NOT NULL, size bigint NOT NULL, note text NOT NULL, recipe bytea, made_of text,
            marked boolean, UNIQUE (book, number)
        ) WITH (fillfactor = 90, toast_tuple_target = 256)""",
        "ALTER TABLE version ALTER COLUMN recipe SET STORAGE EXTERNAL",
        "CREATE INDEX version_digest ON version (book, digest, number)",
        "CREATE INDEX version_time ON version (time, id) WHERE recipe IS NOT NULL",
        "CREATE INDEX version_made_of ON version (book, made_of, number) WHERE made_of IS NOT NULL",
        "CREATE INDEX version_merged ON version (book, number) WHERE origin = 'merged'",
        """CREATE TABLE piece (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, hash bytea NOT NULL UNIQUE,
            data bytea NOT NULL
        )""",
        "ALTER TABLE piece ALTER COLUMN data SET STORAGE EXTERNAL",  # it is packed already
        """CREATE TABLE use (
            piece bigint NOT NULL, book bigint NOT NULL, last bigint, PRIMARY KEY (book, piece)
        ) WITH (fillfactor = 90)""",
        "CREATE INDEX use_last ON use (book, last) WHERE last IS NOT NULL",
        """CREATE TABLE sent (
            book bigint NOT NULL, save_id text NOT NULL, number bigint NOT NULL, PRIMARY KEY (book, save_id)
        )""",
        """CREATE TABLE conflicts (
            book bigint NOT NULL, number bigint NOT NULL, made bytea NOT NULL, PRIMARY KEY (book, number)
        )""",
    ),
)
# Asked of the catalogue itself: what a session knows of names is from before it waited for the lock.
_IS_THERE = """
    SELECT 1 FROM pg_class JOIN pg_namespace ON pg_namespace.oid = pg_class.relnamespace
    WHERE relname = 'nbmerge_store' AND nspname = current_schema()
"""
_STAGES = "CREATE TABLE nbmerge_store (stage integer NOT NULL, name text NOT NULL)"


def brought_up(database: PostgresDatabase) -> str:
    """The name of the store, which is at today's stage then.

    Raises SystemFailure if it is from a newer nbmerge, or the role may not make tables.
    """
    stage, name = _found(database)
    if stage == len(STEPS):
        return name
    with database.writing():
        database.run("SELECT pg_advisory_xact_lock(?)", _LOCK)
        stage, name = _found(database)
        if stage < 0:
            stage, name = 0, uuid4().hex
            _run(database, [_STAGES])
            database.run("INSERT INTO nbmerge_store (stage, name) VALUES (0, ?)", name)
        for step in STEPS[stage:]:
            _run(database, step)
        database.run("UPDATE nbmerge_store SET stage = ?", len(STEPS))
    return name


def stage_of(database: PostgresDatabase) -> int:
    """At which stage the store is, which is left as it is; -1: there is none."""
    return _found(database)[0]


def _found(database: PostgresDatabase) -> tuple[int, str]:
    if not database.rows(_IS_THERE):
        return -1, ""
    rows = database.rows("SELECT stage, name FROM nbmerge_store")
    if len(rows) != 1:
        raise database.damaged("it is at no stage")
    stage, name = rows[0]
    if stage > len(STEPS):
        raise SystemFailure(
            f"{database.path}: the store is from a newer nbmerge; update this one, or name another schema"
        )
    return stage, name


def _run(database: PostgresDatabase, changes: Iterable[str]) -> None:
    for change in changes:
        database.run(change)
