"""Owns: replacing and removing files that other programs may write at the same moment.

Must not know: what is in the files, why they are replaced.  Invariant: bytes that stood in a file are
deleted only if they are the expected ones or the caller has confirmed that they are stored; whatever the
moment of a kill, `repair` at the next start finds them, and removes what was left.  No file of a process
that is alive is touched.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Iterable

from nbmerge.disk.displaced import DisplacedFiles
from nbmerge.disk.exchange import Exchanger
from nbmerge.disk.inplace import InPlaceWriter
from nbmerge.disk.journal import Entry, EntryKind, Journal, Knows, lives, mark, names_beside, parsed_name
from nbmerge.disk.system import BusyError, NoExchangeError, System, opened, this_system
from nbmerge.disk.values import (
    Busy,
    CannotExchangeError,
    Changed,
    ChangedMeanwhileError,
    Gone,
    LateSave,
    Placed,
    PlaceResult,
    Repaired,
    Replacement,
)
from nbmerge.errors import SystemFailure
from nbmerge.files import digest, reason
from nbmerge.owners import Distrust

_WRITING = "a program has it open for writing"
_CHANGING = "it changes just now"


class Disk:
    """The files of this machine.  For one thread at a time.

    `clock` gives seconds since the epoch; `knows` tells what has a history, for what killed processes
    left is believed only as far as that bears it out.
    """

    def __init__(
        self, journal_directory: str, clock: Callable[[], float], knows: Knows, system: System | None = None
    ) -> None:
        self._system = system or this_system()
        self._clock = clock
        self._journal = Journal(journal_directory, self._system, knows)
        self._told: set[str] = set()
        self._displaced = DisplacedFiles(self._journal, self._system)
        self._exchanger = Exchanger(self._system, self._journal, self._displaced)
        self._in_place = InPlaceWriter(self._journal, self._system)
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
        try:
            return self._discard(os.path.abspath(path), expected)
        except OSError as error:
            raise SystemFailure(f"{path}: cannot be removed: {reason(error)}") from error

    def being_written(self, path: str) -> bool | None:
        """Whether a program has the file open for writing.  None: the system cannot tell."""
        with contextlib.suppress(OSError):
            if not stat.S_ISREG(self._system.stat(path).st_mode):  # to open a pipe could take for ever
                return None
            with opened(self._system, path) as fd:
                return self._system.writer(fd)
        return None

    def check_displaced(self) -> list[LateSave]:
        """Look once more at what was displaced; to be called every second or so.

        The saves that were found there, again and again until each is confirmed.
        """
        self._finish_begun()
        return self._displaced.check(self._clock())

    def confirm(self, save: LateSave) -> None:
        """The bytes of this save (or of Placed.displaced) are stored: they may be deleted here."""
        self._displaced.confirm(LateSave(os.path.abspath(save.path), save.data), self._clock())

    def repair(self, folders: Iterable[str] = ()) -> Repaired:
        """To be called at the start: finish or clean up what killed processes left.

        Also removes temporary files of dead processes from the given folders.
        """
        self._displaced.removed = 0
        completed = self._finish_begun()
        self._displaced.check(self._clock())
        for folder in folders:
            self._clean_up(os.path.realpath(folder))
        saves = self._displaced.check(self._clock())
        return Repaired(tuple(saves), tuple(completed), self._displaced.removed)

    def doubts(self) -> list[Distrust]:
        """What was found in the journal, is not believed and was left as it is; each is told once."""
        found = [one for path, one in self._journal.doubts.items() if path not in self._told]
        self._told.update(one.path for one in found)
        return found

    def close(self, patience: float = 0.0) -> None:
        """Let go of everything; what is not done yet is left to the next process.

        A command that nothing comes after waits `patience` seconds, so that as little as possible is left.
        """
        self._displaced.close(patience)
        self._in_place.close()

    def _place(self, path: str, data: bytes, expected: str) -> PlaceResult:
        wanted = self._look(path, data, expected)
        if not isinstance(wanted, Replacement):
            return wanted
        try:
            return self._write(wanted)
        except ChangedMeanwhileError:
            again = self._look(path, data, expected)
            return Busy(_CHANGING) if isinstance(again, Replacement) else again

    def _look(self, path: str, data: bytes, expected: str) -> Replacement | PlaceResult:
        """What there is to do, or what came of it already."""
        target = os.path.realpath(path)
        if not stat.S_ISREG(self._system.stat(target).st_mode):
            raise SystemFailure(f"{path}: is no ordinary file")
        with opened(self._system, target) as fd:
            if self._system.writer(fd):
                return Busy(_WRITING)
            status, found = self._system.fstat(fd), self._system.read(fd)
        if found == data:
            return Placed()
        if digest(found) != expected:
            return Changed(found)
        if not self._system.writable(target):
            raise SystemFailure(f"{path}: is write-protected; allow writing it to have saves merged")
        return Replacement(path, target, status, found, expected, data)

    def _write(self, wanted: Replacement) -> PlaceResult:
        device = wanted.status.st_dev
        if wanted.status.st_nlink == 1 and device not in self._no_exchange:
            try:
                return self._exchanger.exchange(wanted, self._clock())
            except NoExchangeError:
                self._no_exchange.add(device)
            except CannotExchangeError:
                pass
        self._in_place.write(wanted)
        return Placed()

    def _discard(self, path: str, expected: str) -> bool:
        """Move the file aside and look at it there, like at a displaced one.  Raises OSError: no change."""
        try:
            if not self._holds(path, expected):
                return False
        except FileNotFoundError:
            return True
        aside = next(
            aside for _, aside in names_beside(path, self._system.pid()) if not os.path.lexists(aside)
        )
        entry = Entry(EntryKind.EXCHANGE, path, path, expected, aside=aside)
        file, now = self._displaced.add(self._journal.begin(entry)), self._clock()
        try:
            self._system.move(path, aside)
        except FileNotFoundError:
            self._displaced.look_again(file, now)
            return True
        except OSError:
            self._displaced.look_again(file, now)
            raise
        with contextlib.suppress(OSError):
            if not self._holds(aside, expected):
                self._system.rename(aside, path)  # FileExistsError: another save is there; this one is kept
            self._displaced.look_again(file, now)
        return not os.path.lexists(path)

    def _holds(self, path: str, expected: str) -> bool:
        with opened(self._system, path) as fd:
            return not self._system.writer(fd) and digest(self._system.read(fd)) == expected

    def _finish_begun(self) -> list[str]:
        """Go on with what dead processes were doing; the files that were torn and are whole again."""
        for record in self._journal.adopt():
            match record.entry.kind:
                case EntryKind.EXCHANGE:
                    self._displaced.add(record)
                case EntryKind.IN_PLACE:
                    self._in_place.torn.append(record)
                case _:
                    self._displaced.kept.append(record)
        return self._in_place.finish(self._displaced.keep)

    def _clean_up(self, folder: str) -> None:
        """Remove what dead processes left in a folder.

        A displaced file whose journal is lost, or is another state directory's, is looked after from now on.
        """
        with contextlib.suppress(OSError):
            names = self._system.names(folder)
            ours = {name: parsed for name in names if (parsed := parsed_name(name)) is not None}
            in_journal = self._journal.temporary_files() if ours else set()
            for name, (pid, marked) in ours.items():
                path = os.path.join(folder, name)
                if path in in_journal or lives(pid, self._system):
                    continue
                if marked is None:
                    self._displaced.removed += self._system.unlink(path)
                for other in names if marked is not None else ():
                    if mark(other) == marked:
                        target = os.path.join(folder, other)
                        entry = Entry(EntryKind.EXCHANGE, target, target, aside=path)
                        self._displaced.add(self._journal.begin(entry))
