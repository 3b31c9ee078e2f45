"""Owns: watching while the database is away when a watcher begins: what is saved is kept on this machine
until it is back.

Must not know: what is in a store, what follows from a save.  Invariant: nothing is written to a notebook,
and each save that comes is in the journal of arrivals, which the watcher takes in, in order, once the store
is open.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from threading import Event

from nbmerge.history.values import StoreAway
from nbmerge.observe.client import WatcherClient
from nbmerge.observe.events import FileWatcherOptions
from nbmerge.watch.status import WatcherStatus, last_words, write_status

_PAUSE = 2.0  # seconds between tries


def keep_until(
    is_back: Callable[[], bool],
    roots: Iterable[str],
    journal: str,
    watching: FileWatcherOptions,
    ended: Event,
) -> None:
    """Keep what is saved until the store can be opened, or it is to end.  `journal`: the directory for it."""
    client = WatcherClient(tuple(roots), lambda _: None, time.time, watching, journal)
    client.known = lambda *_: True  # what is there already stays there, and is looked at then
    client.start()
    try:
        while not ended.wait(_PAUSE):
            if is_back():
                return
    finally:
        client.stop()


def tell_away(directory: str, roots: tuple[str, ...], away: StoreAway) -> None:
    """Have `status` say it."""
    before = last_words(directory) or WatcherStatus()
    status = replace(
        before, running=True, pid=os.getpid(), paths=roots, idle=True, ready=False, last_error=str(away)
    )
    write_status(directory, status)
