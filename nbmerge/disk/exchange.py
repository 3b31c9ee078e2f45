"""Owns: replacing a file by another one that takes its name, in one step.

Must not know: when it is time to, what becomes of the displaced file later.  Invariant: the swap is in
the journal before it happens; until then the target is untouched and a failure leaves nothing
behind; from then on nothing is a failure.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from dataclasses import dataclass

from nbmerge.disk.displaced import CannotExchangeError, ChangedMeanwhileError, Displaced, Job, Watch, stamp
from nbmerge.disk.journal import Entry, EntryKind, Journal, JournalRecord
from nbmerge.disk.system import System
from nbmerge.disk.values import Busy, Placed, PlaceResult, names_beside
from nbmerge.files import digest

# Append-only, another's file in a sticky folder; a file that is itself a mount point (containers).
_ONLY_IN_PLACE = {errno.EPERM, errno.EACCES, errno.EBUSY, errno.EXDEV}


@dataclass(frozen=True, slots=True)
class Exchanger:
    """What an exchange needs."""

    system: System
    journal: Journal
    watch: Watch

    def exchange(self, job: Job, now: float) -> PlaceResult:
        """Put job.data in the place of job.target, and look at what stood there.

        Raises CannotExchangeError, ChangedMeanwhileError, NoExchangeError, BusyError, OSError;
        FileNotFoundError if the target is gone.  Nothing has happened then.
        """
        record, fd = self._prepare(job, now)
        item = self.watch.take(record, now)
        ours = self.system.fstat(fd)
        try:
            self._fill(job, fd)
            self._swap(job, record.entry)
        except BaseException:
            self._undo(item, ours, now)
            raise
        item.cleared = True
        outcome = self._look(job, item, ours, now)
        # The caller writes down that the file holds the new bytes: so shall the disk, before it does.
        self.system.sync_folder(os.path.dirname(job.target))
        return outcome

    def _prepare(self, job: Job, now: float) -> tuple[JournalRecord, int]:
        """The entry and the new file, open and empty."""
        for temporary, aside in names_beside(job.target, self.system.pid()):
            if self._there(aside) or self._there(temporary):
                continue
            new = digest(job.data)
            entry = Entry(EntryKind.EXCHANGE, job.path, job.target, job.expected, new, temporary, aside)
            record = self.journal.begin(entry)
            try:
                return record, self.system.create(temporary)
            except FileExistsError:
                self.journal.end(record)
            except PermissionError as error:
                self.journal.end(record)
                raise CannotExchangeError from error  # the folder is write-protected, the file is not
            except BaseException:
                self.watch.take(record, now)
                raise
        raise AssertionError("names do not end")

    def _fill(self, job: Job, fd: int) -> None:
        """The new file gets its bytes and all that belongs to the old one."""
        try:
            self.system.write(fd, job.data, 0)
            old = self.system.open(job.target)
            try:
                try:
                    self.system.pass_on(old, fd)
                except OSError as error:
                    raise CannotExchangeError from error
            finally:
                self.system.close(old)
            self.system.freshen(fd, job.status.st_mtime_ns)
            self.system.sync(fd)
        finally:
            self.system.close(fd)

    def _swap(self, job: Job, entry: Entry) -> None:
        """One more look, since writing took its time; then the swap."""
        old = self.system.open(job.target)
        try:
            if stamp(self.system.fstat(old)) != stamp(job.status) or self.system.writer(old):
                raise ChangedMeanwhileError
        finally:
            self.system.close(old)
        try:
            self.system.swap(entry.temporary, job.target, entry.aside)
        except OSError as error:
            if error.errno in _ONLY_IN_PLACE:
                raise CannotExchangeError from error
            raise

    def _look(self, job: Job, item: Displaced, ours: os.stat_result, now: float) -> PlaceResult:
        aside = item.entry.aside
        with contextlib.suppress(OSError):
            if not stat.S_ISREG(self.system.stat(aside).st_mode):  # a link or a folder took the name
                self.system.swap_back(job.target, aside)
                return Busy("it is no ordinary file any more")
            displaced = self.watch.look_now(item, job, now)
            if displaced is not None:
                self._freshen(job.target, ours, self.system.stat(aside).st_mtime_ns)
            return Placed(displaced)
        return Placed()  # what was displaced is told by `tend`

    def _freshen(self, target: str, ours: os.stat_result, after: int) -> None:
        """Our file was made before the save that it displaced: it must not look older than that."""
        fd = self.system.open(target)
        try:
            if os.path.samestat(self.system.fstat(fd), ours):
                self.system.freshen(fd, after)
        finally:
            self.system.close(fd)

    def _undo(self, item: Displaced, ours: os.stat_result, now: float) -> None:
        """Remove the new file, under whichever name.  If the swap did happen, `tend` sees to the rest."""
        with contextlib.suppress(OSError):
            if self._there(item.entry.aside) and os.path.samestat(self.system.stat(item.entry.aside), ours):
                self.system.unlink(item.entry.aside)
            self.watch.look_again(item, now)

    def _there(self, path: str) -> bool:
        try:
            self.system.stat(path)
        except FileNotFoundError:
            return False
        return True
