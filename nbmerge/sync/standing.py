"""Owns: the store that stays open while a program with many threads runs, and is opened anew when it is lost.

Must not know: who asks, and what.  Invariant: a store that was lost, moved or replaced is opened anew, and
the question asked once more; nothing is closed while somebody may still be asking it.  Of a notebook
nothing is asked before the store has what was saved of it while that was away, and one that another machine
holds for long keeps nobody from the others; while the store is away, a question does not wait for it again
and again.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from contextlib import ExitStack
from threading import Lock
from typing import TypeVar

from nbmerge.errors import SystemFailure
from nbmerge.history.database import Hearing
from nbmerge.history.opening import place_of
from nbmerge.history.values import StoreAway, StoreLost
from nbmerge.service.notebook_service import Timing
from nbmerge.sync.api import Participation, participating
from nbmerge.sync.spool import Spool, spool_directory

T = TypeVar("T")

# A tab without nbmerge's part takes what the file holds a moment after its own save for its own.
_TIMING = Timing(settle=0.3)
_AWAY = 2.0  # seconds for which a store that was away is not asked again
_AT_ONCE = 1.0  # seconds; who had to wait longer for a store is not kept waiting for it once more


class StandingStore:
    """The one open store of a program; `state`: its directory (None: the user's), `sleep`: what a save does
    that has to wait."""

    def __init__(self, state: str | None = None, sleep: Callable[[float], None] = time.sleep) -> None:
        self._state = state
        self._sleep = sleep
        self._opening = Lock()
        self._spooling = Lock()  # saves are kept while the store is being opened, which may take long
        self._opened = ExitStack()  # all that were opened: threads may still be using those that were lost
        self._current: Participation | None = None
        self._told: Callable[[Collection[str] | None], None] | None = None
        self._spoken: Callable[[str | None], None] | None = None
        self._hearing: Hearing | None = None  # what the store that is open now is heard by
        self._spool: Spool | None = None
        self._away: StoreAway | None = None
        self._is_over = False
        self._asked_again_at = 0.0  # on the monotonic clock
        self._probing = Lock()  # while it is away one asks, and the others are told so

    @property
    def directory(self) -> str:
        """The state directory, which need not be there yet."""
        return place_of(self._state)

    @property
    def spool(self) -> Spool:
        """Where saves wait while the store is away."""
        with self._spooling:
            if self._spool is None:
                self._spool = Spool(spool_directory(self.directory))
            return self._spool

    def hear(
        self,
        told: Callable[[Collection[str] | None], None],
        spoken: Callable[[str | None], None] | None = None,
    ) -> None:
        """Have it told, in another thread, which notebooks (real paths) others have changed, once the store
        is open; None stands for any, after each gap.  `spoken` is given what others say, and None likewise.
        Nothing is told where no other machine uses the store."""
        self._told, self._spoken = told, spoken

    def say(self, text: str) -> None:
        """Have others hear it who use the store, if it is open and can be reached."""
        hearing = self._hearing
        if hearing is not None:
            hearing.say(text)

    def alias(self, path: str) -> str:
        """What others who use the store call the notebook at a real path where it is spoken of; "": nobody
        else does, or the store is not open yet."""
        current = self._current
        return "" if current is None else current.service.store.places.alias(path)

    def ask(self, question: Callable[[Participation], T], about: str = "") -> T:
        """The answer to a question about notebooks; any thread may ask.  `about`: the path of the one whose
        saves have to be in the store before.  Raises NbmergeError, StoreAway at once where it was so a
        moment ago."""

        def asked(participation: Participation) -> T:
            self.spool.deliver(participation, about)
            return question(participation)

        return self._asked_now(asked)

    def _asked_now(self, question: Callable[[Participation], T]) -> T:
        if self._away is None:
            return self._asked_once_more(question)
        if time.monotonic() < self._asked_again_at or not self._probing.acquire(blocking=False):
            raise StoreAway(str(self._away))
        try:
            return self._asked_or_away(question)
        finally:
            self._probing.release()

    def _asked_once_more(self, question: Callable[[Participation], T]) -> T:
        """The answer, also if a connection had been lost that can be made anew at once."""
        began = time.monotonic()
        try:
            return self._asked_or_away(question)
        except StoreAway:
            if time.monotonic() - began > _AT_ONCE:
                raise
            return self._asked_or_away(question)

    def _asked_or_away(self, question: Callable[[Participation], T]) -> T:
        try:
            answer = self._asked(question)
        except StoreAway as error:
            self._away, self._asked_again_at = error, time.monotonic() + _AWAY
            raise
        self._away = None
        return answer

    def _asked(self, question: Callable[[Participation], T]) -> T:
        participation = self.participation()
        try:
            return question(participation)
        except StoreLost:
            self.forget(participation)
            return question(self.participation())

    def participation(self) -> Participation:
        """The calls on the store that is open now."""
        with self._opening:
            if self._is_over:
                raise SystemFailure("nbmerge is just ending; try again when it runs")
            if self._current is None:
                opened = participating(self._state, _TIMING, self._sleep)
                self._current = self._opened.enter_context(opened)
                if self._told is not None:
                    self._begin_to_hear(self._current, self._told)
            return self._current

    def _begin_to_hear(
        self, participation: Participation, told: Callable[[Collection[str] | None], None]
    ) -> None:
        if self._hearing is not None:
            self._hearing.stop()  # of a store that was lost
        self._hearing = participation.service.store.hear(told, self._spoken)
        if self._hearing is not None:
            self._opened.callback(self._hearing.stop)

    def forget(self, participation: Participation) -> None:
        """Have it opened anew, unless another thread has seen to that already."""
        with self._opening:
            if self._current is participation:
                self._current = None

    def close(self) -> None:
        """Close all that were opened, and listen no more: whoever still asks is told so."""
        with self._opening:
            self._is_over = True
            self._hearing = self._current = None
            self._opened.close()
