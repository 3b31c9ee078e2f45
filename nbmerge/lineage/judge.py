"""Owns: the judgement which version a save derives from.

Must not know: stores, time of day, disk.  Invariant: pure; without evidence the save is
taken to follow the head, for one writer is never to be disturbed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nbmerge.lineage.evidence import Evidence, Trial, side
from nbmerge.lineage.situation import Situation
from nbmerge.lineage.versions import Version, Writer
from nbmerge.notebook.model import Notebook


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A version and what it holds.

    `living`: the tip of a lineage whose writer has not seen the head, which is a merge.
    """

    version: Version
    notebook: Notebook
    living: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Save:
    """What was just saved; `time` in seconds since the epoch."""

    notebook: Notebook
    time: float
    writer: Writer = Writer()


@dataclass(frozen=True, slots=True)
class Sequential:
    """The author had the head before them."""

    evidence: str


@dataclass(frozen=True, slots=True)
class Stale:
    """The author had version `base` before them, and never saw the head."""

    base: int
    evidence: str


@dataclass(frozen=True, slots=True)
class Unsure:
    """If the author did not see the head, they had `base` before them."""

    base: int
    evidence: str


Verdict = Sequential | Stale | Unsure


def judge(save: Save, head: Shown, older: Sequence[Shown], situation: Situation) -> Verdict:
    """Which version the save derives from; `older` are the other candidates, newest last."""
    trial = Trial(side(save.notebook), side(head.notebook))
    best: tuple[float, Shown, Evidence] | None = None
    for shown in reversed(older):
        evidence = trial.weigh(side(shown.notebook))
        score = _score(evidence, situation.busy or shown.living)
        if best is None or score > best[0]:
            best = (score, shown, evidence)
    if best is None or best[0] <= 0:
        return Sequential("nothing speaks against it")
    score, shown, evidence = best
    number = shown.version.number
    return Stale(number, str(evidence)) if score >= 2 else Unsure(number, str(evidence))


def _score(e: Evidence, busy: bool) -> float:
    if e.gone + e.back == 0:
        return 0
    if busy:
        return 2 + e.rate if e.rate >= 0.3 else 0
    if (
        e.rate >= 0.5
        and not e.evolved
        and e.restored_cells
        and not (e.kept_ids or (e.kept_runs and not e.restored_runs))
    ):
        return 2 + e.rate
    return e.rate if e.rate >= 0.3 else 0
