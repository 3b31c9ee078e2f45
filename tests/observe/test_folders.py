"""Folders come, go, move, cannot be read; links lead elsewhere; what is asked for need not be there."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from nbmerge.observe import capture, watched_tree
from nbmerge.observe.backend import FileChange, SystemEvent
from nbmerge.observe.events import (
    FileRead,
    FileWatcherOptions,
    Overflowed,
    Renamed,
    Trouble,
    Vanished,
)
from nbmerge.observe.inotify import Inotify
from nbmerge.observe.names import shown_path
from nbmerge.observe.reading import FileReading, read_now
from nbmerge.observe.watched_tree import FolderListing, WatchedFolder, list_folder
from tests.observe.world import World, notebook


def test_new_folders_are_watched_with_what_is_in_them(world: World) -> None:
    world.watch()
    data = world.save("c/d/e/nb.ipynb")
    world.until_seen("c/d/e/nb.ipynb", data)
    world.until_seen("c/d/e/nb.ipynb", world.save("c/d/e/nb.ipynb", "again"))


def test_a_big_tree_that_is_unpacked(world: World) -> None:
    """More folders at once than are walked where they are noticed."""
    world.watch()
    expected = {f"t/{a}/{b}/nb.ipynb": notebook(f"{a} {b}") for a in range(15) for b in range(10)}
    for name, data in expected.items():
        (world.root / name).parent.mkdir(parents=True, exist_ok=True)
        (world.root / name).write_bytes(data)
    world.until(lambda: all(data in world.seen(name) for name, data in expected.items()))


def test_a_folder_that_is_moved_in(world: World) -> None:
    (world.outside / "new/deep").mkdir(parents=True)
    data = notebook("moved in")
    (world.outside / "new/deep/nb.ipynb").write_bytes(data)
    world.watch()
    os.rename(world.outside / "new", world.root / "new")
    world.until_seen("new/deep/nb.ipynb", data)
    world.until_seen("new/deep/nb.ipynb", world.save("new/deep/nb.ipynb", "later"))


def test_a_folder_that_is_renamed_keeps_its_histories(world: World) -> None:
    data = world.save("a/deep/nb.ipynb")
    world.watch()
    os.rename(world.root / "a", world.root / "b")
    world.until(lambda: len(world.all(Renamed)) == 1)
    world.until_seen("b/deep/nb.ipynb", data)
    [renamed] = world.all(Renamed)
    assert (renamed.old, renamed.new) == (world.path("a/deep/nb.ipynb"), world.path("b/deep/nb.ipynb"))
    world.until_seen("b/deep/nb.ipynb", world.save("b/deep/nb.ipynb", "later"))
    assert not world.all(Vanished)


def test_a_folder_that_is_moved_out_or_removed(world: World) -> None:
    world.save("a/nb.ipynb")
    world.save("b/nb.ipynb")
    watcher = world.watch()
    os.rename(world.root / "a", world.outside / "a")
    shutil.rmtree(world.root / "b")
    world.until_vanished("a/nb.ipynb")
    world.until_vanished("b/nb.ipynb")
    assert watcher.notebooks == 0
    (world.outside / "a/nb.ipynb").write_bytes(notebook("out of sight"))
    world.settle()
    assert len(world.seen("a/nb.ipynb")) == 1


def test_a_folder_that_comes_to_be_ignored(world: World) -> None:
    """It is gone for people, and nothing in it is watched any more."""
    world.save("a/nb.ipynb")
    world.watch()
    os.rename(world.root / "a", world.root / "node_modules")
    world.until_vanished("a/nb.ipynb")
    world.save("node_modules/nb.ipynb", "later")
    world.settle()
    assert not world.about("node_modules/nb.ipynb")


def test_a_notebook_that_is_renamed(world: World) -> None:
    """Its name first, then what it holds under it."""
    data = world.save("a.ipynb")
    world.watch()
    os.rename(world.root / "a.ipynb", world.root / "b.ipynb")
    world.until_seen("b.ipynb", data)
    assert [type(one) for one in world.about("b.ipynb")] == [Renamed, FileRead]
    assert world.all(Renamed)[0].old == world.path("a.ipynb")
    world.settle()
    assert not world.vanished("a.ipynb")


def test_renamed_and_back_or_twice(world: World) -> None:
    data = world.save("a.ipynb")
    world.watch()
    os.rename(world.root / "a.ipynb", world.root / "b.ipynb")
    os.rename(world.root / "b.ipynb", world.root / "a.ipynb")
    world.settle()
    assert not world.all(Renamed)
    os.rename(world.root / "a.ipynb", world.root / "c.ipynb")
    os.rename(world.root / "c.ipynb", world.root / "d.ipynb")
    world.until_seen("d.ipynb", data)
    ways = [(Path(one.old).name, Path(one.new).name) for one in world.all(Renamed)]
    assert ways == [("a.ipynb", "c.ipynb"), ("c.ipynb", "d.ipynb")]
    assert not any(world.vanished(f"{name}.ipynb") for name in "abcd")


def test_a_sync_client_moves_the_old_file_aside(world: World) -> None:
    """The conflict copy is a notebook like others; the history stays with the name."""
    old = world.save("nb.ipynb", "ours")
    world.watch()
    new = notebook("theirs")
    (world.root / ".syncthing.nb.ipynb.tmp").write_bytes(new)
    os.rename(world.root / "nb.ipynb", world.root / "nb.sync-conflict-20260102-150405-ABCDEFG.ipynb")
    os.rename(world.root / ".syncthing.nb.ipynb.tmp", world.root / "nb.ipynb")
    world.until_seen("nb.ipynb", new)
    world.until_seen("nb.sync-conflict-20260102-150405-ABCDEFG.ipynb", old)
    assert not world.all(Renamed)


def test_our_own_exchange_is_neither_renaming_nor_removal(world: World) -> None:
    world.save("nb.ipynb", "old")
    world.watch()
    data = notebook("merged")
    (world.root / ".nbmerge-1.tmp").write_bytes(data)
    # FileChange inotify tells of RENAME_EXCHANGE are these two moves.
    os.rename(world.root / "nb.ipynb", world.root / ".nbmerge-2.tmp")
    os.rename(world.root / ".nbmerge-1.tmp", world.root / "nb.ipynb")
    os.unlink(world.root / ".nbmerge-2.tmp")
    world.until_seen("nb.ipynb", data)
    world.settle()
    kinds = {type(one) for one in world.about("nb.ipynb")}
    assert kinds == {FileRead}


def test_a_notebook_that_is_deleted_and_made_again(world: World) -> None:
    world.save("nb.ipynb")
    world.watch()
    os.unlink(world.root / "nb.ipynb")
    world.until_vanished("nb.ipynb")
    world.until_seen("nb.ipynb", world.save("nb.ipynb", "again"))


def test_a_symlinked_notebook_is_watched_where_it_is(world: World) -> None:
    target = world.outside / "data.bin"
    target.write_bytes(notebook("first"))
    os.symlink(target, world.root / "link.ipynb")
    (world.outside / "other.ipynb").write_bytes(notebook("not asked for"))
    watcher = world.watch()
    world.until_seen(target, notebook("first"))
    target.write_bytes(notebook("in place"))
    world.until_seen(target, notebook("in place"))
    (world.outside / "tmp").write_bytes(notebook("renamed"))
    os.replace(world.outside / "tmp", target)
    world.until_seen(target, notebook("renamed"))
    assert watcher.notebooks == 1
    assert shown_path(str(target), watcher.shown) == world.path("link.ipynb")


def test_links_that_come_and_go(world: World) -> None:
    (world.outside / "a").mkdir()
    target = world.outside / "a/nb.ipynb"
    target.write_bytes(notebook("first"))
    watcher = world.watch()
    os.symlink(world.outside / "a", world.root / "folder")
    world.until_seen(target, notebook("first"))
    target.write_bytes(notebook("second"))
    world.until_seen(target, notebook("second"))
    assert shown_path(str(target), watcher.shown) == world.path("folder/nb.ipynb")
    os.unlink(world.root / "folder")
    world.wait(lambda: watcher.notebooks == 0)
    target.write_bytes(notebook("third"))
    world.settle()
    assert notebook("third") not in world.seen(target)
    assert not world.vanished(target)


def test_links_in_a_circle(world: World) -> None:
    data = world.save("a/nb.ipynb")
    os.symlink(world.root, world.root / "a/up")
    os.symlink("self", world.root / "self")
    os.symlink("self.ipynb", world.root / "self.ipynb")
    watcher = world.watch()
    assert world.seen("a/nb.ipynb") == [data]
    assert watcher.notebooks == 1


def test_a_link_that_leads_nowhere_yet(world: World) -> None:
    target = world.outside / "nb"
    os.symlink(target, world.root / "nb.ipynb")
    world.watch(FileWatcherOptions(rescan_interval=0.05, poll_interval=0.05))
    target.write_bytes(notebook("there now"))
    world.until_seen(target, notebook("there now"))


def test_a_root_that_vanishes_and_comes_back(world: World) -> None:
    world.save("nb.ipynb", "first")
    world.watch(FileWatcherOptions(rescan_interval=0.05))
    os.rename(world.root, world.outside / "elsewhere")
    world.until_vanished("nb.ipynb")
    world.until(lambda: bool(world.all(Trouble)))
    world.root.mkdir()
    world.until_seen("nb.ipynb", world.save("nb.ipynb", "second"))
    assert world.troubles() == ["is not there; it is watched as soon as it is"]


def test_a_root_that_is_one_notebook(world: World) -> None:
    data = world.save("nb.ipynb")
    world.save("other.ipynb")
    watcher = world.watch(roots=[world.root / "nb.ipynb"])
    assert (world.seen("nb.ipynb"), watcher.notebooks) == ([data], 1)
    world.until_seen("nb.ipynb", world.save("nb.ipynb", "later"))


def test_roots_inside_each_other_and_twice(world: World) -> None:
    data = world.save("a/nb.ipynb")
    ignored = world.save("node_modules/nb.ipynb")
    world.watch(roots=[world.root / "a", world.root, world.root, world.root / "node_modules"])
    assert world.seen("a/nb.ipynb") == [data]
    assert world.seen("node_modules/nb.ipynb") == [ignored]


def test_a_folder_that_may_not_be_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named once, and all the others are watched."""
    world.save("closed/nb.ipynb")
    data = world.save("open/nb.ipynb")

    def refused(folder: WatchedFolder) -> FolderListing:
        if folder.path == world.path("closed"):
            raise PermissionError(13, "Permission denied")
        return list_folder(folder)

    monkeypatch.setattr(watched_tree, "list_folder", refused)
    watcher = world.watch()
    assert world.seen("open/nb.ipynb") == [data]
    watcher.rescan()
    world.settle()
    [trouble] = world.all(Trouble)
    assert trouble.path == world.path("closed")
    assert trouble.message == "cannot be read: permission denied; what is in it is not watched"


def test_a_notebook_that_may_not_be_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is named once; once it can be read, it is."""
    refused = [True]

    def read(path: str) -> FileReading | None:
        if refused[0] and path == world.path("nb.ipynb"):
            raise PermissionError(13, "Permission denied")
        return read_now(path)

    monkeypatch.setattr(capture, "read_now", read)
    watcher = world.watch()
    data = world.save("nb.ipynb")
    world.settle()
    [trouble] = world.all(Trouble)
    assert (trouble.path, trouble.message) == (world.path("nb.ipynb"), "cannot be read: permission denied")
    refused[0] = False
    watcher.rescan()
    world.until_seen("nb.ipynb", data)
    assert not world.vanished("nb.ipynb")


def test_no_room_for_more_watches(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """FileChange cannot be watched is looked at; people hear once which limit to raise."""
    world.save("a/nb.ipynb")
    watch = Inotify.watch

    def full(self: Inotify, folder: str, below: bool) -> None:
        if folder != str(world.root):
            raise OSError(28, "No space left on device")
        watch(self, folder, below)

    monkeypatch.setattr(Inotify, "watch", full)
    world.watch(FileWatcherOptions(poll_interval=0.05))
    world.until_seen("a/nb.ipynb", world.save("a/nb.ipynb", "polled"))
    world.until_seen("b/nb.ipynb", world.save("b/nb.ipynb", "new folder"))
    [message] = world.troubles()
    assert "fs.inotify.max_user_watches" in message


def test_an_overflow_is_told_and_everything_looked_at(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events were lost: a new folder in a new folder, a save, a removal."""
    world.save("a.ipynb")
    world.save("b.ipynb")
    lost = [True]
    notes = Inotify.events

    def deaf(self: Inotify, timeout: float) -> list[SystemEvent]:
        found = notes(self, timeout)
        return [] if lost[0] else found

    monkeypatch.setattr(Inotify, "events", deaf)
    watcher = world.watch()
    data = world.save("a.ipynb", "unheard")
    new = world.save("x/y/new.ipynb", "unheard of")
    os.unlink(world.root / "b.ipynb")
    lost[0] = False
    with watcher._capture.lock:
        watcher._handler.handle(SystemEvent(FileChange.OVERFLOW, ""))
    world.until_seen("a.ipynb", data)
    world.until_seen("x/y/new.ipynb", new)
    world.until_vanished("b.ipynb")
    assert len(world.all(Overflowed)) == 1
    world.until_seen("x/y/new.ipynb", world.save("x/y/new.ipynb", "heard"))


def test_what_events_do_not_tell_is_found_in_a_while(world: World) -> None:
    """A write through a hard link elsewhere."""
    world.save("nb.ipynb")
    os.link(world.root / "nb.ipynb", world.outside / "other")
    world.watch(FileWatcherOptions(rescan_interval=0.1, poll_interval=0.05))
    data = notebook("through the other name")
    (world.outside / "other").write_bytes(data)
    assert world.until_seen("nb.ipynb", data).way == "in place"


@pytest.mark.parametrize("renaming", [False, True], ids=["in place", "by rename"])
def test_polling(world: World, renaming: bool) -> None:
    world.save("a/nb.ipynb")
    world.watch(FileWatcherOptions(poll=True, poll_interval=0.05))
    data = notebook("polled")
    (world.outside / "x").write_bytes(data)
    if renaming:
        os.replace(world.outside / "x", world.root / "a/nb.ipynb")
    else:
        shutil.copyfile(world.outside / "x", world.root / "a/nb.ipynb")
    assert world.until_seen("a/nb.ipynb", data).way == ("renamed" if renaming else "in place")
    world.until_seen("b/c/new.ipynb", world.save("b/c/new.ipynb"))
    os.unlink(world.root / "a/nb.ipynb")
    world.until_vanished("a/nb.ipynb")
    shutil.rmtree(world.root / "b")
    world.until_vanished("b/c/new.ipynb")


def test_a_notebook_that_is_asked_for_is_told_in_any_case(world: World) -> None:
    data = world.save("nb.ipynb")
    watcher = world.watch()
    watcher.look(world.path("nb.ipynb"))
    assert world.seen("nb.ipynb") == [data, data]
    os.unlink(world.path("nb.ipynb"))
    watcher.look(world.path("nb.ipynb"))
    world.until_vanished("nb.ipynb")


def test_a_notebook_that_was_renamed_unheard(world: World) -> None:
    """Where nothing is told, the file itself gives away that it is the same."""
    data = world.save("a/nb.ipynb")
    world.watch(FileWatcherOptions(poll=True, poll_interval=0.05))
    (world.root / "b").mkdir()
    os.rename(world.path("a/nb.ipynb"), world.path("b/new.ipynb"))
    world.until_seen("b/new.ipynb", data)
    assert [(one.old, one.new) for one in world.all(Renamed)] == [
        (world.path("a/nb.ipynb"), world.path("b/new.ipynb"))
    ]
    world.settle()
    assert not world.vanished("a/nb.ipynb")


def test_what_is_saved_between_two_renames_is_told(world: World) -> None:
    world.save("a.ipynb", "first")
    world.watch()
    os.rename(world.path("a.ipynb"), world.path("b.ipynb"))
    second = world.save("b.ipynb", "second")
    world.settle_events()
    third = world.save("b.ipynb", "third")
    world.settle_events()
    os.rename(world.path("b.ipynb"), world.path("a.ipynb"))
    world.until_seen("a.ipynb", third)
    assert second in world.seen("a.ipynb")
    assert not world.all(Renamed)


def test_a_root_file_whose_folder_is_replaced(world: World) -> None:
    world.save("a/nb.ipynb")
    world.watch(FileWatcherOptions(rescan_interval=0.1), roots=[world.root / "a/nb.ipynb"])
    shutil.rmtree(world.root / "a")
    world.until_vanished("a/nb.ipynb")
    world.until_seen("a/nb.ipynb", world.save("a/nb.ipynb", "back"))
    world.until_seen("a/nb.ipynb", world.save("a/nb.ipynb", "and watched"))


def test_the_folder_of_a_links_target_comes_back(world: World) -> None:
    target = world.outside / "deep/nb.ipynb"
    target.parent.mkdir()
    target.write_bytes(notebook("first"))
    os.symlink(target, world.root / "link.ipynb")
    world.watch(FileWatcherOptions(rescan_interval=0.1))
    shutil.rmtree(target.parent)
    world.until(lambda: world.vanished(target))
    target.parent.mkdir()
    target.write_bytes(notebook("second"))
    world.until_seen(target, notebook("second"))


def test_a_folder_that_is_replaced_by_another(world: World) -> None:
    """A rename onto an empty folder: the old watch goes, the new one stays."""
    (world.root / "empty").mkdir()
    data = world.save("full/nb.ipynb")
    world.watch()
    os.rename(world.root / "full", world.root / "empty")
    world.until_seen("empty/nb.ipynb", data)
    world.until_seen("empty/nb.ipynb", world.save("empty/nb.ipynb", "later"))
    world.until_seen("empty/nb.ipynb", world.save("empty/nb.ipynb", "and later"))


def test_a_folder_moved_away_whose_name_is_taken_at_once(world: World) -> None:
    """That it left is certain only after a while; the new one is watched then, and so is what is below it."""
    world.save("a/deep/nb.ipynb", "old")
    world.watch()
    for number in range(3):
        os.rename(world.root / "a", world.outside / f"a{number}")
        new = world.save("a/deep/nb.ipynb", f"new {number}")
        world.until_seen("a/deep/nb.ipynb", new)
        world.settle()
        world.until_seen("a/deep/nb.ipynb", world.save("a/deep/nb.ipynb", f"later {number}"))
    assert not world.vanished("a/deep/nb.ipynb")


def test_names_that_are_passed_on_quickly(world: World) -> None:
    """Renames that are not certain yet: each content is reported, under the name that it ends with."""
    one, two = world.save("a.ipynb", "one"), world.save("x.ipynb", "two")
    world.watch()
    os.rename(world.path("a.ipynb"), world.path("b.ipynb"))
    world.settle_events()
    os.rename(world.path("b.ipynb"), world.path("c.ipynb"))
    world.settle_events()
    os.rename(world.path("x.ipynb"), world.path("b.ipynb"))
    world.until_seen("c.ipynb", one)
    world.until_seen("b.ipynb", two)
    world.until_vanished("x.ipynb")
    assert not world.vanished("b.ipynb")
    assert not world.troubles()


def test_a_notebook_that_left_two_names_before_it_was_read(world: World) -> None:
    """Nobody is told of the name between, neither that it is there nor that it is gone."""
    old = world.save("a.ipynb")
    watcher = world.watch()
    os.rename(world.path("a.ipynb"), world.path("c.ipynb"))
    other = world.save("a.ipynb", "other")
    with watcher._capture.lock:
        watcher._capture.renamed(world.path("a.ipynb"), world.path("b.ipynb"))
        watcher._capture.renamed(world.path("b.ipynb"), world.path("c.ipynb"))
    world.until_seen("c.ipynb", old)
    world.until_seen("a.ipynb", other)
    world.settle()
    assert not world.about("b.ipynb")


def test_a_copy_without_its_notebook_says_nothing(world: World) -> None:
    data = world.save("nb.ipynb")
    world.watch()
    os.rename(world.path("nb.ipynb"), world.path("new.ipynb"))
    (world.root / ".~nb.ipynb").write_bytes(notebook("a copy of nothing"))
    world.until_seen("new.ipynb", data)
    world.settle()
    assert [type(event) for event in world.about("nb.ipynb")] == [FileRead, Renamed]
