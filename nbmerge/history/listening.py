"""Owns: hearing of changes that others make in the store of a database, and what they say to each other.

Must not know: what a change is, whom it concerns, what is said.  Invariant: whoever listens is told of every
change that others commit, or, after each gap, that any notebook may have changed; a connection that was lost
is made anew until it is to end, and nothing is told after that.

Everybody in the database may hear what is told there who knows the name of the channel: it has the store's
own name in it, which only who may read the store knows, and it stands in no statement, which others might
see; the server's own log may have it where that logs what is given to statements.  Of changes the numbers of
notebooks are told, no path and no content.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
from collections import deque
from collections.abc import Callable, Collection, Sequence
from threading import Event, Thread

import psycopg

from nbmerge.errors import SystemFailure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    Connection: TypeAlias = psycopg.Connection[tuple[Any, ...]]
    _News: TypeAlias = tuple[str, int, str]  # channel, number of a connection, text
    Told: TypeAlias = "Callable[[Collection[int] | None], None]"
    Spoken: TypeAlias = "Callable[[str | None], None]"

_PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)  # seconds between tries
_WAIT = 1.0  # seconds after which it is seen whether it is to end
_MORE = 0.02  # seconds in which notifications are taken together
_PROBE = 10  # waits without news after which it is asked whether the database is there
_MOST = 20  # texts that wait to be said; of more the last ones are
_LISTEN = "DO $$ BEGIN EXECUTE format('LISTEN %I', current_setting('nbmerge.channel')); END $$"


class Listener:
    """Listens on a channel; `told` is called in a thread of its own, with None after each gap and at the
    beginning, and `spoken` likewise with what others say.  `own` gives the number of the connection whose
    changes are not told, and may change."""

    def __init__(
        self,
        connected: Callable[[], Connection],
        channel: str,
        told: Told,
        own: Callable[[], int],
        spoken: Spoken | None = None,
    ) -> None:
        self._connected = connected
        self._channel = channel
        self._speaking = f"{channel}_people"
        self._told = told
        self._own = own
        self._spoken = spoken
        self._over = Event()
        self._texts: deque[str] = deque(maxlen=_MOST)
        self._woken, self._bell = socket.socketpair()
        self._bell.setblocking(False)
        self._woken.setblocking(False)
        self._thread = Thread(target=self._run, name="nbmerge-listening", daemon=True)

    def start(self) -> None:
        """Begin to listen, soon."""
        self._thread.start()

    def say(self, text: str) -> None:
        """Have others hear it."""
        self._texts.append(text)
        self._wake()

    def stop(self) -> None:
        """Listen no more."""
        self._over.set()
        self._wake()
        if self._thread.is_alive():
            self._thread.join(2 * _WAIT)

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # it has been woken often enough, or has ended
            self._bell.send(b"\0")

    def _run(self) -> None:
        failures = 0
        with self._woken, self._bell:
            while not self._over.is_set():
                with contextlib.suppress(psycopg.Error, OSError, SystemFailure), self._connected() as made:
                    heard = self._begin(made)
                    failures = 0
                    self._listen(made, heard)
                self._over.wait(_PAUSES[min(failures, len(_PAUSES) - 1)])
                failures += 1

    def _begin(self, connection: Connection) -> list[_News]:
        """Listen from now on; what was heard meanwhile."""
        heard: list[_News] = []
        connection.add_notify_handler(lambda one: heard.append((one.channel, one.pid, one.payload)))
        for channel in (self._channel, self._speaking)[: 1 if self._spoken is None else 2]:
            connection.execute("SELECT set_config('nbmerge.channel', %s, false)", (channel,))
            connection.execute(_LISTEN)
        self._texts.clear()  # what was to be said meanwhile is old
        if not self._over.is_set():
            self._told(None)
            if self._spoken is not None:
                self._spoken(None)
        return heard

    def _listen(self, connection: Connection, heard: list[_News]) -> None:
        silent, here = 0, connection.info.backend_pid
        with selectors.DefaultSelector() as selector:
            selector.register(connection.fileno(), selectors.EVENT_READ)
            selector.register(self._woken, selectors.EVENT_READ)
            while True:
                self._say(connection)
                if self._over.is_set():
                    return
                if heard:
                    silent = 0
                    self._over.wait(_MORE)
                    _take_in(connection, heard)
                    self._pass_on(heard, here)
                    heard.clear()
                elif selector.select(_WAIT):
                    self._clear_bell()
                    _take_in(connection, heard)
                elif (silent := silent + 1) % _PROBE == 0:
                    connection.execute("SELECT 1")

    def _clear_bell(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._woken.recv(1 << 10)

    def _say(self, connection: Connection) -> None:
        while self._texts:
            connection.execute("SELECT pg_notify(%s, %s)", (self._speaking, self._texts.popleft()))

    def _pass_on(self, heard: Sequence[_News], here: int) -> None:
        own = self._own()
        changes = {
            int(text)
            for channel, pid, text in heard
            if channel == self._channel and pid != own and text.isdecimal()
        }
        if changes:
            self._told(changes)
        for channel, pid, text in heard:
            if channel == self._speaking and pid != here and self._spoken is not None:
                self._spoken(text)


def _take_in(connection: Connection, heard: list[_News]) -> None:
    """What has come; no way there and back, which each change of anybody would cost."""
    line = connection.pgconn
    line.consume_input()
    while (one := line.notifies()) is not None:
        heard.append((one.relname.decode(), one.be_pid, one.extra.decode("utf-8", "replace")))
