"""Owns: who has a notebook open on the Jupyter servers, as far as their sessions tell.

Must not know: what follows from it.  Invariant: no answer is no sign; a server that does not
answer, or refuses, is left alone for a while, so that no save waits for it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from nbmerge.signs.servers import Server, Servers, ask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.signs.servers import Json

_BELIEVED = 3.0  # seconds that an answer is used for
_STALE = 60.0  # seconds that the last answer stands in for one that did not come
_SILENT = 15.0  # seconds until a server that was too slow is asked again
_REFUSED = 600.0  # ... and one that did not let us in
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_VS_CODE = re.compile(r"-jvsc-[0-9a-f-]+(?=\.ipynb$)")  # its name for a notebook on a server
_DRIVE = re.compile(r"^RTC:")


@dataclass(frozen=True, slots=True)
class Session:
    """A notebook (or console) with its kernel, and how many front ends are connected to that."""

    id: str
    name: str
    kernel: str
    connections: int
    is_notebook: bool


@dataclass(frozen=True, slots=True)
class _Answer:
    sessions: tuple[Session, ...]
    at: float
    next: float


class Sessions:
    """What the servers said, and when."""

    def __init__(self, servers: Servers, clock: Callable[[], float]) -> None:
        self.servers = servers
        self.clock = clock
        self._answers: dict[tuple[int, int], _Answer] = {}

    def signs(self, path: str, shared: Callable[[Server], bool] = lambda server: False) -> tuple[str, ...]:
        """Why the servers say that more than one front end may save the notebook, in words.

        `shared`: whether that server keeps one document for all its front ends.
        """
        said: list[str] = []
        open_on: list[Server] = []
        for server in self.servers.serving(path):
            name = server.name_of(path)
            sessions = self.of(server)
            mine = [one for one in sessions if one.is_notebook and one.name == name and one.connections]
            if mine:
                open_on.append(server)
            if shared(server):
                continue
            said += _said(mine, sessions, server)
        if len(open_on) > 1:
            ports = " and ".join(str(server.port) for server in open_on)
            said.append(f"this notebook is open on {_number(len(open_on))} Jupyter servers (ports {ports})")
        return tuple(said)

    def of(self, server: Server) -> tuple[Session, ...]:
        """The sessions of a server; none if it does not say."""
        key, now = (server.pid, server.port), self.clock()
        last = self._answers.get(key)
        if last is not None and last.at <= now < last.next:
            return last.sessions
        new = self._asked(server, last, now)
        self._answers[key] = new
        return new.sessions

    def _asked(self, server: Server, last: _Answer | None, now: float) -> _Answer:
        answer = ask(server, "GET", "api/sessions")
        if answer is not None and answer[0] == 200:
            return _Answer(_parsed(answer[1]), now, now + _BELIEVED)
        if answer is not None and answer[0] < 500:
            return _Answer((), now, now + _REFUSED)
        if last is not None and now - last.at < _STALE:  # it is busy, perhaps with this very save
            return _Answer(last.sessions, last.at, now + _SILENT)
        return _Answer((), now, now + _SILENT)


def _said(mine: list[Session], all_of_them: tuple[Session, ...], server: Server) -> list[str]:
    said = []
    if len(mine) > 1:
        said.append(f"{_number(len(mine))} sessions on this notebook on {server.words}")
    for kernel in sorted({one.kernel for one in mine}):
        users = [one for one in all_of_them if one.kernel == kernel]
        others = sum(not (one.is_notebook and one in mine) for one in users)
        connections = max(one.connections for one in users) - others  # a console has its own
        if connections > 1:
            said.append(f"{_number(connections)} connections to this notebook's kernel on {server.words}")
    return said


def _number(number: int) -> str:
    return _NUMBERS[number] if number < len(_NUMBERS) else str(number)


def _parsed(body: bytes) -> tuple[Session, ...]:
    try:
        told: Json = json.loads(body)
    except (ValueError, RecursionError):
        return ()
    found = (_session(one) for one in told) if isinstance(told, list) else ()
    return tuple(one for one in found if one is not None)


def _session(told: Json) -> Session | None:
    match told:
        case {"id": str(id), "path": str(path), "kernel": {"id": str(kernel), **about}, **more}:
            name = _VS_CODE.sub("", _DRIVE.sub("", path)).lstrip("/")
            connections = about.get("connections")
            count = connections if isinstance(connections, int) else 1
            return Session(id, name, kernel, count, more.get("type", "notebook") == "notebook")
    return None
