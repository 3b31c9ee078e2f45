"""Owns: a folder of running Jupyter servers, some of them stood in for by a few lines here.

Must not know: what is made of their answers.  Invariant: everything is on loopback and below one folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

TOKEN = "a-secret"


def session(
    path: str, connections: int | None = 1, *, kernel: str = "k1", kind: str = "notebook"
) -> dict[str, Any]:
    """A session as /api/sessions tells it."""
    about: dict[str, Any] = {"id": kernel, "name": "python3", "execution_state": "idle"}
    if connections is not None:
        about["connections"] = connections
    return {"id": f"{path}-{kernel}", "path": path, "name": path, "type": kind, "kernel": about}


@dataclass
class FakeServer:
    """A server that answers with `sessions`; `asked` are the requests it got."""

    port: int
    sessions: Any = field(default_factory=list)
    status: int = 200
    delay: float = 0.0
    rooms: bool = False
    asked: list[str] = field(default_factory=list)

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.asked.append(f"{request.command} {request.path}")
        time.sleep(self.delay)
        status, body = self.status, b""
        if request.headers["Authorization"] != f"token {TOKEN}":
            status = 403
        elif request.path.startswith("/base/api/sessions"):
            told = self.sessions
            body = told if isinstance(told, bytes) else json.dumps(told).encode()
        elif not (self.rooms and request.path.startswith("/base/api/collaboration/session/")):
            status = 404
        request.send_response(status)
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)


@contextlib.contextmanager
def fake_server() -> Iterator[FakeServer]:
    """A server on loopback, until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.reply()

        def do_OPTIONS(self) -> None:
            self.reply()

        def reply(self) -> None:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # it did not wait
                fake.answer(self)

        def log_message(self, format: str, *arguments: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        fake = FakeServer(server.server_address[1])
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield fake
        finally:
            server.shutdown()
            thread.join()


def announce(folder: Path, root: Path, at: int, **other: Any) -> Path:
    """How a running server describes itself; as if this process were the server."""
    told = {
        "base_url": "/base/",
        "hostname": "localhost",
        "password": False,
        "pid": os.getpid(),
        "port": at,
        "root_dir": str(root),
        "secure": False,
        "sock": "",
        "token": TOKEN,
        "url": f"http://localhost:{at}/base/",
        "version": "2.21.1",
    }
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"jpserver-{at}.json"
    file.write_text(json.dumps(told | other))
    return file
