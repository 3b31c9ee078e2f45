"""Owns: what stood in a file's place before it was replaced, until nobody can write to it any more.

Must not know: how it was displaced.  Invariant: a displaced file is unlinked only while it holds bytes
that are stored elsewhere and no program has it open for writing; for a moment longer it stays open here,
for a writer that was just about to open it.
"""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass, replace

from nbmerge.disk.journal import Entry, EntryKind, Journal, JournalRecord
from nbmerge.disk.system import System, opened
from nbmerge.disk.values import LateSave, Replacement, stamp
from nbmerge.errors import SystemFailure
from nbmerge.files import digest

QUIET = 10.0  # seconds without a change, where the system cannot tell whether a writer has the file open
GRACE = 2.0  # seconds that an unlinked file stays open here
_MOST = 32  # unlinked files that stay open


@dataclass(slots=True)
class DisplacedFile:
    """One displaced file.  Without a record it has no name any more."""

    entry: Entry
    stored: set[str]  # digests of bytes that are stored elsewhere
    record: JournalRecord | None
    fd: int = -1
    stamp: tuple[int, ...] = ()
    since: float | None = None  # when the stamp was last seen to change
    cleared: bool = False  # there is no temporary file
    done: bool = False


class DisplacedFiles:
    """All displaced files and kept saves of this process."""

    def __init__(self, journal: Journal, system: System) -> None:
        self._journal = journal
        self._system = system
        self.files: list[DisplacedFile] = []
        self.kept: list[JournalRecord] = []
        self.removed = 0  # temporary files

    def add(self, record: JournalRecord, since: float | None = None) -> DisplacedFile:
        """Look after the files that the entry names from here on."""
        if since is not None:
            self._limit_open_files(since)
        file = DisplacedFile(record.entry, record.stored, record, since=since)
        self.files.append(file)
        return file

    def keep(self, entry: Entry, data: bytes) -> None:
        """Put a save into the journal until it is confirmed.  Raises SystemFailure."""
        kept = replace(entry, kind=EntryKind.KEPT, expected=digest(data), new="", temporary="", aside="")
        self.kept.append(self._journal.begin(kept, old=data))

    def check(self, now: float) -> list[LateSave]:
        """Look at everything once more.  What a save was found in stays until that is confirmed."""
        found = [save for file in self.files for save in self.look_again(file, now)]
        self._drop_done()
        return found + [LateSave(record.entry.path, record.old) for record in self.kept]

    def confirm(self, save: LateSave, now: float) -> None:
        """These bytes are stored: they need not be kept for this file any more."""
        name = digest(save.data)
        for file in self.files:
            if file.entry.path == save.path and name not in file.stored:
                file.stored.add(name)
                if file.record is not None:
                    self._journal.note_stored(file.record, name)
                self.look_again(file, now)
        for record in self.kept:
            if (record.entry.path, record.entry.expected) == (save.path, name):
                self._journal.end(record)
        self.kept = [record for record in self.kept if record.fd >= 0]

    def close(self, patience: float) -> None:
        """Leave what is not done to the next process."""
        if any(file.record is not None and not file.done for file in self.files) and patience:
            time.sleep(patience)
        for file in self.files:
            if patience:
                self._look_last(file)
            self._close(file)
            if file.record is not None:
                self._journal.leave(file.record)
        for record in self.kept:
            self._journal.leave(record)
        self.files, self.kept = [], []

    def look_now(self, file: DisplacedFile, done: Replacement, now: float) -> bytes | None:
        """What a file that was just displaced holds, if that is a whole save that nobody has seen.

        What cannot be known at once is found by `check`.  Raises OSError.
        """
        if not self._open(file, now):
            return None
        writer, data = self._system.writer(file.fd), self._system.read(file.fd)
        if data == done.found:
            if writer is False:
                self._unlink(file, now)
        elif writer is False or (writer is None and file.stamp[:2] != stamp(done.status)[:2]):
            return None if digest(data) in file.stored else data  # another file came there whole
        return None

    def look_again(self, file: DisplacedFile, now: float) -> list[LateSave]:
        """The save in a displaced file, if there is one; else it is unlinked when it may be."""
        with contextlib.suppress(OSError, SystemFailure):
            if file.done or not self._open(file, now):
                return []
            writer = self._system.writer(file.fd)
            patience = GRACE if file.record is None else 0.0 if writer is False else QUIET
            if writer or (patience and now - (file.since or 0.0) < patience):
                return []
            data = self._system.read(file.fd)
            if digest(data) in file.stored:
                self._unlink(file, now)
            elif file.record is not None:
                return [LateSave(file.entry.path, data)]
            else:  # it has no name: nothing would be left of it after a kill
                self.keep(file.entry, data)
                file.stored.add(digest(data))
        return []

    def _look_last(self, file: DisplacedFile) -> None:
        """Nobody may come again for long: that it was quiet for a moment has to do."""
        with contextlib.suppress(OSError):
            before = file.stamp
            if file.record is not None and self._open(file, 0.0) and file.stamp == before:
                stored = digest(self._system.read(file.fd)) in file.stored
                if stored and not self._system.writer(file.fd):
                    self._unlink(file, 0.0)

    def _limit_open_files(self, now: float) -> None:
        """Not every caller comes again to check: unlinked files that are still open must not pile up."""
        nameless = [file for file in self.files if file.record is None]
        for number, file in enumerate(reversed(nameless)):
            self.look_again(file, now if number < _MOST else now + GRACE)
        self._drop_done()

    def _drop_done(self) -> None:
        self.files = [file for file in self.files if not file.done]

    def _open(self, file: DisplacedFile, now: float) -> bool:
        """Whether the file is there; it is open then."""
        if not file.cleared:
            self._clear(file)
            file.cleared = True
        if file.fd < 0:
            try:
                file.fd = self._system.open(file.entry.aside)
            except FileNotFoundError:
                if os.path.isdir(os.path.dirname(file.entry.aside)):  # else on a drive that is not there now
                    self._forget(file)
                return False
        status = self._system.fstat(file.fd)
        if stamp(status) != file.stamp:
            if file.stamp:
                file.since = now
            elif file.since is None:
                file.since = min(status.st_mtime, now)
            file.stamp = stamp(status)
        return True

    def _clear(self, file: DisplacedFile) -> None:
        """Remove the temporary file of an exchange that did not come to its end."""
        entry = file.entry
        half_way = not os.path.lexists(entry.target) and os.path.lexists(entry.aside)
        if half_way and os.path.lexists(entry.temporary):  # so it can happen on Windows
            is_version = entry.new in file.stored and self._holds(entry.temporary, entry.new)
            self._system.rename(entry.temporary if is_version else entry.aside, entry.target)
        if entry.temporary:
            self.removed += self._system.unlink(entry.temporary)

    def _holds(self, path: str, name: str) -> bool:
        with opened(self._system, path) as fd:
            return digest(self._system.read(fd)) == name

    def _unlink(self, file: DisplacedFile, now: float) -> None:
        if file.record is None:
            self._forget(file)
        elif self._system.unlinks_open:
            self._system.unlink(file.entry.aside)
            self._journal.end(file.record)
            file.record, file.since = None, now
        else:
            self._close(file)
            self._system.unlink(file.entry.aside)
            self._forget(file)

    def _close(self, file: DisplacedFile) -> None:
        if file.fd >= 0:
            self._system.close(file.fd)
            file.fd = -1

    def _forget(self, file: DisplacedFile) -> None:
        self._close(file)
        if file.record is not None:
            self._journal.end(file.record)
            file.record = None
        file.done = True
