"""Owns: asking the store that stays open while a server runs, away from the server's own thread.

Must not know: requests, what Jupyter is.  Invariant: one question about a notebook at a time, in the order in
which they came; nothing is closed while somebody may still be asking it.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar
from weakref import WeakValueDictionary

from nbmerge.sync import Participation
from nbmerge.sync.standing import StandingStore

T = TypeVar("T")

# A question can take many seconds, nearly all of them asleep: a save waits until other programs leave its
# file alone, and for the lock of the store.  A few notebooks like that must not keep all others waiting, so
# there are threads for many; and what only computes, or looks at files, has threads of its own.
_ASKING = 16
_WORKING = 4


class Participants:
    """The one open store of a server; `state`: its directory (None: the user's)."""

    def __init__(self, state: str | None = None) -> None:
        self.store = StandingStore(state)
        self._asking = ThreadPoolExecutor(_ASKING, thread_name_prefix="nbmerge-asking")
        self._working = ThreadPoolExecutor(_WORKING, thread_name_prefix="nbmerge-working")
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @property
    def directory(self) -> str:
        """The state directory, which need not be there yet."""
        return self.store.directory

    @asynccontextmanager
    async def turn(self, path: str) -> AsyncIterator[None]:
        """Wait until nobody else asks about this notebook, and keep the others waiting."""
        lock = self._turns.setdefault(path, asyncio.Lock())
        async with lock:
            yield

    async def ask(self, path: str, question: Callable[[Participation], T]) -> T:
        """The answer to a question about a notebook; the server goes on meanwhile.  Raises NbmergeError."""
        return await asyncio.get_running_loop().run_in_executor(
            self._asking, lambda: self.store.ask(question, path)
        )

    async def head(self, path: str) -> str:
        """The token of what a notebook holds.  Raises NbmergeError."""
        return await self.ask(path, lambda participation: participation.head(path))

    async def run(self, work: Callable[[], T]) -> T:
        """What a function returns that would keep the server waiting."""
        return await asyncio.get_running_loop().run_in_executor(self._working, work)

    def close(self) -> None:
        """End; what is being answered is answered first."""
        self._asking.shutdown()
        self._working.shutdown()
        self.store.close()
