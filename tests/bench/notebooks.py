"""Notebooks of given sizes, and an editor that saves them as Jupyter does."""

from __future__ import annotations

import copy
import json
import random
import time
from pathlib import Path
from typing import Any

Notebook = dict[str, Any]


class Editor:
    """A buffer of its own; `save` writes it in place and gives the time at which that was done."""

    def __init__(self, path: Path, notebook: Notebook) -> None:
        self.path, self.notebook = path, notebook

    def another(self) -> Editor:
        """Somebody else who opened the same."""
        return Editor(self.path, copy.deepcopy(self.notebook))

    def type(self, line: str, cell: int = 1) -> None:
        self.notebook["cells"][cell % len(self.notebook["cells"])]["source"].append(line + "\n")

    def save(self) -> float:
        text = json.dumps(self.notebook, indent=1) + "\n"
        with open(self.path, "w", encoding="utf-8") as file:
            file.write(text)
        return time.monotonic()


def _cell(number: int, lines: int, outputs: list[Any]) -> dict[str, Any]:
    chance = random.Random(number)
    source = [f"value_{number}_{line} = compute({chance.random()})\n" for line in range(lines)]
    return {
        "cell_type": "code",
        "execution_count": number,
        "id": f"cell-id-{number:06d}",
        "metadata": {},
        "outputs": outputs,
        "source": source,
    }


def _notebook(cells: list[dict[str, Any]]) -> Notebook:
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def _printed(number: int, lines: int) -> list[Any]:
    chance = random.Random(-number)
    text = [f"line {line} of {number}: {chance.random()}\n" for line in range(lines)]
    return [{"name": "stdout", "output_type": "stream", "text": text}]


def small(seed: int) -> Notebook:
    """About 4 KB."""
    return _notebook([_cell(1000 * seed + number, 4, _printed(number, 3)) for number in range(8)])


def megabyte() -> Notebook:
    """300 cells with printed outputs, 1 MB."""
    return _notebook([_cell(number, 12, _printed(number, 55)) for number in range(300)])


def pictures(number: int) -> Notebook:
    """So many pictures of 1 MB."""
    chance = random.Random(0)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    block = "".join(chance.choices(letters, k=1_000_000))

    def shown(index: int) -> list[Any]:
        image = block[index * 997 :] + block[: index * 997]
        data = {"image/png": image}
        return [{"data": data, "metadata": {}, "output_type": "display_data"}]

    return _notebook([_cell(index, 4, shown(index)) for index in range(number)])
