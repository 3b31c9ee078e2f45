"""Owns: bringing versions back on request: one as it was, or what may have been overwritten.

Must not know: options, what is printed.  Invariant: what the file holds is in the store before
anything takes its place, and a save that comes in between is merged, not lost.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace

from nbmerge.disk.values import Busy, Changed, Gone, LateSave, Outcome, Placed
from nbmerge.errors import NotebookError, SystemFailure
from nbmerge.files import create_file, digest, read_file
from nbmerge.lineage.situation import Situation
from nbmerge.lineage.standing import OpenTip
from nbmerge.lineage.versions import Graph, Origin, Version
from nbmerge.reconcile.session import Session
from nbmerge.reconcile.settle import Merged, Nothing
from nbmerge.reconcile.take import Saved

_TRIES = 40
_PAUSE = 0.1  # seconds; a writer is waited for 4 seconds in all


@dataclass(frozen=True, slots=True)
class Restored:
    """The file holds `version`, or, if a save came in just then, `merged`: both."""

    version: Version
    merged: Merged | None = None


def restore(session: Session, path: str, number: int, sleep: Callable[[float], None]) -> Restored | None:
    """Make a version what the file holds, as a version of its own that closes all tips; also if
    the file is gone or is no notebook now.  None: it holds it already, and nothing is open.

    Raises NotebookError if the version is no notebook or no longer kept, SystemFailure if the
    file cannot be written.
    """
    real = os.path.realpath(path)
    why = ""
    for attempt in range(_TRIES):
        if attempt:
            sleep(_PAUSE)
        with session.store.lock():
            book = session.store.adopt(real)
            held = _taken(session, book, real)
            data = _notebook(session, book, path, number)
            if held == data and _is_all(session, book):
                return None
            match _put(session, real, data, held):
                case Placed(displaced):
                    return _restored(session, book, real, number, (data, displaced))
                case Busy(why):
                    pass
                case Changed() | Gone():
                    why = "it is saved again and again"
    raise SystemFailure(f"{path}: cannot be written: {why}; nothing was changed, try again")


def recover(session: Session, path: str, sleep: Callable[[float], None]) -> Merged | None:
    """Merge all open tips into the notebook; None if there is nothing that the file lacks.

    Raises NotebookError if the file is no notebook, SystemFailure if it cannot be written.
    """
    why = ""
    for attempt in range(_TRIES):
        if attempt:
            sleep(_PAUSE)
        with session.at(path) as (book, real):
            for tip in session.standing(book).open:
                _reopen(session, book, tip)
            match session.settler.settle(book, real):
                case Merged() as merged:
                    return merged
                case Nothing():
                    return None
                case waiting:
                    why = waiting.why
    raise SystemFailure(f"{path}: cannot be written: {why}; try again, the merge is not forgotten")


def unseen(graph: Graph, tip: OpenTip) -> tuple[int, ...]:
    """What the save that overwrote a tip descends from, if its author never saw that tip."""
    base = frozenset[int]() if tip.base is None else graph.ancestors(tip.base)
    lost = graph.ancestors(tip.version) - base
    seen = sorted(one for one in graph.ancestors(tip.by) - {tip.by} if not graph.ancestors(one) & lost)
    return graph.youngest(seen)


def _reopen(session: Session, book: int, tip: OpenTip) -> None:
    """What may have been overwritten is part of the notebook again, beside what overwrote it."""
    store = session.store
    store.reparent(book, tip.by, unseen(store.graph(book), tip))
    version = store.version(book, tip.version)
    back = version.parents if version.origin is Origin.MERGED else (version.number,)
    standing = session.standing(book)
    tips = store.graph(book).youngest((*standing.tips, *back))
    still = tuple(one for one in standing.open if one != tip)
    store.stand(book, replace(standing, tips=tips, open=still))


def _taken(session: Session, book: int, real: str) -> bytes | None:
    """What the file holds, which is in the store now; None if there is no file."""
    if not os.path.lexists(real):
        return None
    data = read_file(real)
    _take(session, book, Saved(data, session.clock()))
    return data


def _take(session: Session, book: int, saved: Saved, situation: Situation = Situation()) -> None:
    try:
        session.taker.take(book, saved, situation)
    except NotebookError:
        session.taker.keep_unreadable(book, saved)


def _notebook(session: Session, book: int, path: str, number: int) -> bytes:
    if session.store.version(book, number).origin is Origin.UNREADABLE:
        raise NotebookError(f"{path}: version {number} is no notebook; it can only be shown")
    return session.store.data(book, number)


def _is_all(session: Session, book: int) -> bool:
    standing = session.standing(book)
    return not standing.open and standing.tips == (standing.head,)


def _put(session: Session, real: str, data: bytes, held: bytes | None) -> Outcome:
    if held is not None:
        return session.disk.place(real, data, digest(held))
    return Placed() if create_file(real, data) else Busy("it is being made")


def _restored(
    session: Session, book: int, real: str, number: int, contents: tuple[bytes, bytes | None]
) -> Restored:
    """Record what stands in the file now; `contents` are that and what else it displaced."""
    data, displaced = contents
    before = session.standing(book).head
    saved = Saved(data, session.clock(), origin=Origin.RESTORED)
    version = session.taker.replace_all(book, saved, f"version {number} was brought back").version
    assert version is not None
    if displaced is None:
        return Restored(version)
    _take(session, book, Saved(displaced, session.clock(), in_file=False), Situation(told=before))
    session.disk.confirm(LateSave(real, displaced))
    settled = session.settler.settle(book, real)
    return Restored(version, settled if isinstance(settled, Merged) else None)
