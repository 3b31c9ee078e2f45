"""What inotify says, note by note."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from nbmerge.observe.events import Note, What
from nbmerge.observe.file_watcher import backend_for
from nbmerge.observe.inotify import Inotify
from nbmerge.observe.names import matters


@pytest.fixture
def eyes(tmp_path: Path) -> Iterator[Inotify]:
    found = Inotify(matters)
    found.watch(str(tmp_path), below=True)
    yield found
    found.close()


def notes(eyes: Inotify, count: int) -> list[Note]:
    """The next so many."""
    found: list[Note] = []
    for _ in range(10 * count + 10):
        if len(found) < count:
            found.extend(eyes.notes(0.2))
    return found


def test_a_save(eyes: Inotify, tmp_path: Path) -> None:
    path = tmp_path / "nb.ipynb"
    path.write_bytes(b"text")
    assert notes(eyes, 3) == [Note(what, str(path)) for what in (What.MADE, What.WRITTEN, What.CLOSED)]


def test_writes_that_nobody_cares_about_are_left_out(eyes: Inotify, tmp_path: Path) -> None:
    (tmp_path / "log.txt").write_bytes(b"text")
    (tmp_path / "folder").mkdir()
    assert notes(eyes, 2) == [
        Note(What.MADE, str(tmp_path / "log.txt")),
        Note(What.MADE, str(tmp_path / "folder"), is_folder=True),
    ]


def test_moves_within_out_of_and_into_what_is_watched(eyes: Inotify, tmp_path: Path) -> None:
    beside = tmp_path / "beside"
    beside.mkdir()
    (beside / "in.ipynb").touch()
    (tmp_path / "a.ipynb").touch()
    notes(eyes, 3)
    os.rename(tmp_path / "a.ipynb", tmp_path / "b.ipynb")
    assert notes(eyes, 1) == [Note(What.MOVED, str(tmp_path / "a.ipynb"), to=str(tmp_path / "b.ipynb"))]
    os.rename(beside / "in.ipynb", tmp_path / "in.ipynb")
    assert notes(eyes, 1) == [Note(What.MOVED, "", to=str(tmp_path / "in.ipynb"))]
    os.rename(tmp_path / "b.ipynb", beside / "out.ipynb")
    os.unlink(tmp_path / "in.ipynb")
    # What left is told once it is clear that it went nowhere; nothing waits for it.
    assert notes(eyes, 2) == [
        Note(What.GONE, str(tmp_path / "in.ipynb")),
        Note(What.GONE, str(tmp_path / "b.ipynb")),
    ]


def test_a_folder_that_moved_is_watched_by_its_new_name(eyes: Inotify, tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    (old / "deep").mkdir(parents=True)
    eyes.watch(str(old), below=True)
    eyes.watch(str(old / "deep"), below=True)
    os.rename(old, new)
    eyes.renamed(str(old), str(new))
    (new / "deep/nb.ipynb").touch()
    assert Note(What.MADE, str(new / "deep/nb.ipynb")) in notes(eyes, 5)


def test_a_watched_folder_that_is_gone(eyes: Inotify, tmp_path: Path) -> None:
    eyes.unwatch(str(tmp_path))
    folder = tmp_path / "folder"
    folder.mkdir()
    eyes.watch(str(folder), below=True)
    folder.rmdir()
    assert notes(eyes, 1)[0] == Note(What.LOST, str(folder), is_folder=True)
    eyes.unwatch(str(folder))
    assert notes(eyes, 1) == []


def test_more_was_written_since(eyes: Inotify, tmp_path: Path) -> None:
    path = tmp_path / "nb.ipynb"
    path.write_bytes(b"first")
    assert notes(eyes, 3)[-1].what is What.CLOSED
    assert not eyes.overtaken(str(path))
    with open(path, "r+b", buffering=0) as file:
        file.write(b"next")
        assert eyes.overtaken(str(path))
        assert not eyes.overtaken(str(tmp_path / "other.ipynb"))
    notes(eyes, 2)
    assert not eyes.overtaken(str(path))


def test_the_kernel_lost_events(eyes: Inotify, monkeypatch: pytest.MonkeyPatch) -> None:
    """inotify(7): IN_Q_OVERFLOW comes with watch -1."""
    answers = [struct.pack("iIII", -1, 0x4000, 0, 0)]
    read = os.read

    def reading(descriptor: int, size: int) -> bytes:
        return answers.pop() if size > 1000 and answers else read(descriptor, size)

    monkeypatch.setattr(os, "read", reading)
    eyes.wake()
    assert eyes.notes(0.2) == [Note(What.OVERFLOW, "")]


def test_folders_that_cannot_be_watched(eyes: Inotify, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        eyes.watch(str(tmp_path / "missing"), below=True)
    (tmp_path / "file").touch()
    with pytest.raises(NotADirectoryError):
        eyes.watch(str(tmp_path / "file"), below=True)


def test_no_instance_to_be_had(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(self: Inotify, matters: object) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(Inotify, "__init__", refused)
    said: list[str] = []
    assert backend_for("linux", matters, lambda path, message: said.append(message)) is None
    assert "fs.inotify.max_user_instances" in said[0]
