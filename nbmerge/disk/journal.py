"""Owns: the journal: what is about to be done to a file, told to the disk before it is done.

Must not know: how files are replaced.  Invariant: an entry is one file, locked by the process that
works on it; it is on the disk before `begin` returns, and an entry that nobody has locked
belongs to a process that is no more.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from itertools import count

from nbmerge.disk.system import System
from nbmerge.errors import SystemFailure
from nbmerge.files import digest, reason

_ENDING = ".journal"


class EntryKind(StrEnum):
    """What an entry speaks of."""

    EXCHANGE = "exchange"
    IN_PLACE = "in place"
    KEPT = "kept"  # a save that stands nowhere else


@dataclass(frozen=True, slots=True)
class Entry:
    """One replacement.  `path` as the caller names the file, `target` without links."""

    kind: EntryKind
    path: str
    target: str
    expected: str = ""  # SHA-256 of what stood there
    new: str = ""  # SHA-256 of what shall stand there
    temporary: str = ""
    aside: str = ""


@dataclass(slots=True)
class JournalRecord:
    """An entry in the journal.  `safe`: digests of bytes that are stored elsewhere; `fd` is -1 at the end."""

    entry: Entry
    file: str
    fd: int
    old: bytes = b""
    new: bytes = b""
    safe: set[str] = field(default_factory=set)


class Journal:
    """The entries of this process, and those that others left."""

    def __init__(self, directory: str, system: System) -> None:
        self.directory = directory
        self._system = system
        self._own: set[str] = set()

    def begin(self, entry: Entry, old: bytes = b"", new: bytes = b"") -> JournalRecord:
        """Write an entry, with the bytes to finish it by.  Raises SystemFailure: nothing was begun."""
        try:
            return self._begin(entry, old, new)
        except OSError as error:
            raise SystemFailure(f"{self.directory}: no journal can be written: {reason(error)}") from error

    def _begin(self, entry: Entry, old: bytes, new: bytes) -> JournalRecord:
        system = self._system
        system.make_folder(self.directory)
        file, fd = self._create()
        try:
            head = json.dumps({**asdict(entry), "sizes": [len(old), len(new)]}).encode() + b"\n"
            system.write(fd, head + old + new, 0)
            system.sync(fd)
            system.sync_folder(self.directory)
        except BaseException:
            with contextlib.suppress(OSError):
                system.unlink(file)
            self._close(file, fd)
            raise
        return JournalRecord(entry, file, fd, old, new, {entry.expected, entry.new})

    def note_safe(self, record: JournalRecord, digest: str) -> None:
        """Note that these bytes are stored elsewhere.  Losing the note costs a second look, no more."""
        line = json.dumps({"safe": digest}).encode() + b"\n"
        with contextlib.suppress(OSError):
            self._system.write(record.fd, line, self._system.fstat(record.fd).st_size)

    def end(self, record: JournalRecord) -> None:
        """Forget an entry: all that it spoke of is done.  One that cannot be removed does no harm."""
        with contextlib.suppress(OSError):
            if self._system.unlinks_open:
                self._system.unlink(record.file)
            self.leave(record)
            if not self._system.unlinks_open:
                self._system.unlink(record.file)

    def leave(self, record: JournalRecord) -> None:
        """Give an entry up, for the next process to find."""
        self._close(record.file, record.fd)
        record.fd = -1

    def _close(self, file: str, fd: int) -> None:
        self._own.discard(file)
        self._system.close(fd)

    def adopt(self) -> Iterator[JournalRecord]:
        """The entries that dead processes left; they are this process's now."""
        for name in self._names():
            record = self._take_over(name)
            if record is not None:
                yield record

    def spoken_of(self) -> set[str]:
        """The temporary files in all entries, those of living processes too."""
        found = set()
        for name in self._names():
            with contextlib.suppress(OSError):
                fd = self._system.open(os.path.join(self.directory, name))
                try:
                    record = _parse(name, fd, self._system.read(fd))
                finally:
                    self._system.close(fd)
                if record is not None:
                    found |= {record.entry.temporary, record.entry.aside}
        return found

    def _names(self) -> list[str]:
        try:
            return [name for name in self._system.names(self.directory) if name.endswith(_ENDING)]
        except FileNotFoundError:
            return []

    def _create(self) -> tuple[str, int]:
        for number in count():
            file = os.path.join(self.directory, f"{self._system.pid()}-{number}{_ENDING}")
            with contextlib.suppress(FileExistsError):
                fd = self._system.create(file)
                if self._system.lock(fd) is not False and self._still(file, fd):
                    self._own.add(file)
                    return file, fd
                self._system.close(fd)  # somebody took it for an empty one that was left
        raise AssertionError("count() does not end")

    def _take_over(self, name: str) -> JournalRecord | None:
        system, file = self._system, os.path.join(self.directory, name)
        if file in self._own:
            return None
        try:
            fd = system.open_both(file)
        except OSError:
            return None
        locked = system.lock(fd)
        if locked is None:
            owner = name.partition("-")[0]
            locked = not (owner.isdigit() and lives(int(owner), system))
        if not locked or not self._still(file, fd):
            system.close(fd)
            return None
        record = _parse(file, fd, system.read(fd))
        if record is None:  # torn: what it speaks of was never begun
            system.unlink(file)
            system.close(fd)
        else:
            self._own.add(file)
        return record

    def _still(self, file: str, fd: int) -> bool:
        """Whether the name still means the open file."""
        try:
            return os.path.samestat(self._system.stat(file), self._system.fstat(fd))
        except FileNotFoundError:
            return False


def lives(pid: int, system: System) -> bool:
    """Whether another process of this number runs.  One with our own number is gone: we have it."""
    return pid != system.pid() and system.alive(pid)


def _parse(file: str, fd: int, data: bytes) -> JournalRecord | None:
    head, _, rest = data.partition(b"\n")
    try:
        fields = json.loads(head)
        old, new = fields.pop("sizes")
        entry = Entry(EntryKind(fields.pop("kind")), **fields)
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    record = JournalRecord(entry, file, fd, rest[:old], rest[old : old + new], {entry.expected, entry.new})
    for held, name in ((record.old, entry.expected), (record.new, entry.new)):
        if held and digest(held) != name:
            return None
    for line in rest[old + new :].splitlines():
        with contextlib.suppress(ValueError, KeyError, TypeError):
            record.safe.add(json.loads(line)["safe"])
    return record
