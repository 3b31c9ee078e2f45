"""Owns: a conversation: every line that comes in is answered with one line.

Must not know: how lines are spelled, what calls do, streams.  Invariant: whatever comes in, the process lives
on; when it is to end, what would have to wait long for others is not waited for: it is in the history then.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
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
    request_in,
)
from nbmerge.serve.turns import Turns
from nbmerge.sync.standing import StandingStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.notebook.jsontext import Json
    from nbmerge.serve.protocol import Id

_GRACE = 0.5  # seconds for which is waited for others, once it is to end


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """`version`: of this nbmerge; `in_words` says what to tell people of an error; `trace`: where tracebacks
    go, if anywhere."""

    version: str
    state: str | None
    in_words: Callable[[BaseException], str]
    trace: Callable[[str], None] | None = None


class Conversation:
    """With one editor; `write` takes a line."""

    def __init__(self, options: ServeOptions, write: Callable[[bytes], None]) -> None:
        self._options = options
        self._write = write
        self._writing = Lock()
        self._end: float | None = None
        self._store = StandingStore(options.state, self._sleep)
        self._turns = Turns()
        self._following = Following(
            self._put,
            lambda path: self._store.ask(lambda participation: participation.head(path), path),
            lambda path, version: self._say(changed_line(path, version)),
        )
        self._store.hear(self._following.heard)

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
        path = members.get("path", "")
        answer = {} if run is None else self._store.ask(lambda calls: run(calls, members), path)
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
