"""Owns: replacing a file by another one that takes its name, in one step.

Must not know: what becomes of the displaced file.  Invariant: until the swap the target is
untouched and a failure leaves nothing behind; the swap is in the journal before it happens.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import count

from nbmerge.disk.journal import EXCHANGE, Entry, Journal, Record
from nbmerge.disk.system import System
from nbmerge.files import digest


class CannotExchangeError(Exception):
    """This file must be written in place: an exchange would change more than its bytes."""


class ChangedMeanwhileError(Exception):
    """The file is no longer what it was a moment ago; nothing was written."""


@dataclass(frozen=True, slots=True)
class Job:
    """A file that is to be replaced: what it holds, and what it shall hold."""

    path: str  # as the caller names it
    target: str  # without links
    status: os.stat_result
    found: bytes
    expected: str
    data: bytes


def names_beside(target: str, system: System) -> Iterator[tuple[str, str]]:
    """Names for the new file while it is written, and for the old one afterwards.

    The first kind may be removed when its process is gone.  The second kind may hold a save; its last
    part tells whose, should the journal be lost.
    """
    folder, name = os.path.split(target)
    for number in count():
        stem = os.path.join(folder, f".nbmerge-{system.pid()}-{number}")
        yield f"{stem}.tmp", f"{stem}-{mark(name)}.tmp"


def mark(name: str) -> str:
    """A file's name in eight characters."""
    return sha256(os.fsencode(name)).hexdigest()[:8]


def exchange(system: System, journal: Journal, job: Job, now: float) -> Record:
    """Put job.data in the place of job.target.  What stood there is at the record's `aside` then.

    Raises CannotExchangeError, ChangedMeanwhileError, NoExchangeError, BusyError, OSError; FileNotFoundError
    if the target is gone.  Nothing has happened then.
    """
    record, fd = _prepare(system, journal, job, now)
    entry = record.entry
    try:
        try:
            system.write(fd, job.data, 0)
            _dress(system, job, fd)
            system.sync(fd)
        finally:
            system.close(fd)
        try:
            system.swap(entry.temporary, job.target, entry.aside)
        except PermissionError as error:  # append-only, or another's file in a sticky folder
            raise CannotExchangeError from error
    except BaseException:
        _undo(system, journal, record)
        raise
    return record


def _dress(system: System, job: Job, fd: int) -> None:
    """The new file gets all that belongs to the old one; a last look at that before it is replaced."""
    old = system.open(job.target)
    try:
        try:
            system.pass_on(old, fd)
        except OSError as error:
            raise CannotExchangeError from error
        system.freshen(fd, job.status.st_mtime_ns)
        if stamp(system.fstat(old)) != stamp(job.status) or system.writer(old):
            raise ChangedMeanwhileError
    finally:
        system.close(old)


def stamp(status: os.stat_result) -> tuple[int, int, int, int]:
    """What differs after a write."""
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size


def _prepare(system: System, journal: Journal, job: Job, now: float) -> tuple[Record, int]:
    """The entry and the new file, open and empty."""
    for temporary, aside in names_beside(job.target, system):
        if _there(system, aside) or _there(system, temporary):
            continue
        entry = Entry(EXCHANGE, job.path, job.target, job.expected, digest(job.data), temporary, aside, now)
        record = journal.begin(entry)
        try:
            return record, system.create(temporary)
        except FileExistsError:
            journal.end(record)
        except PermissionError as error:
            journal.end(record)
            raise CannotExchangeError from error  # the folder is write-protected, the file is not
        except BaseException:
            journal.end(record)
            raise
    raise AssertionError("count() does not end")


def _undo(system: System, journal: Journal, record: Record) -> None:
    with contextlib.suppress(OSError):
        system.unlink(record.entry.temporary)
        system.unlink(record.entry.aside)
        journal.end(record)


def _there(system: System, path: str) -> bool:
    try:
        system.stat(path)
    except FileNotFoundError:
        return False
    return True
