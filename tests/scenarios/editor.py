"""Owns: an editor that somebody has open: its buffer, and how it spells what it saves.

Must not know: the watcher.  Invariant: like every real editor it saves all that is in its buffer,
whatever the file holds by then, and sees the file only when it opens or reloads it.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.helpers import build
from tests.scenarios import cells
from tests.scenarios.cells import Cell

Notebook = dict[str, Any]


def jupyter(notebook: Notebook) -> bytes:
    """As jupyter_server and VS Code write it."""
    return (json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def script(notebook: Notebook) -> bytes:
    """As a script does that knows no better."""
    return json.dumps(notebook, indent=2).encode()


def agent(notebook: Notebook) -> bytes:
    """As a coding agent does: each source one string."""
    made = copy.deepcopy(notebook)
    for cell in made["cells"]:
        cell["source"] = build.source_of(cell)
    return json.dumps(made, indent=1, ensure_ascii=False).encode()


SPELLINGS: dict[str, Callable[[Notebook], bytes]] = {"jupyter": jupyter, "script": script, "agent": agent}


@dataclass
class Editor:
    """One person's or program's sight of a notebook."""

    name: str
    spell: Callable[[Notebook], bytes] = jupyter
    way: str = "in place with a copy"
    ids: bool = True
    notebook: Notebook = field(default_factory=dict)
    past: list[Notebook] = field(default_factory=list)
    count: int = 0

    def open(self, data: bytes) -> None:
        """Take the file as it is; what was not saved is gone."""
        self.notebook = json.loads(data)
        for cell in self.cells:
            cell["source"] = build.lines(build.source_of(cell))
        self.past = []

    @property
    def cells(self) -> list[Cell]:
        found: list[Cell] = self.notebook["cells"]
        return found

    def saved(self) -> bytes:
        """The bytes that a save writes."""
        return self.spell(self.notebook)

    def at(self, letter: str) -> int:
        """The place of the cell of that letter."""
        found = [place for place, cell in enumerate(self.cells) if _letter(cell) == letter]
        assert len(found) == 1, f"{self.name} has {len(found)} cells {letter}: {self.words}"
        return found[0]

    @property
    def words(self) -> str:
        return cells.told(json.dumps(self.notebook).encode())

    def change(self) -> None:
        """To be called before anything is changed, so that it can be undone."""
        self.past.append(copy.deepcopy(self.notebook))

    def undo(self) -> None:
        self.notebook = self.past.pop()

    def edit(self, word: str) -> None:
        """The cell of that letter gets that text; outputs stay until it is run."""
        self.change()
        cell = self.cells[self.at(word[0])]
        cell["source"] = build.lines(cells.source(word.partition("[")[0]))
        if "[" in word:
            cell.update({key: cells.cell(word)[key] for key in ("outputs", "execution_count")})

    def insert(self, word: str, place: int) -> None:
        self.change()
        self.cells.insert(place, cells.cell(word, self.ids))

    def delete(self, letter: str) -> None:
        self.change()
        del self.cells[self.at(letter)]

    def move(self, letter: str, place: int) -> None:
        """Cut and paste: to that place among the others."""
        self.change()
        cell = self.cells.pop(self.at(letter))
        self.cells.insert(place, cell)

    def run(self, letter: str) -> None:
        self.change()
        cell = self.cells[self.at(letter)]
        self.count += 1
        word = cells.word_of(cell)
        cell.update(execution_count=self.count, outputs=[build.printed(cells.output(word))])

    def clear(self) -> None:
        """Clear all outputs."""
        self.change()
        for cell in self.cells:
            if cell["cell_type"] == "code":
                cell.update(execution_count=None, outputs=[])

    def put(self, words: str) -> None:
        """Replace everything."""
        self.change()
        self.notebook = cells.notebook(words, self.ids)


def _letter(cell: Cell) -> str:
    """The first one in its word: a conflict may have a side that is deleted."""
    return next((letter for letter in cells.word_of(cell) if letter.isalpha()), "")
