"""What killed processes left: completed, told, removed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nbmerge.disk import Disk, LateSave, Placed, Repaired
from nbmerge.disk.inplace import is_mixture
from nbmerge.disk.journal import Entry, EntryKind, Journal, mark
from nbmerge.disk.system import this_system
from nbmerge.files import digest
from tests.helpers.fake_disk import all_known

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="leases and exchange of Linux")
ROOT = Path(__file__).parents[2]
OLD = b'{"old": [' + b"1, " * 3000 + b"1]}\n"
NEW = b'{"new": "' + b"n" * 14000 + b'"}\n'
SAVE = b'{"an editor": "saved this"}\n'


class Leftovers:
    """A folder in the state that a killed process can leave it in."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "work"
        self.folder.mkdir()
        self.journal = str(root / "journal")
        self.file = self.folder / "a.ipynb"
        self.file.write_bytes(OLD)

    def entry(self, kind: EntryKind, old: bytes = b"", new: bytes = b"") -> None:
        """As a process leaves it that is killed now."""
        path = str(self.file)
        journal = Journal(self.journal, this_system(), all_known)
        expected = digest(old) if kind is EntryKind.KEPT else digest(OLD)
        entry = Entry(kind, path, path, expected, digest(NEW), self.beside(".tmp"), self.aside)
        journal.leave(journal.begin(entry, old, new))

    def beside(self, ending: str) -> str:
        return str(self.folder / f".nbmerge-99999999-0{ending}")

    @property
    def aside(self) -> str:
        return self.beside(f"-{mark('a.ipynb')}.tmp")

    def start(self) -> Disk:
        return Disk(self.journal, time.time, all_known)

    def repair(self) -> Repaired:
        disk = self.start()
        repaired = disk.repair([str(self.folder)])
        for save in repaired.saves:
            disk.confirm(save)
        disk.close()
        return repaired

    def left(self) -> list[str]:
        journal = os.listdir(self.journal) if os.path.exists(self.journal) else []
        return [*journal, *(n for n in os.listdir(self.folder) if n.startswith("."))]


@pytest.fixture
def leftovers(tmp_path: Path) -> Leftovers:
    return Leftovers(tmp_path)


@pytest.mark.parametrize("held", [OLD, NEW])
def test_a_write_in_place_that_had_not_begun_or_was_done(leftovers: Leftovers, held: bytes) -> None:
    leftovers.file.write_bytes(held)
    leftovers.entry(EntryKind.IN_PLACE, OLD, NEW)
    assert leftovers.repair() == Repaired()
    assert leftovers.file.read_bytes() == held
    assert leftovers.left() == []


@pytest.mark.parametrize(("old", "new"), [(OLD, NEW), (NEW, OLD)])
@pytest.mark.parametrize("at", [20, 4096, 8999])
def test_a_torn_write_in_place_is_completed(tmp_path: Path, old: bytes, new: bytes, at: int) -> None:
    leftovers = Leftovers(tmp_path)
    path = str(leftovers.file)
    leftovers.file.write_bytes(new[:at] + old[at:] if len(old) > len(new) else old[:at] + new[at:])
    journal = Journal(leftovers.journal, this_system(), all_known)
    journal.leave(journal.begin(Entry(EntryKind.IN_PLACE, path, path, digest(old), digest(new)), old, new))
    assert leftovers.repair() == Repaired(completed=(path,))
    assert leftovers.file.read_bytes() == new
    assert leftovers.left() == []


def test_what_an_editor_saved_over_a_torn_write_stays(leftovers: Leftovers) -> None:
    leftovers.file.write_bytes(SAVE)
    leftovers.entry(EntryKind.IN_PLACE, OLD, NEW)
    assert leftovers.repair() == Repaired(saves=(LateSave(str(leftovers.file), OLD),))
    assert leftovers.file.read_bytes() == SAVE
    assert leftovers.left() == []


def test_a_torn_write_waits_while_an_editor_saves(leftovers: Leftovers) -> None:
    leftovers.file.write_bytes(NEW[:5000] + OLD[5000:])
    leftovers.entry(EntryKind.IN_PLACE, OLD, NEW)
    disk = leftovers.start()
    with open(leftovers.file, "r+b"):
        assert disk.repair() == Repaired()
    assert disk.check_displaced() == []
    assert leftovers.file.read_bytes() == NEW
    assert leftovers.left() == []
    disk.close()


def test_what_looks_torn_but_may_be_a_save_is_told_and_completed(leftovers: Leftovers) -> None:
    path, old, new = str(leftovers.file), b'{"a": 1, "b": 1}', b'{"a": 2, "b": 2}'
    save = b'{"a": 2, "b": 1}'
    leftovers.file.write_bytes(save)
    journal = Journal(leftovers.journal, this_system(), all_known)
    journal.leave(journal.begin(Entry(EntryKind.IN_PLACE, path, path, digest(old), digest(new)), old, new))
    assert leftovers.repair() == Repaired(saves=(LateSave(path, save),), completed=(path,))
    assert leftovers.file.read_bytes() == new
    assert leftovers.left() == []


def test_a_mixture_is_told_from_what_somebody_wrote() -> None:
    old, new = b"a" * 9000, b"b" * 12000
    assert is_mixture(new[:500] + old[500:], old, new)
    assert is_mixture(old + new[9000:10000], old, new)
    assert is_mixture(old + bytes(3000), old, new)  # the file grew, but its bytes did not reach the disk
    assert not is_mixture(new[:500] + b"c" + old[501:], old, new)
    assert not is_mixture(new[:500], old, new)
    assert not is_mixture(new + b"b", old, new)


def test_a_file_that_was_not_exchanged_yet_is_removed(leftovers: Leftovers) -> None:
    Path(leftovers.beside(".tmp")).write_bytes(NEW[:700])
    leftovers.entry(EntryKind.EXCHANGE)
    assert leftovers.repair() == Repaired(removed=1)
    assert leftovers.file.read_bytes() == OLD
    assert leftovers.left() == []


@pytest.mark.parametrize("held", [OLD, NEW])
def test_a_displaced_file_whose_bytes_are_known_is_removed(leftovers: Leftovers, held: bytes) -> None:
    Path(leftovers.aside).write_bytes(held)
    leftovers.entry(EntryKind.EXCHANGE)
    assert leftovers.repair().saves == ()
    assert leftovers.left() == []


def test_a_displaced_save_is_told(leftovers: Leftovers) -> None:
    Path(leftovers.aside).write_bytes(SAVE)
    leftovers.entry(EntryKind.EXCHANGE)
    assert leftovers.repair().saves == (LateSave(str(leftovers.file), SAVE),)
    assert leftovers.left() == []


def test_an_exchange_that_stopped_between_its_two_halves(leftovers: Leftovers) -> None:
    """ReplaceFileW can leave no file at the path: the old one aside, the new one under its first name."""
    leftovers.file.rename(leftovers.aside)
    Path(leftovers.beside(".tmp")).write_bytes(NEW)
    leftovers.entry(EntryKind.EXCHANGE)
    assert leftovers.repair().saves == ()
    assert leftovers.file.read_bytes() == NEW
    assert leftovers.left() == []


def test_a_kept_save_is_told_until_it_is_confirmed(leftovers: Leftovers) -> None:
    leftovers.entry(EntryKind.KEPT, SAVE)
    save = LateSave(str(leftovers.file), SAVE)
    disk = leftovers.start()
    assert disk.repair().saves == (save,)
    disk.close()
    assert leftovers.repair().saves == (save,)
    assert leftovers.repair() == Repaired()
    assert leftovers.left() == []


def test_torn_entries_are_dropped(leftovers: Leftovers) -> None:
    """They are on the disk before anything is begun: what is torn speaks of nothing."""
    leftovers.entry(EntryKind.IN_PLACE, OLD, NEW)
    [name] = os.listdir(leftovers.journal)
    whole = Path(leftovers.journal, name).read_bytes()
    for number, size in enumerate([0, 5, 200, len(whole) - 1]):
        Path(leftovers.journal, f"1-{number}.journal").write_bytes(whole[:size])
    Path(leftovers.journal, "1-9.journal").write_bytes(bytes(len(whole)))
    Path(leftovers.journal, name).unlink()
    assert leftovers.repair() == Repaired()
    assert leftovers.left() == []


def test_a_folder_that_is_not_there_now_is_waited_for(leftovers: Leftovers) -> None:
    Path(leftovers.aside).write_bytes(SAVE)
    leftovers.entry(EntryKind.EXCHANGE)
    away = leftovers.folder.rename(leftovers.folder.with_name("away"))
    assert leftovers.repair() == Repaired()
    away.rename(leftovers.folder)
    assert leftovers.repair().saves == (LateSave(str(leftovers.file), SAVE),)


def test_files_of_dead_processes_are_swept_and_those_of_living_ones_stay(leftovers: Leftovers) -> None:
    (leftovers.folder / ".nbmerge-99999999-0.tmp").write_bytes(NEW)
    (leftovers.folder / f".nbmerge-{os.getpid()}-7.tmp").write_bytes(NEW)  # of one that had our number
    (leftovers.folder / f".nbmerge-{os.getppid()}-0.tmp").write_bytes(NEW)
    (leftovers.folder / ".nbmergeignore").write_bytes(b"")
    (leftovers.folder / ".nbmerge-mine.tmp").write_bytes(b"")
    assert leftovers.repair() == Repaired(removed=2)
    assert sorted(leftovers.left()) == [
        f".nbmerge-{os.getppid()}-0.tmp",
        ".nbmerge-mine.tmp",
        ".nbmergeignore",
    ]


def test_a_displaced_save_whose_journal_is_lost_is_told(leftovers: Leftovers) -> None:
    Path(leftovers.aside).write_bytes(SAVE)
    assert leftovers.repair().saves == (LateSave(str(leftovers.file), SAVE),)
    assert leftovers.left() == []


VICTIM = """
import sys, time
from nbmerge.disk import Disk, Placed
from nbmerge.files import digest, read_file
disk, path, number = Disk(sys.argv[2], time.time, lambda *_: True), sys.argv[1], 0
print("ready", flush=True)
while True:
    disk.place(path, b"%d " % number + b"m" * 60_000, digest(read_file(path)))
    number += 1
"""


@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize("rounds", [3, pytest.param(60, marks=pytest.mark.slow)])
def test_a_real_process_is_killed_again_and_again(tmp_path: Path, rounds: int, linked: bool) -> None:
    leftovers = Leftovers(tmp_path)
    leftovers.file.write_bytes(b"0 " + b"m" * 60_000)
    if linked:
        os.link(leftovers.file, leftovers.folder / "b.ipynb")
    command = [sys.executable, "-c", VICTIM, str(leftovers.file), leftovers.journal]
    for number in range(rounds):
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE) as victim:
            assert victim.stdout is not None
            victim.stdout.readline()
            time.sleep(0.05 + number * 0.0007)
            victim.send_signal(signal.SIGKILL)
        assert leftovers.repair().saves == ()
        count, space, body = leftovers.file.read_bytes().partition(b" ")
        assert (count.isdigit(), space, body) == (True, b" ", b"m" * 60_000)
        assert leftovers.left() == []
    disk = leftovers.start()
    assert disk.place(str(leftovers.file), NEW, digest(leftovers.file.read_bytes())) == Placed()
    disk.close()
