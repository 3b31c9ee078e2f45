"""Owns: the loop of the watcher, and the queue of what waits for it.

Must not know: how events are noticed, what is decided.  Invariant: first in, first out; putting something
in never waits, and may be done from any thread and from a signal handler; one thread decides and writes;
what was begun is finished before `run` returns, and what was read is recorded by `drain`.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Event as Flag

from nbmerge.observe.events import FileRead, Previous
from nbmerge.watch import actions as do
from nbmerge.watch.actions import Input, Tick

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.watch.coordinator import Coordinator
    from nbmerge.watch.runner import ActionRunner

LIMIT = 16_000_000  # bytes of notebooks that were read and are not recorded yet


class Inbox:
    """A queue that knows how many bytes wait in it."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Input | None] = SimpleQueue()
        self._weight = 0  # only ever wrong by what is being put or taken this moment

    def put(self, event: Input | None) -> None:
        """Add an event; None only wakes the loop."""
        self._weight += _weight(event)
        self._queue.put(event)

    def is_full(self) -> bool:
        """Whether reading what is not urgent had better wait."""
        return self._weight > LIMIT

    def get(self, wait: float) -> Input | None:
        """The next event; a Tick if none comes within so many seconds."""
        try:
            event = self._queue.get(timeout=wait) if wait > 0 else self._queue.get_nowait()
        except Empty:
            return Tick()
        self._weight -= _weight(event)
        return event

    def __bool__(self) -> bool:
        return not self._queue.empty()


def _weight(event: Input | None) -> int:
    return len(event.data) if isinstance(event, FileRead | Previous) else 0


_LONGEST_WAIT = 60.0
_CHORES = 0.5  # seconds between looks at what was displaced


@dataclass(slots=True)
class Watcher:
    """Reads from `inbox`; `when_pending` is called with whether anything is pending, when that may be news.

    `chores` is called now and then and may give more events.
    """

    coordinator: Coordinator
    runner: ActionRunner
    inbox: Inbox
    when_pending: Callable[[bool], None]
    chores: Callable[[], Iterable[do.Input]]
    stopping: Flag = field(default_factory=Flag)
    next_chores: float = 0.0

    def run(self) -> None:
        """Work until `stop` is called."""
        while not self.stopping.is_set():
            event = self.inbox.get(0 if self.inbox else self._wait())
            if event is None:
                continue
            if not isinstance(event, do.Tick):
                self.when_pending(True)
            self._handle(event)
            self._do_chores()
            if not self.inbox:
                self.when_pending(bool(self.coordinator.pending))

    def drain(self) -> None:
        """Record what was read until nobody reads any more."""
        while self.inbox:
            event = self.inbox.get(0)
            if event is not None:
                self._handle(event)

    def stop(self) -> None:
        """Ask the loop to end; may be called from a signal handler or another thread."""
        self.stopping.set()
        self.inbox.put(None)

    def _wait(self) -> float:
        due = [time for time in (self.coordinator.next_time(), self.next_chores) if time]
        return (
            min(max(min(due, default=0.0) - time.monotonic(), 0.0), _LONGEST_WAIT) if due else _LONGEST_WAIT
        )

    def _handle(self, event: do.Input) -> None:
        """Feed an event, as of when it was noticed, and everything that follows from it at once."""
        waiting: deque[do.Input] = deque([event])
        now = time.monotonic() - self._age(event)
        while waiting:
            for action in self.coordinator.feed(waiting.popleft(), now):
                waiting.extend(self.runner.perform(action))
            now = time.monotonic()

    def _age(self, event: do.Input) -> float:
        """Seconds since a file was read: it takes some until a large one is here."""
        if not isinstance(event, FileRead):
            return 0.0
        return min(max(self.runner.now() - event.at, 0.0), _LONGEST_WAIT)

    def _do_chores(self) -> None:
        now = time.monotonic()
        if now < self.next_chores:
            return
        found = list(self.chores())
        self.next_chores = now + _CHORES if found or self.runner.lingers() else now + _LONGEST_WAIT
        for event in found:
            self._handle(event)
