"""Owns: what a replacement starts from, as a value, and the ways in which it can turn out impossible.
what stood in a file's place before it was exchanged, until nobody can write to it any more.

Must not know: how files are replaced.
how it was displaced.
Invariant: none of these exceptions means that anything changed.
a displaced file is unlinked only while it holds
bytes that are stored elsewhere and no program has it open for writing; for a moment longer it
stays open here, for a writer that was just about to open it.
"""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass, replace

from nbmerge.disk.journal import Entry, EntryKind, Journal, JournalRecord
from nbmerge.disk.system import System
from nbmerge.disk.values import LateSave
from nbmerge.errors import SystemFailure
from nbmerge.files import digest


@dataclass(frozen=True, slots=True)
class Job:
    """A file that is to be replaced: what it holds, and what it shall hold."""

    path: str  # as the caller names it, absolute
    target: str  # without links
    status: os.stat_result
    found: bytes
    expected: str  # SHA-256 of found
    data: bytes


class CannotExchangeError(Exception):
    """This file must be written in place: an exchange would change more than its bytes."""


class ChangedMeanwhileError(Exception):
    """The file is no longer what it was a moment ago."""


def stamp(status: os.stat_result) -> tuple[int, int, int, int]:
    """What differs after a write."""
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size


QUIET = 10.0  # seconds without a change, where the system cannot tell whether a writer has the file open
GRACE = 2.0  # seconds that an unlinked file stays open here
_MOST = 32  # unlinked files that stay open


@dataclass(slots=True)
class Displaced:
    """One displaced file.  Without a record it has no name any more."""

    entry: Entry
    safe: set[str]
    record: JournalRecord | None
    fd: int = -1
    stamp: tuple[int, ...] = ()
    since: float | None = None  # when the stamp was last seen to change
    cleared: bool = False  # there is no temporary file
    done: bool = False


class Watch:
    """Looks after displaced files and kept saves."""

    def __init__(self, journal: Journal, system: System) -> None:
        self._journal = journal
        self._system = system
        self.displaced: list[Displaced] = []
        self.kept: list[JournalRecord] = []
        self.removed = 0  # temporary files

    def take(self, record: JournalRecord, since: float | None = None) -> Displaced:
        """From here on what stands at the names of the entry is looked after."""
        if since is not None:
            self._let_go(since)
        item = Displaced(record.entry, record.safe, record, since=since)
        self.displaced.append(item)
        return item

    def _let_go(self, now: float) -> None:
        """Not every caller comes again to tend: unlinked files that are still open must not pile up."""
        nameless = [item for item in self.displaced if item.record is None]
        for number, item in enumerate(reversed(nameless)):
            self.look_again(item, now if number < _MOST else now + GRACE)
        self.displaced = [item for item in self.displaced if not item.done]

    def keep(self, entry: Entry, data: bytes) -> None:
        """Put a save into the journal until it is confirmed.  Raises SystemFailure."""
        kept = replace(entry, kind=EntryKind.KEPT, expected=digest(data), new="", temporary="", aside="")
        self.kept.append(self._journal.begin(kept, old=data))

    def tend(self, now: float) -> list[LateSave]:
        """Look at everything once more.  What a save was found in stays until that is confirmed."""
        found = [save for item in self.displaced for save in self.look_again(item, now)]
        self.displaced = [item for item in self.displaced if not item.done]
        return found + [LateSave(record.entry.path, record.old) for record in self.kept]

    def confirm(self, save: LateSave, now: float) -> None:
        """These bytes are stored: they need not be kept for this file any more."""
        name = digest(save.data)
        for item in self.displaced:
            if item.entry.path == save.path and name not in item.safe:
                item.safe.add(name)
                if item.record is not None:
                    self._journal.note_safe(item.record, name)
                self.look_again(item, now)
        for record in self.kept:
            if (record.entry.path, record.entry.expected) == (save.path, name):
                self._journal.end(record)
        self.kept = [record for record in self.kept if record.fd >= 0]

    def close(self, patience: float) -> None:
        """Leave what is not done to the next process."""
        if any(item.record is not None and not item.done for item in self.displaced) and patience:
            time.sleep(patience)
        for item in self.displaced:
            if patience:
                self._look_last(item)
            self._close(item)
            if item.record is not None:
                self._journal.leave(item.record)
        for record in self.kept:
            self._journal.leave(record)
        self.displaced, self.kept = [], []

    def look_now(self, item: Displaced, job: Job, now: float) -> bytes | None:
        """What a file that was just displaced holds, if that is a whole save that nobody has seen.

        What cannot be told at once is told by `tend`.  Raises OSError.
        """
        if not self._open(item, now):
            return None
        writer, data = self._system.writer(item.fd), self._system.read(item.fd)
        if data == job.found:
            if writer is False:
                self._unlink(item, now)
        elif writer is False or (writer is None and item.stamp[:2] != stamp(job.status)[:2]):
            return None if digest(data) in item.safe else data  # another file came there whole
        return None

    def look_again(self, item: Displaced, now: float) -> list[LateSave]:
        """The save in a displaced file, if there is one; else it is unlinked when it may be."""
        with contextlib.suppress(OSError, SystemFailure):
            if item.done or not self._open(item, now):
                return []
            writer = self._system.writer(item.fd)
            patience = GRACE if item.record is None else 0.0 if writer is False else QUIET
            if writer or (patience and now - (item.since or 0.0) < patience):
                return []
            data = self._system.read(item.fd)
            if digest(data) in item.safe:
                self._unlink(item, now)
            elif item.record is not None:
                return [LateSave(item.entry.path, data)]
            else:  # it has no name: nothing would be left of it after a kill
                self.keep(item.entry, data)
                item.safe.add(digest(data))
        return []

    def _look_last(self, item: Displaced) -> None:
        """Nobody may come again for long: that it was quiet for a moment has to do."""
        with contextlib.suppress(OSError):
            before = item.stamp
            if item.record is not None and self._open(item, 0.0) and item.stamp == before:
                safe = digest(self._system.read(item.fd)) in item.safe
                if safe and not self._system.writer(item.fd):
                    self._unlink(item, 0.0)

    def _open(self, item: Displaced, now: float) -> bool:
        """Whether the file is there; it is open then."""
        if not item.cleared:
            self._clear(item.entry)
            item.cleared = True
        if item.fd < 0:
            try:
                item.fd = self._system.open(item.entry.aside)
            except FileNotFoundError:
                if os.path.isdir(os.path.dirname(item.entry.aside)):  # else on a drive that is not there now
                    self._forget(item)
                return False
        status = self._system.fstat(item.fd)
        if stamp(status) != item.stamp:
            if item.stamp:
                item.since = now
            elif item.since is None:
                item.since = min(status.st_mtime, now)
            item.stamp = stamp(status)
        return True

    def _clear(self, entry: Entry) -> None:
        """Remove the temporary file of an exchange that did not come to its end."""
        half_way = not os.path.lexists(entry.target) and os.path.lexists(entry.aside)
        if half_way and os.path.lexists(entry.temporary):
            self._system.rename(entry.temporary, entry.target)  # so it can happen on Windows
        elif entry.temporary:
            self.removed += self._system.unlink(entry.temporary)

    def _unlink(self, item: Displaced, now: float) -> None:
        if item.record is None:
            self._forget(item)
        elif self._system.unlinks_open:
            self._system.unlink(item.entry.aside)
            self._journal.end(item.record)
            item.record, item.since = None, now
        else:
            self._close(item)
            self._system.unlink(item.entry.aside)
            self._forget(item)

    def _close(self, item: Displaced) -> None:
        if item.fd >= 0:
            self._system.close(item.fd)
            item.fd = -1

    def _forget(self, item: Displaced) -> None:
        self._close(item)
        if item.record is not None:
            self._journal.end(item.record)
            item.record = None
        item.done = True
