"""Owns: writing new bytes into a file that must stay the same file (hard links, foreign owner, no exchange).

Must not know: why it has to be done this way.  Invariant: the journal holds the old and the new bytes
until the file holds one of them whole; whatever else it holds was written by somebody else and is left
alone.  What is put into a file after a kill is a version of it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from nbmerge.disk.journal import Entry, EntryKind, Journal, JournalRecord
from nbmerge.disk.system import BusyError, System, opened
from nbmerge.disk.values import ChangedMeanwhileError, Replacement
from nbmerge.errors import SystemFailure
from nbmerge.files import digest

_BLOCK = 4096
_PATIENCE = 10  # times that a reader is waited for


class InPlaceWriter:
    """Writes into files; `torn` are the entries of writes that did not come to their end."""

    def __init__(self, journal: Journal, system: System) -> None:
        self._journal = journal
        self._system = system
        self.torn: list[JournalRecord] = []

    def write(self, wanted: Replacement) -> None:
        """Write the data into the file.

        Raises ChangedMeanwhileError, BusyError, OSError: nothing has changed, or the old bytes could not
        be put back and the entry stays in `torn`.
        """
        entry = Entry(EntryKind.IN_PLACE, wanted.path, wanted.target, wanted.expected, digest(wanted.data))
        record = self._journal.begin(entry, old=wanted.found, new=wanted.data)
        self.torn.append(record)
        try:
            with self._opened(wanted.target) as fd:
                if self._system.read(fd) != wanted.found or not self._is_named(fd, wanted.target):
                    raise ChangedMeanwhileError
                self._overwrite(fd, record)
                with suppress(OSError):
                    self._system.freshen(fd, wanted.status.st_mtime_ns)
                if not self._is_named(fd, wanted.target):
                    raise ChangedMeanwhileError  # another file took the name meanwhile: that is a save
        except _TornError:
            raise
        except (OSError, ChangedMeanwhileError):
            self._end(record)
            raise
        self._end(record)

    def finish(self, keep: Callable[[Entry, bytes], None]) -> list[str]:
        """Complete what was begun, as far as that can be done now; the paths of the files that were torn.

        `keep` gets what may be a save that would be lost.
        """
        completed: list[str] = []
        for record in self.torn:
            with suppress(OSError, SystemFailure):
                if self._finish(record, keep):
                    completed.append(record.entry.path)
        self.torn = [record for record in self.torn if record.fd >= 0]
        return completed

    def close(self) -> None:
        """Leave what is not done to the next process."""
        for record in self.torn:
            self._journal.leave(record)
        self.torn = []

    def _finish(self, record: JournalRecord, keep: Callable[[Entry, bytes], None]) -> bool:
        """Complete one write; whether the file was torn."""
        entry, whole, torn = record.entry, False, False
        try:
            with self._opened(entry.target) as fd:
                found = self._system.read(fd)
                whole = found in (record.old, record.new)
                torn = not whole and is_mixture(found, record.old, record.new)
                if torn:
                    if _parses(found):  # it may yet be a save that somebody made of just these parts
                        keep(entry, found)
                    self._put(fd, self._to_be_put(record, keep))
        except BusyError:
            return False
        except FileNotFoundError:
            if not os.path.isdir(os.path.dirname(entry.target)):  # perhaps on a drive that is not there now
                return False
        if not whole and not torn:  # somebody else's bytes are the truth now, and the old ones are not lost
            keep(entry, record.old)
        self._journal.end(record)
        return torn

    def _to_be_put(self, record: JournalRecord, keep: Callable[[Entry, bytes], None]) -> bytes:
        """The new bytes, unless a killed process had not recorded them yet: then they are a save."""
        if record.entry.new in record.stored:
            return record.new
        keep(record.entry, record.new)
        return record.old

    def _overwrite(self, fd: int, record: JournalRecord) -> None:
        """All of new over old, the longer part first: a full disk is noticed while nothing is lost."""
        old, new = record.old, record.new
        kept = min(len(old), len(new))
        try:
            self._system.write(fd, memoryview(new)[kept:], kept)
            self._put(fd, new, kept)
        except OSError as error:
            try:
                self._system.write(fd, old, 0)
                self._system.truncate(fd, len(old))
            except OSError:
                message = f"{error.strerror}; it is torn until that is put right"
                raise _TornError(error.errno, message) from error
            raise

    def _put(self, fd: int, data: bytes, size: int | None = None) -> None:
        """Write the data (of a `size`: only its beginning) and cut the file behind it; on the disk."""
        self._system.write(fd, memoryview(data)[:size], 0)
        self._system.truncate(fd, len(data))
        self._system.sync(fd)

    def _is_named(self, fd: int, path: str) -> bool:
        """Whether the path still means the open file."""
        try:
            return os.path.samestat(self._system.stat(path), self._system.fstat(fd))
        except FileNotFoundError:
            return False
        except OSError:
            return True

    def _end(self, record: JournalRecord) -> None:
        self._journal.end(record)
        self.torn.remove(record)

    @contextmanager
    def _opened(self, target: str) -> Iterator[int]:
        """The file, open for reading and writing, while others wait, where the system can make them.

        Raises BusyError if a program has it open there; one that only reads it is given a moment.
        """
        system = self._system
        with opened(system, target) as reader:
            writer = system.writer(reader)
        if writer:
            raise BusyError("a program has it open for writing")
        fd = system.open_both(target)
        try:
            alone = system.exclude(fd)
            for _ in range(0 if alone or writer is None else _PATIENCE):
                time.sleep(0.003)
                alone = alone or system.exclude(fd)
            if writer is False and not alone:
                raise BusyError("a program has it open")
            try:
                yield fd
            finally:
                if alone:
                    system.admit(fd)
        finally:
            system.close(fd)


class _TornError(OSError):
    """The old bytes could not be put back."""


def is_mixture(found: bytes, old: bytes, new: bytes) -> bool:
    """Whether every byte is at its place in the old or the new bytes (or never reached the disk)."""
    if not min(len(old), len(new)) <= len(found) <= max(len(old), len(new)):
        return False
    for start in range(0, len(found), _BLOCK):
        block, one, two = (data[start : start + _BLOCK] for data in (found, old, new))
        if block not in (one, two):
            one, two = one.ljust(len(block), b"\0"), two.ljust(len(block), b"\0")
            if any(byte not in pair for byte, *pair in zip(block, one, two, strict=False)):
                return False
    return True


def _parses(data: bytes) -> bool:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True
