"""Owns: what a notebook is made of - its head, tips and open tips - and all that can happen to them.

Must not know: contents, the store, disk, how it was found out what a save is.  Invariant: `tips` is never
empty and none of them descends from another; whatever was saved is a tip, below a tip, or an open tip
(or below one), unless somebody who saw everything closed it.

Every function takes heads and a graph and gives new ones.  A version that turns out to descend from
others than was thought (a *reparented* one) is named in `HeadsChange`, for whoever keeps the versions.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum

from nbmerge.lineage.versions import Graph


@dataclass(frozen=True, slots=True)
class OpenTip:
    """A version that a later save may have overwritten.

    `by` is that save, and `base` the version that it was made from if its author never saw
    this one; `since` in seconds since the epoch.  `seen`: that save was judged to go on from this one all the
    same, and only lacks something of it: what somebody saves later does not change that.
    """

    version: int
    base: int | None
    by: int
    since: float
    seen: bool = False


@dataclass(frozen=True, slots=True)
class Heads:
    """`head` is what the file holds.  `tips` are what the notebook is made of: the head alone,
    or the sides of a merge on top of which nobody has saved yet (or which is still to be written).

    `answered` are the tips after whose repeated save the merge was already written once more.
    """

    head: int
    tips: tuple[int, ...]
    open: tuple[OpenTip, ...] = ()
    answered: tuple[int, ...] = ()

    def with_head(self, head: int) -> Heads:
        """The same when the file holds another version."""
        return replace(self, head=head)

    @property
    def is_all(self) -> bool:
        """Whether the file holds all there is: one tip, and nothing is open."""
        return not self.open and self.tips == (self.head,)


class Outcome(Enum):
    """What is done about a save; the values are what `replay` prints."""

    FIRST = "first"
    SAME = "same"
    ACCEPT = "accept"
    RESTORE = "restore"
    MERGE = "merge"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Derivation:
    """What a save derives from, and what follows from that.

    `base` is the version that it derives from (for an ambiguous one: if it is stale);
    `overwrites` are versions it may have overwritten, each to become an open tip;
    `answers`: it only repeats a tip, and the merge is written again because of it;
    `closes_all`: whoever made it saw everything, open tips included; `tips`: what the notebook is made of
    then, the save itself included, if that does not follow from its parents; `revised` are the parents of
    earlier versions of which more is known now; `told`: people are to be told, though nothing is open;
    `drops`: versions below its parents of which it lacks something, to become open tips, each with what its
    author saw if not that.
    """

    outcome: Outcome
    parents: tuple[int, ...]
    base: int | None
    why: str
    overwrites: tuple[int, ...] = ()
    answers: bool = False
    closes_all: bool = False
    tips: tuple[int, ...] = ()
    revised: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    told: bool = False
    drops: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class HeadsChange:
    """New heads, the graph that they stand on, and the new parents of versions that were reparented."""

    heads: Heads
    graph: Graph
    parents: Mapping[int, tuple[int, ...]] = field(default_factory=dict)

    def reparented(self, number: int, parents: tuple[int, ...]) -> HeadsChange:
        """The same after one more version turned out to descend from others."""
        changed = {number: parents}
        return HeadsChange(self.heads, self.graph.with_parents(changed), {**self.parents, **changed})

    def made_of(self, numbers: Iterable[int]) -> HeadsChange:
        """The same for a notebook that is made of these versions, older ones among them aside."""
        return replace(self, heads=_made_of(self.heads, self.graph, numbers))

    def without_open(self, version: int) -> HeadsChange:
        """The same after what may have been overwritten is open no more."""
        return replace(self, heads=dismissed(self.heads, version))


def first(number: int) -> Heads:
    """The heads of a notebook of which this version is the first."""
    return Heads(number, (number,))


def is_due(heads: Heads, graph: Graph) -> bool:
    """Whether the file lacks a tip."""
    return not all(graph.descends(heads.head, tip) for tip in heads.tips)


def save_recorded(heads: Heads, graph: Graph, number: int, derivation: Derivation, now: float) -> Heads:
    """The heads after a save became version `number`, which `graph` holds.

    Doubts must be settled before (`doubts_settled`).  The head is left to whoever knows what
    the file holds; see `Heads.with_head`.
    """
    tips = derivation.tips or _in_place_of(heads.tips, derivation.parents, number)
    after = _made_of(heads, graph, _as_they_stood(heads.tips, tips, graph) if derivation.tips else tips)
    still = () if derivation.closes_all else _still_open(after, graph)
    opened = (
        OpenTip(tip, _overwritten_base(heads, derivation, tip), number, now) for tip in derivation.overwrites
    )
    known = {tip.version for tip in still}
    dropped = (
        OpenTip(version, base, number, now, seen=True)
        for version, base in derivation.drops.items()
        if version not in known
    )
    answered = (*after.answered, number) if derivation.answers else after.answered
    return replace(after, open=(*still, *opened, *dropped), answered=answered)


def left_open(heads: Heads, number: int, now: float) -> Heads:
    """The heads after a save of which nobody knows what it was made from."""
    return replace(heads, open=(*heads.open, OpenTip(number, None, heads.head, now)))


def doubts_settled(heads: Heads, graph: Graph, base: int, merges: Collection[int]) -> HeadsChange:
    """Settle the doubts that go away when somebody goes on from `base`.

    `merges` are the merges among open tips.  A save that did not follow what it replaced goes on from
    something else, which may settle others.
    """
    change = HeadsChange(heads, graph)
    bases = [base]
    while bases:
        tip = _settled_by(change.heads, bases[-1], change.graph)
        if tip is None:
            bases.pop()
            continue
        bases.extend(unseen(change.graph, tip))
        change = _brought_back(change, tip, merges, first=True)
    return change


def tips_reopened(heads: Heads, graph: Graph, merges: Collection[int]) -> HeadsChange:
    """All that may have been overwritten is part of the notebook again, beside what overwrote it."""
    change = HeadsChange(heads, graph)
    for tip in heads.open:
        change = _brought_back(change, tip, merges, first=False)
    return change


def dismissed(heads: Heads, version: int) -> Heads:
    """The heads after somebody said that what may have overwritten a version was meant."""
    return replace(heads, open=tuple(tip for tip in heads.open if tip.version != version))


def claimed(heads: Heads, graph: Graph, number: int, base: int, merges: Collection[int]) -> HeadsChange:
    """The writer of version `number` tells that it was made from `base`: what they had not seen is back.

    `merges` are those among its parents and open tips.  A merge of it stays as it is: see `made_again`.
    """
    lost = [tip.version for tip in heads.open if tip.by == number]
    back: list[int] = []
    for one in (*lost, *graph.parents.get(number, ())):
        back += graph.parents[one] if one in merges else (one,)
    change = HeadsChange(heads, graph).reparented(number, (base,))
    change = change.made_of(_with_what_came_back(change, number, back))
    still = replace(change.heads, open=tuple(tip for tip in heads.open if tip.by != number))
    return replace(change, heads=replace(still, open=_still_open(still, change.graph)))


def made_again(heads: Heads, graph: Graph, merge: int) -> Heads:
    """The heads after a merge that was made by mistake was made again, as the version `merge`.

    It goes on from the first one: whoever has that gets what the second one has to add.
    """
    return _made_of(heads, graph, (*heads.tips, merge))


def set_apart(heads: Heads, graph: Graph, number: int, bases: Mapping[int, tuple[int, ...]]) -> HeadsChange:
    """Version `number` is a side of its own; `bases` are what those that seemed to follow it had instead.

    What else they had seen stays with them.  Doubts about it stay: the copy that is recorded on top
    of it settles them.
    """
    change = HeadsChange(heads, graph)
    for follower, instead in bases.items():
        others = (parent for parent in graph.parents[follower] if parent != number)
        change = change.reparented(follower, change.graph.youngest((*others, *instead)))
    return change.made_of((*heads.tips, number))


def unseen(graph: Graph, tip: OpenTip) -> tuple[int, ...]:
    """What the save that overwrote a tip descends from, if its author never saw that tip."""
    base = () if tip.base is None else (tip.base,)
    lost = graph.since((tip.version,), base)
    shown = {tip.by}  # what shows something of that, and the save itself
    for one in sorted(graph.united((tip.by,), oldest=min(lost, default=tip.by))):
        if one in lost or not shown.isdisjoint(graph.parents.get(one, ())):
            shown.add(one)
    seen = {parent for one in shown for parent in graph.parents.get(one, ())} - shown
    return graph.youngest(sorted({*seen, *base}))


def only_owner(heads: Heads, graph: Graph, version: int) -> int | None:
    """Where there are several tips: the one that alone descends from a version, if that is none itself."""
    owners = [tip for tip in heads.tips if graph.descends(tip, version)]
    return owners[0] if len(owners) == 1 < len(heads.tips) and version not in heads.tips else None


def _made_of(heads: Heads, graph: Graph, numbers: Iterable[int]) -> Heads:
    tips = graph.youngest(numbers)
    return replace(heads, tips=tips, answered=tuple(tip for tip in heads.answered if tip in tips))


def _still_open(heads: Heads, graph: Graph) -> tuple[OpenTip, ...]:
    """An open tip that a tip continues is open no more, unless that is only by the save in doubt."""
    if not heads.open:
        return ()
    covered = graph.united(heads.tips, oldest=min(tip.version for tip in heads.open))
    return tuple(
        tip
        for tip in heads.open
        if tip.version not in covered or (tip.by in covered and graph.descends(tip.by, tip.version))
    )


def _brought_back(change: HeadsChange, tip: OpenTip, merges: Collection[int], first: bool) -> HeadsChange:
    """What overwrote a tip never saw it; `first`: it stands where it stood, before what overwrote it.

    Of a merge its sides come back, which are what a notebook is made of.
    """
    change = change.reparented(tip.by, unseen(change.graph, tip)).without_open(tip.version)
    back = change.graph.parents[tip.version] if tip.version in merges else (tip.version,)
    tips = change.heads.tips
    return change.made_of((*back, *tips) if first else (*tips, *back))


def _settled_by(heads: Heads, base: int, graph: Graph) -> OpenTip | None:
    """The doubt that is settled when somebody goes on from `base`: another save may have overwritten it."""
    for tip in heads.open:
        if tip.base is None or tip.seen:
            continue
        if graph.descends(tip.base, base) or not graph.descends(tip.version, base):
            continue
        if any(graph.descends(end, tip.by) for end in (heads.head, *heads.tips)):
            return tip
    return None


def _with_what_came_back(change: HeadsChange, number: int, back: Sequence[int]) -> list[int]:
    """The tips with what came back where it stood: before what replaced it."""
    heads, graph = change.heads, change.graph
    covered = graph.united((*heads.tips, *back, *(tip.version for tip in heads.open)))
    tips = heads.tips if number in covered else (*heads.tips, number)
    place = next((i for i, tip in enumerate(tips) if graph.descends(tip, number)), len(tips))
    return [*tips[:place], *back, *tips[place:]]


def _as_they_stood(before: tuple[int, ...], tips: Iterable[int], graph: Graph) -> list[int]:
    """Tips in the order of those that they continue."""
    left = sorted(tips)
    order: list[int] = []
    for old in before:
        found = [tip for tip in left if tip not in order and graph.descends(tip, old)]
        order.extend(found[:1])
    return [*order, *(tip for tip in left if tip not in order)]


def _in_place_of(tips: tuple[int, ...], parents: tuple[int, ...], number: int) -> tuple[int, ...]:
    """The new version takes the place of the tip that it continues, so that sides keep their order."""
    if len(parents) == 1 and parents[0] in tips:
        return tuple(number if tip == parents[0] else tip for tip in tips)
    return (*tips, number)


def _overwritten_base(heads: Heads, derivation: Derivation, tip: int) -> int | None:
    """What the save that overwrote a tip was made from, if its author did not see that tip."""
    if derivation.outcome is Outcome.AMBIGUOUS:
        return derivation.base
    return max(set(heads.tips) - {tip, *derivation.overwrites}, default=None)
