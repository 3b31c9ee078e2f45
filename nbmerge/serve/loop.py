"""Owns: a conversation: every line that comes in is answered with one line, until no more come.

Must not know: how lines are spelled, what calls do, options.  Invariant: whatever comes in, the process lives
on; at the end of the input, and when it is asked to end, what came in before is carried out and answered;
what would have to wait much longer then is not waited for: it is in the history by then.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Lock, Thread
from traceback import format_exc

from nbmerge.errors import SystemFailure
from nbmerge.serve.calls import EditorCall, about, checked, reason_of
from nbmerge.serve.following import Following
from nbmerge.serve.protocol import (
    INVALID,
    EditorRequest,
    RefusedError,
    answer_line,
    changed_line,
    error_line,
    ready_line,
    request_in,
)
from nbmerge.serve.turns import Turns
from nbmerge.sync.standing import StandingStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.notebook.jsontext import Json
    from nbmerge.serve.protocol import Id

_AT_A_TIME = 1 << 20  # bytes that are read at a time
_LONGEST_DEAF = 1.0  # seconds: a signal may come between two looks for signals
_GRACE = 0.5  # seconds for which is waited for others, once it is to end


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """`version`: of this nbmerge; `in_words` says what to tell people of an error; `trace`: where tracebacks
    go, if anywhere."""

    version: str
    state: str | None
    in_words: Callable[[BaseException], str]
    trace: Callable[[str], None] | None = None


def serve(options: ServeOptions, read: Callable[[int], bytes], write: Callable[[bytes], None]) -> None:
    """Answer what comes in until it ends, or SIGTERM or SIGINT comes.

    `read` gives some bytes, at most so many, b"" at the end; `write` takes a line.
    """
    ending = _Ending()
    with ending.heard():
        conversation = _Conversation(options, write)

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


class _Conversation:
    def __init__(self, options: ServeOptions, write: Callable[[bytes], None]) -> None:
        self._options = options
        self._write = write
        self._writing = Lock()
        self._end: float | None = None
        self._store = StandingStore(options.state, self._sleep)
        self._turns = Turns()
        self._following = Following(
            self._put,
            lambda path: self._store.ask(lambda participation: participation.head(path)),
            lambda path, version: self._say(changed_line(path, version)),
        )
        self._say(ready_line(options.version))

    def take(self, line: bytes) -> None:
        """Have a line answered when it is its turn."""
        id: Id = None
        try:
            request = request_in(line)
            id = request.id
            call = checked(request.call, request.members)
        except RefusedError as error:
            self._say(error_line(error.id, INVALID, str(error)))
        except Exception as error:
            self._say(self._failed(id, error))
        else:
            if "path" in call.required:
                self._put(request.members["path"], lambda: self._answer(request, call))
            else:
                self._answer(request, call)

    def finish(self) -> None:
        """Answer what came in, and end."""
        self._end = time.monotonic() + _GRACE
        self._following.stop()
        self._turns.finish()
        self._store.close()

    def _put(self, path: str, work: Callable[[], None]) -> None:
        self._turns.put(os.path.abspath(path), work)

    def _answer(self, request: EditorRequest, call: EditorCall) -> None:
        try:
            line = answer_line(request.id, self._outcome(request, call))
        except Exception as error:  # a bug must not end the conversation about other notebooks
            line = self._failed(request.id, error, request.members.get("path", ""))
        self._say(line)

    def _failed(self, id: Id, error: Exception, path: str = "") -> bytes:
        reason = reason_of(error, path)
        if self._options.trace is not None and reason != INVALID:
            self._options.trace(format_exc())
        return error_line(id, reason, str(error) if reason == INVALID else self._options.in_words(error))

    def _outcome(self, request: EditorRequest, call: EditorCall) -> dict[str, Json]:
        members, run = request.members, call.run
        answer = {} if run is None else self._store.ask(lambda participation: run(participation, members))
        match request.call:
            case "about":
                return about(self._options.version, self._store.directory)
            case "follow":
                self._following.follow(members["path"], str(answer["version"]))
            case "unfollow":
                self._following.unfollow(members["path"])
        return answer

    def _say(self, line: bytes) -> None:
        with (
            self._writing,
            contextlib.suppress(OSError, SystemFailure),
        ):  # nobody listens: the input ends soon
            self._write(line)

    def _sleep(self, seconds: float) -> None:
        """What a save does that waits for others."""
        if self._end is not None and time.monotonic() + seconds > self._end:
            raise SystemFailure("nbmerge is just ending; try again when it runs")
        time.sleep(seconds)


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
