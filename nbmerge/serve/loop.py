"""Owns: how long it is listened: until no more lines come in, or a signal comes.

Must not know: how lines are spelled, what they ask for.  Invariant: at the end of the input, and when it is
asked to end, all that came in before is carried out and answered.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from threading import Lock, Thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.serve.conversation import Conversation

_AT_A_TIME = 1 << 20  # bytes that are read at a time
_LONGEST_DEAF = 1.0  # seconds: a signal may come between two looks for signals


def serve(begin: Callable[[], Conversation], read: Callable[[int], bytes]) -> None:
    """Have answered what comes in until it ends, or SIGTERM or SIGINT comes.

    `read` gives some bytes, at most so many, b"" at the end.
    """
    ending = _Ending()
    with ending.heard():
        conversation = begin()

        def listen() -> None:
            try:
                for line in lines_in(read):
                    conversation.take(line)
            finally:
                ending.over.release()

        # Not this thread, which hears the signals: one that reads cannot be interrupted everywhere.
        Thread(target=listen, name="nbmerge-listening", daemon=True).start()
        ending.wait()
        conversation.finish()


def lines_in(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """The lines of what is read in pieces, without their ends; the last one may have none."""
    begun: list[bytes] = []
    while piece := read(_AT_A_TIME):
        *ends, rest = piece.split(b"\n")
        for end in ends:
            yield b"".join([*begun, end])
            begun.clear()
        if rest:
            begun.append(rest)
    if begun:
        yield b"".join(begun)


class _EndedError(BaseException):
    """A signal to end has come while nothing was done but to wait for it."""


class _Ending:
    """Waiting until the input is over, or a signal to end has come.

    A handler runs in the thread that waits, so it must not touch a lock which that may just be holding.
    """

    def __init__(self) -> None:
        self.over = Lock()
        self.over.acquire()
        self._asked = self._waiting = False

    @contextlib.contextmanager
    def heard(self) -> Iterator[None]:
        """Until the block ends, signals to end are heard."""
        numbers = (signal.SIGTERM, signal.SIGINT)
        before = [signal.signal(number, self._hear) for number in numbers]
        try:
            yield
        finally:
            for number, handler in zip(numbers, before, strict=True):
                signal.signal(number, handler)

    def wait(self) -> None:
        """Until `over` is released, or a signal has come."""
        try:
            self._waiting = True
            while not self._asked and not self.over.acquire(timeout=_LONGEST_DEAF):
                pass
            self._waiting = False
        except _EndedError:
            self._waiting = False

    def _hear(self, *_: object) -> None:
        self._asked = True
        if self._waiting:
            self._waiting = False
            raise _EndedError


def from_standard_input(size: int) -> bytes:
    """Some bytes, at most so many; b"" at the end.

    Not through Python's own buffer: a thread that waits for input would hold that when the process ends.
    """
    try:
        return b"" if sys.stdin is None else os.read(sys.stdin.fileno(), size)
    except OSError:
        return b""
