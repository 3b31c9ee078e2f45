"""Owns: when a notebook's file is read, and which events what happened to it comes to.

Must not know: how it was noticed, folders, what events are for.  Invariant: the events of one
path leave in the order in which its contents were there; no content is told twice in a row
unless somebody asked for it.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass

from nbmerge.watch import events as told
from nbmerge.watch.events import Event, Glance
from nbmerge.watch.later import Later
from nbmerge.watch.records import Reading, Record, Records, glance_at, read_now
from nbmerge.watch.renames import Renames

GONE_AFTER = 0.3  # seconds until a file that went away is taken to be gone: editors put it back at once
RENAMED_AFTER = 0.25  # likewise until its old name is taken to be given up
LONG_SAVE = 1.0  # a writer that has not closed the file by then is read without waiting for it
SHORT_SAVE = 0.05  # where nobody hears of closing: until what is being written is read again


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a file is read: a writer `closed` it, it was `moved` there, the caller wants it in any case.

    `ours`: by a program that says so in the name it moved from.
    """

    closed: bool = False
    moved: bool = False
    asked: bool = False
    ours: bool = False


class Capture:
    """Reads what has changed and tells it.  Any thread may call it."""

    def __init__(self, put: Callable[[Event], None], clock: Callable[[], float], later: Later) -> None:
        self.records = Records()
        self.known: Callable[[str, Glance], bool] = lambda path, glance: False
        self.overtaken: Callable[[str], bool] = lambda path: False
        self.hears_closing = True
        self.complete = False  # all that was there at the start is known
        self.ending = False  # then it is too early to say that a file is gone
        self.lock = threading.RLock()
        self._put = put
        self._clock = clock
        self._later = later
        self._renames = Renames()
        self._failing: set[str] = set()
        self._complained: set[str] = set()

    def made(self, path: str) -> None:
        """A file appeared under this name; unless it was linked there whole, its writer is not done."""
        with self.lock:
            record = self.records.make(path)
            record.made = record.glance is not None
            glance = glance_at(path)
            if glance is None or glance.size:
                self.look(path, Cause())

    def written(self, path: str) -> None:
        """Somebody is writing; mostly they close it soon, and where that is told it is waited for."""
        with self.lock:
            record = self.records.make(path)
            record.written()
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
            self.records.make(path).dirty = not ours
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
                record.torn = record.doubtful = False
                self._emit(path, told.Previous(path, reading.data, self._clock()))

    def renamed(self, old: str, new: str) -> None:
        """A notebook was moved; its history follows if `old` stays away and `new` is a new name."""
        with self.lock:
            record = self.records.get(old)
            if record is None or record.glance is None or self.records.get(new) is not None:
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
        try:
            glance = glance_at(path)
        except OSError as error:
            self._complain(path, error)
            return
        if glance is None:
            self.gone(path)
            return
        former = self.records.get(path)
        origin = self._origin(glance) if former is None and self.complete else None
        if origin is not None:
            self.renamed(origin, path)
            return
        known = (former is None or former.glance is None) and self.known(path, glance)
        with self.lock:
            record = self.records.make(path)
            if record.glance is None and known:
                record.glance = glance
            if record.glance == glance and not record.racy:
                return
            looks = record.looks
        reading = self._read(path)
        with self.lock:
            if reading is not None and record.looks == looks and self.records.get(path) is record:
                self._take(path, record, reading, Cause())

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

    def _take(self, path: str, record: Record, reading: Reading, cause: Cause) -> None:
        overtaken = cause.closed and self.overtaken(path)
        if cause.ours:
            record.taken = record.torn = record.doubtful = record.dirty = False
        elif cause.closed and self.hears_closing:
            if record.saved(reading, overtaken):
                self._emit(path, told.Missed(path, 1, self._clock()))
        else:
            record.taken = False
        closed = cause.closed and reading.stable and not overtaken
        record.looks += 1
        record.racy = reading.is_racy
        if record.holds(reading) and not cause.asked:
            record.glance = reading.glance
            return
        way = record.way(reading, cause.moved)
        record.told(reading)
        self._emit(path, told.Looked(path, reading.data, reading.glance, self._clock(), way, closed))

    def _await_close(self, path: str) -> None:
        delay = LONG_SAVE if self.hears_closing else SHORT_SAVE
        self._later.after(delay, lambda: self._still_written(path))

    def _origin(self, glance: Glance) -> str | None:
        """The name that a file had before, if the very same one was known under another and left it."""
        with self.lock:
            former = self.records.path_of(glance)
        return former if former is not None and not os.path.lexists(former) else None

    def _still_written(self, path: str) -> None:
        """A save that lasts, or a writer that never closes: read what there is, as long as it changes."""
        with self.lock:
            record = self.records.get(path)
            if record is None:
                return
            before = record.glance
            if record.dirty:
                self.look(path, Cause())
            record.awaited = record.dirty and record.glance != before
            if record.awaited:
                self._await_close(path)

    def _decide_rename(self, old: str, new: str) -> None:
        with self.lock:
            still_there = os.path.lexists(old)
            for event in (
                self._renames.taken(old) if still_there else self._renames.decide(old, new, self._clock())
            ):
                self._put(event)

    def _really_gone(self, path: str) -> None:
        with self.lock:
            if self.ending:
                return
            try:
                glance = glance_at(path)
            except OSError as error:
                self._complain(path, error)
                return
            if glance is not None:
                self.consider(path)
                return
            record = self.records.drop(path)
            self._complained.discard(path)
            if record is not None and record.glance is not None:
                self._emit(path, told.Vanished(path, self._clock()))

    def _read(self, path: str) -> Reading | None:
        try:
            reading = read_now(path)
        except OSError as error:
            if path in self._failing:
                self._complain(path, error)
            else:  # its writer may lock it for a moment
                self._failing.add(path)
                self._later.after(GONE_AFTER, lambda: self.look(path, Cause()))
            return None
        self._failing.discard(path)
        self._complained.discard(path)
        return reading

    def _complain(self, path: str, error: OSError) -> None:
        from nbmerge.files import reason

        if path not in self._complained:
            self._complained.add(path)
            self.tell(told.Trouble(path, f"cannot be read: {reason(error)}", self._clock()))

    def _emit(self, path: str, event: Event) -> None:
        """Tell it, or keep it until it is clear whether the notebook was renamed."""
        for held in self._renames.taken(path):
            self._put(held)
        if not self._renames.hold(path, event):
            self._put(event)
