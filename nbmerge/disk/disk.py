"""Owns: temporary files in the notebooks' folders that no journal of ours speaks of.
removing a file whose bytes are stored elsewhere.
replacing a file that other programs may write at the same moment, without losing a save.

Must not know: what is in them.
where.
what is in the files, why they are replaced.
Invariant: a file that may hold a save is never removed here, and no
file of a process that is alive.
nothing is removed but the bytes that were named; whoever writes in
between keeps what they wrote.
bytes that stood in a file are
deleted only if they are the expected ones or the caller has confirmed that they are stored; whatever
the moment of a kill, `repair` at the next start finds them, and removes what was left.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterable
from dataclasses import replace

from nbmerge.disk.displaced import CannotExchangeError, ChangedMeanwhileError, Job, Watch
from nbmerge.disk.exchange import Exchanger
from nbmerge.disk.inplace import Finish, finish, write_in_place
from nbmerge.disk.journal import Entry, EntryKind, Journal, JournalRecord, lives
from nbmerge.disk.platforms import this_system
from nbmerge.disk.system import BusyError, NoExchangeError, System
from nbmerge.disk.values import (
    Busy,
    Changed,
    Gone,
    LateSave,
    Placed,
    PlaceResult,
    Repaired,
    mark,
    names_beside,
    told_by,
)
from nbmerge.errors import SystemFailure
from nbmerge.files import digest, reason


def sweep(system: System, journal: Journal, watch: Watch, folder: str) -> None:
    """Remove what dead processes left in a folder.

    A displaced file whose journal is lost, or is another state directory's, is looked after from now on.
    """
    with contextlib.suppress(OSError):
        names = system.names(folder)
        ours = {name: told for name in names if (told := told_by(name)) is not None}
        looked_after = journal.spoken_of() if ours else set()
        for name, told in ours.items():
            path = os.path.join(folder, name)
            if path in looked_after or lives(told[0], system):
                continue
            if told[1] is None:
                watch.removed += system.unlink(path)
                continue
            for other in names:
                if mark(other) == told[1]:
                    target = os.path.join(folder, other)
                    watch.take(journal.begin(Entry(EntryKind.EXCHANGE, target, target, aside=path)))


def remove(system: System, journal: Journal, watch: Watch, entry: Entry, now: float) -> bool:
    """Remove the entry's target if it holds the expected bytes and nobody writes it; whether it is gone.

    It is moved aside first, and looked after like a displaced file.  Raises OSError: nothing has changed.
    """
    path, expected = entry.target, entry.expected
    try:
        if not _holds(system, path, expected):
            return False
    except FileNotFoundError:
        return True
    aside = next(aside for _, aside in names_beside(path, system.pid()) if not os.path.lexists(aside))
    item = watch.take(journal.begin(replace(entry, aside=aside)))
    try:
        system.move(path, aside)
    except FileNotFoundError:
        watch.look_again(item, now)
        return True
    except OSError:
        watch.look_again(item, now)
        raise
    with contextlib.suppress(OSError):
        if not _holds(system, aside, expected):
            system.rename(aside, path)  # FileExistsError: another save is there, this one is told by `tend`
        watch.look_again(item, now)
    return not os.path.lexists(path)


def _holds(system: System, path: str, expected: str) -> bool:
    fd = system.open(path)
    try:
        return not system.writer(fd) and digest(system.read(fd)) == expected
    finally:
        system.close(fd)


_WRITING = "a program has it open for writing"
_CHANGING = "it changes just now"


class Disk:
    """The files of this machine.  For one thread at a time.

    `clock` gives seconds since the epoch.
    """

    def __init__(
        self, journal_directory: str, clock: Callable[[], float], system: System | None = None
    ) -> None:
        self._system = system or this_system()
        self._clock = clock
        self._journal = Journal(journal_directory, self._system)
        self._watch = Watch(self._journal, self._system)
        self._exchanger = Exchanger(self._system, self._journal, self._watch)
        self._torn: list[JournalRecord] = []
        self._completed: list[str] = []
        self._no_exchange: set[int] = set()  # devices

    @property
    def how(self) -> str:
        """For people: how files are replaced on this platform."""
        return self._system.how

    def place(self, path: str, data: bytes, expected: str) -> PlaceResult:
        """Replace the content of a file, if it still is the expected one (SHA-256 in hexadecimal).

        Links are followed; mode, owner, attributes and links are kept; the time of modification is new.
        Nothing is written if the file holds `data` already.  Raises SystemFailure that names the path:
        nothing was changed then.
        """
        try:
            return self._place(os.path.abspath(path), data, expected)
        except (FileNotFoundError, NotADirectoryError):
            return Busy(_CHANGING) if os.path.exists(path) else Gone()
        except BusyError as error:
            return Busy(str(error))
        except OSError as error:
            raise SystemFailure(f"{path}: cannot be written: {reason(error)}") from error

    def discard(self, path: str, expected: str) -> bool:
        """Remove a file whose bytes are stored, if it still holds them (SHA-256); whether it is gone.

        Raises SystemFailure that names the path.
        """
        entry = Entry(EntryKind.EXCHANGE, os.path.abspath(path), os.path.abspath(path), expected)
        try:
            return remove(self._system, self._journal, self._watch, entry, self._clock())
        except OSError as error:
            raise SystemFailure(f"{path}: cannot be removed: {reason(error)}") from error

    def being_written(self, path: str) -> bool | None:
        """Whether a program has the file open for writing.  None: the system cannot tell."""
        with contextlib.suppress(OSError):
            fd = self._system.open(path)
            try:
                return self._system.writer(fd)
            finally:
                self._system.close(fd)
        return None

    def tend(self) -> list[LateSave]:
        """Look after what was displaced; to be called every second or so.

        The saves that were found there, again and again until each is confirmed.
        """
        for record in self._journal.adopt():
            self._adopt(record)
        for record in self._torn:
            self._finish(record)
        self._torn = [record for record in self._torn if record.fd >= 0]
        return self._watch.tend(self._clock())

    def confirm(self, save: LateSave) -> None:
        """The bytes of this save (or of Placed.displaced) are stored: they may be deleted here."""
        self._watch.confirm(LateSave(os.path.abspath(save.path), save.data), self._clock())

    def repair(self, folders: Iterable[str] = ()) -> Repaired:
        """To be called at the start: finish or clean up what killed processes left.

        Also removes temporary files of dead processes from the given folders.
        """
        self._completed, self._watch.removed = [], 0
        self.tend()
        for folder in folders:
            sweep(self._system, self._journal, self._watch, os.path.realpath(folder))
        saves = self._watch.tend(self._clock())
        return Repaired(tuple(saves), tuple(self._completed), self._watch.removed)

    def close(self, patience: float = 0.0) -> None:
        """Let go of everything; what is not done yet is left to the next process.

        A command that nothing comes after waits `patience` seconds, so that as little as possible is left.
        """
        self._watch.close(patience)
        for record in self._torn:
            self._journal.leave(record)
        self._torn = []

    def _place(self, path: str, data: bytes, expected: str) -> PlaceResult:
        job = self._look(path, data, expected)
        if not isinstance(job, Job):
            return job
        try:
            return self._write(job)
        except ChangedMeanwhileError:
            again = self._look(path, data, expected)
            return Busy(_CHANGING) if isinstance(again, Job) else again

    def _look(self, path: str, data: bytes, expected: str) -> Job | PlaceResult:
        """What there is to do, or what came of it already."""
        target = os.path.realpath(path)
        if not stat.S_ISREG(self._system.stat(target).st_mode):
            raise SystemFailure(f"{path}: is no ordinary file")
        fd = self._system.open(target)
        try:
            if self._system.writer(fd):
                return Busy(_WRITING)
            status, found = self._system.fstat(fd), self._system.read(fd)
        finally:
            self._system.close(fd)
        if found == data:
            return Placed()
        if digest(found) != expected:
            return Changed(found)
        if not self._system.writable(target):
            raise SystemFailure(f"{path}: is write-protected; allow writing it to have saves merged")
        return Job(path, target, status, found, expected, data)

    def _write(self, job: Job) -> PlaceResult:
        if job.status.st_nlink == 1 and job.status.st_dev not in self._no_exchange:
            try:
                return self._exchanger.exchange(job, self._clock())
            except NoExchangeError:
                self._no_exchange.add(job.status.st_dev)
            except CannotExchangeError:
                pass
        write_in_place(self._system, self._journal, self._torn, job)
        return Placed()

    def _adopt(self, record: JournalRecord) -> None:
        """Go on with what a dead process was doing."""
        match record.entry.kind:
            case EntryKind.EXCHANGE:
                self._watch.take(record)
            case EntryKind.IN_PLACE:
                self._torn.append(record)
            case _:
                self._watch.kept.append(record)

    def _finish(self, record: JournalRecord) -> None:
        def keep(data: bytes) -> None:
            self._watch.keep(record.entry, data)

        with contextlib.suppress(OSError, SystemFailure):
            match finish(self._system, record, keep):
                case Finish.LATER:
                    return
                case Finish.COMPLETED:
                    self._completed.append(record.entry.path)
                case Finish.OVERWRITTEN:  # that is the truth now, and the old bytes are not lost
                    keep(record.old)
            self._journal.end(record)
