"""Owns: the Jupyter servers of this user on this machine: where they are listed, asking them, and who
has a notebook open, as far as their sessions tell.

Must not know: what follows.  Invariant: only loopback addresses are asked, nothing is ever changed by
asking, a token is sent to its server and goes nowhere else; a server that does not answer or refuses is
no sign, and is left alone for a while, so that no save waits for it.  Folders are found by the rules of
jupyter_core (variables first, then the platform's folder), without importing it.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from nbmerge.files import read_small_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from http.client import HTTPConnection
    from typing import TypeAlias

    Json: TypeAlias = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

_NO = ("no", "n", "false", "off", "0", "0.0", "")


def data_folder(environment: Mapping[str, str], home: str, platform: str) -> str:
    """The folder of signatures and secrets; `platform` as in sys.platform."""
    named = environment.get("JUPYTER_DATA_DIR")
    if named:
        return named
    as_platform = environment.get("JUPYTER_PLATFORM_DIRS", "").lower() not in _NO
    if platform == "darwin":
        middle = ("Library", "Application Support") if as_platform else ("Library",)
        return os.path.join(home, *middle, "Jupyter")
    if platform == "win32":
        name = "LOCALAPPDATA" if as_platform else "APPDATA"
        inside = environment.get(name)
        if inside:
            return os.path.join(inside, "Jupyter" if as_platform else "jupyter")
        config = environment.get("JUPYTER_CONFIG_DIR") or os.path.join(home, ".jupyter")
        return os.path.join(config, "data")
    shared = environment.get("XDG_DATA_HOME") or os.path.join(home, ".local", "share")
    return os.path.join(shared, "jupyter")


def runtime_folder(environment: Mapping[str, str], home: str, platform: str) -> str:
    """The folder in which running servers describe themselves."""
    named = environment.get("JUPYTER_RUNTIME_DIR")
    return named or os.path.join(data_folder(environment, home, platform), "runtime")


TIMEOUT = 0.3  # seconds for a connection, and for each part of an answer
_LARGEST = 4 << 20  # bytes of an answer, and of what a server says of itself in a file
_LISTED = 5.0  # seconds that a list of servers is used for
_ANYWHERE = ("", "*", "localhost", "0.0.0.0", "::")


@dataclass(frozen=True, slots=True)
class JupyterServer:
    """A running server as it describes itself; `since`: when it wrote that, in seconds since the epoch."""

    hosts: tuple[str, ...]
    port: int
    base: str
    root: str
    pid: int
    secure: bool
    since: float
    token: str = field(repr=False)

    @property
    def words(self) -> str:
        return f"the Jupyter server at port {self.port}"

    def name_of(self, path: str) -> str | None:
        """What the server calls a file; None if it does not serve it."""
        for root in {self.root, os.path.realpath(self.root)}:
            for one in {path, os.path.realpath(path)}:
                if one.startswith(os.path.join(root, "")):
                    return os.path.relpath(one, root).replace(os.sep, "/")
        return None


class JupyterServers:
    """The servers that a folder describes; it is listed again every few seconds at most."""

    def __init__(self, folder: str, clock: Callable[[], float]) -> None:
        self.folder = folder
        self.clock = clock
        self._known: tuple[JupyterServer, ...] = ()
        self._listed: float | None = None

    def running(self) -> tuple[JupyterServer, ...]:
        now = self.clock()
        if self._listed is None or not 0 <= now - self._listed < _LISTED:
            self._known, self._listed = listed(self.folder), now
        return self._known

    def serving(self, path: str) -> tuple[JupyterServer, ...]:
        """Those that have the file below their root."""
        return tuple(server for server in self.running() if server.name_of(path) is not None)


def listed(folder: str) -> tuple[JupyterServer, ...]:
    """The servers on loopback that the folder describes, by port."""
    found = (_server(info, since) for info, since in descriptions(folder))
    return tuple(sorted((one for one in found if one is not None), key=lambda one: (one.port, one.pid)))


def descriptions(folder: str) -> Iterator[tuple[dict[str, Json], float]]:
    """What the servers in a folder say of themselves whose process lives, and when they wrote it."""
    try:
        names = [name for name in os.listdir(folder) if name.endswith(".json")]
    except OSError:
        return
    for name in names:
        if not name.startswith(("jpserver-", "nbserver-")):
            continue
        try:
            path = os.path.join(folder, name)
            since = os.stat(path).st_mtime
            info: Json = json.loads(read_small_file(path, _LARGEST, links=True))
        except (OSError, ValueError, RecursionError):
            continue
        if isinstance(info, dict) and isinstance(pid := info.get("pid"), int) and is_alive(pid):
            yield info, since


def ask(server: JupyterServer, method: str, name: str) -> tuple[int, bytes] | None:
    """Status and body; None if there was no answer in time.  The server does not count it as use."""
    import http.client

    headers = {"Authorization": f"token {server.token}"} if server.token else {}
    for host in server.hosts:
        connection = _connection(server, host)
        try:
            connection.request(method, f"{server.base}{name}?no_track_activity=1", headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read(_LARGEST)
        except TimeoutError:
            return None
        except (OSError, http.client.HTTPException, ValueError):
            continue
        finally:
            connection.close()
    return None


def _connection(server: JupyterServer, host: str) -> HTTPConnection:
    from http.client import HTTPConnection, HTTPSConnection

    if not server.secure:
        return HTTPConnection(host, server.port, timeout=TIMEOUT)
    import ssl

    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # nobody certifies localhost
    return HTTPSConnection(host, server.port, timeout=TIMEOUT, context=context)


def _server(info: dict[str, Json], since: float) -> JupyterServer | None:
    root = info.get("root_dir") or info.get("notebook_dir")
    match info:
        case {"port": int(port), "pid": int(pid), "hostname": str(host)} if isinstance(root, str):
            hosts = _loopback(host)
            if not hosts or info.get("sock"):
                return None
            base, token = info.get("base_url"), info.get("token")
            return JupyterServer(
                hosts,
                port,
                base if isinstance(base, str) and base.endswith("/") else "/",
                os.path.abspath(root),
                pid,
                info.get("secure") is True,
                since,
                token if isinstance(token, str) else "",
            )
    return None


def _loopback(host: str) -> tuple[str, ...]:
    """Where to reach a server that listens on `host`, without leaving this machine."""
    if host in _ANYWHERE:
        return ("127.0.0.1", "::1")
    return (host,) if host == "::1" or host.startswith("127.") else ()


def is_alive(pid: int) -> bool:
    """Whether there is a process of that number."""
    if os.name != "posix":
        return True  # asking will tell
    try:
        os.kill(pid, 0)
    except PermissionError:
        return True
    except (OSError, OverflowError):
        return False
    return True


_FRESH = 3.0  # seconds that an answer is used for
_STALE = 60.0  # seconds that the last answer stands in for one that did not come
_SLOW = 15.0  # seconds until a server that was too slow is asked again
_REFUSED = 600.0  # ... and one that did not let us in
_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_VS_CODE = re.compile(r"-jvsc-[0-9a-f-]+(?=\.ipynb$)")  # its name for a notebook on a server
_DRIVE = re.compile(r"^RTC:")


@dataclass(frozen=True, slots=True)
class JupyterSession:
    """A notebook (or console) with its kernel, and how many front ends are connected to that."""

    id: str
    name: str
    kernel: str
    connections: int
    is_notebook: bool


@dataclass(frozen=True, slots=True)
class _Answer:
    sessions: tuple[JupyterSession, ...]
    at: float
    next: float


class JupyterSessions:
    """What the servers answered, and when."""

    def __init__(self, servers: JupyterServers, clock: Callable[[], float]) -> None:
        self.servers = servers
        self.clock = clock
        self._answers: dict[tuple[int, int], _Answer] = {}

    def signs(
        self, path: str, shared: Callable[[JupyterServer], bool] = lambda server: False
    ) -> tuple[str, ...]:
        """Why the servers say that more than one front end may save the notebook, in words.

        `shared`: whether that server keeps one document for all its front ends.
        """
        signs: list[str] = []
        open_on: list[JupyterServer] = []
        for server in self.servers.serving(path):
            name = server.name_of(path)
            sessions = self.of(server)
            mine = [one for one in sessions if one.is_notebook and one.name == name and one.connections]
            if mine:
                open_on.append(server)
            if shared(server):
                continue
            signs += _signs(mine, sessions, server)
        if len(open_on) > 1:
            ports = " and ".join(str(server.port) for server in open_on)
            signs.append(f"this notebook is open on {_number(len(open_on))} Jupyter servers (ports {ports})")
        return tuple(signs)

    def of(self, server: JupyterServer) -> tuple[JupyterSession, ...]:
        """The sessions of a server; none if it does not say."""
        key, now = (server.pid, server.port), self.clock()
        last = self._answers.get(key)
        if last is not None and last.at <= now < last.next:
            return last.sessions
        new = self._asked(server, last, now)
        self._answers[key] = new
        return new.sessions

    def _asked(self, server: JupyterServer, last: _Answer | None, now: float) -> _Answer:
        answer = ask(server, "GET", "api/sessions")
        if answer is not None and answer[0] == 200:
            return _Answer(_parsed(answer[1]), now, now + _FRESH)
        if answer is not None and answer[0] < 500:
            return _Answer((), now, now + _REFUSED)
        if last is not None and now - last.at < _STALE:  # it is busy, perhaps with this very save
            return _Answer(last.sessions, last.at, now + _SLOW)
        return _Answer((), now, now + _SLOW)


def _signs(
    mine: list[JupyterSession], all_of_them: tuple[JupyterSession, ...], server: JupyterServer
) -> list[str]:
    signs = []
    if len(mine) > 1:
        signs.append(f"{_number(len(mine))} sessions on this notebook on {server.words}")
    for kernel in sorted({one.kernel for one in mine}):
        users = [one for one in all_of_them if one.kernel == kernel]
        others = sum(not (one.is_notebook and one in mine) for one in users)
        connections = max(one.connections for one in users) - others  # a console has its own
        if connections > 1:
            signs.append(f"{_number(connections)} connections to this notebook's kernel on {server.words}")
    return signs


def _number(number: int) -> str:
    return _NUMBERS[number] if number < len(_NUMBERS) else str(number)


def _parsed(body: bytes) -> tuple[JupyterSession, ...]:
    try:
        answer: Json = json.loads(body)
    except (ValueError, RecursionError):
        return ()
    found = (_session(one) for one in answer) if isinstance(answer, list) else ()
    return tuple(one for one in found if one is not None)


def _session(answer: Json) -> JupyterSession | None:
    match answer:
        case {"id": str(id), "path": str(path), "kernel": {"id": str(kernel), **about}, **more}:
            name = _VS_CODE.sub("", _DRIVE.sub("", path)).lstrip("/")
            connections = about.get("connections")
            count = connections if isinstance(connections, int) else 1
            return JupyterSession(id, name, kernel, count, more.get("type", "notebook") == "notebook")
    return None
