"""Owns: the merge of all tips of a notebook.

Must not know: disk, time.  Invariant: merged from the tips, never from an earlier merge of
them, so that a conflict is updated and not nested; equal tips give equal bytes.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nbmerge.history.store import Store
from nbmerge.lineage.standing import Standing
from nbmerge.lineage.versions import Graph, Origin, Version
from nbmerge.merge.policy import Labels, Policy, Side
from nbmerge.merge.results import Conflict, Decision
from nbmerge.merge.whole import merge_bytes


@dataclass(frozen=True, slots=True)
class Union:
    """What the tips make together, and how."""

    data: bytes
    tips: tuple[int, ...]
    bases: tuple[int | None, ...]
    conflicts: tuple[Conflict, ...] = ()
    decisions: tuple[Decision, ...] = ()


def is_due(standing: Standing, graph: Graph) -> bool:
    """Whether the file lacks a tip."""
    return not set(standing.tips) <= graph.ancestors(standing.head)


def unite(store: Store, book: int, standing: Standing) -> Union:
    """Merge the tips.  Raises NotebookError if one is no notebook."""
    graph = store.graph(book)
    first, *others = in_order(store.version(book, number) for number in standing.tips)
    union = Union(store.data(book, first.number), (first.number,), ())
    newest = first
    for version in others:
        union = _joined(store, book, union, (newest, version), graph.common(union.tips, version.number))
        newest = max(newest, version, key=_age)
    return union


def in_order(tips: Iterable[Version]) -> list[Version]:
    """The order in which tips are merged: as they stand, conflict copies last.

    Every machine of a synced folder has the same file and the same copies of it, and has to make
    the same of them, to the byte.
    """
    return sorted(tips, key=_rank)


def _rank(version: Version) -> tuple[bool, str, str]:
    if version.origin is Origin.COPY:
        return (True, version.writer.name, version.digest)
    return (False, "", "")


def _age(version: Version) -> tuple[bool, float, int]:
    """Sync tools make the older side the copy."""
    return version.origin is not Origin.COPY, version.time, version.number


def _joined(store: Store, book: int, union: Union, sides: tuple[Version, Version], base: int | None) -> Union:
    newest, version = sides
    policy = Policy(
        labels=_labels(union.tips, sides, base),
        newer=Side.REMOTE if _age(version) > _age(newest) else Side.LOCAL,
    )
    before = b"" if base is None else store.data(book, base)
    whole = merge_bytes(before, union.data, store.data(book, version.number), policy)
    return Union(
        whole.data,
        (*union.tips, version.number),
        (*union.bases, base),
        whole.result.conflicts if len(union.tips) == 1 else (*union.conflicts, *whole.result.conflicts),
        (*union.decisions, *whole.result.decisions),
    )


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
