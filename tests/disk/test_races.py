"""An editor and nbmerge write one file at the same time, as fast as they can: every save is accounted for."""

from __future__ import annotations

import itertools
import os
import random
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from nbmerge.disk import Busy, Changed, Disk, LateSave, Placed
from nbmerge.files import digest
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

    def see(self, data: bytes) -> None:
        number = number_in(data)
        if number is not None:
            self.seen.add(number)

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
        for late in self.disk.tend():
            self.displaced += 1
            self.see(late.data)
            self.disk.confirm(late)


def race(folder: Path, way: str, saves: int, pause: float, linked: bool) -> tuple[set[int], Merger]:
    """The saves that are lost."""
    path = folder / "a.ipynb"
    path.write_bytes(b"{}\n")
    if linked:
        os.link(path, folder / "b.ipynb")
    command = [sys.executable, "-m", "tests.helpers.racing_editor", str(path), way, str(saves), str(pause)]
    merger = Merger(str(path), Disk(str(folder / "journal"), time.time))
    chance = random.Random(3)
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as editor:
        while editor.poll() is None:
            merger.step()
            time.sleep(chance.random() * 0.003)
        assert editor.stdout is not None
        lines = [line.split() for line in editor.stdout]
    for _ in range(3):
        merger.step()
    merger.disk.close()
    assert sorted(os.listdir(folder)) == sorted(["a.ipynb", "journal", *(["b.ipynb"] if linked else [])])
    assert os.listdir(folder / "journal") == []
    saved = {int(line[0]) for line in lines}
    assert len(saved) == saves
    own = set(itertools.chain.from_iterable(map(int, line[2:]) for line in lines))
    return saved - merger.seen - own, merger


WAYS = [("rename", False), ("in-place", False), ("slow", False), ("in-place", True), ("slow", True)]


@pytest.mark.parametrize(("way", "linked"), WAYS)
def test_no_save_is_lost(tmp_path: Path, way: str, linked: bool) -> None:
    lost, _ = race(tmp_path, way, 60, 3, linked)
    assert lost == set()


@pytest.mark.slow
@pytest.mark.parametrize("pause", [0.5, 2, 5])
@pytest.mark.parametrize(("way", "linked"), WAYS)
def test_no_save_is_lost_in_many(tmp_path: Path, way: str, linked: bool, pause: float) -> None:
    lost, merger = race(tmp_path, way, 1000, pause, linked)
    print(way, linked, pause, "ms:", merger.written, "written,", merger.displaced, "displaced")
    assert lost == set()
