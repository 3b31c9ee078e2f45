"""Owns: what a replacement starts from and what can come of it, as values.

Must not know: how it is done.  Invariant: whatever was displaced is in one of these values, or still on
the disk; none of the exceptions here means that anything changed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Replacement:
    """What is to be done: a file, what it holds, and the `data` that it shall hold."""

    path: str  # as the caller names it, absolute
    target: str  # without links
    status: os.stat_result
    found: bytes
    expected: str  # SHA-256 of found
    data: bytes


class CannotExchangeError(Exception):
    """This file must be written in place: an exchange would change more than its bytes."""


class ChangedMeanwhileError(Exception):
    """The file is no longer what it was a moment ago."""


def stamp(status: os.stat_result) -> tuple[int, int, int, int]:
    """What differs after a write."""
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size


@dataclass(frozen=True, slots=True)
class Placed:
    """The file holds the new bytes (or held them before).

    `displaced`: a save that nobody had seen, which stood there a moment ago.  Its bytes stay on
    the disk until `Disk.confirm(LateSave(path, displaced))`.
    """

    displaced: bytes | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """The file holds something else than was expected; nothing was written."""

    found: bytes


@dataclass(frozen=True, slots=True)
class Gone:
    """There is no such file; nothing was written."""


@dataclass(frozen=True, slots=True)
class Busy:
    """A program is writing the file, or keeps others from writing it; nothing was written."""

    reason: str


PlaceResult = Placed | Changed | Gone | Busy


@dataclass(frozen=True, slots=True)
class LateSave:
    """A save that arrived in a file which had been replaced, or that a killed process left behind.

    It is returned again and again until it is confirmed; only then are its bytes deleted.
    """

    path: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was found at the start: saves to take, files put right, temporary files removed."""

    saves: tuple[LateSave, ...] = ()
    completed: tuple[str, ...] = ()
    removed: int = 0
