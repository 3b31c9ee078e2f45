"""Owns: what the watcher's process and the one that watches for it say to each other.

Must not know: processes, how watching is done.  Invariant: values that can be pickled; each
side understands all that the other says.
"""

from __future__ import annotations

import pickle
from dataclasses import dataclass

from nbmerge.observe.events import Event, Glance

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Sink(Protocol):
        """A buffered stream of bytes."""

        def write(self, data: bytes, /) -> object: ...

        def flush(self) -> object: ...


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
class Rescan:
    """Look at everything again."""


@dataclass(frozen=True, slots=True)
class Look:
    """Read one notebook."""

    path: str


@dataclass(frozen=True, slots=True)
class Known:
    """The answer to the one question that is open."""

    known: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """Whether a file that looks like this need not be read."""

    path: str
    glance: Glance


@dataclass(frozen=True, slots=True)
class State:
    """What is watched; `shown`: real paths and what people call them."""

    notebooks: int
    ready: bool
    shown: dict[str, str]


Command = Rescan | Look | Known
Report = Event | Asked | State


def say(sink: Sink, what: Orders | Command | Report) -> None:
    """One value to the other process.  Raises OSError if it is gone."""
    sink.write(pickle.dumps(what, pickle.HIGHEST_PROTOCOL))
    sink.flush()
