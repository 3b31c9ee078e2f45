"""Owns: the merge of all tips of a notebook.

Must not know: disk, when a merge is due.  Invariant: while somebody goes on from one of the tips, they are
merged again, and not with an earlier merge of them: so a conflict is updated and not nested.  Equal tips
give equal bytes, whatever was merged before them.  What it costs does not grow with the history.

The base of two tips is the newest version that both descend from.  After crosswise merges there are several
of these, none of which holds what the others do.  git's recursive strategy (`merge_recursive_internal`)
then merges them, older first and with bases that are found in the same way, into a common ancestor that
never was there, conflict markers and all.  So does this module, but for three things:

- Who takes part is given the merge in answer to a save, and goes on from that: it is a tip of its own then,
  as a merge commit is in git (see `Recorder.taken_in`).  So merges follow one another, every base is one of
  them, and each save costs one merge.
- Where others go on from merges, what they have in common is mostly the tips of an earlier one: that one is
  in the history and is taken as it stands, which is what people saw.  (Nobody records git's merges of bases.)
- What was not recorded is made once, oldest first and without recursion, and kept for the next time.
- git refuses to merge more than two sides with conflicts; here each tip is joined to those before it.  The
  conflicts of those are in nobody's history: one that would come apart in the next stays whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from itertools import permutations

from nbmerge.errors import SystemFailure
from nbmerge.files import digest
from nbmerge.history.store import Store
from nbmerge.history.values import Draft
from nbmerge.lineage.heads import Heads
from nbmerge.lineage.versions import MADE_AGAIN, RESPELLED, Graph, Origin, Version
from nbmerge.merge.files import InMemory, Parsed, merge_sources
from nbmerge.merge.markers import Labels, MarkerStyle
from nbmerge.merge.values import Conflict, Decision, Policy, Side, Terms, Whole
from nbmerge.service.cache import MergedPair, NotebookCache
from nbmerge.service.labels import Descent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from nbmerge.merge.files import Source

    Bases: TypeAlias = Callable[[Iterable[int], int], tuple[int, ...]]

_PERMUTED = 5  # tips; more of them are merged as they stand
_UNFOLDED = 8  # merges, one made of the other, whose sides are looked at
_PAGE = 32  # merges that are looked up at a time


class OutOfTime(SystemFailure):
    """The time in which bases were to be made is over; what was made so far is kept."""


@dataclass(frozen=True, slots=True)
class Deadline:
    """Until when bases may be made that are not in the history: a time of `clock`, in seconds.

    Only these can take long; joining the tips takes as many merges as there are tips.
    """

    clock: Callable[[], float]
    end: float

    def check(self) -> None:
        """Raises OutOfTime when it has passed."""
        if self.clock() > self.end:
            raise OutOfTime("too much was merged crosswise")


@dataclass(frozen=True, slots=True)
class TipMerge:
    """What the tips make together, and how."""

    data: bytes
    tips: tuple[int, ...]
    bases: tuple[int | None, ...]
    conflicts: tuple[Conflict, ...] = ()
    decisions: tuple[Decision, ...] = ()


def merge_tips(
    store: Store,
    notebook_id: int,
    heads: Heads,
    cache: NotebookCache | None = None,
    deadline: Deadline | None = None,
    graph: Graph | None = None,
) -> TipMerge:
    """Merge the tips of a notebook; `graph`: how versions descend from each other, if not as is stored.

    Raises NotebookError if one is no notebook, OutOfTime when the deadline passes: the same call with
    the same cache then goes on where this one ended.
    """
    place = _Place(store, notebook_id, cache or NotebookCache(store), deadline, graph)
    merge = _merged(place, place.sides(heads.tips))
    return merge if set(merge.tips) == set(heads.tips) else replace(merge, tips=heads.tips)


def record_merge(store: Store, notebook_id: int, merge: TipMerge, at: float) -> Version:
    """The version that a merge becomes, with its conflicts."""
    why = "merged from " + " and ".join(f"version {tip}" for tip in merge.tips)
    with store.together():
        version = store.record(notebook_id, merge.data, Draft(at, Origin.MERGED, merge.tips, why=why))
        store.note_conflicts(notebook_id, version.number, merge.conflicts)
    return version


def conflicts_of(
    store: Store, notebook_id: int, merge: Version, cache: NotebookCache
) -> tuple[Conflict, ...]:
    """The conflicts that a recorded merge made.  Raises NotebookError if a term of it is no longer kept."""
    noted = store.conflicts(notebook_id, merge.number)
    if noted is not None:
        return noted
    return merge_tips(store, notebook_id, Heads(merge.number, merge.parents), cache).conflicts


def terms(store: Store, notebook_id: int, heads: Heads) -> Terms[bytes] | None:
    """What was merged: of more than two tips the last one against the others together.

    None if it is no merge.  Raises NotebookError if a tip is no notebook or no longer kept.
    """
    place = _Place(store, notebook_id, NotebookCache(store))
    *others, last = place.sides(heads.tips)
    if not others:
        return None
    bases = place.bases([version.number for version in others], last.number)
    local = _merged(place, others).data
    return Terms(place.together(bases).read(), local, place.source(last.number).read())


def descent(store: Store, notebook_id: int, heads: Heads) -> Descent | None:
    """What the two sides of these `terms` descend from; None if it is no merge.  Raises as `terms` does."""
    place = _Place(store, notebook_id, NotebookCache(store))
    *others, last = place.sides(heads.tips)
    tips = tuple(version.number for version in others)
    return place.descent(place.bases(tips, last.number), tips, last) if others else None


def merges_in(store: Store, notebook_id: int, number: int) -> Iterator[Version]:
    """The merges that are kept among a version and what it descends from, newest first."""
    graph, before = store.graph(notebook_id), number + 1
    while page := store.merges(notebook_id, before, _PAGE):
        before = page[-1].number
        below = graph.united((number,), oldest=before)
        yield from (version for version in page if version.number in below)


def in_order(tips: Iterable[Version]) -> list[Version]:
    """The order in which tips are merged: as they stand, conflict copies last.

    Every machine of a synced folder has the same file and the same copies of it, and has to make
    the same of them, to the byte.
    """
    return sorted(tips, key=_rank)


def in_turn(bases: Bases, versions: Sequence[Version]) -> Sequence[Version]:
    """The order that is nearest to this one and needs no base that was never there.

    After crosswise merges a version can have two newest ones in common with what was joined before it.
    """
    known = cache(bases)
    for order in permutations(versions) if len(versions) <= _PERMUTED else ():
        numbers = [version.number for version in order]
        before = (frozenset(numbers[:place]) for place in range(1, len(numbers)))
        if all(len(known(some, number)) < 2 for some, number in zip(before, numbers[1:], strict=True)):
            return order
    return versions


def _rank(version: Version) -> tuple[bool, str, str]:
    if version.origin is Origin.COPY:
        return (True, version.writer.name, version.digest)
    return (False, "", "")


def _age(version: Version) -> tuple[bool, float, int]:
    """Sync tools make the older side the copy."""
    return version.origin is not Origin.COPY, version.time, version.number


@dataclass(slots=True)
class _Place:
    """Where the versions of one notebook are, and the merges of them that are not in the history."""

    store: Store
    notebook_id: int
    cache: NotebookCache
    deadline: Deadline | None = None
    other_graph: Graph | None = None
    graph: Graph = field(init=False)
    made: dict[tuple[int, ...], Source] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.graph = self.other_graph or self.store.graph(self.notebook_id)

    def versions(self, numbers: Iterable[int]) -> list[Version]:
        """Versions in the order in which they are merged."""
        return in_order(self.store.version(self.notebook_id, number) for number in numbers)

    def sides(self, tips: Sequence[int]) -> Sequence[Version]:
        """What is merged to merge tips, in turn."""
        return in_turn(self.bases, self.versions(self._unfolded(tips, _UNFOLDED)))

    def _unfolded(self, tips: Sequence[int], depth: int) -> Sequence[int]:
        """Tips; where one goes on from a side of a conflict that another one shows, the sides of that
        with this one in its place: so the conflict is updated."""
        match tips:
            case (shown, tip) if depth and len(bases := self.graph.parents.get(tip, ())) == 1:
                merge = self._as_it_was_made(shown)
                made_of = self.graph.parents.get(merge, ())
                if self.store.merge_of(self.notebook_id, made_of) != merge:
                    return tips
                sides = self._unfolded(made_of, depth - 1)
                if bases[0] in sides and self._conflict(shown, merge, sides):
                    return tuple(tip if side == bases[0] else side for side in sides)
        return tips

    def _as_it_was_made(self, number: int) -> int:
        """A version; where it only stands for another one, that."""
        version = self.store.version(self.notebook_id, number)
        while version.why in (RESPELLED, MADE_AGAIN):
            version = self.store.version(self.notebook_id, version.parents[0])
        return version.number

    def _conflict(self, shown: int, merge: int, sides: Sequence[int]) -> bool:
        """Whether the merge that is made of these sides has any, as it is shown now."""
        known = (self.store.conflicts(self.notebook_id, one) for one in (shown, merge))
        noted = next((one for one in known if one is not None), None)
        if noted is not None:
            return bool(noted)
        return bool(_merged(self, in_turn(self.bases, self.versions(sides))).conflicts)

    def source(self, number: int) -> Source:
        version = self.store.version(self.notebook_id, number)
        notebook = self.cache.version(self.notebook_id, number, self.cache.latest)
        fetch = partial(self.store.data, self.notebook_id, number)
        return Parsed(f"version {number}", version.digest, notebook, fetch, self.cache.long)

    def bases(self, some: Iterable[int], other: int) -> tuple[int, ...]:
        """The newest versions in common; where there are several, their merge if it is in the history."""
        found = self.graph.commons(some, other)
        merge = self.store.merge_of(self.notebook_id, found) if len(found) > 1 else None
        return found if merge is None else (merge,)

    def descent(self, bases: tuple[int, ...], tips: tuple[int, ...], remote: Version) -> Descent:
        """What the two sides of a merge descend from."""
        return Descent(self.store, self.notebook_id, self.cache, self.graph, bases, tips, remote)

    def together(self, numbers: tuple[int, ...]) -> Source:
        """What versions in common hold together."""
        match numbers:
            case ():
                return InMemory("base", b"")
            case (number,):
                return self.source(number)
        self._make(numbers)
        return self.made[numbers]

    def _make(self, numbers: tuple[int, ...]) -> None:
        """Merge versions whose merge is not in the history; before that, what they need for it."""
        waiting = [numbers]
        while waiting:
            if self.deadline is not None:
                self.deadline.check()
            order = in_turn(self.bases, self.versions(waiting[-1]))
            missing = [one for one in self._needed(order) if one not in self.made]
            waiting.extend(missing)
            if not missing:
                self.made[waiting.pop()] = InMemory("base", _merged(self, order).data)

    def _needed(self, order: Sequence[Version]) -> Iterator[tuple[int, ...]]:
        """The bases that have to be made to merge versions in this order."""
        numbers = [version.number for version in order]
        for place in range(1, len(numbers)):
            bases = self.bases(numbers[:place], numbers[place])
            if len(bases) > 1:
                yield bases


def _merged(place: _Place, versions: Sequence[Version]) -> TipMerge:
    """Join one version after the other."""
    first, *others = versions
    if not others:
        return TipMerge(place.store.data(place.notebook_id, first.number), (first.number,), ())
    joining = _Joining(place, first, place.source(first.number), TipMerge(b"", (first.number,), ()))
    for version in others:
        joining = joining.join(version)
    return joining.merge


@dataclass(frozen=True, slots=True)
class _Joining:
    """A merge of tips that is under way; `newest` is the newest of those that are in `merge`."""

    place: _Place
    newest: Version
    source: Source
    merge: TipMerge

    def join(self, version: Version) -> _Joining:
        """The same with one more tip."""
        place, tips = self.place, self.merge.tips
        bases = place.bases(tips, version.number)
        base = max(bases, default=None)
        newer = Side.REMOTE if _age(version) > _age(self.newest) else Side.LOCAL
        sides = place.together(bases), self.source, place.source(version.number)
        people = place.descent(bases, tips, version)
        policy = Policy(newer=newer, whole=Whole.CUT if len(tips) > 1 else Whole.NEVER)
        whole = place.cache.merges.get(
            (*map(_name_of, sides), newer, policy.whole, people.name),
            partial(_pair, sides, policy, people.labels),
        )
        merge = TipMerge(
            whole.data,
            (*tips, version.number),
            (*self.merge.bases, base),
            (*self.merge.conflicts, *whole.conflicts),
            (*self.merge.decisions, *whole.decisions),
        )
        newest = max(self.newest, version, key=_age)
        return replace(self, newest=newest, source=InMemory("merged", whole.data), merge=merge)


def _pair(
    sides: tuple[Source, Source, Source], policy: Policy, labelled: Callable[[Conflict], Labels]
) -> MergedPair:
    whole = merge_sources(*sides, policy, lambda: MarkerStyle(labelled=labelled))
    return MergedPair(whole.data, whole.rendered.conflicts, whole.result.decisions)


def _name_of(source: Source) -> str:
    return source.digest if isinstance(source, Parsed) else digest(source.read())
