"""Owns: a random run: writers on three hosts save one notebook while something goes wrong, and what holds
after it.

Must not know: how hosts are made.  Invariant: every edit has a word of its own; a word counts as saved once
whoever saved it was told so, or had written it into the file; the same seed gives the same plan, not the
same timing.

After healing and quiet: every word saved is in the notebook (a shown conflict is in it), or in a version
that is open, or in one that `log` lists; all that a told save brought is in the notebook or open; nothing
was written to the notebook from a host while it was cut off; the file holds the head, and every host says
that it does.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from threading import Lock, Thread
from typing import Any
from unittest.mock import patch

from nbmerge.history.opening import database_of, open_store, state_directory
from nbmerge.history.store import Store
from nbmerge.lineage.heads import is_due
from tests.helpers.build import code, notebook
from tests.helpers.spelling import JUPYTER
from tests.hosts.world import LONGEST, DiedError, World

GRACE = 1.0  # seconds after a cut in which what was allowed before may still be done
QUIET = 2.0  # seconds without a change
_UNTIL_SAVED = 2 * LONGEST  # seconds: longer than any host is cut off
_APART = 0.08  # seconds between the saves of programs that tell nothing: a file torn by two is nobody's


@dataclass
class Outcome:
    """What a run came to.  `lost` and `wrong` have to be empty; `only_listed`: words that are in neither
    the notebook nor an open version, but in one that `log` lists."""

    saves: int = 0
    refused: int = 0
    merges: int = 0
    lost: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    only_listed: list[str] = field(default_factory=list)
    seconds: float = 0.0
    history: list[str] = field(default_factory=list)


@dataclass
class Writer:
    """One of the writers of a run; `saved` are the words of it that count."""

    name: str
    host: str
    kind: str
    cells: tuple[str, ...]
    saved: list[str] = field(default_factory=list)
    refused: int = 0
    why: str = ""  # it was refused the last time

    @property
    def is_told(self) -> bool:
        return self.kind in ("told", "tab")


@dataclass
class Run:
    """One notebook."""

    world: World
    number: int
    chance: Random
    seconds: float
    writers: list[Writer] = field(default_factory=list)
    cut_times: list[tuple[str, float, float]] = field(default_factory=list)
    ending: bool = False
    failed: list[str] = field(default_factory=list)  # what writers could not do
    untold: Lock = field(default_factory=Lock)

    @property
    def path(self) -> str:
        return f"run-{self.number}.ipynb"

    @property
    def file(self) -> Path:
        return self.world.share / self.path

    def go(self, disturb: Callable[[Run], None]) -> Outcome:
        """Save, disturb, heal, wait, and see what holds."""
        began = time.monotonic()
        self._begin()
        threads = [
            Thread(target=self._save_on, args=(one, self.chance.random()), daemon=True)
            for one in self.writers
        ]
        try:
            for thread in threads:
                thread.start()
            disturb(self)
        finally:
            self.ending = True
        for thread in threads:
            thread.join()
        self._until_quiet()
        outcome = self._judged()
        outcome.seconds = time.monotonic() - began
        return outcome

    def _begin(self) -> None:
        cells = [code(f"# cell {name}", id=name) for name in "xyz"]
        self.file.write_bytes(JUPYTER.spell(notebook(*cells)))
        kinds = ["told", "told", "renamed", "in place"]
        for host in () if self.writers else self.world.names:
            here = [*kinds, "tab", "tab"] if self.world.hosts[host].jupyter else kinds
            for place in range(self.chance.choice((1, 1, 2))):
                name = f"{host}{place}r{self.number}"
                own = f"own-{name}"
                shared = self.chance.choice("xyz")
                self.writers.append(Writer(name, host, self.chance.choice(here), (own, own, shared)))

    def _save_on(self, writer: Writer, seed: float) -> None:
        """What a writer does until the run ends."""
        try:
            self._save_one_after_the_other(writer, Random(seed))
        except AssertionError as error:
            self.failed.append(str(error))

    def _save_one_after_the_other(self, writer: Writer, chance: Random) -> None:
        """Each until it is done."""
        for number in itertools.count():
            time.sleep(chance.uniform(0.1, 1.0))
            if self.ending:
                return
            word = f"w{self.number}_{writer.name}_{number}"
            cell = chance.choice(writer.cells)
            order = {"cell": cell, "line": f"{word} = {number}", "reload": chance.random() < 0.6}
            self._save(writer, f"save-{word}", order, word)

    def _save(self, writer: Writer, id: str, order: dict[str, Any], word: str) -> None:
        end = time.monotonic() + _UNTIL_SAVED
        while True:
            with contextlib.nullcontext() if writer.is_told else self.untold:
                if not writer.is_told:
                    time.sleep(_APART)
                try:
                    made = self.world.order(
                        writer.host, "save", writer.name, writer.kind, self.path, id=id, **order
                    )
                    answer = self.world.hosts[writer.host].answer(made)
                except DiedError:
                    return
            if answer["ok"]:
                writer.saved.append(word)
                return
            writer.refused += 1
            writer.why = answer["why"]
            if time.monotonic() > end:
                raise AssertionError(f"{word} could not be saved: {answer['why']}")
            time.sleep(0.3)

    # What goes wrong.

    def cut(self, host: str, seconds: float) -> None:
        """The host is cut off from the database for a while."""
        began = time.monotonic()
        self.world.network.cut(host)
        time.sleep(seconds)
        self.cut_times.append((host, began + GRACE, time.monotonic()))
        self.world.network.heal(host)

    def kill_database(self, seconds: float) -> None:
        """The database dies, and comes back."""
        self.world.database.kill()
        time.sleep(seconds)
        self.world.database.start()

    def kill_host(self, host: str, seconds: float) -> None:
        """A host dies with all of its processes, and comes back."""
        self.world.hosts[host].kill()
        time.sleep(seconds)
        self.world.hosts[host].begin()

    # What holds.

    def _until_quiet(self) -> None:
        """Wait until the file has not changed for a while and nobody has anything to do."""
        end, since, held = time.monotonic() + LONGEST, time.monotonic(), b""
        while time.monotonic() - since < QUIET:
            assert time.monotonic() < end, f"it does not become quiet\n{self._said()}"
            now = self.file.read_bytes()
            if now != held or not all(one.is_quiet() for one in self.world.hosts.values()):
                since, held = time.monotonic(), now
            time.sleep(0.1)

    def _said(self) -> str:
        """What happened last in the notebook, and what the hosts say."""
        with self.history() as store:
            notebook_id = store.adopt(os.path.realpath(self.file))
            now, heads = time.time(), store.heads(notebook_id)
            last = [
                f"@{one.number} {now - one.time:.1f} s ago: {one.origin.value} of {one.parents}, {one.size},"
                f" by {one.writer.name or one.writer.way}: {one.why}"
                for one in store.versions(notebook_id, last=40)
            ]
        status = [f"{name}: {one.status()}" for name, one in self.world.hosts.items()]
        logs = [f"=== {name}\n{one.said()}" for name, one in self.world.hosts.items()]
        return "\n".join([*last, str(heads), *status, *logs])

    def _judged(self) -> Outcome:
        outcome = Outcome(
            saves=sum(len(one.saved) for one in self.writers),
            refused=sum(one.refused for one in self.writers),
            wrong=list(self.failed),
        )
        with self.history() as store:
            notebook_id = store.notebook_id(os.path.realpath(self.file))
            if notebook_id is None:
                outcome.wrong.append("the notebook is not known")
                return outcome
            self._judge_words(outcome, store, notebook_id)
            self._judge_heads(outcome, store, notebook_id)
        self._judge_writes(outcome)
        return outcome

    def _judge_words(self, outcome: Outcome, store: Store, notebook_id: int) -> None:
        heads = store.heads(notebook_id)
        assert heads is not None
        held = self.file.read_text()
        texts = {
            version.number: store.data(notebook_id, version.number).decode()
            for version in store.versions(notebook_id)
        }
        opened = [texts[tip.version] for tip in heads.open if tip.version in texts]
        outcome.history = [
            f"@{one.number} {one.origin.value} of {one.parents} by {one.writer.name or one.writer.way}:"
            f" {one.why}; {' '.join(_words(texts[one.number]))}"
            for one in store.versions(notebook_id)
        ] + [f"{heads}"]
        outcome.merges = sum(version.origin.value == "merged" for version in store.versions(notebook_id))
        for writer in self.writers:
            for word in writer.saved:
                mark = f"{word} = "
                if mark in held or any(mark in text for text in opened):
                    continue
                if any(mark in text for text in texts.values()):
                    outcome.only_listed.append(f"{word} ({writer.kind})")
                else:
                    outcome.lost.append(f"{word} ({writer.kind} on {writer.host})")

    def _judge_heads(self, outcome: Outcome, store: Store, notebook_id: int) -> None:
        heads = store.heads(notebook_id)
        assert heads is not None
        head = store.data(notebook_id, heads.head)
        if head != self.file.read_bytes():
            outcome.wrong.append("the file does not hold the head")
        if is_due(heads, store.graph(notebook_id)):
            outcome.wrong.append("something is still due")
        said = {}
        for name in self.world.names:
            answer = self.world.do(name, "head", f"asking-{name}", "told", self.path)
            said[name] = answer.get("head", answer.get("why"))
        if len(set(said.values())) != 1:
            outcome.wrong.append(f"the hosts do not agree: {said}")

    def _judge_writes(self, outcome: Outcome) -> None:
        for host, begin, end in self.cut_times:
            for write in self.world.writes(host):
                if begin < write["at"] < end and write["path"] == self.path:
                    outcome.wrong.append(
                        f"{host} has written {write['at'] - begin + GRACE:.1f} s after it was cut off"
                    )

    @contextmanager
    def history(self) -> Iterator[Store]:
        """The store, as one more host has it that only looks."""
        local, home = self.world.database.local_url, self.world.home / "looking"
        named = {"NBMERGE_ROOTS": f"{self.world.share}=team", "NBMERGE_STATE_DIR": str(home)}
        with patch.dict(os.environ, named):
            store = open_store(state_directory(local), time.time, database=database_of(local)).store
            try:
                yield store
            finally:
                store.close()


def _words(text: str) -> list[str]:
    return re.findall(r"w\d+_(\w+) =", text)


def nothing(run: Run) -> None:
    """Nothing goes wrong."""
    time.sleep(run.seconds)


def partition(run: Run) -> None:
    """One host is cut off, or two."""
    for host in run.chance.sample(run.world.names, run.chance.choice((1, 1, 2))):
        time.sleep(run.chance.uniform(0.3, run.seconds / 3))
        run.cut(host, run.chance.choice((1, 2, run.seconds)))
    time.sleep(run.chance.uniform(0.2, 1))


def long_partition(run: Run) -> None:
    """One host is cut off for longer than the database waits for it."""
    time.sleep(0.5)
    run.cut(run.chance.choice(run.world.names), run.chance.choice((20, 40, 60)))
    time.sleep(1)


def database_dies(run: Run) -> None:
    """The database dies in the middle."""
    time.sleep(run.chance.uniform(0.3, run.seconds / 2))
    run.kill_database(run.chance.uniform(0, run.seconds))
    time.sleep(run.chance.uniform(0.5, 2))


def host_dies(run: Run) -> None:
    """A host dies in the middle."""
    time.sleep(run.chance.uniform(0.3, run.seconds / 2))
    run.kill_host(run.chance.choice(run.world.names), run.chance.uniform(0, 2))
    time.sleep(run.chance.uniform(0.5, 2))


DISTURBANCES: dict[str, Callable[[Run], None]] = {
    "nothing": nothing,
    "a host is cut off": partition,
    "the database dies": database_dies,
    "a host dies": host_dies,
    "a host is cut off for long": long_partition,
}
