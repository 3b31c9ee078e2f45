"""Owns: random runs, as many as there is time for, and their figures.

    python -m tests.hosts [--minutes N] [--runs N] [--seed S] [--only WHAT]

Every run has a seed, which does it again with the same plan.  Exit 1 if anything was lost or wrong.
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections import Counter
from collections.abc import Sequence
from random import Random

from tests.hosts.database import programs
from tests.hosts.network import lacking
from tests.hosts.proof import DISTURBANCES, Outcome, Run
from tests.hosts.world import world

# Deaf hosts, milliseconds to the database, hosts with a Jupyter server; so many runs with each.
WORLDS: Sequence[tuple[tuple[str, ...], tuple[float, ...], tuple[str, ...]]] = (
    ((), (0, 0, 0), ()),
    (("b", "c"), (0, 1, 20), ("a", "b")),
    ((), (1, 20, 100), ("c",)),
    ((), (0, 1, 20), ("a", "b", "c")),
)
WEIGHTS = {"nothing": 2, "a host is cut off": 4, "the database dies": 3, "a host dies": 1}
RUNS_IN_A_WORLD = 20


def main(arguments: Sequence[str]) -> int:
    """Run and report."""
    parser = argparse.ArgumentParser("python -m tests.hosts", description="Hosts that share a notebook.")
    parser.add_argument("--minutes", type=float, default=10.0, help="how long (10)")
    parser.add_argument("--runs", type=int, default=sys.maxsize, help="end after so many runs")
    parser.add_argument("--seed", type=int, default=0, help="other numbers, other runs (0)")
    parser.add_argument("--only", choices=DISTURBANCES, help="only this goes wrong")
    parser.add_argument("--world", type=int, choices=range(len(WORLDS)), help="only in these hosts")
    options = parser.parse_args(arguments)
    why = lacking() or ("" if programs() else "there is no PostgreSQL here")
    if why:
        print(f"not run: {why}")
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # what was started is ended
    end, counts = time.monotonic() + 60 * options.minutes, Counter[str]()
    done: list[Outcome] = []
    while time.monotonic() < end and len(done) < options.runs:
        number = len(done) // RUNS_IN_A_WORLD if options.world is None else options.world
        deaf, delays, jupyter = WORLDS[number % len(WORLDS)]
        with world(deaf, delays, jupyter) as made:
            for _ in range(RUNS_IN_A_WORLD):
                if time.monotonic() >= end or len(done) >= options.runs:
                    break
                outcome, what = _one(made, options.seed, len(done), options.only, deaf)
                counts[what] += 1
                done.append(outcome)
    return _report(done, counts)


def _one(made: object, seed: int, number: int, only: str | None, deaf: Sequence[str]) -> tuple[Outcome, str]:
    chance = Random(f"{seed} {number}")
    what = only or chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
    if what == "a host dies" and deaf:
        what = "a host is cut off"  # the others could not hear what it did not come to read
    run = Run(made, number, chance, chance.uniform(1.5, 3.0))  # type: ignore[arg-type]
    try:
        outcome = run.go(DISTURBANCES[what])
    except AssertionError as error:
        outcome = Outcome(wrong=[str(error)[:20000]])
    said = (
        f"{outcome.saves} saves, {outcome.refused} refused, {outcome.merges} merges, {outcome.seconds:.1f} s"
    )
    print(f"{number}: {what}: {said}", *_faults(outcome), sep="\n    ", flush=True)
    return outcome, what


def _faults(outcome: Outcome) -> list[str]:
    return [
        *(f"LOST {one}" for one in outcome.lost),
        *(f"WRONG {one}" for one in outcome.wrong),
        *(f"listed only {one}" for one in outcome.only_listed),
        *(outcome.history if outcome.lost or outcome.wrong or outcome.only_listed else ()),
    ]


def _report(done: Sequence[Outcome], counts: Counter[str]) -> int:
    lost, wrong = sum(len(one.lost) for one in done), sum(len(one.wrong) for one in done)
    listed = sum(len(one.only_listed) for one in done)
    print(
        f"{len(done)} runs ({', '.join(f'{count} x {what}' for what, count in counts.items())}):"
        f" {sum(one.saves for one in done)} saves, {sum(one.refused for one in done)} tries refused,"
        f" {sum(one.merges for one in done)} merges; {lost} lost, {wrong} wrong, {listed} listed only"
    )
    return 1 if lost or wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
