"""The journal of saves that were read and may not be in the store yet."""

from __future__ import annotations

import json
import os
import stat
import zlib
from pathlib import Path

import pytest

from nbmerge.observe.arrivals import ArrivalJournal, JournalContent, left_over, read_journal
from nbmerge.observe.events import FileRead, FileStamp, Previous, WallTime

STAMP = FileStamp(5, 3, 7, 1000)
SAVE = FileRead("/home/ann/caf\udce9.ipynb", b'{"a"\n: 1}', STAMP, WallTime(12.5), "in place")
BEFORE = Previous("/home/ann/b.ipynb", b"\n\x00", WallTime(13.0))


def journal(folder: Path, now: float = 0.0) -> ArrivalJournal:
    return ArrivalJournal(str(folder), lambda: now)


def test_what_was_kept_is_there_in_order(tmp_path: Path) -> None:
    one = journal(tmp_path / "arrivals")
    entries = [one.keep(SAVE), one.keep(BEFORE), one.keep(SAVE)]
    [path] = left_over(str(tmp_path / "arrivals"))
    assert read_journal(path).saves == (SAVE, BEFORE, SAVE)
    assert [b"".join(entry.parts()) for entry in entries] == [SAVE.data, BEFORE.data, SAVE.data]


@pytest.mark.parametrize("cut", range(1, 60, 7))
def test_what_a_kill_cut_off_is_left_out_and_the_rest_is_there(tmp_path: Path, cut: int) -> None:
    journal(tmp_path).keep(SAVE)
    [path] = left_over(str(tmp_path))
    whole = Path(path).read_bytes()
    Path(path).write_bytes(whole + whole[:-cut])
    found = read_journal(path)
    assert ([one.data for one in found.saves], found.whole) == ([SAVE.data], True)


def test_a_file_that_is_no_journal_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "1.journal").write_bytes(b"hello\nworld")
    assert read_journal(str(tmp_path / "1.journal")) == JournalContent((), whole=False)


def entry(head: object, sizes: str = "") -> bytes:
    """An entry with the bytes of SAVE, as some other version may have spelled it."""
    spelled = head if isinstance(head, bytes) else json.dumps(head).encode()
    checksum = zlib.crc32(SAVE.data, zlib.crc32(SAVE.data, zlib.crc32(spelled)))
    lengths = sizes or f"{len(spelled)} {len(SAVE.data)}"
    return f"{lengths} {checksum}\n".encode() + spelled + SAVE.data


HEAD = ["2f612e6970796e62", 1.5, "in place"]


@pytest.mark.parametrize(
    "head", [b"no JSON", {"a": 1}, ["zz", 1.5, "", None], [*HEAD, [1]], [*HEAD, 7], HEAD, 3]
)
def test_a_head_that_says_nothing_leaves_out_its_save_only(tmp_path: Path, head: object) -> None:
    journal(tmp_path).keep(SAVE)
    [path] = left_over(str(tmp_path))
    whole = Path(path).read_bytes()
    Path(path).write_bytes(whole + entry(head) + whole)
    assert read_journal(path) == JournalContent((SAVE, SAVE), whole=False)


@pytest.mark.parametrize("sizes", ["-1 9", "9 -1", "-200 0", "9", "a b"])
def test_sizes_that_cannot_be_end_it(tmp_path: Path, sizes: str) -> None:
    journal(tmp_path).keep(SAVE)
    [path] = left_over(str(tmp_path))
    whole = Path(path).read_bytes()
    Path(path).write_bytes(whole + entry([*HEAD, None], sizes) + whole)
    assert read_journal(path) == JournalContent((SAVE,), whole=False)


def test_the_head_that_had_five_members_is_understood(tmp_path: Path) -> None:
    (tmp_path / "1.journal").write_bytes(entry([*HEAD, [5, 3, 7, 1000], True]))
    [found] = read_journal(str(tmp_path / "1.journal")).saves
    assert found == FileRead("/a.ipynb", SAVE.data, STAMP, WallTime(1.5), "in place")


def test_nobody_else_can_read_it_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        journal(tmp_path / "new").keep(SAVE)
    finally:
        os.umask(before)
    [path] = left_over(str(tmp_path / "new"))
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(tmp_path / "new").st_mode) == 0o700


def test_an_old_journal_ends_with_the_next_save(tmp_path: Path) -> None:
    now = [0.0]
    one = ArrivalJournal(str(tmp_path), lambda: now[0])
    first = one.keep(SAVE)
    now[0] = 59.0
    assert one.keep(SAVE).filled == ""
    now[0] = 60.0
    assert one.keep(SAVE).filled == first.journal
    assert len(left_over(str(tmp_path))) == 2


def test_a_large_journal_ends_with_the_next_save(tmp_path: Path) -> None:
    one = journal(tmp_path)
    large = FileRead("/n.ipynb", b"x" * 9_000_000, STAMP, WallTime(1.0), "in place")
    assert one.keep(large).filled == ""
    assert one.keep(SAVE).filled == left_over(str(tmp_path))[0]


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one = journal(tmp_path)
    one.keep(SAVE)
    real = os.write

    def full(descriptor: int, data: bytes) -> int:
        if len(data) > 10:
            return real(descriptor, bytes(data[:10]))
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(OSError, match="No space"):
        one.keep(SAVE)
    monkeypatch.setattr(os, "write", real)
    one.keep(BEFORE)
    [path] = left_over(str(tmp_path))
    assert [found.data for found in read_journal(path).saves] == [SAVE.data, BEFORE.data]
