"""Owns: what can be asked of the mergetool's server, by address, and who may ask; and what that process
and the one that waits for it say to each other.

Must not know: sockets, how either process works.  Invariant: without the token, or for a page of another
origin, the answer is 403 whatever is asked for; no request names a file, but for those of nbdime's page,
by their exact names.  One message is one line of JSON, so that the end of the pipe is the only other thing
that can come.

Any page in the browser and any user of the machine can reach a port on loopback.  Others' pages are told
by Origin and Sec-Fetch-Site, names that lead to 127.0.0.1 (DNS rebinding) by Host, other users by the
token, which is in every address: cookies would go to all ports of the host.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from html import escape
from secrets import compare_digest
from string import Template

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import IO


@dataclass(frozen=True, slots=True)
class PageContent:
    """What is shown: nbdime's answer about a merge, as JSON, and what stands above it.

    `sides` are the names of local, base and remote; without `shows_base` the middle shows what
    is merged.  `notes` are sentences for those who choose.
    """

    answer: Mapping[str, object]
    title: str
    sides: tuple[str, str, str]
    shows_base: bool
    notes: str


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be served: the page, and the folder of nbdime's files for it."""

    page: PageContent
    assets: str


@dataclass(frozen=True, slots=True)
class Where:
    """The page is served: its address, and a file that leads there.

    The address is secret.  Other users see what programs are started with, so a browser is given
    the file, which they cannot read.
    """

    url: str
    file: str


@dataclass(frozen=True, slots=True)
class SaveRequest:
    """Somebody pressed Save: what nbdime sends to be stored."""

    sent: object


@dataclass(frozen=True, slots=True)
class SaveAnswer:
    """The answer to Save: it is written, or why it is not."""

    why_not: str | None


@dataclass(frozen=True, slots=True)
class PageClosed:
    """The page was closed."""


Message = Task | Where | SaveRequest | SaveAnswer | PageClosed
_MESSAGES: dict[str, type[Message]] = {
    kind.__name__: kind for kind in (Task, Where, SaveRequest, SaveAnswer, PageClosed)
}


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
    if name == Task.__name__:
        return Task(PageContent(**fields["page"]), fields["assets"])
    return _MESSAGES[name](**fields)


HOST = "127.0.0.1"
_OWN = os.path.dirname(os.path.abspath(__file__))
_KINDS = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".woff": "font/woff",
    ".ttf": "font/ttf",
    ".eot": "application/vnd.ms-fontobject",
}
# Nothing of a notebook runs, and nothing in it makes the browser ask anybody else for anything.
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "font-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
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
    """The pages and files at one address."""

    task: Task
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

    def document(self, number: int) -> bytes:
        """The page itself; `number` tells this time of opening it from others."""
        page = self.task.page
        local, base, remote = map(escape, page.sides)
        config = {
            "closable": True,
            "savable": True,
            "baseUrl": f"/{self.token}/",
            "hideUnchanged": True,
            "collapseIdentical": 2,
            "outputfilename": page.title,
            "showBase": page.shows_base,
            # nbdime's page sends these back as names of files; nobody reads them
            **{side: side for side in ("base", "local", "remote")},
        }
        with open(os.path.join(_OWN, "page.html"), encoding="utf-8") as file:
            template = Template(file.read())
        filled = template.substitute(
            title=escape(page.title),
            local=local,
            base=base if page.shows_base else "Merged",
            remote=remote,
            field="lowest" if page.shows_base else "middle",
            notes=escape(page.notes),
            config=json.dumps(config).replace("<", "\\u003c"),
            page=number,
        )
        return filled.encode("utf-8", "replace")

    def file(self, name: str) -> tuple[bytes, str] | None:
        """A file of the page and its kind; None if it has no such file."""
        folder, _, last = name.rpartition("/")
        kind = _KINDS.get(os.path.splitext(last)[1])
        place = {"": _OWN, "static": os.path.join(self.task.assets, "static")}.get(folder)
        if kind is None or place is None or last not in os.listdir(place):
            return None
        with open(os.path.join(place, last), "rb") as file:
            return file.read(), kind
