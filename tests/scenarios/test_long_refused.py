"""A store that refuses for hours: there is no room in memory for all saves, and the journals hold those for
which there is none."""

from __future__ import annotations

import pytest

from nbmerge.environment.conflict_copies import copy_of
from nbmerge.lineage.heads import Outcome
from nbmerge.observe.events import FileRead, FileStamp, JournalFilled, WallTime
from nbmerge.watch import actions as do
from nbmerge.watch import coordinator as module
from nbmerge.watch.coordinator import Coordinator
from nbmerge.watch.notebook_state import WatchTiming

PATH = "/notebooks/nb.ipynb"


class Refusing:
    """A watcher whose store is away until it is back."""

    def __init__(self) -> None:
        self.coordinator = Coordinator(WatchTiming(), copy_of)
        self.now, self.away = 0.0, True
        self.recorded: list[bytes] = []
        self.journals: list[do.DropJournal | do.TakeJournal] = []

    def feed(self, event: do.Input) -> None:
        self.now += 0.1
        for action in self.coordinator.feed(event, self.now):
            match action:
                case do.RecordSave(path, data) if self.away:
                    self.feed(do.Refused(path, "the database cannot be reached", True, action))
                case do.RecordSave(path, data):
                    self.recorded.append(data)
                    self.feed(do.SaveRecorded(path, Outcome.SAME, False))
                case do.DropJournal() | do.TakeJournal():
                    self.journals.append(action)

    def save(self, number: int) -> None:
        data = b"%03d" % number
        self.feed(FileRead(PATH, data, FileStamp(number, 3, 1), WallTime(self.now)))


@pytest.fixture
def watcher(monkeypatch: pytest.MonkeyPatch) -> Refusing:
    monkeypatch.setattr(module, "REMEMBERED", 9)  # bytes: three saves
    return Refusing()


def test_what_is_forgotten_is_taken_from_the_journals_and_nothing_is_missed(watcher: Refusing) -> None:
    for number in range(3):
        watcher.save(number)
    watcher.feed(JournalFilled("first"))
    for number in range(3, 9):
        watcher.save(number)
    watcher.feed(JournalFilled("second"))
    assert watcher.journals == []
    assert watcher.coordinator.has_forgotten
    watcher.away = False
    watcher.save(9)
    assert watcher.recorded == [b"006", b"007", b"008", b"009"]
    assert watcher.journals == [do.TakeJournal("first"), do.TakeJournal("second")]
    assert not watcher.coordinator.has_forgotten


def test_a_journal_that_is_filled_later_is_taken_in_too_and_those_after_it_are_dropped(
    watcher: Refusing,
) -> None:
    for number in range(9):
        watcher.save(number)
    watcher.away = False
    watcher.save(9)
    assert watcher.coordinator.has_forgotten  # the journal is still open
    watcher.feed(JournalFilled("first"))
    watcher.feed(JournalFilled("second"))
    assert watcher.journals == [do.TakeJournal("first"), do.DropJournal("second")]
    assert not watcher.coordinator.has_forgotten


def test_where_there_is_room_journals_are_dropped(watcher: Refusing) -> None:
    for number in range(3):
        watcher.save(number)
    watcher.away = False
    watcher.save(3)
    watcher.feed(JournalFilled("first"))
    assert watcher.recorded == [b"000", b"001", b"002", b"003"]
    assert watcher.journals == [do.DropJournal("first")]
