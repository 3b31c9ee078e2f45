"""The panel's modules under node: what is said of a version, what is asked and when, what the buttons do."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from nbmerge.browser.comparison import NamedContent, compared_cells
from nbmerge.lineage.changes import Changes
from tests.helpers.build import code, notebook
from tests.helpers.node_process import NodeProcess, needs_node, node_process
from tests.helpers.spelling import JUPYTER
from tests.helpers.strategies import PIXEL
from tests.jupyter_page.node_pages import PAGE

pytestmark = needs_node
HOSTILE = '"><img src=x onerror=canary()>%1 \u202e日本語' + "ü" * 300
READ = HOSTILE.replace("\u202e", "⟨U+202E⟩")


@pytest.fixture(scope="module")
def panel() -> Iterator[NodeProcess]:
    with node_process(Path(__file__).with_name("history.mjs"), str(PAGE)) as found:
        yield found


def row(version: int, **members: Any) -> dict[str, Any]:
    time = "2026-11-30T10:00:00.000+00:00"
    usual = {"version": version, "first": version, "saves": 1, "time": time, "began": time, "cells": 3}
    more = {"origin": "saved", "parents": [version - 1], "writer": "", "head": False, "open": False}
    return usual | more | {"changes": Changes(ran=(2,)).as_json()} | members


def page(*rows: dict[str, Any], older: int = 0) -> dict[str, Any]:
    return {"rows": list(rows), "older": older, "doubts": [], "head": 1}


@pytest.mark.parametrize(
    "changes",
    [
        Changes(),
        Changes(added=(1,)),
        Changes(added=(4, 5), removed=(1,)),
        Changes(added=(1, 5), removed=(1, 2)),
        Changes(lines=((2, 1),)),
        Changes(lines=((2, 1), (4, 3)), ran=(3,), cleared=(1, 2, 3)),
        Changes(moved=(7,), other=(1, 2)),
    ],
)
def test_what_changed_is_said_as_log_says_it(panel: NodeProcess, changes: Changes) -> None:
    said = panel.do("say", about="changed", row=row(2, changes=changes.as_json()))
    assert said == (changes.words or "the same cells")


def test_how_a_version_came(panel: NodeProcess) -> None:
    def came(**members: Any) -> str:
        said: str = panel.do("say", about="came", row=row(5, **members))
        return said

    assert came(origin="merged", parents=[3, 4]) == "merged from @3 and @4"
    assert came(origin="restored") == "restored"
    assert came(saves=12, began="2026-11-30T09:49:00.000+00:00") == "12 saves in 11 min"


def test_days_are_those_of_people(panel: NodeProcess) -> None:
    def day(time: str) -> str:
        said: str = panel.do("say", about="day", time=time, now="2026-11-30T12:00:00")
        return said

    assert [day("2026-11-30T00:01:00"), day("2026-11-29T23:59:00")] == ["Today", "Yesterday"]
    assert "2026" in day("2026-11-28T12:00:00")


def test_names_are_said_as_they_are(panel: NodeProcess) -> None:
    assert panel.do("say", about="text", text="%1 and %2", values=["%2", HOSTILE]) == f"%2 and {HOSTILE}"


def test_no_name_turns_around_what_stands_beside_it(panel: NodeProcess) -> None:
    told = shown(panel)["told"]
    assert not any("\u202e" in one["text"] + str(one["attributes"]) for one in told)
    assert any("⟨U+202E⟩" in one["text"] for one in told)


def test_pages_are_put_together(panel: NodeProcess) -> None:
    panel.do("start")
    panel.do("open", path="a.ipynb")
    panel.do("call", method="refresh")
    panel.do("answer", id=panel.requests.pop().id, answer=page(row(9), row(8), older=8))
    panel.do("call", method="more")
    asked = panel.requests.pop()
    assert asked.body["before"] == 8
    panel.do("answer", id=asked.id, answer=page(row(7)))
    assert panel.do("read") | {"shows": 0} == {"rows": [9, 8, 7], "older": 0, "error": "", "shows": 0}


def test_an_answer_that_comes_too_late_changes_nothing(panel: NodeProcess) -> None:
    panel.do("start")
    panel.do("open", path="a.ipynb")
    panel.do("call", method="refresh")
    panel.do("call", method="find", values=["x"])
    panel.do("call", method="find", values=["xy"])
    of_all, of_x, of_xy = (panel.requests.pop(0) for _ in range(3))
    panel.do("answer", id=of_xy.id, answer=page(row(3)))
    for late in (of_all, of_x):
        panel.do("answer", id=late.id, answer=page(row(9)))
    assert panel.do("read")["rows"] == [3]
    panel.do("call", method="refresh")
    panel.do("open", path="b.ipynb")
    panel.do("fail", id=panel.requests.pop().id)
    assert (panel.do("read")["rows"], panel.do("read")["error"]) == ([], "")


def test_a_failure_is_said_until_an_answer_comes(panel: NodeProcess) -> None:
    panel.do("start")
    panel.do("open", path="a.ipynb")
    for end, error in (("fail", "it failed"), ("answer", "")):
        panel.do("call", method="refresh")
        panel.do(end, id=panel.requests.pop().id, **({} if error else {"answer": page(row(1))}))
        assert panel.do("read")["error"] == error


def shown(panel: NodeProcess, **what: Any) -> Any:
    doubt = {"version": row(4, writer=HOSTILE, open=True), "by": row(5, writer=HOSTILE)}
    lost = {"kind": "cell", "cell": 2, "last": 4, "lines": 2, "text": HOSTILE, "gone": 5, "writer": HOSTILE}
    lost |= {"number": 1, "time": "2026-11-30T10:00:00.000+00:00"}
    rows = [row(5, writer=HOSTILE, head=True), row(3, first=1, saves=3)]
    return panel.do("view", rows=rows, doubts=[doubt], lost=[lost], **what)


def test_what_people_wrote_is_text_and_every_control_has_a_name(panel: NodeProcess) -> None:
    told = shown(panel)["told"]
    assert {one["name"] for one in told} <= {"p", "ul", "li", "h3", "b", "pre", "span", "time", "button"}
    assert not any(name.startswith("on") for one in told for name in one["attributes"])
    values = [str(value) for one in told for value in one["attributes"].values()]
    assert not any("onerror" in value for value in values if "title" not in value)
    assert sum(READ in one["text"] for one in told) >= 4


def test_all_that_is_said_can_be_translated(panel: NodeProcess) -> None:
    for one in shown(panel, language="brackets")["told"]:
        text = one["text"].strip(" ·")
        is_ours = text and READ not in text and one["name"] != "time" and not text.startswith("@")
        assert not is_ours or "[" in text, text
        assert "[" in one["attributes"].get("aria-label", "[")


class OwnWords(HTMLParser):
    """The texts of a report that are its own, not a notebook's."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self._inside: list[str] = []
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attrs}
        if tag == "img":
            self.found += [named["alt"]] if named.get("class") == "ours" else []
        else:
            self._inside.append(f"{tag} {named.get('class', '')}".strip())

    def handle_endtag(self, tag: str) -> None:
        self._inside.pop()

    def handle_data(self, data: str) -> None:
        ours = {"summary", "h4", "th", "p cut", "p empty", "span who gone", "span who added"}
        if self._inside[-1] in ours | {"span ours"}:
            self.found.append(data)


def test_what_the_server_says_of_cells_is_told_in_the_language_of_the_page(panel: NodeProcess) -> None:
    many = "\n".join(f"line {number}" for number in range(2000))
    data = {"image/png": "?", "text/html": "<b>", "text/plain": many}
    bundles: list[dict[str, Any]] = [
        data,
        {},
        {"image/png": PIXEL},
        {"image/png": PIXEL, "text/plain": "picture"},
    ]
    outputs = [{"output_type": "display_data", "metadata": {}, "data": bundle} for bundle in bundles]
    ran = code(many, id="one", count=3, outputs=outputs, metadata={"tags": ["x"]})
    cleared = code(many, id="one", metadata={"name": "nothing", "level": 1, "long": "x" * 4998})
    files = (NamedContent(name, JUPYTER.spell(notebook(cell))) for name, cell in (("a", ran), ("b", cleared)))
    [cell] = compared_cells(*files)
    said = OwnWords(str(cell["html"])).found
    for beginning in (
        "before",
        "after",
        "outputs",
        "none",
        "nothing",
        "metadata",
        "1,9",
        "Cut",
        "text/",
        "A",
        "picture",
        "(5,000 characters)",
    ):
        assert [text for text in said if text.strip().startswith(beginning)], beginning
    assert said.count("picture") == 1  # the other one is the notebook's
    for text in said:
        assert panel.do("say", about="report", text=text) == re.sub(r"(?<=\d),", "", text)
        here = panel.do("say", about="report", text=text, language="brackets").strip()
        assert (here[0], here[-1]) == ("[", "]"), text
    kind = panel.do("say", about="kind", cell=cell, language="brackets")
    assert kind == "[code] [[3], now [ ]]"


def test_bytes_have_a_plural(panel: NodeProcess) -> None:
    for size in ("1 byte", "2 bytes"):
        told = f"A picture that is not shown: the page would be too large (image/png, {size})."
        assert panel.do("say", about="report", text=told) == told
        assert panel.do("say", about="report", text=told, language="brackets") == f"[{told}]"


def test_a_view_shows_the_version_in_its_title_or_none(panel: NodeProcess) -> None:
    """Of a server from before, of one that is slow, and of one that sends what cannot be shown."""
    cell = {"then": 1, "now": 1, "status": "changed", "moved": False, "quiet": False, "html": ""}
    good = {"version": row(0), "cells": [cell | {"kinds": "code [3]", "counts": []}], "style": "", "head": 9}
    bad = good | {"cells": [cell | {"kinds": None, "counts": []}]}
    seen = panel.do("dialog", answers=[good, None, good, bad])
    for number in (0, 2):
        assert "Restore this version" in seen[number]["buttons"]
        assert seen[number]["cells"] == ["Cell 1code [3]changed sinceRestore this cell"]
    for number in (1, 3):
        assert seen[number]["title"] == f"nb.ipynb, version @{number}"
        assert (seen[number]["buttons"], seen[number]["cells"]) == (["Close"], [])
    assert seen[1]["said"] == "Looking …"
    assert "null" in seen[3]["said"]


def test_what_a_report_says_of_a_notebook_is_left(panel: NodeProcess) -> None:
    for text in ("before all", "x none", "1 more lines of code", '"nothing"', ""):
        assert panel.do("say", about="report", text=text, language="brackets") == text


@pytest.mark.parametrize(
    ("name", "done"),
    [
        ("Merge", ["merge", None]),
        ("Dismiss", ["dismiss", 4]),
        ("Look", ["show", 4]),
        ("Put back", ["putBack", 4]),
        ("Older", ["older", None]),
        ("Each save", ["unfold", 3]),
        ("@1\u2013@3", ["show", 3]),
    ],
)
def test_buttons_do_what_they_say(panel: NodeProcess, name: str, done: list[Any]) -> None:
    assert shown(panel, press=name)["pressed"] == [done]
