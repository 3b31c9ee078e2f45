"""Whatever happens to a tree: what was told adds up to what is there."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import time
from pathlib import Path

import pytest

from nbmerge.observe.events import FileRead, FileWatcherOptions, Renamed, Vanished
from tests.observe.world import DEADLINE, World, brief, notebook

FOLDERS = ["", "a", "b", "a/c", "a/c/d", "b/e", "node_modules", "f"]
NAMES = ["1.ipynb", "2.ipynb", "3.ipynb", "nb~", "x.tmp", ".~1.ipynb"]


class Hands:
    """Does something to the tree, at random; what cannot be done is not."""

    def __init__(self, root: Path, outside: Path, seed: int) -> None:
        self.root = root
        self.outside = outside
        self.chance = random.Random(seed)
        self.number = 0

    def act(self) -> None:
        acts = [self.save, self.save, self.replace, self.rename, self.remove, self.pause, self.exchange]
        acts += [self.make_folder, self.move_folder, self.remove_folder, self.out_and_in]
        with contextlib.suppress(OSError):
            self.chance.choice(acts)()

    def file(self) -> Path:
        return self.folder() / self.chance.choice(NAMES)

    def folder(self) -> Path:
        return self.root / self.chance.choice(FOLDERS)

    def data(self) -> bytes:
        self.number += 1
        return notebook(f"content {self.number}")

    def save(self) -> None:
        self.file().write_bytes(self.data())

    def replace(self) -> None:
        target = self.file()
        beside = target.with_name("beside.tmp")
        beside.write_bytes(self.data())
        os.replace(beside, target)

    def rename(self) -> None:
        os.rename(self.file(), self.file())

    def exchange(self) -> None:
        """Two files change places, or as vim has it: away, and a new one there."""
        one, other = self.file(), self.file()
        os.rename(one, self.root / "between")
        os.rename(other, one)
        os.rename(self.root / "between", other)

    def remove(self) -> None:
        self.file().unlink()

    def make_folder(self) -> None:
        self.folder().mkdir(parents=True, exist_ok=True)

    def move_folder(self) -> None:
        os.rename(self.folder(), self.folder() / "moved" if self.chance.random() < 0.2 else self.folder())

    def remove_folder(self) -> None:
        shutil.rmtree(self.root / self.chance.choice(FOLDERS[1:]))

    def out_and_in(self) -> None:
        self.number += 1
        aside = self.outside / f"aside{self.number}"
        os.rename(self.root / self.chance.choice(FOLDERS[1:]), aside)
        self.pause()
        os.rename(aside, self.root / self.chance.choice(FOLDERS[1:]))

    def pause(self) -> None:
        time.sleep(self.chance.choice([0.0, 0.001, 0.01, 0.05]))


def told(world: World) -> dict[str, bytes]:
    """The notebooks that there are, by what was told."""
    found: dict[str, bytes] = {}
    for event in list(world.events):
        match event:
            case FileRead(path, data):
                found[path] = data
            case Vanished(path):
                assert path in found, [brief(one) for one in world.about(path)]
                del found[path]
            case Renamed(old, new):
                assert old in found, [brief(one) for one in [*world.about(old), *world.about(new)]]
                found[new] = found.pop(old)
            case _:
                pass
    return found


def there(root: Path) -> dict[str, bytes]:
    """The notebooks that there are."""
    return {
        str(path): path.read_bytes()
        for path in root.rglob("[0-9].ipynb")
        if path.is_file() and "node_modules" not in path.parts
    }


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("poll", [None, True], ids=["told", "polled"])
def test_what_is_told_adds_up(world: World, seed: int, poll: bool | None) -> None:
    world.watch(FileWatcherOptions(poll=poll, poll_interval=0.02))
    hands = Hands(world.root, world.outside, seed)
    for _ in range(250):
        hands.act()
    # A machine that is busy with other things is looked at less often; a rescan would come later still.
    deadline = time.monotonic() + (3 * DEADLINE if poll else DEADLINE)
    while told(world) != there(world.root) and time.monotonic() < deadline:
        time.sleep(0.05)
    expected, found = there(world.root), told(world)
    wrong = {path for path in expected.keys() | found.keys() if expected.get(path) != found.get(path)}
    assert not wrong, {path: [brief(event) for event in world.about(path)][-6:] for path in wrong}
    assert not world.troubles()
