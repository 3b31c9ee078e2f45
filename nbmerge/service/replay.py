"""Owns: the watcher's decisions for contents taken as successive saves, without a disk or a clock.

Must not know: where the contents come from.  Invariant: every decision is made by the code
that the watcher runs; only the file and the time are made up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from nbmerge.disk.values import Changed, LateSave, Placed, PlaceResult
from nbmerge.errors import NotebookError
from nbmerge.files import digest
from nbmerge.history.store import Store
from nbmerge.lineage.arrival import Outcome
from nbmerge.lineage.versions import Context
from nbmerge.service.cache import NotebookCache
from nbmerge.service.record import Saved, Taken, Taker
from nbmerge.service.write import Merged, Settler

_SECOND_WRITER = ("a second writer was said to be known",)


@dataclass(frozen=True, slots=True)
class Step:
    """What the watcher would do about one save; `base` is the index of the save that it derives from.

    `writes` tells whether the notebook was changed by nbmerge after it.
    """

    save: int
    action: Outcome
    base: int | None
    why: str
    conflicts: int
    writes: bool


@dataclass(slots=True)
class _OneFile:
    """The file that the saves go to."""

    data: bytes = b""

    def place(self, path: str, data: bytes, expected: str) -> PlaceResult:
        """Put the merge there; nobody else is writing."""
        if digest(self.data) != expected:
            return Changed(self.data)
        self.data = data
        return Placed(None)

    def confirm(self, late: LateSave) -> None:
        """Nothing is ever displaced here."""


@dataclass(slots=True)
class Replay:
    """A watcher of one notebook that lives in memory; `interval` is in seconds between saves."""

    store: Store
    interval: float = 120.0
    second_writer: bool = False
    file: _OneFile = field(default_factory=_OneFile)

    def run(self, saves: Iterable[bytes]) -> Iterator[Step]:
        """One step for each save.  Raises NotebookError if one is no notebook."""
        taker = Taker(self.store, NotebookCache(self.store))
        situation = Context(_SECOND_WRITER if self.second_writer else ())
        notebook_id = self.store.adopt("replayed.ipynb")
        origin: dict[int, int] = {}  # the save that a version is, or that led to it
        for number, data in enumerate(saves):
            now = number * self.interval
            self.file.data = data
            try:
                taken = taker.take(notebook_id, Saved(data, now), situation)
            except NotebookError as error:
                raise NotebookError(f"save {number}: {str(error).removeprefix('notebook: ')}") from error
            if taken.version is not None:
                origin[taken.version.number] = number
            settled = Settler(taker, self.file, partial(float, now)).settle(notebook_id, "replayed.ipynb")
            if isinstance(settled, Merged):
                origin.setdefault(settled.version.number, number)
            yield _step(number, taken, settled if isinstance(settled, Merged) else None, origin)


def _step(number: int, taken: Taken, merged: Merged | None, origin: dict[int, int]) -> Step:
    base = None if taken.base is None else origin.get(taken.base)
    conflicts = 0 if merged is None else len(merged.union.conflicts)
    return Step(number, taken.action, base, taken.why, conflicts, merged is not None)
