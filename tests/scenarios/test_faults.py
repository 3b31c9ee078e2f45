"""Failure or kill at every touch of the disk and of the store: nothing that was saved is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from nbmerge.errors import SystemFailure
from nbmerge.lineage.versions import Origin
from tests.helpers import examples
from tests.helpers.fake_disk import Killed
from tests.scenarios import cells
from tests.scenarios.editor import Editor
from tests.scenarios.faults import forget_what_was_begun, full
from tests.scenarios.world import NOTEBOOK, World, busy

LIMIT = 400  # touches of a run; none has so many


@dataclass
class Trap:
    """Counts the touches of disk and store; springs at one of them, or from there on for `times` touches."""

    at: int
    kill: bool
    times: int = 1
    touched: int = field(default=0)

    def store(self, sql: str) -> None:
        if self._springs():
            raise Killed if self.kill else full()

    def disk(self, disk: object) -> None:
        if self._springs():
            raise Killed if self.kill else SystemFailure("cannot be written: no space left on the disk")

    def _springs(self) -> bool:
        self.touched += 1
        return self.at <= self.touched < self.at + self.times


@dataclass
class Stage:
    """Two editors; A has saved, and B is about to save what it made of the version before."""

    world: World = field(default_factory=World)
    a: Editor = field(default_factory=lambda: Editor("A"))
    b: Editor = field(default_factory=lambda: Editor("B"))
    rest: bytes | None = None  # what A saves yet

    def __post_init__(self) -> None:
        world = self.world
        busy(world)
        self.a.notebook = cells.notebook("a1 | b1 | C1")
        world.write(NOTEBOOK, self.a.saved())
        for editor in (self.a, self.b):
            editor.open(world.disk.files[NOTEBOOK])
        world.advance(60)
        self.a.edit("a2")
        world.write(NOTEBOOK, self.a.saved())
        world.quiet()
        world.advance(60)

    def arm(self, trap: Trap) -> None:
        self.world.faults.hook = trap.store
        self.world.disk.trap = trap.disk

    def save_rest(self, write: Callable[[str, bytes], None]) -> None:
        if self.rest is not None:
            write(NOTEBOOK, self.rest)
            self.rest = None

    def disarm(self) -> None:
        self.world.faults.hook = None
        self.world.disk.trap = None
        self.world.disk.hooks.clear()


def merging(stage: Stage) -> None:
    """B saves; the merge is written."""
    stage.b.edit("b2")
    stage.world.write(NOTEBOOK, stage.b.saved())
    stage.world.quiet()


def merging_while_a_saves(stage: Stage) -> None:
    """B saves; A saves at the moment at which the merge is written."""
    stage.b.edit("b2")
    stage.a.edit("C2")
    stage.rest = stage.a.saved()
    stage.world.disk.at(2, lambda disk: stage.save_rest(disk.write))
    merging(stage)


def taking_a_copy(stage: Stage) -> None:
    """What B saved arrives as a conflict copy."""
    stage.b.edit("b2")
    stage.world.write(NOTEBOOK.replace(".ipynb", "_conflict-20260102-150405.ipynb"), stage.b.saved())
    stage.world.quiet()


DEEDS = [(merging, "a2 | b2 | C1"), (merging_while_a_saves, "a2 | b2 | C2"), (taking_a_copy, "a2 | b2 | C1")]


def touches(deed: Callable[[Stage], None], thorough: bool) -> Iterator[int]:
    """The touches of disk and store that a deed consists of; not all of them where others try the same."""
    stage = Stage()
    trap = Trap(LIMIT, kill=False)
    stage.arm(trap)
    deed(stage)
    assert trap.touched < LIMIT
    yield from range(1, trap.touched + 1, 1 if thorough or examples.FACTOR > 1 else 5)


@pytest.mark.parametrize(("deed", "expected"), DEEDS)
@pytest.mark.parametrize("first", ["late saves", "files"])
def test_killed_at_any_touch(deed: Callable[[Stage], None], expected: str, first: str) -> None:
    for at in touches(deed, thorough=first == "files"):
        stage = Stage()
        stage.arm(Trap(at, kill=True))
        try:
            deed(stage)
        except Killed:
            stage.disarm()
            forget_what_was_begun(stage.world.store)
            stage.world.restart(late_first=first == "late saves")
        stage.disarm()
        finish(stage, expected, f"killed at {at}")


@pytest.mark.parametrize(("deed", "expected"), DEEDS)
@pytest.mark.parametrize("times", [1, 3, 40])
def test_failing_at_any_touch(deed: Callable[[Stage], None], expected: str, times: int) -> None:
    for at in touches(deed, thorough=times == 1):
        stage = Stage()
        stage.arm(Trap(at, kill=False, times=times))
        deed(stage)
        stage.disarm()
        finish(stage, expected, f"failing at {at}")


def finish(stage: Stage, expected: str, when: str) -> None:
    """After all, everything is in the file, and nothing is left to do or lying about."""
    world = stage.world
    world.quiet()
    stage.save_rest(world.write)
    world.quiet()
    assert cells.told(world.disk.files[NOTEBOOK]) == expected, when
    assert world.open_data() == [], when
    versions = world.store.versions(world.store.adopt(NOTEBOOK))
    merged = {version.digest for version in versions if version.origin is Origin.MERGED}
    assert not [one for one in versions if one.digest in merged and one.origin is not Origin.MERGED], when
    assert list(world.disk.files) == [NOTEBOOK], when
    assert world.disk.displaced == [], when
