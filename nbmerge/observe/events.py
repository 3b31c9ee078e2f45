"""Owns: what can happen to the notebooks that are watched, as values; and how to watch.

Must not know: how it was noticed, what follows from it.  Invariant: an event holds all that was
known at that moment; nobody has to look at the disk again to understand it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

WallTime = NewType("WallTime", float)
"""Seconds since the epoch, as versions are dated.  The coordinator counts in seconds of a clock that never
goes back and is no date; so that the type checker refuses the one for the other, dates have a type."""


@dataclass(frozen=True, slots=True)
class FileWatcherOptions:
    """`poll`: True everywhere, False nowhere, None where the file system does not report changes.

    Intervals in seconds: `poll_interval` between looks where nothing is reported, `rescan_interval`
    between looks at everything.  `exclude`: patterns as in `.nbmergeignore`, of every root.
    """

    poll: bool | None = None
    poll_interval: float = 1.0
    exclude: tuple[str, ...] = ()
    rescan_interval: float = 45.0


@dataclass(frozen=True, slots=True)
class FileStamp:
    """What can be known of a file without reading it: enough to decide whether to read it."""

    modified: int  # nanoseconds since the epoch, by the file system's clock
    size: int
    inode: int
    owner: int | None = None


@dataclass(frozen=True, slots=True)
class FileRead:
    """The file was read because something had happened to it (or at the start, or in a rescan).

    `way`: "in place", "in place with a copy" (jupyter_server), "renamed", "" if not known.
    `closed`: the writer is known to have finished.  `at` is when it was read.
    """

    path: str
    data: bytes
    stamp: FileStamp
    at: WallTime
    way: str = ""
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Vanished:
    """There is no such file any more."""

    path: str
    at: float


@dataclass(frozen=True, slots=True)
class Renamed:
    """A notebook has another name now; a `FileRead` with its content follows."""

    old: str
    new: str
    at: float


@dataclass(frozen=True, slots=True)
class Previous:
    """A copy of what the notebook held before the save that is under way (`.~NAME.ipynb`)."""

    path: str
    data: bytes
    at: WallTime


@dataclass(frozen=True, slots=True)
class Syncing:
    """A sync client is receiving this notebook: its temporary file is there."""

    path: str
    client: str
    at: float


@dataclass(frozen=True, slots=True)
class Overflowed:
    """The system dropped events; every watched file is looked at again after this."""

    at: float


@dataclass(frozen=True, slots=True)
class Missed:
    """So many more saves of a notebook were overwritten before they could be read."""

    path: str
    count: int
    at: float


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something cannot be watched or read; `message` is one line for people."""

    path: str
    message: str
    at: float


@dataclass(frozen=True, slots=True)
class TroubleOver:
    """What a `Trouble` of this path told of is over."""

    path: str
    at: WallTime


@dataclass(frozen=True, slots=True)
class JournalFilled:
    """A journal of arrivals is complete: every save in it was reported before this."""

    path: str


Event = (
    FileRead
    | Vanished
    | Renamed
    | Previous
    | Syncing
    | Overflowed
    | Missed
    | Trouble
    | TroubleOver
    | JournalFilled
)
