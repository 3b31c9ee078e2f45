"""Owns: recording the conflict copy of a sync tool: what it descends from, and what the file does then.

Must not know: names of copies, disk.  Invariant: a copy is concurrent with what the file holds,
whatever was thought of the save that put that there; and what is made of the two, its labels
included, does not tell on which machine it was made.
"""

from __future__ import annotations

from collections.abc import Iterator

from nbmerge.environment.conflict_copies import Copy
from nbmerge.files import digest
from nbmerge.lineage.derivation import nearest
from nbmerge.lineage.heads import Derivation, Heads, Outcome, set_apart
from nbmerge.lineage.judge import VersionContent
from nbmerge.lineage.versions import Origin, Version
from nbmerge.notebook.model import Notebook
from nbmerge.service.record import Recorded, Recorder, Saved


def name_of(copy: Copy) -> str:
    """What the copy's file name says of where it comes from; the same on every machine."""
    return " ".join(word for word in (copy.client, copy.stamp, copy.device) if word)


def record_copy(recorder: Recorder, notebook_id: int, saved: Saved, certain: bool) -> Recorded | None:
    """Record a conflict copy as a version that is concurrent with what the file holds.

    None: it has to be left alone, for it is not `certain` by its name and is no version that
    the file may have lost, or nothing is known of the original.  Where the file itself
    holds nothing else, `base` is the head and no version is recorded.
    """
    store = recorder.store
    heads = store.heads(notebook_id)
    if heads is None:
        return None
    name = digest(saved.data)
    notebook = recorder.cache.put(name, saved.data)
    known = store.find(notebook_id, name)
    if not certain and (known is None or known.number not in {tip.version for tip in heads.open}):
        return None
    if store.version(notebook_id, heads.head).digest == name:
        return Recorded(Outcome.SAME, None, heads.head, "the file holds the same")
    with store.together():
        if known is None:
            base = _base(recorder, notebook_id, heads, notebook)
        elif _is_in(recorder, notebook_id, heads, known):
            return Recorded(Outcome.SAME, None, known.number, "the notebook holds it already")
        else:
            base = known.number
            _set_apart(recorder, notebook_id, heads, known)
        parents = () if base is None else (base,)
        return recorder.add(notebook_id, saved, Derivation(Outcome.MERGE, parents, base, "a conflict copy"))


def _base(recorder: Recorder, notebook_id: int, heads: Heads, notebook: Notebook) -> int | None:
    """What an unknown copy derives from; not from another copy, which is another side."""
    older = recorder.candidates(notebook_id, heads, notebook.cells).older
    return nearest(notebook, [shown for shown in older if shown.version.origin is not Origin.COPY])


def _is_in(recorder: Recorder, notebook_id: int, heads: Heads, known: Version) -> bool:
    """Whether the file, or what is about to be written to it, holds a merge of this version, or its copy."""
    graph = recorder.store.graph(notebook_id)
    below = graph.united(heads.tips, oldest=known.number)
    if known.origin is Origin.COPY and known.number in below:
        return True
    versions = (recorder.store.version(notebook_id, number) for number in sorted(below))
    return any(
        version.origin is Origin.MERGED
        and version.number != known.number
        and graph.descends(version.number, known.number)
        for version in versions
    )


def _set_apart(recorder: Recorder, notebook_id: int, heads: Heads, known: Version) -> None:
    """Saves that were thought to follow this version do not: the sync tool says so."""
    graph = recorder.store.graph(notebook_id)
    others = list(_contents(recorder, notebook_id, graph.ancestors(known.number) - {known.number}))
    bases: dict[int, tuple[int, ...]] = {}
    for number in sorted(graph.united(heads.tips, oldest=known.number)):
        if known.number in graph.parents.get(number, ()):
            found = recorder.cache.readable(notebook_id, number)
            base = None if found is None else nearest(found, others)
            bases[number] = () if base is None else (base,)
    recorder.apply(notebook_id, set_apart(heads, graph, known.number, bases))


def _contents(recorder: Recorder, notebook_id: int, numbers: frozenset[int]) -> Iterator[VersionContent]:
    for number in sorted(numbers):
        notebook = recorder.cache.readable(notebook_id, number)
        if notebook is not None:
            yield VersionContent(recorder.store.version(notebook_id, number), notebook)
