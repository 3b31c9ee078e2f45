"""Owns: the merge of all tips of a notebook.

Must not know: disk, time, when a merge is due.  Invariant: merged from the tips, never from an earlier
merge of them, so that a conflict is updated and not nested; equal tips give equal bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import permutations

from nbmerge.history.store import Store
from nbmerge.lineage.heads import Heads
from nbmerge.lineage.versions import Graph, Origin, Version
from nbmerge.merge.files import InMemory, Parsed, merge_sources
from nbmerge.merge.markers import Labels, MarkerStyle
from nbmerge.merge.values import Conflict, Decision, Policy, Side, Terms
from nbmerge.service.cache import NotebookCache

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.merge.files import Source


_PERMUTED = 5  # tips; more of them are merged as they stand


@dataclass(frozen=True, slots=True)
class TipMerge:
    """What the tips make together, and how."""

    data: bytes
    tips: tuple[int, ...]
    bases: tuple[int | None, ...]
    conflicts: tuple[Conflict, ...] = ()
    decisions: tuple[Decision, ...] = ()


def merge_tips(store: Store, notebook_id: int, heads: Heads, cache: NotebookCache | None = None) -> TipMerge:
    """Merge the tips of a notebook.  Raises NotebookError if one is no notebook."""
    tips = in_order(store.version(notebook_id, number) for number in heads.tips)
    return _merged(_Place(store, cache or NotebookCache(store), notebook_id, store.graph(notebook_id)), tips)


def terms(store: Store, notebook_id: int, heads: Heads) -> Terms[bytes] | None:
    """What was merged: of more than two tips the last one against the others together.

    None if it is no merge.  Raises NotebookError if a tip is no notebook or no longer kept.
    """
    place = _Place(store, NotebookCache(store), notebook_id, store.graph(notebook_id))
    *others, last = in_turn(
        place.graph, in_order(store.version(notebook_id, number) for number in heads.tips)
    )
    if not others:
        return None
    numbers = [version.number for version in others]
    base = place.together(place.graph.commons(numbers, last.number))
    return Terms(base.read(), _merged(place, others).data, place.source(last.number).read())


def _merged(place: _Place, versions: Sequence[Version]) -> TipMerge:
    first, *others = in_turn(place.graph, versions)
    if not others:
        return TipMerge(place.store.data(place.notebook_id, first.number), (first.number,), ())
    joining = _Joining(place, first, place.source(first.number), TipMerge(b"", (first.number,), ()))
    for version in others:
        joining = joining.join(version)
    return joining.merge


def in_order(tips: Iterable[Version]) -> list[Version]:
    """The order in which tips are merged: as they stand, conflict copies last.

    Every machine of a synced folder has the same file and the same copies of it, and has to make
    the same of them, to the byte.
    """
    return sorted(tips, key=_rank)


def in_turn(graph: Graph, versions: Sequence[Version]) -> Sequence[Version]:
    """The order that is nearest to this one and needs no base that was never there.

    After crosswise merges a version can have two newest ones in common with what was joined before it.
    """
    for order in permutations(versions) if len(versions) <= _PERMUTED else ():
        numbers = [version.number for version in order]
        if all(len(graph.commons(numbers[:place], numbers[place])) < 2 for place in range(1, len(numbers))):
            return order
    return versions


def _rank(version: Version) -> tuple[bool, str, str]:
    if version.origin is Origin.COPY:
        return (True, version.writer.name, version.digest)
    return (False, "", "")


def _age(version: Version) -> tuple[bool, float, int]:
    """Sync tools make the older side the copy."""
    return version.origin is not Origin.COPY, version.time, version.number


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the versions of one notebook are."""

    store: Store
    cache: NotebookCache
    notebook_id: int
    graph: Graph

    def source(self, number: int) -> Source:
        version = self.store.version(self.notebook_id, number)
        notebook = self.cache.version(self.notebook_id, number, self.cache.latest)
        fetch = partial(self.store.data, self.notebook_id, number)
        return Parsed(f"version {number}", version.digest, notebook, fetch)

    def together(self, numbers: tuple[int, ...]) -> Source:
        """What versions in common hold together: where lineages were merged crosswise, none holds it all."""
        match numbers:
            case ():
                return InMemory("base", b"")
            case (number,):
                return self.source(number)
        versions = [self.store.version(self.notebook_id, number) for number in numbers]
        return InMemory("base", _merged(self, in_order(versions)).data)


@dataclass(frozen=True, slots=True)
class _Joining:
    """A merge of tips that is under way; `newest` is the newest of those that are in `merge`."""

    place: _Place
    newest: Version
    source: Source
    merge: TipMerge

    def join(self, version: Version) -> _Joining:
        """The same with one more tip."""
        bases = self.place.graph.commons(self.merge.tips, version.number)
        base = max(bases, default=None)
        policy = Policy(newer=Side.REMOTE if _age(version) > _age(self.newest) else Side.LOCAL)
        markers = MarkerStyle(labels=_labels(self.merge.tips, (self.newest, version), base))
        before = self.place.together(bases)
        whole = merge_sources(before, self.source, self.place.source(version.number), policy, lambda: markers)
        merge = TipMerge(
            whole.data,
            (*self.merge.tips, version.number),
            (*self.merge.bases, base),
            (*self.merge.conflicts, *whole.rendered.conflicts),
            (*self.merge.decisions, *whole.result.decisions),
        )
        newest = max(self.newest, version, key=_age)
        return replace(self, newest=newest, source=InMemory("merged", whole.data), merge=merge)


def _labels(tips: tuple[int, ...], sides: tuple[Version, Version], base: int | None) -> Labels:
    """What stands at the markers.  Numbers are those of one machine: not where a copy is merged."""
    newest, version = sides
    if version.origin is Origin.COPY:
        return Labels(
            local="this notebook", base="common version", remote=f"conflict copy ({version.writer.name})"
        )
    return Labels(local=_label(tips, newest), base=_name(base), remote=_label((version.number,), version))


def _name(number: int | None) -> str:
    return "no common version" if number is None else f"version {number}"


def _label(numbers: tuple[int, ...], version: Version) -> str:
    """The same on every machine that has the same history."""
    if len(numbers) > 1:
        return "versions " + " and ".join(map(str, numbers))
    return _name(version.number) + (f", {version.writer.name}" if version.writer.name else "")
