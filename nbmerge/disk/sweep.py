"""Owns: temporary files in the notebooks' folders that no journal of ours speaks of.

Must not know: what is in them.  Invariant: a file that may hold a save is never removed here, and no
file of a process that is alive.
"""

from __future__ import annotations

import contextlib
import os
import re

from nbmerge.disk.displaced import Watch
from nbmerge.disk.exchange import mark
from nbmerge.disk.journal import EXCHANGE, Entry, Journal, lives
from nbmerge.disk.system import System

_OURS = re.compile(r"\.nbmerge-(\d+)-\d+(?:-([0-9a-f]{8}))?\.tmp")


def sweep(system: System, journal: Journal, watch: Watch, folder: str) -> int:
    """Remove what dead processes left in a folder: the number of files.

    A displaced file whose journal is lost, or another state directory's, is looked after from now on.
    """
    removed = 0
    known = {item.entry.aside for item in watch.displaced}
    with contextlib.suppress(OSError):
        names = system.names(folder)
        for name in names:
            match = _OURS.fullmatch(name)
            path = os.path.join(folder, name)
            if match is None or path in known or lives(match[1], system):
                continue
            if match[2] is None:
                system.unlink(path)
                removed += 1
                continue
            for other in names:
                if mark(other) == match[2]:
                    target = os.path.join(folder, other)
                    watch.take(journal.begin(Entry(EXCHANGE, target, target, aside=path)), 0.0)
    return removed
