"""FileChange inotify says, event by event."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from nbmerge.observe.backend import FileChange, SystemEvent, backend_for
from nbmerge.observe.inotify import Inotify
from nbmerge.observe.names import matters


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[Inotify]:
    found = Inotify(matters)
    found.watch(str(tmp_path), below=True)
    yield found
    found.close()


def events(backend: Inotify, count: int) -> list[SystemEvent]:
    """The next so many."""
    found: list[SystemEvent] = []
    for _ in range(10 * count + 10):
        if len(found) < count:
            found.extend(backend.events(0.2))
    return found


def until_quiet(backend: Inotify) -> list[SystemEvent]:
    """All events, until half a second brings none."""
    found: list[SystemEvent] = []
    quiet = 0
    while quiet < 2:
        new = backend.events(0.25)
        quiet = 0 if new else quiet + 1
        found.extend(new)
    return found


def test_a_save(backend: Inotify, tmp_path: Path) -> None:
    path = tmp_path / "nb.ipynb"
    path.write_bytes(b"text")
    assert events(backend, 3) == [
        SystemEvent(what, str(path)) for what in (FileChange.CREATED, FileChange.WRITTEN, FileChange.CLOSED)
    ]


def test_writes_that_nobody_cares_about_are_left_out(backend: Inotify, tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_bytes(b"text")
    (tmp_path / "folder").mkdir()
    assert events(backend, 2) == [
        SystemEvent(FileChange.CREATED, str(tmp_path / "log.txt")),
        SystemEvent(FileChange.CREATED, str(tmp_path / "folder"), is_folder=True),
    ]


def test_moves_within_out_of_and_into_what_is_watched(backend: Inotify, tmp_path: Path) -> None:
    beside = tmp_path / "beside"
    beside.mkdir()
    (beside / "in.ipynb").touch()
    (tmp_path / "a.ipynb").touch()
    events(backend, 3)
    os.rename(tmp_path / "a.ipynb", tmp_path / "b.ipynb")
    assert events(backend, 1) == [
        SystemEvent(FileChange.MOVED, str(tmp_path / "a.ipynb"), to=str(tmp_path / "b.ipynb"))
    ]
    os.rename(beside / "in.ipynb", tmp_path / "in.ipynb")
    assert events(backend, 1) == [SystemEvent(FileChange.MOVED, "", to=str(tmp_path / "in.ipynb"))]
    os.rename(tmp_path / "b.ipynb", beside / "out.ipynb")
    os.unlink(tmp_path / "in.ipynb")
    # FileChange left is told once it is clear that it went nowhere; nothing waits for it.
    assert events(backend, 2) == [
        SystemEvent(FileChange.DELETED, str(tmp_path / "in.ipynb")),
        SystemEvent(FileChange.DELETED, str(tmp_path / "b.ipynb")),
    ]


def test_a_folder_that_moved_is_watched_by_its_new_name(backend: Inotify, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    (old / "deep").mkdir(parents=True)
    backend.watch(str(old), below=True)
    backend.watch(str(old / "deep"), below=True)
    os.rename(old, new)
    backend.renamed(str(old), str(new))
    (new / "deep/nb.ipynb").touch()
    assert SystemEvent(FileChange.CREATED, str(new / "deep/nb.ipynb")) in until_quiet(backend)


def test_a_folder_that_moved_within_what_is_watched_is_not_lost(backend: Inotify, tmp_path: Path) -> None:
    """Its own report of the move comes after its parent's, which said where it is."""
    old, new = str(tmp_path / "old"), str(tmp_path / "new")
    os.mkdir(old)
    events(backend, 1)
    backend.watch(old, below=True)
    os.rename(old, new)
    assert events(backend, 1) == [SystemEvent(FileChange.MOVED, old, is_folder=True, to=new)]
    backend.renamed(old, new)
    (tmp_path / "new/nb.ipynb").touch()
    assert events(backend, 1) == [SystemEvent(FileChange.CREATED, f"{new}/nb.ipynb")]


def test_names_that_change_hands_do_not_mix_up_the_watches(backend: Inotify, tmp_path: Path) -> None:
    """What happened is told late: one folder is watched under the name of another that has moved on."""
    a, b, c = (str(tmp_path / name) for name in "abc")
    os.mkdir(a)
    os.rename(a, b)
    os.mkdir(a)
    backend.watch(a, below=True)  # because of the first event; it is the second folder already
    backend.renamed(a, b)
    backend.watch(b, below=True)
    backend.watch(a, below=True)
    os.rename(b, c)
    backend.renamed(b, c)
    Path(c, "nb.ipynb").touch()
    Path(a, "nb.ipynb").touch()
    told = [event for event in until_quiet(backend) if event.path.endswith(".ipynb")][::2]
    assert told == [SystemEvent(FileChange.CREATED, f"{name}/nb.ipynb") for name in (c, a)]  # then: closed


def test_a_watched_folder_that_is_gone(backend: Inotify, tmp_path: Path) -> None:
    backend.unwatch(str(tmp_path))
    folder = tmp_path / "folder"
    folder.mkdir()
    backend.watch(str(folder), below=True)
    folder.rmdir()
    assert events(backend, 1)[0] == SystemEvent(FileChange.LOST, str(folder), is_folder=True)
    backend.unwatch(str(folder))
    assert events(backend, 1) == []


def test_more_was_written_since(backend: Inotify, tmp_path: Path) -> None:
    path = tmp_path / "nb.ipynb"
    path.write_bytes(b"first")
    assert events(backend, 3)[-1].change is FileChange.CLOSED
    assert not backend.is_written_again(str(path))
    with open(path, "r+b", buffering=0) as file:
        file.write(b"next")
        assert backend.is_written_again(str(path))
        assert not backend.is_written_again(str(tmp_path / "other.ipynb"))
    events(backend, 2)
    assert not backend.is_written_again(str(path))


def test_the_kernel_lost_events(backend: Inotify, monkeypatch: pytest.MonkeyPatch) -> None:
    """inotify(7): IN_Q_OVERFLOW comes with watch -1."""
    answers = [struct.pack("iIII", -1, 0x4000, 0, 0)]
    read = os.read

    def reading(descriptor: int, size: int) -> bytes:
        return answers.pop() if size > 1000 and answers else read(descriptor, size)

    monkeypatch.setattr(os, "read", reading)
    backend.wake()
    assert backend.events(0.2) == [SystemEvent(FileChange.OVERFLOW, "")]


def test_folders_that_cannot_be_watched(backend: Inotify, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        backend.watch(str(tmp_path / "missing"), below=True)
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        backend.watch(str(tmp_path / "file"), below=True)


def test_no_instance_to_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: Inotify, matters: object) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(Inotify, "__init__", refused)
    said: list[str] = []
    assert backend_for("linux", matters, lambda path, message: said.append(message)) is None
    assert "fs.inotify.max_user_instances" in said[0]
