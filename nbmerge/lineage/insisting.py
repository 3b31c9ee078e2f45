"""Owns: how often a merge is written for a writer who drops its other side again each time.

Must not know: the store, what the save shows in detail, how it is told.  Invariant: a merge that two writers
need is written as long as it takes; one that a single writer refuses only so often as it was sure.

Who is taken for a second writer by mistake goes on with what they have, and never saves the other side
again.  So what counts is whether that was ever heard of since: if there is only one writer, they took it out;
if there are two, nothing is lost before the other one saves, and it is merged then.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass

from nbmerge.lineage.evidence import Trial
from nbmerge.lineage.judge import VersionContent
from nbmerge.lineage.thresholds import Weighed
from nbmerge.lineage.versions import Graph, Origin

_SILENT = 180.0  # seconds without a save of an editor that saves by itself every two minutes
_PAUSE = 5.0  # a writer may be silent so many times as long as between its last two saves,
_SHORTEST = 2.0  # but for those that are nearer in time


@dataclass(frozen=True, slots=True, eq=False)
class Insisting:
    """The merges of a notebook: `shown` are the versions at hand, ascending, and `head` the latest."""

    graph: Graph
    shown: Sequence[VersionContent]
    head: int

    def is_in_vain(self, tip: VersionContent, now: float) -> bool:
        """Whether a save at `now` (seconds since the epoch), which goes on from `tip` and drops what that was
        merged with, has done so as often as can be told from a mistake."""
        others = [one for one in self.shown if one.living and one is not tip]
        if not tip.living or not all(_is_silent(other, now) for other in others):
            return False
        return any(self._is_refused(tip, other) for other in others)

    def _is_refused(self, tip: VersionContent, other: VersionContent) -> bool:
        """Whether nothing but its own merges speaks for the other side."""
        version = other.version
        if version.origin is Origin.COPY or version.writer.name or version.writer.differs(tip.version.writer):
            return False  # there is no doubt that it is another writer's
        mine = self.graph.since((tip.version.number,), (version.number,))
        theirs = self.graph.since((version.number,), (tip.version.number,))
        if self._took_turns(mine, theirs, version.number):
            return False
        base = self._newest(self.graph.commons((tip.version.number,), version.number))
        first = next((one for one in self.shown if one.version.number in mine), None)
        if base is None or first is None:
            return False
        evidence = Trial(first.notebook, other.notebook).weigh(base.notebook)
        written = self._merges_of(version.number)
        return written >= Weighed(evidence, evidence.lines.rate).insistence

    def _took_turns(self, mine: Set[int], theirs: Set[int], other: int) -> bool:
        """Whether the other one saved again after both had been merged: nobody does that alone."""
        return any(
            not mine.isdisjoint(parents) and not theirs.isdisjoint(parents)
            for parents in map(self._parents, range(min(mine | theirs) + 1, other))
        )

    def _newest(self, numbers: Iterable[int]) -> VersionContent | None:
        wanted = frozenset(numbers)
        return next((one for one in reversed(self.shown) if one.version.number in wanted), None)

    def _merges_of(self, number: int) -> int:
        """How often a version was merged with others."""
        later = map(self._parents, range(number + 1, self.head + 1))
        return sum(1 for parents in later if len(parents) > 1 and number in parents)

    def _parents(self, number: int) -> tuple[int, ...]:
        return self.graph.parents.get(number, ())


def _is_silent(other: VersionContent, now: float) -> bool:
    """Whether a writer that is still there should have saved again, as often as they did before."""
    pause = _SILENT if other.pause is None else _PAUSE * max(_SHORTEST, other.pause)
    return now - other.version.time >= min(_SILENT, pause)
