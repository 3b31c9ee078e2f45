"""Owns: bringing the file up to what the notebook is made of.

Must not know: when it is time to, threads.  Invariant: a merge is in the store before it is
written, and what it displaces is in the store before that; a save that comes in between is
taken and merged, not overwritten.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nbmerge.disk.values import Busy, Changed, Gone, LateSave, Outcome, Placed
from nbmerge.errors import NotebookError
from nbmerge.files import digest
from nbmerge.history.values import Draft
from nbmerge.lineage.standing import Standing
from nbmerge.lineage.versions import Origin, Version
from nbmerge.reconcile.take import Saved, Taker
from nbmerge.reconcile.union import Union, is_due, unite

_ATTEMPTS = 8  # saves that may come in between before the caller waits for a quieter moment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Placer(Protocol):
        """What puts bytes in the place of a file that others may write; see `nbmerge.disk`."""

        def place(self, path: str, data: bytes, expected: str) -> Outcome: ...

        def confirm(self, late: LateSave) -> None:
            """Its bytes are in the store."""


@dataclass(frozen=True, slots=True)
class Merged:
    """The file now holds `version`, which unites `tips`."""

    version: Version
    union: Union


@dataclass(frozen=True, slots=True)
class Nothing:
    """The file already holds everything."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing was written; `found` is a save that stands in the file and was not known."""

    why: str
    found: bytes | None = None


Settled = Merged | Nothing | Waiting


@dataclass(frozen=True, slots=True)
class Settler:
    """Writes what is due, through a disk."""

    taker: Taker
    disk: Placer
    clock: Callable[[], float]

    def settle(self, book: int, path: str) -> Settled:
        """Merge the tips and write the result, if the file does not hold it yet.

        Raises SystemFailure if it cannot be written and NotebookError if it cannot be made.
        """
        done: Settled = Nothing()
        for _ in range(_ATTEMPTS):
            standing = self.taker.store.standing(book)
            if standing is None or not is_due(standing, self.taker.store.graph(book)):
                return done
            union = unite(self.taker.store, book, standing, self.taker.shelf)
            version = self._recorded(book, standing, union)
            expected = self.taker.store.version(book, standing.head).digest
            self.taker.store.flush()
            match self.disk.place(path, union.data, expected):
                case Placed(None):
                    self._stand(book, version)
                    done = Merged(version, union)
                case Placed(displaced) if displaced is not None:
                    self._came_between(book, displaced, version)
                    self.disk.confirm(LateSave(path, displaced))
                    done = Merged(version, union)
                case Changed(found):
                    return Waiting("it was saved again", found)
                case Gone():
                    return Waiting("the file is gone")
                case Busy(why):
                    return Waiting(why)
        return done

    def _recorded(self, book: int, standing: Standing, union: Union) -> Version:
        """The version that the merge becomes; the one that a killed process had recorded already."""
        store = self.taker.store
        if len(standing.tips) == 1:
            return store.version(book, standing.tips[0])
        latest = store.versions(book, last=1)[-1]
        made = Origin.MERGED, set(standing.tips), digest(union.data)
        if (latest.origin, set(latest.parents), latest.digest) == made:
            return latest
        why = "merged from " + " and ".join(f"version {tip}" for tip in union.tips)
        return store.record(book, union.data, Draft(self.clock(), Origin.MERGED, union.tips, why=why))

    def _stand(self, book: int, version: Version) -> None:
        standing = self.taker.store.standing(book)
        assert standing is not None
        self.taker.store.stand(book, standing.with_head(version.number))

    def _came_between(self, book: int, displaced: bytes, version: Version) -> None:
        """Our write took the place of a save: judge it by what its author saw, which was not the merge."""
        self.take_unseen(book, Saved(displaced, self.clock(), in_file=False))
        self.taker.store.flush()
        self._stand(book, version)

    def take_unseen(self, book: int, saved: Saved) -> None:
        """Take a save that is no longer in the file; bytes that are no notebook are only kept.

        What is known brings nothing: it was taken before, and then the confirmation failed.
        """
        if self.taker.knows(book, saved.data):
            return
        try:
            self.taker.take(book, saved)
        except NotebookError:
            self.taker.keep_unreadable(book, saved)
