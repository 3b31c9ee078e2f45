"""Owns: the process that watches, and what it and the process that it serves say to each other.

Must not know: what events are for.  Invariant: messages are values that can be pickled, each side
understands all that the other says; a report is never lost and never waited for by the thread that
reads saves; if the other process is gone, this one ends.  A save is in the journal before it is reported, and
what waits to be reported does not grow in memory.

Why a process: a thread that hears of a save has to read it before the next one, and Python lets it run
only when the others let go.  With a merge going on beside it, half of the saves that were 10 ms apart
were overwritten before it came to read them; in a process of its own, none.
"""

from __future__ import annotations

import contextlib
import errno
import faulthandler
import os
import pickle
import signal
import sys
import threading
import time
from contextlib import closing
from dataclasses import dataclass, replace
from itertools import chain
from queue import SimpleQueue
from typing import IO, BinaryIO

from nbmerge.files import reason
from nbmerge.observe.arrivals import ArrivalJournal, JournalPlace
from nbmerge.observe.events import (
    Event,
    FileRead,
    FileStamp,
    FileWatcherOptions,
    JournalFilled,
    Previous,
    Trouble,
    TroubleOver,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Sink(Protocol):
        """A buffered stream of bytes."""

        def write(self, data: bytes, /) -> object: ...

        def flush(self) -> object: ...


STUCK = 120.0  # seconds without a question whether it is there
_LIMIT = 32_000_000  # bytes that wait to be taken over, until looks that are not urgent wait too
_FULL = (errno.ENOSPC, errno.EDQUOT)  # then the store is, too, which says so
_IN_MEMORY = 8_000_000  # bytes that wait; those of what comes after them are in the journal only


@dataclass(frozen=True, slots=True)
class StartWatching:
    """What to watch: the first message.  `asks`: whether unchanged files may be known already;
    `journal`: the directory of the journal of arrivals, "" for none."""

    roots: tuple[str, ...]
    options: FileWatcherOptions
    asks: bool
    journal: str = ""


@dataclass(frozen=True, slots=True)
class ReadAll:
    """Look at everything again."""


@dataclass(frozen=True, slots=True)
class ReadFile:
    """Read one notebook; `only_watched`: if it is one of those that are watched."""

    path: str
    only_watched: bool = False


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """The answer to the one question that is open."""

    known: bool


@dataclass(frozen=True, slots=True)
class AreYouThere:
    """Sent every few seconds; whoever does not answer is stuck."""


@dataclass(frozen=True, slots=True)
class IAmThere:
    """The answer, after all that waits to be reported."""


@dataclass(frozen=True, slots=True)
class IsKnown:
    """Whether a file with this stamp need not be read."""

    path: str
    stamp: FileStamp


@dataclass(frozen=True, slots=True)
class WatchedState:
    """What is watched; `shown`: real paths and what people call them."""

    notebooks: int
    ready: bool
    shown: dict[str, str]


@dataclass(frozen=True, slots=True)
class Parked:
    """A save whose bytes wait in the journal."""

    event: FileRead | Previous
    place: JournalPlace


@dataclass(frozen=True, slots=True)
class BytesFollow:
    """A save whose bytes, so many, come next, as they are."""

    event: FileRead | Previous
    size: int

    def whole(self, stream: IO[bytes]) -> FileRead | Previous:
        """The event with its bytes.  Raises EOFError if they do not come."""
        data = stream.read(self.size)
        if len(data) < self.size:
            raise EOFError
        return replace(self.event, data=data)


Command = ReadAll | ReadFile | KnownAnswer | AreYouThere
Report = Event | BytesFollow | IsKnown | WatchedState | IAmThere


def send(sink: Sink, message: StartWatching | Command | Report) -> None:
    """One message to the other process.  Raises OSError if it is gone."""
    pickle.dump(message, sink, pickle.HIGHEST_PROTOCOL)  # without a copy of a save's bytes
    sink.flush()


def send_parked(sink: Sink, parked: Parked) -> None:
    """A save from the journal, of which never more than a part is in memory.  Raises OSError."""
    with closing(parked.place.parts()) as parts:
        first = next(parts, b"")
        pickle.dump(BytesFollow(parked.event, parked.place.size), sink, pickle.HIGHEST_PROTOCOL)
        for part in chain([first], parts):
            sink.write(part)
    sink.flush()


class WatcherProcess:
    """The process that watches: a FileWatcher, a thread that reports, and the main one, for commands."""

    def __init__(self, commands: BinaryIO, reports: BinaryIO) -> None:
        self._commands = commands
        self._reports = reports
        self._queue: SimpleQueue[Report | Parked | None] = SimpleQueue()
        self._queued = self._sent = 0  # bytes; each counted by one thread at a time
        self._answers: SimpleQueue[bool] = SimpleQueue()
        self._asking = threading.Lock()
        self._sending = threading.Lock()
        self._state: WatchedState | None = None
        self._over = False
        self._journal: ArrivalJournal | None = None
        self._journal_fails = False
        self._nowhere = os.open(os.devnull, os.O_WRONLY)  # for what ends this process to say more

    def run(self) -> None:
        """Watch until the other process has closed its end."""
        from nbmerge.observe.file_watcher import FileWatcher  # the other process does without it

        first: StartWatching = pickle.load(self._commands)
        self._watcher = FileWatcher(first.roots, self._put, time.time, first.options)
        self._watcher.is_busy = lambda: self._queued - self._sent > _LIMIT
        if first.journal:
            self._journal = ArrivalJournal(first.journal)
        if first.asks:
            self._watcher.known = self._is_known
        reporter = threading.Thread(target=self._report, name="nbmerge-report", daemon=True)
        reporter.start()
        starter = threading.Thread(target=self._start, name="nbmerge-start", daemon=True)
        starter.start()
        self._obey()
        self._over = True
        self._answers.put(False)
        self._watcher.stop()
        starter.join()
        self._queue.put(None)
        reporter.join()

    def _start(self) -> None:
        self._watcher.start()
        self._report_state()

    def _put(self, event: Event) -> None:
        waiting = self._queued - self._sent
        self._queued += _weight(event)
        report: Report | Parked = event
        if isinstance(event, FileRead | Previous) and (entry := self._kept(event)) is not None:
            if entry.filled:
                self._queue.put(JournalFilled(entry.filled))
            if waiting + len(event.data) > _IN_MEMORY:
                report = Parked(replace(event, data=b""), entry)
        self._queue.put(report)

    def _kept(self, event: FileRead | Previous) -> JournalPlace | None:
        """Keep a save in the journal; what was there before anybody saved stays in its file."""
        is_save = isinstance(event, Previous) or event.way or self._watcher.ready
        if self._journal is None or not is_save:
            return None
        try:
            entry = self._journal.keep(event)
        except OSError as error:
            if not self._journal_fails and error.errno not in _FULL:
                message = f"saves cannot be kept before they are in the store: {reason(error)}"
                self._queue.put(Trouble("", message, event.at))
                self._journal_fails = True
            return None
        if self._journal_fails:
            self._queue.put(TroubleOver("", event.at))
        self._journal_fails = False
        return entry

    def _is_known(self, path: str, stamp: FileStamp) -> bool:
        if self._over:
            return False
        with self._asking:  # sent at once: the thread that reports may be waiting for what the asker holds
            self._send(IsKnown(path, stamp))
            return self._answers.get()

    def _obey(self) -> None:
        while True:
            try:
                command: Command = pickle.load(self._commands)
            except (EOFError, OSError):
                return
            match command:
                case ReadAll():
                    self._watcher.rescan()
                case ReadFile(path, only_watched):
                    self._watcher.look(path, only_watched=only_watched)
                case KnownAnswer(known):
                    self._answers.put(known)
                case AreYouThere():
                    self._queue.put(IAmThere())
                    end_if_stuck(self._nowhere)

    def _report(self) -> None:
        while (report := self._queue.get()) is not None:
            self._send(report)
            self._sent += _weight(report)
            del report  # it may be large, and the next one may be long in coming
            if self._queue.empty():
                self._report_state()

    def _send(self, report: Report | Parked) -> None:
        try:
            with self._sending:
                if isinstance(report, Parked):
                    send_parked(self._reports, report)
                else:
                    send(self._reports, report)
        except OSError:  # nobody is there to be told; or the journal is not, and all is looked at anew
            os._exit(1)

    def _report_state(self) -> None:
        """Queue what is watched now, if that is news."""
        state = WatchedState(self._watcher.notebooks, self._watcher.ready, self._watcher.shown)
        if state != self._state:
            self._state = state
            self._queue.put(state)


def end_if_stuck(nowhere: int) -> None:
    """End the process if this is not called again for a while.  A thread outside of Python sees to it, for
    one that is stuck in Python notices nothing, not even that the process it serves is gone.
    `nowhere` is a file descriptor for the traceback."""
    faulthandler.dump_traceback_later(STUCK, exit=True, file=nowhere)


def _weight(report: Report | Parked) -> int:
    if isinstance(report, Parked):
        return report.place.size
    return len(report.data) if isinstance(report, FileRead | Previous) else 0


def main() -> None:
    """The process that watches: commands on standard input, reports on standard output."""
    for number in (signal.SIGINT, signal.SIGTERM):  # the other process says when to end
        signal.signal(number, signal.SIG_IGN)
    sys.setswitchinterval(0.0005)  # the thread that hears of a save is not to wait for the others
    reports = os.fdopen(os.dup(1), "wb")
    with contextlib.suppress(OSError):  # whatever is printed by mistake must not get among the reports
        os.dup2(2, 1)
    WatcherProcess(sys.stdin.buffer, reports).run()
