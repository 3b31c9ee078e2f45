"""The fake disk of the scenarios tells what the real one tells."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

import pytest

from nbmerge.disk import Busy, Changed, Disk, Gone, LateSave, Placed, PlaceResult, Repaired
from nbmerge.disk.system import this_system
from nbmerge.errors import SystemFailure
from nbmerge.files import digest
from tests.helpers.fake_disk import FakeDisk, Killed, all_known, fail, kill

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="leases and exchange of Linux")
OLD, NEW, SAVE = b"old", b"new", b"saved"


class AnyDisk(Protocol):
    def place(self, path: str, data: bytes, expected: str) -> PlaceResult: ...
    def discard(self, path: str, expected: str) -> bool: ...
    def being_written(self, path: str) -> bool | None: ...
    def check_displaced(self) -> list[LateSave]: ...
    def confirm(self, save: LateSave) -> None: ...
    def repair(self) -> Repaired: ...


class World(Protocol):
    """A disk with one file, and somebody else who writes it."""

    path: str
    disk: AnyDisk

    def read(self) -> bytes: ...
    def write_at_the_exchange(self, data: bytes) -> None: ...
    def restart(self) -> None: ...


class Real:
    def __init__(self, root: Path) -> None:
        self.path = str(root / "a.ipynb")
        Path(self.path).write_bytes(OLD)
        self.system, self.journal = this_system(), str(root / "journal")
        self.disk: AnyDisk = self.start()

    def start(self) -> Disk:
        self.real = Disk(self.journal, time.time, all_known, self.system)
        return self.real

    def read(self) -> bytes:
        return Path(self.path).read_bytes()

    def write_at_the_exchange(self, data: bytes) -> None:
        swap = self.system.swap

        def save_then_swap(temporary: str, target: str, aside: str) -> None:
            self.system.swap = swap  # type: ignore[method-assign]
            beside = Path(f"{self.path}~")
            beside.write_bytes(data)
            os.replace(beside, self.path)
            swap(temporary, target, aside)

        self.system.swap = save_then_swap  # type: ignore[method-assign]

    def restart(self) -> None:
        self.real.close()
        self.disk = self.start()


class Fake:
    def __init__(self, root: Path) -> None:
        self.path = str(root / "a.ipynb")
        self.fake = FakeDisk({self.path: OLD})
        self.disk: AnyDisk = self.fake

    def read(self) -> bytes:
        return self.fake.files[self.path]

    def write_at_the_exchange(self, data: bytes) -> None:
        self.fake.at(2, lambda disk: disk.write(self.path, data))

    def restart(self) -> None:
        self.fake = self.fake.restart()
        self.disk = self.fake


@pytest.mark.parametrize("make", [Real, Fake])
def test_they_tell_the_same(tmp_path: Path, make: Callable[[Path], World]) -> None:
    world = make(tmp_path)
    path, old, save = world.path, digest(OLD), LateSave(world.path, SAVE)
    assert world.disk.place(path + "x", NEW, old) == Gone()
    assert world.disk.place(path, NEW, digest(b"other")) == Changed(OLD)
    assert world.disk.place(path, OLD, digest(b"other")) == Placed()
    assert world.disk.being_written(path) is False
    world.write_at_the_exchange(SAVE)
    assert world.disk.place(path, NEW, old) == Placed(displaced=SAVE)
    assert world.read() == NEW
    assert world.disk.check_displaced() == [save]
    world.restart()
    assert world.disk.repair() == Repaired(saves=(save,))
    assert world.disk.check_displaced() == [save]
    world.disk.confirm(save)
    assert world.disk.check_displaced() == []
    assert not world.disk.discard(path, old)
    assert world.disk.discard(path, digest(NEW))
    assert world.disk.discard(path, digest(NEW))
    assert world.disk.place(path, OLD, digest(NEW)) == Gone()


def test_a_writer_a_failure_and_a_kill_at_a_step() -> None:
    disk = FakeDisk({"a": OLD})
    disk.writers.add("a")
    assert isinstance(disk.place("a", NEW, digest(OLD)), Busy)
    disk.writers.clear()
    disk.at(2, fail)
    with pytest.raises(SystemFailure):
        disk.place("a", NEW, digest(OLD))
    assert disk.files == {"a": OLD}
    disk.at(3, kill)
    with pytest.raises(Killed):
        disk.place("a", NEW, digest(OLD))
    assert disk.restart().files == {"a": NEW}
