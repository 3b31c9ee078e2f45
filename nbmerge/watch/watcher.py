"""Owns: the loop of the watcher.

Must not know: how events are noticed, whose turn it is, what is decided.  Invariant: one thread decides and
writes; what was begun is finished before `run` returns, and what was read is recorded by `drain`, or left
to the journal of arrivals.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from threading import Event as Flag

from nbmerge.observe.events import FileRead
from nbmerge.watch import actions as do

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.watch.coordinator import Coordinator
    from nbmerge.watch.inbox import Inbox
    from nbmerge.watch.runner import ActionRunner

_LONGEST_WAIT = 60.0
_JUDGING = 2.0  # seconds, once the watcher is to end
_KEEPING = 4.0
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
            self._take_turn()

    def _take_turn(self) -> None:
        """One event, and what follows from it; nothing of it is held while the next one is waited for."""
        event = self.inbox.get(0 if self.inbox else self._wait())
        if event is None:
            return
        if not isinstance(event, do.Tick):
            self.when_pending(True)
        self._handle(event)
        self._do_chores()
        if not self.inbox:
            self.when_pending(bool(self.coordinator.pending))

    def drain(self, judging: float = _JUDGING, keeping: float = _KEEPING) -> bool:
        """Record what was read until nobody reads any more; returns whether that is all.

        After `judging` seconds saves are only kept, and after `keeping` seconds the rest is left.
        """
        begun = time.monotonic()
        while self.inbox and time.monotonic() - begun <= keeping:
            self.inbox.judging = time.monotonic() - begun <= judging
            event = self.inbox.get(0)
            if event is not None:
                self._handle(event)
        for action in self.coordinator.last_words():
            deque(self.runner.perform(action), maxlen=0)
        return not self.inbox and not self.coordinator.holds_unrecorded

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
