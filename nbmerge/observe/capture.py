"""Owns: what is to be done after a while, in a thread of its own.
when a notebook's file is read, and which events what happened to it comes to.

Must not know: what that is.
how it was noticed, folders, what events are for.
Invariant: actions run one at a time, in the order of their
times, and one that fails stops no other.
the events of one
path leave in the order in which its contents were there; no content is told twice in a row
unless somebody asked for it.
"""

from __future__ import annotations

import heapq
import os
import threading
import time
from collections.abc import Callable
from itertools import count

from nbmerge.files import reason
from nbmerge.observe import events as told
from nbmerge.observe.events import Cause, Event, FileStamp
from nbmerge.observe.reading import FileReading, look_at, read_now
from nbmerge.observe.records import FileRecord, FileRecords, Renames


class Later:
    """A list of things to do, each at its time.  `failed` is told when one raises."""

    def __init__(self, failed: Callable[[Exception], None]) -> None:
        self._failed = failed
        self._waiting: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self._changed = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="nbmerge-later", daemon=True)

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


GONE_AFTER = 0.3  # seconds until a file that went away is taken to be gone: editors put it back at once
RENAMED_AFTER = 0.25  # likewise until its old name is taken to be given up
LONG_SAVE = 1.0  # a writer that has not closed the file by then is read without waiting for it
LIVELY = 600.0  # so long after a save the next one is expected
SHORT_SAVE = 0.05  # where nobody hears of closing: until what is being written is read again


class Capture:
    """Reads what has changed and tells it.  Any thread may call it."""

    def __init__(self, put: Callable[[Event], None], clock: Callable[[], float], later: Later) -> None:
        self.records = FileRecords()
        self.known: Callable[[str, FileStamp], bool] = lambda path, stamp: False
        self.overtaken: Callable[[str], bool] = lambda path: False
        self.hears_closing = True
        self.complete = False  # all that was there at the start is known
        self.ending = False  # then it is too early to say that a file is gone
        self.lock = threading.RLock()
        self._put = put
        self._clock = clock
        self._later = later
        self._renames = Renames()
        self._failures: dict[str, int] = {}
        self._lively: dict[str, float] = {}

    def made(self, path: str) -> None:
        """A file appeared under this name; unless it was linked there whole, its writer is not done."""
        with self.lock:
            record = self.records.make(path)
            record.made = record.stamp is not None
            sight = look_at(path)
            if sight is None or sight.stamp.size:
                self.look(path, Cause(made=True))

    def written(self, path: str) -> None:
        """Somebody is writing; mostly they close it soon, and where that is told it is waited for."""
        with self.lock:
            record = self.records.make(path)
            record.saves.written()
            if record.awaited:
                return
            record.awaited = True
            if not self.hears_closing:
                self.look(path, Cause())
            self._await_close(path)

    def closed(self, path: str) -> None:
        """A writer closed the file."""
        self.look(path, Cause(closed=True))

    def arrived(self, path: str, ours: bool) -> None:
        """A file was moved to this name."""
        with self.lock:
            self.records.make(path).saves.dirty = not ours
            self.look(path, Cause(closed=True, moved=True, ours=ours))

    def copied(self, copy: str, path: str) -> None:
        """jupyter_server made its copy of what the notebook held until now: perhaps we never saw that."""
        try:
            reading = read_now(copy)
        except OSError:
            return
        with self.lock:
            record = self.records.make(path)
            record.copied = True
            if reading is not None and reading.data and reading.checksum != record.checksum:
                record.saves.kept()
                self._emit(path, told.Previous(path, reading.data, self._clock()))

    def renamed(self, old: str, new: str) -> None:
        """A notebook was moved; its history follows if `old` stays away and `new` is a new name."""
        with self.lock:
            record = self.records.get(old)
            if record is None or record.stamp is None or self.records.get(new) is not None:
                self.arrived(new, ours=False)
                self.gone(old)
                return
            self.records.put(new, record)
            self.records.drop(old)
            back = self._renames.undone(old, new)
            if back is not None:
                for event in back:
                    self._emit(new, event)
                self.look(new, Cause(closed=True, moved=True))
                return
            self._renames.begin(old, new)
            self.look(new, Cause(closed=True, moved=True, asked=True))
            self._later.after(RENAMED_AFTER, lambda: self._decide_rename(old, new))

    def gone(self, path: str) -> None:
        """Nothing has this name now; it may be back in a moment."""
        self._later.after(GONE_AFTER, lambda: self._really_gone(path))

    def consider(self, path: str) -> None:
        """Read the file if it does not look as it did when it was last read."""
        sight = look_at(path)
        if sight is None:
            self.gone(path)
            return
        former = self.records.get(path)
        origin = self._origin(sight.stamp) if former is None and self.complete else None
        if origin is not None:
            self.renamed(origin, path)
            return
        known = (former is None or former.stamp is None) and self.known(path, sight.stamp)
        with self.lock:
            record = self.records.make(path)
            if record.stamp is None and known:
                record.stamp = sight.stamp
            if record.looks_like(sight):
                return
            looks = record.looks
        reading = self._read(path)
        with self.lock:
            if reading is not None and record.looks == looks and self.records.get(path) is record:
                self._take(path, record, reading, Cause())

    def lively(self) -> list[str]:
        """The notebooks that were saved not long ago, and will be again."""
        with self.lock:
            since = time.monotonic() - LIVELY
            self._lively = {path: time for path, time in self._lively.items() if time > since}
            return list(self._lively)

    def look(self, path: str, cause: Cause) -> None:
        """Read the file now, and tell it if that is news (or was asked for)."""
        with self.lock:
            reading = self._read(path)
            if reading is None:
                self.gone(path)
                return
            self._take(path, self.records.make(path), reading, cause)

    def tell(self, event: Event) -> None:
        """Put an event that is not about what a notebook holds."""
        with self.lock:
            self._put(event)

    def _take(self, path: str, record: FileRecord, reading: FileReading, cause: Cause) -> None:
        overtaken = cause.closed and self.overtaken(path)
        again = record.holds(reading)
        if cause.ours:
            record.saves.ours()
        elif cause.closed and self.hears_closing:
            if record.saves.closed(reading, again, overtaken):
                self._emit(path, told.Missed(path, 1, self._clock()))
        elif not again:
            record.saves.glimpsed(reading, cause.made)
        record.read(reading)
        if again and not cause.asked:
            record.stamp = reading.stamp
            return
        if record.stamp is not None:
            self._lively[path] = time.monotonic()
        way = record.way(reading, cause.moved)
        record.told(reading)
        closed = cause.closed and reading.stable and not overtaken
        self._emit(path, told.FileRead(path, reading.data, reading.stamp, self._clock(), way, closed))

    def _await_close(self, path: str) -> None:
        delay = LONG_SAVE if self.hears_closing else SHORT_SAVE
        self._later.after(delay, lambda: self._still_written(path))

    def _origin(self, stamp: FileStamp) -> str | None:
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
                self.look(path, Cause())
            record.awaited = record.saves.dirty and record.stamp != before
            if record.awaited:
                self._await_close(path)

    def _decide_rename(self, old: str, new: str) -> None:
        with self.lock:
            if os.path.lexists(old):
                events = self._renames.taken(old)
            else:
                events = self._renames.decide(old, new, self._clock())
            for event in events:
                self._put(event)

    def _really_gone(self, path: str) -> None:
        with self.lock:
            if self.ending:
                return
            if look_at(path) is not None:
                self.consider(path)
                return
            record = self.records.drop(path)
            self._failures.pop(path, None)
            if record is not None and record.stamp is not None:
                self._emit(path, told.Vanished(path, self._clock()))

    def _read(self, path: str) -> FileReading | None:
        try:
            reading = read_now(path)
        except OSError as error:
            self._failed(path, error)
            return None
        self._failures.pop(path, None)
        return reading

    def _failed(self, path: str, error: OSError) -> None:
        """Its writer may lock a file for a moment: people are told, once, if the second try fails too."""
        failures = self._failures[path] = self._failures.get(path, 0) + 1
        if failures == 1:
            self._later.after(GONE_AFTER, lambda: self.look(path, Cause()))
        elif failures == 2:
            self.tell(told.Trouble(path, f"cannot be read: {reason(error)}", self._clock()))

    def _emit(self, path: str, event: Event) -> None:
        """Tell it, or keep it until it is clear whether the notebook was renamed."""
        for held in self._renames.taken(path):
            self._put(held)
        if not self._renames.hold(path, event):
            self._put(event)
