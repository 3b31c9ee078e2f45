"""Owns: reading a file as it is this moment, and what can be known of it without reading it.

Must not know: which files, what for.  Invariant: a stamp is taken before the bytes that it stands
for, so that a file that changed since never looks unchanged; nobody is kept waiting, and nobody who
wants to replace the file is kept from it.
"""

from __future__ import annotations

import errno
import os
import stat
import sys
import time
import zlib
from dataclasses import dataclass
from functools import cached_property

from nbmerge.observe.events import FileStamp
from nbmerge.owners import may_not_write, this_user

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Opener(Protocol):
        """Part of kernel32, as nbmerge.disk has it."""

        def open(self, path: str, access: int, share: int) -> tuple[int, int]: ...


# Nanoseconds: file systems count time in steps of up to so much, and within a step a file can
# change without looking different.
RACY = 2_000_000_000


@dataclass(frozen=True, slots=True)
class FileStatus:
    """A file, unread; `changed`: when anything about it changed last (nobody can set that back)."""

    stamp: FileStamp
    changed: int


UNREADABLE = FileStatus(FileStamp(-1, -1, -1), -1)


@dataclass(frozen=True)
class FileReading:
    """The bytes of a file, and its status just before; `stable`: it was the same just after."""

    data: bytes
    status: FileStatus
    stable: bool

    @property
    def stamp(self) -> FileStamp:
        return self.status.stamp

    @cached_property
    def checksum(self) -> int:
        return zlib.crc32(self.data)

    @property
    def is_racy(self) -> bool:
        """Whether the file is so new that it may change without looking different."""
        return time.time_ns() - self.stamp.modified < RACY

    @property
    def seems_whole(self) -> bool:
        """Whether it ends as a notebook does."""
        return self.data[-4096:].rstrip().endswith(b"}")

    def is_whole(self) -> bool:
        """Whether it is all of a notebook, and not torn after one of its braces."""
        end = self.data[-4096:].rstrip()
        # Indented JSON closes only one object in the first column.
        return end.endswith(b"\n}") or (end.endswith(b"}") and _parses(self.data))


def file_status(path: str) -> FileStatus | None:
    """The status of a regular file; None if there is none, UNREADABLE if it may not be asked for."""
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        return UNREADABLE
    return _status(found) if stat.S_ISREG(found.st_mode) else None


def read_now(path: str) -> FileReading | None:
    """A file as it is now; None if there is none, or nothing that can be read at once.  Raises OSError."""
    try:
        descriptor = _opened(path)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None
    try:
        before = os.fstat(descriptor)
        if not stat.S_ISREG(before.st_mode) or is_placeholder(before):
            return None
        with open(descriptor, "rb", buffering=0, closefd=False) as file:
            data = file.readall()
        after = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    status = _status(before)
    return FileReading(data, status, status == _status(after) and len(data) == status.stamp.size)


@dataclass(frozen=True, slots=True)
class TakenCopy:
    """What a conflict copy holds; `refused`: why that is not put into the notebook.  Neither: it is gone."""

    data: bytes | None = None
    refused: str = ""


def take_copy(copy: str, notebook: str) -> TakenCopy:
    """Read a conflict copy, unless it is only another name of a file, or of somebody who could not have
    written the notebook.  What is judged is the file that the bytes come from, whatever is done to its name
    meanwhile.  Raises OSError.
    """
    if os.path.islink(copy):
        return TakenCopy(refused="is a link and no copy; it is left alone")
    try:
        descriptor = _opened(copy, getattr(os, "O_NOFOLLOW", 0))
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return TakenCopy()
    with open(descriptor, "rb", buffering=0) as file:
        why = _why_refused(os.fstat(descriptor), notebook)
        return TakenCopy(refused=f"{why}; it is left alone") if why else TakenCopy(file.readall())


def _why_refused(copy: os.stat_result, notebook: str) -> str | None:
    if not stat.S_ISREG(copy.st_mode):
        return "is no ordinary file"
    if copy.st_nlink > 1:  # whose bytes these are the owner does not say: anybody may have laid the name
        return "is another name of some file and no copy"
    try:
        return may_not_write(copy, notebook) if this_user() is not None else None
    except FileNotFoundError:
        return "has no original any more"


def is_placeholder(found: os.stat_result) -> bool:
    """Whether only a sync client's placeholder is here: to read it would be to download it.

    macOS: SF_DATALESS; Windows: FILE_ATTRIBUTE_OFFLINE, ..._RECALL_ON_OPEN, ..._RECALL_ON_DATA_ACCESS.
    """
    flags = getattr(found, "st_flags", 0) & 0x40000000
    attributes = getattr(found, "st_file_attributes", 0) & 0x441000
    return bool(flags or attributes)


def open_shared(path: str, kernel: Opener) -> int:
    """Open a file on Windows so that others may write, rename and remove it meanwhile."""
    descriptor, error = kernel.open(path, _READ, _SHARE_ALL)
    if descriptor < 0:
        number = errno.ENOENT if error in (_NO_FILE, _NO_FOLDER) else errno.EACCES
        raise OSError(number, os.strerror(number), path)
    return descriptor


_READ, _SHARE_ALL = 0x80000000, 7
_NO_FILE, _NO_FOLDER = 2, 3


def _opened(path: str, more: int = 0) -> int:
    if sys.platform == "win32":
        from nbmerge.disk.windows import Kernel32

        return open_shared(path, Kernel32())
    return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | more)  # not blocking: it may be a pipe


def _status(found: os.stat_result) -> FileStatus:
    stamp = FileStamp(found.st_mtime_ns, found.st_size, found.st_ino, found.st_uid)
    return FileStatus(stamp, found.st_ctime_ns)


def _parses(data: bytes) -> bool:
    import json

    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True
