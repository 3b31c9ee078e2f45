"""Owns: what waits for the watcher's loop.

Must not know: what it is.  Invariant: first in, first out; `put` never waits, and may be called
from any thread and from a signal handler.
"""

from __future__ import annotations

from queue import Empty, SimpleQueue

from nbmerge.observe.events import Looked, Previous
from nbmerge.watch.actions import Input, Tick

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
    return len(event.data) if isinstance(event, Looked | Previous) else 0
