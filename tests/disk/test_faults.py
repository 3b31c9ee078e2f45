"""A failure or a kill at every file operation: the file is whole, no save is lost, nothing is left."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable
from io import FileIO
from itertools import count
from pathlib import Path
from threading import Thread

import pytest

from nbmerge.disk import Busy, Changed, Disk, Gone, LateSave, Placed
from nbmerge.disk.inplace import is_mixture
from nbmerge.errors import SystemFailure
from nbmerge.files import digest
from tests.helpers.fake_disk import all_known
from tests.helpers.faulty_system import Faulty, Killed, error

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="leases and exchange of Linux")

OLD = b'{"old": "' + b"o" * 9000 + b'"}\n'
NEW = b'{"new": "' + b"n" * 14000 + b'"}\n'
SHORT = b'{"short": "' + b"s" * 5000 + b'"}\n'
SAVE = b'{"an editor": "saved this"}\n'

Saver = Callable[[Path], None]


def start(saver: Saver, path: Path) -> Thread:
    """An editor saves; while nbmerge keeps it waiting, that goes on."""
    thread = Thread(target=saver, args=(path,))
    thread.start()
    thread.join(0.02)
    return thread


def by_renaming(path: Path) -> None:
    beside = path.with_name("~editor")
    beside.write_bytes(SAVE)
    os.replace(beside, path)


def in_place(path: Path) -> None:
    path.write_bytes(SAVE)


class Scene:
    """A notebook, alone or with a second name, and what is known of it in a store."""

    def __init__(self, folder: Path, new: bytes, linked: bool) -> None:
        self.folder, self.new = folder / "work", new
        self.folder.mkdir(parents=True)
        self.journal = folder / "journal"
        self.path = self.folder / "a.ipynb"
        self.path.write_bytes(OLD)
        self.names = {"a.ipynb"}
        self.seen: list[bytes] = []  # saves that nbmerge told of
        if linked:
            os.link(self.path, self.folder / "b.ipynb")
            self.names.add("b.ipynb")

    def place(self, faulty: Faulty) -> object:
        """What came of it: an outcome, or the failure."""
        disk = Disk(str(self.journal), lambda: 1e10, all_known, faulty.system)
        try:
            outcome = disk.place(str(self.path), self.new, digest(OLD))
            if isinstance(outcome, Placed) and outcome.displaced is not None:
                self.seen.append(outcome.displaced)
                disk.confirm(LateSave(str(self.path), outcome.displaced))
            disk.close()
        except (SystemFailure, Killed) as failure:
            return failure
        finally:
            faulty.bury()
        return outcome

    def next_start(self) -> None:
        """What the next process does; twice, since the first may be stopped at once."""
        for _ in range(2):
            faulty = Faulty()
            disk = Disk(str(self.journal), lambda: 2e10, all_known, faulty.system)
            for save in disk.repair([str(self.folder)]).saves:
                self.seen.append(save.data)
                disk.confirm(save)
            disk.close()
            faulty.bury()

    def check_nothing_is_left(self) -> None:
        assert set(os.listdir(self.folder)) == self.names
        assert not self.journal.exists() or os.listdir(self.journal) == []


CASES = [(NEW, False), (SHORT, False), (NEW, True), (SHORT, True)]
NAMES = ["exchange, longer", "exchange, shorter", "in place, longer", "in place, shorter"]
each_way = pytest.mark.parametrize(("new", "linked"), CASES, ids=NAMES)


@each_way
def test_killed_at_every_operation(tmp_path: Path, new: bytes, linked: bool) -> None:
    for number in count(1):
        scene = Scene(tmp_path / str(number), new, linked)
        came = scene.place(Faulty(number))
        if not linked:
            assert scene.path.read_bytes() in (OLD, new)
        scene.next_start()
        assert scene.path.read_bytes() in (OLD, new)
        assert all(seen == OLD or (linked and is_mixture(seen, OLD, new)) for seen in scene.seen)
        scene.check_nothing_is_left()
        if came == Placed():
            break
    assert number > 15


@each_way
@pytest.mark.parametrize("lasting", [False, True], ids=["once", "from then on"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EACCES], ids=errno.errorcode.get)
def test_failing_at_every_operation(
    tmp_path: Path, new: bytes, linked: bool, lasting: bool, code: int
) -> None:
    for number in count(1):
        scene = Scene(tmp_path / str(number), new, linked)
        faulty = Faulty(number, error(code), lasting)
        came = scene.place(faulty)
        held = scene.path.read_bytes()
        if came == Placed():
            assert held == new
        elif not (lasting and linked):  # else the old bytes cannot be put back before the next start
            assert isinstance(came, SystemFailure | Busy | Gone)
            assert held == OLD
        scene.next_start()
        assert scene.path.read_bytes() in (OLD, new)
        assert all(seen == OLD or (linked and is_mixture(seen, OLD, new)) for seen in scene.seen)
        scene.check_nothing_is_left()
        if not faulty.hit and number > len(faulty.log):
            break


every = pytest.mark.parametrize("stride", [7, pytest.param(1, marks=pytest.mark.slow)])


@each_way
@pytest.mark.parametrize("saver", [by_renaming, in_place])
@every
def test_an_editor_saves_before_any_operation_and_the_process_is_killed_at_any(
    tmp_path: Path, new: bytes, linked: bool, saver: Saver, stride: int
) -> None:
    plain = Faulty()
    Scene(tmp_path / "plain", new, linked).place(plain)
    for at in range(1, len(plain.log) + 1):
        for number in range(at + at % stride, len(plain.log) + 12, stride):
            scene = Scene(tmp_path / f"{at}-{number}", new, linked)
            faulty = Faulty(number)
            editors: list[Thread] = []
            faulty.before(at, lambda: editors.append(start(saver, scene.path)))  # noqa: B023
            came = scene.place(faulty)
            editors[0].join()
            scene.next_start()
            held = scene.path.read_bytes()
            assert held in (SAVE, new, OLD)
            assert SAVE in (held, *scene.seen), (at, number, faulty.log[at - 1], faulty.log[number - 1 :])
            if isinstance(came, Changed):
                assert came.found == SAVE
            scene.check_nothing_is_left()


@pytest.mark.parametrize("new", [NEW, SHORT], ids=["longer", "shorter"])
@every
def test_an_editor_opens_the_file_before_any_operation_and_writes_after_a_kill_at_any(
    tmp_path: Path, new: bytes, stride: int
) -> None:
    """Its save lands in the file that was displaced, or in the one that was not."""
    plain = Faulty()
    Scene(tmp_path / "plain", new, linked=False).place(plain)
    for at in range(1, len(plain.log) + 1):
        for number in range(at + at % stride, len(plain.log) + 12, stride):
            scene = Scene(tmp_path / f"{at}-{number}", new, linked=False)
            faulty = Faulty(number)
            opened: list[FileIO] = []
            faulty.before(at, lambda: opened.append(FileIO(scene.path, "r+")))  # noqa: B023
            scene.place(faulty)
            with opened[0] as editor:
                editor.truncate(0)
                editor.write(SAVE)
            scene.next_start()
            held = scene.path.read_bytes()
            assert held in (SAVE, new)
            assert SAVE in (held, *scene.seen), (at, number, faulty.log[number - 1 :])
            scene.check_nothing_is_left()


@pytest.mark.parametrize("linked", [False, True])
def test_what_is_on_the_disk_before_what(tmp_path: Path, linked: bool) -> None:
    """A loss of power cannot be tried here; the order of the operations is what counts."""
    faulty = Faulty()
    assert Scene(tmp_path / "scene", NEW, linked).place(faulty) == Placed()
    journal = ["create", "write", "sync", "sync_folder"]
    if linked:
        expected = [*journal, "write", "write", "truncate", "sync", "unlink"]
    else:
        expected = [*journal, "create", "write", "sync", "swap", "unlink", "unlink", "sync_folder"]
    assert [name for name in faulty.log if name in expected] == expected
