"""What the page asks for is done, kept and told; a save is what `resolve` would have written."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from nbmerge.browser.open_cells import Persons
from nbmerge.browser.site import Asked
from nbmerge.browser.sources import Author
from nbmerge.cli.in_browser import Session
from nbmerge.cli.main import run
from nbmerge.cli.resolving import Resolving, open_conflicts
from nbmerge.service.drafts import draft_of
from tests.helpers.build import code, conflict, markdown, notebook
from tests.helpers.spelling import JUPYTER
from tests.web.versions import Sides, deleted, work


@dataclass
class Visitor:
    """Somebody at the page, without a browser."""

    session: Session
    resolving: Resolving

    def ask(self, what: str, **sent: object) -> dict[str, Any]:
        answer = self.session.answer(Asked(what, sent))
        told: dict[str, Any] = json.loads(answer.text)
        assert answer.is_last == ("over" in told)
        return told

    def take(self, conflict: int, way: str) -> dict[str, Any]:
        return self.ask("take", conflict=conflict, way=way)

    def page(self) -> str:
        return self.session.answer(Asked("", 1)).text


class Room:
    """A notebook with conflicts in a folder."""

    def __init__(self, folder: Path) -> None:
        self.path, self.state = folder / "n.ipynb", str(folder / "state")
        self.now = 1_700_000_000.0

    def put(self, data: bytes) -> bytes:
        self.path.write_bytes(data)
        return data

    @contextmanager
    def visit(self, cell: str | None = None) -> Iterator[Visitor]:
        from nbmerge.cli.resolving import in_cell

        with open_conflicts(str(self.path), self.state) as found:
            assert found is not None
            resolving = Resolving(found, cell)
            meant = found.conflicts if cell is None else in_cell(found, cell)
            kept = draft_of(str(self.path), self.state, lambda: self.now)
            yield Visitor(Session(resolving, resolving.seen(meant), kept), resolving)


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


MERGES = {"changed": work(), "deleted": deleted()}


@pytest.fixture(scope="module")
def repositories(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """For each of these a repository in which git waits for the conflicts of their merge to be settled."""
    folder = tmp_path_factory.mktemp("repositories")
    for name, versions in MERGES.items():
        _merge_in_git(folder / name, versions)
    return folder


def _merge_in_git(folder: Path, versions: Sides) -> None:
    def git(*words: str, check: bool = True) -> None:
        named = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "init.defaultBranch=main")
        subprocess.run(["git", *named, *words], cwd=folder, check=check, capture_output=True)

    def commit(data: bytes) -> None:
        (folder / "n.ipynb").write_bytes(data)
        git("add", "n.ipynb")
        git("commit", "-qm", "x")

    folder.mkdir()
    git("init", "-q")
    commit(versions.base)
    git("checkout", "-qb", "feature")
    commit(versions.remote)
    git("checkout", "-q", "main")
    commit(versions.local)
    git("merge", "feature", check=False)
    (folder / "n.ipynb").write_bytes(versions.merged())


def in_git(room: Room, repositories: Path, name: str) -> Sides:
    """The notebook in a repository of its own; what is merged there."""
    shutil.copytree(repositories / name, room.path.parent, dirs_exist_ok=True)
    return MERGES[name]


@pytest.mark.parametrize(
    ("way", "name"),
    [
        *(("local", "changed"), ("base", "changed"), ("local", "deleted")),
        *(
            pytest.param(*each, marks=pytest.mark.slow)
            for each in (
                ("remote", "changed"),
                ("both", "changed"),
                ("remote", "deleted"),
                ("base", "deleted"),
            )
        ),
    ],
)
def test_all_settled_is_byte_for_byte_what_resolve_gives(
    room: Room, repositories: Path, way: str, name: str
) -> None:
    in_git(room, repositories, name)
    before = room.path.read_bytes()
    assert run(["resolve", str(room.path), "--state", room.state, f"--{way}"]) == 0
    expected = room.path.read_bytes()
    room.put(before)
    with room.visit() as there:
        there.ask("take-all", way=way)
        assert "no conflict is left" in there.ask("save")["over"]
    assert room.path.read_bytes() == expected


def test_a_side_that_is_taken_throughout_brings_its_run(room: Room, repositories: Path) -> None:
    versions = in_git(room, repositories, "changed")
    with room.visit() as there:
        there.take(0, "remote")
        told = there.take(1, "remote")
        assert told["conflicts"][0]["note"] == "Its outputs come along."
        assert [one["number"] for one in told["conflicts"]] == [
            1,
            0,
        ]  # the other is told anew
        assert told["conflicts"][1]["note"] == "Its outputs come along."
        other = there.take(0, "local")["conflicts"][1]
        assert (other["number"], other["note"]) == (1, "Without outputs: neither side has run this text.")
        there.take(0, "remote")
        there.take(2, "base")
        there.ask("save")
    cells = json.loads(room.path.read_bytes())["cells"]
    assert cells[1] == json.loads(versions.remote)["cells"][1]
    assert cells[3] == json.loads(versions.base)["cells"][3]


def test_what_stays_open_stays_between_markers(room: Room) -> None:
    before = room.put(work().merged())
    with room.visit() as there:
        there.take(0, "remote")
        assert there.ask("save") == {"again": True}
        assert "Saved: 1 conflict settled; what is left is shown here." in there.page()
        assert there.ask("state")["settled"] == 0
        assert there.ask("state")["total"] == 2
        there.take(0, "local")
        there.ask("write", conflict=1, text="by hand")
        assert "over" in there.ask("save")
        assert len(there.resolving.chosen) == 3
    sources = ["".join(cell["source"]) for cell in json.loads(room.path.read_bytes())["cells"]]
    assert sources[1] == "import a\nfirst = 100\nprint(first)\n\nsecond = 20\nprint(second)"
    assert sources[3].startswith("by hand\n")
    assert len(before) > len(room.path.read_bytes())


def test_a_marker_that_was_left_is_told(room: Room) -> None:
    room.put(work().merged())
    with room.visit() as there:
        there.ask("take-all", way="remote")
        there.ask("write", conflict=0, text="first = 1\n>>>>>>> remote")
        assert "a marker of a conflict was left, the terminal says where" in there.ask("save")["over"]
        assert there.resolving.kept is not None
        assert there.resolving.kept.markers


def test_nothing_chosen_is_nothing_saved(room: Room) -> None:
    before = room.put(work().merged())
    with room.visit() as there:
        assert there.ask("save") == {"failed": "nothing is chosen yet"}
        assert there.ask("close") == {"over": "Closed. You can close this page."}
    assert room.path.read_bytes() == before


def test_what_was_not_saved_is_there_again(room: Room) -> None:
    before = room.put(work().merged())
    with room.visit() as there:
        there.take(0, "remote")
        there.ask("write", conflict=2, text="half a sent")
        assert "what you chose is kept for a day" in there.ask("close")["over"]
    with room.visit() as again:
        assert "is here again: 2 of 3." in again.page()
        told = again.ask("state")
        assert [(each["number"], each["way"], each["text"]) for each in told["conflicts"] if each["way"]] == [
            (0, "remote", "first = 100"),
            (2, "edited", "half a sent"),
        ]
        again.ask("reopen-all")
        assert "is here again" not in again.page()
    with room.visit() as third:
        assert third.ask("state")["unsaved"] == 0
    assert room.path.read_bytes() == before


def test_a_day_later_it_is_not(room: Room) -> None:
    room.put(work().merged())
    with room.visit() as there:
        there.take(0, "remote")
    room.now += 24 * 3600 + 1
    with room.visit() as again:
        assert again.ask("state")["unsaved"] == 0


def test_what_is_kept_about_other_cells_stays(room: Room) -> None:
    room.put(work().merged())
    with room.visit() as there:
        there.take(2, "remote")
    with room.visit("2") as one:
        assert one.ask("state")["total"] == 2
        one.take(0, "local")
        one.take(1, "local")
        assert "Saved; conflicts of other cells are left" in one.ask("save")["over"]
    with room.visit() as again:
        assert [each["way"] for each in again.ask("state")["conflicts"]] == ["remote"]


def test_a_tab_that_shows_what_was_before_is_loaded_again_and_chooses_nothing(room: Room) -> None:
    """Its conflicts have other numbers now."""
    room.put(work().merged())
    with room.visit() as there:
        assert 'data-edition="1"' in there.page()
        there.take(0, "remote")
        there.ask("save", edition=1)
        assert 'data-edition="2"' in there.page()
        assert there.ask("take", edition=1, conflict=0, way="remote") == {"again": True}
        assert there.ask("look", edition=1) == {"again": True}
        assert there.session.unsaved == 0
        assert there.ask("take", edition=2, conflict=0, way="remote")["unsaved"] == 1


def test_what_is_saved_is_kept_no_more(room: Room) -> None:
    room.put(work().merged())
    with room.visit() as there:
        there.take(0, "remote")
        there.ask("save")
    with room.visit() as again:
        assert again.ask("state")["unsaved"] == 0


def test_others_save_meanwhile(room: Room) -> None:
    room.put(work().merged())
    with room.visit() as there:
        assert there.ask("look") == {"changed": False, "step": 0}
        there.take(0, "remote")
        there.take(2, "local")
        data = room.path.read_bytes()
        room.put(
            data.replace(b"last = 1", b"last = 2").replace(b"something that remote says", b"other words")
        )
        assert there.ask("look")["changed"]
        assert there.take(1, "local")["changed"]
        assert there.ask("again") == {"again": True}
        page = there.page()
        assert "2 of your 3 choices are here. 1 that are no more are gone." in page
        assert "other words" in page
        assert not there.ask("look")["changed"]
        there.take(2, "remote")
        assert "over" in there.ask("save")
    sources = ["".join(cell["source"]) for cell in json.loads(room.path.read_bytes())["cells"]]
    assert sources[1] == "import a\nfirst = 100\nprint(first)\n\nsecond = 20\nprint(second)"
    assert sources[3].startswith("other words\n")
    assert sources[4] == "last = 2"


def test_a_file_that_was_only_touched_has_not_changed(room: Room) -> None:
    room.put(work().merged())
    with room.visit() as there:
        os.utime(room.path, (1, 1))
        assert not there.ask("look")["changed"]


def test_a_save_without_looking_again_is_merged_with_what_others_saved(room: Room) -> None:
    room.put(work().merged())
    with room.visit() as there:
        there.ask("take-all", way="remote")
        room.put(room.path.read_bytes().replace(b"last = 1", b"last = 2"))
        assert "over" in there.ask("save")
    sources = ["".join(cell["source"]) for cell in json.loads(room.path.read_bytes())["cells"]]
    assert sources[4] == "last = 2"
    assert "first = 100" in sources[1]


def test_others_settle_it_meanwhile(room: Room) -> None:
    room.put(work().merged())
    with room.visit() as there:
        there.take(0, "remote")
        room.put(work().local)
        assert "No conflict is left" in there.ask("again")["over"]
        assert there.resolving.by_others
        assert there.session.unsaved == 0


def test_others_settle_what_a_save_had_left(room: Room) -> None:
    room.put(work().merged())
    with room.visit() as there:
        there.take(0, "remote")
        there.ask("save")
        room.put(work().local)
        assert "No conflict is left" in there.ask("again")["over"]
        assert there.resolving.kept is not None
        assert (there.resolving.kept.left, there.resolving.by_others) == (0, False)


def test_of_one_cell_it_is_said_that_others_have_some_left(room: Room) -> None:
    room.put(work().merged())
    with room.visit("2") as there:
        notebook = json.loads(room.path.read_bytes())
        notebook["cells"][1]["source"] = ["settled"]
        room.put(json.dumps(notebook).encode())
        told = there.ask("again")["over"]
    assert told == "Conflicts of other cells are left; you can close this page."


def test_others_break_it_or_take_it_away_meanwhile(room: Room) -> None:
    room.put(work().merged())
    with room.visit() as there:
        there.take(0, "remote")
        room.put(b'{"cells": [')
        assert "n.ipynb" in there.ask("again")["failed"]
        assert there.ask("look")["changed"]
        room.path.unlink()
        assert "failed" in there.ask("again")
        assert there.ask("state")["unsaved"] == 1


def test_a_save_that_fails_is_said_and_loses_nothing(room: Room, capsys: pytest.CaptureFixture[str]) -> None:
    room.put(work().merged())
    with room.visit() as there:
        there.take(0, "remote")
        room.path.unlink()
        room.path.mkdir()
        assert "n.ipynb" in there.ask("save")["failed"]
        assert there.ask("state")["unsaved"] == 1
    assert "nbmerge: not saved: " in capsys.readouterr().err


def test_what_cannot_be_kept_is_said(room: Room) -> None:
    room.put(work().merged())
    with room.visit() as there:
        Path(there.session.kept.path).parent.write_text("in the way")  # type: ignore[union-attr]
        told = there.take(0, "remote")
        assert told["failed"].startswith("If this page is closed, what was chosen is gone: ")
        assert told["settled"] == 1


@pytest.mark.parametrize(
    ("what", "sent"),
    [
        ("take", {}),
        ("take", {"conflict": 99, "way": "local"}),
        ("take", {"conflict": -1, "way": "local"}),
        ("take", {"conflict": "0", "way": "local"}),
        ("take", {"conflict": 0, "way": "nonsense"}),
        ("take", {"conflict": 0, "way": "base"}),  # it is not known
        ("take-all", {"way": None}),
        ("write", {"conflict": 0, "text": 5}),
        ("write", {"conflict": 99, "text": ""}),
        ("edit", {"conflict": 99}),
        ("reopen", {"conflict": 99}),
        ("nothing", {}),
        ("../n.ipynb", {}),
    ],
)
def test_nonsense_changes_nothing(room: Room, what: str, sent: dict[str, object]) -> None:
    room.put(work().merged())
    with room.visit() as there:
        assert "failed" in there.ask(what, **sent)
        assert there.session.unsaved == 0
        assert json.loads(there.session.answer(Asked(what, [sent])).text).keys() == {"failed"}


def test_conflicts_of_other_tools(room: Room) -> None:
    """nbdime's in metadata, and runs of cells: settled by a button, and those of text by a text."""

    def mark(text: str) -> str:
        return f'<span style="color:red"><b>{text}</b></span>'

    cells = (
        *(markdown(mark("<<<<<<< local")), code("l = 1", out="mine"), code("l = 2")),
        *(markdown(mark("=======")), code("r = 1"), markdown("*remote*")),
        markdown(mark(">>>>>>> remote")),
    )
    room.put(JUPYTER.spell(notebook(markdown("# Title"), *cells, code(conflict(["a = 1"], ["a = 2"])))))
    with room.visit() as there:
        page = there.page()
        assert "each side has other cells here" in page
        assert "data-edit" in page.split('id="conflict-2"')[1]
        assert "data-edit" not in page.split('id="conflict-1"')[1].split('id="conflict-2"')[0]
        assert there.take(0, "both")["conflicts"][0]["note"] == "Kept: both, mine first."
        assert "failed" in there.ask("write", conflict=0, text="x")
        there.take(1, "both-remote")
        there.ask("save")
    sources = ["".join(cell["source"]) for cell in json.loads(room.path.read_bytes())["cells"]]
    assert sources == ["# Title", "l = 1", "l = 2", "r = 1", "*remote*", "a = 2\na = 1"]


def test_in_a_rebase_mine_is_the_other_side(room: Room) -> None:
    room.put(work().merged())
    with room.visit() as there:
        session = Session(there.resolving, there.session.seen, None, Persons(Author.REMOTE))
        page = session.answer(Asked("", 1)).text
        assert "In a rebase, mine is your own commit" in page
        told = json.loads(session.answer(Asked("take", {"conflict": 0, "way": "remote"})).text)
        assert (told["conflicts"][0]["words"], told["said"]) == ("mine", "Conflict 1: mine.")
        told = json.loads(session.answer(Asked("take", {"conflict": 0, "way": "both"})).text)
        assert told["conflicts"][0]["words"] == "both, theirs first"
