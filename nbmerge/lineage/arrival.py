"""Owns: what follows from a save: its parents, and where the notebook stands after it.

Must not know: contents (the judge has read them), the store, disk.  Invariant: no save is
forgotten: after `stand` it is a tip, below a tip, or an open tip, and so is all before it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum

from nbmerge.lineage.heads import Heads, OpenTip
from nbmerge.lineage.judge import BaseJudgement, Sequential, Stale, Unsure
from nbmerge.lineage.versions import Graph


class Outcome(Enum):
    """What the watcher does about a save; the values are what `replay` prints."""

    FIRST = "first"
    SAME = "same"
    ACCEPT = "accept"
    RESTORE = "restore"
    MERGE = "merge"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Arrival:
    """A save and what it was taken for.

    `base` is the version that it derives from (for an ambiguous one: if it is stale);
    `overwrites` are versions it may have overwritten, each to become an open tip;
    `answers`: it only repeats a tip, and the merge is written again because of it;
    `closes_all`: whoever made it saw everything, open tips included.
    """

    action: Outcome
    parents: tuple[int, ...]
    base: int | None
    why: str
    overwrites: tuple[int, ...] = ()
    answers: bool = False
    closes_all: bool = False


@dataclass(frozen=True, slots=True)
class Revision:
    """A save that was accepted in doubt turns out to be concurrent.

    Version `number` descends from `parents`, and `overwritten` is part of the notebook again.
    """

    number: int
    parents: tuple[int, ...]
    overwritten: int


def seen_all(heads: Heads, why: str, action: Outcome = Outcome.ACCEPT) -> Arrival:
    """A save that replaces whatever there was: git's, a restored version, a resolved conflict."""
    parents = tuple(dict.fromkeys((heads.head, *heads.tips)))
    return Arrival(action, parents, heads.head, why, closes_all=True)


def told(heads: Heads, base: int) -> Arrival:
    """A save whose writer names the version that it started from."""
    action = Outcome.ACCEPT if base == heads.head else Outcome.MERGE
    return Arrival(action, (base,), base, f"its writer started from version {base}")


def returned(heads: Heads, graph: Graph, version: int, written: bool) -> Arrival:
    """A save that shows nothing but what an older version holds.

    Where there is one tip only, that is meant.  If the version is one of several tips, its editor has
    not seen the others, and the merge is written (`written`: the file held it already: again).
    Again only once: the second time somebody who has seen the merge took the rest out.  Any other
    older version may be what an editor went back to, or what another one has open: a doubt
    about the tip that alone descends from it, else about what the file holds.
    """
    head, tips = heads.head, heads.tips
    same = f"the same as version {version}"
    if len(tips) == 1:
        return Arrival(Outcome.RESTORE, (head,), version, same)
    if version in heads.answered and written:
        others = tuple(tip for tip in tips if tip != version)
        why = f"version {version} again, after the merge was written twice: what it lacks was removed"
        return Arrival(Outcome.ACCEPT, (head,), head, why, overwrites=others)
    if version in tips:
        answers = written or version in heads.answered
        why = f"{same}, whose editor has not seen the rest"
        return Arrival(Outcome.MERGE, (version,), version, why, answers=answers)
    doubted = owner(heads, graph, version) or head
    return Arrival(Outcome.AMBIGUOUS, (doubted,), version, same, overwrites=(doubted,))


def owner(heads: Heads, graph: Graph, version: int) -> int | None:
    """Where there are several tips: the one that alone descends from a version, if that is none itself."""
    owners = [tip for tip in heads.tips if version in graph.ancestors(tip)]
    return owners[0] if len(owners) == 1 < len(heads.tips) and version not in heads.tips else None


def judged(heads: Heads, verdict: BaseJudgement, followed: int | None = None) -> Arrival:
    """A save that was judged by what it shows; `followed` is what it was compared with, if not the head."""
    followed = heads.head if followed is None else followed
    match verdict:
        case Sequential(evidence):
            action = Outcome.ACCEPT if followed == heads.head else Outcome.MERGE
            return Arrival(action, (followed,), followed, evidence)
        case Stale(base, evidence):
            return Arrival(Outcome.MERGE, (base,), base, evidence)
        case Unsure(base, evidence):
            return Arrival(Outcome.AMBIGUOUS, (followed,), base, evidence, overwrites=(followed,))


def settles(heads: Heads, base: int, graph: Graph) -> Revision | None:
    """The doubt that is settled when somebody goes on from `base`: another save may have overwritten it."""
    for tip in heads.open:
        if tip.base is None or tip.by not in graph.united((heads.head, *heads.tips)):
            continue
        if base in graph.ancestors(tip.version) - graph.ancestors(tip.base):
            return Revision(tip.by, unseen(graph, tip), tip.version)
    return None


def unseen(graph: Graph, tip: OpenTip) -> tuple[int, ...]:
    """What the save that overwrote a tip descends from, if its author never saw that tip."""
    base = frozenset[int]() if tip.base is None else graph.ancestors(tip.base)
    lost = graph.ancestors(tip.version) - base
    seen = (one for one in graph.ancestors(tip.by) - {tip.by} if not graph.ancestors(one) & lost)
    return graph.youngest(sorted({*seen, *base}))


def stand(heads: Heads, graph: Graph, number: int, arrival: Arrival, now: float) -> Heads:
    """Where the notebook stands after the save became version `number`, which `graph` holds.

    `standing.tips` must name what a revision brought back.  The head is left to whoever knows
    what the file holds; see `Standing.with_head`.
    """
    tips = graph.youngest(_in_place_of(heads.tips, arrival.parents, number))
    opened = tuple(OpenTip(tip, _base(heads, arrival, tip), number, now) for tip in arrival.overwrites)
    covered = graph.united(tips)
    still = () if arrival.closes_all else tuple(tip for tip in heads.open if _is_open(tip, graph, covered))
    living = set(tips)
    answered = tuple(tip for tip in heads.answered if tip in living)
    if arrival.answers:
        answered = (*answered, number)
    return replace(heads, tips=tips, open=(*still, *opened), answered=answered)


def _in_place_of(tips: tuple[int, ...], parents: tuple[int, ...], number: int) -> tuple[int, ...]:
    """The new version takes the place of the tip that it continues, so that sides keep their order."""
    if len(parents) == 1 and parents[0] in tips:
        return tuple(number if tip == parents[0] else tip for tip in tips)
    return (*tips, number)


def _base(heads: Heads, arrival: Arrival, tip: int) -> int | None:
    """What the save that overwrote a tip was made from, if its author did not see that tip."""
    if arrival.action is Outcome.AMBIGUOUS:
        return arrival.base
    return max(set(heads.tips) - {tip, *arrival.overwrites}, default=None)


def _is_open(tip: OpenTip, graph: Graph, covered: frozenset[int]) -> bool:
    """An open tip that a tip continues is open no more, unless that is only by the save in doubt."""
    if tip.version not in covered:
        return True
    return tip.by in covered and tip.version in graph.ancestors(tip.by)
