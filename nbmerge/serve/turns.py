"""Owns: threads that do work, and its order.

Must not know: what the work is.  Invariant: what is to be done about one notebook is done one after the
other, in the order in which it came; what is to be done about others goes on beside it; what was put is done.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Lock

# Work can take many seconds, nearly all of them asleep: a save waits until other programs leave its file
# alone, and for the lock of the store.  A few notebooks like that must not keep all others waiting.
_WORKERS = 16


class Turns:
    """Work on notebooks, each of which has a name."""

    def __init__(self) -> None:
        self._workers = ThreadPoolExecutor(_WORKERS, thread_name_prefix="nbmerge-serving")
        self._changing = Lock()
        self._waiting: dict[str, deque[Callable[[], None]]] = {}
        self._over = False

    def put(self, notebook: str, work: Callable[[], None]) -> None:
        """Have something done, which raises nothing; not any more once `finish` was called."""
        with self._changing:
            if self._over:
                return
            if notebook in self._waiting:
                self._waiting[notebook].append(work)
                return
            self._waiting[notebook] = deque()
            self._workers.submit(self._do, notebook, work)

    def finish(self) -> None:
        """Do what is left, and nothing new."""
        with self._changing:
            self._over = True
        self._workers.shutdown()

    def _do(self, notebook: str, work: Callable[[], None]) -> None:
        while True:
            work()
            with self._changing:
                if not self._waiting[notebook]:
                    del self._waiting[notebook]
                    return
                work = self._waiting[notebook].popleft()
