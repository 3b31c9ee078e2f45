"""`nbmerge start|stop|restart`: a watcher that survives whoever started it."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nbmerge.errors import SystemFailure
from nbmerge.watch.daemon import Patience, stop
from tests.daemon.machine import ADA, BASE, BEN, BOTH, LONGEST, ROOT, Machine, until
from tests.helpers.spelling import JUPYTER

LINUX = pytest.mark.skipif(not os.path.exists("/proc/self/fd"), reason="looks into /proc")


def pid(machine: Machine) -> int:
    found = machine.status.pid
    assert found is not None
    return found


def test_start_returns_when_saves_are_noticed(machine: Machine) -> None:
    started = machine.run("start", "--settle=0.2")
    assert (started.returncode, started.stderr) == (0, "")
    assert started.stdout == f"watching 1 notebook in {machine.folder} (process {pid(machine)})\n"
    machine.save(ADA)
    machine.save(BEN)
    assert machine.sources[:6] == BOTH
    log = (machine.state / "watcher.log").read_text().splitlines()
    assert [line[20:].partition(":")[0] for line in log] == ["watching 1 notebook", str(machine.path)]
    assert log[1][:20] == time.strftime("%Y-%m-%d %H:%M:%S ", time.strptime(log[1][:19], "%Y-%m-%d %H:%M:%S"))


def test_stop_returns_when_it_is_gone(machine: Machine) -> None:
    machine.run("start")
    process = pid(machine)
    stopped = machine.run("stop")
    assert (stopped.returncode, stopped.stdout, stopped.stderr) == (0, f"stopped (process {process})\n", "")
    assert not machine.status.running
    again = machine.run("stop")
    assert (again.returncode, again.stdout) == (0, "no watcher was running\n")


@LINUX
def test_it_has_no_terminal_and_no_parent(machine: Machine) -> None:
    machine.run("start")
    process = pid(machine)
    assert os.getsid(process) == process != os.getsid(0)
    stat = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    assert int(stat[1]) != os.getpid()  # whoever takes care of orphans
    assert int(stat[4]) == 0  # no controlling terminal
    files = [os.readlink(f"/proc/{process}/fd/{number}") for number in range(3)]
    log = str(machine.state / "watcher.log")
    assert files == ["/dev/null", log, log]
    assert os.readlink(f"/proc/{process}/cwd") == str(machine.state)
    assert (machine.state / "watcher.log").stat().st_mode & 0o077 == 0


def test_it_survives_whoever_started_it(machine: Machine) -> None:
    """The terminal is closed: everything in its session is told to hang up."""
    shell = subprocess.Popen(
        ["bash", "-c", f"{sys.executable} -m nbmerge start; kill -HUP -$$"],
        cwd=machine.folder,
        env=machine.environment,
        start_new_session=True,
        stdout=subprocess.DEVNULL,
    )
    assert shell.wait(timeout=LONGEST) == -signal.SIGHUP
    machine.save(ADA)
    assert machine.status.running


def test_a_second_start_changes_nothing(machine: Machine) -> None:
    machine.run("start")
    process = pid(machine)
    again = machine.run("start", "--poll")
    assert (again.returncode, again.stdout) == (2, "")
    assert again.stderr.startswith(f"nbmerge: a watcher (process {process}) runs already on {machine.folder}")
    assert pid(machine) == process


def test_of_two_that_start_at_once_one_runs(machine: Machine) -> None:
    both = [machine.started_by(sys.executable, "-m", "nbmerge", "start") for _ in range(2)]
    assert sorted(process.wait(timeout=LONGEST) for process in both) == [0, 2]
    assert machine.status.running


def test_a_start_that_fails_says_why(machine: Machine) -> None:
    """In the words of the watcher, which is another process."""
    machine.run("status")
    [path] = machine.state.glob("*.sqlite3")
    with sqlite3.connect(path) as store:
        store.execute("PRAGMA user_version = 999")
    store.close()
    started = machine.run("start")
    assert (started.returncode, started.stdout) == (4, "")
    assert "newer nbmerge" in started.stderr
    assert started.stderr.startswith("nbmerge: ")
    assert started.stderr.count("\n") == 1


def test_what_is_not_there_cannot_be_started(machine: Machine) -> None:
    started = machine.run("start", "none")
    assert (started.returncode, started.stderr) == (
        3,
        "nbmerge: none: there is no such file or folder to watch\n",
    )


def test_restart_goes_on_with_the_same_paths_and_options(machine: Machine) -> None:
    (machine.folder / "sub").mkdir()
    (machine.folder / "sub" / "one.ipynb").write_bytes(JUPYTER.spell(BASE))
    machine.run("start", "--exclude=nb.*", "--settle", "0.3")
    before = pid(machine)
    restarted = machine.run("restart")
    assert (restarted.returncode, restarted.stderr) == (0, "")
    first, second = restarted.stdout.splitlines()
    assert first == f"stopped (process {before})"
    assert second == f"watching 1 notebook in {machine.folder} (process {pid(machine)})"
    assert pid(machine) != before
    machine.run("restart", "--settle=0.1")  # only the paths are those of before
    assert (machine.status.paths, machine.status.notebooks) == ((str(machine.folder),), 2)
    assert json.loads((machine.state / "daemon.json").read_text())[3] == "--settle=0.1"


def other_folder(machine: Machine) -> Path:
    other = machine.home / "other"
    other.mkdir()
    (other / "two.ipynb").write_bytes(JUPYTER.spell(BASE))
    return other


def test_start_adds_a_folder_and_keeps_what_there_was(machine: Machine) -> None:
    other = other_folder(machine)
    machine.run("start", "--settle=0.3")
    before = pid(machine)
    added = machine.run("start", str(other))
    assert (added.returncode, added.stderr) == (0, "")
    assert added.stdout == f"watching 2 notebooks in {machine.folder}, {other} (process {pid(machine)})\n"
    assert pid(machine) != before
    assert json.loads((machine.state / "daemon.json").read_text())[3] == "--settle=0.3"
    again = machine.run("start", str(other / "two.ipynb"))  # which is watched already
    assert again.returncode == 2
    assert "runs already" in again.stderr


def test_start_does_not_end_what_runs_in_a_terminal(machine: Machine) -> None:
    other = other_folder(machine)
    watch = machine.watch()
    added = machine.run("start", str(other))
    assert added.returncode == 2
    assert f"python -m nbmerge restart {other} ends it, and watches these and {other} in" in added.stderr
    assert watch.process.poll() is None
    machine.run("restart", str(other))
    assert machine.status.paths == (str(machine.folder), str(other))


def test_restart_adds_a_folder_and_names_one_that_is_gone(machine: Machine) -> None:
    other = other_folder(machine)
    machine.run("start", "--settle=0.3", str(other))
    restarted = machine.run("restart", ".")
    assert restarted.stdout.splitlines()[1].startswith(f"watching 2 notebooks in {other}, {machine.folder} (")
    assert json.loads((machine.state / "daemon.json").read_text())[3] == "--settle=0.3"
    (other / "two.ipynb").unlink()
    other.rmdir()
    restarted = machine.run("restart")
    assert restarted.stdout.splitlines()[0] == f"{other}: is not there any more, and so not watched"
    assert machine.status.paths == (str(machine.folder),)


def test_restart_takes_over_from_the_foreground(machine: Machine) -> None:
    watch = machine.watch("nb.ipynb")
    restarted = machine.run("restart")
    assert watch.process.wait(timeout=LONGEST) == 0
    assert restarted.stdout.splitlines()[1].startswith(f"watching 1 notebook in {machine.path} (process ")


def test_a_watcher_that_was_killed_can_be_started_again(machine: Machine) -> None:
    machine.run("start")
    os.kill(pid(machine), signal.SIGKILL)
    until(lambda: not machine.status.running, "the system has freed its lock")
    found = json.loads(machine.run("status", "--json").stdout)
    assert (found["running"], found["pid"], found["notebooks"]) == (False, None, 1)
    assert machine.run("start").returncode == 0


def test_stop_gives_up_and_says_how_to_go_on(machine: Machine) -> None:
    """Something is stuck: it holds the lock and does not end."""
    script = (
        "import signal, sys, time; from nbmerge.watch.status import WatcherLock;"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "lock = WatcherLock(sys.argv[1]); lock.__enter__(); print('stuck', flush=True); time.sleep(1000)"
    )
    machine.state.mkdir()
    process = machine.started_by(sys.executable, "-c", script, str(machine.state))
    assert process.stdout is not None
    process.stdout.readline()
    with pytest.raises(
        SystemFailure, match=rf"after 0 s it still runs; see .*watcher\.log, or .*: kill -9 {process.pid}"
    ):
        stop(str(machine.state), Patience(end=0.3))
    assert process.poll() is None


@pytest.mark.skipif(sys.platform != "linux", reason="macOS has launchd instead of systemd")
def test_at_login_it_is_started_with_the_same_words(machine: Machine) -> None:
    started = machine.run("start", "--at-login", "--exclude=a b%c", "nb.ipynb")
    assert (started.returncode, started.stderr) == (0, "")
    [unit] = (machine.home / "config" / "systemd" / "user").glob("*.service")
    login, now = started.stdout.splitlines()
    assert login == f"{unit}: starts it at each login"
    assert now.startswith("watching 1 notebook in ")
    again = machine.run("start", "--at-login", "--exclude=a b%c", "nb.ipynb")
    assert (again.returncode, again.stderr) == (0, "")
    assert f"a watcher (process {pid(machine)}) runs already" in again.stdout
    [line] = [line for line in unit.read_text().splitlines() if line.startswith("ExecStart=")]
    assert sys.executable in line
    assert line.endswith(f" {machine.path}")
    assert '"--exclude=a b%%c"' in line
    assert [link.resolve() for link in unit.parent.glob("*.wants/*")] == [unit]
    stopped = machine.run("stop", "--at-login")
    assert stopped.stdout.splitlines()[0] == f"{unit}: removed"
    assert stopped.stdout.splitlines()[1].startswith("stopped (process ")
    assert [path for path in unit.parent.rglob("*") if not path.is_dir()] == []
    assert machine.run("stop", "--at-login").stdout == "it was not started at login\nno watcher was running\n"


LOGGING = """
import sys
from nbmerge.watch.daemon import Log
log = Log(sys.argv[1], limit=1000)
for number in range(100):
    log.write(f"line {number} " + "x" * 50)
print("a complaint", file=sys.stderr)
"""


def test_the_log_is_rotated_and_nothing_printed_gets_lost(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(
        [sys.executable, "-c", LOGGING, str(tmp_path)], env=environment, check=True, timeout=LONGEST
    )
    names = ["watcher.log", "watcher.log.1", "watcher.log.2", "watcher.log.3"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert max(path.stat().st_size for path in tmp_path.iterdir()) < 1100
    lines = [line for name in reversed(names) for line in (tmp_path / name).read_text().splitlines()]
    assert lines.pop() == "a complaint"
    numbers = [int(line.split()[3]) for line in lines]
    assert numbers == list(range(100 - len(numbers), 100))
