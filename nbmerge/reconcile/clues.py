"""Owns: what the versions of a notebook tell of each other without a judge.

Must not know: stores, what follows from it.  Invariant: pure.
"""

from __future__ import annotations

from nbmerge.lineage.standing import Standing
from nbmerge.lineage.versions import TOLD, Origin, Version
from nbmerge.notebook.model import Notebook

SHORTLY = 900.0  # seconds for which a merge keeps saying that there are two writers


def shows_the_same(one: Notebook, two: Notebook) -> bool:
    """Whether two notebooks hold the same work: sources and outputs; counts and metadata aside."""
    return len(one.cells) == len(two.cells) and all(
        a is b or (a.key == b.key and a.plain_outputs == b.plain_outputs)
        for a, b in zip(one.cells, two.cells, strict=True)
    )


def was_seen(version: Version, standing: Standing) -> bool:
    """Whether an editor can have read it: not if it is a merge that has not reached the file."""
    if version.origin is Origin.MERGED:
        return version.number <= standing.head
    return version.origin is not Origin.UNREADABLE


def is_merge_of(head: Version, standing: Standing) -> bool:
    """Whether the head is the merge of the tips: nobody has saved on top of it."""
    return head.origin is Origin.MERGED and set(head.parents) == set(standing.tips)


def signs_of(versions: tuple[Version, ...], now: float) -> tuple[str, ...]:
    """What the history itself says about a second writer."""
    for version in reversed(versions):
        if now - version.time > SHORTLY:
            break
        if version.origin is Origin.MERGED:
            return ("two writers were merged not long ago",)
        if version.origin is Origin.COPY:
            return ("a sync tool left a conflict copy not long ago",)
        if version.writer.way == TOLD:
            return ("a program that takes part saved not long ago",)
    return ()
