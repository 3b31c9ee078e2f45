"""Owns: the journal of what is about to be done to a file, and the names of the temporary files beside it.

Must not know: how files are replaced, what is a version of a notebook; that is asked for.  Invariant: an
entry is one file, locked by the process that works on it; it is on the disk before `begin` returns, and an
entry that nobody has locked belongs to a process that is no more.  A temporary file without a mark in its
name may be removed when its process is gone; one with a mark may hold a save.  An entry that is not this
user's, or says what nbmerge would not have written there, is left as it is and told of; of all others only
those bytes are believed to stand elsewhere that the history has.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import stat
from collections.abc import Callable, Iterator
from dataclasses import asdict, astuple, dataclass, field
from enum import StrEnum
from hashlib import sha256
from itertools import count

from nbmerge.disk.system import System, opened
from nbmerge.errors import SystemFailure
from nbmerge.files import digest, reason
from nbmerge.owners import Distrust, distrust_of

_ENDING = ".journal"
_OURS = re.compile(r"\.nbmerge-(\d+)-\d+(?:-([0-9a-f]{8}))?\.tmp")


def names_beside(target: str, pid: int) -> Iterator[tuple[str, str]]:
    """Names for the new file while it is written, and for the old one afterwards."""
    folder, name = os.path.split(target)
    for number in count():
        stem = os.path.join(folder, f".nbmerge-{pid}-{number}")
        yield f"{stem}.tmp", f"{stem}-{mark(name)}.tmp"


def parsed_name(name: str) -> tuple[int, str | None] | None:
    """The process that made the file, and the mark of the file that it may be the displaced one of."""
    match = _OURS.fullmatch(name)
    return (int(match[1]), match[2]) if match else None


def mark(name: str) -> str:
    """A file's name in eight characters: tells whose save it is, should the journal be lost."""
    return sha256(os.fsencode(name)).hexdigest()[:8]


class EntryKind(StrEnum):
    """What an entry is about."""

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
    """An entry in the journal.  `stored`: digests of bytes that stand elsewhere, the only ones that may be
    put in a place or removed; `fd` is -1 at the end."""

    entry: Entry
    file: str
    fd: int
    old: bytes = b""
    new: bytes = b""
    stored: set[str] = field(default_factory=set)


# Whether a path is that of a notebook with a history and, if a digest (SHA-256) is given as well, whether
# those bytes are a version of it.
Knows = Callable[[str, str | None], bool]


class Journal:
    """The entries of this process, and those that others left."""

    def __init__(self, directory: str, system: System, knows: Knows) -> None:
        self.directory = directory
        self.doubts: dict[str, Distrust] = {}  # what was found here and is not believed, by its path
        self._system = system
        self._knows = knows
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
        if (found := self._distrust()) is not None:
            raise SystemFailure(f"{found.path}: {found.why}, so no journal is kept there; remove it")
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

    def note_stored(self, record: JournalRecord, digest: str) -> None:
        """Note that these bytes are stored elsewhere.  Losing the note costs a second look, no more."""
        line = json.dumps({"safe": digest}).encode() + b"\n"
        with contextlib.suppress(OSError):
            self._system.write(record.fd, line, self._system.fstat(record.fd).st_size)

    def end(self, record: JournalRecord) -> None:
        """Forget an entry: all of it is done.  One that cannot be removed does no harm."""
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

    def temporary_files(self) -> set[str]:
        """The temporary files of all entries, those of living processes too."""
        found = set()
        for name in self._names():
            with contextlib.suppress(OSError):
                with opened(self._system, os.path.join(self.directory, name)) as fd:
                    record = _parse(name, fd, self._system.read(fd))
                if record is not None:
                    found |= {record.entry.temporary, record.entry.aside}
        return found

    def _names(self) -> list[str]:
        try:
            if (found := self._distrust()) is not None:
                self.doubts.setdefault(self.directory, found)
                return []
            return [name for name in self._system.names(self.directory) if name.endswith(_ENDING)]
        except FileNotFoundError:
            return []

    def _distrust(self) -> Distrust | None:
        return distrust_of(self.directory, self._system.stat(self.directory))

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
        if file in self._own or file in self.doubts:
            return None
        try:
            if not stat.S_ISREG(system.stat(file).st_mode):  # to open a pipe could take for ever
                self.doubts[file] = Distrust(file, "is no ordinary file")
                return None
            fd = system.open_both(file)
        except OSError:
            return None
        record = None
        try:
            if self._is_left(name, file, fd):
                record = self._believed(file, fd)
        finally:
            if record is None:
                system.close(fd)
            else:
                self._own.add(file)
        return record

    def _is_left(self, name: str, file: str, fd: int) -> bool:
        """Whether nobody works on an entry any more."""
        locked = self._system.lock(fd)
        if locked is None:
            owner = name.partition("-")[0]
            locked = not (owner.isdigit() and lives(int(owner), self._system))
        return locked and self._still(file, fd)

    def _believed(self, file: str, fd: int) -> JournalRecord | None:
        """What an entry says, as far as the history bears it out."""
        record, doubt = None, distrust_of(file, self._system.fstat(fd))
        if doubt is None:
            record = _parse(file, fd, self._system.read(fd))
            if record is None:  # torn: what it says was never begun
                self._system.unlink(file)
                return None
            doubt = self._doubt(record)
        if doubt is not None:
            self.doubts[file] = doubt
            return None
        return record

    def _doubt(self, record: JournalRecord) -> Distrust | None:
        """Why it says nothing that nbmerge can have begun; only bytes that the history has stay `stored`."""
        entry = record.entry
        try:
            if entry.target != os.path.realpath(entry.path) or not _are_beside(entry):
                return Distrust(record.file, "names files that nbmerge does not make")
            if not self._knows(entry.path, None):
                return Distrust(record.file, f"names a file that has no history ({entry.path})")
            record.stored = {one for one in record.stored if one and self._knows(entry.path, one)}
        except ValueError:  # what no file can be called
            return Distrust(record.file, "names no files")
        if entry.kind is EntryKind.IN_PLACE and not record.stored:
            return Distrust(record.file, f"holds no version of {entry.path}")
        return None

    def _still(self, file: str, fd: int) -> bool:
        """Whether the name still means the open file."""
        try:
            return os.path.samestat(self._system.stat(file), self._system.fstat(fd))
        except FileNotFoundError:
            return False


def lives(pid: int, system: System) -> bool:
    """Whether another process of this number runs.  One with our own number is gone: we have it."""
    return pid != system.pid() and system.alive(pid)


def _are_beside(entry: Entry) -> bool:
    """Whether its other files lie in the notebook's own folder and have names that nbmerge gives."""
    folder, name = os.path.split(entry.target)
    for path, marked in ((entry.temporary, None), (entry.aside, mark(name))):
        found = parsed_name(os.path.basename(path))
        if path and (os.path.dirname(path) != folder or found is None or found[1] != marked):
            return False
    return True


def _parse(file: str, fd: int, data: bytes) -> JournalRecord | None:
    head, _, rest = data.partition(b"\n")
    try:
        fields = json.loads(head)
        old, new = fields.pop("sizes")
        entry = Entry(EntryKind(fields.pop("kind")), **fields)
        if not all(isinstance(field, str) for field in astuple(entry)):
            return None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    record = JournalRecord(entry, file, fd, rest[:old], rest[old : old + new], {entry.expected, entry.new})
    for held, name in ((record.old, entry.expected), (record.new, entry.new)):
        if held and digest(held) != name:
            return None
    for line in rest[old + new :].splitlines():
        with contextlib.suppress(ValueError, KeyError, TypeError):
            record.stored.add(json.loads(line)["safe"])
    return record
