"""Owns: noticing that the file of a notebook that is open in a tab has changed, or is gone.

Must not know: requests, merging.  Invariant: a version is told once, whoever noticed it first; a notebook
about which no tab has asked for a while is watched no more.

Files are looked at a few times a second: few notebooks are open at a time.  Of a file that another machine
has saved the system may tell nothing for a minute; where the store is shared, that is heard of from there.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

from nbmerge.errors import NbmergeError
from nbmerge.jupyter.events import NotebookChanged
from nbmerge.sync.looking import NEVER, pause_after, stamps_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from nbmerge.sync.looking import Stamp

    _Looked: TypeAlias = "tuple[list[Stamp], float, list[bool]]"

_OFTEN = 0.1  # seconds between looks, each of which costs half a millisecond
_NET = 10.0  # seconds after which it is not relied on that everything was heard of
_FORGOTTEN = 900.0  # seconds without a question: a hidden tab asks each minute


@dataclass(slots=True)
class _OpenNotebook:
    file: str
    asked_at: float
    stamp: Stamp
    told: str  # the version that was told last; "": it is gone


class OpenNotebooks:
    """The notebooks that tabs have open.

    `version(path)` records what a file holds and gives its token; `run(work)` does what may keep one
    waiting; `tell` is given each change.
    """

    def __init__(
        self,
        version: Callable[[str], Awaitable[str]],
        run: Callable[[Callable[[], _Looked]], Awaitable[_Looked]],
        tell: Callable[[NotebookChanged], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._version = version
        self._run = run
        self._tell = tell
        self._clock = clock
        self._open: dict[str, _OpenNotebook] = {}
        self._heard: set[str] | None = (
            set()
        )  # real paths of which something was heard; None: any may have changed
        self._hears = False  # of what other machines do
        self._all_at = clock()  # when all were looked into, whatever their files' times say
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def asked(self, path: str, file: str, version: str, tab: str = "") -> None:
        """A tab was told which version a notebook holds; `tab` is the one that has saved it just now."""
        known = self._open.get(path)
        if known is None:
            # The file may have changed since the tab's question: the first look asks what it holds.
            self._open[path] = _OpenNotebook(file, self._clock(), NEVER, version)
        else:
            known.asked_at = self._clock()
            self._changed(path, known, version, tab)
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._watch())

    def heard(self, files: Collection[str] | None) -> None:
        """It is said that these files (real paths) hold something else now; None: any may.

        They are looked into at once, whatever their times say.  In the server's own thread.
        """
        self._hears = True
        self._heard = None if files is None or self._heard is None else self._heard.union(files)
        self._news.set()

    async def stop(self) -> None:
        """Watch nothing any more."""
        self._open.clear()
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    def _changed(self, path: str, known: _OpenNotebook, version: str, tab: str = "") -> None:
        if known.told != version:
            known.told = version
            self._tell(NotebookChanged(path, version, tab))

    async def _watch(self) -> None:
        while self._open:
            pause = await self._look()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), pause)

    async def _look(self) -> float:
        """Look at all once, and into what has changed; the seconds until the next look."""
        now = self._clock()
        for path, known in list(self._open.items()):
            if now - known.asked_at > _FORGOTTEN:
                del self._open[path]
        looked_at = list(self._open.items())
        files = [known.file for _, known in looked_at]
        heard, self._heard = self._heard, set()
        if self._hears and now - self._all_at >= _NET:
            heard = None
        if heard is None:
            self._all_at = now
        self._news.clear()
        stamps, took, news = await self._run(lambda: _looked(files, heard, self._clock))
        looked = self._clock()
        for (path, known), stamp, is_news in zip(looked_at, stamps, news, strict=True):
            if is_news:
                known.stamp = NEVER  # until it could be read
            if stamp != known.stamp:
                await self._look_into(path, known, stamp)
        return pause_after(took, _OFTEN, reading=self._clock() - looked)

    async def _look_into(self, path: str, known: _OpenNotebook, stamp: Stamp) -> None:
        if stamp is None:
            known.stamp = stamp
            self._changed(path, known, "")
            return
        with contextlib.suppress(NbmergeError):  # half written, or no notebook just now: looked at again
            version = await self._version(known.file)
            known.stamp = stamp
            self._changed(path, known, version)


def _looked(files: Sequence[str], heard: Collection[str] | None, clock: Callable[[], float]) -> _Looked:
    """The stamps of files, the seconds that took, and of which something was heard."""
    stamps, took = stamps_of(files, clock)
    return stamps, took, [heard is None or (bool(heard) and os.path.realpath(one) in heard) for one in files]
