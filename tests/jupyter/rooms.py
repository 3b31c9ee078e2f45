"""Rooms of jupyter-collaboration whose file is changed by programs, as the server sees both.

Run by test_server.py, in a process of their own.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.build import Notebook, code, markdown, notebook, source_of
from tests.helpers.spelling import JUPYTER

pytest_plugins = ["pytest_jupyter.jupyter_server"]

NAME = "shared.ipynb"
START = notebook(
    markdown("# Shared", id="title"),
    code("one = 1\n\n\nif one: ...", id="one"),
    code("two = 2", id="two", count=1, out="2\n"),
)
POLL, DELAY = 0.1, 0.3  # seconds: how often a room looks at its file; after which pause in typing it saves
PATIENCE = 10.0
WORD = re.compile(r"word\d+")

OpenRoom = Callable[[], AbstractAsyncContextManager["Room"]]


@pytest.fixture
def jp_server_config(tmp_path: Path) -> dict[str, Any]:
    return {
        "ServerApp": {
            "jpserver_extensions": {
                "nbmerge.jupyter": True,
                "jupyter_server_ydoc": True,
                "jupyter_server_fileid": True,
            }
        },
        "NbmergeExtension": {"state": str(tmp_path / "state")},
        "YDocExtension": {"file_poll_interval": POLL, "document_save_delay": DELAY},
    }


class Room:
    """The room of a notebook, and the file."""

    def __init__(self, file: Path, document: Any) -> None:
        self.file, self.document = file, document

    def type(self, place: int, text: str) -> None:
        """Type at the end of a cell."""
        source = self.document.ycells[place]["source"]
        source += text

    @property
    def sources(self) -> list[str]:
        return [cell["source"] for cell in self.document.get()["cells"]]

    def held(self) -> Notebook:
        found: Notebook = json.loads(self.file.read_bytes())
        return found

    def written(self) -> list[str]:
        try:
            return [source_of(cell) for cell in self.held()["cells"]]
        except ValueError:  # just being written
            return []

    def put(self, found: Notebook) -> None:
        """Write the file as a program that knows of no room."""
        self.file.write_bytes(JUPYTER.spell(found))

    async def until(self, true: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not true():
            assert time.monotonic() < end, (self.sources, self.written())
            await asyncio.sleep(0.02)


@pytest.fixture
def open_room(
    jp_serverapp: Any, jp_root_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> OpenRoom:
    """Opens the notebook in a room, as the first of its people does."""
    monkeypatch.chdir(tmp_path)  # rooms keep a database in the working directory

    @asynccontextmanager
    async def opening() -> AsyncIterator[Room]:
        file = jp_root_dir / NAME
        file.write_bytes(JUPYTER.spell(START))
        [extension] = jp_serverapp.extension_manager.extension_apps["jupyter_server_ydoc"]
        document = await extension.get_document(
            path=NAME, content_type="notebook", file_format="json", create=True, copy=False
        )
        found = Room(file, document)
        await found.until(lambda: bool(document.known))
        yield found

    return opening


def changed(found: Notebook, place: int, source: str) -> Notebook:
    cells = [dict(cell) for cell in found["cells"]]
    cells[place]["source"] = source
    return found | {"cells": cells}


async def test_what_is_being_typed_stays_when_a_program_writes(open_room: OpenRoom) -> None:
    async with open_room() as room:
        room.type(1, "\nthree = 3")
        room.put(changed(START, 0, "# Shared by all"))
        await room.until(lambda: room.sources[0] == "# Shared by all")
        wanted = ["# Shared by all", "one = 1\n\n\nif one: ...\nthree = 3", "two = 2"]
        assert room.sources == wanted
        await room.until(lambda: room.written() == wanted)


async def test_people_who_never_pause_lose_nothing_to_what_was_read_long_ago(open_room: OpenRoom) -> None:
    async with open_room() as room:
        read = room.held()
        for number in range(20):
            room.type(number % 2 + 1, f"\nword{number}")
            if number == 12:
                room.put(changed(read, 0, "# Shared by all"))
            await asyncio.sleep(POLL)
        await room.until(lambda: room.sources[0] == "# Shared by all")
        text = "\n".join(room.sources)
        assert [text.count(f"word{number}\n") + text.endswith(f"word{number}") for number in range(20)] == [
            1
        ] * 20
        await room.until(lambda: room.written() == room.sources)


async def test_what_a_program_read_before_the_room_saved_takes_nothing_back(open_room: OpenRoom) -> None:
    async with open_room() as room:
        read = room.held()
        for word in ("red", "green"):
            room.type(1, f"\n{word} = 1")
            await room.until(lambda: room.written() == room.sources)
        room.put(changed(read, 2, "two = 22"))
        wanted = ["# Shared", "one = 1\n\n\nif one: ...\nred = 1\ngreen = 1", "two = 22"]
        await room.until(lambda: room.sources == wanted)
        await room.until(lambda: room.written() == wanted)


async def test_what_both_changed_is_shown_when_people_pause(open_room: OpenRoom) -> None:
    async with open_room() as room:
        room.type(2, "2")
        room.put(changed(START, 2, "two = 23"))
        await asyncio.sleep(0)
        await room.until(lambda: "<<<<<<<" in room.sources[2])
        text = room.sources[2]
        assert "two = 22\n" in text
        assert "two = 23\n" in text
        await room.until(lambda: room.written() == room.sources)


async def test_results_metadata_and_cells_of_programs(open_room: OpenRoom) -> None:
    async with open_room() as room:
        room.type(1, "\nthree = 3")
        _, one, _ = START["cells"]
        other = code("two = 2", id="two", count=2, out="2\n3\n") | {"metadata": {"tags": ["x"]}}
        new = markdown("new ![](attachment:a.png)", id="new") | {
            "attachments": {"a.png": {"image/png": "QQ=="}}
        }
        room.put(START | {"cells": [other, one, new]})
        await room.until(lambda: len(room.sources) == 3 and room.sources[0] == "two = 2")
        assert room.sources == ["two = 2", "one = 1\n\n\nif one: ...\nthree = 3", "new ![](attachment:a.png)"]
        await room.until(lambda: room.written() == room.sources)
        held = room.held()["cells"]
        assert held[0] == other
        assert held[2] == new


async def test_a_file_that_says_the_same_is_not_written_again(open_room: OpenRoom) -> None:
    async with open_room() as room:
        room.put(changed(START, 0, "# Shared by all"))
        before = room.file.stat().st_mtime_ns
        await room.until(lambda: room.sources[0] == "# Shared by all")
        await asyncio.sleep(2 * (POLL + DELAY))
        assert room.file.stat().st_mtime_ns == before
        assert not room.document.dirty
