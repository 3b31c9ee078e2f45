"""Owns: lines for a reader who may be slow, stuck or gone.

Must not know: what the lines say.  Invariant: `line` never waits; what a reader does not take stays
within a bound, and how many lines were left out is said where they are missing.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable
from threading import Condition, Thread

from nbmerge.errors import SystemFailure
from nbmerge.files import reason

LIMIT = 1_000_000  # bytes that wait for the reader
PATIENCE = 1.0  # seconds that a reader gets for the rest
_PAUSE = 0.05  # seconds until a stream that takes nothing and does not wait is tried again


class Printer:
    """Prints lines to standard output, each at once, in a thread of its own.

    `left_out` makes the line that stands for so many that were left out; `gone` is called, in
    that thread, when nobody can read any more: `failure` says why.
    """

    def __init__(self, left_out: Callable[[int], str], gone: Callable[[], None]) -> None:
        self.failure: SystemFailure | None = None
        self._left_out = left_out
        self._gone = gone
        self._waiting: deque[bytes] = deque()
        self._size = self._missing = 0
        self._ending = False
        self._news = Condition()
        self._thread = Thread(target=self._run, name="nbmerge-print", daemon=True)
        self._thread.start()

    def line(self, text: str) -> None:
        """Print a line, soon; if too much waits already it is counted instead."""
        line = _encoded(text)
        with self._news:
            if self._size and self._size + len(line) > LIMIT:
                self._missing += 1
            else:
                self._add(line)
            self._news.notify()

    def finish(self) -> None:
        """Give the reader a moment for what is left.  Raises SystemFailure if there is none."""
        with self._news:
            self._ending = True
            self._news.notify()
        self._thread.join(PATIENCE)
        if self.failure is not None:
            raise self.failure

    def _add(self, line: bytes) -> None:
        self._tell_missing()
        self._waiting.append(line)
        self._size += len(line)

    def _tell_missing(self) -> None:
        if self._missing:
            line = _encoded(self._left_out(self._missing))
            self._missing = 0
            self._waiting.append(line)
            self._size += len(line)

    def _run(self) -> None:
        try:
            while (line := self._next()) is not None:
                self._write(line)
        except OSError as error:
            message = f"standard output: cannot be written: {reason(error)}"
        except _ClosedError:
            message = "standard output: cannot be written: it is closed"
        else:
            return
        self.failure = SystemFailure(message)
        self._gone()

    def _next(self) -> bytes | None:
        """What to print next; None at the end."""
        with self._news:
            self._news.wait_for(lambda: self._waiting or self._missing or self._ending)
            if not self._waiting:
                self._tell_missing()
            if not self._waiting:
                return None
            line = self._waiting.popleft()
            self._size -= len(line)
            return line

    def _write(self, line: bytes) -> None:
        if sys.stdout is None:
            raise _ClosedError
        # Not through the buffer: its lock would be held at the end by a thread that is stuck.
        raw = getattr(sys.stdout.buffer, "raw", sys.stdout.buffer)
        rest = memoryview(line)
        while rest:
            written = raw.write(rest)
            if written is None:  # the stream does not wait: somebody else set it so
                from time import sleep

                sleep(_PAUSE)
            else:
                rest = rest[written:]


class _ClosedError(Exception):
    """There is no standard output."""


def _encoded(text: str) -> bytes:
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return f"{text}\n".encode(encoding, "backslashreplace")
