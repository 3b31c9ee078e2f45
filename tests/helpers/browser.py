"""Owns: a real browser: Debian's chromium without a screen, driven through the Chrome DevTools Protocol.

Must not know: what is looked at.  Invariant: each browser has a profile of its own that is gone with it;
all that a page says, asks the network for or was forbidden is kept, from the first moment on.

The protocol: https://chromedevtools.github.io/devtools-protocol/
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

websocket = pytest.importorskip("websocket", reason="jupyter_server, which brings it, is not installed")

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_browser = pytest.mark.skipif(PROGRAM is None, reason="there is no chromium")
_FLAGS = """
    --headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync --remote-debugging-port=0 --hide-scrollbars
"""
_START = 30.0  # seconds until the browser listens, at most
_ANSWER = 30.0  # seconds until it answers


@dataclass
class Browser:
    """A running browser with pages; all that happens in it comes through one socket."""

    socket: Any
    pages: dict[str, Page] = field(default_factory=dict)
    opened_by_pages: list[str] = field(default_factory=list)  # addresses of windows that pages opened
    number: int = 0

    def page(self, *, width: int = 1100, height: int = 800) -> Page:
        """A new empty page."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self.pages[session] = Page(self, session, target)
        for domain in ("Page", "Runtime", "Network", "Log", "Audits"):
            page.call(f"{domain}.enable")
        page.resize(width, height)
        return page

    def call(self, method: str, session: str | None = None, **parameters: Any) -> dict[str, Any]:
        """Ask for something and wait for the answer; what happens meanwhile is kept."""
        wanted = self.send(method, session, parameters)
        while True:
            told = json.loads(self.socket.recv())
            if told.get("id") != wanted:
                self.hear(told)
            elif "error" in told:
                raise AssertionError(f"{method}: {told['error']['message']}")
            else:
                found: dict[str, Any] = told["result"]
                return found

    def send(self, method: str, session: str | None, parameters: dict[str, Any]) -> int:
        self.number += 1
        asked = {"id": self.number, "method": method, "params": parameters}
        self.socket.send(json.dumps(asked if session is None else {**asked, "sessionId": session}))
        return self.number

    def hear(self, told: dict[str, Any]) -> None:
        if told.get("method") == "Target.targetCreated":
            about = told["params"]["targetInfo"]
            if about["type"] == "page" and about.get("openerId"):
                self.opened_by_pages.append(about["url"])
        page = self.pages.get(told.get("sessionId", ""))
        if page is not None and "method" in told:
            page.hear(told["method"], told["params"])


@dataclass
class Page:
    """One page, and all that was seen of it.

    `messages` are what it wrote to its console, its uncaught errors and its dialogs (closed at once);
    `requests` the addresses it asked for, `data:` and its own (`open`) included; `violations` what its
    content security policy forbade.
    """

    browser: Browser
    session: str
    target: str
    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    violations: list[dict[str, Any]] = field(default_factory=list)
    loads: int = 0

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the protocol on this page."""
        return self.browser.call(method, self.session, **parameters)

    def open(self, where: str | Path) -> None:
        """Go to an address or a file, and wait until it is loaded."""
        address = where if isinstance(where, str) else where.resolve().as_uri()
        before = self.loads
        failed = self.call("Page.navigate", url=address).get("errorText")
        assert not failed, f"{address}: {failed}"
        self.until(lambda: self.loads > before, f"{address} is loaded")

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression, awaited if it is a promise; it must be JSON."""
        answer = self.call(
            "Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True, userGesture=True
        )
        if "exceptionDetails" in answer:
            about = answer["exceptionDetails"]
            raise AssertionError(about.get("exception", {}).get("description") or about["text"])
        return answer["result"].get("value")

    def wait_for(self, condition: str, seconds: float = 20.0) -> Any:
        """The value of a JavaScript expression as soon as it is true."""
        found: list[Any] = []

        def true() -> bool:
            found[:] = [self.evaluate(condition)]
            return bool(found[0])

        self.until(true, condition, seconds)
        return found[0]

    def until(self, true: Any, what: str, seconds: float = 20.0) -> None:
        """Wait until a condition of ours holds; the page's events are heard meanwhile."""
        end = time.monotonic() + seconds
        while not true():
            assert time.monotonic() < end, f"not within {seconds} s: {what}; {self.messages[-5:]}"
            time.sleep(0.03)
            self.call("Runtime.getIsolateId")

    def click(self, selector: str) -> None:
        """A real click in the middle of the first element that the selector finds."""
        point = self.evaluate(
            f"(e => {{ e.scrollIntoView({{block: 'center'}}); const r = e.getBoundingClientRect();"
            f" return {{x: r.x + r.width / 2, y: r.y + r.height / 2}}; }})"
            f"(document.querySelector({json.dumps(selector)}))"
        )
        for kind in ("mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **point)

    def press(self, key: str, code: int = 0, text: str = "") -> None:
        """A key by its name (`Tab`, `Enter`), its Windows key code, and what it types."""
        about = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        self.call("Input.dispatchKeyEvent", type="keyDown", text=text, **about)
        self.call("Input.dispatchKeyEvent", type="keyUp", **about)

    def type(self, text: str) -> None:
        """Text into what has the focus."""
        self.call("Input.insertText", text=text)

    def resize(self, width: int, height: int = 800) -> None:
        """The window's size in CSS pixels."""
        size = {"width": width, "height": height}
        self.call("Emulation.setDeviceMetricsOverride", **size, deviceScaleFactor=1, mobile=False)

    def prefer(self, scheme: str = "light", media: str = "") -> None:
        """`dark` or `light`, and `print` for how it looks on paper."""
        wanted = [{"name": "prefers-color-scheme", "value": scheme}]
        self.call("Emulation.setEmulatedMedia", media=media, features=wanted)

    def screenshot(self, path: Path, *, whole: bool = False) -> Path:
        """What is seen, or the whole page, as a PNG file."""
        found = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)
        if whole:
            size = self.call("Page.getLayoutMetrics")["cssContentSize"]
            clip = {"x": 0, "y": 0, "width": size["width"], "height": min(size["height"], 16000), "scale": 1}
            found = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
        path.write_bytes(base64.b64decode(found["data"]))
        return path

    def asked_the_network(self) -> list[str]:
        """The requests that left the page: neither `data:` nor a page that `open` went to."""
        return [url for url in self.requests if not url.startswith(("data:", "blob:", "about:"))]

    def hear(self, method: str, about: dict[str, Any]) -> None:
        match method:
            case "Page.loadEventFired":
                self.loads += 1
            case "Runtime.consoleAPICalled":
                said = (str(item.get("value", item.get("description", ""))) for item in about["args"])
                self.messages.append(f"{about['type']}: {' '.join(said)}")
            case "Runtime.exceptionThrown":
                thrown = about["exceptionDetails"]
                told = thrown.get("exception", {}).get("description") or thrown["text"]
                self.messages.append(f"exception: {told}")
            case "Log.entryAdded":
                self.messages.append(f"{about['entry']['source']}: {about['entry']['text']}")
            case "Page.javascriptDialogOpening":
                self.messages.append(f"dialog: {about['message']}")
                # a page that shows one does nothing else
                self.browser.send("Page.handleJavaScriptDialog", self.session, {"accept": True})
            case "Network.requestWillBeSent":
                self.requests.append(about["request"]["url"])
            case "Audits.issueAdded" if about["issue"]["code"] == "ContentSecurityPolicyIssue":
                self.violations.append(about["issue"]["details"]["contentSecurityPolicyIssueDetails"])


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """A browser of its own, gone with its profile at the end; skips where there is none."""
    if PROGRAM is None:
        pytest.skip("there is no chromium")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile:
        command = [PROGRAM, *_FLAGS.split(), f"--user-data-dir={profile}", "about:blank"]
        quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with subprocess.Popen(command, start_new_session=True, **quiet) as process:  # type: ignore[call-overload]
            try:
                address = _address(Path(profile, "DevToolsActivePort"), process)
                socket = websocket.create_connection(address, timeout=_ANSWER, suppress_origin=True)
                found = Browser(socket)
                found.call("Target.setDiscoverTargets", discover=True)
                try:
                    yield found
                    with contextlib.suppress(
                        OSError, websocket.WebSocketException, subprocess.TimeoutExpired
                    ):
                        found.send("Browser.close", None, {})  # so that it ends all its processes itself
                        process.wait(10)
                finally:
                    socket.shutdown()
            finally:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)  # the group that it was started as


def _address(told: Path, process: subprocess.Popen[bytes]) -> str:
    """Where the browser listens: it writes its port and a path into its profile."""
    end = time.monotonic() + _START
    while time.monotonic() < end and process.poll() is None:
        lines = told.read_text().split() if told.exists() else []
        if len(lines) == 2:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        time.sleep(0.03)
    raise AssertionError(f"the browser does not listen (exit code {process.poll()})")
