"""Owns: the file watcher as the rest of the program uses it: a process of its own that watches.

Must not know: how watching is done.  Invariant: events come in order, from one thread; if the process
dies or does not answer it is started again, and what has changed meanwhile is reported.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from nbmerge.errors import SystemFailure
from nbmerge.files import reason
from nbmerge.observe.events import (
    Event,
    FileStamp,
    FileWatcherOptions,
    JournalFilled,
    Overflowed,
    Trouble,
    TroubleOver,
    WallTime,
)
from nbmerge.observe.names import shown_path
from nbmerge.observe.process import (
    AreYouThere,
    BytesFollow,
    Command,
    IAmThere,
    IsKnown,
    KnownAnswer,
    ReadAll,
    ReadFile,
    Report,
    StartWatching,
    WatchedState,
    send,
)

_PATIENCE = 10.0  # seconds that the process gets to end
_QUESTION = 10.0  # seconds between questions whether it is there
_SILENCE = 60.0  # seconds without a word from it, until it counts as stuck
_RESTART = 1.0  # seconds until it is started again; twice as long each time


class WatcherClient:
    """Watches notebooks in folders and reports what happens to them.

    `roots` are folders or notebooks.  Events name real absolute paths; `shown` turns one into
    what people wrote.  `put` gets every event, from a thread of this client.  `clock` gives the
    seconds for events' `at`.  `journal` is the directory in which saves are kept as soon as they are read.

    Two hooks, to be set before `start`: `known(path, stamp)` says whether a file with this stamp
    need not be read at the start; `is_busy()` whether events had better wait (those of saves are
    read all the same).  Both are called from the thread that puts.
    """

    def __init__(
        self,
        roots: Sequence[str],
        put: Callable[[Event], None],
        clock: Callable[[], float],
        options: FileWatcherOptions = FileWatcherOptions(),  # noqa: B008 - frozen
        journal: str = "",
    ) -> None:
        self.known: Callable[[str, FileStamp], bool] | None = None
        self.is_busy: Callable[[], bool] = lambda: False
        self._roots = tuple(map(os.path.abspath, roots))
        self._put = put
        self._clock = clock
        self._options = options
        self._journal = journal
        self._process: subprocess.Popen[bytes] | None = None
        self._sending = threading.Lock()
        self._state = WatchedState(0, False, {})
        self._ready = threading.Event()
        self._stopping = threading.Event()
        self._was_lost = False  # the process that was started first
        self._all_came = True
        self._heard_at = time.monotonic()
        self._thread = threading.Thread(target=self._serve, name="nbmerge-watcher-client", daemon=True)
        self._asking = threading.Thread(target=self._ask, name="nbmerge-watcher-asking", daemon=True)

    @property
    def notebooks(self) -> int:
        """How many are watched."""
        return self._state.notebooks

    @property
    def ready(self) -> bool:
        """Whether everything is watched, and everything that was there at the start was reported."""
        return self._state.ready

    @property
    def all_came(self) -> bool:
        """Whether every save that was read was put.  To be asked after `stop`: no, if a process was killed or
        ended by itself, which may have read more than it could report."""
        return self._all_came

    def start(self) -> None:
        """Begin; returns when `ready`, or when `stop` was called.

        Every notebook that is there is put as `FileRead`, unless it is `known`.  Raises
        SystemFailure if no process can be started.
        """
        self._process = self._started()
        self._thread.start()
        self._asking.start()
        self._ready.wait()

    def stop(self) -> None:
        """End; what was read is put before this returns."""
        self._stopping.set()
        self._ready.set()
        self._close_commands()
        if self._thread.is_alive():
            self._thread.join(_PATIENCE)
            self._all_came = self._all_came and not self._thread.is_alive()
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def rescan(self) -> None:
        """Look at everything again, soon: folders are listed, what looks different is read."""
        self._send(ReadAll())

    def look(self, path: str) -> None:
        """Have a notebook read now; it is reported even if nothing changed, or as `Vanished`."""
        self._send(ReadFile(path))

    def heard(self, paths: Collection[str] | None) -> None:
        """It is said that these hold something else now: those that are watched are read, whatever their
        times say.  None: any may; then those are read that look so, as in a rescan."""
        if paths is None:
            self.rescan()
        for path in paths or ():
            self._send(ReadFile(path, only_watched=True))

    def shown(self, path: str) -> str:
        """What people call a notebook that an event names."""
        return shown_path(path, self._state.shown)

    def _send(self, command: Command) -> None:
        process = self._process
        if process is not None and process.stdin is not None:
            with self._sending, contextlib.suppress(OSError, ValueError):  # gone: it is started again
                send(process.stdin, command)

    def _close_commands(self) -> None:
        process = self._process
        if process is not None and process.stdin is not None:
            with self._sending, contextlib.suppress(OSError):
                process.stdin.close()

    def _started(self) -> subprocess.Popen[bytes]:
        try:
            process = subprocess.Popen(
                _command_line(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                pipesize=1 << 20,
                env={**os.environ, **_MEMORY},
                process_group=None if _IS_WINDOWS else 0,
                creationflags=_OWN_GROUP if _IS_WINDOWS else 0,
            )
            assert process.stdin is not None
            asks = self.known is not None
            send(process.stdin, StartWatching(self._roots, self._options, asks, self._journal))
        except OSError as error:
            message = f"the process that watches cannot be started: {reason(error)}"
            raise SystemFailure(message) from error
        return process

    def _ask(self) -> None:
        """Have the process answer now and then, and kill one that does not: then it is started again."""
        while not self._stopping.wait(_QUESTION):
            self._send(AreYouThere())
            process = self._process
            if process is not None and time.monotonic() - self._heard_at > _SILENCE:
                process.kill()

    def _serve(self) -> None:
        pause = _RESTART
        while not self._stopping.is_set():
            self._pass_on()
            if self._stopping.is_set():
                return
            self._was_lost = True
            self._put(Trouble("", _DIED, self._clock()))
            while self._process is None and not self._stopping.wait(pause):
                pause = min(pause * 2, 60.0)
                with contextlib.suppress(SystemFailure):
                    self._process = self._started()
            self._put(Overflowed(self._clock()))
        self._close_commands()

    def _pass_on(self) -> None:
        """Pass on what the process reports, until it ends."""
        process = self._process
        assert process is not None
        assert process.stdout is not None
        with process.stdout as stream:
            while True:
                self._heard_at = time.monotonic()
                while self.is_busy() and not self._stopping.is_set():
                    time.sleep(0.005)
                    self._heard_at = time.monotonic()  # meanwhile it has to wait for us
                try:
                    report: Report = pickle.load(stream)
                    if isinstance(report, BytesFollow):
                        report = report.whole(stream)
                except (EOFError, OSError, pickle.UnpicklingError):
                    break
                self._receive(report)
                del report  # it may be large, and the next one may be long in coming
        self._close_commands()
        is_in_order = process.wait() == 0 and self._stopping.is_set()
        self._all_came = self._all_came and is_in_order
        if not self._stopping.is_set():
            self._process = None

    def _receive(self, report: Report) -> None:
        match report:
            case WatchedState():
                self._state = report
                if report.ready and self._ready.is_set() and self._was_lost:
                    self._put(TroubleOver("", WallTime(self._clock())))
                    self._was_lost = False
                if report.ready:
                    self._ready.set()
            case IsKnown(path, stamp):
                self._send(KnownAnswer(self.known is not None and self.known(path, stamp)))
            case IAmThere() | BytesFollow():
                pass
            case JournalFilled():
                self._put(report)
            case event:
                shift = 0.0 if self._clock is time.time else self._clock() - time.time()
                self._put(replace(event, at=WallTime(event.at + shift)) if shift else event)


_DIED = "the process that watches ended or did not answer; it is started again and looks at everything"
# So that glibc gives the memory of notebooks back to the system once they are passed on.
_MEMORY = {"MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_ARENA_MAX": "2"}
# A Ctrl-C at the terminal is for this process, which ends the other one in order.
_IS_WINDOWS = sys.platform == "win32"
_OWN_GROUP = 0x00000200 | 0x08000000  # CREATE_NEW_PROCESS_GROUP | CREATE_NO_WINDOW


def _command_line() -> list[str]:
    """How to start the process: this interpreter, with modules from where this one has them only."""
    above = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    places = json.dumps([place for place in sys.path if place] + [above])
    code = f"import sys; sys.path[:] = {places}; from nbmerge.observe.process import main; main()"
    return [sys.executable, "-I", "-S", "-c", code]
