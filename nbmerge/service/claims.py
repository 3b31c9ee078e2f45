"""Owns: what follows when it is told, after the fact, what a version was made from.

Must not know: the disk, who tells.  Invariant: what the notebook is made of then is what it would be if that
had been known at once; a merge that was made by mistake stays in the history as it was, for somebody may have
gone on from it: what is wrong with it is put right by a version on top of it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

from nbmerge.errors import NotebookError
from nbmerge.files import digest
from nbmerge.history.values import Draft
from nbmerge.lineage import derivation as derivations
from nbmerge.lineage import heads as algebra
from nbmerge.lineage.heads import Heads
from nbmerge.lineage.versions import DECLARED, MADE_AGAIN, Graph, Origin, Version
from nbmerge.service.dropped import dropped_since
from nbmerge.service.tips import merge_tips

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.service.record import Recorder


def put_right(recorder: Recorder, notebook_id: int, version: Version, base: Version, writer: str) -> Version:
    """A version whose writer tells that it was made from `base`; the same version, as it is known now."""
    store, number = recorder.store, version.number
    heads, graph = recorder.heads(notebook_id), store.graph(notebook_id)
    wrong = list(_merges_of(recorder, notebook_id, version)) if version.parents != (base.number,) else []
    concerned = (*version.parents, *(tip.version for tip in heads.open))
    change = algebra.claimed(heads, graph, number, base.number, recorder.merges_among(notebook_id, concerned))
    told = replace(version.writer, way=DECLARED, name=writer)
    with store.together():
        recorder.apply(notebook_id, change)
        still = recorder.merges_among(notebook_id, (tip.version for tip in change.heads.open))
        settled = algebra.doubts_settled(change.heads, change.graph, base.number, still)
        recorder.apply(notebook_id, settled)
        store.explain(notebook_id, number, derivations.told(base.number), told)
        for merge in wrong:
            if _bases(graph, merge) != _bases(settled.graph, merge):
                _make_again(recorder, notebook_id, merge)
        _name_what_was_dropped(recorder, notebook_id, store.version(notebook_id, number))
    return store.version(notebook_id, number)


def _name_what_was_dropped(recorder: Recorder, notebook_id: int, version: Version) -> None:
    """Saves that came before it was told may have dropped something of it."""
    heads = recorder.heads(notebook_id)
    if any(tip.version == version.number for tip in heads.open):
        return
    found = dropped_since(recorder.store, recorder.cache, notebook_id, version)
    if found is not None:
        recorder.store.set_heads(notebook_id, replace(heads, open=(*heads.open, found)))


def _merges_of(recorder: Recorder, notebook_id: int, version: Version) -> Iterator[Version]:
    """The merges that were made of a version, and of what goes on from it, oldest first."""
    store, number = recorder.store, version.number
    last, graph = store.versions(notebook_id, last=1)[-1].number, store.graph(notebook_id)
    if last > number:
        newer = store.merges(notebook_id, last + 1, last - number)[::-1]
        yield from (one for one in newer if one.number > number and graph.descends(one.number, number))


def _bases(graph: Graph, merge: Version) -> list[tuple[int, ...]]:
    """What each two of the sides of a merge have in common."""
    return [graph.commons((one,), other) for one, other in combinations(merge.parents, 2)]


def _make_again(recorder: Recorder, notebook_id: int, merge: Version) -> None:
    """Record what a merge should have been, if that is something else."""
    store = recorder.store
    sides = store.graph(notebook_id).youngest(merge.parents)
    with contextlib.suppress(NotebookError):  # a side of it is no longer kept
        made = merge_tips(store, notebook_id, Heads(merge.number, sides), recorder.cache)
        if digest(made.data) == merge.digest:
            return
        at = store.versions(notebook_id, last=1)[-1].time
        draft = Draft(at, Origin.MERGED, (merge.number,), why=MADE_AGAIN)
        version = store.record(notebook_id, made.data, draft)
        store.note_conflicts(notebook_id, version.number, made.conflicts)
        heads = recorder.heads(notebook_id)
        after = algebra.made_again(heads, store.graph(notebook_id), version.number)
        store.set_heads(notebook_id, after)
