"""A writer that writes the file itself tells afterwards what it went on from; nothing is written by that."""

from __future__ import annotations

from pathlib import Path

import pytest

from nbmerge.errors import UsageError
from nbmerge.sync import Noted, participating
from tests.helpers.build import Notebook, code, notebook
from tests.helpers.spelling import JUPYTER
from tests.sync.writers import Desk

START = notebook(code("one = 1", id="one"), code("two = 2", id="two"))
ROOM = notebook(code("one = 11", id="one"), code("two = 2", id="two"))
SCRIPT = notebook(code("one = 1", id="one"), code("two = 22", id="two"))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "desk").mkdir()
    found = Desk(tmp_path / "desk", str(tmp_path / "state"))
    found.put(START)
    return found


def note(desk: Desk, written: Notebook, base: str) -> Noted:
    with participating(desk.state) as participation:
        return participation.note(str(desk.path), JUPYTER.spell(written), base, "a room")


def test_what_stands_in_the_file_is_that_writers(desk: Desk) -> None:
    base = desk.writer("a room").version
    desk.put(ROOM)
    before = desk.path.read_bytes()
    noted = note(desk, ROOM, base)
    [first, second] = desk.versions()
    assert (noted.due, second.parents) == (False, (first.number,))
    assert noted.version.startswith(f"{second.number}.")
    assert note(desk, ROOM, base) == noted
    assert desk.path.read_bytes() == before


def test_the_file_has_been_changed_since_by_a_program_that_had_not_seen_it(desk: Desk) -> None:
    base = desk.writer("a room").version
    desk.put(SCRIPT)
    assert note(desk, ROOM, base).due
    assert desk.sources() == ["one = 1", "two = 22"]
    ann = desk.writer("Ann")
    ann.save()
    assert desk.sources() == ["one = 11", "two = 22"]


def test_what_it_went_on_from_is_not_known(desk: Desk) -> None:
    desk.writer("a room")
    with pytest.raises(UsageError):
        note(desk, ROOM, "7.0123456789abcdef0123")
