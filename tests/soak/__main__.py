"""Owns: the soak: tries of every kind in turn, until the time is over or so many kills were done.

Must not know: what a try consists of.  Invariant: what is lost is named with the kind, the seed and the
number of the try, which do it again.

    python -m tests.soak [--minutes N] [--kills N] [--seed S] [--only KIND] [--attempt N]
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.soak.figures import Attempt, Figures, total
from tests.soak.kinds import KINDS, lacking

_ENOUGH = 20  # losses: more say nothing more
_SHOWN = 2000  # characters of what went wrong in one try


@dataclass
class Soak:
    """A run; `figures` of each kind."""

    seed: int
    home: Path
    kinds: Sequence[str] = tuple(KINDS)
    figures: dict[str, Figures] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.figures = {kind: Figures(kind) for kind in self.kinds}

    def run(self, seconds: float, kills: int) -> None:
        """Whichever is reached first; each kind gets its share of the time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.all.kills < kills and self.all.lost < _ENOUGH:
            kind = min(self.kinds, key=lambda one: self.figures[one].seconds / KINDS[one].share)
            self.attempt(kind, self.figures[kind].tries)

    @property
    def all(self) -> Figures:
        return total(self.figures.values())

    def attempt(self, kind: str, number: int) -> None:
        """One try, in an empty folder."""
        began = time.monotonic()
        home = self.home / f"{kind}-{number}"
        seed = f"{self.seed} {kind} {number}"
        try:
            done = KINDS[kind].attempt(seed, number, home)
        except Exception:
            done = Attempt(lost=[traceback.format_exc()[-_SHOWN:]])
        self.figures[kind].add(done, time.monotonic() - began)
        shutil.rmtree(home, ignore_errors=True)
        for what in done.lost:
            again = f"--seed {self.seed} --only {kind} --attempt {number}"
            print(f"LOST ({again}): {what}", flush=True)

    def report(self) -> int:
        """Print the figures; the exit code."""
        for figures in (*self.figures.values(), self.all):
            print(figures)
        return 1 if self.all.lost else 0


def main(arguments: Sequence[str]) -> int:
    """Run and report."""
    parser = argparse.ArgumentParser("python -m tests.soak", description="Kills, full disks, many writers.")
    parser.add_argument("--minutes", type=float, default=2.0, help="how long (2)")
    parser.add_argument("--kills", type=int, default=sys.maxsize, help="end after so many kills")
    parser.add_argument("--seed", type=int, default=0, help="other numbers, other tries (0)")
    parser.add_argument("--only", choices=KINDS, action="append", help="this kind; may be repeated")
    parser.add_argument("--attempt", type=int, help="only the try of this number")
    options = parser.parse_args(arguments)
    kinds = tuple(options.only or KINDS)
    for kind in filter(lacking, kinds):
        print(f"{kind} is left out: {lacking(kind)}")
    with tempfile.TemporaryDirectory(prefix="soak-", dir=_quick_disk()) as folder:
        soak = Soak(options.seed, Path(folder), tuple(kind for kind in kinds if not lacking(kind)))
        if options.attempt is None:
            soak.run(options.minutes * 60, options.kills)
        else:
            for kind in soak.kinds:
                soak.attempt(kind, options.attempt)
        return soak.report()


def _quick_disk() -> str | None:
    """Memory, where there is a disk in it: thousands of tries write a lot."""
    return "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
