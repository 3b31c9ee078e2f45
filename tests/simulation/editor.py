"""Owns: an editor of notebooks as people have them: a buffer, a kernel, undo, a clipboard, a save.

Must not know: who uses it and why, the watcher.  Invariant: it saves its own buffer, whatever the
file holds by then; undo takes back typing inside a cell, or a deleted cell, and never an output.
"""

from __future__ import annotations

import json
from copy import deepcopy
from random import Random
from typing import Any

from tests.simulation import text

Cell = dict[str, Any]


class Editor:
    """One open notebook; `chance` decides ids and what runs show."""

    def __init__(self, data: bytes, chance: Random) -> None:
        self.chance = chance
        self.load(data)

    def load(self, data: bytes) -> None:
        """Take what the file holds; what could be undone is forgotten."""
        self.frame: dict[str, Any] = json.loads(data)
        self.cells: list[Cell] = self.frame.pop("cells")
        self.typed: list[tuple[Cell, list[str]]] = []  # cells and their text before each change
        self.deleted: list[tuple[int, Cell]] = []
        self.count = max((cell.get("execution_count") or 0 for cell in self.cells), default=0)

    def save(self) -> bytes:
        """The bytes that Jupyter would write."""
        found = json.dumps({"cells": self.cells} | self.frame, indent=1, sort_keys=True, ensure_ascii=False)
        return found.encode() + b"\n"

    @property
    def has_ids(self) -> bool:
        return int(self.frame["nbformat_minor"]) >= 5

    def lines(self, cell: Cell) -> list[str]:
        return "".join(cell["source"]).split("\n")

    def type(self, cell: Cell, lines: list[str]) -> None:
        """Change the text of a cell."""
        self.typed.append((cell, self.lines(cell)))
        cell["source"] = "\n".join(lines).splitlines(keepends=True)

    def undo(self, cell: Cell) -> bool:
        """Take back the last typing in a cell; False if there is none."""
        for place in range(len(self.typed) - 1, -1, -1):
            if self.typed[place][0] is cell:
                cell["source"] = "\n".join(self.typed.pop(place)[1]).splitlines(keepends=True)
                return True
        return False

    def run(self, cell: Cell) -> None:
        if cell["cell_type"] == "code":
            self.count += 1
            cell["execution_count"] = self.count
            cell["outputs"] = text.outputs(self.chance, "".join(cell["source"]), self.count)

    def run_all(self, restart: bool) -> None:
        self.count = 0 if restart else self.count
        for cell in self.cells:
            self.run(cell)

    def clear(self, cell: Cell) -> None:
        if cell["cell_type"] == "code":
            cell["execution_count"], cell["outputs"] = None, []

    def insert(self, place: int, kind: str, lines: list[str]) -> Cell:
        cell = new_cell(kind, lines, self.chance if self.has_ids else None)
        self.cells.insert(place, cell)
        return cell

    def delete(self, cell: Cell) -> None:
        place = next(place for place, other in enumerate(self.cells) if other is cell)
        self.deleted.append((place, self.cells.pop(place)))

    def undelete(self) -> bool:
        """Bring the last deleted cell back; False if there is none."""
        if not self.deleted:
            return False
        place, cell = self.deleted.pop()
        self.cells.insert(min(place, len(self.cells)), cell)
        return True

    def move(self, cell: Cell, place: int) -> None:
        """Cut a cell and paste it elsewhere; the pasted one is a new cell."""
        self.cells = [other for other in self.cells if other is not cell]
        self.paste(cell, place)

    def paste(self, cell: Cell, place: int) -> Cell:
        pasted = deepcopy(cell)
        if self.has_ids:
            pasted["id"] = fresh_id(self.chance)
        self.cells.insert(place, pasted)
        return pasted


def new_cell(kind: str, lines: list[str], ids: Random | None) -> Cell:
    """A cell as an editor makes it; without `ids` it has none."""
    cell: Cell = {"cell_type": kind, "metadata": {}, "source": "\n".join(lines).splitlines(keepends=True)}
    if kind == "code":
        cell |= {"execution_count": None, "outputs": []}
    return cell if ids is None else cell | {"id": fresh_id(ids)}


def fresh_id(chance: Random) -> str:
    return f"{chance.getrandbits(32):08x}"


def notebook(chance: Random) -> bytes:
    """A notebook that somebody has worked on: with ids or not, run, partly run, or cleared."""
    ids = chance.random() < 0.6
    cells = []
    for _ in range(chance.randint(4, 40)):
        kind = "code" if chance.random() < 0.65 else "markdown"
        cells.append(new_cell(kind, text.lines(chance, kind), chance if ids else None))
    frame = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5 if ids else 4}
    editor = Editor(json.dumps(frame).encode(), chance)
    ran = chance.choice([0.0, 0.7, 1.0])
    for cell in editor.cells:
        if chance.random() < ran:
            editor.run(cell)
    return editor.save()
