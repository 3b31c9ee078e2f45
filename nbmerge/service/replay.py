"""Owns: the watcher's decisions for contents taken as successive saves, without a disk or a clock.

Must not know: where the contents come from.  Invariant: every decision is made by the code
that the watcher runs; only the file and the time are made up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from nbmerge.disk.values import Changed, LateSave, Placed, PlaceResult
from nbmerge.errors import NotebookError
from nbmerge.files import digest
from nbmerge.history.store import Store
from nbmerge.lineage.heads import Outcome
from nbmerge.lineage.versions import Context
from nbmerge.service.cache import NotebookCache
from nbmerge.service.notebook_service import NotebookService, Timing, Written
from nbmerge.service.record import Recorded, Recorder, Saved

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

    def check_displaced(self) -> list[LateSave]:
        """Nothing is ever displaced here."""
        return []

    def confirm(self, save: LateSave) -> None:
        """Nothing is ever displaced here."""

    def being_written(self, path: str) -> bool:
        """Every save is whole."""
        return False


@dataclass(slots=True)
class _Nowhere:
    """What is known around the saves: at most that there is a second writer."""

    known: Context

    def situation(self, path: str, data: bytes, since: float | None = None, way: str = "") -> Context:
        return self.known

    def hold(self, path: str) -> str | None:
        return None

    def sign(self, merged: bytes, sources: Iterable[bytes]) -> None:
        """Nobody asks for trust here."""


@dataclass(slots=True)
class Replay:
    """A watcher of one notebook that lives in memory; `interval` is in seconds between saves."""

    store: Store
    interval: float = 120.0
    second_writer: bool = False
    file: _OneFile = field(default_factory=_OneFile)

    def run(self, saves: Iterable[bytes]) -> Iterator[Step]:
        """One step for each save.  Raises NotebookError if one is no notebook."""
        context = Context(_SECOND_WRITER if self.second_writer else ())
        recorder = Recorder(self.store, NotebookCache(self.store))
        now = 0.0
        service = NotebookService(
            recorder, self.file, _Nowhere(context), lambda: now, timing=Timing(settle=0.0)
        )
        notebook_id = self.store.adopt("replayed.ipynb")
        origin: dict[int, int] = {}  # the save that a version is, or that led to it
        for number, data in enumerate(saves):
            now = number * self.interval
            self.file.data = data
            try:
                recorded = service.record(notebook_id, "replayed.ipynb", Saved(data, now))
            except NotebookError as error:
                raise NotebookError(f"save {number}: {str(error).removeprefix('notebook: ')}") from error
            if recorded.version is not None:
                origin[recorded.version.number] = number
            result = service.write_due(notebook_id, "replayed.ipynb")
            if isinstance(result, Written):
                origin.setdefault(result.version.number, number)
            yield _step(number, recorded, result if isinstance(result, Written) else None, origin)


def _step(number: int, recorded: Recorded, written: Written | None, origin: dict[int, int]) -> Step:
    base = None if recorded.base is None else origin.get(recorded.base)
    conflicts = 0 if written is None else len(written.merge.conflicts)
    return Step(number, recorded.outcome, base, recorded.why, conflicts, written is not None)
