"""The pages in a real browser: nothing runs, nothing is fetched, all is readable, in light and dark."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from nbmerge.merge.markers import Labels
from tests.browser import hostile
from tests.browser.pages import compared, labelled
from tests.browser.reading import ELEMENTS
from tests.browser.test_merged import FIXTURES, fixture
from tests.helpers.build import code, markdown, notebook, printed
from tests.helpers.chromium import listen_to, needs_chromium, new_page

pytestmark = needs_chromium

_POLICY = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
_USE_ALL = """
    for (const e of document.querySelectorAll('details')) e.open = true;
    for (const e of document.querySelectorAll('body *')) {
        for (const kind of ['mouseover', 'focus', 'click', 'toggle', 'error', 'load'])
            if (kind !== 'click' || e.tagName !== 'A') e.dispatchEvent(new Event(kind));
    }
    for (const a of document.links) a.click();
    window.scrollTo(0, document.body.scrollHeight);
    Promise.all([...document.images].map(i => i.decode().catch(() => 0))).then(() => document.links.length)
"""
# Every text that is seen must stand out from what is behind it: WCAG 2.1, 1.4.3 (AA).
_FAINT = """
(() => {
    const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
    const linear = v => v <= 10.31 ? v / 3294.6 : ((v / 255 + .055) / 1.055) ** 2.4;
    const light = ([r, g, b]) => .2126 * linear(r) + .7152 * linear(g) + .0722 * linear(b);
    const behind = e => {
        if (!e) return [255, 255, 255];
        const colour = numbers(getComputedStyle(e).backgroundColor);
        return colour.length < 4 || colour[3] === 1 ? colour : behind(e.parentElement);
    };
    const found = new Set();
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let text; text = texts.nextNode();) {
        const e = text.parentElement;
        if (!text.data.trim() || !e.checkVisibility()) continue;
        const both = [light(numbers(getComputedStyle(e).color)), light(behind(e))];
        const ratio = (Math.max(...both) + .05) / (Math.min(...both) + .05);
        if (ratio < 4.5) found.add(`${e.outerHTML.slice(0, 80)} in ${e.parentElement.className}: ${ratio}`);
    }
    return [...found];
})()
"""


@pytest.fixture
def trap() -> Iterator[tuple[str, list[str]]]:
    """A server that a hostile notebook wants to reach, and what it was asked for."""
    asked: list[str] = []

    class Trap(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, *about: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Trap) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", asked
        server.shutdown()
        thread.join()


def opened(chromium: Browser, folder: Path, html: str) -> Page:
    page = new_page(chromium)
    page.goto(written(folder, html))
    return page


def written(folder: Path, html: str) -> str:
    """The address of a file that holds a page."""
    file = folder / "page.html"
    file.write_text(html, encoding="utf-8")
    return file.as_uri()


@pytest.mark.parametrize("kind", ["a merge", "a comparison"])
@pytest.mark.parametrize("policy", [True, False], ids=["with its policy", "escaping alone"])
def test_nothing_runs_and_nothing_is_fetched(
    chromium: Browser, trap: tuple[str, list[str]], tmp_path: Path, kind: str, policy: bool
) -> None:
    address, asked = trap
    files = hostile.files(address)
    assert isinstance(files.base, dict)
    assert isinstance(files.remote, dict)
    html = files.page if kind == "a merge" else compared(files.base, files.remote, files.names[:2])
    if not policy:
        html, removed = _POLICY.subn("", html)
        assert removed == 1
    page = new_page(chromium)
    heard = listen_to(page)
    where = written(tmp_path, html)
    page.goto(where)
    title = page.title()
    assert page.evaluate(_USE_ALL) > 40
    page.wait_for_timeout(300)
    assert (page.title(), page.evaluate("typeof window.ran")) == (title, "undefined")
    assert title != "ran"
    assert page.evaluate("location.href").startswith(where)
    elements = page.evaluate("[...new Set([...document.querySelectorAll('*')].map(e => e.localName))]")
    assert set(elements) <= ELEMENTS
    names = "[...document.querySelectorAll('*')].flatMap(e => e.getAttributeNames())"
    assert not [name for name in page.evaluate(names) if name.startswith("on") or name == "style"]
    assert asked == []
    assert heard.asked_the_network() == [where]
    assert (heard.violations, heard.messages, heard.opened) == ([], [], [])


def test_the_trap_works(chromium: Browser, trap: tuple[str, list[str]], tmp_path: Path) -> None:
    """The same texts, not escaped, do run and do fetch: the test above can fail."""
    address, asked = trap
    texts = [text for text in hostile.payloads(address) if "refresh" not in text and "</style>" not in text]
    body = "".join(texts).encode("utf-8", "replace").decode()
    page = new_page(chromium)
    heard = listen_to(page)
    page.goto(written(tmp_path, f"<!doctype html><meta charset=utf-8><body>{body}"))
    page.wait_for_function("() => window.ran === 1")
    assert page.title() == "ran"
    assert f"{address}/img.png" in heard.asked_the_network()
    assert "/img.png" in asked


def test_svg_pictures_are_seen_but_do_not_act(
    chromium: Browser, trap: tuple[str, list[str]], tmp_path: Path
) -> None:
    page = opened(chromium, tmp_path, _POLICY.sub("", hostile.files(trap[0]).page))
    pictures = "[...document.images].filter(i => i.src.startsWith('data:image/svg'))"
    page.evaluate(f"Promise.all({pictures}.map(i => i.decode()))")
    assert page.evaluate(f"{pictures}.length") > 5
    assert page.evaluate(f"{pictures}.every(i => i.naturalWidth === 60)")
    assert trap[1] == []


def colourful() -> str:
    """A page with all that a page can have."""
    colours = (*range(30, 38), *range(90, 98), 1, 3, 4)
    look = "".join(f"\x1b[{colour}mcolour {colour}\x1b[0m\n" for colour in colours)
    rest = "x = 1\n" * 60
    base = code(f"a = 1\nb = compute(1, 2)\nc = 1\n{rest}", count=1, out=look, metadata={"tags": ["a"]})
    local = base | {"source": f"a = 2\nb = compute(9, 2)\nc = 1\n{rest}", "outputs": [printed("L")]}
    remote = base | {"source": f"a = 3\nb = compute(1, 8)\n{rest}", "metadata": {"tags": ["b"]}}
    return labelled(base, local, remote, Labels("HEAD", "base", "topic")).page


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("media", ["screen", "print"], ids=["screen", "paper"])
def test_every_text_stands_out(chromium: Browser, tmp_path: Path, scheme: Any, media: Any) -> None:
    old, new = (notebook(code(f"x = {n}", id="a"), markdown("# T", id="b")) for n in (1, 2))
    topics = ("same-line", "delete-against-edit", "both-move", "metadata", "imports")
    page = new_page(chromium)
    for html in (colourful(), compared(old, new), *(fixture(topic).page for topic in topics)):
        page.goto(written(tmp_path, html))
        page.emulate_media(color_scheme=scheme, media=media)
        page.evaluate("for (const e of document.querySelectorAll('details')) e.open = true")
        assert page.evaluate(_FAINT) == []


def test_dark_is_dark_and_paper_is_white(chromium: Browser, tmp_path: Path) -> None:
    page = opened(chromium, tmp_path, fixture("same-line").page)
    colour = "getComputedStyle(document.body).backgroundColor"
    page.emulate_media(color_scheme="dark", media="screen")
    assert sum(json.loads(f"[{page.evaluate(colour)[4:-1]}]")) < 120
    page.emulate_media(media="print")
    assert page.evaluate(colour) == "rgb(255, 255, 255)"


@pytest.mark.parametrize("width", [320, 400, 768, 1600])
def test_nothing_is_wider_than_the_window(chromium: Browser, tmp_path: Path, width: int) -> None:
    long = "word" * 500
    cell = code(long, id="a" * 64, out=long, metadata={long[:300]: long})
    pages = [colourful(), labelled(cell, cell | {"source": long + "1"}, cell | {"source": long + "2"}).page]
    pages.append(hostile.files("http://127.0.0.1:9").page)
    page = new_page(chromium, width=width)
    for html in pages:
        page.goto(written(tmp_path, html))
        page.evaluate("for (const e of document.querySelectorAll('details')) e.open = true")
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_keys_lead_to_the_conflicts(chromium: Browser, tmp_path: Path) -> None:
    page = opened(chromium, tmp_path, colourful())
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "To the first conflict"
    assert page.evaluate("document.activeElement.getBoundingClientRect().left") > 0
    page.keyboard.press("Enter")
    page.wait_for_url("**/page.html#conflict-1")
    expect(page.locator("#conflict-1")).to_be_in_viewport()


def test_a_link_into_folded_cells_opens_them(chromium: Browser, tmp_path: Path) -> None:
    files = FIXTURES / "same-line"
    assert files.is_dir()
    page = opened(chromium, tmp_path, fixture("same-line").page)
    page.evaluate("location.hash = '#cell-2'")
    expect(page.locator("details.run").first).to_have_attribute("open", "")
