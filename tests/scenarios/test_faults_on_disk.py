"""The same where files are really replaced: a kill or a failure at every file operation of a merge."""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import cast

import pytest

from tests.helpers import examples
from tests.helpers.faulty_system import Faulty, Killed, error, kill
from tests.scenarios import cells
from tests.scenarios.faults import StubbornDisk
from tests.scenarios.real_disk import RealDisk
from tests.scenarios.test_faults import Stage
from tests.scenarios.world import NOTEBOOK, World

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="leases and exchange of Linux")

EXPECTED = "a2 | b2 | C2"


def staged(folder: Path) -> tuple[Stage, RealDisk]:
    """Two editors; A has saved, B's save of what it made of the version before is there and taken."""
    folder.mkdir()
    world = World()
    disk = RealDisk(folder / "work", lambda: world.now)
    world.disk = cast(StubbornDisk, disk)
    world._start()
    stage = Stage(world)
    stage.b.edit("b2")
    world.write(NOTEBOOK, stage.b.saved())
    stage.a.edit("C2")
    stage.rest = stage.a.saved()
    return stage, disk


def arm(disk: RealDisk, system: Faulty) -> None:
    disk.system = system
    disk.__post_init__()


SAVING: dict[str, Callable[[RealDisk], Callable[[str, bytes], None]]] = {
    "in place": lambda disk: disk.write,
    "renamed": lambda disk: disk.replace,
}


def operations(folder: Path, how: str) -> tuple[int, int]:
    """How many file operations a merge takes in which A saves before the exchange, and which that is."""
    stage, disk = staged(folder)
    arm(disk, Faulty())
    stage.world.quiet()
    swap = disk.system.log.index("swap") + 1
    return 2 * len(disk.system.log), swap


def numbers(last: int) -> Iterator[int]:
    yield from range(1, last + 1, 1 if examples.FACTOR > 1 else 3)


@pytest.mark.parametrize("how", SAVING)
def test_killed_at_any_operation(tmp_path: Path, how: str) -> None:
    last, swap = operations(tmp_path / "dry", how)
    for at in numbers(last):
        stage, disk = staged(tmp_path / f"{at}")
        system = Faulty(at=at, fault=kill)
        system.before(swap, partial(stage.save_rest, SAVING[how](disk)))
        arm(disk, system)
        try:
            stage.world.quiet()
        except Killed:
            stage.world.restart(late_first=at % 2 == 0)
        finish(stage, f"killed at {at}")


@pytest.mark.parametrize("how", SAVING)
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES, errno.EIO])
def test_failing_at_any_operation(tmp_path: Path, how: str, code: int) -> None:
    last, swap = operations(tmp_path / "dry", how)
    for at in numbers(last):
        stage, disk = staged(tmp_path / f"{at}")
        system = Faulty(at=at, fault=error(code), lasting=at % 2 == 0)
        system.before(swap, partial(stage.save_rest, SAVING[how](disk)))
        arm(disk, system)
        stage.world.advance(30)
        system.at = 0
        finish(stage, f"failing at {at}")


@pytest.mark.parametrize("fault", ["kill", "ENOSPC", "EACCES"])
def test_a_copy_is_taken_at_any_fault(tmp_path: Path, fault: str) -> None:
    """What A saved last arrives as a conflict copy."""
    for at in numbers(60):
        stage, disk = staged(tmp_path / f"{at}")
        stage.world.quiet()
        arm(disk, Faulty(at=at, fault=kill if fault == "kill" else error(getattr(errno, fault))))
        copy = stage.a.saved()
        stage.rest = None
        try:
            stage.world.write(NOTEBOOK.replace(".ipynb", "_conflict-20260102-150405.ipynb"), copy)
            stage.world.advance(30)
        except Killed:
            stage.world.restart(late_first=at % 2 == 0)
        cast(RealDisk, stage.world.disk).system.at = 0
        finish(stage, f"{fault} at {at}")


def finish(stage: Stage, when: str) -> None:
    """After all, everything is in the file, and nothing is left to do or lying about."""
    world = stage.world
    world.quiet()
    stage.save_rest(world.write)
    world.quiet()
    for _ in range(2):
        world.advance(30)
        world.chores()
    world.disk.close()
    world.restart()
    world.quiet()
    disk = cast(RealDisk, world.disk)
    assert cells.told(world.disk.files[NOTEBOOK]) == EXPECTED, when
    assert list(world.disk.files) == [NOTEBOOK], when
    assert world.open_data() == [], when
    assert disk.left == [], when
    assert world.store.totals().notebooks == 1, when
    disk.close()
    disk.system.bury()
