"""Owns: what can be asked of the server of the page, by address, and who may ask; and what that process and
the one that waits for it say to each other.

Must not know: sockets, how either process works, what the page shows.  Invariant: without the token, or for
a page of another origin, the answer is 403 whatever is asked for; no request names a file, but for those of
the page, by their exact names.  One message is one line of JSON, so that the end of the pipe is the only
other thing that can come.

Any page in the browser and any user of the machine can reach a port on loopback.  Others' pages are told by
Origin and Sec-Fetch-Site, names that lead to 127.0.0.1 (DNS rebinding) by Host, other users by the token,
which is in every address: cookies would go to all ports of the host.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from secrets import compare_digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import IO


@dataclass(frozen=True, slots=True)
class Where:
    """The page is served: its address, and a file that leads there.

    The address is secret.  Other users see what programs are started with, so a browser is given
    the file, which they cannot read.
    """

    url: str
    file: str


@dataclass(frozen=True, slots=True)
class Asked:
    """Somebody asked for the page (`what` is "", `sent` the number of this time), or pressed something."""

    what: str
    sent: object


@dataclass(frozen=True, slots=True)
class PageAnswer:
    """The answer: the page, or JSON.  After the last one nothing is served any more."""

    text: str
    code: int = 200
    is_last: bool = False


@dataclass(frozen=True, slots=True)
class PageClosed:
    """Nobody looks at the page any more."""


Message = Where | Asked | PageAnswer | PageClosed
_MESSAGES: dict[str, type[Message]] = {kind.__name__: kind for kind in (Where, Asked, PageAnswer, PageClosed)}


def send(stream: IO[bytes], message: Message) -> None:
    """Write a message.  Raises OSError if the other process is gone."""
    stream.write(json.dumps([type(message).__name__, asdict(message)]).encode() + b"\n")
    stream.flush()


def receive(stream: IO[bytes]) -> Message | None:
    """The next message; None if the other process has ended, in the middle of one perhaps."""
    try:
        line = stream.readline()
    except (OSError, ValueError):
        return None
    if not line.endswith(b"\n"):
        return None
    name, fields = json.loads(line)
    return _MESSAGES[name](**fields)


HOST = "127.0.0.1"
_OWN = os.path.dirname(os.path.abspath(__file__))
_FOLDERS = (os.path.join(_OWN, "page"), _OWN)
_KINDS = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
# Nothing of a notebook runs, and nothing in it makes the browser ask anybody for anything.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@dataclass(frozen=True, slots=True)
class Request:
    """A request: its path without the query, and its headers by their names in small letters."""

    method: str
    path: str
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Site:
    """The page and its files at one address."""

    token: str
    port: int

    @property
    def origin(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.origin}/{self.token}/"

    def wanted(self, asked: Request) -> str | None:
        """What is asked for, below the token; None if it is not for those who ask."""
        first, _, rest = asked.path.removeprefix("/").partition("/")
        if not compare_digest(first.encode("utf-8", "replace"), self.token.encode()):
            return None
        return rest if self._is_own(asked, rest) else None

    def _is_own(self, asked: Request, rest: str) -> bool:
        """Whether it comes from our own page, or somebody opens that."""
        headers = asked.headers
        if headers.get("host") != f"{HOST}:{self.port}":
            return False
        if headers.get("origin", self.origin if asked.method == "GET" else None) != self.origin:
            return False
        if rest == "" and asked.method == "GET":
            return headers.get("sec-fetch-dest", "document") == "document"
        return headers.get("sec-fetch-site", "same-origin") == "same-origin"

    def file(self, name: str) -> tuple[bytes, str] | None:
        """A file of the page and its kind; None if it has no such file."""
        kind = _KINDS.get(os.path.splitext(name)[1])
        folder = next((folder for folder in _FOLDERS if name in os.listdir(folder)), None)
        if kind is None or folder is None:
            return None
        with open(os.path.join(folder, name), "rb") as file:
            return file.read(), kind
