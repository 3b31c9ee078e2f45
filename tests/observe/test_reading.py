"""Reading a file at a moment: what it looked like, whether it was whole, what is not to be read."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from nbmerge.observe.reading import FileReading, file_status, is_placeholder, open_shared, read_now
from tests.observe.world import World, notebook


def reading(path: Path) -> FileReading:
    found = read_now(str(path))
    assert found is not None
    return found


def test_what_it_looked_like(tmp_path: Path) -> None:
    path = tmp_path / "nb.ipynb"
    path.write_bytes(notebook("text"))
    found = reading(path)
    assert found.status == file_status(str(path))
    assert (found.stable, found.is_racy, found.stamp.size) == (True, True, len(found.data))
    os.utime(path, (1, 1))
    assert not reading(path).is_racy


@pytest.mark.parametrize(
    ("data", "seems", "whole"),
    [
        (notebook("text"), True, True),
        (b'{"cells": []}', True, True),
        (b'{"cells": []}\r\n', True, True),
        (b'{"cells": [{}', True, False),
        (notebook("text")[:-3], False, False),
        (b"", False, False),
    ],
)
def test_whole_or_torn(tmp_path: Path, data: bytes, seems: bool, whole: bool) -> None:
    path = tmp_path / "nb.ipynb"
    path.write_bytes(data)
    assert (reading(path).seems_whole, reading(path).is_whole()) == (seems, whole)


def test_there_is_nothing_to_read(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "file").touch()
    for name in ("missing", "folder", "pipe", "file/below"):
        assert read_now(str(tmp_path / name)) is None
        assert file_status(str(tmp_path / name)) is None


def test_placeholders_are_left_alone() -> None:
    def found(**fields: int) -> os.stat_result:
        return cast(os.stat_result, SimpleNamespace(**fields))

    assert is_placeholder(found(st_flags=0x40000000))
    assert is_placeholder(found(st_file_attributes=0x400020))
    assert not is_placeholder(found(st_flags=0, st_file_attributes=0x20))


def test_on_windows_nobody_is_kept_from_the_file() -> None:
    class Kernel:
        def __init__(self, answer: tuple[int, int]) -> None:
            self.answer = answer

        def open(self, path: str, access: int, share: int) -> tuple[int, int]:
            assert (access, share) == (0x80000000, 7)  # GENERIC_READ; to read, write and delete
            return self.answer

    assert open_shared("nb.ipynb", Kernel((5, 0))) == 5
    with pytest.raises(FileNotFoundError):
        open_shared("nb.ipynb", Kernel((-1, 2)))
    with pytest.raises(PermissionError):
        open_shared("nb.ipynb", Kernel((-1, 32)))


def test_a_change_whose_time_was_set_back_is_found(world: World) -> None:
    """rsync and sync clients give a file the time that it has elsewhere."""
    from nbmerge.observe.events import FileWatcherOptions

    old = world.save("nb.ipynb", "old")
    os.utime(world.path("nb.ipynb"), (1, 1))
    world.watch(FileWatcherOptions(poll=True, poll_interval=0.05))
    new = old.replace(b"old", b"new")
    with open(world.path("nb.ipynb"), "r+b") as file:
        file.write(new)
    os.utime(world.path("nb.ipynb"), (1, 1))
    world.until_seen("nb.ipynb", new)
