"""Owns: the loop of the watcher: events in, actions done, until it is told to stop.

Must not know: how events are noticed, what is decided.  Invariant: one thread decides and
writes; whatever was begun is finished before `run` returns.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from threading import Event as Flag

from nbmerge.watch import actions as do
from nbmerge.watch.coordinator import Coordinator
from nbmerge.watch.performer import Performer

_LONGEST_WAIT = 60.0


@dataclass(slots=True)
class Watcher:
    """Reads events from `inbox`; `changed` is called when what `status` tells may have changed."""

    coordinator: Coordinator
    performer: Performer
    changed: Callable[[bool], None]
    inbox: SimpleQueue[do.Input | None] = field(default_factory=SimpleQueue)
    stopping: Flag = field(default_factory=Flag)

    def run(self) -> None:
        """Work until `stop` is called."""
        while not self.stopping.is_set():
            event = self._next()
            if event is not None:
                self._handle(event)
                if self.inbox.empty():
                    self.changed(not self.coordinator.pending)
        self._finish()

    def stop(self) -> None:
        """Ask the loop to end; may be called from a signal handler or another thread."""
        self.stopping.set()
        self.inbox.put(None)

    def _next(self) -> do.Input | None:
        at = self.coordinator.next_time()
        wait = _LONGEST_WAIT if at is None else min(max(at - time.monotonic(), 0.0), _LONGEST_WAIT)
        try:
            return self.inbox.get(timeout=wait) if wait else self.inbox.get_nowait()
        except Empty:
            return do.Tick()

    def _handle(self, event: do.Input) -> None:
        """Feed an event and everything that follows from it at once."""
        waiting: deque[do.Input] = deque([event])
        while waiting:
            for action in self.coordinator.feed(waiting.popleft(), time.monotonic()):
                waiting.extend(self.performer.perform(action))

    def _finish(self) -> None:
        """Take what has been read already: it may not be in any file any more."""
        while True:
            try:
                event = self.inbox.get_nowait()
            except Empty:
                return
            if event is not None:
                self._handle(event)
