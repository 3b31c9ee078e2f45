"""Watchdog, which serves macOS and Windows, tried on Linux: without its news of closing, as there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from nbmerge.observe import backend as module_of_watchdog
from nbmerge.observe import file_watcher as module
from nbmerge.observe.backend import Watchdog, backend_for
from nbmerge.observe.events import FileWatcherOptions, Overflowed, Renamed
from nbmerge.observe.file_watcher import FileWatcher
from tests.observe.world import World, notebook

# Its threads for Linux, which are not used there, can die of folders that are removed meanwhile.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")


@pytest.fixture
def watcher(world: World, monkeypatch: pytest.MonkeyPatch) -> FileWatcher:
    monkeypatch.setattr(module, "backend_for", lambda system, *rest: backend_for("darwin", *rest))
    world.save("a/nb.ipynb")
    return world.watch(FileWatcherOptions(rescan_interval=0.1))


def test_it_is_what_other_systems_get(watcher: FileWatcher) -> None:
    assert isinstance(watcher._backend, Watchdog)
    assert backend_for("plan9", lambda name: True, lambda path, message: None) is None


@pytest.mark.parametrize("renaming", [False, True], ids=["in place", "by rename"])
def test_saves(world: World, watcher: FileWatcher, renaming: bool) -> None:
    """The last of several, whole, whatever was read between."""
    for number in range(5):
        data = notebook(f"save {number}", 200_000)
        target = world.root / ("a/nb.tmp" if renaming else "a/nb.ipynb")
        target.write_bytes(data)
        if renaming:
            os.replace(target, world.root / "a/nb.ipynb")
    assert world.until_seen("a/nb.ipynb", data).way == ("renamed" if renaming else "in place")
    assert world.missed() == 0


def test_new_folders_and_their_end(world: World, watcher: FileWatcher) -> None:
    data = world.save("b/c/nb.ipynb")
    world.until_seen("b/c/nb.ipynb", data)
    shutil.rmtree(world.root / "b")
    world.until_vanished("b/c/nb.ipynb")


def test_a_folder_that_is_renamed(world: World, watcher: FileWatcher) -> None:
    os.rename(world.root / "a", world.root / "b")
    world.until(lambda: bool(world.all(Renamed)))
    assert Path(world.all(Renamed)[0].new) == world.root / "b/nb.ipynb"
    world.until_seen("b/nb.ipynb", world.save("b/nb.ipynb", "later"))


def test_a_symlinked_notebook_is_watched_without_what_is_below_its_folder(
    world: World, watcher: FileWatcher
) -> None:
    target = world.outside / "nb.ipynb"
    target.write_bytes(notebook("first"))
    os.symlink(target, world.root / "link.ipynb")
    world.until_seen(target, notebook("first"))
    target.write_bytes(notebook("second"))
    world.until_seen(target, notebook("second"))
    backend = watcher._backend
    assert isinstance(backend, Watchdog)
    assert backend._watches[str(world.outside)][0].is_recursive is False


def test_a_root_that_vanishes_and_comes_back(world: World, watcher: FileWatcher) -> None:
    shutil.rmtree(world.root)
    world.until_vanished("a/nb.ipynb")
    world.until_seen("a/nb.ipynb", world.save("a/nb.ipynb", "back"))
    world.until_seen("a/nb.ipynb", world.save("a/nb.ipynb", "and heard again"))


def test_a_thread_of_it_that_died_is_replaced(
    world: World, watcher: FileWatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = watcher._backend
    assert isinstance(backend, Watchdog)
    monkeypatch.setattr(module_of_watchdog, "_CHECK", 0.05)
    backend.wake()
    for emitter in list(backend._observer.emitters):
        emitter.stop()
        emitter.join()
    world.until(lambda: bool(world.all(Overflowed)))
    world.until_seen("a/nb.ipynb", world.save("a/nb.ipynb", "heard again"))


def test_without_it_files_are_looked_at(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(matters: object) -> Watchdog:
        raise ImportError("No module named 'watchdog'")

    monkeypatch.setattr("nbmerge.observe.backend.Watchdog", missing)
    monkeypatch.setattr(module, "backend_for", lambda system, *rest: backend_for("win32", *rest))
    world.watch()
    world.until_seen("nb.ipynb", world.save("nb.ipynb"))
    [message] = world.troubles()
    assert "looking every second instead" in message
