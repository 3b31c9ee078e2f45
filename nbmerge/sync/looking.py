"""Owns: what is looked at to notice that a file has changed, and how often.

Must not know: what is in files, who wants to know.  Invariant: only the status of a file is looked at, so
network drives and files that are replaced are seen alike; a slow drive is looked at less often.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    Stamp: TypeAlias = "tuple[int, int, int] | None"

NEVER = (-1, -1, -1)  # not looked at yet: no file is like that
_SHARE = 10  # so many times as long as a look took is waited at least
_LONGEST = 5.0  # seconds; one slow notebook must not make the others wait for ever


def stamp_of(file: str) -> Stamp:
    """What changes with a file; None: it is not there."""
    try:
        found = os.stat(file)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def stamps_of(files: Sequence[str], clock: Callable[[], float]) -> tuple[list[Stamp], float]:
    """The stamps of files, and the seconds that their drives took: not those until there was time to look."""
    began = clock()
    stamps = [stamp_of(file) for file in files]
    return stamps, clock() - began


def pause_after(took: float, often: float, reading: float = 0.0) -> float:
    """Seconds until the next look, after one that took so long; `often` where it took next to nothing.

    `reading`: how long it took to read what had changed, which says nothing of the drive.
    """
    return min(max(often, _SHARE * took, reading), _LONGEST)
