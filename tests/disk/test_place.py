"""Replacing a file: what is kept, what is refused, what comes of it."""

from __future__ import annotations

import errno
import os
import stat
import struct
import sys
import time
from collections.abc import Callable, Iterator
from io import FileIO
from pathlib import Path

import pytest

from nbmerge.disk import Busy, Changed, Disk, Gone, LateSave, Placed
from nbmerge.disk.system import NoExchangeError, System, this_system
from nbmerge.errors import SystemFailure
from nbmerge.files import digest
from tests.helpers.fake_disk import all_known

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="leases and exchange of Linux")
OLD, NEW, SAVE = b'{"old": 1}\n', b'{"new": 22}\n', b'{"saved": 333}\n'


class Place:
    """A folder with one file, and a disk with a clock that the test moves."""

    def __init__(self, root: Path) -> None:
        self.folder = root / "work"
        self.folder.mkdir()
        self.journal = root / "state" / "journal"
        self.file = self.folder / "a.ipynb"
        self.file.write_bytes(OLD)
        self.now = time.time()
        self.system = this_system()
        self.disk = self.start()

    def start(self) -> Disk:
        return Disk(str(self.journal), lambda: self.now, all_known, self.system)

    def put(self, data: bytes = NEW, expected: bytes = OLD) -> object:
        return self.disk.place(str(self.file), data, digest(expected))

    def before_swap(self, act: Callable[[], object]) -> None:
        """Something happens in the last moment before the exchange."""
        real = self.system.swap

        def swap(temporary: str, target: str, aside: str) -> None:
            act()
            self.system.swap = real  # type: ignore[method-assign]
            real(temporary, target, aside)

        self.system.swap = swap  # type: ignore[method-assign]

    def open_before_swap(self) -> list[FileIO]:
        """An editor opens the file in the last moment."""
        opened: list[FileIO] = []
        self.before_swap(lambda: opened.append(FileIO(self.file, "r+")))
        return opened

    def rename_over(self, data: bytes = SAVE) -> None:
        beside = self.folder / "editor"
        beside.write_bytes(data)
        os.replace(beside, self.file)

    def left(self) -> list[str]:
        """What lies about besides the file."""
        journal = os.listdir(self.journal) if self.journal.exists() else []
        return [name for name in os.listdir(self.folder) if name.startswith(".")] + journal


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    place = Place(tmp_path)
    yield place
    place.disk.close()


# What comes of it.


def test_the_file_holds_the_new_bytes_and_nothing_is_left(place: Place) -> None:
    assert place.put() == Placed()
    assert place.file.read_bytes() == NEW
    assert place.left() == []


def test_another_content_is_left_alone(place: Place) -> None:
    assert place.put(expected=b"something else") == Changed(OLD)
    assert place.file.read_bytes() == OLD
    assert place.left() == []


def test_equal_content_is_not_written(place: Place) -> None:
    before = place.file.stat()
    assert place.put(OLD, expected=b"whatever") == Placed()
    assert (place.file.stat().st_ino, place.file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert not place.journal.exists()


def test_no_file(place: Place) -> None:
    assert place.disk.place(str(place.folder / "b.ipynb"), NEW, digest(OLD)) == Gone()
    assert place.disk.place(str(place.file / "b.ipynb"), NEW, digest(OLD)) == Gone()


def test_a_file_that_goes_in_the_last_moment(place: Place) -> None:
    place.before_swap(place.file.unlink)
    assert place.put() == Gone()
    assert os.listdir(place.folder) == []
    assert place.left() == []


def test_a_file_that_a_program_writes_is_busy(place: Place) -> None:
    assert place.disk.being_written(str(place.file)) is False
    with open(place.file, "r+b"):
        assert place.disk.being_written(str(place.file)) is True
        assert isinstance(place.put(), Busy)
    assert place.file.read_bytes() == OLD
    assert place.left() == []
    assert place.disk.being_written(str(place.folder / "none.ipynb")) is None
    os.mkfifo(place.folder / "pipe.ipynb")
    assert place.disk.being_written(str(place.folder / "pipe.ipynb")) is None


def test_a_save_while_the_new_file_is_prepared_is_seen_before_the_exchange(place: Place) -> None:
    real = place.system.pass_on

    def pass_on(source: int, fd: int) -> None:
        place.rename_over()
        real(source, fd)

    place.system.pass_on = pass_on  # type: ignore[method-assign]
    assert place.put() == Changed(SAVE)
    assert place.file.read_bytes() == SAVE
    assert place.left() == []


# A save in the last moment.


def test_a_save_that_was_displaced_is_told_and_kept_until_it_is_confirmed(place: Place) -> None:
    place.before_swap(place.rename_over)
    assert place.put() == Placed(displaced=SAVE)
    assert place.file.read_bytes() == NEW
    save = LateSave(str(place.file), SAVE)
    assert place.disk.check_displaced() == [save]
    assert place.disk.check_displaced() == [save]
    place.disk.confirm(save)
    assert place.disk.check_displaced() == []
    assert place.left() == []


def test_the_next_process_finds_a_save_that_was_not_confirmed(place: Place) -> None:
    place.before_swap(place.rename_over)
    place.put()
    place.disk.close()
    second = place.start()
    save = LateSave(str(place.file), SAVE)
    assert second.repair().saves == (save,)
    second.close()
    place.disk = place.start()
    assert place.disk.repair().saves == (save,)
    place.disk.confirm(save)
    assert place.left() == []


def test_what_was_confirmed_is_not_told_by_the_next_process(place: Place) -> None:
    place.before_swap(place.rename_over)
    place.put()
    [old] = [path for path in place.folder.iterdir() if path.name.startswith(".")]
    with open(old, "r+b"):  # so it has to stay
        place.disk.confirm(LateSave(str(place.file), SAVE))
        place.disk.close()
        place.disk = place.start()
        assert place.disk.repair().saves == ()
        assert len(place.left()) == 2
    assert place.disk.check_displaced() == []
    assert place.left() == []


def test_a_process_leaves_the_entries_of_a_living_one_alone(place: Place) -> None:
    place.before_swap(place.rename_over)
    place.put()
    second = place.start()
    assert second.repair([str(place.folder)]).saves == ()
    second.close()
    assert len(place.disk.check_displaced()) == 1


def test_a_write_through_a_file_that_was_open_before_the_exchange_is_a_save(place: Place) -> None:
    opened = place.open_before_swap()
    assert place.put() == Placed()
    assert place.disk.check_displaced() == []
    with opened[0] as editor:
        editor.truncate(0)
        assert place.disk.check_displaced() == []  # a save in progress
        editor.write(SAVE)
        assert place.disk.check_displaced() == []
    assert place.disk.check_displaced() == [LateSave(str(place.file), SAVE)]
    place.disk.confirm(LateSave(str(place.file), SAVE))
    assert place.left() == []
    assert place.file.read_bytes() == NEW


def test_a_writer_that_held_the_file_and_wrote_nothing_leaves_nothing(place: Place) -> None:
    opened = place.open_before_swap()
    assert place.put() == Placed()
    opened[0].close()
    assert place.disk.check_displaced() == []
    assert place.left() == []


def test_a_writer_that_opened_the_old_file_just_as_it_was_removed(place: Place) -> None:
    assert place.put() == Placed()
    assert place.left() == []
    [item] = place.disk._displaced.files
    Path(f"/proc/self/fd/{item.fd}").write_bytes(SAVE)  # by way of our descriptor: it has no name
    place.now += 1
    assert place.disk.check_displaced() == []
    place.now += 3
    assert place.disk.check_displaced() == [LateSave(str(place.file), SAVE)]
    place.disk.close()
    place.disk = place.start()
    assert place.disk.repair().saves == (LateSave(str(place.file), SAVE),)
    place.disk.confirm(LateSave(str(place.file), SAVE))
    assert place.disk.check_displaced() == []
    assert place.left() == []


def test_the_old_file_is_let_go_after_a_moment(place: Place) -> None:
    place.put()
    assert len(place.disk._displaced.files) == 1
    place.disk.check_displaced()
    place.now += 3
    place.disk.check_displaced()
    assert place.disk._displaced.files == []


def test_old_files_do_not_pile_up_where_nobody_tends_them(place: Place) -> None:
    data = OLD
    for number in range(60):
        assert place.put(b"%d" % number, data) == Placed()
        data = b"%d" % number
    assert len(place.disk._displaced.files) < 40
    place.now += 3
    assert place.put(NEW, data) == Placed()
    assert len(place.disk._displaced.files) == 1


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_something_else_took_the_name_in_the_last_moment(place: Place, kind: str) -> None:
    def act() -> None:
        place.file.rename(place.folder / "b.ipynb")
        if kind == "link":
            place.file.symlink_to("b.ipynb")
        else:
            place.file.mkdir()

    place.before_swap(act)
    assert isinstance(place.put(), Busy)
    assert place.file.is_symlink() if kind == "link" else place.file.is_dir()
    place.disk.check_displaced()
    assert sorted(os.listdir(place.folder)) == ["a.ipynb", "b.ipynb"]
    assert place.left() == []


# What is kept.


def test_mode_is_kept_and_the_time_is_new(place: Place) -> None:
    place.file.chmod(0o664)
    os.utime(place.file, (1, 1))
    assert place.put() == Placed()
    assert stat.S_IMODE(place.file.stat().st_mode) == 0o664
    assert abs(place.file.stat().st_mtime - time.time()) < 60


@pytest.mark.parametrize("linked", [False, True])
def test_the_time_is_later_than_one_in_the_future(place: Place, linked: bool) -> None:
    future = time.time() + 5000
    os.utime(place.file, (future, future))
    if linked:
        os.link(place.file, place.folder / "b.ipynb")
    assert place.put() == Placed()
    assert place.file.stat().st_mtime > future + 1


def test_the_time_is_later_than_that_of_the_save_that_was_displaced(place: Place) -> None:
    def save() -> None:
        place.rename_over()
        os.utime(place.file, (time.time() + 100, time.time() + 100))

    place.before_swap(save)
    assert place.put() == Placed(displaced=SAVE)
    assert place.file.stat().st_mtime > time.time() + 99


def test_extended_attributes_are_kept(place: Place) -> None:
    try:
        os.setxattr(place.file, "user.origin", b"here")
    except OSError:
        pytest.skip("no extended attributes here")
    inode = place.file.stat().st_ino
    assert place.put() == Placed()
    assert os.getxattr(place.file, "user.origin") == b"here"
    assert place.file.stat().st_ino != inode


def test_an_access_control_list_is_kept(place: Place) -> None:
    entries = [(1, 6, -1), (2, 4, 12345), (4, 4, -1), (16, 4, -1), (32, 0, -1)]  # acl(5), a user who may read
    value = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)
    try:
        os.setxattr(place.file, "system.posix_acl_access", value)
    except OSError:
        pytest.skip("no access control lists here")
    assert place.put() == Placed()
    assert os.getxattr(place.file, "system.posix_acl_access") == value


def test_nobody_is_let_in_by_the_folders_list(place: Place) -> None:
    """A new file gets what its folder says is usual; the notebook did not have it."""
    entries = [(1, 7, -1), (2, 7, 12345), (4, 5, -1), (16, 7, -1), (32, 5, -1)]  # acl(5)
    value = struct.pack("<I", 2) + b"".join(struct.pack("<HHi", *entry) for entry in entries)
    place.file.chmod(0o640)
    try:
        os.setxattr(place.folder, "system.posix_acl_default", value)
    except OSError:
        pytest.skip("no access control lists here")
    assert place.put() == Placed()
    assert "system.posix_acl_access" not in os.listxattr(place.file)
    assert place.file.stat().st_mode & 0o777 == 0o640


def test_a_link_stays_a_link(place: Place) -> None:
    (place.folder / "link.ipynb").symlink_to("a.ipynb")
    other = place.folder / "other"
    other.mkdir()
    (other / "far.ipynb").symlink_to(place.folder / "link.ipynb")
    assert place.disk.place(str(other / "far.ipynb"), NEW, digest(OLD)) == Placed()
    assert (other / "far.ipynb").is_symlink()
    assert (place.folder / "link.ipynb").is_symlink()
    assert place.file.read_bytes() == NEW
    assert not place.file.is_symlink()
    assert os.listdir(other) == ["far.ipynb"]


def test_a_late_save_is_told_by_the_name_that_the_caller_uses(place: Place) -> None:
    link = place.folder / "link.ipynb"
    link.symlink_to("a.ipynb")
    place.before_swap(place.rename_over)
    place.disk.place(str(link), NEW, digest(OLD))
    [save] = place.disk.check_displaced()
    assert save.path == str(link)


def test_hard_links_stay_one_file(place: Place) -> None:
    other = place.folder / "b.ipynb"
    os.link(place.file, other)
    assert place.put() == Placed()
    assert other.read_bytes() == NEW
    assert other.samefile(place.file)
    assert place.left() == []


# What cannot be exchanged is written in place.


@pytest.mark.parametrize(
    "refusal",
    [NoExchangeError(errno.EINVAL, "not here"), OSError(errno.EBUSY, "mounted"), OSError(errno.EPERM, "no")],
)
def test_what_cannot_be_exchanged_is_written_in_place(place: Place, refusal: OSError) -> None:
    def refuse() -> None:
        raise refusal

    inode = place.file.stat().st_ino
    place.before_swap(refuse)
    assert place.put() == Placed()
    assert place.file.read_bytes() == NEW
    assert place.file.stat().st_ino == inode
    assert place.left() == []


def test_a_save_in_the_last_moment_before_a_write_in_place(place: Place) -> None:
    os.link(place.file, place.folder / "b.ipynb")
    real = place.system.exclude

    def exclude(fd: int) -> bool:
        place.file.write_bytes(SAVE)
        place.system.exclude = real  # type: ignore[method-assign]
        return real(fd)

    place.system.exclude = exclude  # type: ignore[method-assign]
    assert place.put() == Changed(SAVE)
    assert place.file.read_bytes() == SAVE
    assert place.left() == []


def test_another_file_takes_the_name_before_a_write_in_place(place: Place) -> None:
    os.link(place.file, place.folder / "b.ipynb")
    real = place.system.exclude

    def exclude(fd: int) -> bool:
        place.rename_over()
        place.system.exclude = real  # type: ignore[method-assign]
        return real(fd)

    place.system.exclude = exclude  # type: ignore[method-assign]
    assert place.put() == Changed(SAVE)
    assert (place.folder / "b.ipynb").read_bytes() == OLD
    assert place.left() == []


def test_another_file_takes_the_name_during_a_write_in_place(place: Place) -> None:
    os.link(place.file, place.folder / "b.ipynb")
    real = place.system.sync

    def sync(fd: int) -> None:
        if os.fstat(fd).st_nlink == 2:  # not the journal's
            place.rename_over()
        real(fd)

    place.system.sync = sync  # type: ignore[method-assign]
    assert place.put() == Changed(SAVE)
    assert place.left() == []


def test_a_reader_is_waited_for_before_a_write_in_place(place: Place) -> None:
    os.link(place.file, place.folder / "b.ipynb")
    real, answers = place.system.exclude, [False, False, True]
    ended: list[int] = []
    place.system.exclude = lambda fd: answers.pop(0) and real(fd)  # type: ignore[method-assign]
    place.system.admit = ended.append  # type: ignore[method-assign, assignment]
    assert place.put() == Placed()
    assert (answers, len(ended)) == ([], 1)


def test_a_reader_that_stays_keeps_a_file_from_being_written_in_place(place: Place) -> None:
    """A writer that opens it at the wrong moment could not be told from it."""
    os.link(place.file, place.folder / "b.ipynb")
    with open(place.file, "rb"):
        assert isinstance(place.put(), Busy)
    assert place.file.read_bytes() == OLD
    assert place.put() == Placed()
    assert place.left() == []


# What is refused.


def test_a_write_protected_file_is_not_written(place: Place) -> None:
    place.file.chmod(0o444)
    with pytest.raises(SystemFailure, match=r"a\.ipynb: is write-protected"):
        place.put()
    assert place.file.read_bytes() == OLD
    assert place.left() == []


def test_only_ordinary_files_are_written(place: Place) -> None:
    os.mkfifo(place.folder / "pipe.ipynb")
    (place.folder / "folder.ipynb").mkdir()
    for name in ("pipe.ipynb", "folder.ipynb"):
        with pytest.raises(SystemFailure, match="no ordinary file"):
            place.disk.place(str(place.folder / name), NEW, digest(OLD))


def test_without_a_journal_nothing_is_written(place: Place) -> None:
    place.journal.parent.write_text("this is no folder")
    with pytest.raises(SystemFailure, match="no journal can be written"):
        place.put()
    assert place.file.read_bytes() == OLD
    assert os.listdir(place.folder) == ["a.ipynb"]


def test_a_server_may_refuse_a_lease_without_a_writer(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nbmerge.disk.linux._REMOTE", ("",))  # whatever this file system is
    assert place.disk.being_written(str(place.file)) is None
    with open(place.file, "r+b"):
        assert place.disk.being_written(str(place.file)) is None
        assert place.put() == Placed()
    assert place.disk.check_displaced() == []
    assert len(place.left()) == 2
    place.now += 11
    assert place.disk.check_displaced() == []
    assert place.left() == []


# The weakest system still keeps what it can.


def test_a_platform_with_nothing(place: Place) -> None:
    place.system = System()
    place.disk = place.start()
    opened = place.open_before_swap()
    assert place.disk.being_written(str(place.file)) is None
    assert place.put() == Placed()
    with opened[0] as editor:
        editor.truncate(0)
        editor.write(SAVE)
    assert place.disk.check_displaced() == []
    place.now += 11
    assert place.disk.check_displaced() == [LateSave(str(place.file), SAVE)]
    place.disk.confirm(LateSave(str(place.file), SAVE))
    assert place.left() == []


def test_a_command_that_ends_waits_a_moment_where_writers_cannot_be_seen(place: Place) -> None:
    place.system = System()
    place.disk = place.start()
    assert place.put() == Placed()
    assert len(place.left()) == 2
    place.disk.close(patience=0.01)
    assert place.left() == []


# Removing.


def test_a_file_is_discarded_if_it_holds_what_is_stored(place: Place) -> None:
    assert not place.disk.discard(str(place.file), digest(NEW))
    with open(place.file, "r+b"):
        assert not place.disk.discard(str(place.file), digest(OLD))
    assert place.file.read_bytes() == OLD
    assert place.disk.discard(str(place.file), digest(OLD))
    assert os.listdir(place.folder) == []
    assert place.disk.discard(str(place.file), digest(OLD))
    assert place.left() == []


def test_a_save_just_as_the_file_is_discarded_is_put_back(place: Place) -> None:
    real = place.system.move

    def move(old: str, new: str) -> None:
        place.rename_over()
        real(old, new)

    place.system.move = move  # type: ignore[method-assign]
    assert not place.disk.discard(str(place.file), digest(OLD))
    assert place.file.read_bytes() == SAVE
    assert place.left() == []
