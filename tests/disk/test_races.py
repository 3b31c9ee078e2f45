"""An editor and nbmerge write one file at the same time, as fast as they can: every save is accounted for."""

from __future__ import annotations

import itertools
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from nbmerge.disk import Busy, Changed, Disk, LateSave, Placed
from nbmerge.files import digest
from tests.helpers.fake_disk import all_known
from tests.helpers.racing_editor import number_in

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="leases and exchange of Linux")
ROOT = Path(__file__).parents[2]


@dataclass(slots=True)
class Merger:
    """Replaces whatever stands in the file by something of its own, again and again."""

    path: str
    disk: Disk
    seen: set[int] = field(default_factory=set)
    written: int = 0
    displaced: int = 0
    held: bytes = b""
    store: int = -1  # a file that outlives this process

    def see(self, data: bytes) -> None:
        number = number_in(data)
        if number is not None:
            self.seen.add(number)
            if self.store >= 0:
                os.write(self.store, b"%d\n" % number)

    def start(self) -> None:
        """Take what a process before this one left."""
        for late in self.disk.repair([os.path.dirname(self.path)]).saves:
            self.see(late.data)
            self.disk.confirm(late)

    def step(self) -> None:
        mine = b'{"merged": %d}\n' % self.written
        match self.disk.place(self.path, mine, digest(self.held)):
            case Placed(displaced):
                self.written += 1
                self.held = mine
                if displaced is not None:
                    self.displaced += 1
                    self.see(displaced)
                    self.disk.confirm(LateSave(self.path, displaced))
            case Changed(found):
                self.see(found)
                self.held = found
            case Busy():
                time.sleep(0.0005)
            case other:
                raise AssertionError(other)
        for late in self.disk.check_displaced():
            self.displaced += 1
            self.see(late.data)
            self.disk.confirm(late)


def merge_until_killed(folder: Path, store: Path, after: float) -> None:
    """A process that does nothing else, and is killed after so many seconds."""
    child = os.fork()
    if child:
        time.sleep(after)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return
    try:
        log = os.open(store, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        merger = Merger(
            str(folder / "a.ipynb"), Disk(str(folder / "journal"), time.time, all_known), store=log
        )
        merger.start()
        while True:
            merger.step()
    finally:
        os._exit(1)


def race(folder: Path, way: str, saves: int, pause: float, linked: bool) -> tuple[set[int], Merger]:
    """The saves that are lost."""
    merger = Merger(str(folder / "a.ipynb"), Disk(str(folder / "journal"), time.time, all_known))
    chance = random.Random(3)
    with editing(folder, f"{way} {saves} {pause}", linked) as editor:
        while editor.poll() is None:
            merger.step()
            time.sleep(chance.random() * 0.003)
        saved, own = account(editor)
    return lost(folder, merger, saved - own), merger


def editing(folder: Path, how: str, linked: bool) -> subprocess.Popen[str]:
    path = folder / "a.ipynb"
    path.write_bytes(b"{}\n")
    if linked:
        os.link(path, folder / "b.ipynb")
    command = [sys.executable, "-m", "tests.helpers.racing_editor", str(path), *how.split()]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def account(editor: subprocess.Popen[str]) -> tuple[set[int], set[int]]:
    """All saves, and those that the editor overwrote itself."""
    assert editor.stdout is not None
    lines = [line.split() for line in editor.stdout]
    own = set(itertools.chain.from_iterable(map(int, line[2:]) for line in lines))
    return {int(line[0]) for line in lines}, own


def lost(folder: Path, merger: Merger, saved: set[int]) -> set[int]:
    """What nobody saw, once all is quiet; nothing else is left then."""
    for _ in range(3):
        merger.step()
    merger.disk.close()
    assert set(os.listdir(folder)) <= {"a.ipynb", "b.ipynb", "journal", "store"}
    assert os.listdir(folder / "journal") == []
    return saved - merger.seen


WAYS = [("rename", False), ("in-place", False), ("slow", False), ("in-place", True), ("slow", True)]


@pytest.mark.parametrize(("way", "linked"), WAYS)
def test_no_save_is_lost(tmp_path: Path, way: str, linked: bool) -> None:
    missing, merger = race(tmp_path, way, 60, 3, linked)
    assert missing == set()
    assert merger.written > 0


@pytest.mark.slow
@pytest.mark.parametrize("pause", [0.5, 2, 5])
@pytest.mark.parametrize(("way", "linked"), WAYS)
def test_no_save_is_lost_in_many(tmp_path: Path, way: str, linked: bool, pause: float) -> None:
    missing, merger = race(tmp_path, way, 1000, pause, linked)
    print(way, linked, pause, "ms:", merger.written, "written,", merger.displaced, "displaced")
    assert missing == set()


@pytest.mark.parametrize(("way", "linked"), WAYS)
@pytest.mark.parametrize("saves", [50, pytest.param(2000, marks=pytest.mark.slow)])
def test_no_save_is_lost_while_the_merger_is_killed(
    tmp_path: Path, way: str, linked: bool, saves: int
) -> None:
    chance, store = random.Random(5), tmp_path / "store"
    store.touch()
    with editing(tmp_path, f"{way} {saves} 4", linked) as editor:
        while editor.poll() is None:
            merge_until_killed(tmp_path, store, 0.01 + chance.random() * 0.05)
        saved, own = account(editor)
    merger = Merger(str(tmp_path / "a.ipynb"), Disk(str(tmp_path / "journal"), time.time, all_known))
    merger.start()
    stored = {int(line) for line in store.read_text().split()}
    assert lost(tmp_path, merger, saved - own - stored) == set()
