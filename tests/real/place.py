"""Owns: a watched folder whose watcher is killed and started again, and what can be said of it from outside.

Must not know: how a watcher works.  Invariant: what is owed is told by the file and the times alone: a save
that stood in the file while a watcher that was ready ran.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread

from nbmerge.files import digest
from nbmerge.history.opening import open_store
from nbmerge.history.store import Store
from tests.daemon.machine import Machine, Watch, busyness, until
from tests.real.people import Paper
from tests.scenarios.histories import words_of

LONG_ENOUGH = 0.3  # seconds in which a watcher reads what stands in the file; more on a busy machine


@dataclass
class Place:
    """The machine, the file on it, and when a watcher was ready."""

    machine: Machine
    paper: Paper
    watch: Watch | None = None
    ready_at: float = 0.0
    watched: list[tuple[float, float]] = field(default_factory=list)
    printed: list[str] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)  # what a reader saw that nobody was writing
    in_place: bool = False  # the watcher cannot replace the file, and may be killed while it writes it

    def start(self) -> None:
        """A watcher, ready."""
        self.watch = self._begun()
        self.watch.ready = self.watch.line()
        self.ready_at = time.monotonic()

    def start_and_kill(self, after: float) -> None:
        """A watcher that does not come far."""
        self.watch = self._begun()
        self.ready_at = float("inf")
        time.sleep(after)
        self.kill()

    def _begun(self) -> Watch:
        truth = self.paper.truth
        program = ["nbmerge"] if truth is None else ["tests.real.knowing", str(truth)]
        command = [sys.executable, "-m", *program, "watch", "--settle=0.2", "--json"]
        return Watch(self.machine.started_by(*command))

    def kill(self) -> None:
        """No warning, no time to finish."""
        self._end(signal.SIGKILL, -signal.SIGKILL)

    def stop(self) -> None:
        """The watcher ends by itself, without a complaint."""
        self._end(signal.SIGTERM, 0)

    def _end(self, number: int, expected: int) -> None:
        assert self.watch is not None
        ended = time.monotonic()
        others = children(self.watch.process.pid)
        code, out, err = self.watch.end(number)
        assert (code, err) == (expected, ""), f"it ended with {code}: {err}"
        until(lambda: not any(map(lives, others)), "the process that watched for it has ended as well")
        self.printed += out.splitlines()
        self.watched.append((self.ready_at, ended))
        self.watch = None

    def wait(self) -> None:
        """Until the watcher has nothing left to do, and the store knows what the file holds."""
        until(self._is_done, "nothing is pending")

    def _is_done(self) -> bool:
        status = self.machine.status
        if not (status.ready and status.idle):
            return False
        with self.store() as store:
            notebook_id = store.notebook_id(str(self.paper.path))
            heads = None if notebook_id is None else store.heads(notebook_id)
            if notebook_id is None or heads is None:
                return False
            head = store.version(notebook_id, heads.head).digest
        return head == digest(self.paper.path.read_bytes()) and self.machine.status.idle

    @contextmanager
    def store(self) -> Iterator[Store]:
        opened = open_store(str(self.machine.state), time.time)
        try:
            assert opened.set_aside is None
            yield opened.store
        finally:
            opened.store.close()

    @property
    def versions(self) -> int:
        """How many versions of the notebook are recorded."""
        with self.store() as store:
            return len(store.versions(store.adopt(str(self.paper.path))))

    def holds(self, data: bytes) -> bool:
        """Whether these bytes are a version."""
        with self.store() as store:
            return store.find(store.adopt(str(self.paper.path)), digest(data)) is not None

    @contextmanager
    def reader(self) -> Iterator[None]:
        """Somebody who reads the file all the time: it is whole whenever nobody is writing in it."""
        end = Event()

        def read() -> None:
            while not end.is_set():
                before = self.paper.writing
                with contextlib.suppress(FileNotFoundError):
                    data = self.paper.path.read_bytes()
                    if before % 2 == 0 and self.paper.writing == before and not _is_whole(data):
                        self.torn.append(data[-200:].decode(errors="replace"))
                time.sleep(0.002)

        thread = Thread(target=read, daemon=True)
        thread.start()
        try:
            yield
        finally:
            end.set()
            thread.join()

    # The promises.

    def owed(self) -> set[str]:
        """Words that were saved where a watcher could see them, and that nobody took out again."""
        saves = self.paper.saves
        watched = [*self.watched, (self.ready_at, float("inf"))] if self.watch else self.watched
        enough = LONG_ENOUGH * busyness()
        owed: set[str] = set()
        for save, following in zip(saves, [*saves[1:], None], strict=True):
            until_then = float("inf") if following is None else following.began
            if any(min(until_then, b) - max(save.ended, a) >= enough for a, b in watched):
                owed |= words_of(save.data)
        return owed - self.paper.removed

    def lost(self) -> set[str]:
        """Promise 1: what is owed and neither in the file, conflicts included, nor in a flagged version."""
        with self.store() as store:
            notebook_id = store.adopt(str(self.paper.path))
            heads = store.heads(notebook_id)
            assert heads is not None
            flagged = [words_of(store.data(notebook_id, tip.version)) for tip in heads.open]
        return self.owed() - words_of(self.paper.path.read_bytes()) - set().union(*flagged)

    def forgotten(self) -> set[str]:
        """What is owed and in no version at all.

        Of saves that come faster than they can be judged all but the last are only kept.
        """
        with self.store() as store:
            notebook_id = store.adopt(str(self.paper.path))
            versions = store.versions(notebook_id)
            kept = (words_of(store.data(notebook_id, version.number)) for version in versions)
            return self.owed().difference(*kept)

    def left_behind(self) -> list[str]:
        """What is in the folder besides the notebook, and in the journal."""
        beside = [name for name in os.listdir(self.machine.folder) if name != self.paper.path.name]
        journal = self.machine.state / "journal"
        return beside + (os.listdir(journal) if journal.exists() else [])

    def prove(self, judged: bool = True) -> None:
        """All that has to hold when a watcher runs and nothing is pending."""
        assert self.in_place or self.torn == []
        assert (self.lost() if judged else self.forgotten()) == set()
        until(lambda: self.left_behind() == [], f"nothing is left behind: {self.left_behind()}")
        with self.store() as store:
            store.check()
            for notebook_id in store.notebooks():
                for version in store.versions(notebook_id.id):
                    store.data(notebook_id.id, version.number)


def _is_whole(data: bytes) -> bool:
    try:
        return "cells" in json.loads(data)
    except ValueError:
        return False


def children(pid: int) -> list[int]:
    """The processes that a process has started; none if it has ended."""
    try:
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def lives(pid: int) -> bool:
    """Whether a process is still at work."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
