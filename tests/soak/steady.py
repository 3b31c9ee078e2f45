"""Owns: steady work on notebooks that stay as large as they are, and the memory of a watcher meanwhile.

Must not know: how a watcher works, what it makes of the saves.  Invariant: every save says something new, and
none makes a notebook larger, so that what grows is what somebody keeps.

    python -m tests.soak.steady [--minutes N] [--seed S]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import mean
from typing import Any

from tests.bench.notebooks import megabyte, small
from tests.bench.watch import Running, watching

NOTEBOOKS = 20  # one of them of 1 MB
PAUSE = 0.08  # seconds between saves
STALE = 0.2  # the share of saves whose author has not loaded what others saved


@dataclass
class Author:
    """Somebody with a copy of their own, which is loaded again before most saves."""

    path: Path
    notebook: dict[str, Any]

    def save(self, chance: Random, number: int) -> None:
        """Rewrite a cell, run it, and save."""
        if chance.random() > STALE:
            self.notebook = json.loads(self.path.read_bytes())
        cell = chance.choice(self.notebook["cells"])
        words = [f"word_{number}_{line} = {chance.random()}\n" for line in range(4)]
        cell["source"] = words
        cell["outputs"] = [{"name": "stdout", "output_type": "stream", "text": words}]
        cell["execution_count"] = number
        self.path.write_text(json.dumps(self.notebook, indent=1) + "\n")


@dataclass
class Memory:
    """What was measured: MB of the watcher and of the process that reads for it, each time."""

    seen: list[tuple[float, float]] = field(default_factory=list)

    def look(self, running: Running) -> None:
        watcher, reader = map(resident, running.processes)
        self.seen.append((watcher, reader))

    def growth(self) -> tuple[float, float]:
        """By how many MB each is larger in the last quarter than in the second."""
        part = len(self.seen) // 4
        before, after = self.seen[part : 2 * part], self.seen[-part:]
        return (
            mean(one for one, _ in after) - mean(one for one, _ in before),
            mean(one for _, one in after) - mean(one for _, one in before),
        )


def resident(pid: int) -> float:
    """MB that are a process's own, at this moment."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


def work(folder: Path, seconds: float, seed: int, pause: float = PAUSE) -> Iterator[tuple[Running, int]]:
    """Saves, one after the other; after each the watcher, and how many there were."""
    chance = Random(seed)
    paths = [folder / f"{number}.ipynb" for number in range(NOTEBOOKS)]
    for number, path in enumerate(paths):
        path.write_text(json.dumps(small(number) if number else megabyte(), indent=1) + "\n")
    authors = [Author(path, json.loads(path.read_bytes())) for path in paths for _ in range(2)]
    with watching(folder) as running:
        end = time.monotonic() + seconds
        number = 0
        while time.monotonic() < end:
            number += 1
            chance.choice(authors).save(chance, number)
            time.sleep(pause)
            yield running, number
        running.wait(lambda status: bool(status["idle"]), 120)
        yield running, number


def main(arguments: Sequence[str]) -> None:
    """Work, and print the memory now and then."""
    parser = argparse.ArgumentParser("python -m tests.soak.steady")
    parser.add_argument("--minutes", type=float, default=60.0, help="how long (60)")
    parser.add_argument("--seed", type=int, default=0, help="other saves (0)")
    options = parser.parse_args(arguments)
    memory, began, told = Memory(), time.monotonic(), 0.0
    with tempfile.TemporaryDirectory() as folder:
        for running, number in work(Path(folder), options.minutes * 60, options.seed):
            if time.monotonic() - told < 10:
                continue
            told = time.monotonic()
            memory.look(running)
            watcher, reader = memory.seen[-1]
            print(f"{told - began:6.0f} s {number:6} saves {watcher:7.1f} {reader:6.1f} MB", flush=True)
    watcher, reader = memory.growth()
    print(f"growth from the second quarter to the last: {watcher:+.1f} MB, {reader:+.1f} MB")


if __name__ == "__main__":
    main(sys.argv[1:])
