"""Owns: a store in a few words.

Must not know: what is tested.  Invariant: time stands still unless a test says otherwise.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

from nbmerge.history.opening import OpenedStore, open_store
from nbmerge.history.sqlite import SqliteDatabase
from nbmerge.history.store import Store
from nbmerge.history.values import Draft, Retention
from nbmerge.lineage.heads import Heads
from nbmerge.lineage.versions import Origin, Version

NOON = 1_700_000_000.0
DAY = 86400.0
PATH = "/home/ada/plot.ipynb"
FOREVER = Retention(days=1e6, size=1 << 50)
OPEN: list[Store] = []  # closed after each test
ROOT = Path(__file__).parents[2]


def opened(folder: Path, retention: Retention = FOREVER) -> OpenedStore:
    found = open_store(str(folder), lambda: NOON, retention)
    OPEN.append(found.store)
    return found


def fresh(folder: Path | None = None, retention: Retention = FOREVER) -> Store:
    """An open store: in memory, or in the folder."""
    OPEN.append(open_store(None if folder is None else str(folder), lambda: NOON, retention).store)
    return OPEN[-1]


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
