"""Replacing a file: what is kept, what is refused, what comes out."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from nbmerge.disk import Busy, Changed, Disk, Gone, Placed
from nbmerge.files import digest

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="leases and exchange of Linux")
OLD, NEW = b'{"old": 1}\n', b'{"new": 22}\n'


class Place:
    """A folder with one file, and a disk with a clock that the test moves."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "work"
        self.folder.mkdir()
        self.journal = root / "state" / "journal"
        self.file = self.folder / "a.ipynb"
        self.file.write_bytes(OLD)
        self.now = time.time()
        self.disk = self.start()

    def start(self) -> Disk:
        return Disk(str(self.journal), lambda: self.now)

    def left(self) -> list[str]:
        """What lies about besides the file."""
        return [name for name in os.listdir(self.folder) if name.startswith(".")] + (
            os.listdir(self.journal) if self.journal.exists() else []
        )


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.disk.close()


def test_the_file_holds_the_new_bytes_and_nothing_is_left(place: Place) -> None:
    assert place.disk.place(str(place.file), NEW, digest(OLD)) == Placed()
    assert place.file.read_bytes() == NEW
    assert place.left() == []


def test_another_content_is_left_alone(place: Place) -> None:
    assert place.disk.place(str(place.file), NEW, digest(b"something else")) == Changed(OLD)
    assert place.file.read_bytes() == OLD
    assert place.left() == []


def test_equal_content_is_not_written(place: Place) -> None:
    before = place.file.stat()
    assert place.disk.place(str(place.file), OLD, digest(b"whatever")) == Placed()
    assert (place.file.stat().st_ino, place.file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_no_file(place: Place) -> None:
    assert place.disk.place(str(place.folder / "b.ipynb"), NEW, digest(OLD)) == Gone()
    assert place.disk.place(str(place.file / "b.ipynb"), NEW, digest(OLD)) == Gone()


@LINUX
def test_a_file_that_a_program_writes_is_busy(place: Place) -> None:
    with open(place.file, "r+b"):
        assert isinstance(place.disk.place(str(place.file), NEW, digest(OLD)), Busy)
    assert place.left() == []
