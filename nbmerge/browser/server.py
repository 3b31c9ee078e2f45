"""Owns: the process that serves the page: HTTP on loopback, from the first request to the last, and whether
anybody still looks at the page.

Must not know: notebooks, browsers, what is on the page.  Invariant: it ends when the process that started it
does, and when nobody looks at the page any more; a page that is loaded again is the same visit, and one
that is over never begins again.  It reads no file but the page's own, and writes none but the one that leads
a browser to the page.

A page keeps one connection open for as long as it lives: browsers may end a page without a word.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import BinaryIO
from urllib.parse import parse_qs, urlsplit

from nbmerge.browser.site import (
    HEADERS,
    HOST,
    Asked,
    PageAnswer,
    PageClosed,
    Request,
    Site,
    Where,
    receive,
    send,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


NEVER = 900.0  # seconds that somebody may take to open the page at all
SLOW = 60.0  # seconds from when it is asked for until it is there
GONE = 4.0  # seconds without any page, and none asked for: loading it again takes less


class Attendance:
    """The visit so far; times are seconds of one clock."""

    def __init__(self, now: float) -> None:
        self._newest = 0
        self._present = 0
        self._ends = now + NEVER  # if nobody comes until then

    def opened(self, now: float) -> int:
        """A page was asked for; its number."""
        self._newest += 1
        self._ends = now + SLOW
        return self._newest

    def came(self) -> None:
        """A page is there."""
        self._present += 1

    def left(self, page: int, now: float) -> None:
        """A page is not there any more; it may have been loaded again."""
        self._present -= 1
        if page == self._newest:
            self._ends = now + GONE

    def is_over(self, now: float) -> bool:
        """Whether nobody will come any more."""
        return self._present == 0 and now > self._ends


_LIMIT = 256_000_000  # bytes of a request: no small notebook is larger
_SLOW = 60.0  # seconds that one request may take to come in
_BEAT = 0.2  # seconds between two looks at who is there


class PageServer(ThreadingHTTPServer):
    """The server, its site, and who looks at it."""

    daemon_threads = True
    request_queue_size = 128  # with five, connections that come together wait a second and longer

    def __init__(self, commands: BinaryIO, reports: BinaryIO) -> None:
        super().__init__((HOST, 0), Handler)
        self.site = Site(secrets.token_urlsafe(32), self.server_address[1])
        self.attendance = Attendance(time.monotonic())
        self.over = threading.Event()
        self._commands, self._reports = commands, reports
        self._asking = threading.Lock()
        self._answered = threading.Condition()
        self._answer: PageAnswer | None = None

    def serve(self) -> None:
        """Serve until the visit is over."""
        threading.Thread(target=self.serve_forever, daemon=True).start()
        threading.Thread(target=self._obey, daemon=True).start()
        with _leading_to(self.site.url) as file:
            send(self._reports, Where(self.site.url, file))
            while not self.over.wait(_BEAT) and not self.attendance.is_over(time.monotonic()):
                pass
            self.over.set()
            with self._asking, contextlib.suppress(OSError):
                send(self._reports, PageClosed())
        time.sleep(_BEAT)  # for the pages that are told

    def ask(self, what: str, sent: object) -> PageAnswer:
        """The answer of the process that waits; those who ask do so one by one."""
        with self._asking, self._answered:
            self._answer = None
            if not self.over.is_set():
                send(self._reports, Asked(what, sent))
            self._answered.wait_for(lambda: self._answer is not None or self.over.is_set())
            return self._answer or PageAnswer("nbmerge has ended", 503)

    def handle_error(self, request: object, client_address: object) -> None:
        """A connection that breaks off concerns nobody: browsers do that when a page is loaded again."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]

    def _obey(self) -> None:
        while isinstance(answer := receive(self._commands), PageAnswer):
            with self._answered:
                self._answer = answer
                self._answered.notify_all()
        self.over.set()
        with self._answered:
            self._answered.notify_all()


class Handler(BaseHTTPRequestHandler):
    """One connection."""

    server: PageServer
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "nbmerge", ""
    timeout = _SLOW

    def do_GET(self) -> None:
        wanted = self._wanted()
        match wanted:
            case None:
                self._refuse()
            case "":
                number = self.server.attendance.opened(time.monotonic())
                self._tell(self.server.ask("", number), "text/html; charset=utf-8")
            case "here":
                self._stay()
            case name:
                found = self.server.site.file(name)
                self._send(200, *found) if found else self._send(404, b"there is no such file\n")

    def do_POST(self) -> None:
        wanted = self._wanted()
        body = None if wanted is None else self._body()
        match wanted:
            case None:
                self._refuse()
            case _ if body is None:
                self._send(413, b"too large\n", last=True)
            case _:
                self._do(wanted, body or b"")

    def log_message(self, format: str, *_: object) -> None:
        """Nothing is logged: the address is secret."""

    def _wanted(self) -> str | None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        return self.server.site.wanted(Request(self.command, urlsplit(self.path).path, headers))

    def _page(self) -> int:
        return _number(parse_qs(urlsplit(self.path).query).get("page", [""])[0], 0)

    def _body(self) -> bytes | None:
        size = _number(self.headers.get("Content-Length", ""), _LIMIT + 1)
        return self.rfile.read(size) if size <= _LIMIT else None

    def _do(self, what: str, body: bytes) -> None:
        try:
            sent = json.loads(body)
        except (ValueError, RecursionError):
            self._send(400, b"this is no JSON\n")
            return
        self._tell(self.server.ask(what, sent) if what else PageAnswer("there is no such thing", 404))

    def _tell(self, answer: PageAnswer, kind: str = "application/json") -> None:
        self._send(answer.code, answer.text.encode("utf-8", "replace"), kind)

    def _stay(self) -> None:
        """Keep the connection for as long as the page lives."""
        attendance = self.server.attendance
        attendance.came()
        try:
            self._head(200, "text/event-stream", None)
            self.wfile.write(b"retry: 500\n\n")
            self.connection.settimeout(_BEAT)
            while not self.server.over.is_set():
                with contextlib.suppress(TimeoutError):
                    if not self.connection.recv(1024):
                        return
            self.wfile.write(b"event: over\ndata:\n\n")
        except OSError:
            pass
        finally:
            attendance.left(self._page(), time.monotonic())
            self.close_connection = True

    def _refuse(self) -> None:
        self._send(403, b"not for you\n", last=True)

    def _send(
        self, code: int, data: bytes, kind: str = "text/plain; charset=utf-8", last: bool = False
    ) -> None:
        self.close_connection = self.close_connection or last
        self._head(code, kind, len(data))
        self.wfile.write(data)

    def _head(self, code: int, kind: str, length: int | None) -> None:
        self.send_response(code)
        headers = {"Content-Type": kind} | ({} if length is None else {"Content-Length": str(length)})
        for name, value in (headers | HEADERS).items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()


def _number(text: str, otherwise: int) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else otherwise


@contextlib.contextmanager
def _leading_to(url: str) -> Iterator[str]:
    """A file that only this user can read and that takes a browser to the address."""
    folder = tempfile.mkdtemp(prefix="nbmerge-")
    path = os.path.join(folder, "open.html")
    try:
        with open(path, "w", encoding="ascii") as file:
            link = f'<a href="{url}">{url}</a>'
            file.write(f'<!DOCTYPE html><meta http-equiv="refresh" content="0; url={url}">{link}\n')
        yield path
    finally:
        for remove, what in ((os.unlink, path), (os.rmdir, folder)):
            with contextlib.suppress(OSError):
                remove(what)


def main() -> None:
    """The process: commands on standard input, reports on standard output."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C is for the process that waits
    reports = os.fdopen(os.dup(1), "wb")
    with contextlib.suppress(OSError):
        os.dup2(2, 1)
    PageServer(sys.stdin.buffer, reports).serve()
    os._exit(0)  # connections may be open
