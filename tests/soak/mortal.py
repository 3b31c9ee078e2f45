"""Owns: a watcher in this process that dies at a chosen call, and the next one that finds what it left.

Must not know: what is saved, when it dies.  Invariant: from that call on nothing reaches the disk: neither
a file operation nor a statement to SQLite; the next watcher has what stands in files, and nothing else.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any, cast
from unittest.mock import patch

from nbmerge.history import sqlite as database
from nbmerge.history.opening import open_store, state_directory
from nbmerge.observe.arrivals import ArrivalJournal, left_over
from nbmerge.observe.events import FileRead
from nbmerge.service.arrivals import take_in_arrivals
from tests.helpers.faulty_system import Faulty, Killed
from tests.scenarios.faults import StubbornDisk
from tests.scenarios.histories import SAVES, History, Step, Writer
from tests.scenarios.real_disk import RealDisk
from tests.scenarios.world import NOTEBOOK, World


class CountedConnection:
    """Stands for a connection to SQLite; each statement is one of the calls of a process."""

    def __init__(self, real: sqlite3.Connection, system: Faulty) -> None:
        self.real, self._system = real, system

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.real, name)
        if name not in ("execute", "executemany", "executescript"):
            return found

        def statement(*arguments: Any) -> Any:
            self._system.touch("statement")
            return found(*arguments)

        return statement


@dataclass
class EditedDisk(RealDisk):
    """A real folder that knows what editors wrote."""

    wrote: bytes = b""
    writes: int = 0

    def write(self, path: str, data: bytes) -> None:
        super().write(path, data)
        self.wrote = data
        self.writes += 1

    def restart(self) -> EditedDisk:
        self.system.bury()
        return EditedDisk(
            self.folder, self.clock, Faulty(), self.placed, wrote=self.wrote, writes=self.writes
        )


@dataclass
class MortalWorld(World):
    """All of a watcher but its processes: store, journals and notebooks are files in `home`."""

    home: Path = Path()
    kills: int = 0
    known_to: list[MortalWorld] = field(default_factory=list)  # asked for each connection
    connections: list[CountedConnection] = field(default_factory=list)
    arrivals: ArrivalJournal | None = None

    def __post_init__(self) -> None:
        self.known_to.append(self)
        self.disk = cast(StubbornDisk, EditedDisk(self.home / "work", lambda: self.now))
        self._start()

    def _start(self) -> None:
        self.bury()
        self.store = open_store(state_directory(str(self.home / "state")), lambda: self.now).store
        super()._start()

    def bury(self) -> None:
        """What the system closes of a process that is no more."""
        for connection in self.connections:
            connection.real.close()
        self.connections.clear()
        if self.arrivals is not None:
            self.arrivals.close()
        self.arrivals = ArrivalJournal(str(self.home / "arrivals"))

    @property
    def files(self) -> EditedDisk:
        return cast(EditedDisk, self.disk)

    @property
    def system(self) -> Faulty:
        return self.files.system

    def connect(self, path: str) -> Any:
        made = CountedConnection(_connect(path), self.system)
        self.connections.append(made)
        return made

    def die_at(self, call: int) -> None:
        """The process ends before the call of this number, counted from now."""
        self.system.at = self.system.count + call

    def live(self) -> None:
        self.system.at = 0

    def come_back(self, *deaths: int) -> None:
        """After a death the next watcher starts; it dies as well, at such a call of its start, or lives."""
        self.kills += 1
        for number, call in enumerate((*deaths, 0)):
            try:
                self.restart(late_first=number % 2 == 0, dying_at=call)
                return
            except Killed:
                self.kills += 1

    def restart(self, late_first: bool = True, dying_at: int = 0) -> None:
        self.disk = self.disk.restart()
        if dying_at:
            self.die_at(dying_at)
        self._start()
        self.disk.repair()
        take_in_arrivals(self.service.recorder, left_over(str(self.home / "arrivals")))
        self._look_at_all(late_first)

    def _looked(self, path: str, way: str) -> FileRead:
        found = super()._looked(path, way)
        self.system.touch("arrival")
        if self.arrivals is not None:
            with contextlib.suppress(OSError):  # then it is only in memory
                self.arrivals.keep(found)
        return found

    def check(self) -> None:
        """What holds after each step; looking is no call of the watcher's."""
        with self.system.uncounted():
            super().check()

    def left_behind(self) -> list[str]:
        """What lies about when all is done, besides notebooks."""
        return self.files.left + [str(late) for late in self.disk.displaced]


_connect = database.connect


@contextmanager
def mortal(home: Path) -> Iterator[MortalWorld]:
    """A world in an empty folder."""
    home.mkdir(parents=True, exist_ok=True)
    made: list[MortalWorld] = []

    def connect(path: str) -> Any:
        return made[0].connect(path)

    with patch.object(database, "connect", connect):
        world = MortalWorld(home=home, known_to=made)
        try:
            yield world
        finally:
            world.live()
            world.system.bury()
            world.bury()


@dataclass
class MortalHistory(History):
    """People who go on whatever becomes of the watcher."""

    chance: Random = field(default_factory=Random)
    longest: int = 300  # calls between two deaths

    @property
    def mortal(self) -> MortalWorld:
        return cast(MortalWorld, self.world)

    def run(self, steps: Iterable[Step]) -> None:
        for step in steps:
            self.mortal.die_at(self.chance.randint(1, self.longest))
            self.step(*step)
            self.mortal.live()
            self._see_conflicts()
        self.world.quiet()
        self.mortal.restart()
        self.world.quiet()
        self._see_conflicts()

    def step(self, what: str, who: int, x: int, y: int) -> None:
        before = self.writers[who % len(self.writers)].notebook
        try:
            super().step(what, who, x, y)
        except Killed:
            deaths = [self.chance.randint(1, self.longest) for _ in range(self.chance.randint(0, 2))]
            self.mortal.come_back(*deaths)
            if what in SAVES and before:
                self._finish_save(self.writers[who % len(self.writers)])

    def _account(self, writer: Writer, data: bytes) -> None:
        """What the test notes is no call of the watcher's, and nobody dies of it: the save follows anyhow."""
        with self.mortal.system.uncounted():
            super()._account(writer, data)

    def _number(self, data: bytes) -> int | None:
        with self.mortal.system.uncounted():
            return super()._number(data)

    def _finish_save(self, writer: Writer) -> None:
        """An editor does not know that the watcher died: it writes the rest."""
        data = writer.saved()
        self.mortal.live()
        if self.mortal.files.wrote != data:
            self.world.write(NOTEBOOK, data, writer.way)
        writer.base, writer.shown = self._number(data), data
