"""Owns: one notebook's file and its watcher: nbmerge as it judges, nbmerge that is told every base, nobody.

Must not know: who saves, what they write, what it is worth.  Invariant: nbmerge's part is the code that the
watcher runs; only the file, the clock and what is known around the notebook are made up.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from nbmerge.files import digest
from nbmerge.history.opening import open_store
from nbmerge.lineage.heads import Outcome
from nbmerge.lineage.versions import Context, Writer
from nbmerge.service.cache import NotebookCache
from nbmerge.service.notebook_service import NotebookService, Timing
from nbmerge.service.record import Recorder, Saved
from tests.helpers.fake_disk import FakeDisk
from tests.scenarios.world import FakeEnvironment

NOTEBOOK = "people.ipynb"


@dataclass(frozen=True)
class Held:
    """What the file holds; `number` names it to this watcher."""

    data: bytes
    number: int


@dataclass(frozen=True)
class PageSave:
    """A save by somebody's page.  `base` is the truth, which only those may look at who are to be told."""

    data: bytes
    at: float
    writer: Writer
    base: int


class Watcher(Protocol):
    """Whatever stands between the saves of a notebook and its file."""

    @property
    def held(self) -> Held: ...

    def record(self, save: PageSave) -> bool:
        """A save stands in the file; whether it was doubted."""

    def settle(self, at: float) -> None:
        """It is quiet: what is due is written."""

    def named(self) -> Iterator[bytes]:
        """The versions that people were told of because a save may have overwritten them."""

    def close(self) -> None: ...


@dataclass
class Nobody:
    """The file alone: every save replaces what was there."""

    data: bytes = b""
    number: int = 0

    @property
    def held(self) -> Held:
        return Held(self.data, self.number)

    def record(self, save: PageSave) -> bool:
        self.data = save.data
        self.number += 1
        return False

    def settle(self, at: float) -> None:
        """Nothing is ever due."""

    def named(self) -> Iterator[bytes]:
        return iter(())

    def close(self) -> None:
        """Nothing is open."""


@dataclass
class Nbmerge:
    """nbmerge; `told`: it is told from which version every save was made, and judges nothing."""

    told: bool = False
    now: float = 0.0
    disk: FakeDisk = field(default_factory=FakeDisk)
    doubted: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.store = open_store(None, lambda: self.now).store
        self.notebook_id = self.store.adopt(NOTEBOOK)
        self.environment = FakeEnvironment()
        recorder = Recorder(self.store, NotebookCache(self.store))
        self.service = NotebookService(
            recorder, self.disk, self.environment, lambda: self.now, timing=Timing(0.0), stopwatch=lambda: 0.0
        )

    @property
    def held(self) -> Held:
        data = self.disk.files[NOTEBOOK]
        found = self.store.heads(self.notebook_id)
        assert found is not None
        assert self.store.version(self.notebook_id, found.head).digest == digest(data)
        return Held(data, found.head)

    def record(self, save: PageSave) -> bool:
        self.now = save.at
        self.disk.write(NOTEBOOK, save.data)
        self.environment.known = Context(declared_base=save.base) if self.told and save.base else Context()
        done = self.service.record(self.notebook_id, NOTEBOOK, Saved(save.data, save.at, save.writer))
        before = len(self.doubted)
        heads = self.store.heads(self.notebook_id)
        assert heads is not None
        self.doubted |= {tip.version for tip in heads.open}
        return done.outcome is Outcome.AMBIGUOUS or len(self.doubted) > before

    def settle(self, at: float) -> None:
        self.now = at
        self.service.write_due(self.notebook_id, NOTEBOOK)

    def named(self) -> Iterator[bytes]:
        return (self.store.data(self.notebook_id, number) for number in sorted(self.doubted))

    def close(self) -> None:
        self.store.close()
