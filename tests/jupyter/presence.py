"""Pages that hear who else has a notebook open, over real connections: who is let in, and who is who.

Run by test_server.py, in a process of their own.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.auth import Authorizer, IdentityProvider, User
from tornado.httpclient import HTTPClientError

from nbmerge.jupyter import presence_handlers
from nbmerge.sync import open_notebook, save
from tests.helpers.build import code, notebook
from tests.helpers.spelling import JUPYTER

pytest_plugins = ["pytest_jupyter.jupyter_server"]

START = notebook(code("one = 1", id="one"), code("two = 2", id="two"))
NAME = "work/nb.ipynb"
AT = {"cell": "one", "place": 0, "version": "1.ab", "ranges": [[2, 5]]}
LONGEST = 5.0


class Named(IdentityProvider):
    """Everybody is who a header says."""

    async def _get_user(self, handler: Any) -> User | None:
        name = handler.request.headers.get("X-Test-User", "ann")
        return User(name, display_name=name.title(), color="teal") if name != "nobody" else None

    get_user = _get_user


class ByFolder(Authorizer):
    """Eve reads nothing in the folder `work`; nor does anybody once it is closed."""

    is_closed = False

    def is_authorized(self, handler: Any, user: User, action: str, resource: str) -> bool:
        is_there = "/work/" in handler.request.path
        return resource == "contents" and not (is_there and (user.username == "eve" or ByFolder.is_closed))


@pytest.fixture
def jp_server_config(tmp_path: Path) -> dict[str, Any]:
    ByFolder.is_closed = False
    return {
        "ServerApp": {
            "jpserver_extensions": {"nbmerge.jupyter": True},
            "identity_provider_class": Named,
            "authorizer_class": ByFolder,
            "disable_check_xsrf": True,  # these users have no token
        },
        "NbmergeExtension": {"state": str(tmp_path / "state")},
    }


@pytest.fixture
def file(jp_root_dir: Path) -> Path:
    found = jp_root_dir / NAME
    found.parent.mkdir()
    found.write_bytes(JUPYTER.spell(START))
    (jp_root_dir / "other.ipynb").write_bytes(JUPYTER.spell(START))
    (jp_root_dir / ".hidden.ipynb").write_bytes(JUPYTER.spell(START))
    return found


class Connection:
    def __init__(self, socket: Any) -> None:
        self.socket = socket
        self.is_over = False

    async def next(self, kind: str) -> Any:
        while True:
            text = await asyncio.wait_for(self.socket.read_message(), LONGEST)
            assert text is not None, "closed"
            if (found := json.loads(text))["type"] == kind:
                return found

    async def names(self) -> list[str]:
        return [one["name"] for one in (await self.next("people"))["people"]]

    async def say(self, message: object) -> None:
        await self.socket.write_message(json.dumps(message))

    async def code(self) -> int:
        """With which the server has closed the connection."""
        while await asyncio.wait_for(self.socket.read_message(), LONGEST) is not None:
            pass
        self.is_over = True
        found: int = self.socket.close_code
        return found


Connect = Callable[..., Awaitable[Connection]]


@pytest.fixture
def connect(jp_ws_fetch: Any, jp_asyncio_loop: asyncio.AbstractEventLoop) -> Iterator[Connect]:
    opened: list[Connection] = []

    async def connected(user: str, path: str = NAME, **headers: str) -> Connection:
        named = {"X-Test-User": user} | headers
        opened.append(Connection(await jp_ws_fetch("nbmerge", "api", "presence", path, headers=named)))
        return opened[-1]

    async def end() -> None:
        for one in opened:
            one.socket.close()
            if not one.is_over:
                await one.code()

    yield connected
    jp_asyncio_loop.run_until_complete(end())


async def refused(asked: Awaitable[Connection]) -> int:
    with pytest.raises(HTTPClientError) as caught:
        await asked
    return caught.value.code


async def test_two_pages_hear_of_each_other(connect: Connect, file: Path) -> None:
    ann = await connect("ann")
    assert await ann.names() == []
    bob = await connect("bob")
    [found] = (await bob.next("people"))["people"]
    assert (found["name"], found["colour"], found["yours"]) == ("Ann", "teal", False)
    assert await ann.names() == ["Bob"]
    await ann.say({"type": "at", "name": "Root", "at": AT})
    assert await bob.next("at") == {"type": "at", "id": found["id"], "at": AT}
    ann.socket.close()
    assert await bob.names() == []


async def test_who_may_not_read_it_hears_nothing(connect: Connect, file: Path) -> None:
    asked = [
        ("eve", NAME),
        ("nobody", NAME),
        ("ann", ".hidden.ipynb"),
        ("ann", "none.ipynb"),
        ("ann", "../outside.ipynb"),
    ]
    assert [await refused(connect(*one)) for one in asked] == [403, 403, 404, 404, 404]
    assert await refused(connect("ann", Origin="http://elsewhere.example")) == 403
    assert await (await connect("eve", "other.ipynb")).names() == []


async def test_who_may_read_it_no_more_is_sent_away(
    connect: Connect, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence_handlers, "_CHECKED_AFTER", 0.0)
    ann, bob = await connect("ann"), await connect("bob")
    await ann.say({"type": "at", "at": AT})
    await bob.next("at")
    ByFolder.is_closed = True
    await bob.say({"type": "here"})
    assert await bob.code() == 1008
    assert [await ann.names() for _ in range(3)] == [[], ["Bob"], []]


async def test_a_page_that_talks_nonsense_is_sent_away(connect: Connect, file: Path) -> None:
    bob = await connect("bob")
    nonsense = [b"no JSON", b"[" * 4000, b"[]", b'{"type": "at", "at": {"cell": 1}}', b"\xff", b" " * 5000]
    for sent in nonsense:
        ann = await connect("ann")
        await ann.socket.write_message(sent, binary=True)
        assert await ann.code() in (1008, 1009)
    assert [await bob.names() for _ in nonsense] == [[], ["Ann"], [], ["Ann"], [], ["Ann"]]


async def test_a_program_that_saves_is_told_and_a_tab_is_not_one(
    connect: Connect, file: Path, jp_fetch: Any, tmp_path: Path
) -> None:
    ann = await connect("ann")
    opened = json.loads((await jp_fetch("nbmerge", "api", "open", NAME)).body)
    content = opened["model"]["content"]
    content["cells"][0]["source"] = "one = 11"
    body = {"base": opened["version"], "save_id": "x", "tab": "a", "content": content}
    await jp_fetch("nbmerge", "api", "save", NAME, method="PUT", body=json.dumps(body))
    await asyncio.sleep(0.5)
    file.write_bytes(JUPYTER.spell(notebook(code("one = 11", id="one"), code("two = 22", id="two"))))
    [program] = (await ann.next("programs"))["programs"]
    assert program["name"] == ""
    assert program["ago"] < LONGEST
    state = str(tmp_path / "state")
    base = open_notebook(str(file), state=state).version
    other = JUPYTER.spell(notebook(code("one = 11", id="one"), code("two = 3", id="two")))
    await asyncio.to_thread(lambda: save(str(file), other, base, "agent", state))
    assert [one["name"] for one in (await ann.next("programs"))["programs"]] == ["", "agent"]
