"""Owns: what is known of each notebook: how its file looked when it was last read, which saves were read.

Must not know: where notes come from, when files are read.  Invariant: a glance is taken
before the bytes that it stands for, so that a file that changed since never looks unchanged.
"""

from __future__ import annotations

import os
import stat
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from nbmerge.watch.events import Glance

# Nanoseconds: file systems count time in steps of up to so much, and within a step a file can
# change without looking different.
RACY = 2_000_000_000
_LATE = 0.1  # seconds that the news of a write can take longer than the write


@dataclass(frozen=True, slots=True)
class Reading:
    """The bytes of a file and how it looked just before; `stable`: and just after, too."""

    data: bytes
    glance: Glance
    stable: bool

    @property
    def checksum(self) -> int:
        return zlib.crc32(self.data)

    @property
    def is_racy(self) -> bool:
        """Whether the file is so new that it may change without looking different."""
        return time.time_ns() - self.glance.modified < RACY

    @property
    def seems_whole(self) -> bool:
        """Whether it ends as a notebook does."""
        return self.data[-4096:].rstrip().endswith(b"}")

    def is_whole(self) -> bool:
        """Whether it is all of a notebook, and not torn after one of its braces."""
        end = self.data[-4096:].rstrip()
        # Indented JSON closes only one object in the first column.
        return end.endswith(b"\n}") or (end.endswith(b"}") and _parses(self.data))


def glance_at(path: str) -> Glance | None:
    """How a file looks; None if there is no regular file.  Raises OSError if one may not look."""
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    return _glance(found) if stat.S_ISREG(found.st_mode) else None


def read_now(path: str) -> Reading | None:
    """A file as it is now; None if there is none, or nothing that can be read at once.  Raises OSError."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    try:
        descriptor = os.open(path, flags | os.O_CLOEXEC if hasattr(os, "O_CLOEXEC") else flags)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    with open(descriptor, "rb", buffering=0) as file:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode) or _is_elsewhere(before):
            return None
        data = file.readall()
        after = os.fstat(descriptor)
    glance = _glance(before)
    return Reading(data, glance, glance == _glance(after) and len(data) == glance.size)


class Record:
    """One notebook.  `glance` and `checksum` are of the last content that was told, None if none was.

    `stable`: it did not change while it was read; `racy`: it may have changed since without
    looking different; `looks`: how often it was read.
    `dirty`: written to since a writer last closed it; `awaited`: it will be read if none does soon;
    `taken`: the last reading was a save's; `torn`: and, at `read_at`, not all of a notebook;
    `doubtful`: since the next save was being written already.
    `copied`: jupyter_server's copy was there since the last save; `made`: the name was given to
    another file since.
    """

    __slots__ = (
        "awaited", "checksum", "copied", "dirty", "doubtful",
        "glance", "looks", "made", "racy", "read_at", "stable", "taken", "torn",
    )  # fmt: skip

    def __init__(self) -> None:
        self.glance: Glance | None = None
        self.checksum: int | None = None
        self.looks = 0
        self.read_at = 0.0
        self.stable = True
        self.awaited = self.copied = self.dirty = False
        self.doubtful = self.made = self.racy = self.taken = self.torn = False

    def holds(self, reading: Reading) -> bool:
        """Whether just this was told last, not the same bytes saved once more."""
        return self.checksum == reading.checksum and (not self.stable or self.glance == reading.glance)

    def written(self) -> None:
        """Somebody writes.  While a file is being truncated it can be empty before the system says so."""
        self.dirty = True
        if self.torn and time.monotonic() - self.read_at < _LATE:
            self.doubtful = True

    def saved(self, reading: Reading, overtaken: bool) -> bool:
        """A writer closed the file, and this was read.  Whether the save before it was never read.

        Read too late, it already is the next save, and is found once more when that one is
        closed; or the next save has torn it, and only its copy can tell what it was.
        """
        missed = self.doubtful or (self.dirty and self.taken and self.holds(reading))
        self.taken = self.taken or self.dirty
        self.dirty = False
        self.torn = not (reading.is_whole() if overtaken else reading.seems_whole)
        self.doubtful = self.torn and overtaken
        self.read_at = time.monotonic()
        return missed

    def way(self, reading: Reading, moved: bool) -> str:
        """How the save that was just read came into the file."""
        if self.glance is None:
            return "renamed" if moved else ""
        if moved or self.made or self.glance.inode != reading.glance.inode:
            return "renamed"
        return "in place with a copy" if self.copied else "in place"

    def told(self, reading: Reading) -> None:
        """This was told of it now."""
        self.glance = reading.glance
        self.checksum = reading.checksum
        self.stable = reading.stable
        self.copied = self.made = False


class Records:
    """All notebooks, by folder and name."""

    def __init__(self) -> None:
        self._folders: dict[str, dict[str, Record]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._folders.values()))

    def get(self, path: str) -> Record | None:
        folder, name = os.path.split(path)
        return self._folders.get(folder, {}).get(name)

    def make(self, path: str) -> Record:
        """The record of a notebook, a new one if need be."""
        folder, name = os.path.split(path)
        return self._folders.setdefault(folder, {}).setdefault(name, Record())

    def path_of(self, glance: Glance) -> str | None:
        """A notebook that looked just so when it was last read."""
        for folder, names in self._folders.items():
            for name, record in names.items():
                if record.glance == glance:
                    return os.path.join(folder, name)
        return None

    def put(self, path: str, record: Record) -> None:
        folder, name = os.path.split(path)
        self._folders.setdefault(folder, {})[name] = record

    def drop(self, path: str) -> Record | None:
        folder, name = os.path.split(path)
        record = self._folders.get(folder, {}).pop(name, None)
        if record is not None and not self._folders[folder]:
            del self._folders[folder]
        return record

    def inside(self, folder: str) -> list[str]:
        """The notebooks right in a folder."""
        return [os.path.join(folder, name) for name in list(self._folders.get(folder, ()))]

    def below(self, folder: str) -> Iterator[str]:
        """The notebooks in a folder and all that it holds."""
        start = os.path.join(folder, "")
        for one in [one for one in self._folders if one == folder or one.startswith(start)]:
            yield from self.inside(one)


def _glance(found: os.stat_result) -> Glance:
    return Glance(found.st_mtime_ns, found.st_size, found.st_ino, found.st_uid)


def _is_elsewhere(found: os.stat_result) -> bool:
    """Whether only a sync client's placeholder is here: to read it would be to download it.

    macOS: SF_DATALESS; Windows: FILE_ATTRIBUTE_OFFLINE, ..._RECALL_ON_OPEN, ..._RECALL_ON_DATA_ACCESS.
    """
    return bool(
        getattr(found, "st_flags", 0) & 0x40000000 or getattr(found, "st_file_attributes", 0) & 0x441000
    )


def _parses(data: bytes) -> bool:
    import json

    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True
