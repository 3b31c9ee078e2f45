"""A store is looked at without touching it: what is told is so, and no byte of its folder changes."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nbmerge.errors import SystemFailure
from nbmerge.history.opening import (
    bytes_on_disk,
    find_store,
    health,
    is_marked,
    open_store,
    stores_set_aside,
    verify,
)
from nbmerge.history.values import Draft, StoreLost
from nbmerge.lineage.versions import Origin

ROOT = Path(__file__).parents[2]


def recorded(directory: Path, versions: int = 3) -> str:
    """A closed store with some versions; its path."""
    store = open_store(str(directory), time.time).store
    notebook_id = store.adopt("/n.ipynb")
    for number in range(versions):
        store.record(notebook_id, b"%d" % number * 5000, Draft(0.0, Origin.SAVED))
    store.close()
    path = find_store(str(directory))
    assert path is not None
    return path


def contents(directory: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in directory.iterdir()}


def test_a_closed_store(tmp_path: Path) -> None:
    path = recorded(tmp_path)
    before = contents(tmp_path)
    found = health(path)
    verify(path)
    assert found.current
    assert found.totals is not None
    assert (found.totals.notebooks, found.totals.versions) == (1, 3)
    assert bytes_on_disk(path) == os.path.getsize(path)
    assert contents(tmp_path) == before


def test_a_store_that_is_open_elsewhere_with_all_that_is_in_its_log(tmp_path: Path) -> None:
    path = recorded(tmp_path)
    store = open_store(str(tmp_path), time.time).store
    try:
        store.record(store.adopt("/other.ipynb"), b"more", Draft(0.0, Origin.SAVED))
        assert os.path.getsize(f"{path}-wal") > 0
        names = sorted(os.listdir(tmp_path))
        found = health(path)
        verify(path)
        assert found.totals is not None
        assert (found.totals.notebooks, found.totals.versions) == (2, 4)
        assert sorted(os.listdir(tmp_path)) == names
        assert bytes_on_disk(path) > os.path.getsize(path)
    finally:
        store.close()


KILLED = """
import os, signal, sys, time
from nbmerge.history.opening import open_store
from nbmerge.history.values import Draft
from nbmerge.lineage.versions import Origin
store = open_store(sys.argv[1], time.time).store
store.record(store.adopt("/killed.ipynb"), b"x" * 9000, Draft(0.0, Origin.SAVED))
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
def test_a_store_whose_process_was_killed(tmp_path: Path) -> None:
    path = recorded(tmp_path)
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(tmp_path)], cwd=ROOT, env={"PYTHONPATH": str(ROOT)}, check=False
    )
    assert ended.returncode == -signal.SIGKILL
    names, size = sorted(os.listdir(tmp_path)), os.path.getsize(path)
    found = health(path)
    assert found.totals is not None
    assert found.totals.notebooks == 2
    assert (sorted(os.listdir(tmp_path)), os.path.getsize(path)) == (names, size)


@pytest.mark.parametrize("how", ["cut", "scribbled", "no database", "empty"])
def test_a_damaged_store_is_found_and_neither_marked_nor_mended(tmp_path: Path, how: str) -> None:
    path = Path(recorded(tmp_path, 40))
    data = path.read_bytes()
    match how:
        case "cut":
            path.write_bytes(data[: len(data) // 2])
        case "scribbled":
            path.write_bytes(data[:4096] + b"\xa5" * (len(data) - 4096))
        case "no database":
            path.write_bytes(b"something else entirely\n" * 400)
        case "empty":
            path.write_bytes(b"")
    before = contents(tmp_path)
    with pytest.raises(StoreLost):
        verify(str(path))
    assert contents(tmp_path) == before
    assert not is_marked(str(path))


def test_a_store_from_a_newer_nbmerge(tmp_path: Path) -> None:
    path = recorded(tmp_path)
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(SystemFailure, match="newer nbmerge"):
        health(path)


def test_damaged_stores_that_were_kept(tmp_path: Path) -> None:
    path = Path(recorded(tmp_path))
    assert stores_set_aside(str(tmp_path)) == []
    path.write_bytes(b"no database at all")
    opened = open_store(str(tmp_path), time.time)
    opened.store.close()
    assert stores_set_aside(str(tmp_path)) == [opened.set_aside]


def test_a_name_that_sqlite_would_take_for_something_else(tmp_path: Path) -> None:
    odd = tmp_path / "a ?b=#c%20\udcff"
    odd.mkdir()
    assert health(recorded(odd)).totals is not None
