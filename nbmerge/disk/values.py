"""Owns: what can come of replacing a file, as values.

Must not know: how it is done.  Invariant: whatever was displaced is in one of these
values, or still on the disk.
"""

from __future__ import annotations

from dataclasses import dataclass


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


Outcome = Placed | Changed | Gone | Busy


@dataclass(frozen=True, slots=True)
class LateSave:
    """A save that arrived in a file which had been replaced, or that a killed process left behind.

    It is told again and again until it is confirmed; only then are its bytes deleted.
    """

    path: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Repaired:
    """What was found at the start: saves to take, files put right, temporary files removed."""

    saves: tuple[LateSave, ...] = ()
    completed: tuple[str, ...] = ()
    removed: int = 0
