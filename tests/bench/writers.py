"""Owns: what a save costs where many writers take part in one notebook, at the start and at the end.

Must not know: how saves are merged.  Invariant: each save opens the store anew, as a command does; every word
that was saved is counted at the end.

    python -m tests.bench.writers [SAVES]

Five and eight writers, each in a cell of its own; then eight that type everywhere, and nobody settles the
conflicts; then one, with a history of 10,000 versions.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from statistics import mean

from nbmerge.history.values import Draft
from nbmerge.lineage.heads import Heads
from nbmerge.lineage.versions import Origin
from tests.helpers.build import Notebook, code, notebook
from tests.sync.writers import Desk

CELLS = [f"cell-{number}" for number in range(8)]
LONG = 10_000
PART = 50  # saves whose mean is told


def main() -> None:
    """Print the figures."""
    count = int(next((word for word in sys.argv[1:] if word.isdigit()), "500"))
    report("5 writers", list(saves(5, count, lambda chance, writer: CELLS[writer])))
    report("8 writers", list(saves(8, count, lambda chance, writer: CELLS[writer])))
    ended: list[Notebook] = []
    report("8 writers, conflicts", list(saves(8, count, everywhere, ended=ended)))
    report("the same notebook, without its past", list(saves(8, PART, everywhere, of=ended[0], number=count)))
    report("1 writer", list(saves(1, 2 * PART, lambda chance, writer: CELLS[0])))
    report(f"1 writer after {LONG} versions", list(saves(1, 2 * PART, lambda *_: CELLS[0], LONG)))


def everywhere(chance: Random, writer: int) -> str:
    return chance.choice(CELLS)


def saves(
    writers: int,
    count: int,
    choose: Callable[[Random, int], str],
    before: int = 0,
    *,
    of: Notebook | None = None,
    number: int = 0,
    ended: list[Notebook] | None = None,
) -> Iterator[float]:
    """Seconds of CPU for each save, in an order that chance gives; `ended` gets the notebook at the end.

    `of` a notebook, or of one that is nearly empty; words are numbered from `number` on.
    """
    chance = Random(writers)
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder), str(Path(folder) / "state"))
        desk.put(of or notebook(*(code(f"start = {id!r}", id=id) for id in CELLS)))
        all_of_them = [desk.writer(f"writer {number}") for number in range(writers)]
        grow(desk, before)
        words = [f"word_{number + one} = 1" for one in range(count)]
        for word in words:
            place = chance.randrange(writers)
            all_of_them[place].add(choose(chance, place), word)
            began = time.process_time()
            all_of_them[place].save()
            yield time.process_time() - began
        found = "\n".join(desk.sources()).split("\n")
        assert all(found.count(word) == 1 for word in words)
        if ended is not None:
            ended.append(desk.holds())


def grow(desk: Desk, versions: int) -> None:
    """A history before the file as it is now, which is its newest version."""
    with desk.history() as (store, notebook_id):
        data = store.data(notebook_id, 1)
        with store.together():
            for number in range(versions):
                store.record(
                    notebook_id, b'{"cells": %d}' % number, Draft(number, Origin.SAVED, (number + 1,))
                )
            if versions:
                newest = store.record(notebook_id, data, Draft(versions, Origin.SAVED, (versions + 1,)))
                store.set_heads(notebook_id, Heads(newest.number, (newest.number,)))


def report(what: str, seconds: list[float]) -> None:
    first, last = mean(seconds[:PART]) * 1000, mean(seconds[-PART:]) * 1000
    print(
        f"{what}: {first:.1f} ms at the start, {last:.1f} ms at the end, {max(seconds) * 1000:.0f} ms at most"
    )


if __name__ == "__main__":
    main()
