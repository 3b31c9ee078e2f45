"""Conflicts that tabs show: what they are told of them, and what a choice makes of their copy.

Run by test_server.py, in a process of their own.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError

from nbmerge.cli.main import run
from nbmerge.sync import apply
from tests.helpers.build import Notebook, code, markdown, notebook
from tests.helpers.spelling import JUPYTER

pytest_plugins = ["pytest_jupyter.jupyter_server"]

Fetch = Callable[..., Awaitable[Any]]
NAME = "nb.ipynb"
LESSON = "A conflict:\n```\n<<<<<<< HEAD\na\n=======\nb\n>>>>>>> topic\n```"
START = notebook(
    markdown(LESSON, id="lesson"),
    code("one = 1\nshow(one)", id="one", count=1, out="1\n"),
    code("two = 2", id="two", count=2, out="2\n"),
)
CHOICES = ("local", "remote", "both", "base")


@pytest.fixture
def file(jp_root_dir: Path) -> Path:
    found = jp_root_dir / NAME
    found.write_bytes(JUPYTER.spell(json.loads(json.dumps(START, sort_keys=True))))
    return found


class Tab:
    """A tab with its copy, and the tokens of what it has saved."""

    def __init__(self, fetch: Fetch, name: str) -> None:
        self.fetch, self.name = fetch, name
        self.copy: Notebook = {}
        self.version = ""
        self.sent: list[str] = []

    async def ask(self, method: str, what: str, **body: object) -> Any:
        data = json.dumps(body) if body else None
        answer = await self.fetch("nbmerge", "api", what, NAME, method=method, body=data)
        return json.loads(answer.body)

    async def open(self) -> Tab:
        found = await self.ask("GET", "open")
        self.copy, self.version = found["model"]["content"], found["version"]
        return self

    def cell(self, id: str) -> dict[str, Any]:
        found: dict[str, Any] = next(cell for cell in self.copy["cells"] if cell["id"] == id)
        return found

    def run(self, id: str, source: str, count: int) -> None:
        """Type something in a cell, and run it."""
        out = [{"output_type": "stream", "name": "stdout", "text": f"{source}!\n"}]
        self.cell(id).update(source=source, outputs=out, execution_count=count)

    async def save(self) -> Tab:
        body = {"base": self.version, "save_id": f"{self.name}-{len(self.sent)}", "tab": self.name}
        found = await self.ask("PUT", "save", content=self.copy, **body)
        self.sent.append(found["sent"])
        return self._follow(found)

    async def pull(self) -> Tab:
        return self._follow(await self.ask("POST", "pull", base=self.version, content=self.copy))

    async def conflicts(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = (
            await self.ask("POST", "conflicts", base=self.version, content=self.copy)
        )["conflicts"]
        return found

    async def settle(self, choice: str, cell: int = 1, line: int = 0) -> bool | None:
        place = {"cell": cell, "line": line, "choice": choice}
        made = await self.ask("POST", "settle", base=self.version, content=self.copy, **place)
        self.copy = apply(self.copy, made["operations"])
        trusted: bool | None = made["trusted"]
        return trusted

    def _follow(self, found: Any) -> Tab:
        self.copy = apply(self.copy, found["operations"])
        self.version = found.get("version", self.version)
        return self


async def two_who_conflict(fetch: Fetch, ours: str = "one = 10", theirs: str = "one = 11") -> tuple[Tab, Tab]:
    """Both have run the same cell with something else in it, and the second one sees the conflict."""
    ann, bob = await Tab(fetch, "a").open(), await Tab(fetch, "b").open()
    ann.run("one", f"{ours}\nshow(one)", 3)
    bob.run("one", f"{theirs}\nshow(one)", 4)
    await ann.save()
    await bob.save()
    await ann.pull()
    return ann, bob


@pytest.mark.parametrize("choice", CHOICES)
async def test_a_choice_makes_what_resolve_makes(
    jp_fetch: Fetch, file: Path, tmp_path: Path, choice: str
) -> None:
    _, bob = await two_who_conflict(jp_fetch)
    shown = file.read_bytes()
    await bob.settle(choice)
    await bob.save()
    by_tab = file.read_bytes()
    state = ["--state", str(tmp_path / "state")]
    (before,) = [n for n in range(1, 9) if _version(state, file, n) == shown]
    assert run(["restore", *state, f"{file}@{before}"]) == 0
    assert run(["resolve", *state, str(file), f"--{choice}"]) == 0
    assert file.read_bytes() == by_tab
    cell = json.loads(by_tab)["cells"][1]
    assert cell["execution_count"] == {"local": 3, "remote": 4, "both": None, "base": 1}[choice]


def _version(state: list[str], file: Path, number: int) -> bytes:
    from nbmerge.service.notebook_service import open_service

    with open_service(state[1]) as service, service.at(str(file)) as (notebook_id, _):
        known = [version.number for version in service.store.versions(notebook_id)]
        return service.store.data(notebook_id, number) if number in known else b""


async def test_a_tab_is_told_who_wrote_which_side_and_when(jp_fetch: Fetch, file: Path) -> None:
    ann, bob = await two_who_conflict(jp_fetch)
    for tab in (ann, bob):
        (found,) = await tab.conflicts()
        assert (found["cell"], found["line"], found["has_base"]) == (1, 0, True)
        assert [found[side]["versions"] for side in ("local", "remote")] == [ann.sent, bob.sent]
        assert found["local"]["time"] <= found["remote"]["time"]


async def test_what_was_merged_since_does_not_make_it_forgotten(jp_fetch: Fetch, file: Path) -> None:
    ann, bob = await two_who_conflict(jp_fetch)
    for number in range(12):
        ann.run("two", f"two = {number}", number)
        bob.copy["metadata"]["number"] = number
        await ann.save()
        await bob.save()
        await ann.pull()
    (found,) = await bob.conflicts()
    assert [found[side]["versions"] for side in ("local", "remote")] == [ann.sent[:1], bob.sent[:1]]
    await bob.settle("local")
    assert (bob.cell("one")["execution_count"], bob.cell("two")["source"]) == (3, "two = 11")


async def test_markers_that_were_there_before_are_no_conflict(jp_fetch: Fetch, file: Path) -> None:
    tab = await Tab(jp_fetch, "a").open()
    assert await tab.conflicts() == []
    tab.cell("two")["source"] = "<<<<<<< mine\na\n=======\nb\n>>>>>>> theirs"  # pasted from somewhere
    (found,) = await tab.conflicts()
    assert (found["cell"], found["has_base"], found["local"]["time"]) == (2, False, None)


async def test_of_markers_that_came_from_elsewhere_no_tab_is_the_author(jp_fetch: Fetch, file: Path) -> None:
    _, bob = await two_who_conflict(jp_fetch)
    bob.cell("two")["source"] = "<<<<<<< mine\na\n=======\nb\n>>>>>>> theirs"
    await bob.save()
    made, pasted = await bob.conflicts()
    assert made["remote"]["versions"] == bob.sent[:1]
    assert (pasted["cell"], pasted["local"]["versions"], pasted["remote"]["versions"]) == (2, [], [])


async def test_the_cell_that_one_side_deleted(jp_fetch: Fetch, file: Path) -> None:
    for choice, left in (("local", ["lesson", "two"]), ("remote", ["lesson", "one", "two"])):
        file.write_bytes(JUPYTER.spell(START))
        ann, bob = await Tab(jp_fetch, f"a{choice}").open(), await Tab(jp_fetch, f"b{choice}").open()
        del ann.copy["cells"][1]
        bob.run("one", "one = 11\nshow(one)", 4)
        await ann.save()
        await bob.save()
        assert bob.cell("one")["source"].count("(deleted)") == 1
        await bob.settle(choice)
        assert [cell["id"] for cell in bob.copy["cells"]] == left
        if choice == "remote":
            assert (bob.cell("one")["source"], bob.cell("one")["execution_count"]) == (
                "one = 11\nshow(one)",
                4,
            )


async def test_unsaved_typing_elsewhere_stays(jp_fetch: Fetch, file: Path) -> None:
    _, bob = await two_who_conflict(jp_fetch)
    bob.cell("two")["source"] = "typing"
    bob.cell("one")["source"] += "\nmore = 1"
    await bob.settle("remote")
    assert [cell["source"] for cell in bob.copy["cells"][1:]] == ["one = 11\nshow(one)\nmore = 1", "typing"]
    assert bob.cell("one")["outputs"] == []  # nobody has run this


@pytest.mark.parametrize("trusted", [True, False])
async def test_results_that_come_back_are_trusted_as_they_were(
    jp_fetch: Fetch, file: Path, trusted: bool
) -> None:
    ann, bob = await Tab(jp_fetch, "a").open(), await Tab(jp_fetch, "b").open()
    for number, tab in enumerate((ann, bob)):
        for cell in tab.copy["cells"][1:]:
            cell["metadata"]["trusted"] = trusted
        tab.run("one", f"one = 1{number}", number)
        shown = {"output_type": "display_data", "data": {"text/html": "<b>bold</b>"}, "metadata": {}}
        tab.cell("one")["outputs"].append(shown)
        await tab.save()
    assert await bob.settle("remote") is trusted
    assert bob.cell("one")["outputs"]


async def test_what_cannot_be_chosen_is_refused(jp_fetch: Fetch, file: Path) -> None:
    _, bob = await two_who_conflict(jp_fetch)
    before = file.read_bytes()
    right = {"base": bob.version, "content": bob.copy, "cell": 1, "line": 0, "choice": "local"}
    wrong: list[dict[str, Any]] = [{"cell": 0}, {"cell": 99}, {"line": 1}, {"line": -1}, {"base": "9.00"}]
    for change in [*wrong, {"choice": "all"}]:
        with pytest.raises(HTTPClientError) as refused:
            await bob.ask("POST", "settle", **right | change)
        assert refused.value.code == (400 if "choice" in change else 409)
    assert file.read_bytes() == before
