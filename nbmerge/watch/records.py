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

    def is_whole(self) -> bool:
        """Whether it can be all of a notebook: the outermost brace is closed."""
        end = self.data[-4096:].rstrip()
        if end.endswith(b"\n}"):  # indented JSON closes only one object in the first column
            return True
        return end.endswith(b"}") and _parses(self.data)


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

    `dirty`: written to since a writer last closed it; `taken`: the last reading was a save's;
    `doubtful`: what was read for a save was torn by the next one; `copied`: jupyter_server's
    copy was there since the last save; `made`: the name is another file's since then;
    `racy`: it may have changed since without looking different; `awaited`: it will be read
    if no writer closes it soon; `looks`: how often it was read.
    """

    __slots__ = (
        "awaited", "checksum", "closed", "copied", "dirty", "doubtful",
        "glance", "looks", "made", "racy", "taken",
    )  # fmt: skip

    def __init__(self) -> None:
        self.glance: Glance | None = None
        self.checksum: int | None = None
        self.looks = 0
        self.awaited = self.closed = self.copied = self.dirty = False
        self.doubtful = self.made = self.racy = self.taken = False

    def holds(self, reading: Reading) -> bool:
        """Whether just this was told last."""
        return self.glance == reading.glance and self.checksum == reading.checksum

    def saved(self, reading: Reading, overtaken: bool) -> int:
        """A writer closed the file, and this was read.  How many saves before it were never read.

        Read too late, it already is the next save, and is found once more when that one is
        closed; or the next save has torn it, and only its copy can tell what it was.
        """
        missed = int(self.doubtful) + int(self.dirty and self.taken and self.holds(reading))
        self.taken = self.taken or self.dirty
        self.dirty = False
        self.doubtful = overtaken and not reading.is_whole()
        return missed

    def way(self, reading: Reading, moved: bool) -> str:
        """How the save that was just read came into the file."""
        if self.glance is None:
            return "renamed" if moved else ""
        if moved or self.made or self.glance.inode != reading.glance.inode:
            return "renamed"
        return "in place with a copy" if self.copied else "in place"

    def told(self, reading: Reading, closed: bool) -> None:
        """This was told of it now."""
        self.glance = reading.glance
        self.checksum = reading.checksum
        self.closed = closed
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
        return [os.path.join(folder, name) for name in self._folders.get(folder, ())]

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
