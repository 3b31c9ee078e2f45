"""Tabs that take part through a Jupyter server: what they are answered, what is refused, what is told.

Run by test_server.py, in a process of their own.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError

from nbmerge.disk.disk import Disk
from nbmerge.errors import SystemFailure
from nbmerge.history.values import StoreAway
from nbmerge.jupyter.events import SCHEMA_ID
from nbmerge.sync import apply
from nbmerge.sync.standing import StandingStore
from tests.helpers.build import Notebook, code, notebook, source_of
from tests.helpers.spelling import JUPYTER

pytest_plugins = ["pytest_jupyter.jupyter_server"]

Fetch = Callable[..., Awaitable[Any]]
START = notebook(code("one = 1", id="one"), code("two = 2", id="two"))
NAME = "work/nb.ipynb"


@pytest.fixture
def file(jp_root_dir: Path) -> Path:
    found = jp_root_dir / NAME
    found.parent.mkdir()
    found.write_bytes(JUPYTER.spell(START))
    return found


class Tab:
    """A tab: its copy, and the token of what that comes from."""

    def __init__(self, fetch: Fetch, name: str) -> None:
        self.fetch, self.name = fetch, name
        self.copy: Notebook = {}
        self.version = ""
        self.count = 0

    async def ask(self, method: str, what: str, body: object = None, path: str = NAME) -> Any:
        sent = None if body is None else json.dumps(body)
        answer = await self.fetch("nbmerge", "api", what, path, method=method, body=sent)
        return json.loads(answer.body)

    async def open(self) -> Tab:
        found = await self.ask("GET", "open")
        assert found["here"] is True
        self.copy, self.version = found["model"]["content"], found["version"]
        return self

    def type(self, id: str, source: str) -> None:
        next(cell for cell in self.copy["cells"] if cell["id"] == id)["source"] = source

    async def save(self, save_id: str = "", base: str = "", follow: bool = True) -> Any:
        self.count += 1
        body = {"base": base or self.version, "save_id": save_id or f"{self.name}-{self.count}"}
        found = await self.ask("PUT", "save", body | {"tab": self.name, "content": self.copy})
        if follow:
            self.follow(found)
        return found

    async def pull(self) -> Any:
        found = await self.ask("POST", "pull", {"base": self.version, "content": self.copy})
        self.follow(found)
        return found

    def follow(self, found: Any) -> None:
        self.copy = apply(self.copy, found["operations"])
        self.version = found["version"]

    @property
    def sources(self) -> list[str]:
        return [cell["source"] for cell in self.copy["cells"]]


def held(file: Path) -> list[str]:
    return [source_of(cell) for cell in json.loads(file.read_bytes())["cells"]]


async def refused(asked: Awaitable[Any]) -> tuple[int, Any]:
    with pytest.raises(HTTPClientError) as caught:
        await asked
    assert caught.value.response is not None
    return caught.value.code, json.loads(caught.value.response.body)


async def test_open_gives_what_contents_give(jp_fetch: Fetch, file: Path) -> None:
    stock = await jp_fetch("api", "contents", NAME, params={"content": 1, "type": "notebook", "hash": 1})
    found = await Tab(jp_fetch, "a").ask("GET", "open")
    assert found["model"] == json.loads(stock.body)
    assert found["version"].startswith("1.")


async def test_two_tabs_save_different_cells(jp_fetch: Fetch, file: Path) -> None:
    ann, bob = await Tab(jp_fetch, "a").open(), await Tab(jp_fetch, "b").open()
    ann.type("one", "one = 11")
    bob.type("two", "two = 22\nprint(two)")
    assert (await ann.save())["operations"] == []
    answer = await bob.save()
    assert [one["cell"] for one in answer["operations"]] == ["one"]
    assert (answer["conflicts"], answer["came"][0]["cells"]) == ([], 1)
    assert held(file) == bob.sources == ["one = 11", "two = 22\nprint(two)"]
    assert (await ann.pull())["held"] == []
    assert (ann.sources, ann.version) == (bob.sources, bob.version)
    assert (await ann.ask("GET", "head"))["version"] == bob.version
    assert b"trusted" not in file.read_bytes()


async def test_an_answer_that_was_lost(jp_fetch: Fetch, file: Path) -> None:
    ann, bob = await Tab(jp_fetch, "a").open(), await Tab(jp_fetch, "b").open()
    bob.type("two", "two = 22")
    await bob.save()
    ann.type("one", "one = 11")
    first = await ann.save("x", follow=False)
    assert await ann.save("x", follow=False) == first
    ann.type("one", "one = 11 * 3")
    assert (await ann.save("y", base="x"))["conflicts"] == []
    assert held(file) == ["one = 11 * 3", "two = 22"]


async def test_an_unknown_base_writes_nothing(jp_fetch: Fetch, file: Path) -> None:
    ann = await Tab(jp_fetch, "a").open()
    ann.type("one", "one = 11")
    ann.version = "9.00000000000000000000"
    for asked in (ann.save(), ann.pull()):
        status, reply = await refused(asked)
        assert (status, reply["reason"]) == (409, "unknown base")
    assert held(file) == ["one = 1", "two = 2"]


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("base", "1.caf\xe9"),
        ("base", "1." + "0" * 1000),
        ("save_id", "a\nb"),
        ("save_id", "\x1b[2J"),
        ("tab", "t" * 201),
    ],
)
async def test_names_that_are_none_are_refused(jp_fetch: Fetch, file: Path, member: str, value: str) -> None:
    tab = await Tab(jp_fetch, "a").open()
    body = {"base": tab.version, "save_id": "x", "tab": "a", "content": tab.copy}
    assert (await refused(tab.ask("PUT", "save", body | {member: value})))[0] == 400
    assert held(file) == ["one = 1", "two = 2"]


async def test_a_page_learns_no_path_of_the_disk(
    jp_fetch: Fetch, file: Path, jp_root_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = await Tab(jp_fetch, "a").open()
    tab.type("one", "one = 11")
    with monkeypatch.context() as failing:

        def place(*_: object) -> None:
            raise SystemFailure(f"{file}: cannot be written, {file.parent}/.tmp is 100% full: 50%d")

        failing.setattr(Disk, "place", place)
        _, reply = await refused(tab.save("x"))
        assert reply["message"].startswith(f"{NAME}: cannot be written, work/.tmp is 100% full: 50%d; what")
    tab.version = "9.00000000000000000000"
    _, reply = await refused(tab.pull())
    assert reply["message"].startswith(f"{NAME}: the version '9.")
    file.write_text("no notebook")
    _, reply = await refused(tab.ask("GET", "open"))
    assert reply["message"].startswith(f"{NAME}: ")


async def test_a_store_that_was_removed_is_made_anew(jp_fetch: Fetch, file: Path, tmp_path: Path) -> None:
    ann = await Tab(jp_fetch, "a").open()
    os.rename(tmp_path / "state", tmp_path / "gone")
    ann.type("one", "one = 11")
    await ann.save()
    assert held(file) == ["one = 11", "two = 2"]


async def test_who_is_refused(jp_fetch: Fetch, file: Path, jp_root_dir: Path) -> None:
    (jp_root_dir / ".hidden.ipynb").write_bytes(JUPYTER.spell(START))
    tab = await Tab(jp_fetch, "a").open()
    body = json.dumps({"base": tab.version, "save_id": "x", "tab": "a", "content": tab.copy})
    save = ("nbmerge", "api", "save", NAME)
    no_token = {"Authorization": "token wrong"}
    assert (await refused(jp_fetch(*save, method="PUT", body=body, headers=no_token)))[0] == 403
    other = {"Origin": "http://elsewhere.example", **no_token}  # another site's page has no token to show
    assert (await refused(jp_fetch(*save, method="PUT", body=body, headers=other)))[0] in (403, 404)
    content = json.loads(body)
    assert (await refused(tab.ask("GET", "open", path=".hidden.ipynb")))[0] == 404
    assert (await refused(tab.ask("PUT", "save", content, path=".hidden.ipynb")))[0] == 400
    assert (await refused(tab.ask("GET", "open", path="../outside.ipynb")))[0] in (403, 404)
    assert (await refused(tab.ask("GET", "head", path="none.ipynb")))[0] == 404
    assert (await refused(tab.ask("PUT", "save", {"base": "x"})))[0] == 400
    assert held(file) == ["one = 1", "two = 2"]


async def test_what_is_no_plain_file_is_left_to_its_manager(
    jp_fetch: Fetch, file: Path, jp_serverapp: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = type(jp_serverapp.contents_manager)

    class Paired(kind):  # type: ignore[misc, valid-type]
        async def save(self, model: Any, path: str = "") -> Any:
            raise AssertionError

    monkeypatch.setattr(jp_serverapp.contents_manager, "__class__", Paired)
    found = await Tab(jp_fetch, "a").ask("GET", "open")
    assert found["here"] is False
    assert "Paired" in found["why"]


async def test_a_full_disk_is_told_as_contents_tell_it(
    jp_fetch: Fetch, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tab = await Tab(jp_fetch, "a").open()
    tab.type("one", "one = 11")
    with monkeypatch.context() as full:

        def place(*_: object) -> None:
            raise SystemFailure("the disk is full") from OSError(errno.ENOSPC, "no space")

        full.setattr(Disk, "place", place)
        assert (await refused(tab.save("x")))[0] == 507
    assert held(file) == ["one = 1", "two = 2"]
    await tab.save("x")
    assert held(file) == ["one = 11", "two = 2"]


async def test_outputs_of_others_are_trusted_only_if_their_notebook_is(jp_fetch: Fetch, file: Path) -> None:
    tab = await Tab(jp_fetch, "a").open()
    shown = {"output_type": "display_data", "data": {"text/html": ["<b>", "bold</b>"]}, "metadata": {}}
    file.write_bytes(
        JUPYTER.spell(notebook(code("one = 1", id="one", outputs=[shown]), code("two = 2", id="two")))
    )
    tab.copy["cells"][0]["metadata"]["trusted"] = True
    await tab.pull()
    assert tab.copy["cells"][0]["outputs"][0]["data"] == {"text/html": "<b>bold</b>"}
    assert tab.copy["cells"][0]["metadata"] == {"trusted": False}


@pytest.mark.parametrize("trusted", [True, False])
async def test_trust_outlives_a_save(jp_fetch: Fetch, file: Path, trusted: bool) -> None:
    tab = await Tab(jp_fetch, "a").open()
    shown = {"output_type": "display_data", "data": {"text/html": "<b>bold</b>"}, "metadata": {}}
    tab.copy["cells"][0] |= {"outputs": [shown], "metadata": {"trusted": trusted}}
    await tab.save()
    again = await Tab(jp_fetch, "b").open()
    assert [cell["metadata"]["trusted"] for cell in again.copy["cells"]] == [trusted, trusted]


async def test_the_hook_before_a_save_is_honoured(jp_fetch: Fetch, file: Path, jp_serverapp: Any) -> None:
    def hook(model: Any, **_: object) -> None:
        model["content"]["metadata"]["stripped"] = True

    jp_serverapp.contents_manager.register_pre_save_hook(hook)
    tab = await Tab(jp_fetch, "a").open()
    tab.type("one", "one = 11")
    await tab.save()
    assert json.loads(file.read_bytes())["metadata"]["stripped"] is True


async def test_changes_are_told_within_a_second(jp_fetch: Fetch, file: Path, jp_serverapp: Any) -> None:
    told: list[dict[str, Any]] = []

    async def listener(logger: Any, schema_id: str, data: dict[str, Any]) -> None:
        told.append({key: value for key, value in data.items() if not key.startswith("__")})

    jp_serverapp.event_logger.add_listener(schema_id=SCHEMA_ID, listener=listener)
    ann, bob = await Tab(jp_fetch, "a").open(), await Tab(jp_fetch, "b").open()
    ann.type("one", "one = 11")
    await ann.save()
    await asyncio.sleep(0.6)
    assert told == [{"path": NAME, "version": ann.version, "tab": "a"}]
    file.write_bytes(JUPYTER.spell(notebook(code("one = 11", id="one"), code("two = 22", id="two"))))
    await asyncio.sleep(1.0)
    assert [(one["path"], one["tab"]) for one in told[1:]] == [(NAME, "")]
    await bob.pull()
    assert bob.version == told[1]["version"]
    file.unlink()
    await asyncio.sleep(1.0)
    assert told[2:] == [{"path": NAME, "version": "", "tab": ""}]


class Away:
    """The store is away as long as this is true."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_so = False
        asked = StandingStore._asked

        def ask(store: StandingStore, question: Any) -> Any:
            if self.is_so:
                raise StoreAway("the database cannot be reached")
            return asked(store, question)

        monkeypatch.setattr(StandingStore, "_asked", ask)
        monkeypatch.setattr("nbmerge.sync.standing._AWAY", 0.0)


async def test_while_the_store_is_away_saves_go_on_and_are_merged_when_it_is_back(
    jp_fetch: Fetch, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = Away(monkeypatch)
    ann = await Tab(jp_fetch, "a").open()
    away.is_so = True
    bob = await Tab(jp_fetch, "b").open()
    for source in ("one = 11", "one = 111"):
        ann.type("one", source)
        answer = await ann.save()
        assert "not reachable" in answer["away"]
        assert answer["operations"] == []
        assert held(file) == ann.sources
    bob.type("two", "two = 22")
    await bob.save()
    assert held(file) == ["one = 1", "two = 22"]  # as without nbmerge
    away.is_so = False
    await ann.pull()
    assert ann.sources == ["one = 111", "two = 22"]
    assert (await bob.save())["away"] is None
    assert held(file) == bob.sources == ["one = 111", "two = 22"]
