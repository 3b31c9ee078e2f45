"""Owns: when a notebook's file is read, and which events come of what happened to it.

Must not know: how it was noticed, folders, what events are for.  Invariant: the events of one path
leave in the order in which its contents were there; no content is reported twice in a row unless
somebody asked for it.  Delayed actions run one at a time in a thread of their own, in the order of
their times, and one that fails stops no other.
"""

from __future__ import annotations

import heapq
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count, dropwhile

from nbmerge.files import reason
from nbmerge.observe.events import (
    Event,
    FileRead,
    FileStamp,
    Missed,
    Previous,
    Trouble,
    TroubleOver,
    Vanished,
    WallTime,
)
from nbmerge.observe.reading import UNREADABLE, FileReading, file_status, read_now
from nbmerge.observe.records import FileRecord, FileRecords, Renames


class Timer:
    """Things to do, each at its time.  `failed` is called with what one raises."""

    def __init__(self, failed: Callable[[Exception], None]) -> None:
        self._failed = failed
        self._waiting: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self._changed = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="nbmerge-timer", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def after(self, delay: float, action: Callable[[], None]) -> None:
        """Do this in so many seconds."""
        with self._changed:
            heapq.heappush(self._waiting, (time.monotonic() + delay, next(self._numbers), action))
            self._changed.notify()

    def stop(self) -> None:
        """Do at once what waits (it may hold back events), then end."""
        with self._changed:
            self._stopped = True
            self._changed.notify()
        if self._thread.is_alive():
            self._thread.join()

    def _run(self) -> None:
        while (action := self._next()) is not None:
            try:
                action()
            except Exception as error:  # whatever it was: the watcher goes on
                self._failed(error)

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            while True:
                if self._stopped and not self._waiting:
                    return None
                wait = self._waiting[0][0] - time.monotonic() if self._waiting else None
                if wait is not None and (wait <= 0 or self._stopped):
                    return heapq.heappop(self._waiting)[2]
                self._changed.wait(wait)


GONE_AFTER = 0.3  # seconds until a file that was deleted counts as gone: editors put it back at once
RENAMED_AFTER = 0.25  # likewise until its old name counts as given up
LONG_SAVE = 1.0  # a file that no writer has closed by then is read without waiting for it
RECENT = 600.0  # so long after a save the next one is expected
SHORT_SAVE = 0.05  # where closing is not reported: until what is being written is read again


@dataclass(frozen=True, slots=True)
class _Reason:
    """Why a file is read: it was created, a writer closed it, it was moved there, somebody asked.

    `ours`: by a program that says so in the name it moved from.
    """

    closed: bool = False
    moved: bool = False
    asked: bool = False
    created: bool = False
    ours: bool = False


class Capture:
    """Reads what has changed and reports it.  Any thread may call it."""

    def __init__(self, put: Callable[[Event], None], clock: Callable[[], float], timer: Timer) -> None:
        self.records = FileRecords()
        self.is_known: Callable[[str, FileStamp], bool] = lambda path, stamp: False
        self.is_written_again: Callable[[str], bool] = lambda path: False
        self.reports_closing = True
        self.complete = False  # all that was there at the start is known
        self.ending = False  # then it is too early to say that a file is gone
        self.lock = threading.RLock()
        self._put = put
        self._clock = clock
        self._timer = timer
        self._renames = Renames()
        self._failures: dict[str, int] = {}
        self._saved: dict[str, float] = {}

    def created(self, path: str) -> None:
        """A file appeared under this name; unless it was linked there whole, its writer is not done."""
        with self.lock:
            record = self.records.get_or_make(path)
            record.created = record.stamp is not None
            status = file_status(path)
            if status is None or status.stamp.size:
                self._read_and_report(path, _Reason(created=True))

    def written(self, path: str) -> None:
        """Somebody is writing; mostly they close it soon, and where that is reported it is waited for."""
        with self.lock:
            record = self.records.get_or_make(path)
            record.saves.written()
            if record.awaiting_close:
                return
            record.awaiting_close = True
            if not self.reports_closing:
                self._read_and_report(path, _Reason())
            self._await_close(path)

    def closed(self, path: str) -> None:
        """A writer closed the file."""
        self._read_and_report(path, _Reason(closed=True))

    def moved_in(self, path: str, ours: bool) -> None:
        """A file was moved to this name."""
        with self.lock:
            self.records.get_or_make(path).saves.dirty = not ours
            self._read_and_report(path, _Reason(closed=True, moved=True, ours=ours))

    def copied(self, copy: str, path: str) -> None:
        """jupyter_server copied what the notebook held until now; perhaps that was never read."""
        try:
            reading = read_now(copy)
        except OSError:
            return
        with self.lock:
            if file_status(path) is None:
                return
            record = self.records.get_or_make(path)
            record.copied = True
            if reading is not None and reading.data and reading.checksum != record.checksum:
                record.saves.recovered()
                self._emit(path, Previous(path, reading.data, WallTime(self._clock())))

    def renamed(self, old: str, new: str) -> None:
        """A notebook was moved; its history follows if `old` stays away and `new` is a new name."""
        with self.lock:
            record = self.records.get(old)
            is_free = self.records.get(new) is None and not self._renames.is_pending(new)
            if record is None or record.stamp is None or not is_free:
                self.moved_in(new, ours=False)
                self.deleted(old)
                return
            self.records.move(old, new)
            held = self._renames.undone(old, new)
            if held is not None:
                for event in held:
                    self._emit(new, event)
                self._read_and_report(new, _Reason(closed=True, moved=True))
                return
            self._renames.begin(old, new)
            self._read_and_report(new, _Reason(closed=True, moved=True, asked=True))
            self._timer.after(RENAMED_AFTER, lambda: self._decide_rename(old, new))

    def deleted(self, path: str) -> None:
        """Nothing has this name now; it may be back in a moment."""
        self._timer.after(GONE_AFTER, lambda: self._gone_for_good(path))

    def asked(self, path: str) -> None:
        """Read the file now, and report it even if it is what was reported last."""
        self._read_and_report(path, _Reason(asked=True))

    def check(self, path: str) -> None:
        """Read the file if it does not look as it did when it was last read."""
        status = file_status(path)
        if status is None:
            self.deleted(path)
            return
        former = self.records.get(path)
        old = self._former_name(status.stamp) if former is None and self.complete else None
        if old is not None:
            self.renamed(old, path)
            return
        known = (former is None or former.stamp is None) and self.is_known(path, status.stamp)
        with self.lock:
            record = self.records.get_or_make(path)
            if record.stamp is None and known:
                self.records.stamped(path, record, status.stamp)
            if record.is_current(status):
                return
            times_read = record.times_read
        reading = self._read(path)
        with self.lock:
            if reading is not None and record.times_read == times_read and self.records.get(path) is record:
                self._report(path, record, reading, _Reason())

    def recently_saved(self) -> list[str]:
        """The notebooks that were saved not long ago, and will be again."""
        with self.lock:
            since = time.monotonic() - RECENT
            self._saved = {path: time for path, time in self._saved.items() if time > since}
            return list(self._saved)

    def is_new(self, path: str) -> bool:
        """Whether nothing was reported of this notebook yet."""
        with self.lock:
            record = self.records.get(path)
            return record is None or record.stamp is None

    def tell(self, event: Event) -> None:
        """Put an event that is not about what a notebook holds."""
        with self.lock:
            self._put(event)

    def _read_and_report(self, path: str, why: _Reason) -> None:
        """Read the file now, and report it if that is news (or was asked for)."""
        with self.lock:
            reading = self._read(path)
            if reading is None:
                self.deleted(path)
            else:
                self._report(path, self.records.get_or_make(path), reading, why)

    def _report(self, path: str, record: FileRecord, reading: FileReading, why: _Reason) -> None:
        written_again = why.closed and self.is_written_again(path)
        again = record.holds(reading)
        if why.ours:
            record.saves.replaced_by_us()
        elif why.closed and self.reports_closing:
            if record.saves.closed(reading, again, written_again):
                self._emit(path, Missed(path, 1, self._clock()))
        elif not again:
            record.saves.read_open(reading, why.created)
        record.read(reading)
        if again and not why.asked:
            self.records.stamped(path, record, reading.stamp)
            return
        if record.stamp is not None:
            self._saved[path] = time.monotonic()
        way = record.way(reading, why.moved)
        record.reported(reading)
        self.records.stamped(path, record, reading.stamp)
        closed = why.closed and reading.stable and not written_again
        self._emit(path, FileRead(path, reading.data, reading.stamp, WallTime(self._clock()), way, closed))

    def _await_close(self, path: str) -> None:
        delay = LONG_SAVE if self.reports_closing else SHORT_SAVE
        self._timer.after(delay, lambda: self._still_written(path))

    def _former_name(self, stamp: FileStamp) -> str | None:
        """The name that a file had before, if the very same one was known under another and left it."""
        with self.lock:
            former = self.records.path_of(stamp)
        return former if former is not None and not os.path.lexists(former) else None

    def _still_written(self, path: str) -> None:
        """A save that lasts, or a writer that never closes: read what there is, as long as it changes."""
        with self.lock:
            record = self.records.get(path)
            if record is None:
                return
            before = record.stamp
            if record.saves.dirty:
                self._read_and_report(path, _Reason())
            record.awaiting_close = record.saves.dirty and record.stamp != before
            if record.awaiting_close:
                self._await_close(path)

    def _decide_rename(self, old: str, new: str) -> None:
        with self.lock:
            if os.path.lexists(old):
                self._cancel_rename(old)
                return
            for event in self._renames.decided(old, new, self._clock()):
                self._put(event)

    def _cancel_rename(self, old: str, reported: bool = True) -> None:
        """Something has this name now: if a notebook moved away from it, it was not renamed.

        `reported`: whether anybody was told of a notebook of this name.
        """
        new = self._renames.new_name(old)
        if new is None:
            return
        held = list(dropwhile(lambda event: not isinstance(event, FileRead), self._renames.cancelled(old)))
        for event in held:
            self._put(event)
        if reported and self.records.get_or_make(old).stamp is None:
            self.records.get_or_make(
                old
            ).stamp = UNREADABLE.stamp  # it counts as there, until it is looked at
            self.deleted(old)
        if not held:  # it was gone from its new name before it was read: nobody knows of that name
            self.records.drop(new)
            self._cancel_rename(new, reported=False)

    def _gone_for_good(self, path: str) -> None:
        with self.lock:
            if self.ending:
                return
            if file_status(path) is not None:
                self.check(path)
                return
            record = self.records.drop(path)
            self._failures.pop(path, None)
            if record is not None and record.stamp is not None:
                self._emit(path, Vanished(path, self._clock()))

    def _read(self, path: str) -> FileReading | None:
        try:
            reading = read_now(path)
        except OSError as error:
            self._cannot_read(path, error)
            return None
        if self._failures.pop(path, 0) >= 2:
            self.tell(TroubleOver(path, WallTime(self._clock())))
        return reading

    def _cannot_read(self, path: str, error: OSError) -> None:
        """Its writer may lock a file for a moment: people are told, once, if the second try fails too."""
        failures = self._failures[path] = self._failures.get(path, 0) + 1
        if failures == 1:
            self._timer.after(GONE_AFTER, lambda: self._read_and_report(path, _Reason()))
        elif failures == 2:
            self.tell(Trouble(path, f"cannot be read: {reason(error)}", self._clock()))

    def _emit(self, path: str, event: Event) -> None:
        """Report it, or keep it until it is clear whether the notebook was renamed."""
        self._cancel_rename(path)
        if not self._renames.hold(path, event):
            self._put(event)
