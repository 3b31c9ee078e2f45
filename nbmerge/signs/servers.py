"""Owns: which Jupyter servers of this user run on this machine, and asking them.

Must not know: what is asked and what follows.  Invariant: only loopback addresses are asked,
nothing is ever changed by asking; a token is sent to its server and goes nowhere else.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import dataclass, field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from http.client import HTTPConnection
    from typing import TypeAlias

    Json: TypeAlias = dict[str, "Json"] | list["Json"] | str | int | float | bool | None

TIMEOUT = 0.3  # seconds for a connection, and for each part of an answer
_LARGEST = 4 << 20  # bytes of an answer
_LISTED = 5.0  # seconds that the list of servers is believed
_ANYWHERE = ("", "*", "localhost", "0.0.0.0", "::")


@dataclass(frozen=True, slots=True)
class Server:
    """A running server by its own word; `since` is when it wrote that, in seconds since the epoch."""

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


class Servers:
    """The servers that left word in a folder, asked again every few seconds at most."""

    def __init__(self, folder: str, clock: Callable[[], float]) -> None:
        self.folder = folder
        self.clock = clock
        self._known: tuple[Server, ...] = ()
        self._listed: float | None = None

    def running(self) -> tuple[Server, ...]:
        now = self.clock()
        if self._listed is None or not 0 <= now - self._listed < _LISTED:
            self._known, self._listed = listed(self.folder), now
        return self._known

    def serving(self, path: str) -> tuple[Server, ...]:
        """Those that have the file below their root."""
        return tuple(server for server in self.running() if server.name_of(path) is not None)


def listed(folder: str) -> tuple[Server, ...]:
    """The servers on loopback whose word lies in the folder and whose process lives, by port."""
    try:
        names = [name for name in os.listdir(folder) if name.endswith(".json")]
    except OSError:
        return ()
    found = (
        _read(os.path.join(folder, name)) for name in names if name.startswith(("jpserver-", "nbserver-"))
    )
    return tuple(
        sorted((server for server in found if server is not None), key=lambda one: (one.port, one.pid))
    )


def ask(server: Server, method: str, name: str) -> tuple[int, bytes] | None:
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


def _connection(server: Server, host: str) -> HTTPConnection:
    from http.client import HTTPConnection, HTTPSConnection

    if not server.secure:
        return HTTPConnection(host, server.port, timeout=TIMEOUT)
    import ssl

    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # nobody certifies localhost
    return HTTPSConnection(host, server.port, timeout=TIMEOUT, context=context)


def _read(path: str) -> Server | None:
    try:
        with open(path, "rb") as file:
            since = os.fstat(file.fileno()).st_mtime
            told: Json = json.load(file)
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(told, dict) or told.get("sock"):
        return None
    root = told.get("root_dir") or told.get("notebook_dir")
    match told:
        case {"port": int(port), "pid": int(pid), "hostname": str(host)} if isinstance(root, str):
            hosts = _loopback(host)
            if not hosts or not is_alive(pid):
                return None
            base, token = told.get("base_url"), told.get("token")
            return Server(
                hosts,
                port,
                base if isinstance(base, str) and base.endswith("/") else "/",
                os.path.abspath(root),
                pid,
                told.get("secure") is True,
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
