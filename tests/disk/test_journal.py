"""What a journal says is believed as far as the history bears it out, and from nobody else's hand."""

from __future__ import annotations

import json
import os
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nbmerge.disk import Disk, LateSave, Repaired
from nbmerge.disk.journal import Entry, EntryKind, Journal, mark
from nbmerge.disk.system import this_system
from nbmerge.errors import SystemFailure
from nbmerge.files import digest
from tests.helpers.fake_disk import all_known

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="leases and exchange of Linux")
OLD = b'{"old": [' + b"1, " * 3000 + b"1]}\n"
NEW = b'{"new": "' + b"n" * 14000 + b'"}\n'
SAVE = b'{"an editor": "saved this"}\n'
TORN = NEW[:5000] + OLD[5000:]


class Home:
    """A folder with a notebook that held OLD and NEW, and files that are nobody else's business."""

    def __init__(self, root: Path) -> None:
        self.folder, self.journal = root / "work", root / "state" / "journal"
        self.folder.mkdir()
        self.journal.parent.mkdir(mode=0o700)
        self.notebook, self.secret = self.folder / "a.ipynb", root / "secret"
        self.notebook.write_bytes(OLD)
        self.secret.write_bytes(OLD)
        self.secret.chmod(0o600)
        self.had = {digest(OLD), digest(NEW)}

    def knows(self, path: str, name: str | None) -> bool:
        return path == str(self.notebook) and (name is None or name in self.had)

    def usual(self, kind: EntryKind) -> Entry:
        path = str(self.notebook)
        stem = str(self.folder / ".nbmerge-99999999-0")
        aside = f"{stem}-{mark('a.ipynb')}.tmp"
        return Entry(kind, path, path, digest(OLD), digest(NEW), f"{stem}.tmp", aside)

    def left(self, entry: Entry, old: bytes = b"", new: bytes = b"") -> Path:
        """An entry that a killed process has left, or somebody would have it seem so."""
        journal = Journal(str(self.journal), this_system(), all_known)
        record = journal.begin(entry, old, new)
        journal.leave(record)
        return Path(record.file)

    def start(self) -> Disk:
        return Disk(str(self.journal), time.time, self.knows)

    def files(self) -> dict[Path, bytes]:
        return {path: path.read_bytes() for path in self.folder.parent.rglob("*") if path.is_file()}

    def is_doubted(self, *files: Path, why: str = "") -> None:
        """Nothing is done about these files, each is told of once, and others are looked after."""
        before = self.files()
        disk = self.start()
        assert disk.repair() == Repaired()
        told = disk.doubts()
        assert [one.path for one in told] == [str(file) for file in files]
        assert [one for one in told if why not in one.why] == []
        assert (disk.check_displaced(), disk.doubts()) == ([], [])
        disk.close()
        assert self.files() == before


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


@pytest.mark.parametrize("kind", EntryKind)
@pytest.mark.parametrize("field", ["temporary", "aside", "target", "path"])
def test_an_entry_that_names_files_of_others(home: Home, kind: EntryKind, field: str) -> None:
    """To be removed, to take another one's place, or to be written."""
    home.notebook.write_bytes(TORN)
    home.secret.write_bytes(TORN)
    named: dict[str, Any] = {field: str(home.secret)}
    entry = replace(home.usual(kind), **named)
    if kind is EntryKind.KEPT:
        entry = replace(entry, new="")
    planted = home.left(entry, b"" if kind is EntryKind.EXCHANGE else OLD, NEW if kind != "kept" else b"")
    home.is_doubted(planted)


@pytest.mark.parametrize("kind", EntryKind)
def test_an_entry_about_a_file_without_a_history(home: Home, kind: EntryKind) -> None:
    home.secret.write_bytes(TORN)
    path = str(home.secret)
    entry = Entry(kind, path, path, digest(OLD), digest(NEW) if kind is EntryKind.IN_PLACE else "")
    planted = home.left(entry, OLD, NEW if kind is EntryKind.IN_PLACE else b"")
    home.is_doubted(planted, why="names a file that has no history")


@pytest.mark.parametrize("name", ["profile", ".nbmerge-1-0.tmp", ".nbmerge-1-0-01234567.tmp", ""])
def test_an_entry_whose_displaced_file_has_no_name_of_ours(home: Home, name: str) -> None:
    (home.folder / name).with_suffix(".tmp") if not name else (home.folder / name).write_bytes(OLD)
    entry = replace(home.usual(EntryKind.EXCHANGE), aside=str(home.folder / name))
    home.is_doubted(home.left(entry), why="names files that nbmerge does not make")


def test_bytes_that_no_version_has_are_put_into_no_file(home: Home) -> None:
    home.had = set()
    home.notebook.write_bytes(TORN)
    planted = home.left(home.usual(EntryKind.IN_PLACE), OLD, NEW)
    home.is_doubted(planted, why="holds no version of")


@pytest.mark.parametrize(
    "fields",
    [
        {"path": 5},
        {"temporary": None},
        {"aside": ["x"]},
        {"path": "a\0b", "target": "a\0b"},
        {"path": "\ud800", "target": "\ud800"},
        {"expected": "no digest"},
        {"path": "a.ipynb", "target": "a.ipynb"},
    ],
)
def test_fields_that_make_no_sense(home: Home, fields: dict[str, object]) -> None:
    entry = home.left(home.usual(EntryKind.EXCHANGE))
    said = {**json.loads(entry.read_bytes()), **fields}
    entry.write_bytes(json.dumps(said).encode() + b"\n")
    notebook = home.files()[home.notebook]
    disk = home.start()
    assert disk.repair() == Repaired()
    disk.close()
    assert home.notebook.read_bytes() == notebook


def written_by_others(file: Path) -> None:
    file.chmod(0o622)


def made_by_others(file: Path) -> None:
    os.chown(file, 12345, 12345)


as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can make other people's files")
HANDS = [written_by_others, pytest.param(made_by_others, marks=as_root)]


@pytest.mark.parametrize("hand", HANDS)
def test_an_entry_from_another_hand_and_beside_it_one_of_ours(home: Home, hand: object) -> None:
    planted = home.left(home.usual(EntryKind.EXCHANGE))
    aside = home.folder / f".nbmerge-99999999-0-{mark('a.ipynb')}.tmp"
    aside.write_bytes(OLD)
    assert callable(hand)
    hand(planted)
    home.is_doubted(planted)
    ours = home.left(replace(home.usual(EntryKind.KEPT), expected=digest(SAVE), new=""), SAVE)
    disk = home.start()
    assert disk.repair().saves == (LateSave(str(home.notebook), SAVE),)
    assert [one.path for one in disk.doubts()] == [str(planted)]
    disk.confirm(LateSave(str(home.notebook), SAVE))
    disk.close()
    assert (ours.exists(), planted.exists(), aside.exists()) == (False, True, True)


@pytest.mark.parametrize("hand", HANDS)
def test_a_journal_from_another_hand(home: Home, hand: object) -> None:
    home.left(home.usual(EntryKind.EXCHANGE))
    assert callable(hand)
    home.journal.chmod(0o711)
    hand(home.journal)
    home.journal.chmod(home.journal.stat().st_mode | 0o111)
    home.is_doubted(home.journal)
    disk = home.start()
    with pytest.raises(SystemFailure, match="so no journal is kept there"):
        disk.place(str(home.notebook), NEW, digest(OLD))
    disk.close()
    assert home.notebook.read_bytes() == OLD


def test_what_is_no_file_is_not_waited_for(home: Home) -> None:
    home.left(home.usual(EntryKind.EXCHANGE)).rename(home.folder.parent / "elsewhere")
    os.mkfifo(home.journal / "1-0.journal")
    (home.journal / "1-1.journal").symlink_to(home.folder.parent / "elsewhere")
    home.is_doubted(*(home.journal / name for name in ("1-0.journal", "1-1.journal")), why="no ordinary file")


# What a killed process of ours had begun, but not recorded yet.


def test_a_file_that_was_torn_by_bytes_without_a_version_gets_its_old_ones_back(home: Home) -> None:
    """The new ones are not lost: they are a save."""
    home.had.remove(digest(NEW))
    home.notebook.write_bytes(TORN)
    entry = home.left(home.usual(EntryKind.IN_PLACE), OLD, NEW)
    disk = home.start()
    save = LateSave(str(home.notebook), NEW)
    assert disk.repair() == Repaired(saves=(save,), completed=(str(home.notebook),))
    assert home.notebook.read_bytes() == OLD
    disk.confirm(save)
    disk.close()
    assert (entry.exists(), disk.doubts(), os.listdir(home.journal)) == (False, [], [])


def test_displaced_bytes_are_removed_only_if_they_are_a_version(home: Home) -> None:
    """Whatever the entry says of them."""
    aside = home.folder / f".nbmerge-99999999-0-{mark('a.ipynb')}.tmp"
    aside.write_bytes(SAVE)
    entry = home.left(replace(home.usual(EntryKind.EXCHANGE), expected=digest(SAVE)))
    entry.write_bytes(entry.read_bytes() + json.dumps({"safe": digest(SAVE)}).encode() + b"\n")
    disk = home.start()
    assert disk.repair().saves == (LateSave(str(home.notebook), SAVE),)
    assert aside.exists()
    home.had.add(digest(SAVE))
    disk.confirm(LateSave(str(home.notebook), SAVE))
    disk.close()
    assert not aside.exists()


@pytest.mark.parametrize("held", [NEW, SAVE])
def test_half_an_exchange_is_completed_with_a_version_only(home: Home, held: bytes) -> None:
    usual = home.usual(EntryKind.EXCHANGE)
    home.notebook.rename(usual.aside)
    Path(usual.temporary).write_bytes(held)
    home.left(usual)
    disk = home.start()
    assert disk.repair().saves == ()
    disk.close()
    assert home.notebook.read_bytes() == (NEW if held == NEW else OLD)
    assert sorted(os.listdir(home.folder)) == ["a.ipynb"]
