"""Owns: hearing of changes that others make in the store of a database.

Must not know: what a change is, whom it concerns.  Invariant: whoever listens is told of every change that
others commit, or, after each gap, that any notebook may have changed; a connection that was lost is made anew
until it is to end.  What is told is numbers of notebooks: no path and no content is in a notification, which
everybody in the database may hear who knows the store's own name.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection
from threading import Event, Thread

import psycopg
from psycopg import sql

from nbmerge.errors import SystemFailure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]
    Told: TypeAlias = "Callable[[Collection[int] | None], None]"

_PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)  # seconds between tries
_WAIT = 1.0  # seconds after which it is seen whether it is to end
_MORE = 0.02  # seconds in which notifications are taken together
_PROBE = 10  # waits without news after which it is asked whether the database is there


class Listener:
    """Listens on a channel; `told` is called in a thread of its own, with None after each gap and at the
    beginning.  `own` gives the number of the connection whose changes are not told, and may change."""

    def __init__(
        self, connected: Callable[[], Connection], channel: str, told: Told, own: Callable[[], int]
    ) -> None:
        self._connected = connected
        self._channel = channel
        self._told = told
        self._own = own
        self._over = Event()
        self._thread = Thread(target=self._run, name="nbmerge-listening", daemon=True)

    def start(self) -> None:
        """Begin to listen, soon."""
        self._thread.start()

    def stop(self) -> None:
        """Listen no more."""
        self._over.set()
        if self._thread.is_alive():
            self._thread.join(2 * _WAIT)

    def _run(self) -> None:
        failures = 0
        while not self._over.is_set():
            with contextlib.suppress(psycopg.Error, OSError, SystemFailure), self._connected() as connection:
                failures = 0
                connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(self._channel)))
                self._told(None)
                self._listen(connection)
            self._over.wait(_PAUSES[min(failures, len(_PAUSES) - 1)])
            failures += 1

    def _listen(self, connection: Connection) -> None:
        silent = 0
        while not self._over.is_set():
            found = list(connection.notifies(timeout=_WAIT, stop_after=1))
            if not found:
                silent += 1
                if silent % _PROBE == 0:
                    connection.execute("SELECT 1")
                continue
            silent = 0
            found += connection.notifies(timeout=_MORE)
            own = self._own()
            numbers = {int(one.payload) for one in found if one.pid != own and one.payload.isdecimal()}
            if numbers:
                self._told(numbers)
