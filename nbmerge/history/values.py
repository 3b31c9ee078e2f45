"""Owns: the values that go into the store and come out of it, and the failure of the store as a whole.

Must not know: how they are kept.  Invariant: none of them refers to an open store.
"""

from __future__ import annotations

from dataclasses import dataclass

from nbmerge.errors import SystemFailure
from nbmerge.lineage.heads import Heads
from nbmerge.lineage.versions import Origin, Writer


class StoreLost(SystemFailure):
    """The store is damaged, or is not the one any more that stands at its path: open it again.

    `open_store` then sets a damaged one aside and gives a new one; nothing that it held is
    needed for anything but more merges.
    """


class NotebookHeld(SystemFailure):
    """Another machine or process holds a notebook, and nothing was done."""


class StoreAway(SystemFailure):
    """The database cannot be reached, or could not be for a moment: what was begun came to nothing, and no
    lock is held any more.  The next question asks it anew; nothing has to be opened."""


@dataclass(frozen=True, slots=True)
class StoredNotebook:
    """A notebook in the store, under the path that it has now."""

    id: int
    path: str


@dataclass(frozen=True, slots=True)
class LastSeen:
    """A notebook in the store: what its file looked like when it held the head, and where it stands; None:
    nothing is known of that."""

    id: int
    stamp: tuple[int, int, int] | None
    heads: Heads | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A version before it has a number; `time` in seconds since the epoch, as in `Version`."""

    time: float
    origin: Origin
    parents: tuple[int, ...] = ()
    writer: Writer = Writer()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Retention:
    """How long versions are kept: for so many days, and as long as the store has so many bytes at most; None:
    what is usual, 2 GiB on one machine and no limit in a database that many share."""

    days: float = 60
    size: int | None = None


@dataclass(frozen=True, slots=True)
class Totals:
    """What the store holds: notebooks with versions, versions that are kept, merges among them,
    open tips, bytes on disk."""

    notebooks: int
    versions: int
    merges: int
    open_tips: int
    bytes: int
