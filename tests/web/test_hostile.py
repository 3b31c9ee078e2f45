"""Nothing in a notebook runs on the page, and nothing in it makes the browser ask anybody for anything."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator

import pytest

from nbmerge.browser.choices import Choices
from nbmerge.browser.offers import offers
from nbmerge.browser.open_cells import Persons
from nbmerge.browser.settle_page import SettlePage, settle_document
from nbmerge.conflicts.finding import find
from nbmerge.conflicts.known import KnownMerge, trace
from nbmerge.merge.values import Terms
from nbmerge.notebook.reader import read
from tests.helpers.build import code, markdown, notebook, raw, shown
from tests.helpers.chromium import listen_to
from tests.helpers.spelling import JUPYTER
from tests.web.desk import Desk
from tests.web.versions import Sides

RUN = "window.canary = (window.canary || 0) + 1"
_EVIL = f"""<script>{RUN}</script>
<img src="http://127.0.0.1:9/leak.png" onerror="{RUN}">
<svg onload="{RUN}"><script>{RUN}</script></svg>
<iframe srcdoc="<script>parent.{RUN}</script>"></iframe>
<a id="evil" href="javascript:{RUN}">press</a>
[press](javascript:{RUN}) ![x](http://127.0.0.1:9/leak.png)
<form action="http://127.0.0.1:9/"><button>go</button></form>
<meta http-equiv="refresh" content="0; url=http://127.0.0.1:9/"><base href="http://127.0.0.1:9/">
<style>@import url("http://127.0.0.1:9/leak.css"); #save {{ display: none }}</style>
<link rel="stylesheet" href="http://127.0.0.1:9/leak.css"><object data="http://127.0.0.1:9/"></object>
</script><script>{RUN}</script> $x$ `${{{RUN}}}` ${{x}} $title
"""


@pytest.fixture
def elsewhere() -> Iterator[socket.socket]:
    """Where everything in the notebook would lead; it listens and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


def versions(evil: str) -> Sides:
    """Every cell, name and value is hostile; one markdown cell, one code cell are in conflict, one was
    deleted by remote."""
    picture = f"<svg xmlns='http://www.w3.org/2000/svg'><script>{RUN}</script></svg>"
    outputs = [
        shown({"text/html": [evil], "text/plain": ["x"]}),
        shown({"image/svg+xml": [picture]}),
        shown({"application/javascript": [RUN]}),
    ]

    def side(text: str, *, gone: bool = False, edited: str = "") -> bytes:
        cells = [
            markdown(evil, id="around1"),
            markdown(f"{text}\n{evil}", id="words", metadata={evil: evil}),
            raw(evil, id="around2", metadata={"format": "text/html"}),
            code(f"{text} = 1\n{evil}", id="code", count=1, outputs=outputs),
            markdown(evil, id="around3", attachments={"x.svg": {"image/svg+xml": evil}}),
            *([] if gone else [code(f"{evil}{edited}", id="gone", outputs=outputs)]),
            code(evil, id="around4", outputs=outputs),
        ]
        language = {"name": evil, "mimetype": evil, "file_extension": evil}
        return JUPYTER.spell(notebook(*cells, metadata={"language_info": language, "title": evil}))

    return Sides(side("one"), side("two", edited="edited"), side("three", gone=True))


def test_no_element_of_a_notebook_is_on_the_page() -> None:
    """Without a browser: every element is one of ours, and so is every attribute."""
    notebooks = versions(_EVIL)
    sides = Terms(*map(read, notebooks.files()))
    data = notebooks.merged().replace(b"<<<<<<< local", f"<<<<<<< {LABEL}".encode())
    notebook = read(data)
    found = trace(find(notebook, lambda: KnownMerge(sides), merging=True), notebook, KnownMerge(sides))
    choices = Choices(notebook, offers(notebook, found))
    persons = Persons(local=LABEL, remote=_EVIL)
    page = settle_document(
        SettlePage(LABEL, choices, persons, notes=(_EVIL,), news=(_EVIL,), recalled=_EVIL), 1
    )
    assert re.findall("<(script|iframe|object|style|form|base|svg)", page) == ["script"]
    assert re.findall(r"<[a-z0-9]+[^<>]*\s(on\w+|style|srcdoc)=", page) == []
    assert set(re.findall(r'(?:href|src)="([^"#]{1,12})', page)) == {
        "data:,",
        "report.css",
        "settle.css",
        "settle.js",
    } | {"data:image/s"}


LABEL = f"<img src=x onerror={RUN!r}>\u202e</span>"


@pytest.mark.slow
def test_a_hostile_notebook(desk: Desk, elsewhere: socket.socket) -> None:
    evil = _EVIL.replace("127.0.0.1:9", f"127.0.0.1:{elsewhere.getsockname()[1]}")
    name = desk.folder / "<img src=x onerror=canary()> ${title} $base.ipynb"
    desk.path.write_bytes(versions(evil).merged().replace(b"<<<<<<< local", f"<<<<<<< {LABEL}".encode()))
    desk.path.rename(name)
    desk.name = name.name
    tool = desk.resolve()
    page = tool.open()
    heard = listen_to(page)
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    page.evaluate("document.querySelectorAll('#evil').forEach(link => link.click())")
    assert page.locator("#evil, #cells script, #cells iframe, #cells object, #cells style").count() == 0
    tool.choose(0, "remote")
    tool.type(1, evil)
    tool.choose(2, "local")
    tool.load_again()
    assert tool.save().startswith("Saved; no conflict is left")
    assert page.evaluate("typeof window.canary") == "undefined"
    with pytest.raises(BlockingIOError):  # nobody came
        elsewhere.accept()
    assert heard.opened == []
    assert [each for each in heard.asked_the_network() if not each.startswith(tool.url)] == []
    assert heard.violations == []
    assert tool.ended()[0] == 0
    assert desk.sources()[1] == f"three\n{evil}"
    assert desk.sources()[3].startswith(evil.rstrip("\n"))


@pytest.mark.slow
def test_what_both_sides_ran_is_shown_and_runs_nothing(desk: Desk, elsewhere: socket.socket) -> None:
    """With what git knows, outputs of every kind are on the page."""
    evil = _EVIL.replace("127.0.0.1:9", f"127.0.0.1:{elsewhere.getsockname()[1]}")
    tool = desk.mergetool(*versions(evil).files())
    page = tool.open()
    heard = listen_to(page)
    tool.load_again()
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true; })")
    assert page.locator("#cells img").count() >= 2  # the picture that would run something, of each side
    page.wait_for_timeout(200)
    assert page.evaluate("typeof window.canary") == "undefined"
    with pytest.raises(BlockingIOError):
        elsewhere.accept()
    assert heard.messages == []
    assert [each for each in heard.asked_the_network() if not each.startswith(tool.url)] == []
