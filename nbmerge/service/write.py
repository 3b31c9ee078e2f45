"""Owns: bringing the file up to what the notebook is made of.

Must not know: when it is time to, threads.  Invariant: a merge is in the store before it is
written, and what it displaces is in the store before that; a save that comes in between is
taken and merged, not overwritten.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from nbmerge.disk.values import Busy, Changed, Gone, LateSave, Placed, PlaceResult
from nbmerge.errors import NotebookError
from nbmerge.files import digest
from nbmerge.history.values import Draft
from nbmerge.lineage.heads import Heads
from nbmerge.lineage.versions import Origin, Version
from nbmerge.service.record import Saved, Taker
from nbmerge.service.tips import TipMerge, is_due, merge_tips

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Placer(Protocol):
        """What puts bytes in the place of a file that others may write; see `nbmerge.disk`."""

        def place(self, path: str, data: bytes, expected: str) -> PlaceResult: ...

        def confirm(self, late: LateSave) -> None:
            """Its bytes are in the store."""


_ATTEMPTS = 8  # saves that may come in between before the caller waits for a quieter moment


@dataclass(frozen=True, slots=True)
class Merged:
    """The file now holds `version`, which unites `tips`."""

    version: Version
    union: TipMerge


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

    def settle(self, notebook_id: int, path: str) -> Settled:
        """Merge the tips and write the result, if the file does not hold it yet.

        Raises SystemFailure if it cannot be written and NotebookError if it cannot be made.
        """
        done: Settled = Nothing()
        for _ in range(_ATTEMPTS):
            heads = self.taker.store.heads(notebook_id)
            if heads is None or not is_due(heads, self.taker.store.graph(notebook_id)):
                return done
            union = merge_tips(self.taker.store, notebook_id, heads, self.taker.cache)
            version = self._recorded(notebook_id, heads, union)
            expected = self.taker.store.version(notebook_id, heads.head).digest
            self.taker.store.flush()
            match self.disk.place(path, union.data, expected):
                case Placed(None):
                    self._stand(notebook_id, version)
                    done = Merged(version, union)
                case Placed(displaced) if displaced is not None:
                    self._came_between(notebook_id, displaced, version)
                    self.disk.confirm(LateSave(path, displaced))
                    done = Merged(version, union)
                case Changed(found):
                    return Waiting("it was saved again", found)
                case Gone():
                    return Waiting("the file is gone")
                case Busy(why):
                    return Waiting(why)
        return done

    def _recorded(self, notebook_id: int, heads: Heads, union: TipMerge) -> Version:
        """The version that the merge becomes; the one that a killed process had recorded already."""
        store = self.taker.store
        if len(heads.tips) == 1:
            return store.version(notebook_id, heads.tips[0])
        latest = store.versions(notebook_id, last=1)[-1]
        made = Origin.MERGED, set(heads.tips), digest(union.data)
        if (latest.origin, set(latest.parents), latest.digest) == made:
            return latest
        why = "merged from " + " and ".join(f"version {tip}" for tip in union.tips)
        return store.record(notebook_id, union.data, Draft(self.clock(), Origin.MERGED, union.tips, why=why))

    def _stand(self, notebook_id: int, version: Version) -> None:
        heads = self.taker.store.heads(notebook_id)
        assert heads is not None
        self.taker.store.set_heads(notebook_id, heads.with_head(version.number))

    def _came_between(self, notebook_id: int, displaced: bytes, version: Version) -> None:
        """Our write took the place of a save: judge it by what its author saw, which was not the merge."""
        self.take_unseen(notebook_id, Saved(displaced, self.clock(), in_file=False))
        self.taker.store.flush()
        self._stand(notebook_id, version)

    def take_unseen(self, notebook_id: int, saved: Saved) -> None:
        """Take a save that is no longer in the file; bytes that are no notebook are only kept.

        What is known brings nothing: it was taken before, and then the confirmation failed.
        """
        if self.taker.knows(notebook_id, saved.data):
            return
        try:
            self.taker.take(notebook_id, saved)
        except NotebookError:
            self.taker.keep_unreadable(notebook_id, saved)
