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

from nbmerge.disk.displaced import DisplacedFile, DisplacedFiles
from nbmerge.disk.journal import Entry, EntryKind, Journal, JournalRecord, names_beside
from nbmerge.disk.system import System, opened
from nbmerge.disk.values import (
    Busy,
    CannotExchangeError,
    ChangedMeanwhileError,
    Placed,
    PlaceResult,
    Replacement,
    stamp,
)
from nbmerge.files import digest

# Append-only, another's file in a sticky folder; a file that is itself a mount point (containers).
_ONLY_IN_PLACE = {errno.EPERM, errno.EACCES, errno.EBUSY, errno.EXDEV}


@dataclass(frozen=True, slots=True)
class Exchanger:
    """What an exchange needs."""

    system: System
    journal: Journal
    displaced: DisplacedFiles

    def exchange(self, wanted: Replacement, now: float) -> PlaceResult:
        """Put wanted.data in the place of wanted.target, and look at what stood there.

        Raises CannotExchangeError, ChangedMeanwhileError, NoExchangeError, BusyError, OSError;
        FileNotFoundError if the target is gone.  Nothing has happened then.
        """
        record, fd = self._prepare(wanted, now)
        file = self.displaced.add(record, now)
        ours = self.system.fstat(fd)
        try:
            self._fill(wanted, fd)
            self._swap(wanted, record.entry)
        except BaseException:
            self._undo(file, ours, now)
            raise
        file.cleared = True
        outcome = self._look(wanted, file, ours, now)
        # The caller writes down that the file holds the new bytes: so shall the disk, before it does.
        self.system.sync_folder(os.path.dirname(wanted.target))
        return outcome

    def _prepare(self, wanted: Replacement, now: float) -> tuple[JournalRecord, int]:
        """The entry and the new file, open and empty."""
        for temporary, aside in names_beside(wanted.target, self.system.pid()):
            if self._there(aside) or self._there(temporary):
                continue
            new = digest(wanted.data)
            entry = Entry(
                EntryKind.EXCHANGE, wanted.path, wanted.target, wanted.expected, new, temporary, aside
            )
            record = self.journal.begin(entry)
            try:
                return record, self.system.create(temporary)
            except FileExistsError:
                self.journal.end(record)
            except PermissionError as error:
                self.journal.end(record)
                raise CannotExchangeError from error  # the folder is write-protected, the file is not
            except BaseException:
                self.displaced.add(record, now)
                raise
        raise AssertionError("names do not end")

    def _fill(self, wanted: Replacement, fd: int) -> None:
        """The new file gets its bytes and all that belongs to the old one."""
        try:
            self.system.write(fd, wanted.data, 0)
            with opened(self.system, wanted.target) as old:
                try:
                    self.system.pass_on(old, fd)
                except OSError as error:
                    raise CannotExchangeError from error
            self.system.freshen(fd, wanted.status.st_mtime_ns)
            self.system.sync(fd)
        finally:
            self.system.close(fd)

    def _swap(self, wanted: Replacement, entry: Entry) -> None:
        """One more look, since writing took its time; then the swap."""
        with opened(self.system, wanted.target) as old:
            if stamp(self.system.fstat(old)) != stamp(wanted.status) or self.system.writer(old):
                raise ChangedMeanwhileError
        try:
            self.system.swap(entry.temporary, wanted.target, entry.aside)
        except OSError as error:
            if error.errno in _ONLY_IN_PLACE:
                raise CannotExchangeError from error
            raise

    def _look(
        self, wanted: Replacement, file: DisplacedFile, ours: os.stat_result, now: float
    ) -> PlaceResult:
        aside = file.entry.aside
        with contextlib.suppress(OSError):
            if not stat.S_ISREG(self.system.stat(aside).st_mode):  # a link or a folder took the name
                self.system.swap_back(wanted.target, aside)
                return Busy("it is no ordinary file any more")
            displaced = self.displaced.look_now(file, wanted, now)
            if displaced is not None:
                self._freshen(wanted.target, ours, self.system.stat(aside).st_mtime_ns)
            return Placed(displaced)
        return Placed()  # what was displaced is found by `check`

    def _freshen(self, target: str, ours: os.stat_result, after: int) -> None:
        """Our file was made before the save that it displaced: it must not look older than that."""
        with opened(self.system, target) as fd:
            if os.path.samestat(self.system.fstat(fd), ours):
                self.system.freshen(fd, after)

    def _undo(self, file: DisplacedFile, ours: os.stat_result, now: float) -> None:
        """Remove the new file, under whichever name.  If the swap did happen, `check` sees to the rest."""
        with contextlib.suppress(OSError):
            if self._there(file.entry.aside) and os.path.samestat(self.system.stat(file.entry.aside), ours):
                self.system.unlink(file.entry.aside)
            self.displaced.look_again(file, now)

    def _there(self, path: str) -> bool:
        try:
            self.system.stat(path)
        except FileNotFoundError:
            return False
        return True
