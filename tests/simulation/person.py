"""Owns: what people do to a notebook between two saves, how often, and what of it they take back later.

Must not know: other people, the watcher.  Invariant: a person changes only what their own page shows; chance
is given, and equal chance gives equal acts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random

from tests.simulation.editor import Cell
from tests.simulation.page import Page
from tests.simulation.words import MARKS, Words, formatted, tuned, with_numbers, without_markers

AT_A_PAGE = {
    "edit": 22,  # a word or two in a line
    "line": 16,  # lines added to a cell
    "new_cell": 11,
    "run": 16,
    "tune": 5,  # one number of one line, again and again
    "undo": 6,
    "cut": 4,  # and paste
    "move": 3,
    "delete": 4,
    "delete_lines": 4,
    "accident": 3,  # cells deleted, and brought back before or after the next save
    "clear": 1,
    "run_all": 2,
    "format": 1,  # the whole notebook; often undone
    "restore": 1,  # an older version of the file
}
AS_A_PROGRAM = {"edit": 30, "line": 25, "new_cell": 40, "delete_lines": 5}
AT_MOST = 8  # things done between two saves


@dataclass
class Person:
    """Somebody at a page, who saves about every `pace` seconds; `older` gives an older version of the file.

    `plans` are what they still mean to do: each tells whether it is to be done again the next time.
    """

    page: Page
    words: Words
    chance: Random
    pace: float
    acts: Mapping[str, int] = field(default_factory=lambda: AT_A_PAGE)
    older: Callable[[], bytes | None] = lambda: None
    plans: list[Callable[[], bool]] = field(default_factory=list)
    place: int = 0
    restored: bool = False  # since the last save they brought back what others had removed, knowingly

    def work(self) -> None:
        """What they do until the next save; it ends early where something is to be taken back after it."""
        self.plans = [plan for plan in self.plans if plan()]
        busy = 1 + int(self.chance.expovariate(1 / (0.3 + min(self.pace, 120.0) / 40)))
        kinds, weights = list(self.acts), list(self.acts.values())
        for _ in range(min(AT_MOST, busy)):
            if len(self.plans) > 0 and self.chance.random() < 0.7:
                return
            what = self.chance.choices(kinds, weights)[0] if self.page.cells else "new_cell"
            getattr(self, f"_{what}")()

    def load(self, data: bytes) -> None:
        """Look at what the file holds."""
        self.page.load(data)
        self.plans = []

    def tidy(self, unwanted: frozenset[str]) -> None:
        """Settle the conflicts that they see, and remove once more what they had removed and see again."""
        if self.acts is not AT_A_PAGE:
            return
        if self.chance.random() < 0.7:
            self._settle_conflicts()
        if self.chance.random() < 0.6:
            self._remove_again(unwanted)

    # What they do.

    def _at_work(self) -> Cell:
        """The one at work: mostly near the last one."""
        if self.chance.random() < 0.7:
            self.place += self.chance.choice([-1, 0, 0, 0, 1, 1])
        else:
            self.place = self.chance.randrange(len(self.page.cells))
        self.place = max(0, min(self.place, len(self.page.cells) - 1))
        return self.page.cells[self.place]

    def _edit(self) -> None:
        cell = self._at_work()
        lines = self.page.lines(cell)
        at = self.chance.randrange(len(lines))
        lines[at] = self.words.edited(lines[at], cell["cell_type"])
        self._type(cell, lines)

    def _line(self) -> None:
        cell = self._at_work()
        lines = self.page.lines(cell)
        at = len(lines) if self.chance.random() < 0.6 else self.chance.randint(0, len(lines))
        self._type(cell, [*lines[:at], *self.words.lines(cell["cell_type"], 5), *lines[at:]])

    def _type(self, cell: Cell, lines: list[str]) -> None:
        self.page.remember()
        self.page.write(cell, lines)
        if self.acts is AT_A_PAGE and self.chance.random() < 0.5:
            self.page.run(cell)

    def _cell_at(self) -> int:
        """Where a new cell comes: below the one at work, or at the end."""
        last = len(self.page.cells)
        return last if self.chance.random() < 0.3 else min(self.place + 1, last)

    def _new_cell(self) -> None:
        kind = "code" if self.chance.random() < 0.75 else "markdown"
        self.page.remember()
        self.place = self._cell_at()
        cell = self.page.insert(self.place, kind, self.words.lines(kind))
        if self.acts is AT_A_PAGE and self.chance.random() < 0.6:
            self.page.run(cell)

    def _run(self) -> None:
        self._at_work()
        for cell in self.page.cells[self.place : self.place + self.chance.choice([1, 1, 1, 2, 3])]:
            self.page.run(cell)

    def _tune(self) -> None:
        cell = self._at_work()
        numbered = with_numbers(self.page.lines(cell))
        if cell["cell_type"] != "code" or not numbered:
            return
        at, turns = self.chance.choice(numbered), self.chance.randint(3, 8)

        def again() -> bool:
            nonlocal turns
            turns -= 1
            lines = self.page.lines(cell)
            there = any(one is cell for one in self.page.cells)
            if not there or at not in with_numbers(lines):
                return False
            self.page.remember()
            self.page.write(cell, [*lines[:at], tuned(lines[at], self.chance), *lines[at + 1 :]])
            if self.chance.random() < 0.8:
                self.page.run(cell)
            return turns > 0

        if again():
            self.plans.append(again)

    def _undo(self) -> None:
        """Mostly what was typed a moment ago; else what may be saved already, some steps of it."""
        if self.chance.random() < 0.6:
            self._edit()
        self.page.take_back(self.chance.choice([1, 1, 2, 3]))

    def _cut(self) -> None:
        self._at_work()
        self.page.remember()
        self.page.cut(self.place, self.chance.choice([1, 1, 1, 2]))
        fresh = self.chance.random() < 0.5

        def paste() -> bool:
            self.page.remember()
            self.page.paste_cut(self.chance.randint(0, len(self.page.cells)), fresh)
            return False

        self._soon(paste, 8)

    def _move(self) -> None:
        cell = self._at_work()
        self.page.remember()
        others = [one for one in self.page.cells if one is not cell]
        at = self.chance.randint(0, len(others))
        self.page.cells = [*others[:at], cell, *others[at:]]

    def _delete(self) -> None:
        self._at_work()
        self.page.remember()
        del self.page.cells[self.place]

    def _delete_lines(self) -> None:
        cell = self._at_work()
        lines = self.page.lines(cell)
        at = self.chance.randrange(len(lines))
        self.page.remember()
        self.page.write(cell, lines[:at] + lines[at + self.chance.choice([1, 1, 2, 3]) :])

    def _accident(self) -> None:
        self._at_work()
        self.page.remember()
        steps = len(self.page.past)
        count = self.chance.choice([1, 1, 1, 2, 3])
        self.page.cells = self.page.cells[: self.place] + self.page.cells[self.place + count :]
        self._soon(lambda: self._back_to(steps), 12)

    def _clear(self) -> None:
        cells = self.page.cells if self.chance.random() < 0.3 else [self._at_work()]
        for cell in cells:
            self.page.clear(cell)

    def _run_all(self) -> None:
        self.page.run_all(self.chance.random() < 0.7)

    def _format(self) -> None:
        self.page.remember()
        steps = len(self.page.past)
        for cell in self.page.cells:
            if cell["cell_type"] == "code":
                self.page.write(cell, formatted(self.page.lines(cell)))
        if self.chance.random() < 0.6:
            self._soon(lambda: self._back_to(steps), 25)

    def _restore(self) -> None:
        data = self.older()
        if data is not None:
            self.load(data)
            self.restored = True

    # What becomes of it later.

    def _soon(self, plan: Callable[[], bool], seconds: float) -> None:
        """Do it so many seconds later: after the next save, if that comes first."""
        if self.chance.random() < min(0.9, seconds / self.pace):
            self.plans.append(plan)
        else:
            plan()

    def _back_to(self, steps: int) -> bool:
        """Undo all since the page had so many steps, that one included."""
        self.page.take_back(max(0, len(self.page.past) - steps + 1))
        return False

    def _settle_conflicts(self) -> None:
        """Take the markers out, and now and then one of the sides with them."""
        for cell in self.page.cells:
            lines = self.page.lines(cell)
            if any(line.startswith(MARKS[0]) for line in lines):
                keeps = {True, False} if self.chance.random() < 0.6 else {self.chance.random() < 0.5}
                self.page.write(cell, without_markers(lines, keeps))

    def _remove_again(self, unwanted: frozenset[str]) -> None:
        for cell in self.page.cells:
            lines = self.page.lines(cell)
            left = [line for line in lines if not any(word in line for word in unwanted)]
            if len(left) < len(lines):
                self.page.write(cell, left)
