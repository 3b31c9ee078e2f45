"""Owns: who wrote the recent saves of a notebook, and what each was made from: the best explanations.

Must not know: stores, what is done about a save, how it is told.  Invariant: pure and deterministic; every
explanation gives each save one writer and one base; a save whose base is certain has that in all of them.

Saves come from a few long-lived writers (a tab, an editor's window, a script), each with a copy of its own:
what it saved last, or loaded since.  So saves are explained together, and the explanation that makes all of
them least surprising wins.  It is looked for anew at each save, by a beam over explanations (as a decoder of
speech does it), so that a later save can change what is thought of an earlier one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from heapq import heappush, heappushpop
from itertools import pairwise
from math import exp, log
from typing import NamedTuple

from nbmerge.lineage.versions import Writer

BEAM = 24  # explanations that are followed; more change nothing
WINDOW = 24  # versions that a save may derive from, besides tips
_RECENT = 8  # saves that tell which writers are active
_FORK = 16  # saves that tell whether there are two
_HOPELESS = 25.0  # nats above the best explanation

# What is expected of a writer, in nats.
_SWITCH = 1.2  # another known writer than last time saves
_STAY = 0.7  # once two are known to work side by side, also the same one costs
_NEW = 4.5  # a writer that was not known
_ANOTHER_NEW = 1.0  # so much less where there are several already
_AGE = 0.25  # for each version that came since the one it starts from
_RELOAD, _RELOAD_OLD = 2.0, 4.5
_UNSEEN = 3.5  # it loaded something of which the save shows nothing
# Back to an older version of its own, with other results (undo leaves those), and on from that.
_REVERT, _REVERT_RUN, _REVERT_EDITED = 4.5, 0.5, 2.0
_OLD_AS_IT_IS = 1.0  # a new writer saves an old version without a change
_OTHER_PROGRAM = 1.0  # it did so with another program
_IN_PASSING = 2.0  # it opened what stood there for a moment only
_MADE_OLD = 3.0  # a new writer makes just what an old version was from another one
_STYLE, _WAY, _OWNER = 4.0, 3.0, 4.0  # another habit than before


@dataclass(frozen=True, slots=True)
class Buffer:
    """What a writer has before it: `last` is the version that it saved last."""

    last: int
    writer: Writer

    def strangeness(self, writer: Writer) -> float:
        """How surprising it is that this writer saves with those habits."""
        mine, cost = self.writer, 0.0
        if mine.style and writer.style and mine.style != writer.style:
            cost += _STYLE
        if mine.way and writer.way and mine.way != writer.way:
            cost += _WAY
        if None not in (mine.owner, writer.owner) and mine.owner != writer.owner:
            cost += _OWNER
        return cost


@dataclass(frozen=True, eq=False)
class Explanation:
    """One way to explain the recent saves, `cost` nats less likely than the best one.

    `who` are the numbers of the writers of the latest saves in `buffers`, newest last; `bases` has the
    parents of each save in the window; `below` the versions of the window that each descends from,
    itself included, as bits.  `base` is what the last save's content was made from.
    """

    cost: float
    buffers: tuple[Buffer, ...]
    who: tuple[int, ...]
    bases: Mapping[int, tuple[int, ...]]
    below: Mapping[int, int]
    base: int | None = None

    @cached_property
    def is_forked(self) -> bool:
        """Whether one of the last saves was made by somebody who had not seen another one before it."""
        before = 0
        for number in list(self.bases)[-_FORK:]:
            if before & ~self.below.get(number, before):
                return True
            before |= 1 << number
        return False

    @property
    def turns(self) -> int:
        """How often another writer than before took over, in the latest saves."""
        known = [one for one in self.who if one >= 0]
        return sum(1 for one, other in pairwise(known) if one != other)

    @property
    def active(self) -> frozenset[int]:
        """The writers of the latest saves."""
        return frozenset(one for one in self.who if one >= 0)

    def descends(self, number: int, other: int) -> bool:
        """Whether a version of the window is the other one, or descends from it."""
        return bool(self.below.get(number, 1 << number) >> other & 1)

    def with_version(self, number: int, parents: tuple[int, ...]) -> Explanation:
        """The same with a version of which it is known what it was made from."""
        return replace(self, below=self._with(number, parents))

    def _with(self, number: int, parents: tuple[int, ...]) -> dict[int, int]:
        mask = 1 << number
        for parent in parents:
            mask |= self.below.get(parent, 1 << parent)
        return {**self.below, number: mask}

    def with_save(self, number: int, step: _Step, writer: Writer) -> Explanation:
        """The same with one more save."""
        one = Buffer(number, writer)
        known = step.by < len(self.buffers)
        if known and not writer.way:
            one = Buffer(number, replace(writer, way=self.buffers[step.by].writer.way))
        buffers = (
            (*self.buffers[: step.by], one, *self.buffers[step.by + 1 :]) if known else (*self.buffers, one)
        )
        return Explanation(
            step.cost,
            buffers,
            (*self.who, step.by)[-_RECENT:],
            {**self.bases, number: (step.parent,)},
            self._with(number, (step.parent,)),
            step.base,
        )

    def certain(self, number: int, parents: tuple[int, ...]) -> Explanation:
        """The same with a save whose base is known: a command's, git's, or of a writer that tells it."""
        return replace(
            self,
            who=(*self.who, -1)[-_RECENT:],
            bases={**self.bases, number: parents},
            below=self._with(number, parents),
            base=max(parents, default=None),
        )

    def within(self, window: frozenset[int]) -> Explanation:
        """The same without what is known of other versions."""
        bits = sum(1 << number for number in window)
        return replace(
            self,
            bases={number: bases for number, bases in self.bases.items() if number in window},
            below={number: mask & bits for number, mask in self.below.items() if number in window},
        )

    @property
    def name(self) -> object:
        """Equal for explanations between which later saves make no difference."""
        return (tuple(self.bases.items()), self.buffers, self.who[-1:])


class _Step(NamedTuple):
    """How an explanation goes on: the save is of writer number `by`, its content was made from `base` (or is
    just that: `is_exact`), and its author had seen `parent`.  `cost` is without that of the edit at first.

    A save may go on in a thousand ways, and a tuple is made in a third of the time.
    """

    cost: float
    by: int
    base: int
    parent: int
    is_exact: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What the explanations of a save are looked for in.

    `window` are the versions that may have been loaded, ascending; `held` is the one that the file held;
    `passing` those that only stood in it until a merge replaced them.  `cost(base, below)` says how
    surprising the content is as an edit of a base, given the past of whoever had that;
    `is_same(base)` whether the content is just the same, `has_text_of(base)` the same for the texts of its
    cells alone, and `shows(base, last)` whether the save shows anything of what `base` has and `last` has not
    (None: there is nothing to show).  `had_seen` and `had_not_seen` say how surprising it is, by the save
    alone, that its author had, or had not, seen `held`.
    """

    number: int
    writer: Writer
    window: Sequence[int]
    held: int
    passing: frozenset[int]
    cost: Callable[[int, int], float]
    is_same: Callable[[int], bool]
    has_text_of: Callable[[int], bool]
    shows: Callable[[int, int], bool | None]
    had_seen: float = 0.0
    had_not_seen: float = 0.0

    def sight(self, one: Explanation, parent: int) -> float:
        """What the verdict on the save alone says of an author who had seen `parent`: it counts until two
        writers are known."""
        if one.is_forked:
            return 0.0
        return self.had_seen if one.descends(parent, self.held) else self.had_not_seen


def first(number: int, writer: Writer) -> tuple[Explanation, ...]:
    """The explanation of a first version."""
    return (Explanation(0.0, (Buffer(number, writer),), (0,), {number: ()}, {number: 1 << number}),)


def explained(
    before: Iterable[Explanation], facts: Facts, parents: Sequence[int] = ()
) -> tuple[Explanation, ...]:
    """The best explanations of one more save, best first; `parents`: what it is known to descend from."""
    steps = (
        (step, one) for one in before for step in _steps(one, facts) if not parents or step.parent in parents
    )
    found: dict[object, Explanation] = {}
    for step, one in _cheapest(sorted(steps, key=lambda found: found[0].cost), facts):
        after = one.with_save(facts.number, step, facts.writer)
        found.setdefault(after.name, after)
    return normalised(list(found.values())[:BEAM])


def _cheapest(steps: Sequence[tuple[_Step, Explanation]], facts: Facts) -> list[tuple[_Step, Explanation]]:
    """The best ways to go on, with the cost of the edit, best first; `steps` come cheapest first without it,
    so that most need not be looked at."""
    totals: list[float] = []  # negative, the worst of the best first
    found = []
    for number, (step, one) in enumerate(steps):
        if totals and step.cost > -max(totals) + _HOPELESS:
            break
        if len(totals) == 2 * BEAM and step.cost >= -totals[0]:
            break
        edit = 0.0 if step.is_exact else facts.cost(step.base, one.below.get(step.base, 1 << step.base))
        total = step.cost + edit
        if len(totals) < 2 * BEAM:
            heappush(totals, -total)
        else:
            heappushpop(totals, -total)
        found.append((total, number))
    best = sorted(found)[: 2 * BEAM]
    return [(steps[number][0]._replace(cost=total), steps[number][1]) for total, number in best]


def normalised(found: Sequence[Explanation]) -> tuple[Explanation, ...]:
    """The same with costs from 0 on, hopeless ones left out."""
    least = min((one.cost for one in found), default=0.0)
    return tuple(replace(one, cost=one.cost - least) for one in found if one.cost - least < _HOPELESS)


def weights(found: Sequence[Explanation]) -> list[float]:
    """The likelihood of each, together 1."""
    raw = [exp(-one.cost) for one in found]
    total = sum(raw)
    return [one / total for one in raw]


def sides(found: Sequence[Explanation]) -> float:
    """How likely it is that two writers work side by side, by what is known before the next save."""
    if len(found) < 1:
        return 0.0
    return sum(
        weight for weight, one in zip(weights(found), found, strict=True) if one.turns > 1 and one.is_forked
    )


def other_hands(found: Sequence[Explanation]) -> float:
    """How likely it is that the last two saves are of two writers with habits of their own."""
    return sum(weight for weight, one in zip(weights(found), found, strict=True) if _are_other_hands(one))


def _are_other_hands(one: Explanation) -> bool:
    match one.who:
        case (*_, before, now) if before >= 0 and now >= 0 and before != now:
            return one.buffers[now].strangeness(one.buffers[before].writer) > 0
    return False


def _steps(one: Explanation, facts: Facts) -> Iterator[_Step]:
    forked, active = one.is_forked, one.active
    last_by = one.who[-1] if one.who else -1
    for by, buffer in enumerate(one.buffers):
        prior = one.cost + buffer.strangeness(facts.writer) + _turn(by, last_by, forked, active)
        yield from _continued(one, facts, by, buffer, prior)
        if by == last_by:
            yield from _reverted(one, facts, by, buffer)
    yield from _begun(one, facts)


def _turn(by: int, last_by: int, forked: bool, active: frozenset[int]) -> float:
    """The cost of this writer being the one who saves now."""
    if by == last_by:
        return _STAY if forked else 0.0
    if forked and by in active:
        return _STAY + log(max(1, len(active | {last_by}) - 1))
    return _SWITCH


def _continued(one: Explanation, facts: Facts, by: int, buffer: Buffer, prior: float) -> Iterator[_Step]:
    """A known writer goes on with what it had, or with a version that it loaded since."""
    last = buffer.last
    if last in one.below:
        yield _Step(prior + facts.sight(one, last), by, last, last)
    for version in facts.window:
        if version <= last:
            continue
        load = _RELOAD if version == facts.held else _RELOAD_OLD
        if version != facts.held and version not in facts.passing:
            load += _AGE * (facts.number - version)
        if last in one.below and facts.shows(version, last) is False:
            load += _UNSEEN
        yield _Step(prior + load + facts.sight(one, version), by, version, version)


def _reverted(one: Explanation, facts: Facts, by: int, buffer: Buffer) -> Iterator[_Step]:
    """The writer went back to an older version of its own past: it knows what it drops.  With which program
    it put just that in place does not matter much."""
    last, strange = buffer.last, buffer.strangeness(facts.writer)
    prior = one.cost + _REVERT + facts.sight(one, last)
    for version in facts.window:
        if version == last or not one.descends(last, version):
            continue
        is_exact = facts.is_same(version)
        if is_exact:
            cost = min(strange, _OTHER_PROGRAM)
        else:
            edited = _REVERT_RUN if facts.has_text_of(version) else _REVERT_EDITED
            cost = strange + edited + _AGE * (last - version)
        yield _Step(prior + cost, by, version, last, is_exact)


def _begun(one: Explanation, facts: Facts) -> Iterator[_Step]:
    """A writer that was not known."""
    prior = one.cost + _NEW - (_ANOTHER_NEW if len(one.buffers) > 1 else 0.0)
    held, is_old = facts.held, any(map(facts.is_same, facts.window))
    for version in facts.window:
        cost = 0.0 if version == held else _AGE * (held - version) if version < held else 1.0
        if version != held and facts.is_same(version):
            cost += _OLD_AS_IT_IS
        elif is_old:
            cost += _MADE_OLD
        if version in facts.passing:
            cost += _IN_PASSING
        yield _Step(prior + cost + facts.sight(one, version), len(one.buffers), version, version)
