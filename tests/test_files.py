"""A file is made in one step, and only where there is none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nbmerge.errors import SystemFailure
from nbmerge.files import beginning_of, create_file, read_small_file, replace_beside


def test_a_file_is_made_whole(tmp_path: Path) -> None:
    assert create_file(str(tmp_path / "new"), b"data")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("new", b"data")]


@pytest.mark.parametrize("seen", [True, False])
def test_a_file_that_is_there_is_left_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seen: bool
) -> None:
    """Also one that appeared between the look and the write."""
    (tmp_path / "there").write_bytes(b"others'")
    if not seen:
        monkeypatch.setattr(os.path, "lexists", lambda path: False)
    assert not create_file(str(tmp_path / "there"), b"data")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("there", b"others'")]


def test_file_systems_without_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def link(source: str, target: str) -> None:
        raise PermissionError

    monkeypatch.setattr(os, "link", link)
    assert create_file(str(tmp_path / "new"), b"data")
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("new", b"data")]


def test_where_nothing_can_be_made(tmp_path: Path) -> None:
    with pytest.raises(SystemFailure, match="none/new: cannot be written: no such file or directory"):
        create_file(str(tmp_path / "none" / "new"), b"data")


def test_what_is_replaced_is_never_written_through(tmp_path: Path) -> None:
    (tmp_path / "others").write_bytes(b"others'")
    (tmp_path / "name").symlink_to(tmp_path / "others")
    (tmp_path / f".nbmerge-{os.getpid()}-0.tmp").symlink_to(tmp_path / "others")
    replace_beside(str(tmp_path / "name"), b"data")
    assert ((tmp_path / "name").is_symlink(), (tmp_path / "name").read_bytes()) == (False, b"data")
    assert (tmp_path / "others").read_bytes() == b"others'"


def test_what_cannot_be_replaced_leaves_nothing_beside(tmp_path: Path) -> None:
    (tmp_path / "name").mkdir()
    with pytest.raises(SystemFailure, match="name: cannot be written: "):
        replace_beside(str(tmp_path / "name"), b"data")
    assert [path.name for path in tmp_path.iterdir()] == ["name"]


def test_a_small_file_is_an_ordinary_one(tmp_path: Path) -> None:
    (tmp_path / "there").write_bytes(b"data")
    (tmp_path / "link").symlink_to(tmp_path / "there")
    (tmp_path / "folder").mkdir()
    assert read_small_file(str(tmp_path / "there"), 4) == b"data"
    for name, most in (("there", 3), ("link", 4), ("folder", 4)):
        with pytest.raises(ValueError, match=name):
            read_small_file(str(tmp_path / name), most)


def made(folder: Path, kind: str) -> str:
    """A file of this kind, which ends with ten bytes of data if it has any."""
    path = folder / "file"
    match kind:
        case "pipe":
            os.mkfifo(path)
        case "device":
            return "/dev/zero"
        case "folder":
            path.mkdir()
        case "link":
            (folder / "target").write_bytes(b"0123456789")
            path.symlink_to("target")
        case _:
            path.write_bytes(b"0123456789")
    return str(path)


@pytest.mark.skipif(os.name == "nt", reason="there are no pipes and devices with names")
@pytest.mark.parametrize("kind", ["pipe", "device", "folder"])
def test_from_what_is_no_file_nothing_is_read(tmp_path: Path, kind: str) -> None:
    path = made(tmp_path, kind)
    with pytest.raises(ValueError, match="no ordinary file"):
        read_small_file(path, 99, links=True)
    with pytest.raises(ValueError, match="no ordinary file"):
        beginning_of(path, 99)


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_are_followed_where_they_may_be(tmp_path: Path) -> None:
    path = made(tmp_path, "link")
    assert read_small_file(path, 10, links=True) == beginning_of(path, 10) == b"0123456789"
    with pytest.raises(ValueError, match="no ordinary file"):
        read_small_file(path, 10)


def test_what_is_too_large_is_refused_or_read_in_part(tmp_path: Path) -> None:
    path = made(tmp_path, "ordinary")
    assert beginning_of(path, 3) == b"012"
    with pytest.raises(ValueError, match="larger than 9"):
        read_small_file(path, 9)
