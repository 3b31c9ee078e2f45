"""Owns: a store in a few words.

Must not know: what is tested.  Invariant: time stands still unless a test says otherwise; a folder has one
store, in itself or, where DATABASE is set, in a schema of that server.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import psycopg

from nbmerge.files import digest
from nbmerge.history.lock import lock_of
from nbmerge.history.notebook_locks import NotebookLocks
from nbmerge.history.opening import OpenedStore, open_store
from nbmerge.history.postgres import PostgresDatabase
from nbmerge.history.sqlite import SqliteDatabase
from nbmerge.history.store import Store
from nbmerge.history.values import Draft, Retention
from nbmerge.lineage.heads import Heads
from nbmerge.lineage.versions import Origin, Version
from tests.helpers.postgres import Server, address_in, empty

NOON = 1_700_000_000.0
DAY = 86400.0
PATH = "/home/ada/plot.ipynb"
FOREVER = Retention(days=1e6, size=1 << 50)
OPEN: list[Store] = []  # closed after each test
ENGINE = "NBMERGE_TESTS_ENGINE"  # the folder of a PostgreSQL, for processes that tests start
ROOT = Path(__file__).parents[2]


def use(server: Server | None) -> None:
    """From now on stores are in this server; None: in files and in memory."""
    if server is None:
        os.environ.pop(ENGINE, None)
    else:
        os.environ[ENGINE] = server.folder


def database_of(folder: Path | None) -> str | None:
    """The address of the store of a folder; None: it is in the folder."""
    where = os.environ.get(ENGINE)
    if where is None:
        return None
    if folder is not None:
        return address_in(where, f"t{digest(os.fsencode(folder))[:12]}")
    if any(_is_open(store) for store in OPEN):
        return address_in(where, f"t{os.urandom(6).hex()}")
    address = address_in(where, "memory")  # made once, not for each example of a law
    empty(where, "memory")
    return address


def _is_open(store: Store) -> bool:
    return getattr(store._database, "_connection", None) is not None


def opened(folder: Path | None, retention: Retention = FOREVER) -> OpenedStore:
    directory = None if folder is None else str(folder)
    found = open_store(directory, lambda: NOON, retention, database_of(folder))
    OPEN.append(found.store)
    return found


def fresh(folder: Path | None = None, retention: Retention = FOREVER) -> Store:
    """An open store: in memory (or where nobody else looks), or in the folder."""
    return opened(folder, retention).store


def alone(version: Version) -> Heads:
    """What follows from a save of one writer."""
    return Heads(version.number, (version.number,))


def save(store: Store, notebook_id: int, data: bytes, *parents: int, time: float = NOON) -> Version:
    """Record a version that the notebook then stands on; without parents it follows the newest."""
    newest = store.versions(notebook_id, last=1)
    after = parents or tuple(version.number for version in newest)
    return store.record(notebook_id, data, Draft(time, Origin.SAVED, after), alone)


def sqlite_of(store: Store) -> SqliteDatabase:
    """The engine of a store on one machine."""
    assert isinstance(store._database, SqliteDatabase)
    return store._database


def filled(folder: Path, *contents: bytes) -> int:
    """A store on disk with these versions of one notebook, closed again; the book."""
    store = fresh(folder)
    notebook_id = store.adopt(PATH)
    for data in contents:
        save(store, notebook_id, data)
    store.close()
    return notebook_id


def file_of(folder: Path) -> Path:
    """The file of the only store in the folder."""
    [found] = folder.glob("history-*.sqlite3")
    return found


def contents(store: Store, notebook_id: int) -> dict[int, bytes]:
    """All that is kept, by number."""
    return {
        version.number: store.data(notebook_id, version.number) for version in store.versions(notebook_id)
    }


def text(number: int) -> bytes:
    """Bytes of which any two share some pieces, about 20 kB."""
    made = random.Random(number % 7)
    lines = b"".join(b'    "line %d of %d\\n",\n' % (line, made.randrange(9)) for line in range(700))
    return b'{"cells": [%d,\n' % number + lines


def process(script: str, *arguments: object, before: tuple[str, ...] = ()) -> subprocess.Popen[str]:
    """Another process, which knows nbmerge and these helpers; `before` is what it is started by."""
    return subprocess.Popen(
        [*before, sys.executable, "-c", script, *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def engine_of(store: Store) -> PostgresDatabase:
    assert isinstance(store._database, PostgresDatabase)
    return store._database


def locks_of(store: Store) -> NotebookLocks:
    assert isinstance(store.locks, NotebookLocks)
    return store.locks


def on_another_machine(store: Store) -> None:
    """From now on it shares no directory with others."""
    locks_of(store)._local = lock_of(None)


def impatient(store: Store) -> Store:
    """The same store, which does not wait for long."""
    locks_of(store)._patience = 0.2
    return store


def cut_off(store: Store) -> None:
    """End the connection of a store, as the server does with one of which nothing is heard any more."""
    [[pid]] = engine_of(store).rows("SELECT pg_backend_pid()")
    end_connection(store, pid)


def end_connection(store: Store, pid: int) -> None:
    address = engine_of(store)._address
    with psycopg.connect(address, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", (pid,))
        while other.execute("SELECT 1 FROM pg_stat_activity WHERE pid = %s", (pid,)).fetchone():
            time.sleep(0.01)
