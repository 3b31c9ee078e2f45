"""Owns: the table of what nbmerge makes of people who work on one notebook.

Must not know: how people work, how nbmerge judges.  Invariant: what is printed is what was counted.

    python -m tests.bench.people [--worlds one two ...] [--saves N] [--seed N] [--told] [--made] [--json]

With --told nbmerge is told from which version each save was made: what no judgement can do better; with
--made all notebooks are made up, also where real ones are at hand.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict
from functools import partial

from tests.simulation.people import WORLDS, Figures, figures
from tests.simulation.watched import Nbmerge

HEAD = (
    f"{'world':12}{'saves':>6}{'against':>15}{'streaks':>8}{'doubted':>14}{'lines -/+':>12}"
    f"{'words':>7}{'lost':>13}{'named':>13}{'removed':>9}{'back':>13}{'again':>6}{'runs':>6}{'undone':>13}{'named':>13}{'ms':>6}"
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.people")
    parser.add_argument("--worlds", nargs="+", choices=list(WORLDS), default=list(WORLDS), metavar="WORLD")
    parser.add_argument("--saves", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--told", action="store_true")
    parser.add_argument("--made", action="store_true")
    parser.add_argument("--json", action="store_true")
    chosen = parser.parse_args(arguments)
    watch = partial(Nbmerge, told=chosen.told)
    if not chosen.json:
        print(HEAD)
    for world in chosen.worlds:
        began = time.perf_counter()
        found = figures(world, chosen.saves, chosen.seed, watch, () if chosen.made else None)
        each = (time.perf_counter() - began) * 1000 / found.saves
        if chosen.json:
            print(json.dumps({"world": world, **asdict(found), "percent": found.shares(), "ms": each}))
        else:
            print(row(world, found, each), flush=True)
    return 0


def row(world: str, found: Figures, each: float) -> str:
    """One world's figures; `each` in milliseconds."""
    share = found.shares()

    def part(name: str, width: int) -> str:
        return f"{getattr(found, name)} ({share[name]:.1f} %)".rjust(width)

    lines = f"{found.lines_lost}/{found.lines_back}"
    return (
        f"{world:12}{found.saves:6}{part('against', 15)}{found.streaks:8}{part('doubted', 14)}{lines:>12}"
        f"{found.words:7}{part('lost', 13)}{part('named', 13)}{found.removed:9}{part('back', 13)}"
        f"{found.again:6}{found.results:6}{part('undone', 13)}{part('undone_named', 13)}{each:6.0f}"
    )


if __name__ == "__main__":
    sys.exit(main())
