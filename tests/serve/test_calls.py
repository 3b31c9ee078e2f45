"""What each call answers: the same as the calls in Python, and errors that tell who is to blame."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from nbmerge import __version__
from nbmerge.sync import apply
from tests.helpers.build import code, notebook, source_of
from tests.helpers.spelling import JUPYTER
from tests.serve.talk import Talk, talking

START = notebook(*(code(f"{name} = 1\nprint({name})", id=name) for name in "abc"))


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Talk]:
    with talking(str(tmp_path_factory.mktemp("state") / "state")) as found:
        yield found


@dataclass
class Page:
    """An editor in another language, with its copy of a notebook."""

    talk: Talk
    path: Path
    copy: Any = None
    base: str = ""

    def open(self, **members: Any) -> None:
        found = self.talk.ask("open", path=str(self.path), **members)
        self.copy, self.base = json.loads(found["content"]), found["version"]

    @property
    def text(self) -> str:
        return JUPYTER.spell(self.copy).decode()

    def type(self, cell: int, source: str) -> None:
        self.copy["cells"][cell]["source"] = source

    def call(self, name: str, **members: Any) -> dict[str, Any]:
        """Save, pull or claim the copy, and follow what comes."""
        answer = self.talk.ask(name, path=str(self.path), base=self.base, content=self.text, **members)
        self.copy = apply(self.copy, answer.get("operations", []))
        self.base = answer["version"]
        return answer

    @property
    def sources(self) -> list[str]:
        return [source_of(cell) for cell in json.loads(self.path.read_text())["cells"]]


@pytest.fixture
def page(process: Talk, tmp_path: Path) -> Page:
    path = tmp_path / "nb.ipynb"
    path.write_bytes(JUPYTER.spell(START))
    found = Page(process, path)
    found.open()
    return found


def test_it_says_what_it_is(process: Talk) -> None:
    found = process.ask("about")
    assert (found["version"], found["protocol"]) == (__version__, 1)
    assert found.keys() == {"version", "protocol", "python", "state"}


def test_opening_gives_the_exact_text(page: Page) -> None:
    text = page.path.read_bytes().decode()
    found = page.talk.ask("open", path=str(page.path), writer="Ann")
    assert found == {"version": f"{page.base}.Ann", "content": text}
    assert page.talk.ask("open", path=str(page.path), content=False) == {"version": page.base}
    assert page.talk.ask("head", path=str(page.path)) == {"version": page.base, "due": False}


def test_two_who_save_are_merged(page: Page) -> None:
    other = Page(page.talk, page.path)
    other.open(writer="Bob")
    page.type(0, "a = 2")
    other.type(2, "c = 2")
    assert not other.call("save", save_id="one")["merged"]
    answer = page.call("save", writer="Ann")
    assert answer["merged"]
    assert answer["came"] == [{"writer": "Bob", "cells": 1, "lines": 2}]
    assert answer["operations"] == [{"op": "set", "cell": "c", "field": "source", "value": "c = 2"}]
    assert answer.keys() == {"version", "sent", "merged", "conflicts", "operations", "came"}
    assert page.sources == ["a = 2", "b = 1\nprint(b)", "c = 2"]


def test_what_others_saved_comes_without_a_save(page: Page) -> None:
    other = Page(page.talk, page.path)
    other.open()
    other.type(2, "c = 2")
    other.call("save")
    page.type(0, "a = 2")
    answer = page.call("pull", whole=True)
    assert json.loads(answer["content"]) == page.copy
    assert (answer["held"], answer["due"], answer["head"]) == ([], False, other.base)
    assert "content" not in page.call("pull")
    other.type(0, "a = 3")
    other.call("save")
    assert page.call("pull")["held"] == ["a"]


def test_an_editor_writes_its_own_bytes_without_a_question(page: Page) -> None:
    """As VS Code does: saved exactly, the same bytes written by the editor itself, and claimed."""
    page.copy["metadata"]["b"] = page.copy["metadata"]["a"] = 1
    page.type(0, "a = 2")
    text = page.text.replace("\n ", "\n  ")
    page.talk.ask("save", path=str(page.path), base=page.base, content=text, exact=True)
    assert page.path.read_text() == text
    page.path.write_text(text)
    found = page.talk.ask("claim", path=str(page.path), base=page.base, content=text, writer="Ann")
    assert (found["due"], found["head"]) == (False, found["version"])


def test_what_an_editor_wrote_over_comes_back(page: Page) -> None:
    other = Page(page.talk, page.path)
    other.open()
    other.type(2, "c = 2")
    other.call("save")
    page.type(0, "a = 2")
    page.path.write_text(page.text)
    assert page.call("claim")["due"]
    page.call("pull")
    page.call("save", exact=True)
    assert page.sources == ["a = 2", "b = 1\nprint(b)", "c = 2"]


def test_three_texts_are_merged_without_any_version(page: Page) -> None:
    """What an undo took out of others' work comes back, beside what was typed since; the file stays."""
    common, before = page.text, page.path.read_bytes()
    page.type(0, "a = 2\nprint(a)")
    other = page.text
    page.copy = json.loads(common)
    page.type(1, "b = 2\nprint(b)")
    found = page.talk.ask("merge", path=str(page.path), common=common, content=page.text, other=other)
    page.copy = apply(page.copy, found["operations"])
    assert [source_of(cell) for cell in page.copy["cells"]][:2] == ["a = 2\nprint(a)", "b = 2\nprint(b)"]
    assert page.path.read_bytes() == before
    page.type(0, "a = 3\nprint(a)")  # typed over what was undone: it stands
    found = page.talk.ask("merge", path=str(page.path), common=common, content=page.text, other=other)
    assert (found["operations"], found["held"]) == ([], ["a"])


def test_who_holds_is_told_what_the_file_holds(page: Page) -> None:
    held = page.talk.ask("hold", path=str(page.path))
    assert held["version"] == page.talk.ask("head", path=str(page.path))["version"]


def test_changes_are_told_once_each(page: Page) -> None:
    talk, path = page.talk, str(page.path)
    assert talk.ask("follow", path=path) == {"version": page.base}
    page.type(0, "a = 2")
    page.call("save")
    assert talk.event("changed") == {"event": "changed", "path": path, "version": page.base}
    page.type(0, "a = 3")  # of the same size
    page.path.write_text(page.text)
    version = talk.event("changed")["version"]
    assert version == talk.ask("head", path=path)["version"] != page.base
    page.path.unlink()
    assert talk.event("changed")["version"] == ""
    page.path.write_text(page.text)
    assert talk.event("changed")["version"] == version
    assert talk.ask("unfollow", path=path) == {}
    page.type(0, "a = 4")
    page.path.write_text(page.text)
    assert not talk.has_event(0.5)


def test_what_is_half_written_is_told_when_it_is_whole(page: Page) -> None:
    talk, path = page.talk, str(page.path)
    talk.ask("follow", path=path)
    page.type(0, "a = 2")
    page.path.write_text(page.text[:50])
    assert not talk.has_event(0.5)
    page.path.write_text(page.text)
    assert talk.event("changed")["version"] == talk.ask("head", path=path)["version"]
    talk.ask("unfollow", path=path)


def test_a_change_is_told_soon(page: Page) -> None:
    """Here: of five the quickest, since other programs keep the machine busy."""
    talk, path = page.talk, str(page.path)
    talk.ask("follow", path=path)
    waited = []
    for number in range(5):
        page.type(0, f"a = {number + 2}")
        began = time.monotonic()
        page.path.write_text(page.text)
        talk.event("changed")
        waited.append(time.monotonic() - began)
    talk.ask("unfollow", path=path)
    assert min(waited) < 0.3


@pytest.mark.parametrize(
    ("call", "members", "message"),
    [
        ("nonsense", {}, "there is no call 'nonsense'; there are open, head"),
        ("head", {}, "head: the member 'path' is missing"),
        ("head", {"path": 1}, "head: the member 'path' is no text"),
        ("head", {"path": "a\0b"}, "head: the member 'path' is no path"),
        ("head", {"path": "n", "pat\nh": 1}, "head: the member 'pat\\nh' is unknown; it takes path"),
        ("about", {"path": "n"}, "about: the member 'path' is unknown; it takes none"),
        ("open", {"path": "n", "content": "yes"}, "open: the member 'content' is neither true nor false"),
        ("save", {"path": "n", "base": "1", "content": None}, "save: the member 'content' is no text"),
        ("save", {"path": "n", "base": "1" * 5000, "content": ""}, "'base' is longer than 4000 characters"),
        ("open", {"path": "n", "writer": "a\nb"}, "'writer' has characters that cannot be printed"),
    ],
)
def test_what_no_call_takes_is_refused(
    process: Talk, call: str, members: dict[str, Any], message: str
) -> None:
    reason, said = process.refusal(call, **members)
    assert reason == "invalid"
    assert message in said


def test_errors_tell_who_is_to_blame(page: Page) -> None:
    talk, path = page.talk, str(page.path)
    assert talk.refusal("save", path=path, base="1.x", content=page.text)[0] == "unknown base"
    assert talk.refusal("pull", path=path, base="1.x", content=page.text)[0] == "unknown base"
    assert talk.refusal("claim", path=path, base="1.x", content=page.text)[0] == "unknown base"
    reason, message = talk.refusal("save", path=path, base=page.base, content="{")
    assert (reason, "what was sent for" in message) == ("no notebook", True)
    assert talk.refusal("head", path=f"{path}.not")[0] == "gone"
    page.path.write_text("{}")
    assert talk.refusal("head", path=path)[0] == "no notebook"
    page.path.write_bytes(page.text.encode("utf-16"))
    reason, message = talk.refusal("open", path=path)
    assert (reason, "not in UTF-8" in message) == ("no notebook", True)
    assert talk.refusal("head", path="/proc/self/mem")[0] in ("no notebook", "system")


def test_half_a_character_in_a_notebook_survives(page: Page) -> None:
    page.type(0, "a = '\ud800 \U0001f600'")
    text = json.dumps(page.copy, indent=1)
    page.talk.ask("save", path=str(page.path), base=page.base, content=text, exact=True)
    assert page.path.read_text() == text
    assert page.talk.ask("open", path=str(page.path))["content"] == text
    raw = json.dumps(page.copy, indent=1, ensure_ascii=False)
    page.open()
    page.talk.ask("save", path=str(page.path), base=page.base, content=raw, exact=True)
    assert json.loads(page.path.read_text()) == page.copy


def test_requests_about_one_notebook_keep_their_order(page: Page) -> None:
    numbers = []
    for number in range(20):
        page.type(0, f"a = {number}")
        members = {"path": str(page.path), "base": page.base, "content": page.text}
        numbers.append(page.talk.send("save", **members, save_id="one"))
    answers = [page.talk.reply(number)["answer"]["version"] for number in numbers]
    assert page.sources[0] == "a = 19"
    assert page.talk.ask("head", path=str(page.path))["version"] == answers[-1]


@pytest.mark.parametrize("kind", ["a pipe", "a device", "a folder"])
def test_what_is_no_ordinary_file_holds_nothing_up(process: Talk, tmp_path: Path, kind: str) -> None:
    """From a pipe one could wait for ever, and a device may never end."""
    pipe, device, page = tmp_path / "pipe.ipynb", Path("/dev/zero"), tmp_path / "nb.ipynb"
    os.mkfifo(pipe)
    page.write_bytes(JUPYTER.spell(START))
    path = {"a pipe": pipe, "a device": device, "a folder": tmp_path}[kind]
    reason, message = process.refusal("open", path=str(path))
    assert (reason, "is no ordinary file" in message) == ("no notebook", True)
    assert process.ask("head", path=str(page))["version"].startswith("1.")
