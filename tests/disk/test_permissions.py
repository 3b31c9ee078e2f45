"""Who may write what: protected folders, other people's files, full disks.  In a process without rights."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from nbmerge.disk import Disk, Placed
from nbmerge.disk.system import this_system
from nbmerge.errors import SystemFailure
from nbmerge.files import digest
from tests.helpers.fake_disk import all_known

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="users and limits of Linux")
NOBODY = 65534


def in_child(act: Callable[[], object], user: int | None) -> Any:
    """What `act` returns in a process of its own, of another user if told so."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if user is not None:
                os.setgroups([])
                os.setgid(user)
                os.setuid(user)
            os.write(writer, json.dumps(act()).encode())
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(writer)
    with open(reader, "rb") as answer:
        said = answer.read()
    os.waitpid(child, 0)
    return json.loads(said)


class Common:
    """A folder that everybody can reach, with a file of `old` times 1000."""

    def __init__(self, root: Path) -> None:
        root.chmod(0o755)
        self.folder, self.state = root / "work", root / "state"
        self.folder.mkdir()
        self.state.mkdir()
        self.file = self.folder / "a.ipynb"
        self.file.write_text("old" * 1000)
        self.give(self.state)

    def give(self, path: Path) -> None:
        if os.getuid() == 0:
            os.chown(path, NOBODY, NOBODY)

    def place(self, new: str = "new!", limit: int = 0) -> tuple[str, bool | None]:
        """What came of it in a process of nobody (of this user, if that is not root)."""

        system, expected = this_system(), digest(b"old" * 1000)  # nobody may be unable to import anything

        def act() -> tuple[str, bool | None]:
            if limit:
                resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            disk = Disk(str(self.state), time.time, all_known, system)
            try:
                came = repr(disk.place(str(self.file), new.encode() * 1000, expected))
            except SystemFailure as failure:
                came = str(failure)
            written = disk.being_written(str(self.file))
            disk.close()
            return came, written

        came, written = in_child(act, NOBODY if os.getuid() == 0 else None)
        return came, written

    def check(self, content: str) -> None:
        assert self.file.read_text() == content * 1000
        assert os.listdir(self.folder) == ["a.ipynb"]
        assert os.listdir(self.state) == []


@pytest.fixture
def common() -> Iterator[Common]:
    root = Path(tempfile.mkdtemp())
    yield Common(root)
    for path in (root / "work", root):
        path.chmod(0o755)
    shutil.rmtree(root)


as_root = pytest.mark.skipif(os.getuid() != 0, reason="only root can make other people's files")


def test_a_protected_folder_with_a_file_that_may_be_written(common: Common) -> None:
    common.give(common.file)
    common.give(common.folder)
    inode = common.file.stat().st_ino
    common.folder.chmod(0o555)
    assert common.place() == ("Placed(displaced=None)", False)
    common.check("new!")
    assert common.file.stat().st_ino == inode


@as_root
def test_another_users_file_stays_that_users(common: Common) -> None:
    os.chown(common.file, 12345, 12345)
    common.file.chmod(0o666)
    common.give(common.folder)
    assert common.place() == ("Placed(displaced=None)", None)  # leases are for the owner
    common.check("new!")
    assert (common.file.stat().st_uid, common.file.stat().st_gid) == (12345, 12345)


@as_root
def test_a_group_that_cannot_be_given_back_stays(common: Common) -> None:
    os.chown(common.file, NOBODY, 12345)
    common.give(common.folder)
    assert common.place()[0] == "Placed(displaced=None)"
    common.check("new!")
    assert common.file.stat().st_gid == 12345


@as_root
def test_another_users_file_in_a_sticky_folder(common: Common) -> None:
    os.chown(common.file, 12345, NOBODY)
    common.file.chmod(0o666)
    common.folder.chmod(0o1777)
    assert common.place()[0] == "Placed(displaced=None)"
    common.check("new!")


@as_root
def test_root_gives_the_owner_back(common: Common) -> None:
    os.chown(common.file, 12345, 23456)
    inode = common.file.stat().st_ino
    os.chown(common.state, 0, 0)
    disk = Disk(str(common.state), lambda: 0.0, all_known)
    assert disk.place(str(common.file), b"new!" * 1000, digest(b"old" * 1000)) == Placed()
    disk.close()
    common.check("new!")
    status = common.file.stat()
    assert (status.st_uid, status.st_gid) == (12345, 23456)
    assert status.st_ino != inode


def test_a_file_that_may_not_be_written(common: Common) -> None:
    common.file.chmod(0o444)
    common.give(common.folder)
    came, _ = common.place()
    assert came.endswith("a.ipynb: is write-protected; allow writing it to have saves merged")
    common.check("old")


def test_a_file_that_may_not_be_read(common: Common) -> None:
    common.give(common.file)
    common.give(common.folder)
    common.file.chmod(0o200)
    came, _ = common.place()
    assert came.endswith("a.ipynb: cannot be written: permission denied")
    common.file.chmod(0o600)
    common.check("old")


def test_no_permission_to_write_the_journal(common: Common) -> None:
    common.give(common.file)
    common.give(common.folder)
    common.state.chmod(0o555)
    came, _ = common.place()
    assert came.endswith("state: no journal can be written: permission denied")
    common.check("old")


@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize("limit", [1, 3500, 6000])
def test_no_space(common: Common, limit: int, linked: bool) -> None:
    """For the journal, for a half of the new file; the limit counts for each file."""
    common.give(common.file)
    common.give(common.folder)
    if linked:
        os.link(common.file, common.state.parent / "b.ipynb")
    came, _ = common.place("longer!", limit)
    assert "file too large" in came
    common.check("old")


@as_root
@pytest.mark.parametrize("linked", [False, True])
def test_a_disk_that_is_really_full(tmp_path: Path, linked: bool) -> None:
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        file, old = folder / "a.ipynb", b"o" * 150_000
        file.write_bytes(old)
        if linked:
            os.link(file, folder / "b.ipynb")
        disk = Disk(str(tmp_path / "state"), lambda: 0.0, all_known)
        with pytest.raises(SystemFailure, match="no space left"):
            disk.place(str(file), b"n" * 300_000, digest(old))
        disk.close()
        assert file.read_bytes() == old
        assert sorted(os.listdir(folder)) == (["a.ipynb", "b.ipynb"] if linked else ["a.ipynb"])
        assert os.listdir(tmp_path / "state") == []
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@as_root
def test_a_file_that_is_a_mount_point(tmp_path: Path) -> None:
    """As containers have them: it cannot be renamed."""
    outside, file = tmp_path / "outside.ipynb", tmp_path / "a.ipynb"
    outside.write_bytes(b"old")
    file.write_bytes(b"")
    if subprocess.run(["mount", "--bind", outside, file], capture_output=True, check=False).returncode:
        pytest.skip("nothing can be mounted here")
    try:
        disk = Disk(str(tmp_path / "state"), lambda: 0.0, all_known)
        assert disk.place(str(file), b"new", digest(b"old")) == Placed()
        disk.close()
        assert outside.read_bytes() == b"new"
        assert sorted(os.listdir(tmp_path)) == ["a.ipynb", "outside.ipynb", "state"]
    finally:
        subprocess.run(["umount", str(file)], check=True)
