"""macOS and Windows against stand-ins for their libraries, which behave as their documentation says."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import sys
import time
from collections.abc import Callable
from io import FileIO
from pathlib import Path

import pytest

from nbmerge.disk import Busy, Disk, Gone, LateSave, Placed
from nbmerge.disk.macos import MacOS
from nbmerge.disk.system import System
from nbmerge.disk.windows import READ, SHARE_WRITE, WRITE, Kernel32, Windows
from nbmerge.errors import SystemFailure
from nbmerge.files import digest
from tests.helpers.fake_disk import all_known

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the stand-ins use what Linux has")
OLD, NEW, SAVE = b'{"old": 1}\n', b'{"new": 22}\n', b'{"saved": 333}\n'


class Library:
    """renamex_np and fcopyfile."""

    def __init__(self) -> None:
        self.error = 0
        self.before_swap: list[Callable[[], object]] = []

    def renamex_np(self, old: bytes, new: bytes, flags: int) -> int:
        from nbmerge.disk.linux import Linux

        try:
            if flags == 2:
                for act in self.before_swap:
                    act()
                if self.error:
                    raise OSError(self.error, "")
                Linux().swap_back(os.fsdecode(new), os.fsdecode(old))
            else:
                assert flags == 4
                Linux().rename(os.fsdecode(old), os.fsdecode(new))
        except OSError as error:
            ctypes.set_errno(error.errno or 0)
            return -1
        return 0

    def fcopyfile(self, source: int, to: int, state: None, flags: int) -> int:
        assert flags == 7
        for name in os.listxattr(source):
            os.setxattr(to, name, os.getxattr(source, name))
        os.utime(to, ns=(os.fstat(source).st_atime_ns, os.fstat(source).st_mtime_ns))
        return 0


class Kernel(Kernel32):
    """ReplaceFileW and the others; `errors` are what comes of the next replacements."""

    def __init__(self) -> None:
        self.errors: list[int] = []
        self.open_error = 0
        self.writers: set[int] = set()  # inodes that a program has open for writing
        self.before_swap: list[Callable[[], object]] = []

    def replace_file(self, replaced: str, replacement: str, backup: str) -> int:
        assert not os.path.exists(backup)
        for act in self.before_swap:
            act()
        code = self.errors.pop(0) if self.errors else 0
        if code in (0, 1177):
            if not os.path.exists(replaced):
                return 2
            os.rename(replaced, backup)
        if code == 0:
            os.rename(replacement, replaced)
        return code

    def open(self, path: str, access: int, share: int) -> tuple[int, int]:
        if not os.path.exists(path):
            return -1, 2
        if os.stat(path).st_ino in self.writers and not share & SHARE_WRITE:
            return -1, 32
        if self.open_error:
            return -1, self.open_error
        assert access & READ
        return os.open(path, os.O_RDWR if access & WRITE else os.O_RDONLY), 0

    def reopen(self, fd: int, access: int, share: int) -> int:
        return 32 if os.fstat(fd).st_ino in self.writers and not share & SHARE_WRITE else 0

    def lock(self, fd: int) -> bool:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def alive(self, pid: int) -> bool:
        return pid == os.getppid()


class Place:
    """A file, and a disk of another platform."""

    def __init__(self, root: Path, system: System) -> None:
        self.folder = root / "work"
        self.folder.mkdir()
        self.journal = root / "journal"
        self.file = self.folder / "a.ipynb"
        self.file.write_bytes(OLD)
        self.now = time.time()
        self.system = system
        self.disk = self.start()

    def start(self) -> Disk:
        return Disk(str(self.journal), lambda: self.now, all_known, self.system)

    def put(self) -> object:
        return self.disk.place(str(self.file), NEW, digest(OLD))

    def rename_over(self) -> None:
        beside = self.folder / "editor"
        beside.write_bytes(SAVE)
        os.replace(beside, self.file)

    def left(self) -> list[str]:
        return [n for n in os.listdir(self.folder) if n.startswith(".")] + os.listdir(self.journal)


@pytest.fixture
def library() -> Library:
    return Library()


@pytest.fixture
def mac(tmp_path: Path, library: Library) -> Place:
    return Place(tmp_path, MacOS(library))


@pytest.fixture
def kernel() -> Kernel:
    return Kernel()


@pytest.fixture
def windows(tmp_path: Path, kernel: Kernel) -> Place:
    return Place(tmp_path, Windows(kernel))


def test_macos_swaps_and_waits_until_the_old_file_is_quiet(mac: Place) -> None:
    os.utime(mac.file, (1, 1))
    assert mac.put() == Placed()
    assert mac.file.read_bytes() == NEW
    assert abs(mac.file.stat().st_mtime - time.time()) < 60
    mac.now += 9
    assert mac.disk.check_displaced() == []
    assert len(mac.left()) == 2
    mac.now += 2
    assert mac.disk.check_displaced() == []
    assert mac.left() == []


def test_macos_tells_a_save_that_was_displaced(mac: Place, library: Library) -> None:
    library.before_swap = [mac.rename_over]
    assert mac.put() == Placed(displaced=SAVE)
    mac.disk.confirm(LateSave(str(mac.file), SAVE))
    mac.now += 11
    assert mac.disk.check_displaced() == []
    assert mac.left() == []


def test_macos_tells_a_late_write(mac: Place, library: Library) -> None:
    opened: list[FileIO] = []
    library.before_swap = [lambda: opened.append(FileIO(mac.file, "r+"))]
    assert mac.put() == Placed()
    mac.now += 9
    with opened[0] as editor:
        editor.truncate(0)
        editor.write(SAVE)
    assert mac.disk.check_displaced() == []
    mac.now += 9
    assert mac.disk.check_displaced() == []
    mac.now += 2
    assert mac.disk.check_displaced() == [LateSave(str(mac.file), SAVE)]


@pytest.mark.parametrize("code", [errno.ENOTSUP, errno.EINVAL])
def test_macos_without_swap_writes_in_place(mac: Place, library: Library, code: int) -> None:
    library.error = code
    inode = mac.file.stat().st_ino
    assert mac.put() == Placed()
    assert mac.file.read_bytes() == NEW
    assert mac.file.stat().st_ino == inode
    assert mac.left() == []


def test_macos_refuses_with_the_reason(mac: Place, library: Library) -> None:
    library.error = errno.EIO
    with pytest.raises(SystemFailure, match="input/output error"):
        mac.put()
    assert mac.file.read_bytes() == OLD
    mac.disk.check_displaced()
    assert mac.left() == []


def test_windows_replaces(windows: Place) -> None:
    assert windows.put() == Placed()
    assert windows.file.read_bytes() == NEW
    assert windows.left() == []


def test_windows_tells_a_save_that_was_displaced(windows: Place, kernel: Kernel) -> None:
    kernel.before_swap = [windows.rename_over]
    assert windows.put() == Placed(displaced=SAVE)
    assert windows.disk.check_displaced() == [LateSave(str(windows.file), SAVE)]
    windows.disk.close()
    windows.disk = windows.start()
    assert windows.disk.repair().saves == (LateSave(str(windows.file), SAVE),)
    windows.disk.confirm(LateSave(str(windows.file), SAVE))
    assert windows.left() == []


def test_windows_waits_for_a_writer_of_the_old_file(windows: Place, kernel: Kernel) -> None:
    inode = windows.file.stat().st_ino
    kernel.before_swap = [lambda: kernel.writers.add(inode)]
    assert windows.put() == Placed()
    assert windows.disk.check_displaced() == []
    [old] = [path for path in windows.folder.iterdir() if path.name.startswith(".")]
    old.write_bytes(SAVE)
    assert windows.disk.check_displaced() == []
    kernel.writers.clear()
    assert windows.disk.check_displaced() == [LateSave(str(windows.file), SAVE)]


@pytest.mark.parametrize("code", [32, 33, 1175, 1176])
def test_windows_is_busy_while_a_program_does_not_share(windows: Place, kernel: Kernel, code: int) -> None:
    kernel.errors = [code] * 5
    assert isinstance(windows.put(), Busy)
    assert windows.file.read_bytes() == OLD
    assert windows.left() == []
    kernel.errors = [code] * 2  # a virus scanner, for a moment
    assert windows.put() == Placed()
    assert windows.left() == []


def test_windows_completes_a_replacement_that_stopped_half_way(windows: Place, kernel: Kernel) -> None:
    kernel.errors = [1177]
    assert windows.put() == Placed()
    assert windows.file.read_bytes() == NEW
    assert windows.left() == []


def test_windows_and_an_editor_that_is_faster_than_the_second_half(windows: Place, kernel: Kernel) -> None:
    kernel.errors = [1177]
    real = kernel.replace_file

    def replace_file(replaced: str, replacement: str, backup: str) -> int:
        code = real(replaced, replacement, backup)
        windows.file.write_bytes(SAVE)
        return code

    kernel.replace_file = replace_file  # type: ignore[method-assign]
    assert isinstance(windows.put(), Busy)
    assert windows.file.read_bytes() == SAVE
    assert windows.disk.check_displaced() == []
    assert windows.left() == []


def test_windows_file_that_goes(windows: Place, kernel: Kernel) -> None:
    kernel.before_swap = [windows.file.unlink]
    assert windows.put() == Gone()
    assert windows.left() == []


def test_windows_file_that_a_program_writes(windows: Place, kernel: Kernel) -> None:
    kernel.writers.add(windows.file.stat().st_ino)
    assert windows.disk.being_written(str(windows.file)) is True
    assert isinstance(windows.put(), Busy)


def test_windows_file_that_is_not_shared_at_all(windows: Place, kernel: Kernel) -> None:
    kernel.open_error = 32
    assert isinstance(windows.put(), Busy)
    assert windows.disk.being_written(str(windows.file)) is None


@pytest.mark.parametrize("code", [1, 50, 5])
def test_windows_without_replacement_writes_in_place(windows: Place, kernel: Kernel, code: int) -> None:
    kernel.errors = [code]
    inode = windows.file.stat().st_ino
    assert windows.put() == Placed()
    assert windows.file.stat().st_ino == inode
    assert windows.left() == []


def test_windows_full_disk(windows: Place, kernel: Kernel) -> None:
    kernel.errors = [112]
    with pytest.raises(SystemFailure, match="windows error 112"):
        windows.put()
    assert windows.file.read_bytes() == OLD
    assert windows.left() == []


def test_windows_process_leaves_the_entries_of_a_living_one_alone(windows: Place, kernel: Kernel) -> None:
    kernel.before_swap = [windows.rename_over]
    windows.put()
    second = windows.start()
    assert second.repair([str(windows.folder)]).saves == ()
    second.close()
    assert len(windows.disk.check_displaced()) == 1
