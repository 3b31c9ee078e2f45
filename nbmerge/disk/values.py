"""Owns: the names of our temporary files, and what each of them says.
what can come of replacing a file, as values.

Must not know: what is in them.
how it is done.
Invariant: a name of the first kind may be removed when its process is
gone; one of the second kind may hold a save.
whatever was displaced is in one of these
values, or still on the disk.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import count

_OURS = re.compile(r"\.nbmerge-(\d+)-\d+(?:-([0-9a-f]{8}))?\.tmp")


def names_beside(target: str, pid: int) -> Iterator[tuple[str, str]]:
    """Names for the new file while it is written, and for the old one afterwards."""
    folder, name = os.path.split(target)
    for number in count():
        stem = os.path.join(folder, f".nbmerge-{pid}-{number}")
        yield f"{stem}.tmp", f"{stem}-{mark(name)}.tmp"


def told_by(name: str) -> tuple[int, str | None] | None:
    """The process that made the file, and the mark of the file that it may be the displaced one of."""
    match = _OURS.fullmatch(name)
    return (int(match[1]), match[2]) if match else None


def mark(name: str) -> str:
    """A file's name in eight characters: tells whose save it is, should the journal be lost."""
    return sha256(os.fsencode(name)).hexdigest()[:8]


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
