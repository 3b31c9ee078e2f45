"""Owns: the process that watches, and what it and the watcher's own process say to each other.

Must not know: what events are for.  Invariant: what is said to the other process is never lost
and never waited for by the thread that reads saves; if the other process is gone, this one ends.

Why a process: a thread that hears of a save has to read it before the next one, and Python lets
it run only when the others let go.  With a merge going on beside it, half of the saves that were
10 ms apart were written over before it came to read them; in a process of its own, none.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import sys
import threading
import time
from queue import SimpleQueue
from typing import BinaryIO

from nbmerge.observe.events import (
    Command,
    Event,
    FileRead,
    FileStamp,
    IsKnown,
    KnownAnswer,
    Orders,
    Previous,
    ReadAll,
    ReadFile,
    Report,
    WatchedState,
    say,
)
from nbmerge.observe.file_watcher import FileWatcher

_LIMIT = 32_000_000  # bytes that wait to be taken over, until looks that are not urgent wait too


class WatcherProcess:
    """The watching process: a Lookout, a thread that reports, and the main one, which takes commands."""

    def __init__(self, commands: BinaryIO, reports: BinaryIO) -> None:
        self._commands = commands
        self._reports = reports
        self._queue: SimpleQueue[Report | None] = SimpleQueue()
        self._came = self._went = 0  # bytes; each counted by one thread at a time
        self._answers: SimpleQueue[bool] = SimpleQueue()
        self._asking = threading.Lock()
        self._saying = threading.Lock()
        self._told: WatchedState | None = None
        self._over = False

    def run(self) -> None:
        """Watch until the other process has closed its end."""
        orders: Orders = pickle.load(self._commands)
        self._lookout = FileWatcher(orders.roots, self._put, time.time, orders.options)
        self._lookout.pressed = lambda: self._came - self._went > _LIMIT
        if orders.asks:
            self._lookout.known = self._is_known
        reporter = threading.Thread(target=self._report, name="nbmerge-report", daemon=True)
        reporter.start()
        starter = threading.Thread(target=self._start, name="nbmerge-start", daemon=True)
        starter.start()
        self._obey()
        self._over = True
        self._answers.put(False)
        self._lookout.stop()
        starter.join()
        self._queue.put(None)
        reporter.join()

    def _start(self) -> None:
        self._lookout.start()
        self._tell_state()

    def _put(self, event: Event) -> None:
        self._came += _weight(event)
        self._queue.put(event)

    def _is_known(self, path: str, stamp: FileStamp) -> bool:
        if self._over:
            return False
        with self._asking:  # said at once: the thread that reports may be waiting for what the asker holds
            self._say(IsKnown(path, stamp))
            return self._answers.get()

    def _obey(self) -> None:
        while True:
            try:
                command: Command = pickle.load(self._commands)
            except (EOFError, OSError):
                return
            match command:
                case ReadAll():
                    self._lookout.rescan()
                case ReadFile(path):
                    self._lookout.look(path)
                case KnownAnswer(known):
                    self._answers.put(known)

    def _report(self) -> None:
        while (report := self._queue.get()) is not None:
            self._say(report)
            self._went += _weight(report)
            if self._queue.empty():
                self._tell_state()

    def _say(self, report: Report) -> None:
        try:
            with self._saying:
                say(self._reports, report)
        except OSError:  # nobody is there to be told
            os._exit(1)

    def _tell_state(self) -> None:
        """Queue what is watched now, if that is news."""
        state = WatchedState(self._lookout.notebooks, self._lookout.ready, self._lookout.names)
        if state != self._told:
            self._told = state
            self._queue.put(state)


def _weight(report: Report) -> int:
    return len(report.data) if isinstance(report, FileRead | Previous) else 0


def main() -> None:
    """The watching process: commands on standard input, reports on standard output."""
    for number in (signal.SIGINT, signal.SIGTERM):  # the watcher's own process says when to end
        signal.signal(number, signal.SIG_IGN)
    sys.setswitchinterval(0.0005)  # the thread that hears of a save is not to wait for the others
    reports = os.fdopen(os.dup(1), "wb")
    with contextlib.suppress(OSError):  # whatever is printed by mistake must not get among the reports
        os.dup2(2, 1)
    WatcherProcess(sys.stdin.buffer, reports).run()
