"""The parts of the server's side, each by itself: the store that stays open, and noticing changes.

Run by test_server.py, in a process of their own: an event loop is needed.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from threading import Event
from typing import TypeVar

import pytest

from nbmerge.history.values import StoreLost
from nbmerge.jupyter.events import NotebookChanged
from nbmerge.jupyter.participants import Participants
from nbmerge.jupyter.watching import OpenNotebooks
from nbmerge.sync import Participation
from nbmerge.sync.looking import pause_after
from tests.helpers.build import code, notebook
from tests.helpers.spelling import JUPYTER

LONGEST = 20.0
T = TypeVar("T")


@pytest.fixture
def participants(tmp_path: Path) -> Participants:
    return Participants(str(tmp_path / "state"))


def put(path: Path, source: str) -> str:
    path.write_bytes(JUPYTER.spell(notebook(code(source, id="one"))))
    return str(path)


def test_a_store_that_was_lost_stays_open_for_those_who_still_ask_it(
    participants: Participants, tmp_path: Path
) -> None:
    file = put(tmp_path / "nb.ipynb", "a = 1")
    asked, lost = Event(), Event()

    def slow(participation: Participation) -> str:
        asked.set()
        lost.wait(LONGEST)
        return participation.head(file)

    def loses_once(participation: Participation) -> str:
        if not lost.is_set():
            lost.set()
            raise StoreLost("it was moved")
        return participation.head(file)

    async def both() -> tuple[str, str]:
        first = asyncio.ensure_future(participants.ask(file, slow))
        await participants.run(lambda: asked.wait(LONGEST))
        second = await participants.ask(file, loses_once)
        return await first, second

    first, second = asyncio.run(both())
    participants.close()
    assert first == second


def test_two_who_lost_the_same_store_open_one(participants: Participants) -> None:
    first = participants.store.participation()
    for _ in range(2):  # the second one has asked before the first one noticed
        participants.store.forget(first)
        current = participants.store.participation()
    assert current is participants.store.participation()
    assert current is not first
    participants.close()


def test_notebooks_that_have_to_wait_keep_no_other_waiting(
    participants: Participants, tmp_path: Path
) -> None:
    file = put(tmp_path / "nb.ipynb", "a = 1")
    go_on = Event()

    async def one_more() -> str:
        waiting = [
            asyncio.ensure_future(participants.ask(file, lambda _: go_on.wait(LONGEST))) for _ in range(10)
        ]
        try:
            await asyncio.wait_for(participants.run(lambda: None), LONGEST / 4)
            return await asyncio.wait_for(participants.head(file), LONGEST / 4)
        finally:
            go_on.set()
            await asyncio.gather(*waiting)

    assert asyncio.run(one_more()).startswith("1.")
    participants.close()


class Files:
    """Stands for the store: a token says what a file holds; each question takes so many seconds, and it takes
    so many until a thread is free."""

    def __init__(self, takes: float = 0.0, waits: float = 0.0) -> None:
        self.takes, self.waits, self.now = takes, waits, 0.0
        self.told: list[NotebookChanged] = []
        self.opened = OpenNotebooks(self.version, self.run, self.told.append, lambda: self.now)

    async def version(self, file: str) -> str:
        self.now += self.takes
        return Path(file).read_text()

    async def run(self, work: Callable[[], T]) -> T:
        self.now += self.waits
        return work()


def test_a_change_between_opening_and_the_first_look_is_told(tmp_path: Path) -> None:
    file = tmp_path / "nb.ipynb"
    file.write_text("1.old")
    files = Files()

    async def opened() -> None:
        file.write_text("2.new")  # after the tab was told of the old version, before anybody looked
        files.opened.asked("nb.ipynb", str(file), "1.old")
        await files.opened._look()
        await files.opened._look()
        await files.opened.stop()

    asyncio.run(opened())
    assert files.told == [NotebookChanged("nb.ipynb", "2.new")]


def test_a_notebook_that_takes_long_to_read_is_given_as_long_a_pause(tmp_path: Path) -> None:
    file = tmp_path / "nb.ipynb"
    file.write_text("1.old")
    files = Files(takes=0.3)

    async def looked() -> float:
        files.opened.asked("nb.ipynb", str(file), "1.old")
        file.write_text("2.new, longer")
        took = await files.opened._look()
        await files.opened.stop()
        return took

    assert asyncio.run(looked()) == pytest.approx(0.3)


def test_a_busy_server_looks_no_less_often(tmp_path: Path) -> None:
    """It says nothing of the drive how long it takes until there is time to look."""
    files = Files(waits=0.3)

    async def looked() -> float:
        files.opened.asked("nb.ipynb", str(tmp_path / "nb.ipynb"), "")
        took = await files.opened._look()
        await files.opened.stop()
        return took

    assert asyncio.run(looked()) == pytest.approx(0.1)


def silently(file: Path, text: str) -> None:
    """Change a file as another machine does whose changes the system does not tell of."""
    before = file.stat()
    with file.open("r+") as opened:
        opened.write(text)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("everything", [False, True])
def test_what_is_heard_of_is_looked_into_whatever_the_files_times_say(
    tmp_path: Path, everything: bool
) -> None:
    file = tmp_path / "nb.ipynb"
    file.write_text("1.old")
    (tmp_path / "link").symlink_to(tmp_path)
    files = Files()

    async def heard() -> None:
        files.opened.asked("nb.ipynb", str(tmp_path / "link" / "nb.ipynb"), "1.old")
        await files.opened._look()
        silently(file, "2.new")
        await files.opened._look()
        assert files.told == []
        files.opened.heard(None if everything else {str(file.resolve())})
        await files.opened._look()
        await files.opened.stop()

    asyncio.run(heard())
    assert files.told == [NotebookChanged("nb.ipynb", "2.new")]


def test_what_is_heard_ends_the_pause(tmp_path: Path) -> None:
    file = tmp_path / "nb.ipynb"
    file.write_text("1.old")
    files = Files(takes=LONGEST)  # and so long are the pauses

    async def heard() -> None:
        files.opened.asked("nb.ipynb", str(file), "1.old")
        await asyncio.sleep(0.05)
        file.write_text("2.new")
        files.opened.heard({str(file.resolve())})
        while not files.told:
            await asyncio.sleep(0.01)
        await files.opened.stop()

    asyncio.run(asyncio.wait_for(heard(), LONGEST / 4))


@pytest.mark.parametrize(
    ("looking", "reading", "wanted"),
    [(0.0, 0.0, 0.1), (0.0, 0.3, 0.3), (0.3, 0.0, 3.0), (100.0, 0.0, 5.0), (0.0, 100.0, 5.0)],
)
def test_a_slow_drive_is_looked_at_less_often(looking: float, reading: float, wanted: float) -> None:
    assert pause_after(looking, 0.1, reading) == wanted
