"""Owns: what stood in a file's place before it was exchanged, until nobody can write to it any more.

Must not know: how it was displaced.  Invariant: a displaced file is unlinked only while it holds
bytes that are stored elsewhere and no program has it open for writing; for a moment longer it
stays open here, for a writer that was just about to open it.
"""

from __future__ import annotations

import contextlib
import stat
from dataclasses import dataclass, replace

from nbmerge.disk.exchange import Job, stamp
from nbmerge.disk.journal import KEPT, Entry, Journal, Record
from nbmerge.disk.system import System
from nbmerge.disk.values import LateSave
from nbmerge.files import digest

QUIET = 10.0  # seconds without a change, where the system cannot tell whether a writer has the file open
GRACE = 2.0  # seconds that an unlinked file stays open here


@dataclass(slots=True)
class Displaced:
    """One displaced file.  Without a record it has no name any more."""

    entry: Entry
    safe: set[str]
    record: Record | None
    fd: int | None = None
    stamp: tuple[int, ...] = ()
    since: float = 0.0  # when the stamp was last seen to change
    done: bool = False


class Watch:
    """Looks after displaced files and kept saves."""

    def __init__(self, journal: Journal, system: System) -> None:
        self._journal = journal
        self._system = system
        self.displaced: list[Displaced] = []
        self.kept: list[Record] = []

    def take(self, record: Record, now: float) -> Displaced:
        """From here on the file that stands at the entry's `aside` is looked after."""
        item = Displaced(record.entry, record.safe, record, since=now)
        self.displaced.append(item)
        return item

    def keep(self, entry: Entry, data: bytes) -> None:
        """Put a save into the journal until it is confirmed."""
        kept = replace(entry, kind=KEPT, expected=digest(data), new="", temporary="", aside="")
        self.kept.append(self._journal.begin(kept, old=data))

    def tend(self, now: float) -> list[LateSave]:
        """Look at everything once more.  What a save was found in stays until that is confirmed."""
        found = []
        for item in self.displaced:
            with contextlib.suppress(OSError):
                found += self._look(item, now)
        self.displaced = [item for item in self.displaced if not item.done]
        return found + [LateSave(record.entry.path, record.old) for record in self.kept]

    def confirm(self, save: LateSave, now: float) -> None:
        """These bytes are stored: they need not be kept for this file any more."""
        name = digest(save.data)
        for item in self.displaced:
            if item.entry.path == save.path and name not in item.safe:
                item.safe.add(name)
                if item.record is not None:
                    self._journal.confirm(item.record, name)
                with contextlib.suppress(OSError):
                    self._look(item, now)
        for record in [each for each in self.kept if each.entry.path == save.path]:
            if record.entry.expected == name:
                self._journal.end(record)
                self.kept.remove(record)

    def close(self) -> None:
        """Leave what is not done to the next process."""
        for item in self.displaced:
            if item.fd is not None:
                self._system.close(item.fd)
            if item.record is not None:
                self._journal.leave(item.record)
        for record in self.kept:
            self._journal.leave(record)
        self.displaced, self.kept = [], []

    def look_now(self, item: Displaced, job: Job, now: float) -> bytes | None:
        """What a file that was just displaced holds, if that is a whole save that nobody has seen.

        What cannot be told at once is told by `tend`.
        """
        with contextlib.suppress(OSError):
            if not stat.S_ISREG(self._system.stat(item.entry.aside).st_mode):
                self._system.swap_back(job.target, item.entry.aside)  # a link or a folder took its name
            if not self._open(item, now) or item.fd is None:
                return None
            writer = self._system.writer(item.fd)
            data = self._system.read(item.fd)
            if data == job.found:
                if writer is False:
                    self._unlink(item, now)
            elif writer is False or (writer is None and item.stamp[:2] != stamp(job.status)[:2]):
                return None if digest(data) in item.safe else data  # another file: it came there whole
        return None

    def _open(self, item: Displaced, now: float) -> bool:
        """Whether the file is there; it is open then."""
        if item.fd is None:
            try:
                item.fd = self._system.open(item.entry.aside)
            except FileNotFoundError:
                self._forget(item)
                return False
        seen = stamp(self._system.fstat(item.fd))
        if seen != item.stamp:
            item.since = now if item.stamp else item.since
            item.stamp = seen
        return True

    def _look(self, item: Displaced, now: float) -> list[LateSave]:
        if item.done or not self._open(item, now) or item.fd is None:
            return []
        writer = self._system.writer(item.fd)
        patience = GRACE if item.record is None else 0.0 if writer is False else QUIET
        if writer or now - item.since < patience:
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
        if item.fd is not None:
            self._system.close(item.fd)
            item.fd = None

    def _forget(self, item: Displaced) -> None:
        self._close(item)
        if item.record is not None:
            self._journal.end(item.record)
            item.record = None
        item.done = True
