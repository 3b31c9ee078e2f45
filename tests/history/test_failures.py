"""A failure or a kill at any moment: the store is as before the record or after it, and can be used."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from nbmerge.errors import SystemFailure
from nbmerge.history import sqlite as database
from nbmerge.history.store import Store
from nbmerge.history.values import Retention
from nbmerge.lineage.heads import Heads
from tests.history.faulty import Faulty, Plan, install
from tests.history.stores import (
    DAY,
    NOON,
    PATH,
    contents,
    file_of,
    filled,
    fresh,
    opened,
    process,
    save,
    sqlite_of,
    text,
)

Contents = dict[int, bytes]
FAULTS = [
    pytest.param(Plan(0, code, after), id=f"{name} {'after' if after else 'before'} it took effect")
    for name, code in (("disk full", sqlite3.SQLITE_FULL), ("I/O error", sqlite3.SQLITE_IOERR))
    for after in (False, True)
]


OLD = {1: text(1), 2: text(2)}
NEW = OLD | {3: text(3)}


def record(store: Store, notebook_id: int) -> None:
    save(store, notebook_id, text(3), 2)


def prune(store: Store, notebook_id: int) -> None:
    store._retention = Retention(days=0)
    store.prune(NOON + DAY)


def flush(store: Store, notebook_id: int) -> None:
    store.flush()


def check(store: Store, notebook_id: int, allowed: list[Contents]) -> None:
    """One of the allowed contents, whole, and the standing that belongs to it; and it can be written to."""
    store.check()
    found = contents(store, notebook_id)
    assert found in allowed
    newest = max(found)
    assert store.heads(notebook_id) == Heads(newest, (newest,))
    if newest == 2:
        record(store, notebook_id)
    assert store.data(notebook_id, 3) == text(3)
    assert store.prune(0) == 0


def failure_of(change: Callable[[], None]) -> str | None:
    try:
        change()
    except SystemFailure as failure:
        return str(failure)
    return None


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize(
    ("change", "allowed"),
    [(record, [OLD, NEW]), (prune, [OLD, {2: text(2)}]), (flush, [OLD])],
    ids=["record", "prune", "flush"],
)
def test_a_failure_at_any_statement(
    tmp_path: Path, fault: Plan, change: Callable[[Store, int], None], allowed: list[Contents]
) -> None:
    (tmp_path / "model").mkdir()
    notebook_id = filled(tmp_path / "model", *OLD.values())
    for number in count(1):
        folder = tmp_path / str(number)
        shutil.copytree(tmp_path / "model", folder)
        plan = replace(fault, at=number)
        with pytest.MonkeyPatch.context() as patch:
            install(patch, plan)
            message = failure_of(lambda folder=folder: change(fresh(folder), notebook_id))  # type: ignore[misc]
        if not plan.struck:
            assert number > 10
            break
        assert message is None or message.endswith(("; free some space", "; check it and its free space"))
        check(fresh(folder), notebook_id, allowed)


class Listening:
    """A connection whose statements are heard."""

    def __init__(self, real: sqlite3.Connection) -> None:
        self.real = real
        self.heard: list[str] = []

    def execute(self, sql: str, values: tuple[object, ...] = ()) -> sqlite3.Cursor:
        [[waits]] = self.real.execute("PRAGMA synchronous").fetchall()
        self.heard.append(f"{sql} ({waits})")
        return self.real.execute(sql, values)

    def __getattr__(self, name: str) -> object:
        return getattr(self.real, name)


def test_a_flush_waits_for_the_disk_and_a_record_does_not(tmp_path: Path) -> None:
    """A commit at level 2 (FULL) that has something to write waits for all that is before it in the log."""
    store = fresh(tmp_path)
    listening = Listening(sqlite_of(store)._connection)
    sqlite_of(store)._connection = listening  # type: ignore[assignment]
    notebook_id = store.adopt(PATH)
    save(store, notebook_id, text(1))
    log = Path(f"{file_of(tmp_path)}-wal")
    before = log.stat().st_size
    store.flush()
    assert log.stat().st_size > before
    save(store, notebook_id, text(2))
    commits = [statement for statement in listening.heard if statement.startswith("COMMIT")]
    assert commits == ["COMMIT (1)", "COMMIT (1)", "COMMIT (2)", "COMMIT (1)"]


def test_after_a_failure_the_same_store_goes_on(tmp_path: Path) -> None:
    store = fresh(tmp_path)
    notebook_id = store.adopt(PATH)
    for data in OLD.values():
        save(store, notebook_id, data)
    real = sqlite_of(store)._connection
    for number in count(1):
        plan = Plan(number, sqlite3.SQLITE_IOERR)
        sqlite_of(store)._connection = Faulty(real, plan)  # type: ignore[assignment]
        message = failure_of(lambda: record(store, notebook_id))
        sqlite_of(store)._connection = real
        if message is None:
            break
        assert contents(store, notebook_id) == OLD
        assert store.heads(notebook_id) == Heads(2, (2,))
    assert not plan.struck
    assert number > 10
    assert contents(store, notebook_id) == NEW


def test_a_transaction_that_could_not_even_be_undone_is_undone_later() -> None:
    store = fresh()
    notebook_id = store.adopt(PATH)
    save(store, notebook_id, text(1))

    class Stuck:
        """Fails, and goes on failing until somebody looks away."""

        def __init__(self, real: sqlite3.Connection) -> None:
            self.real = real

        def execute(self, sql: str, values: object = ()) -> object:
            if sql in ("COMMIT", "ROLLBACK"):
                Plan(1).strike()
            return self.real.execute(sql, values)  # type: ignore[arg-type]

        def __getattr__(self, name: str) -> object:
            return getattr(self.real, name)

    real = sqlite_of(store)._connection
    sqlite_of(store)._connection = Stuck(real)  # type: ignore[assignment]
    with pytest.raises(SystemFailure):
        save(store, notebook_id, text(2), 1)
    sqlite_of(store)._connection = real
    save(store, notebook_id, text(3), 1)
    assert contents(store, notebook_id) == {1: text(1), 2: text(3)}


KILLED_AT = """
import os, shutil, sys
import pytest
from tests.history.faulty import Plan, install
from tests.history.stores import fresh
from tests.history import test_failures as t
folder, change = sys.argv[1], getattr(t, sys.argv[2])
for number in range(1, 1000):
    shutil.copytree(folder + "/model", f"{folder}/{number}")
    child = os.fork()
    if child == 0:
        install(pytest.MonkeyPatch(), Plan(number, None))
        store = fresh(t.Path(f"{folder}/{number}"))
        change(store, 1)
        store.close()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status):
        print(number - 1 if os.WEXITSTATUS(status) == 0 else "failed")
        break
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs fork and kill -9")
@pytest.mark.parametrize(
    ("change", "allowed"), [("record", [OLD, NEW]), ("prune", [OLD, {2: text(2)}])], ids=["record", "prune"]
)
def test_a_kill_at_any_statement(tmp_path: Path, change: str, allowed: list[Contents]) -> None:
    (tmp_path / "model").mkdir()
    notebook_id = filled(tmp_path / "model", *OLD.values())
    output, _ = process(KILLED_AT, tmp_path, change).communicate()
    kills = int(output)
    assert kills > 10
    for number in range(1, kills + 1):
        found = opened(tmp_path / str(number))
        assert found.set_aside is None
        check(found.store, notebook_id, allowed)


RECORDING = """
import sys
from pathlib import Path
from tests.history.stores import NOON, PATH, fresh, save, text
store = fresh(Path(sys.argv[1]))
book = store.adopt(PATH)
while True:
    number = save(store, book, text(len(store.graph(book).parents) + 1)).number
    if number % 20 == 0:
        store.prune(NOON)
    print(number, flush=True)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs kill -9")
def test_a_process_killed_while_it_records(tmp_path: Path) -> None:
    """All that it said to have recorded is there, and at most one more; from the very first start on."""
    moments = random.Random(5)
    said = 0
    for _ in range(4):
        recorder = process(RECORDING, tmp_path)
        assert recorder.stdout is not None
        first = recorder.stdout.readline()
        time.sleep(moments.uniform(0, 0.2))
        recorder.kill()
        with recorder:  # not communicate(): what stands in the pipe's buffer after a readline() is not in it
            output = first + recorder.stdout.read()
        lines = [line for line in output.splitlines(keepends=True) if line.endswith("\n")]
        said = max(said + 1, *map(int, lines))
        found = opened(tmp_path)
        assert found.set_aside is None
        [notebook_id] = found.store.notebooks()
        kept = contents(found.store, notebook_id.id)
        assert kept == {number: text(number) for number in range(1, len(kept) + 1)}
        assert said <= len(kept) <= said + 1
        said = len(kept)
        found.store.check()
        found.store.close()


def test_a_full_disk(tmp_path: Path) -> None:
    """SQLite itself says that there is no room, in whichever statement it needs some."""
    notebook_id = filled(tmp_path, *OLD.values())
    store = fresh(tmp_path)
    [[pages]] = store._database.rows("PRAGMA page_count")
    store._database.rows(f"PRAGMA max_page_count = {pages}")
    rare = random.Random(1).randbytes(200_000)
    for _ in range(2):
        with pytest.raises(SystemFailure, match="the disk is full; free some space"):
            save(store, notebook_id, rare, 2)
        assert contents(store, notebook_id) == OLD
    store._database.rows(f"PRAGMA max_page_count = {pages + 1000}")
    save(store, notebook_id, rare, 2)
    assert contents(store, notebook_id) == OLD | {3: rare}


FILE_LIMIT = """
import resource, sys
from pathlib import Path
from nbmerge.errors import SystemFailure
from tests.history.stores import PATH, fresh, save, text
store = fresh(Path(sys.argv[1]))
book = store.adopt(PATH)
recorded = failed = 0
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
for number in range(1, 60):
    try:
        save(store, book, text(number) * 3)
        recorded += 1
    except SystemFailure as failure:
        failed += 1
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
save(store, book, b"room again")
print(recorded, failed)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="limits of Unix")
@pytest.mark.parametrize("limit", range(100_000, 200_000, 33_333))
def test_a_file_system_that_takes_no_more(tmp_path: Path, limit: int) -> None:
    """The write ahead log cannot grow: what was recorded stays, what was not leaves nothing."""
    output, _ = process(FILE_LIMIT, tmp_path, limit).communicate()
    recorded, failed = map(int, output.split())
    assert recorded + failed == 59
    assert failed > 0
    found = opened(tmp_path)
    assert found.set_aside is None
    found.store.check()
    kept = contents(found.store, 1)
    assert sorted(kept) == list(range(1, recorded + 2))
    assert kept[recorded + 1] == b"room again"


FULL_DISK = """
import subprocess, sys
from pathlib import Path
from nbmerge.errors import SystemFailure
from tests.history.stores import OPEN, PATH, contents, opened, save, text
disk = Path(sys.argv[1])
if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", disk], capture_output=True).returncode:
    sys.exit()
print("mounted", flush=True)
refused = 0
for filled in range(840_000, 1 << 20, 8192):
    state = disk / str(filled)
    kept = {}
    try:
        (disk / "filler").write_bytes(bytes(filled))
        state.mkdir()
        store = opened(state).store
        book = store.adopt(PATH)
        for number in range(1, 20):
            save(store, book, text(number))
            kept[number] = text(number)
    except (SystemFailure, OSError):
        refused += 1
    (disk / "filler").unlink()
    state.mkdir(exist_ok=True)
    found = opened(state)
    assert found.set_aside is None, filled
    book = found.store.adopt(PATH)
    assert contents(found.store, book) == kept, filled
    save(found.store, book, b"room again")
    found.store.check()
    while OPEN:
        OPEN.pop().close()  # else the disk keeps what is removed now
    for path in state.iterdir():
        path.unlink()
print(refused)
"""


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs a small disk of its own")
def test_a_disk_that_is_really_full(tmp_path: Path) -> None:
    """From the very first file of the store on, whichever one there is no room for."""
    root = () if os.geteuid() == 0 else ("--user", "--map-root-user")
    output, _ = process(FULL_DISK, tmp_path, before=("unshare", *root, "--mount")).communicate()
    if not output:
        pytest.skip("no disk can be mounted here")
    assert output.startswith("mounted\n")
    assert int(output.split()[-1]) > 20  # 26 are tried


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_store_that_may_not_be_written(tmp_path: Path) -> None:
    notebook_id = filled(tmp_path, b"one")
    file_of(tmp_path).chmod(0o400)
    store = fresh(tmp_path)
    with pytest.raises(SystemFailure, match="write-protected"):
        save(store, notebook_id, b"two", 1)


def test_two_who_never_end_their_transactions_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "PATIENCE", 0.01)
    store, other = fresh(tmp_path), fresh(tmp_path)
    notebook_id = store.adopt(PATH)
    with store.together():
        save(store, notebook_id, b"one")
        assert contents(other, notebook_id) == {}  # who reads never waits
        with pytest.raises(SystemFailure, match="another process has been writing for too long"):
            save(other, notebook_id, b"two")
    save(other, notebook_id, b"two")
    assert contents(store, notebook_id) == {1: b"one", 2: b"two"}
