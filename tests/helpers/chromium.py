"""Owns: how a real browser, Debian's chromium, is started for tests, and what is kept of a page in it.

Must not know: what is looked at.  Invariant: nothing that is asserted about what a page did depends on when
the test looked: what it says, opens, asks the network for and was forbidden is kept from the first moment on.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

PROGRAM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_chromium = pytest.mark.skipif(PROGRAM is None, reason="chromium is not installed")
# root has no sandbox; and whatever chromium does by itself on the network, it does not do here
_FLAGS = """
    --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking
    --disable-component-update --disable-sync --hide-scrollbars
"""


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A browser with an empty profile, gone at the end; skips where there is none."""
    if PROGRAM is None:
        pytest.skip("chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=_FLAGS.split())
        yield browser
        browser.close()


def new_page(browser: Browser, *, width: int = 1100, height: int = 800) -> Page:
    """An empty page in a profile of its own, whose dialogs are closed with OK."""
    page = browser.new_context(viewport={"width": width, "height": height}).new_page()
    page.on("dialog", lambda dialog: dialog.accept())
    return page


@dataclass
class Heard:
    """What a page did: `messages` are what it wrote to its console, its uncaught errors and its dialogs;
    `requests` the addresses that it asked for; `opened` those of the windows that it opened; `violations`
    what its content security policy forbade.
    """

    messages: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    opened: list[str] = field(default_factory=list)
    violations: list[Any] = field(default_factory=list)

    def asked_the_network(self) -> list[str]:
        """The requests that left the page."""
        return [url for url in self.requests if not url.startswith(("data:", "blob:", "about:"))]


def listen_to(page: Page) -> Heard:
    """All that a page does from now on."""
    heard = Heard()
    page.on("console", lambda message: heard.messages.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: heard.messages.append(f"exception: {error}"))
    page.on("dialog", lambda dialog: heard.messages.append(f"dialog: {dialog.message}"))
    page.on("request", lambda request: heard.requests.append(request.url))
    page.on("popup", lambda popup: heard.opened.append(popup.url))

    def audited(told: dict[str, Any]) -> None:
        if told["issue"]["code"] == "ContentSecurityPolicyIssue":
            heard.violations.append(told["issue"]["details"])

    protocol = page.context.new_cdp_session(page)
    protocol.on("Audits.issueAdded", audited)
    protocol.send("Audits.enable")
    return heard
