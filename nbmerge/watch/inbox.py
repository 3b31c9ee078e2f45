"""Owns: the queue of what waits for the watcher, and whose turn it is.

Must not know: what is decided about an event.  Invariant: what happens to one notebook is taken in the order
in which it happened, and nothing is taken before a `Renamed`, an overflow or a `Ready` that came before it;
between these, notebooks take turns, and those that were just seen for the first time come last.
Putting something in never waits, and may be done from any thread and from a signal handler.

Where many saves of one notebook wait, nobody can tell any more what each was made from: all but the last
are taken as one `Passed`, to be kept without being judged.  So one notebook that is written without
pause delays neither the others nor the end.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import takewhile
from queue import Empty, SimpleQueue

from nbmerge.observe.events import FileRead, Missed, Previous, Syncing, Trouble, Vanished
from nbmerge.service.record import JUDGED
from nbmerge.watch.actions import Input, Passed, Tick

LIMIT = 16_000_000  # bytes of notebooks that were read and are not recorded yet


@dataclass(slots=True)
class _Turns:
    """Notebooks by whose turn it is, each with what waits."""

    waiting: dict[str, deque[Input]] = field(default_factory=dict)
    size: int = 0  # events

    def __contains__(self, path: str) -> bool:
        return path in self.waiting

    def add(self, path: str, event: Input) -> None:
        self.waiting.setdefault(path, deque()).append(event)
        self.size += 1

    def take(self, *, judging: bool) -> Input:
        """The next event; its notebook's turn comes again after the others."""
        path = next(iter(self.waiting))
        events = self.waiting.pop(path)
        self.size -= len(events)
        passed = _passed(path, events, judging=judging)
        event = events.popleft() if passed is None else passed
        self.size += len(events)
        if events:
            self.waiting[path] = events
        return event


def _passed(path: str, events: deque[Input], *, judging: bool) -> Passed | None:
    """The saves that are not to be judged, which are taken out; None if there are none.

    Of too many in a row that is all but the last; without `judging` it is every one.
    """
    row = list(takewhile(lambda event: isinstance(event, FileRead | Missed), events))
    saves = [event for event in row if isinstance(event, FileRead)]
    if not saves or (judging and len(saves) <= JUDGED):
        return None
    last = saves.pop() if judging else None
    for _ in row:
        events.popleft()
    if last is not None:
        events.appendleft(last)
    return Passed(path, tuple(saves), sum(event.count for event in row if isinstance(event, Missed)))


@dataclass(slots=True)
class _Stretch:
    """What came between two events that everything has to wait for; `end` is the second."""

    known: _Turns = field(default_factory=_Turns)
    new: _Turns = field(default_factory=_Turns)  # notebooks that nobody saved yet
    end: Input | None = None

    @property
    def size(self) -> int:
        """How many events wait in it, its end apart."""
        return self.known.size + self.new.size

    def add(self, path: str, event: Input) -> None:
        first = isinstance(event, FileRead) and not event.way and path not in self.known
        (self.new if first or path in self.new else self.known).add(path, event)

    def take(self, *, judging: bool) -> Input | None:
        """The next event; None if only `end` is left."""
        turns = next((turns for turns in (self.known, self.new) if turns.waiting), None)
        return None if turns is None else turns.take(judging=judging)


class Inbox:
    """A queue that knows how many bytes wait in it.  One thread takes from it."""

    def __init__(self) -> None:
        self.judging = True  # else there is no time left: every save is only kept
        self._arriving: SimpleQueue[Input | None] = SimpleQueue()
        self._stretches: deque[_Stretch] = deque([_Stretch()])
        self._sorted = 0  # events in the stretches
        self._weight = 0  # only ever wrong by what is being put or taken this moment

    def put(self, event: Input | None) -> None:
        """Add an event; None only wakes the loop."""
        self._weight += _weight(event)
        self._arriving.put(event)

    def is_full(self) -> bool:
        """Whether reading what is not urgent had better wait."""
        return self._weight > LIMIT

    def get(self, wait: float) -> Input | None:
        """The event whose turn it is; a Tick if none comes within so many seconds, None for a wake-up."""
        if not self._sorted and self._arriving.empty():
            try:
                event = self._arriving.get(timeout=wait) if wait > 0 else self._arriving.get_nowait()
            except Empty:
                return Tick()
            if event is None:
                return None
            self._sort(event)
        self._sort_arrived()
        taken = self._take()
        self._weight -= _weight(taken)
        return taken

    def __bool__(self) -> bool:
        return bool(self._sorted) or not self._arriving.empty()

    def __len__(self) -> int:
        """How many events wait."""
        return self._sorted + self._arriving.qsize()

    def _sort_arrived(self) -> None:
        for _ in range(self._arriving.qsize()):
            event = self._arriving.get()
            if event is not None:
                self._sort(event)

    def _sort(self, event: Input) -> None:
        self._sorted += 1
        match event:
            case FileRead(path) | Vanished(path) | Previous(path) | Syncing(path) | Missed(path):
                self._stretches[-1].add(path, event)
            case Trouble(path) if path:
                self._stretches[-1].add(path, event)
            case _:
                self._stretches[-1].end = event
                self._stretches.append(_Stretch())

    def _take(self) -> Input | None:
        if not self._sorted:
            return None
        stretch = self._stretches[0]
        before = stretch.size
        event = stretch.take(judging=self.judging)
        self._sorted -= before - stretch.size
        if event is None:
            event = self._stretches.popleft().end
            self._sorted -= 1
        return event


def _weight(event: Input | None) -> int:
    match event:
        case FileRead() | Previous():
            return len(event.data)
        case Passed():
            return sum(map(_weight, event.reads))
    return 0
