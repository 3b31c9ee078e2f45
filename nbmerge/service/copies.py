"""Owns: taking the conflict copy of a sync tool: what it descends from, and what the file does then.

Must not know: names of copies, disk.  Invariant: a copy is concurrent with what the file holds,
whatever was thought of the save that put that there; and what is made of the two, its labels
included, does not tell on which machine it was made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from nbmerge.environment.conflict_copies import Copy
from nbmerge.files import digest
from nbmerge.lineage.arrival import Arrival, Outcome
from nbmerge.lineage.heads import Heads
from nbmerge.lineage.judge import VersionContent
from nbmerge.lineage.versions import Origin, Version
from nbmerge.notebook.model import Notebook
from nbmerge.service.record import Saved, Taken, Taker


def name_of(copy: Copy) -> str:
    """What the copy's file name says of where it comes from; the same on every machine."""
    return " ".join(word for word in (copy.client, copy.stamp, copy.device) if word)


def take_copy(taker: Taker, notebook_id: int, saved: Saved, certain: bool) -> Taken | None:
    """Record a conflict copy as a version that is concurrent with what the file holds.

    None: it has to be left alone, for it is not `certain` by its name and is no version that
    the file may have lost, or nothing is known of the original.  Where the file itself
    holds nothing else, `base` is the head and no version is recorded.
    """
    store = taker.store
    heads = store.heads(notebook_id)
    if heads is None:
        return None
    name = digest(saved.data)
    notebook = taker.cache.put(name, saved.data)
    known = store.find(notebook_id, name)
    if not certain and (known is None or known.number not in {tip.version for tip in heads.open}):
        return None
    if store.version(notebook_id, heads.head).digest == name:
        return Taken(Outcome.SAME, None, heads.head, "the file holds the same")
    with store.together():
        if known is None:
            return _record(taker, notebook_id, saved, _base(taker, notebook_id, heads, notebook))
        if _is_in(taker, notebook_id, heads, known):
            return Taken(Outcome.SAME, None, known.number, "the notebook holds it already")
        _set_apart(taker, notebook_id, heads, known)
        return _record(taker, notebook_id, saved, known.number)


def nearest(notebook: Notebook, older: Sequence[VersionContent]) -> int | None:
    """The version that a notebook has most in common with; the newest of equals, None without any."""
    lines = _lines(notebook)
    found = min(older, key=lambda shown: (_distance(lines, shown), -shown.version.number), default=None)
    return None if found is None else found.version.number


def _record(taker: Taker, notebook_id: int, saved: Saved, base: int | None) -> Taken:
    heads = taker.store.heads(notebook_id)
    assert heads is not None
    parents = () if base is None else (base,)
    return taker.record(notebook_id, heads, saved, Arrival(Outcome.MERGE, parents, base, "a conflict copy"))


def _base(taker: Taker, notebook_id: int, heads: Heads, notebook: Notebook) -> int | None:
    """What an unknown copy derives from; not from another copy, which is another side."""
    versions = taker.candidates(notebook_id, heads)
    older = taker.older(notebook_id, versions, heads, notebook.cells)
    return nearest(notebook, [shown for shown in older if shown.version.origin is not Origin.COPY])


def _is_in(taker: Taker, notebook_id: int, heads: Heads, known: Version) -> bool:
    """Whether the file, or what is about to be written to it, holds a merge of this version, or its copy."""
    graph = taker.store.graph(notebook_id)
    below = graph.united(heads.tips)
    if known.origin is Origin.COPY and known.number in below:
        return True
    versions = (taker.store.version(notebook_id, number) for number in sorted(below))
    return any(
        version.origin is Origin.MERGED
        and version.number != known.number
        and known.number in graph.ancestors(version.number)
        for version in versions
    )


def _set_apart(taker: Taker, notebook_id: int, heads: Heads, known: Version) -> None:
    """Saves that were thought to follow this version do not: the sync tool says so."""
    graph = taker.store.graph(notebook_id)
    for number in sorted(graph.united(heads.tips)):
        if known.number in graph.parents.get(number, ()):
            others = _shown(taker, notebook_id, graph.ancestors(known.number) - {known.number})
            found = taker.cache.readable(notebook_id, number)
            base = None if found is None else nearest(found, others)
            taker.store.reparent(notebook_id, number, () if base is None else (base,))
    tips = taker.store.graph(notebook_id).youngest((*heads.tips, known.number))
    answered = tuple(tip for tip in heads.answered if tip in tips)
    taker.store.set_heads(notebook_id, replace(heads, tips=tips, answered=answered))


def _shown(taker: Taker, notebook_id: int, numbers: Iterable[int]) -> list[VersionContent]:
    found = []
    for number in sorted(numbers):
        notebook = taker.cache.readable(notebook_id, number)
        if notebook is not None:
            found.append(VersionContent(taker.store.version(notebook_id, number), notebook))
    return found


def _distance(lines: Counter[str], shown: VersionContent) -> int:
    theirs = _lines(shown.notebook)
    return ((lines - theirs) + (theirs - lines)).total()


def _lines(notebook: Notebook) -> Counter[str]:
    return Counter(line for cell in notebook.cells for line in cell.source.split("\n"))
