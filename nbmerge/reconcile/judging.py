"""Owns: what a save is compared with when it is judged: the head first, then what else may explain it.

Must not know: stores, bytes, how evidence is weighed.  Invariant: pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nbmerge.lineage import arrival as arrivals
from nbmerge.lineage.arrival import Arrival
from nbmerge.lineage.judge import Save, Sequential, Shown, Stale, Unsure, judge
from nbmerge.lineage.situation import Situation
from nbmerge.lineage.standing import Standing
from nbmerge.lineage.versions import Graph, Origin

OPENED = 5.0  # seconds that somebody needs to open a notebook that was just saved


@dataclass(frozen=True, slots=True, eq=False)
class Judging:
    """One save of a notebook that stands so."""

    standing: Standing
    graph: Graph
    save: Save
    situation: Situation

    def arrival(self, head: Shown, older: Sequence[Shown]) -> Arrival:
        """What follows from the save; `older` are the versions that it may derive from besides the head."""
        verdict = judge(self.save, head, older, self.situation)
        if isinstance(verdict, Sequential) and len(self.standing.tips) > 1:
            verdict = self._reloaded(head, older) or verdict
        if isinstance(verdict, Stale):
            return self._taken_back(verdict, head, older) or arrivals.judged(self.standing, verdict)
        return arrivals.judged(self.standing, verdict)

    def _reloaded(self, head: Shown, older: Sequence[Shown]) -> Stale | None:
        """An earlier merge shows much of what this one does: whoever had that before them saw no more."""
        merges = [shown for shown in older if shown.version.origin is Origin.MERGED]
        verdict = judge(self.save, head, merges, self.situation) if merges else None
        return verdict if isinstance(verdict, Stale) else None

    def _taken_back(self, verdict: Stale, head: Shown, older: Sequence[Shown]) -> Arrival | None:
        """An editor that takes something back goes on from its tip, unless it lacks all that this brought.

        If it does, it may be another editor, but hardly where nobody else had time to open that version.
        """
        owner = arrivals.owner(self.standing, self.graph, verdict.base)
        tip = next((shown for shown in older if shown.version.number == owner), None)
        base = next((shown for shown in older if shown.version.number == verdict.base), None)
        if tip is None or base is None:
            return None
        again = judge(self.save, tip, [base], self.situation)
        if isinstance(again, Stale) and _stood(base, (*older, head)) < OPENED:
            again = Unsure(again.base, again.evidence)
        return arrivals.judged(self.standing, again, owner)


def _stood(one: Shown, others: Sequence[Shown]) -> float:
    """For how many seconds the file held a version."""
    later = [other.version for other in others if other.version.number > one.version.number]
    return min((version.time for version in later), default=float("inf")) - one.version.time
