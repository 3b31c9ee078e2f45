"""Owns: how people work on a notebook between two saves.

Must not know: the watcher, other authors.  Invariant: an author changes only what their own
editor shows; chance is given.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from tests.simulation import text
from tests.simulation.editor import Cell, Editor


@dataclass(frozen=True)
class Habits:
    """How often, of 100 things that they do, people do what; and how many between two saves."""

    edit: int = 42  # go over some lines of a cell
    write: int = 18  # a new cell
    scratch: int = 5  # try something in a cell that is deleted before long
    paste: int = 4
    move: int = 3
    delete: int = 5
    run: int = 8  # again, as it is
    run_all: int = 2
    clear: int = 2
    undo: int = 6
    undelete: int = 1
    toggle: int = 4  # a line that is commented out, or back in
    busy: float = 4.0  # things done between two saves, on average


HABITS = Habits()


@dataclass
class Author:
    """Somebody at an editor; `place` is where they are at work."""

    editor: Editor
    chance: Random
    habits: Habits = HABITS
    place: int = 0
    scratch: list[Cell] = field(default_factory=list)

    def work(self) -> bytes:
        """Do some things and save."""
        before = self.editor.save()
        while self.editor.save() == before:
            for _ in range(1 + int(self.chance.expovariate(1 / self.habits.busy))):
                self._do()
        return self.editor.save()

    def reload(self, data: bytes) -> None:
        self.editor.load(data)
        self.scratch = []

    def _do(self) -> None:
        weights = {key: value for key, value in vars(self.habits).items() if isinstance(value, int)}
        what = self.chance.choices(list(weights), list(weights.values()))[0]
        if self.scratch and self.chance.random() < 0.35:
            what = "tidy"
        if not self.editor.cells:
            what = "write"
        getattr(self, f"_{what}")()

    def _cell(self) -> Cell:
        """The one at work: mostly near the last one."""
        cells = self.editor.cells
        if self.chance.random() < 0.6:
            self.place += self.chance.choice([-1, 0, 0, 0, 1, 1])
        else:
            self.place = self.chance.randrange(len(cells))
        self.place = max(0, min(self.place, len(cells) - 1))
        return cells[self.place]

    def _edit(self) -> None:
        cell = self._cell()
        lines = self.editor.lines(cell)
        kind = cell["cell_type"]
        for _ in range(1 + int(self.chance.expovariate(1.0))):
            at = self.chance.randrange(len(lines)) if lines else 0
            match self.chance.random():
                case draw if draw < 0.5 and lines:
                    lines[at] = text.changed(self.chance, lines[at], kind)
                case draw if draw < 0.88:
                    lines.insert(
                        at + 1,
                        text.code_line(self.chance) if kind == "code" else text.prose_line(self.chance),
                    )
                case _ if len(lines) > 1:
                    del lines[at]
        self.editor.type(cell, lines)
        self._perhaps_run(cell)

    def _perhaps_run(self, cell: Cell) -> None:
        if self.chance.random() < 0.7:
            self.editor.run(cell)

    def _write(self) -> None:
        kind = "code" if self.chance.random() < 0.7 else "markdown"
        self.place = min(self.place + 1, len(self.editor.cells))
        if self.chance.random() < 0.4:
            self.place = len(self.editor.cells)
        self._perhaps_run(self.editor.insert(self.place, kind, text.lines(self.chance, kind)))

    def _scratch(self) -> None:
        self.place = min(self.place + 1, len(self.editor.cells))
        cell = self.editor.insert(self.place, "code", text.lines(self.chance, "code")[:3])
        self.editor.run(cell)
        self.scratch.append(cell)

    def _tidy(self) -> None:
        cell = self.scratch.pop()
        if any(cell is other for other in self.editor.cells):
            self.editor.delete(cell)

    def _paste(self) -> None:
        cell = self._cell()
        self.editor.paste(cell, self.chance.randint(0, len(self.editor.cells)))

    def _move(self) -> None:
        cell = self._cell()
        self.editor.move(cell, self.chance.randint(0, len(self.editor.cells) - 1))

    def _delete(self) -> None:
        self.editor.delete(self._cell())

    def _run(self) -> None:
        self.editor.run(self._cell())

    def _run_all(self) -> None:
        self.editor.run_all(self.chance.random() < 0.7)

    def _clear(self) -> None:
        cells = self.editor.cells if self.chance.random() < 0.5 else [self._cell()]
        for cell in cells:
            self.editor.clear(cell)

    def _undo(self) -> None:
        """Mostly what was typed a moment ago; now and then what was saved already, some steps of it."""
        if self.chance.random() < 0.75:
            self._edit()
        if self.editor.typed:
            cell = self.editor.typed[-1][0]
            for _ in range(1 + int(self.chance.expovariate(1.0))):
                if not self.editor.undo(cell):
                    break
            self._perhaps_run(cell)

    def _undelete(self) -> None:
        self.editor.undelete()

    def _toggle(self) -> None:
        cell = self._cell()
        lines = self.editor.lines(cell)
        if lines and cell["cell_type"] == "code":
            at = self.chance.randrange(len(lines))
            lines[at] = lines[at].removeprefix("# ") if lines[at].startswith("# ") else f"# {lines[at]}"
            self.editor.type(cell, lines)
            self._perhaps_run(cell)
