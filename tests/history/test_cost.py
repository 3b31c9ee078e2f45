"""What a save costs on disk and in time: 1,000 saves of 1 MB that change one small cell each, <= 12 MB."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable
from pathlib import Path
from time import process_time
from typing import Any

import pytest

from nbmerge.history.values import Draft
from nbmerge.lineage.versions import Origin, Writer
from tests.history.stores import NOON, PATH, alone, fresh

BUDGET = 12_000_000
SAVES = 1000
LOG = 2_200_000  # bytes to which the write ahead log may grow
Notebook = dict[str, Any]
CHANCE = random.Random(5)
WORDS = ["".join(CHANCE.choices("abcdefghijklmnopqrstuvwxyz", k=CHANCE.randint(2, 9))) for _ in range(3000)]


def line(chance: random.Random) -> str:
    return " ".join(chance.choices(WORDS, k=8)) + "\n"


def cells(chance: random.Random, count: int, lines: int, *outputs: Any) -> Notebook:
    made = [
        {
            "cell_type": "code",
            "execution_count": number,
            "id": f"{chance.getrandbits(32):08x}",
            "metadata": {},
            "outputs": [output() for output in outputs],
            "source": [line(chance) for _ in range(lines)],
        }
        for number in range(count)
    ]
    return {"cells": made, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def small_cells(chance: random.Random) -> Notebook:
    return cells(chance, 1000, 15)


def large_outputs(chance: random.Random) -> Notebook:
    return cells(chance, 50, 4, lambda: {"name": "stdout", "text": [line(chance) for _ in range(340)]})


def one_cell(chance: random.Random) -> Notebook:
    return cells(chance, 1, 17_000)


def pictures(chance: random.Random) -> Notebook:
    return cells(chance, 28, 4, lambda: {"image/png": base64.b64encode(chance.randbytes(27_000)).decode()})


def edit(notebook: Notebook, chance: random.Random, number: int) -> None:
    """Another line and another run of one cell."""
    cell = chance.choice(notebook["cells"])
    cell["source"][chance.randrange(len(cell["source"]))] = line(chance)
    cell["execution_count"] = number


def pretty(notebook: Notebook) -> bytes:
    return json.dumps(notebook, indent=1).encode()


def minified(notebook: Notebook) -> bytes:
    return json.dumps(notebook, separators=(",", ":")).encode()


KINDS = pytest.mark.parametrize(
    ("make", "spell"),
    [
        (small_cells, pretty),
        (large_outputs, pretty),
        (one_cell, pretty),
        (small_cells, minified),
        (pictures, pretty),
        (pictures, minified),
    ],
)
Make = Callable[[random.Random], Notebook]
Spell = Callable[[Notebook], bytes]


def used(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def saved(folder: Path | None, make: Make, spell: Spell, saves: int) -> tuple[list[int], list[float]]:
    """After each save: bytes in use, and seconds of CPU that it took."""
    chance = random.Random(9)
    notebook = make(chance)
    store = fresh(folder)
    notebook_id = store.adopt(PATH)
    sizes, seconds = [], []
    for number in range(saves):
        data = spell(notebook)
        draft = Draft(
            NOON + number, Origin.SAVED, (number,) if number else (), Writer("indent 1", "in place")
        )
        before = process_time()
        store.record(notebook_id, data, draft, alone)
        seconds.append(process_time() - before)
        sizes.append(store.totals().bytes if folder is None else used(folder))
        edit(notebook, chance, number)
    return sizes, seconds


@KINDS
def test_a_small_edit_costs_little_on_disk(make: Make, spell: Spell) -> None:
    """Some saves tell what 1,000 will cost."""
    sizes, _ = saved(None, make, spell, 60)
    first, each = sizes[0], (sizes[-1] - sizes[0]) / 59
    assert first < 1_100_000
    assert first + SAVES * each + LOG < BUDGET


@pytest.mark.slow
@KINDS
def test_a_thousand_saves(tmp_path: Path, make: Make, spell: Spell) -> None:
    sizes, seconds = saved(tmp_path, make, spell, SAVES)
    assert max(sizes) <= BUDGET
    assert sorted(seconds)[SAVES // 2] <= 0.005
