"""Nobody but the person who was given the address can read or change anything, or stop the tool."""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import socket
import stat
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest

from tests.helpers.chromium import listen_to
from tests.web.desk import Desk, Tool
from tests.web.versions import work

STATE, SAVE, CLOSE, TAKE = "state", "save", "close", "take-all"
BELOW = ("", "here?page=1", "settle.js", "report.css", STATE, SAVE, CLOSE, TAKE, "write", "nothing")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """One tool for all that changes nothing about it."""
    desk = Desk(tmp_path_factory.mktemp("desk"), _no_browser)
    desk.mergetool(*work().files())
    yield desk
    assert desk.tools[0].process.poll() is None
    desk.clear()


def _no_browser() -> NoReturn:
    raise AssertionError("nobody looks at it")


@pytest.fixture
def tool(shared: Desk) -> Tool:
    return shared.tools[0]


def ask(tool: Tool, method: str, path: str, headers: dict[str, str], body: bytes = b"{}") -> int:
    """The status of an answer to one request, to the port of the tool."""
    port = urlsplit(tool.url).port
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body if method == "POST" else None, headers)
        return connection.getresponse().status
    finally:
        connection.close()


def own(tool: Tool) -> str:
    return tool.url.rsplit("/", 2)[0]


def token(tool: Tool) -> str:
    return urlsplit(tool.url).path


def test_the_page_itself_may(desk: Desk) -> None:
    tool = desk.mergetool(*work().files())
    headers = {"Origin": own(tool), "Sec-Fetch-Site": "same-origin"}
    assert ask(tool, "GET", token(tool), {"Sec-Fetch-Site": "none", "Sec-Fetch-Dest": "document"}) == 200
    for name in ("settle.js", "talk.js", "report.css", "settle.css"):
        assert ask(tool, "GET", token(tool) + name, {"Sec-Fetch-Site": "same-origin"}) == 200
    assert ask(tool, "POST", token(tool) + STATE, headers) == 200
    assert ask(tool, "POST", token(tool) + CLOSE, headers) == 200
    assert tool.ended()[0] == 1


def test_connections_that_go_no_further_keep_nobody_waiting(shared: Desk, tool: Tool) -> None:
    """They say nothing, half a request, or less than they announce; a few hundred of them."""
    begun = (b"", b"GET " + token(tool).encode(), f"POST {token(tool)}{SAVE} HTTP/1.1\r\n".encode())
    began = time.monotonic()
    headers = f"Host: {urlsplit(tool.url).netloc}\r\nOrigin: {own(tool)}\r\nContent-Length: 9999\r\n\r\n{{"
    with contextlib.ExitStack() as connections:
        for number in range(300):
            address = "127.0.0.1", urlsplit(tool.url).port or 0
            connection = connections.enter_context(socket.create_connection(address))
            said = begun[number % 3]
            connection.sendall(said + headers.encode() if said.startswith(b"POST") else said)
        assert ask(tool, "POST", token(tool) + STATE, {"Origin": own(tool)}) == 200
    assert time.monotonic() - began < 15
    assert not shared.path.exists()


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("below", BELOW, ids=lambda below: below or "the page")
def test_without_the_token(tool: Tool, method: str, below: str) -> None:
    """Another user of the machine, who can send any headers."""
    headers = {"Origin": own(tool), "Sec-Fetch-Site": "same-origin"}
    wrong = token(tool)[:-2] + "x/"
    for path in (f"/{below}", wrong + below, f"//{below}", f"/..{token(tool)}{below}"):
        assert ask(tool, method, path, headers) == 403, path


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},  # another port of the same host
        {"Host": "evil.example"},
        {"Host": "localhost:{port}"},
        {"Host": "evil.example:{port}", "Origin": "http://evil.example:{port}"},
    ],
    ids=lambda headers: " ".join(headers.values()),
)
def test_from_elsewhere_with_the_token(tool: Tool, headers: dict[str, str]) -> None:
    """A page of another origin that got hold of the address, or a name that leads to 127.0.0.1."""
    port = urlsplit(tool.url).port
    usual = {"Origin": own(tool), "Sec-Fetch-Site": "same-origin"}
    sent = usual | {name: value.format(port=port) for name, value in headers.items()}
    for below in BELOW[1:]:
        assert ask(tool, "GET", token(tool) + below, sent) == 403, below
        assert ask(tool, "POST", token(tool) + below, sent) == 403, below
    assert ask(tool, "POST", token(tool), sent) == 403


def test_posts_name_their_origin(tool: Tool) -> None:
    assert ask(tool, "POST", token(tool) + SAVE, {}) == 403


def test_the_page_is_in_no_frame_and_no_image(tool: Tool) -> None:
    for wanted in ("iframe", "image", "script"):
        headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": wanted}
        assert ask(tool, "GET", token(tool), headers) == 403


@pytest.mark.parametrize(
    "name",
    [
        *("page/settle.js", "../browser/report.css", "%2e%2e/page/settle.js", "../../../etc/passwd"),
        *("..%2f..%2fpyproject.toml", "//etc/passwd", "server.py", "page", "page/", "settle.js/"),
    ],
)
def test_no_file_but_the_pages_own(tool: Tool, name: str) -> None:
    headers = {"Sec-Fetch-Site": "same-origin"}
    assert ask(tool, "GET", token(tool) + name, headers) in (403, 404)


@pytest.mark.parametrize("body", [b"", b"{", b"[" * 100_000, b"\xff", b"NaN", b'{"conflict": 1e999}'])
def test_nonsense_is_refused(shared: Desk, tool: Tool, body: bytes) -> None:
    before = set(os.listdir(shared.folder))
    assert ask(tool, "POST", token(tool) + "take", {"Origin": own(tool)}, body) in (400, 409)
    assert set(os.listdir(shared.folder)) == before


def test_what_is_announced_too_long_is_not_read(tool: Tool) -> None:
    headers = {"Origin": own(tool), "Content-Length": "999999999999"}
    assert ask(tool, "POST", token(tool) + "write", headers) == 413


@pytest.mark.skipif(os.name != "posix", reason="modes of files")
def test_the_file_that_leads_to_the_page_is_for_this_user_only(shared: Desk, tool: Tool) -> None:
    """The browser is given a file: other users see the words that programs are started with."""
    [folder] = shared.folder.glob("nbmerge-*")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert tool.url in (folder / "open.html").read_text()
    words = (Path("/proc") / str(tool.process.pid) / "cmdline").read_bytes()
    assert token(tool).strip("/").encode() not in words


def test_nothing_of_the_page_runs_but_its_own_files(tool: Tool) -> None:
    with urlopen(Request(tool.url, headers={"Sec-Fetch-Dest": "document"})) as answer:
        policy = answer.headers["Content-Security-Policy"]
        text = answer.read().decode()
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert re.findall("<script[^>]*>[^<]", text) == []
    assert re.findall(r"<[^>]*\s(on\w+|style)=", text) == []


@contextmanager
def elsewhere(page: str) -> Iterator[str]:
    """A page of another origin; its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, format: str, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/"
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.slow
def test_a_page_of_another_origin_in_the_same_browser(desk: Desk) -> None:
    """Even with the address, which it cannot know, and while the tool is open beside it."""
    tool = desk.mergetool(*work().files())
    ours = tool.open()
    heard = listen_to(ours)
    with elsewhere("<!DOCTYPE html><title>evil</title>") as address:
        evil = ours.context.new_page()
        evil.goto(address)
        for below, method in ((STATE, "POST"), (SAVE, "POST"), (CLOSE, "POST"), ("settle.js", "GET")):
            where = tool.url + below
            read = f"fetch({where!r}, {{method: {method!r}}}).then(r => r.text(), () => 'refused')"
            assert evil.evaluate(read) == "refused"
            blind = f"fetch({where!r}, {{method: {method!r}, mode: 'no-cors'}}).then(() => 1, () => 2)"
            evil.evaluate(blind)
        evil.evaluate(f"navigator.sendBeacon({tool.url + CLOSE!r}, new FormData())")
        loaded = (
            "new Promise(done => { const frame = document.createElement('iframe');"
            f" frame.src = {tool.url!r}; frame.onload = () => done(!frame.contentDocument);"
            " document.body.append(frame); })"
        )
        assert evil.evaluate(loaded)
        assert not desk.path.exists()
        assert tool.process.poll() is None
    assert ours.evaluate("!document.getElementById('over')")
    assert [message for message in heard.messages if "exception" in message] == []
