"""Owns: the store that stays open while a server runs, and asking it away from the server's own thread.

Must not know: requests, what Jupyter is.  Invariant: one question about a notebook at a time, in the order in
which they came; a store that was lost, moved or replaced is opened anew, and the question asked once more;
nothing is closed while somebody may still be asking it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager
from threading import Lock
from typing import TypeVar
from weakref import WeakValueDictionary

from nbmerge.history.opening import place_of
from nbmerge.history.values import StoreLost
from nbmerge.sync import Participation, Timing, participating

T = TypeVar("T")

# A tab without nbmerge's part takes what the file holds a moment after its own save for its own.
_TIMING = Timing(settle=0.3)
# A question can take many seconds, nearly all of them asleep: a save waits until other programs leave its
# file alone, and for the lock of the store.  A few notebooks like that must not keep all others waiting, so
# there are threads for many; and what only computes, or looks at files, has threads of its own.
_ASKING = 16
_WORKING = 4


class Participants:
    """The one open store of a server; `state`: its directory (None: the user's)."""

    def __init__(self, state: str | None = None) -> None:
        self._state = state
        self._asking = ThreadPoolExecutor(_ASKING, thread_name_prefix="nbmerge-asking")
        self._working = ThreadPoolExecutor(_WORKING, thread_name_prefix="nbmerge-working")
        self._opening = Lock()
        self._opened = ExitStack()  # all that were opened: threads may still be using those that were lost
        self._current: Participation | None = None
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @property
    def directory(self) -> str:
        """The state directory, which need not be there yet."""
        return place_of(self._state)

    @asynccontextmanager
    async def turn(self, path: str) -> AsyncIterator[None]:
        """Wait until nobody else asks about this notebook, and keep the others waiting."""
        lock = self._turns.setdefault(path, asyncio.Lock())
        async with lock:
            yield

    async def ask(self, question: Callable[[Participation], T]) -> T:
        """The answer to a question about notebooks; the server goes on meanwhile.  Raises NbmergeError."""
        return await asyncio.get_running_loop().run_in_executor(self._asking, lambda: self._answer(question))

    async def head(self, path: str) -> str:
        """The token of what a notebook holds.  Raises NbmergeError."""
        return await self.ask(lambda participation: participation.head(path))

    async def run(self, work: Callable[[], T]) -> T:
        """What a function returns that would keep the server waiting."""
        return await asyncio.get_running_loop().run_in_executor(self._working, work)

    def close(self) -> None:
        """End; what is being answered is answered first."""
        self._asking.shutdown()
        self._working.shutdown()
        self._opened.close()

    def _answer(self, question: Callable[[Participation], T]) -> T:
        participation = self._participation()
        try:
            return question(participation)
        except StoreLost:
            self._forget(participation)
            return question(self._participation())

    def _participation(self) -> Participation:
        with self._opening:
            if self._current is None:
                self._current = self._opened.enter_context(participating(self._state, _TIMING))
            return self._current

    def _forget(self, participation: Participation) -> None:
        """Have it opened anew, unless another thread has seen to that already."""
        with self._opening:
            if self._current is participation:
                self._current = None
