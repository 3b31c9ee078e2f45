"""Owns: what the performer works with, as it needs it.

Must not know: who provides it; tests give their own.  Invariant: nothing but signatures.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from nbmerge.disk.values import LateSave
from nbmerge.lineage.situation import Situation


class Surroundings(Protocol):
    """What can be known of a notebook besides its contents."""

    def situation(self, path: str, data: bytes, since: float | None = None) -> Situation:
        """`since`: when the notebook was saved before."""

    def hold(self, path: str) -> str | None:
        """Why nothing is to be written to the notebook just now; None: it may be."""

    def sign(self, merged: bytes, sources: Iterable[bytes]) -> None:
        """Mark a merge as trusted if all that is in it was."""


class Tending(Protocol):
    """The part of a disk that looks after what was displaced."""

    def tend(self) -> list[LateSave]: ...

    def confirm(self, save: LateSave) -> None: ...


class Eyes(Protocol):
    """What can look at files on request."""

    def look(self, path: str) -> None:
        """Tell what the file holds, as an event."""

    def rescan(self) -> None: ...
