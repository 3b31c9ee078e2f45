"""One watcher for each state directory, proven by a lock; and what it tells."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import pytest

from nbmerge.errors import UsageError
from nbmerge.watch.status import WatcherLock, WatcherStatus, is_locked, read_status, write_status
from tests.daemon.machine import ADA, BEN, Machine

TOLD = WatcherStatus(True, 1234, ("/a b", "/ü\udcff"), 5, 6, 7, 8, 9, "disk full", True, True)


@pytest.fixture
def state(tmp_path: Path) -> str:
    return str(tmp_path)


def test_without_a_watcher_there_is_nothing_to_tell(state: str) -> None:
    assert read_status(state) is None
    assert not is_locked(state)
    assert os.listdir(state) == []  # asking leaves nothing behind


def test_what_is_told_is_read_back(state: str) -> None:
    with WatcherLock(state):
        write_status(state, TOLD)
        assert read_status(state) == TOLD
    assert sorted(os.listdir(state)) == ["watcher.json", "watcher.lock"]


def test_running_is_believed_from_the_lock_alone(state: str) -> None:
    """A watcher that was killed left its last words, and its number may be another process's by now."""
    write_status(state, WatcherStatus(True, os.getpid(), ("/x",), idle=False, ready=True))
    found = read_status(state)
    assert found == WatcherStatus(False, None, ("/x",), idle=True, ready=False)


def test_a_second_watcher_is_told_who_runs(state: str) -> None:
    with WatcherLock(state, ("/one", "/two")):
        with pytest.raises(UsageError) as raised, WatcherLock(state, ("/three",), patience=0.05):
            pass
        assert str(raised.value) == (
            f"a watcher (process {os.getpid()}) runs already on /one, /two (state directory {state});"
            " stop it first, or name another --state"
        )
        told = read_status(state)
        assert told is not None
        assert told.paths == ("/one", "/two")
    with WatcherLock(state, ("/three",), patience=0.05):
        assert is_locked(state)
    assert not is_locked(state)


def test_a_watcher_that_begins_is_at_work(state: str) -> None:
    write_status(state, TOLD)
    with WatcherLock(state, ("/new",)):
        told = read_status(state)
        assert told == WatcherStatus(
            True, os.getpid(), ("/new",), 5, 6, 7, 8, 9, None, idle=False, ready=False
        )


def test_whoever_asks_keeps_no_watcher_from_starting(state: str) -> None:
    stopping = threading.Event()

    def ask() -> None:
        while not stopping.is_set():
            is_locked(state)

    askers = [threading.Thread(target=ask) for _ in range(3)]
    for asker in askers:
        asker.start()
    try:
        for _ in range(20):
            with WatcherLock(state, patience=20.0):
                pass
    finally:
        stopping.set()
        for asker in askers:
            asker.join()


def test_an_error_while_the_lock_is_held_gives_it_back(state: str) -> None:
    with pytest.raises(KeyError), WatcherLock(state):
        raise KeyError
    assert not is_locked(state)


@pytest.mark.parametrize("words", ["", "{", "[]", '{"pid": 3, "paths": 7}', "null"])
def test_last_words_that_make_no_sense(state: str, words: str) -> None:
    Path(state, "watcher.json").write_text(words)
    assert read_status(state) is None
    with WatcherLock(state):
        Path(state, "watcher.json").write_text(words)
        assert read_status(state) == WatcherStatus(running=True, idle=False)


def test_words_of_another_nbmerge_are_understood_as_far_as_they_go(state: str) -> None:
    Path(state, "watcher.json").write_text(json.dumps({"notebooks": 3, "speed": "high"}))
    with WatcherLock(state):
        found = read_status(state)
        assert found is not None
        assert found.notebooks == 3


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_what_cannot_be_told_is_given_up(state: str) -> None:
    os.chmod(state, 0o500)
    write_status(state, TOLD)
    os.chmod(state, 0o700)
    assert os.listdir(state) == []


def test_nothing_is_left_of_words_that_could_not_be_put_there(state: str) -> None:
    os.mkdir(os.path.join(state, "watcher.json"))  # nothing can take its place
    write_status(state, TOLD)
    assert os.listdir(state) == ["watcher.json"]


@pytest.mark.skipif(os.name == "nt", reason="there are no shared locks")
def test_whoever_asks_is_not_taken_for_a_watcher(state: str) -> None:
    import fcntl

    with open(Path(state, "watcher.lock"), "w") as asker:
        fcntl.flock(asker, fcntl.LOCK_SH)
        assert not is_locked(state)


@pytest.mark.skipif(os.name != "posix", reason="modes of Unix")
def test_nobody_else_can_read_what_is_in_the_state_directory_whatever_the_umask(machine: Machine) -> None:
    before = os.umask(0)
    try:
        machine.state.mkdir(mode=0o755)
        assert machine.run("start").returncode == 0
        machine.save(ADA)
        machine.save(BEN)
        modes = {path: path.stat().st_mode & 0o777 for path in sorted(machine.state.rglob("*"))}
        assert machine.run("stop").returncode == 0
    finally:
        os.umask(before)
    names = {path.name for path in modes}
    assert {"journal", "arrivals", "watcher.json", "watcher.log", "daemon.json", "lock"} <= names
    assert any(name.endswith("-wal") for name in names)
    wrong = {str(path): oct(mode) for path, mode in modes.items() if mode & 0o077}
    assert wrong == {}
