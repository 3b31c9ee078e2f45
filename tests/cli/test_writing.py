"""The output appears in one step, or not at all: whatever fails, the old bytes stay and nothing is beside
them.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from nbmerge.errors import SystemFailure
from nbmerge.files import replace_file
from tests.cli.world import CLEAN, Command, snapshot, sources

OLD, NEW = b"old", b"new bytes"


def failing(code: int) -> Callable[..., None]:
    def call(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    return call


@pytest.mark.parametrize("old", [True, False], ids=["replaced", "new"])
@pytest.mark.parametrize("step", ["open", "fsync", "chmod", "replace"])
def test_a_failure_at_any_step(
    nbmerge: Command, folder: Path, monkeypatch: pytest.MonkeyPatch, step: str, old: bool
) -> None:
    if old:
        (folder / "out.ipynb").write_bytes(OLD)
    elif step == "chmod":
        return  # a new file needs no mode
    before = snapshot(folder)
    monkeypatch.setattr(os, step, failing(errno.ENOSPC))
    ended = nbmerge(*CLEAN, "--output", "out.ipynb")
    monkeypatch.undo()
    assert (ended.code, ended.out) == (4, b"")
    assert ended.line == "nbmerge: out.ipynb: cannot be written: no space left on device"
    assert snapshot(folder) == before


def test_a_real_limit_in_the_middle_of_the_bytes(process: Command, folder: Path) -> None:
    (folder / "out.ipynb").write_bytes(OLD)
    before = snapshot(folder)
    ended = process(f"ulimit -f 0; $nbmerge {' '.join(CLEAN)} -o out.ipynb")
    assert ended.code == 4
    assert ended.line == "nbmerge: out.ipynb: cannot be written: file too large"
    assert snapshot(folder) == before


def test_an_interrupt_between_the_steps(
    nbmerge: Command, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = snapshot(folder)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupt)
    ended = nbmerge(*CLEAN, "--output", "out.ipynb")
    assert (ended.code, ended.line) == (130, "nbmerge: interrupted")
    assert snapshot(folder) == before


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("gone/out.ipynb", "no such file or directory"),
        ("gone/", "is a directory"),
        (".", "is a directory"),
        ("local.ipynb/out.ipynb", "not a directory"),
        ("loop", "too many levels of symbolic links"),
        ("x" * 300, "file name too long"),
    ],
)
def test_places_where_nothing_can_be_written(nbmerge: Command, folder: Path, name: str, why: str) -> None:
    (folder / "loop").symlink_to("loop")
    before = snapshot(folder)
    ended = nbmerge(*CLEAN, "--output", name)
    assert (ended.code, ended.out) == (4, b"")
    assert ended.line == f"nbmerge: {name}: cannot be written: {why}"
    assert snapshot(folder) == before


def test_a_write_protected_file_stays(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rename would not ask; `os.access` says yes to root whatever the mode."""
    path = folder / "out"
    path.write_bytes(OLD)
    path.chmod(0o444)
    if os.geteuid() == 0:
        monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(SystemFailure, match="out: cannot be written: it is write-protected"):
        replace_file(str(path), NEW)
    assert path.read_bytes() == OLD


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_in_which_nothing_can_be_made(folder: Path) -> None:
    closed = folder / "closed"
    closed.mkdir(0o500)
    with pytest.raises(SystemFailure, match="permission denied"):
        replace_file(str(closed / "out"), NEW)


@pytest.mark.parametrize("mode", [0o600, 0o644, 0o660, 0o755])
def test_the_mode_is_kept(folder: Path, mode: int) -> None:
    path = folder / "out"
    path.write_bytes(OLD)
    path.chmod(mode)
    replace_file(str(path), NEW)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (NEW, mode)


def test_a_new_file_has_the_usual_mode(folder: Path) -> None:
    before = os.umask(0o027)
    try:
        replace_file(str(folder / "out"), NEW)
    finally:
        os.umask(before)
    assert stat.S_IMODE((folder / "out").stat().st_mode) == 0o640


def test_private_bytes_are_never_in_a_file_that_others_may_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = folder / "out"
    path.write_bytes(OLD)
    path.chmod(0o600)
    seen: list[int] = []
    fsync = os.fsync

    def look(descriptor: int) -> None:
        seen.append(stat.S_IMODE(os.fstat(descriptor).st_mode))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", look)
    replace_file(str(path), NEW)
    assert seen == [0o600]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_the_owner_is_kept(folder: Path) -> None:
    path = folder / "out"
    path.write_bytes(OLD)
    os.chown(path, 12345, 54321)
    replace_file(str(path), NEW)
    assert (path.stat().st_uid, path.stat().st_gid) == (12345, 54321)


@pytest.mark.parametrize("there", [True, False], ids=["to a file", "to nowhere"])
def test_a_link_stays_a_link(folder: Path, there: bool) -> None:
    (folder / "far").mkdir()
    if there:
        (folder / "far" / "file").write_bytes(OLD)
    (folder / "link").symlink_to("far/file")
    (folder / "chain").symlink_to("link")
    replace_file(str(folder / "chain"), NEW)
    assert (folder / "chain").is_symlink()
    assert (folder / "link").is_symlink()
    assert snapshot(folder / "far") == {"file": NEW}


def test_what_a_killed_process_left_is_no_hindrance(folder: Path) -> None:
    """Process numbers come again, in containers at once."""
    left = folder / f".nbmerge-{os.getpid()}-0.tmp"
    left.write_bytes(b"left")
    replace_file(str(folder / "out"), NEW)
    assert (folder / "out").read_bytes() == NEW
    assert left.read_bytes() == b"left"


def test_the_longest_name_that_there_can_be(folder: Path) -> None:
    path = folder / ("x" * 255)
    replace_file(str(path), NEW)
    replace_file(str(path), OLD)
    assert path.read_bytes() == OLD


def test_a_pipe_is_written_to(folder: Path) -> None:
    reader, writer = os.pipe()
    try:
        replace_file(f"/dev/fd/{writer}", NEW)
        assert os.read(reader, 100) == NEW
    finally:
        os.close(reader)
        os.close(writer)


def test_whoever_holds_the_old_file_keeps_it_whole(nbmerge: Command, folder: Path) -> None:
    """The place of the output is taken over by a new file: nobody sees half of it."""
    (folder / "out.ipynb").write_bytes(OLD)
    with (folder / "out.ipynb").open("rb") as held:
        nbmerge(*CLEAN, "--output", "out.ipynb")
        assert held.read() == OLD
    assert sources((folder / "out.ipynb").read_bytes()) == ["a = 2", "b = 1", "c = 3"]
