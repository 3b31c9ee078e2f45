"""Which saves were missed, told by what was read at each close; renames, told by what comes after."""

from __future__ import annotations

import threading

import pytest

from nbmerge.observe.capture import Timer
from nbmerge.observe.events import Event, FileRead, FileStamp, Renamed, WallTime
from nbmerge.observe.reading import FileReading, FileStatus
from nbmerge.observe.records import FileRecords, MissedSaves, Renames
from tests.observe.world import DEADLINE, notebook


class Reader:
    """A save is a number; what was read of it is its content, or nothing if the next one tore it."""

    def __init__(self) -> None:
        self.saves = MissedSaves()
        self.last = b"?"

    def write(self) -> Reader:
        self.saves.written()
        return self

    def read_open(self, content: int, made: bool = False) -> Reader:
        self.last = notebook(str(content))
        self.saves.read_open(reading(self.last), made)
        return self

    def close(self, content: int | None, overtaken: bool = False) -> bool:
        data = notebook(str(content)) if content is not None else b""
        again, self.last = data == self.last, data
        return self.saves.closed(reading(data), again, overtaken)


def reading(data: bytes) -> FileReading:
    return FileReading(data, FileStatus(FileStamp(1, len(data), 1), 1), stable=True)


def test_each_save_read_in_time() -> None:
    reader = Reader()
    assert not reader.write().close(1)
    assert not reader.write().close(2)
    assert not reader.close(2)  # somebody opened it for writing, and wrote nothing


def test_a_save_read_too_late_is_the_next_one_already() -> None:
    reader = Reader()
    assert not reader.write().close(3, overtaken=True)
    assert reader.write().close(3, overtaken=True)
    assert reader.write().close(3)


def test_a_save_torn_by_the_next_one() -> None:
    reader = Reader()
    assert not reader.write().close(None, overtaken=True)
    assert reader.write().close(2)


def test_a_save_torn_before_the_system_says_so() -> None:
    reader = Reader()
    assert not reader.write().close(None)
    assert reader.write().close(2)


def test_torn_but_its_copy_was_read() -> None:
    reader = Reader()
    reader.write().close(None, overtaken=True)
    reader.saves.recovered()
    assert not reader.write().close(2)


def test_a_save_read_before_it_was_closed() -> None:
    reader = Reader().read_open(1, made=True)
    assert not reader.write().close(1)
    assert not reader.write().close(2)


@pytest.mark.parametrize("then", [[2], [None, 3]])
def test_a_save_read_ahead_is_not_missed_later(then: list[int | None]) -> None:
    """1 is read before it is closed, 2 when 1 is closed: both are there."""
    reader = Reader().write().read_open(1)
    assert not reader.write().close(2)
    for content in then:
        assert not reader.write().close(content, overtaken=content is None)


def test_our_own_writes_are_nobodys_saves() -> None:
    reader = Reader()
    reader.write().close(1)
    reader.write()
    reader.saves.replaced_by_us()
    assert not reader.close(1)


def looked(path: str, number: int) -> FileRead:
    return FileRead(path, b"%d" % number, FileStamp(1, 1, 1), WallTime(number))


def held(renames: Renames, *events: FileRead) -> None:
    for event in events:
        assert renames.hold(event.path, event)


def test_renamed_when_the_old_name_stays_free() -> None:
    renames = Renames()
    assert not renames.hold("a", looked("a", 1))
    renames.begin("a", "b")
    held(renames, looked("b", 2), looked("b", 3))
    assert renames.decided("a", "b", 9.0) == [Renamed("a", "b", 9.0), looked("b", 2), looked("b", 3)]
    assert renames.decided("a", "b", 9.0) == []
    assert not renames.hold("b", looked("b", 4))


def test_not_renamed_when_something_takes_the_old_name() -> None:
    renames = Renames()
    renames.begin("a", "b")
    held(renames, looked("b", 2))
    assert renames.cancelled("a") == [looked("b", 2)]
    assert renames.decided("a", "b", 9.0) == []
    assert renames.cancelled("a") == []


def test_there_and_back_is_nothing_but_what_was_saved_between() -> None:
    renames = Renames()
    renames.begin("a", "b")
    held(renames, looked("b", 2))
    assert renames.undone("b", "a") == [looked("a", 2)]
    assert renames.undone("b", "a") is None


def test_a_chain_of_names() -> None:
    renames = Renames()
    renames.begin("a", "b")
    held(renames, looked("b", 1))
    assert renames.undone("b", "c") is None
    renames.begin("b", "c")
    held(renames, looked("c", 2))
    told: list[Event] = [*renames.decided("a", "b", 8.0), *renames.decided("b", "c", 9.0)]
    assert told == [Renamed("a", "b", 8.0), looked("b", 1), Renamed("b", "c", 9.0), looked("c", 2)]


def test_later_goes_by_time_and_survives_failures() -> None:
    done: list[str] = []
    errors: list[Exception] = []
    finished = threading.Event()
    timer = Timer(errors.append)
    timer.after(0.02, lambda: done.append("second"))
    timer.after(0.01, lambda: done.append("first"))
    timer.after(0.015, lambda: done.append(str(1 // 0)))
    timer.after(0.03, finished.set)
    timer.start()
    assert finished.wait(DEADLINE)
    timer.after(100, lambda: done.append("at the end"))
    timer.stop()
    assert done == ["first", "second", "at the end"]
    assert [type(error) for error in errors] == [ZeroDivisionError]


def test_inodes_that_no_notebook_has_any_more_are_forgotten() -> None:
    records = FileRecords()
    for inode in range(100):
        for path in ("/a.ipynb", "/b.ipynb"):
            stamp = FileStamp(inode, 1, 2 * inode + (path == "/b.ipynb"))
            records.stamped(path, records.get_or_make(path), stamp)
    assert len(records._paths) == 2
    records.move("/a.ipynb", "/b.ipynb")
    assert records._paths == {198: "/b.ipynb"}
    assert records.path_of(FileStamp(99, 1, 198)) == "/b.ipynb"
    records.drop("/b.ipynb")
    assert records._paths == {}
