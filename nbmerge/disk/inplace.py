"""Owns: writing new bytes into a file that must stay the same file (hard links, foreign owner, no exchange).

Must not know: why it has to be done this way.  Invariant: the journal holds the old and the new bytes
until the file holds one of them whole; whatever else it holds was written by somebody else and
is left alone.
"""

from __future__ import annotations

import os
import time
from enum import Enum

from nbmerge.disk.exchange import ChangedMeanwhileError, Job
from nbmerge.disk.journal import IN_PLACE, Entry, Journal, Record
from nbmerge.disk.system import BusyError, System
from nbmerge.files import digest

_BLOCK = 4096


class TornError(OSError):
    """The write failed half-way and the old bytes could not be put back yet; the journal has both."""

    def __init__(self, record: Record, error: OSError) -> None:
        super().__init__(error.errno, f"{error.strerror}; it is torn until the next attempt to put it right")
        self.record = record


def write_in_place(system: System, journal: Journal, job: Job, now: float) -> None:
    """Write job.data into the file.  Raises ChangedMeanwhileError, BusyError, OSError: nothing has changed.

    Except TornError, whose record `finish` completes later.
    """
    entry = Entry(IN_PLACE, job.path, job.target, job.expected, digest(job.data), time=now)
    record = journal.begin(entry, old=job.found, new=job.data)
    try:
        fd = _open_quiet(system, job.target)
        try:
            alone = _exclude(system, fd)
            try:
                if system.read(fd) != job.found:
                    raise ChangedMeanwhileError
                _overwrite(system, fd, record)
                system.freshen(fd, job.status.st_mtime_ns)
            finally:
                if alone:
                    system.admit(fd)
        finally:
            system.close(fd)
    except TornError:
        raise
    except BaseException:
        journal.end(record)
        raise
    journal.end(record)


class Finish(Enum):
    """What came of an interrupted write."""

    WHOLE = "the file holds the old or the new bytes"
    COMPLETED = "it was torn, and holds the new bytes now"
    OVERWRITTEN = "it holds somebody else's bytes"
    LATER = "it cannot be told now"


def finish(system: System, record: Record) -> Finish:
    """Complete what was begun.  Raises OSError."""
    target = record.entry.target
    try:
        fd = _open_quiet(system, target)
    except BusyError:
        return Finish.LATER
    except FileNotFoundError:  # with its folder: perhaps a drive that is not there now
        return Finish.OVERWRITTEN if os.path.isdir(os.path.dirname(target)) else Finish.LATER
    try:
        alone = system.exclude(fd)
        try:
            found = system.read(fd)
            if found in (record.old, record.new):
                return Finish.WHOLE
            if not is_mixture(found, record.old, record.new):
                return Finish.OVERWRITTEN
            system.write(fd, record.new, 0)
            system.truncate(fd, len(record.new))
            system.sync(fd)
            return Finish.COMPLETED
        finally:
            if alone:
                system.admit(fd)
    finally:
        system.close(fd)


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


def _overwrite(system: System, fd: int, record: Record) -> None:
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
            raise TornError(record, error) from error
        raise


def _open_quiet(system: System, target: str) -> int:
    """The file, open for reading and writing, if no program was writing it a moment ago."""
    reader = system.open(target)
    try:
        if system.writer(reader):
            raise BusyError("a program has it open for writing")
    finally:
        system.close(reader)
    return system.open_both(target)


def _exclude(system: System, fd: int) -> bool:
    """Keep others out; somebody who only reads the file is done in a moment."""
    for _ in range(5):
        if system.exclude(fd):
            return True
        time.sleep(0.002)
    return False
