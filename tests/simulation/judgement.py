"""Owns: how the judgement fares with what simulated editors save, in the figures that are promised.

Must not know: how it judges.  Invariant: a seed gives the same saves on every machine.

    python -m tests.simulation.judgement [SEEDS]
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from nbmerge.history.opening import open_store
from nbmerge.lineage.heads import Outcome
from nbmerge.service.replay import Replay, Step
from tests.simulation.author import HABITS, Author, Habits
from tests.simulation.editor import Editor, notebook


@dataclass(frozen=True)
class Concurrent:
    """Saves of which the last was made from the one numbered `base`, without a sight of what followed."""

    saves: tuple[bytes, ...]
    base: int


def sequential(seed: int, habits: Habits = HABITS, saves: int = 12) -> tuple[bytes, ...]:
    """What one author saves, one after the other."""
    chance = Random(seed)
    first = notebook(chance)
    author = Author(Editor(first, chance), chance, habits)
    return (first, *(author.work() for _ in range(saves)))


def concurrent(seed: int, habits: Habits = HABITS) -> Concurrent:
    """Two authors: one saves, once or a few times, then the other, who never reloaded."""
    chance = Random(seed)
    before = sequential(seed, habits, chance.choice([0, 1, 3, 6]))
    one, other = (Author(Editor(before[-1], chance), chance, habits) for _ in range(2))
    theirs = [one.work() for _ in range(chance.choice([1, 1, 1, 2, 3]))]
    return Concurrent((*before, *theirs, other.work()), len(before) - 1)


def replayed(saves: Sequence[bytes], second_writer: bool) -> tuple[list[Step], bytes]:
    """What the watcher would do, and what the file holds at the end."""
    store = open_store(None, lambda: 0.0).store
    try:
        replay = Replay(store, second_writer=second_writer)
        return list(replay.run(saves)), replay.file.data
    finally:
        store.close()


@dataclass
class Figures:
    """Counts over many histories; `lost` are those in which work is in neither file nor flag."""

    saves: int = 0
    false_merges: int = 0
    ambiguous: int = 0
    histories: int = 0
    kept: int = 0
    risky: int = 0
    right: int = 0
    flagged: int = 0
    lost: int = 0

    def sequential(self, saves: Sequence[bytes], second_writer: bool) -> None:
        steps, final = replayed(saves, second_writer)
        actions = Counter(step.action for step in steps)
        self.saves += len(saves) - 1
        self.false_merges += actions[Outcome.MERGE]
        self.ambiguous += actions[Outcome.AMBIGUOUS]
        self.histories += 1
        self.kept += final == saves[-1]

    def concurrent(self, case: Concurrent, second_writer: bool) -> None:
        base, head, save = (_lines(case.saves[place]) for place in (case.base, -2, -1))
        at_risk = [line for line in head if head[line] > base[line] and save[line] < head[line]]
        if not at_risk:
            return
        steps, final = replayed(case.saves, second_writer)
        last = steps[-1]
        left = _lines(final)
        self.risky += 1
        self.right += last.action is Outcome.MERGE and last.base == case.base
        flagged = last.action is Outcome.AMBIGUOUS
        self.flagged += flagged
        self.lost += not flagged and any(
            left[line] < head[line] for line in at_risk if save[line] >= base[line]
        )

    def lines(self) -> Iterator[str]:
        """The figures in words, in percent."""
        yield (
            f"sequential: {self.saves} saves, false merges {_share(self.false_merges, self.saves)}, "
            f"ambiguous {_share(self.ambiguous, self.saves)}, "
            f"last save kept {_share(self.kept, self.histories)}"
        )
        yield (
            f"concurrent: {self.risky} with lines to lose, right {_share(self.right, self.risky)}, "
            f"flagged {_share(self.flagged, self.risky)}, silently lost {_share(self.lost, self.risky)}"
        )


def measured(seeds: Sequence[int], second_writer: bool, habits: Habits = HABITS) -> Figures:
    """The figures for as many histories of each kind as there are seeds."""
    figures = Figures()
    for seed in seeds:
        figures.sequential(sequential(seed, habits), second_writer)
        figures.concurrent(concurrent(seed, habits), second_writer)
    return figures


def _lines(data: bytes) -> Counter[str]:
    found: Counter[str] = Counter()
    for cell in json.loads(data)["cells"]:
        found.update(line for part in "".join(cell["source"]).split("\n") if len(line := part.strip()) >= 8)
    return found


def _share(part: int, whole: int) -> str:
    return f"{part} ({100 * part / max(1, whole):.2f} %)"


def main(arguments: Sequence[str]) -> None:
    seeds = range(int(arguments[0]) if arguments else 100)
    for second_writer in (False, True):
        print("a second writer is known:" if second_writer else "quiet:")
        for line in measured(seeds, second_writer).lines():
            print("  " + line)


if __name__ == "__main__":
    main(sys.argv[1:])
