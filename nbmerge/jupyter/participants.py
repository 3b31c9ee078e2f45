"""Owns: the store that stays open while a server runs, and asking it away from the server's own thread.

Must not know: requests, what Jupyter is.  Invariant: one question about a notebook at a time, in the order in
which they came; a store that was lost, moved or replaced is opened anew, and the question asked once more.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from threading import Lock
from typing import TypeVar
from weakref import WeakValueDictionary

from nbmerge.history.values import StoreLost
from nbmerge.sync import Participation, Timing, participating

T = TypeVar("T")

# A tab without nbmerge's part takes what the file holds a moment after its own save for its own.
_TIMING = Timing(settle=0.3)
_THREADS = 4


class Participants:
    """The one open store of a server; `state`: its directory (None: the user's)."""

    def __init__(self, state: str | None = None) -> None:
        self._state = state
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="nbmerge")
        self._opening = Lock()
        self._open = ExitStack()
        self._participation: Participation | None = None
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def turn(self, path: str) -> AsyncIterator[None]:
        """Wait until nobody else asks about this notebook, and keep the others waiting."""
        lock = self._turns.setdefault(path, asyncio.Lock())
        async with lock:
            yield

    async def ask(self, question: Callable[[Participation], T]) -> T:
        """The answer to a question about notebooks; the server goes on meanwhile.  Raises NbmergeError."""
        return await self.run(lambda: self._answer(question))

    async def run(self, work: Callable[[], T]) -> T:
        """What a function returns that would keep the server waiting."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)

    def close(self) -> None:
        """End; what is being answered is answered first."""
        self._threads.shutdown()
        self._forget()

    def _answer(self, question: Callable[[Participation], T]) -> T:
        try:
            return self._asked(question)
        except StoreLost:
            self._forget()
            return self._asked(question)

    def _asked(self, question: Callable[[Participation], T]) -> T:
        participation = self._opened()
        participation.record_late()
        return question(participation)

    def _opened(self) -> Participation:
        with self._opening:
            if self._participation is None:
                self._participation = self._open.enter_context(participating(self._state, _TIMING))
            return self._participation

    def _forget(self) -> None:
        with self._opening:
            self._participation = None
            self._open.close()
