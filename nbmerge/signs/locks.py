"""Owns: the lock file by which an agent says that it is in the middle of several writes.

Must not know: who holds it.  Invariant: a lock that was forgotten does not hold for ever.

`NAME.ipynb.watchdog.lock` is the protocol of the VS Code extension "Notebook Watchdog".
"""

from __future__ import annotations

import contextlib
import os

SUFFIX = ".watchdog.lock"
FORGOTTEN = 300.0  # seconds without a write to the notebook or the lock


def locked(path: str, now: float) -> bool:
    """Whether somebody asks to be left alone with this notebook; `now`: seconds since the epoch."""
    try:
        held = os.stat(path + SUFFIX).st_mtime
    except (OSError, ValueError):
        return False
    with contextlib.suppress(OSError):  # it is being replaced
        held = max(held, os.stat(path).st_mtime)
    return now - held < FORGOTTEN
