"""Owns: how often the watcher's judgement is wrong on writers that are made up, in figures.

    python -m tests.scenarios.figures 200

Must not know: how the watcher decides.  Invariant: the same seeds give the same figures.  They say what
contents alone can tell: a deliberate return and a stale save can be the same bytes.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from random import Random

from nbmerge.lineage.heads import Outcome
from tests.scenarios.histories import History, Step, begin
from tests.scenarios.world import busy

# What people do, by how often: mostly they go on, now and then they take something back.
WORK = ["line"] * 8 + ["change"] * 6 + ["cell"] * 4 + ["run"] * 6 + ["cut line"] * 2 + ["drop cell", "move"]
BACK = ["undo", "undo", "clear"]
SAVES = ["save"] * 10 + ["wait", "quiet", "later"]


@dataclass
class Figures:
    """Sums over histories; words are lines that somebody wrote."""

    histories: int = 0
    saves: int = 0
    merges: int = 0
    ambiguous: int = 0
    words: int = 0
    lost: int = 0
    back: int = 0

    def add(self, history: History) -> None:
        world = history.world
        self.histories += 1
        self.saves += sum(took.outcome is not Outcome.SAME for took in world.recorded)
        self.merges += world.taken(Outcome.MERGE)
        self.ambiguous += world.taken(Outcome.AMBIGUOUS)
        self.words += len(history.saved)
        self.lost += len(history.lost())
        self.back += len(history.back())

    def __str__(self) -> str:
        merged, doubt = (100 * part / max(1, self.saves) for part in (self.merges, self.ambiguous))
        lost = 100 * self.lost / max(1, self.words)
        return (
            f"{self.saves} saves in {self.histories} histories: merges {merged:.2f} %, doubts {doubt:.2f} %; "
            f"{self.words} lines: {lost:.2f} % silently lost, {self.back} back"
        )


def steps(random: Random, writers: int, number: int) -> list[Step]:
    """Bursts of work, each followed by a save."""
    found: list[Step] = []
    while len(found) < number:
        who = random.randrange(writers)
        kinds = [random.choice(BACK if random.random() < 0.04 else WORK) for _ in range(random.randint(1, 5))]
        kinds.append(random.choice(SAVES))
        if writers > 1 and random.random() < 0.1:
            kinds.append("reload")
        found += [(kind, who, random.randrange(1, 41), random.randrange(41)) for kind in kinds]
    return found


def alone(histories: int, ids: bool, number: int = 120) -> Figures:
    """One writer; a history ends at the first false merge, for what follows is its consequence."""
    figures = Figures()
    for seed in range(histories):
        history = begin(1, ids)
        for step in steps(Random(seed), 1, number):
            history.step(*step)
            if history.world.disk.placed:
                break
        figures.add(history)
    return figures


def together(histories: int, writers: int, known: bool, ids: bool, number: int = 80) -> Figures:
    """Writers of one notebook that seldom reload; `known`: something says that there are several."""
    figures = Figures()
    for seed in range(histories):
        history = begin(writers, ids)
        if known:
            busy(history.world)
        history.run(steps(Random(seed), writers, number))
        figures.add(history)
    return figures


def main(histories: int) -> None:
    for ids in (True, False):
        named = "with ids" if ids else "without ids"
        print(f"one writer, {named}: {alone(histories, ids)}")
        for known in (False, True):
            for writers in (2, 3):
                found = together(histories, writers, known, ids)
                print(f"{writers} writers, {'known' if known else 'not known'}, {named}: {found}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
