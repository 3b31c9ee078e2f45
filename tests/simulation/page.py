"""Owns: a page that shows one notebook: its buffer, what can be undone in it, how its program writes files.

Must not know: who sits at it and why, the watcher.  Invariant: it saves its own buffer, whatever the file
holds by then; undo brings back sources, cells and their order, and never what a run had shown before.
"""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass
from random import Random

from nbmerge.lineage.versions import Writer
from tests.simulation.editor import Cell, Editor, fresh_id
from tests.simulation.truth import result_of


@dataclass(frozen=True)
class Program:
    """How a program spells notebooks and replaces the file."""

    name: str
    way: str
    indent: int = 1
    sorts: bool = True
    one_string: bool = False  # a source is one string, not a list of lines
    end: str = "\n"

    @property
    def writer(self) -> Writer:
        """What a watcher can see of it besides the bytes."""
        return Writer(way=self.way)

    def spell(self, frame: Cell, cells: list[Cell]) -> bytes:
        """The bytes of a notebook."""
        spelled = [cell | {"source": self._source(cell)} for cell in cells]
        whole = frame | {"cells": spelled}
        text = json.dumps(whole, indent=self.indent, sort_keys=self.sorts, ensure_ascii=False)
        return (text + self.end).encode(errors="surrogatepass")

    def _source(self, cell: Cell) -> str | list[str]:
        source = "".join(cell["source"])
        return source if self.one_string else source.splitlines(keepends=True)


JUPYTER = Program("JupyterLab", "in place with a copy")
VSCODE = Program("VS Code", "in place")
SCRIPT = Program("a script with nbformat", "in place")
AGENT = Program("an agent", "in place", indent=2, sorts=False, one_string=True, end="")
SYNC = Writer(way="renamed")


class Page(Editor):
    """An open notebook; `ran` gathers the results of what was run in it."""

    def __init__(self, data: bytes, program: Program, chance: Random, ran: set[str]) -> None:
        self.program, self.ran = program, ran
        super().__init__(data, chance)

    def load(self, data: bytes) -> None:
        super().load(data)
        self.past: list[list[tuple[Cell, str]]] = []  # cells and sources before each change
        self.clipboard: list[Cell] = []

    def save(self) -> bytes:
        """The bytes that its program would write."""
        return self.program.spell(self.frame, self.cells)

    def run(self, cell: Cell) -> None:
        """Run a cell; one that has shown something shows something again, the same or not."""
        before = cell.get("outputs")
        super().run(cell)
        if before and not cell["outputs"]:
            shown = f"{self.chance.getrandbits(60):x}\n"
            again = [{"name": "stdout", "output_type": "stream", "text": [shown]}]
            cell["outputs"] = before if self.chance.random() < 0.4 else again
        if cell.get("outputs"):
            self.ran.add(result_of(cell))

    def remember(self) -> None:
        """What is done next is one step that can be taken back."""
        self.past.append([(cell, "".join(cell["source"])) for cell in self.cells])

    def take_back(self, steps: int = 1) -> bool:
        """Undo; False if there is nothing to undo."""
        for done in range(steps):
            if not self.past:
                return done > 0
            shown = self.past.pop()
            self.cells = [cell for cell, _ in shown]
            for cell, source in shown:
                cell["source"] = source.splitlines(keepends=True)
        return True

    def write(self, cell: Cell, lines: list[str]) -> None:
        """Change the text of a cell, as part of a step."""
        cell["source"] = "\n".join(lines).splitlines(keepends=True)

    def cut(self, place: int, count: int = 1) -> None:
        """Take cells out; they can be pasted."""
        self.clipboard = self.cells[place : place + count]
        self.cells = self.cells[:place] + self.cells[place + count :]

    def paste_cut(self, place: int, fresh: bool) -> None:
        """Paste what was cut; `fresh`: as cells with new ids."""
        pasted = deepcopy(self.clipboard)
        shown = {cell.get("id") for cell in self.cells}
        for cell in pasted:
            if "id" in cell and (fresh or cell["id"] in shown):
                cell["id"] = fresh_id(self.chance)
        self.cells = [*self.cells[:place], *pasted, *self.cells[place:]]
