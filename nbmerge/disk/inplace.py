"""Owns: writing new bytes into a file that must stay the same file (hard links, foreign owner, no exchange).

Must not know: why it has to be done this way.  Invariant: the journal holds the old and the new bytes
until the file holds one of them whole; whatever else it holds was written by somebody else and
is left alone.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from enum import Enum

from nbmerge.disk.displaced import ChangedMeanwhileError, Job
from nbmerge.disk.journal import Entry, EntryKind, Journal, JournalRecord
from nbmerge.disk.system import BusyError, System
from nbmerge.files import digest

_BLOCK = 4096
_PATIENCE = 10  # times that a reader is waited for


def write_in_place(system: System, journal: Journal, torn: list[JournalRecord], job: Job) -> None:
    """Write job.data into the file.  Raises ChangedMeanwhileError, BusyError, OSError: nothing has changed.

    Where the old bytes cannot be put back after a failure, the record stays in `torn`, for `finish`.
    """
    entry = Entry(EntryKind.IN_PLACE, job.path, job.target, job.expected, digest(job.data))
    record = journal.begin(entry, old=job.found, new=job.data)
    torn.append(record)
    try:
        with _opened(system, job.target) as fd:
            if system.read(fd) != job.found or not _is_named(system, fd, job.target):
                raise ChangedMeanwhileError
            _overwrite(system, fd, record)
            with suppress(OSError):
                system.freshen(fd, job.status.st_mtime_ns)
            if not _is_named(system, fd, job.target):
                raise ChangedMeanwhileError  # another file took the name meanwhile: that is a save
    except _TornError:
        raise
    except (OSError, ChangedMeanwhileError):
        _end(journal, torn, record)
        raise
    _end(journal, torn, record)


class Finish(Enum):
    """What came of an interrupted write."""

    WHOLE = "the file holds the old or the new bytes"
    COMPLETED = "it was torn, and holds the new bytes now"
    OVERWRITTEN = "it holds somebody else's bytes"
    LATER = "it cannot be told now"


def finish(system: System, record: JournalRecord, keep: Callable[[bytes], None]) -> Finish:
    """Complete what was begun.  Raises OSError.

    What looks torn may yet be a save that somebody made of just these parts: if it could be one, it
    goes to `keep` first.
    """
    target = record.entry.target
    try:
        with _opened(system, target) as fd:
            found = system.read(fd)
            if found in (record.old, record.new):
                return Finish.WHOLE
            if not is_mixture(found, record.old, record.new):
                return Finish.OVERWRITTEN
            if _parses(found):
                keep(found)
            system.write(fd, record.new, 0)
            system.truncate(fd, len(record.new))
            system.sync(fd)
            return Finish.COMPLETED
    except BusyError:
        return Finish.LATER
    except FileNotFoundError:  # with its folder: perhaps a drive that is not there now
        return Finish.OVERWRITTEN if os.path.isdir(os.path.dirname(target)) else Finish.LATER


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


def _overwrite(system: System, fd: int, record: JournalRecord) -> None:
    """All of new over old, the longer part first: a full disk is noticed while nothing is lost."""
    old, new = record.old, record.new
    kept = min(len(old), len(new))
    try:
        system.write(fd, memoryview(new)[kept:], kept)
        system.write(fd, memoryview(new)[:kept], 0)
        system.truncate(fd, len(new))
        system.sync(fd)
    except OSError as error:
        try:
            system.write(fd, old, 0)
            system.truncate(fd, len(old))
        except OSError:
            raise _TornError(error.errno, f"{error.strerror}; it is torn until that is put right") from error
        raise


def _is_named(system: System, fd: int, path: str) -> bool:
    """Whether the path still means the open file."""
    try:
        return os.path.samestat(system.stat(path), system.fstat(fd))
    except FileNotFoundError:
        return False
    except OSError:
        return True


def _parses(data: bytes) -> bool:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True


def _end(journal: Journal, torn: list[JournalRecord], record: JournalRecord) -> None:
    journal.end(record)
    torn.remove(record)


@contextmanager
def _opened(system: System, target: str) -> Iterator[int]:
    """The file, open for reading and writing, while others wait, where the system can make them.

    Raises BusyError if a program has it open there; one that only reads it is given a moment.
    """
    reader = system.open(target)
    try:
        writer = system.writer(reader)
    finally:
        system.close(reader)
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
