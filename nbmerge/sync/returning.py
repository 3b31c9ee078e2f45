"""Owns: bringing versions back on request: one as it was, or what may have been overwritten.

Must not know: options, what is printed.  Invariant: what the file holds is in the store before
anything takes its place, and a save that comes in between is merged, not lost.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, replace

from nbmerge.disk.values import Busy, Changed, Gone, LateSave, Outcome, Placed
from nbmerge.errors import NbmergeError, NotebookError, SystemFailure
from nbmerge.files import create_file, digest, read_file
from nbmerge.lineage.arrival import unseen
from nbmerge.lineage.situation import Situation
from nbmerge.lineage.standing import OpenTip
from nbmerge.lineage.versions import Origin, Version
from nbmerge.reconcile.settle import Merged, Nothing, Waiting
from nbmerge.reconcile.take import Saved
from nbmerge.reconcile.union import is_due, unite
from nbmerge.sync.saving import Saving


@dataclass(frozen=True, slots=True)
class Restored:
    """The file holds `version`, or, if a save came in just then, `merged`: both."""

    version: Version
    merged: Merged | None = None


def restore(saving: Saving, path: str, number: int) -> Restored | None:
    """Make a version what the file holds, as a version of its own that closes all tips; also if
    the file is gone or is no notebook now.  None: it holds it already, and nothing is open.

    Raises NotebookError if the version is no notebook or no longer kept, SystemFailure if the
    file cannot be written.
    """
    real = os.path.realpath(path)
    session = saving.session
    end = session.clock() + saving.timing.patience
    while True:
        with session.store.lock():
            book = session.store.adopt(real)
            held = _taken(saving, book, real)
            data = _notebook(saving, book, path, number)
            if held == data and _is_all(saving, book):
                return None
            match _put(saving, book, real, data, held):
                case Placed(displaced):
                    return _restored(saving, book, real, number, (data, displaced))
                case Busy(why):
                    pass
                case Changed() | Gone():
                    why = "other programs keep saving it"
        if session.clock() >= end:
            raise SystemFailure(f"{path}: cannot be written now: {why}; nothing was changed, try again")
        saving.sleep(saving.timing.pause)


def recover(saving: Saving, path: str) -> Merged | None:
    """Merge all open tips into the notebook; None if there is nothing that the file lacks.

    Raises NotebookError if the file is no notebook, SystemFailure if it cannot be written.
    """
    end = saving.session.clock() + saving.timing.patience
    reopened = False
    while True:
        with saving.at(path) as (book, real):
            for tip in saving.session.standing(book).open:
                _reopen(saving, book, tip)
                reopened = True
            match _settled(saving, book, real):
                case Merged() as merged:
                    return merged
                case Nothing():  # or the watcher was faster
                    return _held(saving, book) if reopened else None
                case Waiting(why):
                    pass
        if saving.session.clock() >= end:
            raise SystemFailure(
                f"{path}: cannot be written now: {why}; try again, the merge is not forgotten"
            )
        saving.sleep(saving.timing.pause)


def _reopen(saving: Saving, book: int, tip: OpenTip) -> None:
    """What may have been overwritten is part of the notebook again, beside what overwrote it."""
    store = saving.session.store
    with store.together():
        store.reparent(book, tip.by, unseen(store.graph(book), tip))
        version = store.version(book, tip.version)
        back = version.parents if version.origin is Origin.MERGED else (version.number,)
        standing = saving.session.standing(book)
        tips = store.graph(book).youngest((*standing.tips, *back))
        still = tuple(one for one in standing.open if one != tip)
        store.stand(book, replace(standing, tips=tips, open=still))


def _held(saving: Saving, book: int) -> Merged:
    store, standing = saving.session.store, saving.session.standing(book)
    return Merged(store.version(book, standing.head), unite(store, book, standing))


def _settled(saving: Saving, book: int, real: str) -> Merged | Nothing | Waiting:
    """Write what is due, unless it is better to wait."""
    store, standing = saving.session.store, saving.session.standing(book)
    if not is_due(standing, store.graph(book)):
        return Nothing()
    why = saving.hold(real, store.version(book, standing.head))
    if why is not None:
        return Waiting(why)
    settled = saving.session.settler.settle(book, real)
    if isinstance(settled, Merged):
        with contextlib.suppress(NbmergeError, OSError):
            sources = [store.data(book, tip) for tip in settled.union.tips]
            saving.surroundings.sign(settled.union.data, sources)
    return settled


def _taken(saving: Saving, book: int, real: str) -> bytes | None:
    """What the file holds, which is in the store now; None if there is no file."""
    if not os.path.lexists(real):
        return None
    data = read_file(real)
    _take(saving, book, Saved(data, saving.session.clock()))
    return data


def _take(saving: Saving, book: int, saved: Saved, situation: Situation = Situation()) -> None:
    try:
        saving.session.taker.take(book, saved, situation)
    except NotebookError:
        saving.session.taker.keep_unreadable(book, saved)


def _notebook(saving: Saving, book: int, path: str, number: int) -> bytes:
    if saving.session.store.version(book, number).origin is Origin.UNREADABLE:
        raise NotebookError(f"{path}: version {number} is no notebook: `show` prints it, to be put in a file")
    return saving.session.store.data(book, number)


def _is_all(saving: Saving, book: int) -> bool:
    standing = saving.session.standing(book)
    return not standing.open and standing.tips == (standing.head,)


def _put(saving: Saving, book: int, real: str, data: bytes, held: bytes | None) -> Outcome:
    if held is None:
        return Placed() if create_file(real, data) else Busy("it is just being made")
    head = saving.session.store.version(book, saving.session.standing(book).head)
    why = saving.hold(real, head)
    return Busy(why) if why is not None else saving.session.disk.place(real, data, digest(held))


def _restored(
    saving: Saving, book: int, real: str, number: int, contents: tuple[bytes, bytes | None]
) -> Restored:
    """Record what stands in the file now; `contents` are that and what else it displaced."""
    data, displaced = contents
    session = saving.session
    before = session.standing(book).head
    saved = Saved(data, session.clock(), origin=Origin.RESTORED)
    version = session.taker.replace_all(book, saved, f"version {number} was brought back").version
    assert version is not None
    if displaced is None:
        return Restored(version)
    _take(saving, book, Saved(displaced, session.clock(), in_file=False), Situation(told=before))
    session.store.flush()
    session.disk.confirm(LateSave(real, displaced))
    settled = session.settler.settle(book, real)
    return Restored(version, settled if isinstance(settled, Merged) else None)
