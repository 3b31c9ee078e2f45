"""Owns: a watcher without a machine: real decisions over files, a clock and an environment that are made up.

Must not know: the notation.  Invariant: after every step each notebook that nobody is writing is whole
and valid, and the heads of each say where all that was saved has gone; time passes only on request.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from nbmerge.environment.conflict_copies import copy_of
from nbmerge.files import digest
from nbmerge.history.store import Store
from nbmerge.lineage.heads import Heads, Outcome
from nbmerge.lineage.versions import Context, Origin
from nbmerge.observe import events as was
from nbmerge.observe.reading import TakenCopy
from nbmerge.service.cache import NotebookCache
from nbmerge.service.notebook_service import NotebookService, Timing
from nbmerge.service.record import Recorder, Saved
from nbmerge.watch import actions as do
from nbmerge.watch.coordinator import Coordinator
from nbmerge.watch.notebook_state import WatchTiming
from nbmerge.watch.runner import ActionRunner, Notice
from tests.helpers.validity import fault
from tests.scenarios.faults import StoreFaults, StubbornDisk, faulty_store

START = 1_790_000_000.0
STARTED = START - 5000.0  # the machine: the coordinator counts from there
NOTEBOOK = "/home/ann/work/notebook.ipynb"


@dataclass
class FakeEnvironment:
    """What a test says about what goes on besides the notebook."""

    known: Context = Context()
    held: str | None = None

    def situation(self, path: str, data: bytes, since: float | None = None, way: str = "") -> Context:
        return self.known

    def hold(self, path: str) -> str | None:
        return self.held

    def sign(self, merged: bytes, sources: Iterable[bytes]) -> None:
        """Nobody asks for trust here."""


@dataclass
class World:
    """Files, a watcher, and a clock.  `recorded` and `notices` are all that it did and told."""

    disk: StubbornDisk = field(default_factory=StubbornDisk)
    faults: StoreFaults = field(default_factory=StoreFaults)
    store: Store = field(init=False)
    timing: WatchTiming = field(default_factory=WatchTiming)
    moment: float = START - STARTED  # by the clock of the coordinator
    environment: FakeEnvironment = field(default_factory=FakeEnvironment)
    notices: list[Notice] = field(default_factory=list)
    recorded: list[do.SaveRecorded] = field(default_factory=list)
    seen: dict[str, bytes] = field(default_factory=dict)  # what the observer knows of each file
    torn: set[str] = field(default_factory=set)  # files that somebody is writing
    closed: set[tuple[str, int]] = field(default_factory=set)  # open tips that somebody closed
    valid: set[bytes] = field(default_factory=set)
    inbox: deque[do.Input] = field(default_factory=deque)
    running: bool = True
    looked_at: int = 0
    coordinator: Coordinator = field(init=False)
    runner: ActionRunner = field(init=False)
    service: NotebookService = field(init=False)

    @property
    def now(self) -> float:
        """The date, in seconds since the epoch."""
        return STARTED + self.moment

    def __post_init__(self) -> None:
        self.store = faulty_store(self.faults)
        self._start()

    def _start(self) -> None:
        recorder = Recorder(self.store, NotebookCache(self.store, compared_only=True))
        self.service = NotebookService(
            recorder, self.disk, self.environment, lambda: self.now, timing=Timing(settle=0.0)
        )
        self.runner = ActionRunner(self.service, self, self.notices.append, self.discard, self.take_copy)
        self.coordinator = Coordinator(
            self.timing, lambda path: copy_of(path, lambda other: other in self.disk.files)
        )
        self.seen = {}
        self.inbox.clear()

    # What happens.

    def write(self, path: str, data: bytes, way: str = "in place") -> None:
        """Somebody saves: the observer reads it at once."""
        self.torn.discard(path)
        self.disk.write(path, data)
        if self.running:
            self.notice(path, way)

    def notice(self, path: str, way: str = "") -> None:
        """The observer sees that something happened to a file."""
        self.handle(self._looked(path, way))
        self._look_again()

    def write_torn(self, path: str, data: bytes, lasts: float, pieces: int = 2) -> None:
        """A save that takes a while, and whose parts are read one after the other."""
        for piece in range(1, pieces):
            self.begin(path, data, piece / pieces)
            self.advance(lasts / (pieces - 1))
        self.write(path, data)

    def begin(self, path: str, data: bytes, part: float = 0.5) -> None:
        """The first part of a save."""
        self.torn.add(path)
        self.disk.write(path, data[: int(len(data) * part)])
        self.notice(path, "in place")

    def remove(self, path: str) -> None:
        self.disk.remove(path)
        self.seen.pop(path, None)
        self.handle(was.Vanished(path, self.now))

    def rename(self, old: str, new: str) -> None:
        self.disk.rename(old, new)
        self.seen.pop(old, None)
        if old in self.torn:
            self.torn = self.torn - {old} | {new}
        self.handle(was.Renamed(old, new, self.now))
        self.notice(new)

    def restart(self, late_first: bool = True) -> None:
        """The watcher ends, however, and another one starts: the files, the store and the journal remain."""
        self.disk = self.disk.restart()
        self._start()
        self.disk.repair()
        self._look_at_all(late_first)

    def _look_at_all(self, late_first: bool) -> None:
        if late_first:
            self.chores()
        for path in sorted(self.disk.files):
            if path in self.disk.files and not self.runner.known(path, self._stamp(path)):
                self.notice(path)
        self.handle(do.Ready())
        self.chores()

    def chores(self) -> None:
        for event in list(self.runner.tend()):
            self.handle(event)

    def advance(self, seconds: float) -> None:
        """Let time pass, and the watcher do what it does meanwhile."""
        end = self.moment + seconds
        ticks = 0
        while (at := self.coordinator.next_time()) is not None and at <= end:
            ticks = ticks + 1 if at <= self.moment else 0
            assert ticks < 50, "the watcher turns in circles"
            self.moment = max(self.moment, at)
            self.handle(do.Tick())
            self._look_again()
        self.moment = end

    def quiet(self, longest: float = 600.0) -> None:
        """Wait until the watcher has nothing left to do, and a little longer."""
        end = self.now + longest
        while self.coordinator.next_time() is not None:
            assert self.now < end, f"still pending: {self.coordinator.pending}"
            self.advance(1.0)
        self.chores()
        if self.coordinator.next_time() is not None:
            self.quiet(longest)
        self.advance(2.0)

    # What the watcher asks for.

    def look(self, path: str) -> None:
        there = path in self.disk.files
        self.inbox.append(self._looked(path, "") if there else was.Vanished(path, self.now))

    def discard(self, path: str, expected: str) -> bool:
        gone = self.disk.discard(path, expected)
        if gone:
            self.inbox.append(was.Vanished(path, self.now))
        return gone

    def take_copy(self, copy: str, notebook: str) -> TakenCopy:
        return TakenCopy(self.disk.files.get(copy))

    def rescan(self) -> None:
        for path in sorted(self.disk.files):
            self.notice(path)

    def handle(self, event: do.Input) -> None:
        """Feed an event and everything that follows from it, as the watcher's loop does."""
        waiting: deque[do.Input] = deque([event])
        while waiting or self.inbox:
            one = waiting.popleft() if waiting else self.inbox.popleft()
            if isinstance(one, do.SaveRecorded):
                self.recorded.append(one)
            for action in self.coordinator.feed(one, self.moment):
                waiting.extend(self.runner.perform(action))
                self.check()

    def _looked(self, path: str, way: str) -> was.FileRead:
        data = self.disk.files[path]
        self.seen[path] = data
        return was.FileRead(path, data, self._stamp(path), was.WallTime(self.now), way)

    def _stamp(self, path: str) -> was.FileStamp:
        """Differs when the content does."""
        data = self.disk.files[path]
        return was.FileStamp(int(digest(data)[:12], 16), len(data), 1)

    def _look_again(self) -> None:
        """The observer also sees what nbmerge itself writes."""
        for path, data in list(self.disk.files.items()):
            if path in self.seen and self.seen[path] != data:
                self.handle(self._looked(path, "renamed"))

    # What people do with commands.

    def restore(self, path: str, number: int) -> None:
        notebook_id = self.store.adopt(path)
        data = self.store.data(notebook_id, number)
        heads = self.heads(path)
        self.closed |= {(path, tip.version) for tip in heads.open}
        saved = Saved(data, self.now, origin=Origin.RESTORED, in_file=False)
        self.service.recorder.record_in_sight_of_all(notebook_id, saved, f"version {number} was restored")
        self.service.write_due(notebook_id, path)
        self.notice(path)

    # What is the case.

    def heads(self, path: str = NOTEBOOK) -> Heads:
        heads = self.store.heads(self.store.adopt(path))
        assert heads is not None
        return heads

    def open_data(self, path: str = NOTEBOOK) -> list[bytes]:
        """The contents that a later save may have overwritten."""
        notebook_id = self.store.adopt(path)
        return [self.store.data(notebook_id, tip.version) for tip in self.heads(path).open]

    def taken(self, outcome: Outcome) -> int:
        return sum(one.outcome is outcome for one in self.recorded)

    def told(self, kind: str) -> list[Notice]:
        return [notice for notice in self.notices if notice.kind == kind]

    def history(self) -> Iterator[tuple[str, int, str, Any]]:
        """All that is in the store, for comparing two runs."""
        for notebook_id in self.store.notebooks():
            for version in self.store.versions(notebook_id.id):
                yield notebook_id.path, version.number, version.digest, (version.origin, version.parents)

    def check(self) -> None:
        """Promise 2, and what heads promise."""
        with self.faults.suspended():
            self._check_all()

    def _check_all(self) -> None:
        while self.looked_at < len(self.disk.placed):  # a merge is in the store before it is in the file
            path, data = self.disk.placed[self.looked_at]
            assert self.store.find(self.store.adopt(path), digest(data)) is not None
            self.looked_at += 1
        for path, data in self.disk.files.items():
            if path not in self.torn and data not in self.valid:
                assert fault(json.loads(data)) is None, fault(json.loads(data))
                self.valid.add(data)
        for notebook_id in self.store.notebooks():
            heads = self.store.heads(notebook_id.id)
            if heads is not None:
                self._check(notebook_id.id, notebook_id.path, heads)

    def _check(self, notebook_id: int, path: str, heads: Heads) -> None:
        graph = self.store.graph(notebook_id)
        assert heads.tips
        assert graph.youngest(heads.tips) == heads.tips, f"one tip descends from another: {heads}"
        assert set(heads.answered) <= set(heads.tips)
        ends = {*heads.tips, *(tip.version for tip in heads.open)}
        reached = graph.united({*ends, *(number for at, number in self.closed if at == path)})
        for version in self.store.versions(notebook_id):
            assert START <= version.time <= self.now, f"version {version.number} has no date"
            if version.origin not in (Origin.MERGED, Origin.UNREADABLE):
                assert version.number in reached, f"version {version.number} is forgotten: {heads}"


def busy(world: World, *known: str) -> None:
    """A second writer is known from now on."""
    second_writer = known or ("a second writer is known",)
    world.environment.known = replace(world.environment.known, second_writer=second_writer)
