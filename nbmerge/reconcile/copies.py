"""Owns: taking the conflict copy of a sync tool: what it descends from, and what the file does then.

Must not know: names of copies, disk.  Invariant: a copy is concurrent with what the file holds,
whatever was thought of the save that put that there; and what is made of the two, its labels
included, does not tell on which machine it was made.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace

from nbmerge.files import digest
from nbmerge.lineage.arrival import Action, Arrival
from nbmerge.lineage.judge import Shown
from nbmerge.lineage.standing import Standing
from nbmerge.lineage.versions import Origin, Version
from nbmerge.notebook.model import Notebook
from nbmerge.reconcile.take import Saved, Taken, Taker
from nbmerge.signs.copies import Copy


def name_of(copy: Copy) -> str:
    """What the copy's file name says of where it comes from; the same on every machine."""
    return " ".join(word for word in (copy.client, copy.stamp, copy.device) if word)


def take_copy(taker: Taker, book: int, saved: Saved, certain: bool) -> Taken | None:
    """Record a conflict copy as a version that is concurrent with what the file holds.

    None: it has to be left alone, for it is not `certain` by its name and is no version that
    the file may have lost, or nothing is known of the original.  Where the file itself
    holds nothing else, `base` is the head and no version is recorded.
    """
    store = taker.store
    standing = store.standing(book)
    if standing is None:
        return None
    name = digest(saved.data)
    notebook = taker.shelf.put(name, saved.data)
    known = store.find(book, name)
    if not certain and (known is None or known.number not in {tip.version for tip in standing.open}):
        return None
    if store.version(book, standing.head).digest == name:
        return Taken(Action.SAME, None, standing.head, "the file holds the same")
    with store.together():
        if known is None:
            return _record(taker, book, saved, _base(taker, book, standing, notebook))
        if _is_in(taker, book, standing, known):
            return Taken(Action.SAME, None, known.number, "the notebook holds it already")
        _set_apart(taker, book, standing, known)
        return _record(taker, book, saved, known.number)


def nearest(notebook: Notebook, older: Sequence[Shown]) -> int | None:
    """The version that a notebook has most in common with; the newest of equals, None without any."""
    lines = _lines(notebook)
    found = min(older, key=lambda shown: (_distance(lines, shown), -shown.version.number), default=None)
    return None if found is None else found.version.number


def _record(taker: Taker, book: int, saved: Saved, base: int | None) -> Taken:
    standing = taker.store.standing(book)
    assert standing is not None
    parents = () if base is None else (base,)
    return taker.record(book, standing, saved, Arrival(Action.MERGE, parents, base, "a conflict copy"))


def _base(taker: Taker, book: int, standing: Standing, notebook: Notebook) -> int | None:
    """What an unknown copy derives from; not from another copy, which is another side."""
    versions = taker.candidates(book, standing)
    older = taker.older(book, versions, standing, notebook.cells)
    return nearest(notebook, [shown for shown in older if shown.version.origin is not Origin.COPY])


def _is_in(taker: Taker, book: int, standing: Standing, known: Version) -> bool:
    """Whether the file, or what is about to be written to it, holds a merge of this version, or its copy."""
    graph = taker.store.graph(book)
    below = graph.united(standing.tips)
    if known.origin is Origin.COPY and known.number in below:
        return True
    versions = (taker.store.version(book, number) for number in sorted(below))
    return any(
        version.origin is Origin.MERGED
        and version.number != known.number
        and known.number in graph.ancestors(version.number)
        for version in versions
    )


def _set_apart(taker: Taker, book: int, standing: Standing, known: Version) -> None:
    """Saves that were thought to follow this version do not: the sync tool says so."""
    graph = taker.store.graph(book)
    for number in sorted(graph.united(standing.tips)):
        if known.number in graph.parents.get(number, ()):
            others = _shown(taker, book, graph.ancestors(known.number) - {known.number})
            found = taker.shelf.readable(book, number)
            base = None if found is None else nearest(found, others)
            taker.store.reparent(book, number, () if base is None else (base,))
    tips = taker.store.graph(book).youngest((*standing.tips, known.number))
    answered = tuple(tip for tip in standing.answered if tip in tips)
    taker.store.stand(book, replace(standing, tips=tips, answered=answered))


def _shown(taker: Taker, book: int, numbers: Iterable[int]) -> list[Shown]:
    found = []
    for number in sorted(numbers):
        notebook = taker.shelf.readable(book, number)
        if notebook is not None:
            found.append(Shown(taker.store.version(book, number), notebook))
    return found


def _distance(lines: Counter[str], shown: Shown) -> int:
    theirs = _lines(shown.notebook)
    return ((lines - theirs) + (theirs - lines)).total()


def _lines(notebook: Notebook) -> Counter[str]:
    return Counter(line for cell in notebook.cells for line in cell.source.split("\n"))
