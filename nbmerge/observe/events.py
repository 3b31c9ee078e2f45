"""Owns: what can happen to the notebooks that are watched, as values.
why a file is read.
what a system says about files, before anybody has looked, and who can say it.
what the watcher's process and the one that watches for it say to each other.

Must not know: how it was noticed, what follows from it.
files.
notebooks, any one system.
processes, how watching is done.
Invariant: an event holds all
that was known at that moment; nobody has to look at the disk again to understand it.
a cause says what happened, not what follows.
notes come in the order in which
things happened; paths are absolute and, unless something moved since, real.
values that can be pickled; each
side understands all that the other says.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Eyes(Protocol):
        """Something that tells of changes in folders.  All may be called from any thread but `notes`.

        `tells_closing`: says when a writer has finished.
        """

        @property
        def tells_closing(self) -> bool: ...

        def watch(self, folder: str, below: bool) -> None:
            """Watch a folder; those `below` it will be, too.  Raises OSError."""

        def unwatch(self, folder: str) -> None: ...

        def renamed(self, old: str, new: str) -> None:
            """A watched folder is elsewhere now; what is below it too."""

        def notes(self, timeout: float) -> Sequence[Note]:
            """What happened; waits so many seconds at most for it."""

        def overtaken(self, path: str) -> bool:
            """Whether more was written to a file after what `notes` has told so far."""

        def wake(self) -> None:
            """Make `notes` return at once."""

        def close(self) -> None: ...

    class Sink(Protocol):
        """A buffered stream of bytes."""

        def write(self, data: bytes, /) -> object: ...

        def flush(self) -> object: ...


@dataclass(frozen=True, slots=True)
class FileStamp:
    """What a look at a file without reading it tells: enough to know whether to read it."""

    modified: int  # nanoseconds since the epoch, by the file system's clock
    size: int
    inode: int
    owner: int | None = None


@dataclass(frozen=True, slots=True)
class FileRead:
    """The file was read because something had happened to it (or at the start, or in a rescan).

    `way`: "in place", "in place with a copy" (jupyter_server), "renamed", "" if not known.
    `closed`: the writer is known to have finished.  `at` is in seconds, of the watcher's clock.
    """

    path: str
    data: bytes
    stamp: FileStamp
    at: float
    way: str = ""
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Vanished:
    """There is no such file any more."""

    path: str
    at: float


@dataclass(frozen=True, slots=True)
class Renamed:
    """A notebook has another name now; what it holds is told by a `FileRead` that follows."""

    old: str
    new: str
    at: float


@dataclass(frozen=True, slots=True)
class Previous:
    """A copy of what the notebook held before the save that is under way (`.~NAME.ipynb`)."""

    path: str
    data: bytes
    at: float


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
    """So many more saves of a notebook were written over before they could be read."""

    path: str
    count: int
    at: float


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something cannot be watched or read; `message` is one line for people."""

    path: str
    message: str
    at: float


Event = FileRead | Vanished | Renamed | Previous | Syncing | Overflowed | Missed | Trouble


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a file is read: it was `made`, a writer `closed` it, it was `moved` there, it is `asked` for.

    `ours`: by a program that says so in the name it moved from.
    """

    closed: bool = False
    moved: bool = False
    asked: bool = False
    made: bool = False
    ours: bool = False


class What(Enum):
    """What happened to a path."""

    MADE = "made"
    WRITTEN = "written"
    CLOSED = "closed"  # by somebody who had it open for writing
    GONE = "gone"
    MOVED = "moved"  # `path` is where it was, "" if that is not watched; `to` is where it is
    LOST = "lost"  # this watched folder is gone, or stands for another one now
    OVERFLOW = "overflow"  # things happened that are not told; `path` is ""


@dataclass(frozen=True, slots=True)
class Note:
    """Something happened to a file, or to a folder."""

    what: What
    path: str
    is_folder: bool = False
    to: str = ""


@dataclass(frozen=True, slots=True)
class ObserverOptions:
    """`poll`: True everywhere, False nowhere, None where the file system does not tell of changes.

    Intervals in seconds: `poll_interval` between looks where nothing is told, `rescan_interval`
    between looks at everything.  `exclude`: patterns as in `.nbmergeignore`, of every root.
    """

    poll: bool | None = None
    poll_interval: float = 1.0
    exclude: tuple[str, ...] = ()
    rescan_interval: float = 45.0


@dataclass(frozen=True, slots=True)
class Orders:
    """What to watch: the first thing that is said.  `asks`: unchanged files may be known already."""

    roots: tuple[str, ...]
    options: ObserverOptions
    asks: bool


@dataclass(frozen=True, slots=True)
class ReadAll:
    """Look at everything again."""


@dataclass(frozen=True, slots=True)
class ReadFile:
    """Read one notebook."""

    path: str


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """The answer to the one question that is open."""

    known: bool


@dataclass(frozen=True, slots=True)
class IsKnown:
    """Whether a file that looks like this need not be read."""

    path: str
    stamp: FileStamp


@dataclass(frozen=True, slots=True)
class WatchedState:
    """What is watched; `shown`: real paths and what people call them."""

    notebooks: int
    ready: bool
    shown: dict[str, str]


Command = ReadAll | ReadFile | KnownAnswer
Report = Event | IsKnown | WatchedState


def say(sink: Sink, what: Orders | Command | Report) -> None:
    """One value to the other process.  Raises OSError if it is gone."""
    sink.write(pickle.dumps(what, pickle.HIGHEST_PROTOCOL))
    sink.flush()
