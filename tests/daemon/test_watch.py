"""`nbmerge watch` as a process: what it prints, how it ends, that it is the only one."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
from queue import SimpleQueue
from threading import Timer, get_ident

import pytest

from nbmerge.watch import assembly
from tests.daemon.machine import ADA, BASE, BEN, BOTH, LONGEST, Machine, Watch
from tests.helpers.spelling import JUPYTER


def test_one_line_when_ready_and_one_for_each_merge(machine: Machine) -> None:
    watch = machine.watch()
    assert watch.ready == "watching 1 notebook"
    machine.save(ADA)
    machine.save(BEN)
    line = watch.line()
    sides = r'"a program" \(@3: .*\) into "a program" \(@2: .*\)'
    assert re.fullmatch(rf"\d\d:\d\d:\d\d nb\.ipynb: merged {sides}: version 4", line), line
    *_, last = machine.run("status").stdout.splitlines()
    assert last.startswith("last merge: ")
    assert last.endswith(line.partition("nb.ipynb")[2])
    assert machine.sources[:6] == BOTH
    assert len(machine.sources) == 8
    assert watch.end() == (0, "", "")


def test_json_is_one_object_a_line(machine: Machine) -> None:
    watch = machine.watch("--json")
    assert json.loads(watch.ready) == {
        "event": "ready",
        "path": "",
        "message": "watching 1 notebook",
        "notebooks": 1,
    }
    machine.save(ADA)
    machine.save(BEN)
    merged = watch.object()
    assert (merged["event"], merged["path"], merged["version"]) == ("merged", str(machine.path), 4)
    assert (sorted(merged["tips"]), merged["conflicts"]) == ([2, 3], [])
    assert watch.end() == (0, "", "")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_ends_when_asked(machine: Machine, number: int) -> None:
    watch = machine.watch()
    assert machine.status.running
    assert watch.end(number) == (0, "", "")
    assert not machine.status.running
    assert machine.status.pid is None


@pytest.mark.skipif(not hasattr(signal, "pthread_kill"), reason="no signals to threads")
def test_a_signal_is_heard_that_does_not_wake_the_main_thread() -> None:
    """As one that comes when that is just about to wait, for up to a minute."""
    heard: SimpleQueue[str] = SimpleQueue()
    with assembly.signals_heard(lambda: heard.put("stop")):
        other = Timer(0.2, lambda: signal.pthread_kill(get_ident(), signal.SIGTERM))
        other.start()
        assert heard.get(timeout=5) == "stop"
        other.join()


def test_one_writer_gets_no_line_and_no_write(machine: Machine) -> None:
    watch = machine.watch()
    machine.save(ADA)
    before = os.stat(machine.path)
    code, out, err = watch.end()
    after = os.stat(machine.path)
    assert (code, out, err) == (0, "", "")
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


def test_what_is_watched_may_be_named_and_left_out(machine: Machine) -> None:
    (machine.folder / "old").mkdir()
    for name in ("old/one.ipynb", "two.ipynb"):
        (machine.folder / name).write_bytes(JUPYTER.spell(BASE))
    assert machine.watch("--exclude", "old/", "--exclude=tw*.ipynb", "--poll").end()[0] == 0
    assert machine.status.notebooks == 1
    assert machine.watch("two.ipynb", "old").end()[0] == 0
    assert machine.status.notebooks == 2
    assert machine.status.paths == (str(machine.folder / "two.ipynb"), str(machine.folder / "old"))


def test_a_second_watcher_says_who_runs(machine: Machine) -> None:
    watch = machine.watch()
    for command in ("watch", "start"):
        ended = machine.run(command)
        assert (ended.returncode, ended.stdout) == (2, "")
        assert ended.stderr == (
            f"nbmerge: a watcher (process {watch.process.pid}) runs already on {machine.folder}"
            f" (state directory {machine.state}); stop it first, or name another --state\n"
        )
    assert watch.end() == (0, "", "")


def test_two_state_directories_have_two_watchers(machine: Machine) -> None:
    watch = machine.watch()
    other = machine.watch(f"--state={machine.home / 'other'}")
    assert watch.end() == other.end() == (0, "", "")


def test_status_tells_of_a_watcher_in_the_foreground(machine: Machine) -> None:
    watch = machine.watch()
    machine.save(ADA)
    found = json.loads(machine.run("status", "--json").stdout)
    assert found == {
        "running": True,
        "pid": watch.process.pid,
        "paths": [str(machine.folder)],
        "notebooks": 1,
        "versions": 2,
        "merges": 0,
        "open_tips": 0,
        "conflicts": 0,
        "last_error": None,
        "idle": True,
        "waiting": 0,
        "backlog": 0,
    }
    first, *_ = machine.run("status").stdout.splitlines()
    assert first == f"watching {machine.folder} (process {watch.process.pid})"
    assert machine.run("stop").stdout == f"stopped (process {watch.process.pid})\n"
    assert watch.process.wait(timeout=LONGEST) == 0


def test_a_reader_that_leaves_ends_the_watch(machine: Machine) -> None:
    process = machine.started_by(sys.executable, "-m", "nbmerge", "watch", "--settle=0.2")
    assert process.stdout is not None
    assert process.stdout.readline() == b"watching 1 notebook\n"
    process.stdout.close()
    machine.save(ADA)
    machine.path.write_bytes(JUPYTER.spell(BEN))
    assert process.wait(timeout=LONGEST) == 4
    assert process.stderr is not None
    assert process.stderr.read() == b"nbmerge: standard output: cannot be written: broken pipe\n"
    assert machine.sources[:6] == BOTH


def test_a_watcher_that_was_killed_leaves_no_trace_of_running(machine: Machine) -> None:
    watch = machine.watch()
    assert watch.end(signal.SIGKILL)[0] == -signal.SIGKILL
    assert (machine.status.running, machine.status.pid) == (False, None)
    assert machine.run("stop").stdout == "no watcher was running\n"
    assert machine.watch().end() == (0, "", "")


def test_what_is_not_there_cannot_be_watched(machine: Machine) -> None:
    ended = machine.run("watch", "none")
    assert (ended.returncode, ended.stdout) == (3, "")
    assert ended.stderr == "nbmerge: none: there is no such file or folder to watch\n"


def test_a_watcher_loads_no_nbformat(machine: Machine) -> None:
    """It takes a second where jupyter-events is installed, and memory for good."""
    script = (
        "import sys; from nbmerge.cli.main import run; run(['watch', '--settle=0.1']); print(*sys.modules)"
    )
    watch = Watch(machine.started_by(sys.executable, "-c", script))
    assert watch.line() == "watching 1 notebook"
    machine.save(ADA)
    code, out, _ = watch.end()
    assert code == 0
    assert "nbmerge.watch" in out.split()
    assert set(out.split()).isdisjoint(
        ["nbformat", "nbdime", "jsonschema", "parso", "tornado", "argcomplete"]
    )


def test_nohup_keeps_it_running(machine: Machine) -> None:
    process = machine.started_by("nohup", sys.executable, "-m", "nbmerge", "watch", "--settle=0.2")
    assert process.stdout is not None
    assert process.stdout.readline() == b"watching 1 notebook\n"
    process.send_signal(signal.SIGHUP)
    machine.save(ADA)
    assert process.poll() is None
