"""Owns: the journal of saves that were read and may not be in the store yet.

Must not know: the store, who reads the saves, what becomes of them.  Invariant: a save is in the journal,
past the reach of a kill, before anything is done with it; an entry is whole or not there; nobody but
the user can read it, and what others can have put there is not read.

The store takes a save when its turn comes, which can be seconds after it was read where a merge or many other
saves are before it.  A watcher that is killed meanwhile leaves it here.  A journal is a file to which
the process that watches appends; once it is large or old a new one is begun, and the old one can go as
soon as all that it holds is in the store.  The disk is not waited for: a power cut may take the last seconds.
"""

from __future__ import annotations

import contextlib
import errno
import json
import os
import time
import zlib
from collections.abc import Callable, Generator
from dataclasses import astuple, dataclass

from nbmerge.files import read_file
from nbmerge.observe.events import FileRead, FileStamp, Previous, WallTime
from nbmerge.owners import Distrust, distrust_of

_LARGE = 8_000_000  # bytes after which a new file is begun
_OLD = 60.0  # seconds likewise, at the next save
_LAST = ".journal"
_LENGTHS = 100  # bytes that the line before an entry has at most
_CHECKED = 1 << 20  # bytes; a pass over all of a very large file would keep other saves waiting


@dataclass(frozen=True, slots=True)
class JournalPlace:
    """Where a save stands in a journal; `filled`: the journal that is complete now, and was begun before."""

    journal: str
    start: int
    size: int
    filled: str = ""

    def parts(self) -> Generator[bytes, None, None]:
        """The bytes of the save, part by part.  Raises OSError if the journal is gone, or holds less."""
        left = self.size
        with open(self.journal, "rb") as file:
            file.seek(self.start)
            while left:
                part = file.read(min(left, _CHECKED))
                if not part:
                    raise OSError(errno.EIO, os.strerror(errno.EIO), self.journal)
                left -= len(part)
                yield part


class ArrivalJournal:
    """Appends saves to files in a directory.  One thread at a time may use it."""

    def __init__(self, directory: str, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._directory = directory
        self._monotonic = monotonic
        self._path = ""
        self._descriptor = -1
        self._size = 0
        self._begun = 0.0
        self._number = 0

    def keep(self, event: FileRead | Previous) -> JournalPlace:
        """Append a save.  Raises OSError if that cannot be done; the journal is as before then."""
        filled = self._begin_anew()
        head = _head(event)
        lengths = f"{len(head)} {len(event.data)} {_checksum(head, event.data)}\n".encode("ascii")
        start = self._size + len(lengths) + len(head)
        try:
            for part in (lengths + head, event.data):
                _write(self._descriptor, part)
        except OSError:
            with contextlib.suppress(OSError):
                os.ftruncate(self._descriptor, self._size)
            raise
        self._size = start + len(event.data)
        return JournalPlace(self._path, start, len(event.data), filled)

    def close(self) -> None:
        """Give the file back."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _begin_anew(self) -> str:
        """Begin a file where there is none, or the last one is large or old; returns the one that was."""
        now = self._monotonic()
        if self._descriptor >= 0 and self._size < _LARGE and now - self._begun < _OLD:
            return ""
        os.makedirs(self._directory, mode=0o700, exist_ok=True)
        self._number += 1
        path = os.path.join(self._directory, f"{time.time_ns():020}-{os.getpid()}-{self._number}{_LAST}")
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_BINARY", 0)
        descriptor = os.open(path, flags, 0o600)
        self.close()
        filled, self._path = self._path, path
        self._descriptor, self._size, self._begun = descriptor, 0, now
        return filled


def journal_directory(state: str) -> str:
    """Where in a state directory the watcher keeps the journal of arrivals."""
    return os.path.join(state, "arrivals")


def left_over(directory: str) -> list[str]:
    """The journals that are there, oldest first; without those that others may have put there."""
    doubted = {found.path for found in doubts(directory)}
    return [path for path in _paths(directory) if not doubted & {path, directory}]


def doubts(directory: str) -> list[Distrust]:
    """What lies there and is not believed, since others can have written it."""
    found = []
    for path in (directory, *_paths(directory)):
        with contextlib.suppress(OSError):
            found.append(distrust_of(path, os.lstat(path)))
    return [one for one in found if one is not None]


def _paths(directory: str) -> list[str]:
    try:
        names = sorted(name for name in os.listdir(directory) if name.endswith(_LAST))
    except OSError:
        return []
    paths = [os.path.join(directory, name) for name in names]
    return [path for path in paths if os.path.isfile(path) and not os.path.islink(path)]


@dataclass(frozen=True, slots=True)
class JournalContent:
    """The saves that could be read in a journal, in order; `whole`: that is all there was.

    What a kill cut off at the end counts as never written.
    """

    saves: tuple[FileRead | Previous, ...]
    whole: bool


def read_journal(path: str) -> JournalContent:
    """What was kept in a journal.  Raises NotebookError that names the path if it cannot be read at all."""
    data = read_file(path)
    saves: list[FileRead | Previous] = []
    at, whole = 0, True
    while at < len(data):
        try:
            entry = _entry_at(data, at)
        except ValueError:  # where the next one begins is not known then
            return JournalContent(tuple(saves), False)
        if entry is None:
            break
        at = entry.end
        try:
            saves.append(_event(entry.head, entry.data))
        except (ValueError, TypeError):
            whole = False
    return JournalContent(tuple(saves), whole)


@dataclass(frozen=True, slots=True)
class _Entry:
    head: bytes
    data: bytes
    end: int


def _entry_at(data: bytes, at: int) -> _Entry | None:
    """The entry that begins here; None if a kill cut it off.  Raises ValueError if nothing begins here."""
    line, newline, _ = data[at : at + _LENGTHS].partition(b"\n")
    if not newline and len(line) < _LENGTHS and not line.strip(b"0123456789 "):
        return None
    head_size, size, checksum = map(int, line.split())
    if head_size < 0 or size < 0:
        raise ValueError
    start = at + len(line) + 1 + head_size
    if start + size > len(data):
        return None
    entry = _Entry(data[start - head_size : start], data[start : start + size], start + size)
    if _checksum(entry.head, entry.data) != checksum:
        raise ValueError
    return entry


def remove_journal(path: str) -> None:
    """Remove a journal all of which is in the store.  Raises OSError if that cannot be done."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def _event(head: bytes, data: bytes) -> FileRead | Previous:
    """The way back from `_head`; earlier versions put one member more at its end.  Raises ValueError or
    TypeError if there is none."""
    name, at, way, stamp, *_ = json.loads(head)
    path = os.fsdecode(bytes.fromhex(name))
    if stamp is None:
        return Previous(path, data, WallTime(float(at)))
    return FileRead(path, data, FileStamp(*stamp), WallTime(float(at)), str(way))


def _head(event: FileRead | Previous) -> bytes:
    path = os.fsencode(event.path).hex()
    match event:
        case FileRead():
            return json.dumps([path, event.at, event.way, astuple(event.stamp)]).encode("ascii")
        case Previous():
            return json.dumps([path, event.at, "", None]).encode("ascii")


def _checksum(head: bytes, data: bytes) -> int:
    """Of its first and last bytes: a kill leaves a part of an entry, not another one."""
    return zlib.crc32(data[-_CHECKED:], zlib.crc32(data[:_CHECKED], zlib.crc32(head)))


def _write(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
