"""Every way in which programs save comes out as what was saved, whole, and how."""

from __future__ import annotations

import os
import threading
import time

import pytest

from nbmerge.observe.events import Previous, Renamed, Syncing, Vanished
from tests.observe.world import World, notebook


def test_what_is_there_at_the_start_is_told(world: World) -> None:
    data = world.save("a/b/nb.ipynb")
    watcher = world.watch()
    assert world.seen("a/b/nb.ipynb") == [data]
    assert (watcher.notebooks, watcher.ready) == (1, True)


def test_what_is_known_from_the_last_run_is_not_read(world: World) -> None:
    world.save("old.ipynb")
    new = world.save("new.ipynb")
    watcher = world.watcher()
    watcher.known = lambda path, stamp: path.endswith("old.ipynb") and stamp.size > 0
    watcher.start()
    assert (world.seen("old.ipynb"), world.seen("new.ipynb")) == ([], [new])
    world.until_seen("old.ipynb", world.save("old.ipynb", "changed"))


def test_a_save_in_place_is_read_once_and_whole(world: World) -> None:
    world.save("nb.ipynb")
    world.watch()
    data = world.save("nb.ipynb", "second")
    looked = world.until_seen("nb.ipynb", data)
    world.settle()
    assert len(world.seen("nb.ipynb")) == 2
    assert (looked.way, looked.closed, looked.stamp.size) == ("in place", True, len(data))


def test_a_writer_that_pauses_in_the_middle(world: World) -> None:
    """Truncated, half written, then the rest: only the whole is told as closed."""
    world.save("nb.ipynb")
    world.watch()
    data = notebook("slow", 50_000)
    with open(world.path("nb.ipynb"), "wb", buffering=0) as file:
        file.write(data[:20_000])
        time.sleep(0.2)
        file.write(data[20_000:])
    looked = world.until_seen("nb.ipynb", data)
    assert looked.closed
    assert len(world.seen("nb.ipynb")) == 2


def test_a_writer_that_does_not_close_is_read_all_the_same(world: World) -> None:
    world.save("nb.ipynb")
    world.watch()
    data = notebook("open for ever")
    with open(world.path("nb.ipynb"), "wb", buffering=0) as file:
        file.write(data)
        assert not world.until_seen("nb.ipynb", data).closed


def test_a_file_renamed_into_place(world: World) -> None:
    world.save("nb.ipynb")
    world.watch()
    data = notebook("renamed")
    (world.root / "nb.ipynb.tmp").write_bytes(data)
    os.replace(world.path("nb.ipynb.tmp"), world.path("nb.ipynb"))
    looked = world.until_seen("nb.ipynb", data)
    assert (looked.way, looked.closed) == ("renamed", True)
    world.settle()
    assert not world.all(Renamed)


def test_a_file_moved_in_from_outside(world: World) -> None:
    world.save("nb.ipynb")
    world.watch()
    data = notebook("from outside")
    (world.outside / "x").write_bytes(data)
    os.replace(world.outside / "x", world.root / "nb.ipynb")
    assert world.until_seen("nb.ipynb", data).way == "renamed"


def test_jupyter_server_keeps_a_copy_while_it_saves(world: World) -> None:
    """Its copy tells what the notebook held, should that have been missed."""
    old = world.save("nb.ipynb", "old")
    world.watch()
    (world.root / ".~nb.ipynb").write_bytes(old)
    data = world.save("nb.ipynb", "new")
    (world.root / ".~nb.ipynb").unlink()
    assert world.until_seen("nb.ipynb", data).way == "in place with a copy"
    assert not world.all(Previous)
    unseen = notebook("never seen")
    (world.root / ".~nb.ipynb").write_bytes(unseen)
    world.until(lambda: unseen in [one.data for one in world.all(Previous)])
    assert world.all(Previous)[0].path == world.path("nb.ipynb")


def test_vim_moves_the_old_file_aside(world: World) -> None:
    world.save("nb.ipynb", "old")
    world.watch()
    os.rename(world.path("nb.ipynb"), world.path("nb.ipynb~"))
    data = world.save("nb.ipynb", "from vim")
    os.unlink(world.path("nb.ipynb~"))
    assert world.until_seen("nb.ipynb", data).way == "renamed"
    world.settle()
    assert not [one for one in world.about("nb.ipynb") if isinstance(one, Vanished | Renamed)]


def test_a_temporary_file_that_is_called_a_notebook(world: World) -> None:
    """Its name is not the notebook's new name."""
    world.save("nb.ipynb", "old")
    world.watch()
    data = world.save("nb_tmp.ipynb", "new")
    os.replace(world.path("nb_tmp.ipynb"), world.path("nb.ipynb"))
    world.until_seen("nb.ipynb", data)
    world.settle()
    assert not world.all(Renamed)


def test_a_linked_file_is_there_whole(world: World) -> None:
    """No writer ever closes a file that was linked into the folder."""
    world.watch()
    data = notebook("linked")
    (world.outside / "x").write_bytes(data)
    os.link(world.outside / "x", world.root / "nb.ipynb")
    world.until_seen("nb.ipynb", data)


def test_sync_clients_are_named(world: World) -> None:
    world.watch()
    (world.root / ".syncthing.nb.ipynb.tmp").write_bytes(b"")
    world.until(lambda: bool(world.all(Syncing)))
    [found] = world.all(Syncing)
    assert (found.path, found.client) == (world.path("nb.ipynb"), "Syncthing")


def test_what_cannot_be_read_at_once_is_no_notebook(world: World) -> None:
    """A pipe would keep the reader waiting for ever."""
    os.mkfifo(world.root / "pipe.ipynb")
    (world.root / "folder.ipynb").mkdir()
    world.watch()
    os.mkfifo(world.root / "pipe2.ipynb")
    world.settle()
    assert not world.about("pipe.ipynb")
    assert not world.about("pipe2.ipynb")


@pytest.mark.parametrize("renaming", [False, True], ids=["in place", "by rename"])
def test_saves_10_ms_apart_are_recorded(world: World, renaming: bool) -> None:
    """Also while another program moves files out of sight, and this process works hard."""
    world.observe()
    stop = threading.Event()
    noise = threading.Thread(target=_noise, args=(world, stop))
    noise.start()
    expected = []
    for number in range(300):
        data = notebook(f"save {number}", 20_000)
        expected.append(data)
        target = world.root / ("nb.tmp" if renaming else "nb.ipynb")
        target.write_bytes(data)
        if renaming:
            os.replace(target, world.root / "nb.ipynb")
        until = time.monotonic() + 0.01
        while time.monotonic() < until:  # the client must not need this process to pause
            pass
    stop.set()
    noise.join()
    world.until_seen("nb.ipynb", expected[-1])
    numbers = [expected.index(data) for data in world.seen("nb.ipynb") if data in expected]
    # On a machine that has time all are read; where it has none for 10 ms, each is counted.
    world.until(lambda: len(world.seen("nb.ipynb")) + world.missed() >= 300)
    assert numbers == sorted(set(numbers))
    assert len(numbers) + world.missed() == 300
    assert world.missed() < 75


def _noise(world: World, stop: threading.Event) -> None:
    number = 0
    while not stop.wait(0.05):
        number += 1
        (world.root / f"log-{number}").write_bytes(b"")
        os.rename(world.root / f"log-{number}", world.outside / f"log-{number}")


@pytest.mark.parametrize("renaming", [False, True], ids=["in place", "by rename"])
def test_saves_too_fast_to_be_read_are_counted(world: World, renaming: bool) -> None:
    """As many as there were, no more: read or counted."""
    world.watch()
    for number in range(200):
        data = notebook(f"save {number}", 3_000)
        target = world.root / ("nb.tmp" if renaming else "nb.ipynb")
        target.write_bytes(data)
        if renaming:
            os.replace(target, world.root / "nb.ipynb")
    world.until_seen("nb.ipynb", data)
    world.settle()
    whole = {one for one in world.seen("nb.ipynb") if one.endswith(b"}\n")}
    assert len(whole) + world.missed() == 200
