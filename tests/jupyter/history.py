"""What a page is told of a notebook's past, and what it brings back: through a Jupyter server.

Run by test_server.py, in a process of their own.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tornado.httpclient import HTTPClientError

from nbmerge.history.opening import open_store
from nbmerge.history.values import StoreAway
from nbmerge.jupyter.past import Past
from nbmerge.lineage.heads import OpenTip
from nbmerge.service.notebook_service import NotebookService
from tests.helpers.build import Notebook, code, markdown, notebook, source_of
from tests.helpers.spelling import JUPYTER

pytest_plugins = ["pytest_jupyter.jupyter_server"]

Fetch = Callable[..., Awaitable[Any]]
NAME = "work/nb.ipynb"
FIRST = notebook(code("one = 1", id="one"), code("two = 2", id="two", out="2\n"), markdown("# Notes", id="n"))
SECOND = notebook(code("one = 11", id="one"), code("two = 2", id="two", out="2\n"))
THIRD = notebook(code("one = 11", id="one"), code("two = 2", id="two", out="2\n"), code("x = 3", id="x"))


class Page:
    """A page that looks at the past of one notebook."""

    def __init__(self, fetch: Fetch, file: Path, state: Path) -> None:
        self.fetch, self.file, self.state = fetch, file, state

    async def ask(self, what: str, path: str = NAME, **query: object) -> Any:
        params = {name: str(value) for name, value in query.items()}
        return json.loads((await self.fetch("nbmerge", "api", what, path, params=params)).body)

    async def do(self, what: str, path: str = NAME, body: object = None, **member: object) -> Any:
        sent = json.dumps(member if body is None else body)
        return json.loads((await self.fetch("nbmerge", "api", what, path, method="POST", body=sent)).body)

    async def begin(self) -> None:
        await self.saved(FIRST, SECOND, THIRD)

    async def saved(self, *held: Notebook) -> None:
        """A program saves one after the other, and each is looked at."""
        for one in held:
            self.file.write_bytes(JUPYTER.spell(one))
            await self.fetch("nbmerge", "api", "head", NAME)

    def sources(self) -> list[str]:
        return [source_of(cell) for cell in json.loads(self.file.read_bytes())["cells"]]

    def doubt(self, version: int, by: int) -> None:
        """A version may have been overwritten."""
        store = open_store(str(self.state), lambda: 0.0).store
        notebook_id = store.notebook_id(str(self.file))
        assert notebook_id is not None
        heads = store.heads(notebook_id)
        assert heads is not None
        opened = OpenTip(version, version - 1, by, 0.0)
        store.set_heads(notebook_id, type(heads)(heads.head, heads.tips, (opened,)))
        store.close()


@pytest.fixture
def page(jp_fetch: Fetch, jp_root_dir: Path, tmp_path: Path) -> Page:
    file = jp_root_dir / NAME
    file.parent.mkdir()
    return Page(jp_fetch, file, tmp_path / "state")


async def refused(asked: Awaitable[Any]) -> int:
    with pytest.raises(HTTPClientError) as caught:
        await asked
    return caught.value.code


def numbers(found: Any) -> list[int]:
    return [row["version"] for row in found["rows"]]


async def test_versions_come_page_by_page_the_newest_first(page: Page) -> None:
    await page.begin()
    first = await page.ask("history", most=2, each=1)
    assert (numbers(first), first["older"], first["head"]) == ([3, 2], 2, 3)
    rest = await page.ask("history", most=2, each=1, before=first["older"])
    assert (numbers(rest), rest["older"]) == ([1], 0)
    assert first["rows"][0]["changes"]["added"] == [3]
    assert (rest["rows"][0]["changes"], rest["rows"][0]["cells"]) == (None, 3)


async def test_saves_in_a_row_are_one_row(page: Page) -> None:
    await page.begin()
    await page.saved(*(notebook(code(f"one = {number}", id="one")) for number in range(4)))
    row = (await page.ask("history"))["rows"][0]
    assert (row["version"], row["head"], row["saves"] >= 3) == (7, True, True)
    each = await page.ask("history", each=1, since=row["first"])
    assert numbers(each) == list(range(7, row["first"] - 1, -1))


@pytest.mark.parametrize(
    ("words", "found"),
    [("x = 3", [3]), ("notes", [2, 1]), ("@1", [1]), ("no such thing", [])],
)
async def test_words_are_looked_for_in_what_was_changed(page: Page, words: str, found: list[int]) -> None:
    await page.begin()
    assert numbers(await page.ask("history", each=1, words=words)) == found


async def test_a_version_is_shown_cell_by_cell_beside_now(page: Page) -> None:
    await page.begin()
    shown = await page.ask("version", version=1)
    told = [(cell["then"], cell["now"], cell["status"]) for cell in shown["cells"]]
    assert sorted(told, key=str) == [
        (1, 1, "changed"),
        (2, 2, "unchanged"),
        (3, None, "deleted"),
        (None, 3, "inserted"),
    ]
    assert (shown["before"], shown["after"], shown["head"]) == (None, 2, 3)


async def test_restoring_is_a_version_that_can_be_undone(page: Page) -> None:
    await page.begin()
    done = await page.do("restore", version=1)
    assert (done["before"], page.sources()) == (3, ["one = 1", "two = 2", "# Notes"])
    await page.do("restore", version=done["before"])
    assert page.sources() == ["one = 11", "two = 2", "x = 3"]


@pytest.mark.parametrize("at", [1, 2, 4])
async def test_the_version_before_comes_back_once_whenever_the_connection_to_the_store_breaks(
    page: Page, monkeypatch: pytest.MonkeyPatch, at: int
) -> None:
    """It is asked once more then, which must not take back what was done."""
    await page.begin()
    before, looked = page.sources(), []
    now = Past._now

    def breaks(past: Past) -> tuple[int, int]:
        looked.append(now(past))
        if len(looked) == at:
            raise StoreAway("the connection was lost")
        return looked[-1]

    restored = NotebookService.restore

    def breaks_after(service: NotebookService, path: str, number: int) -> object:
        done = restored(service, path, number)
        if at == 4 and not looked[1:]:
            looked.append((0, 0))
            raise StoreAway("the connection was lost")
        return done

    monkeypatch.setattr(Past, "_now", breaks)
    monkeypatch.setattr(NotebookService, "restore", breaks_after)
    done = await page.do("restore")
    assert (done["version"], done["before"]) == (4, 3)
    assert page.sources() == [source_of(cell) for cell in SECOND["cells"]] != before


async def test_the_version_before_comes_back_and_goes_again(page: Page) -> None:
    await page.begin()
    for wanted in (["one = 11", "two = 2"], ["one = 11", "two = 2", "x = 3"]):
        await page.do("restore")
        assert page.sources() == wanted


async def test_one_cell_comes_back_and_nothing_else_changes(page: Page) -> None:
    await page.begin()
    done = await page.do("restore", version=1, cell=1)
    assert page.sources() == ["one = 1", "two = 2", "x = 3"]
    await page.do("restore", version=1, cell=3)
    assert page.sources() == ["one = 1", "two = 2", "# Notes", "x = 3"]
    await page.do("restore", version=done["before"])
    assert page.sources() == ["one = 11", "two = 2", "x = 3"]


async def test_what_is_lost_is_listed_searched_and_put_back(page: Page) -> None:
    await page.begin()
    lost = (await page.ask("lost"))["lost"]
    assert [(one["kind"], one["text"]) for one in lost] == [("cell", "one = 1"), ("cell", "# Notes")]
    [notes] = (await page.ask("lost", words="NOTES"))["lost"]
    name = {key: notes[key] for key in ("last", "cell", "kind")}
    await page.do("put-back", body=name)
    assert page.sources() == ["one = 11", "two = 2", "# Notes", "x = 3"]
    assert await refused(page.do("put-back", body=name)) == 409


async def test_a_doubt_is_merged_or_dismissed(page: Page) -> None:
    await page.begin()
    for what in ("dismiss", "recover"):
        page.doubt(2, by=3)
        [doubt] = (await page.ask("history"))["doubts"]
        assert (doubt["version"]["version"], doubt["by"]["version"]) == (2, 3)
        await page.do(what, version=2)
        found = await page.ask("history", each=1)
        assert (found["doubts"], 2 in numbers(found)) == ([], True)


async def test_a_doubt_is_dismissed_though_the_connection_to_the_store_breaks_just_after(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is asked once more then, and finds nothing that asks about it: this request saw to that."""
    await page.begin()
    page.doubt(2, by=3)
    dismissed, done = NotebookService.dismiss, []

    def breaks_after(service: NotebookService, path: str, number: int) -> bool:
        done.append(dismissed(service, path, number))
        if not done[1:]:
            raise StoreAway("the connection was lost")
        return done[-1]

    monkeypatch.setattr(NotebookService, "dismiss", breaks_after)
    await page.do("dismiss", version=2)
    assert done == [True, False]
    assert (await page.ask("history"))["doubts"] == []
    assert await refused(page.do("dismiss", version=2)) == 409


async def test_what_is_no_request_is_refused(page: Page, jp_root_dir: Path, jp_fetch: Fetch) -> None:
    await page.begin()
    hidden = ".hidden.ipynb"
    (jp_root_dir / hidden).write_bytes(JUPYTER.spell(FIRST))
    for what in ("history", "lost"):
        assert await refused(page.ask(what, path=hidden)) == 404
        assert await refused(page.ask(what, path="../outside.ipynb")) in (403, 404)
        assert await refused(page.ask(what, path="none.ipynb")) == 404
    for query in ({}, {"version": "x"}, {"version": "9" * 30}, {"version": "-1"}):
        assert await refused(page.ask("version", **query)) == 400
    assert await refused(page.ask("version", version=99)) == 409
    bodies: list[object] = [
        [],
        {"version": True},
        {"version": "1"},
        {"version": -1},
        {"version": 1, "cell": 0},
    ]
    for body in bodies:
        assert await refused(page.do("restore", body=body)) == 400
    assert await refused(page.do("restore", version=1, cell=99)) == 409
    assert await refused(page.do("restore", version=99)) == 400
    assert await refused(page.do("restore", path=hidden, version=1)) == 404
    no_token = {"Authorization": "token wrong"}
    sent = {"method": "POST", "body": '{"version": 1}', "headers": no_token}
    assert await refused(jp_fetch("nbmerge", "api", "restore", NAME, **sent)) == 403
    assert page.sources() == ["one = 11", "two = 2", "x = 3"]


HOSTILE = '<img src=x onerror="canary()"><script>canary()</script>\x1b]0;x\x07'


async def test_nothing_that_a_notebook_holds_becomes_an_element(page: Page) -> None:
    await page.begin()
    svg = {"image/svg+xml": f"<svg onload='canary()'>{HOSTILE}</svg>", "text/html": HOSTILE}
    picture = {"image/png": 'iVBO" onerror="canary()'}
    outputs = [{"output_type": "display_data", "data": one, "metadata": {}} for one in (svg, picture)]
    await page.saved(
        notebook(code(HOSTILE, id="x", outputs=outputs), markdown(HOSTILE, id="m")),
        notebook(code("y", id="y")),
    )
    shown = await page.ask("version", version=4)
    html = "".join(cell["html"] for cell in shown["cells"])
    assert "canary" in html
    for start in ("<script", "<img src=x", "<svg", 'onerror="canary', "onload='"):
        assert start not in html
    assert "\x1b" not in html
