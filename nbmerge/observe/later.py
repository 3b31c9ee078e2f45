"""Owns: what is to be done after a while, in a thread of its own.

Must not know: what that is.  Invariant: actions run one at a time, in the order of their
times, and one that fails stops no other.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable
from itertools import count


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
