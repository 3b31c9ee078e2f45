"""Owns: histories made of random steps, and who wrote and who removed what in them.

Must not know: how the watcher decides.  Invariant: every edit writes a word that stands nowhere else,
so that whatever becomes of it can be told from the texts alone; the same steps make the same history.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from nbmerge.files import digest
from nbmerge.lineage.judge import BaseJudgement, Save, Sequential, Stale, VersionContent
from nbmerge.lineage.versions import Context
from nbmerge.notebook.model import Notebook
from tests.helpers import build
from tests.helpers.build import source_of
from tests.scenarios.editor import SPELLINGS, Editor
from tests.scenarios.world import NOTEBOOK, World

AnyHistory = TypeVar("AnyHistory", bound="History")
Step = tuple[str, int, int, int]  # what, which writer, and two numbers that say where
WORD = re.compile(r"w\d+q")
CHANGES = ("line", "line", "change", "cut line", "cell", "drop cell", "move", "run", "clear", "undo")
SAVES = ("save", "save", "save", "slow save", "meanwhile")
OTHERS = ("reload", "crash", "quiet", "wait", "later", "restart")
ALONE = ("save", "save", "save", "slow save", "reload", "quiet", "wait", "later", "restart")


@dataclass
class Writer(Editor):
    """An editor that knows from which version its buffer comes."""

    base: int | None = None
    shown: bytes = b""


@dataclass
class History:
    """What has happened so far; `saved`, `removed` and so on are words."""

    world: World
    writers: list[Writer]
    ids: bool = True
    numbers: int = 0
    saved: set[str] = field(default_factory=set)
    removed: set[str] = field(default_factory=set)
    again: set[str] = field(default_factory=set)  # removed, and then written once more
    contested: set[str] = field(default_factory=set)  # in a conflict that was shown; without ids: beside one
    sources: set[str] = field(default_factory=set)  # of all versions that somebody saved
    bases: dict[str, int] = field(default_factory=dict)  # sources of a save: the version it was made from

    def run(self, steps: Iterable[Step]) -> None:
        """Do all steps, then wait until the watcher has nothing left to do."""
        for step in steps:
            self.step(*step)
            self._see_conflicts()
        self.world.quiet()
        self._see_conflicts()

    def step(self, what: str, who: int, x: int, y: int) -> None:
        writer = self.writers[who % len(self.writers)]
        match what:
            case "quiet":
                self.world.quiet()
            case "wait":
                self.world.advance(0.1 + x % 9 / 10)
            case "later":
                self.world.advance(3600)
            case "restart":
                self.world.restart()
            case "reload" | "crash":
                self._open(writer)
            case _ if not writer.notebook:
                self._open(writer)
            case "save" | "slow save" | "meanwhile":
                self._save(writer, what, x)
            case "undo":
                if writer.past:
                    writer.undo()
            case _:
                self.world.advance(0.5 + y % 7)
                self._change(writer, what, x, y)

    # What writers do.

    def _open(self, writer: Writer) -> None:
        data = self.world.disk.files[NOTEBOOK]
        writer.open(data)
        writer.base, writer.shown = self._number(data), data

    def _change(self, writer: Writer, what: str, x: int, y: int) -> None:
        cells = writer.cells
        writer.change()
        if what == "cell" or not cells:
            lines = "\n".join(self._line() for _ in range(1 + y % 4))
            made = build.markdown if y % 3 == 0 else build.code
            cells.insert(x % (len(cells) + 1), made(lines, id=self._id()))
            return
        cell = cells[x % len(cells)]
        lines_of = source_of(cell).split("\n")
        match what:
            case "line":
                lines_of.insert(y % (len(lines_of) + 1), self._line())
            case "change":
                lines_of[y % len(lines_of)] = self._line()
            case "cut line":
                del lines_of[y % len(lines_of)]
            case "drop cell":
                cells.remove(cell)
            case "move":
                cells.remove(cell)
                cells.insert(y % (len(cells) + 1), cell)
            case "run" if cell["cell_type"] == "code":
                writer.count += 1
                cell.update(execution_count=writer.count, outputs=[build.printed(f"{x} {y}\n")])
            case "clear":
                for one in cells:
                    if one["cell_type"] == "code":
                        one.update(execution_count=None, outputs=[])
        cell["source"] = build.lines("\n".join(lines_of))

    def _line(self) -> str:
        """A line that is like no other one."""
        self.numbers += 1
        one, two, three = _names(self.numbers)
        return f"{one} = {two}(w{self.numbers}q, {three})"

    def _id(self) -> str | None:
        """As Jupyter makes them."""
        self.numbers += 1
        return digest(f"id {self.numbers}".encode())[:8] if self.ids else None

    def _save(self, writer: Writer, what: str, x: int) -> None:
        if x % 20 and _sources(writer.saved()) == _sources(writer.shown):
            self._change(writer, "line", x, x)  # who changed nothing seldom saves
        data = writer.saved()
        if what == "meanwhile" and digest(data) == digest(self.world.disk.files[NOTEBOOK]):
            what = "save"
        self._account(writer, data)
        if what == "meanwhile":
            before = len(self.world.disk.placed)
            self.world.disk.at(2, lambda disk: disk.write(NOTEBOOK, data))
            self.world.quiet()
            self.world.disk.hooks.clear()
            if len(self.world.disk.placed) == before:
                what = "save"
        if what == "slow save":
            self.world.write_torn(NOTEBOOK, data, 0.3 + x % 8)
        elif what == "save":
            self.world.advance(0.02)
            self.world.write(NOTEBOOK, data, writer.way)
        writer.base, writer.shown = self._number(data), data

    def _number(self, data: bytes) -> int | None:
        found = self.world.store.find(self.world.store.adopt(NOTEBOOK), digest(data))
        return None if found is None else found.number

    # Who wrote what.

    def _account(self, writer: Writer, data: bytes) -> None:
        """Who saves what an older version holds means it, unless two are known to be at work."""
        before, now = words_of(writer.shown), words_of(data)
        if _sources(data) in self.sources:
            if len(self.world.heads().tips) == 1:
                before |= words_of(self.world.disk.files[NOTEBOOK])
            self.again |= before | now
        self.sources.add(_sources(data))
        self.again |= (now - before) & self.removed
        self.saved |= now
        self.removed |= before - now
        if writer.base is not None:
            self.bases[_sources(data)] = writer.base

    def _see_conflicts(self) -> None:
        data = self.world.disk.files[NOTEBOOK]
        self.sources.add(_sources(data))
        if b"<<<<<<<" in data:
            for cell in json.loads(data)["cells"]:
                text = source_of(cell)
                if not self.ids or "<<<<<<<" in text or ">>>>>>>" in text:
                    self.contested |= set(WORD.findall(text))

    def lost(self) -> set[str]:
        """Words that were saved, that nobody removed, and that are neither shown nor flagged."""
        there = words_of(self.world.disk.files[NOTEBOOK])
        return self.saved - self.removed - there - self.flagged()

    def back(self) -> set[str]:
        """Words that were removed and are there, and neither a conflict nor an open tip says why."""
        there = words_of(self.world.disk.files[NOTEBOOK])
        unexplained = there & (self.removed - self.again - self.contested)
        return unexplained.intersection(*map(words_of, self.world.open_data()))

    def flagged(self) -> set[str]:
        return set().union(*map(words_of, self.world.open_data()))

    def told(self) -> list[Any]:
        """All that two runs have to agree on."""
        return [*self.world.history(), [(one.kind, one.message) for one in self.world.notices]]


def _names(number: int) -> tuple[str, str, str]:
    letters = digest(str(number).encode()).translate(str.maketrans("0123456789", "ghijklmnop"))
    return letters[:6], letters[6:13], letters[13:20]


def words_of(data: bytes) -> set[str]:
    """The words in the sources; what is printed is another matter."""
    try:
        cells = json.loads(data)["cells"]
    except ValueError:
        return set()
    return {word for cell in cells for word in WORD.findall(source_of(cell))}


def begin(writers: int, ids: bool = True, spellings: Sequence[str] = ("jupyter",)) -> History:
    """A notebook, a watcher, and so many who have opened it."""
    return opened_by(writers, History(World(), [], ids), spellings)


def opened_by(writers: int, history: AnyHistory, spellings: Sequence[str] = ("jupyter",)) -> AnyHistory:
    """The same in a world that is there."""
    ids = history.ids
    lines = ["\n".join(history._line() for _ in range(3)) for _ in range(5)]
    kinds = (build.code, build.code, build.markdown, build.code, build.markdown)
    cells = [made(text, id=history._id()) for made, text in zip(kinds, lines, strict=True)]
    first = SPELLINGS["jupyter"](build.notebook(*cells, minor=5 if ids else 4))
    history.world.write(NOTEBOOK, first)
    history.saved |= words_of(first)
    history.sources.add(_sources(first))
    for number in range(writers):
        spelling = SPELLINGS[spellings[number % len(spellings)]]
        history.writers.append(Writer(f"W{number}", spelling, ids=ids))
        history._open(history.writers[-1])
    history.world.advance(60)
    return history


def oracle(
    history: History,
) -> Callable[[Save, VersionContent, Sequence[VersionContent], Context], BaseJudgement]:
    """A judge that knows: to try the watcher's logic apart from its judgement."""

    def judge(
        save: Save, head: VersionContent, older: Sequence[VersionContent], context: Context
    ) -> BaseJudgement:
        base = history.bases[_plain(save.notebook)]
        store = history.world.store
        notebook_id = store.adopt(NOTEBOOK)
        if store.version(notebook_id, base).digest == head.version.digest:
            return Sequential("known")
        return Stale(base, "known")

    return judge


def _sources(data: bytes) -> str:
    return "\0".join(source_of(cell) for cell in json.loads(data)["cells"])


def _plain(notebook: Notebook) -> str:
    return "\0".join(cell.source for cell in notebook.cells)
