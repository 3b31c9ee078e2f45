"""Owns: removing a file whose bytes are stored elsewhere.

Must not know: where.  Invariant: nothing is removed but the bytes that were named; whoever writes in
between keeps what they wrote.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import replace

from nbmerge.disk.displaced import Watch
from nbmerge.disk.journal import Entry, Journal
from nbmerge.disk.names import names_beside
from nbmerge.disk.system import System
from nbmerge.files import digest


def remove(system: System, journal: Journal, watch: Watch, entry: Entry, now: float) -> bool:
    """Remove the entry's target if it holds the expected bytes and nobody writes it; whether it is gone.

    It is moved aside first, and looked after like a displaced file.  Raises OSError: nothing has changed.
    """
    path, expected = entry.target, entry.expected
    try:
        if not _holds(system, path, expected):
            return False
    except FileNotFoundError:
        return True
    aside = next(aside for _, aside in names_beside(path, system.pid()) if not os.path.lexists(aside))
    item = watch.take(journal.begin(replace(entry, aside=aside)))
    try:
        system.move(path, aside)
    except FileNotFoundError:
        watch.look_again(item, now)
        return True
    except OSError:
        watch.look_again(item, now)
        raise
    with contextlib.suppress(OSError):
        if not _holds(system, aside, expected):
            system.rename(aside, path)  # FileExistsError: another save is there, this one is told by `tend`
        watch.look_again(item, now)
    return not os.path.lexists(path)


def _holds(system: System, path: str, expected: str) -> bool:
    fd = system.open(path)
    try:
        return not system.writer(fd) and digest(system.read(fd)) == expected
    finally:
        system.close(fd)
