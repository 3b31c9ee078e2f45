"""What can go wrong around a watcher that runs: signals, its other process, disks and permissions."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from tests.daemon.machine import ADA, BASE, BEN, BOTH, LONGEST, Machine, Watch, until
from tests.helpers.spelling import JUPYTER
from tests.real.place import Place, children

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can")


@pytest.fixture
def machine(place: Place) -> Machine:
    place.machine.path.write_bytes(JUPYTER.spell(BASE))
    return place.machine


def powerless(machine: Machine, *options: str) -> Watch:
    """A watcher of a user who may not write everything, even if that is root."""
    command = [sys.executable, "-m", "nbmerge", "watch", "--settle=0.2", "--json", *options]
    if os.geteuid() == 0:
        command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", *command]
    watch = Watch(machine.started_by(*command))
    watch.ready = watch.line()
    return watch


@pytest.mark.parametrize("seed", range(4))
def test_asked_to_end_at_any_moment_it_finishes_what_is_begun(machine: Machine, seed: int) -> None:
    chance = Random(seed)
    watch = machine.watch()
    machine.save(ADA)
    machine.path.write_bytes(JUPYTER.spell(BEN))
    time.sleep(chance.choice((0, 0.01, 0.2 + chance.uniform(0, 0.1))))
    began = time.monotonic()
    code, _, err = watch.end()
    assert (code, err) == (0, "")
    assert time.monotonic() - began < 5
    assert os.listdir(machine.folder) == ["nb.ipynb"]
    again = machine.watch()
    until(lambda: len(machine.sources) == 8, "the two are merged, by the first or by the second")
    assert machine.sources[:6] == BOTH
    assert again.end()[0] == 0


def test_its_other_process_is_started_again_and_nothing_is_missed(machine: Machine) -> None:
    watch = machine.watch("--json")
    machine.save(ADA)
    [other] = children(watch.process.pid)
    os.kill(other, signal.SIGKILL)
    machine.path.write_bytes(JUPYTER.spell(BEN))
    told = [watch.object()["event"]]
    while len(told) < 4:
        told.append(watch.object()["event"])
    assert told[:2] == ["trouble", "overflow"]
    assert sorted(told[2:]) == ["merged", "recovered"]
    assert machine.sources[:6] == BOTH
    assert children(watch.process.pid) != [other]
    assert watch.end() == (0, "", "")


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[None]:
    folder.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path) -> Path:
    """Until not a byte fits any more."""
    filler = disk / "filler"
    with open(filler, "wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    return filler


@needs_root
def test_a_full_disk_stops_writing_not_watching(machine: Machine) -> None:
    with small_disk(machine.state, "4m"):
        watch = machine.watch("--json")
        filler = fill(machine.state)
        machine.path.write_bytes(JUPYTER.spell(ADA))
        told = watch.object()
        assert (told["event"], told["path"]) == ("error", str(machine.path))
        assert "the disk is full" in str(told["message"])
        assert "the disk is full" in machine.run("status").stdout
        assert not json.loads(machine.run("status", "--json").stdout)["idle"]
        machine.path.write_bytes(JUPYTER.spell(BEN))
        time.sleep(1)
        assert machine.path.read_bytes() == JUPYTER.spell(BEN)
        filler.unlink()
        trouble, merged = True, False
        while trouble or not merged:  # a save may just have fitted in, and the merge not
            told = watch.object()
            trouble = (trouble or told["event"] == "error") and told["event"] != "recovered"
            merged = merged or told["event"] == "merged"
            assert told["event"] != "error" or "the disk is full" in str(told["message"])
        assert json.loads(machine.run("status", "--json").stdout)["last_error"] is None
        assert machine.sources[:6] == BOTH
        assert watch.end() == (0, "", "")


@needs_root
def test_a_disk_that_is_full_when_the_merge_is_due(place: Place, machine: Machine) -> None:
    with small_disk(machine.state, "4m"):
        watch = machine.watch("--json", "--settle=2")
        machine.save(ADA)
        machine.path.write_bytes(JUPYTER.spell(BEN))
        until(lambda: place.versions == 3, "both are recorded")
        filler = fill(machine.state)
        assert watch.object()["event"] == "error"
        assert machine.path.read_bytes() == JUPYTER.spell(BEN)
        filler.unlink()
        assert [watch.object()["event"] for _ in range(2)] == ["merged", "recovered"]
        assert machine.sources[:6] == BOTH
        assert watch.end() == (0, "", "")


def test_a_folder_that_may_not_be_written(machine: Machine) -> None:
    machine.folder.chmod(0o555)
    watch = powerless(machine)
    machine.save(ADA)
    inode = machine.path.stat().st_ino
    machine.save(BEN)
    assert machine.sources[:6] == BOTH
    assert machine.path.stat().st_ino == inode
    assert watch.object()["event"] == "merged"
    assert watch.end() == (0, "", "")


def test_a_notebook_that_may_not_be_written(machine: Machine) -> None:
    watch = powerless(machine)
    machine.save(ADA)
    machine.path.write_bytes(JUPYTER.spell(BEN))
    machine.path.chmod(0o444)
    told = watch.object()
    assert (told["event"], told["path"]) == ("error", str(machine.path))
    assert "write-protected; allow writing it" in str(told["message"])
    assert machine.path.read_bytes() == JUPYTER.spell(BEN)
    machine.path.chmod(0o644)
    assert [watch.object()["event"] for _ in range(2)] == ["merged", "recovered"]
    assert machine.sources[:6] == BOTH
    assert watch.end() == (0, "", "")


@needs_root
@pytest.mark.parametrize("who", [powerless, Machine.watch])
def test_a_notebook_of_somebody_else(machine: Machine, who: Callable[[Machine, str], Watch]) -> None:
    os.chown(machine.path, 12345, 12345)
    machine.path.chmod(0o666)
    watch = who(machine, "--json")
    machine.save(ADA)
    machine.save(BEN)
    assert machine.sources[:6] == BOTH
    found = machine.path.stat()
    assert (found.st_uid, found.st_gid, found.st_mode & 0o777) == (12345, 12345, 0o666)
    assert watch.object()["event"] == "merged"
    assert watch.end() == (0, "", "")


@needs_root
def test_a_notebook_that_only_somebody_else_may_write(machine: Machine) -> None:
    os.chown(machine.path, 12345, 12345)
    watch = powerless(machine)
    machine.save(ADA)
    machine.path.write_bytes(JUPYTER.spell(BEN))
    assert watch.object()["event"] == "error"
    assert machine.path.read_bytes() == JUPYTER.spell(BEN)
    assert watch.end() == (0, "", "")


def test_a_state_directory_that_is_removed_is_made_anew(place: Place, machine: Machine) -> None:
    watch = machine.watch("--json")
    machine.save(ADA)
    shutil.rmtree(machine.state)
    machine.path.write_bytes(JUPYTER.spell(BEN))
    told = watch.object()
    assert (told["event"], told["path"]) == ("store", str(machine.state))
    assert "was removed; watching goes on with a new store" in str(told["message"])
    assert watch.object()["event"] == "ready"
    assert place.versions == 1
    machine.save(ADA)
    assert place.versions == 2
    assert machine.run("start").returncode == 2  # it still is the one watcher of its directory
    assert watch.end()[0] == 0


def test_a_daemon_whose_state_directory_is_removed_has_a_log_again(machine: Machine) -> None:
    assert machine.run("start", "--settle=0.2").returncode == 0
    machine.save(ADA)
    shutil.rmtree(machine.state)
    machine.path.write_bytes(JUPYTER.spell(BEN))
    log = machine.state / "watcher.log"
    until(lambda: log.exists() and "watching 1 notebook" in log.read_text(), "it watches again")
    assert "was removed; watching goes on with a new store" in log.read_text()
    assert machine.run("stop").returncode == 0


def test_the_state_directory_of_another_watcher_is_left_to_it(machine: Machine) -> None:
    watch = machine.watch("--json")
    machine.save(ADA)
    shutil.rmtree(machine.state)
    other = machine.watch("--json")
    machine.path.write_bytes(JUPYTER.spell(BEN))
    assert watch.process.wait(LONGEST) == 2
    assert watch.process.stderr is not None
    assert b"runs already" in watch.process.stderr.read()
    until(lambda: machine.status.versions == 2, "the other one has taken the save")
    assert other.end() == (0, "", "")


@needs_root
def test_a_full_disk_with_the_notebooks(machine: Machine) -> None:
    with small_disk(machine.folder, "1m"):
        machine.path.write_bytes(JUPYTER.spell(BASE))
        watch = machine.watch("--json", "--settle=1")
        machine.save(ADA)
        machine.path.write_bytes(JUPYTER.spell(BEN))
        filler = fill(machine.folder)
        told = watch.object()
        assert (told["event"], told["path"]) == ("error", str(machine.path))
        assert "no space left" in str(told["message"])
        assert machine.path.read_bytes() == JUPYTER.spell(BEN)
        assert sorted(os.listdir(machine.folder)) == ["filler", "nb.ipynb"]
        filler.unlink()
        assert [watch.object()["event"] for _ in range(2)] == ["merged", "recovered"]
        assert machine.sources[:6] == BOTH
        assert watch.end() == (0, "", "")
