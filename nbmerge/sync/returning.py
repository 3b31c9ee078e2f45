"""Owns: bringing versions back on request: one as it was, or what may have been overwritten.

Must not know: options, what is printed.  Invariant: what the file holds is in the store before
anything takes its place, and a save that comes in between is merged, not lost.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass, replace

from nbmerge.disk.values import Busy, Changed, Gone, LateSave, Placed, PlaceResult
from nbmerge.errors import NbmergeError, NotebookError, SystemFailure
from nbmerge.files import create_file, digest, read_file
from nbmerge.lineage.arrival import unseen
from nbmerge.lineage.heads import OpenTip
from nbmerge.lineage.versions import Context, Origin, Version
from nbmerge.service.record import Saved
from nbmerge.service.tips import is_due, merge_tips
from nbmerge.service.write import Merged, Nothing, Waiting
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
            notebook_id = session.store.adopt(real)
            held = _taken(saving, notebook_id, real)
            data = _notebook(saving, notebook_id, path, number)
            if held == data and _is_all(saving, notebook_id):
                return None
            match _put(saving, notebook_id, real, data, held):
                case Placed(displaced):
                    return _restored(saving, notebook_id, real, number, (data, displaced))
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
        with saving.at(path) as (notebook_id, real):
            for tip in saving.session.heads(notebook_id).open:
                _reopen(saving, notebook_id, tip)
                reopened = True
            match _settled(saving, notebook_id, real):
                case Merged() as merged:
                    return merged
                case Nothing():  # or the watcher was faster
                    return _held(saving, notebook_id) if reopened else None
                case Waiting(why):
                    pass
        if saving.session.clock() >= end:
            raise SystemFailure(
                f"{path}: cannot be written now: {why}; try again, the merge is not forgotten"
            )
        saving.sleep(saving.timing.pause)


def _reopen(saving: Saving, notebook_id: int, tip: OpenTip) -> None:
    """What may have been overwritten is part of the notebook again, beside what overwrote it."""
    store = saving.session.store
    with store.together():
        store.reparent(notebook_id, tip.by, unseen(store.graph(notebook_id), tip))
        version = store.version(notebook_id, tip.version)
        back = version.parents if version.origin is Origin.MERGED else (version.number,)
        heads = saving.session.heads(notebook_id)
        tips = store.graph(notebook_id).youngest((*heads.tips, *back))
        still = tuple(one for one in heads.open if one != tip)
        store.set_heads(notebook_id, replace(heads, tips=tips, open=still))


def _held(saving: Saving, notebook_id: int) -> Merged:
    store, heads = saving.session.store, saving.session.heads(notebook_id)
    return Merged(store.version(notebook_id, heads.head), merge_tips(store, notebook_id, heads))


def _settled(saving: Saving, notebook_id: int, real: str) -> Merged | Nothing | Waiting:
    """Write what is due, unless it is better to wait."""
    store, heads = saving.session.store, saving.session.heads(notebook_id)
    if not is_due(heads, store.graph(notebook_id)):
        return Nothing()
    why = saving.hold(real, store.version(notebook_id, heads.head))
    if why is not None:
        return Waiting(why)
    settled = saving.session.settler.settle(notebook_id, real)
    if isinstance(settled, Merged):
        with contextlib.suppress(NbmergeError, OSError):
            sources = [store.data(notebook_id, tip) for tip in settled.union.tips]
            saving.surroundings.sign(settled.union.data, sources)
    return settled


def _taken(saving: Saving, notebook_id: int, real: str) -> bytes | None:
    """What the file holds, which is in the store now; None if there is no file."""
    if not os.path.lexists(real):
        return None
    data = read_file(real)
    _take(saving, notebook_id, Saved(data, saving.session.clock()))
    return data


def _take(saving: Saving, notebook_id: int, saved: Saved, situation: Context = Context()) -> None:
    try:
        saving.session.taker.take(notebook_id, saved, situation)
    except NotebookError:
        saving.session.taker.keep_unreadable(notebook_id, saved)


def _notebook(saving: Saving, notebook_id: int, path: str, number: int) -> bytes:
    if saving.session.store.version(notebook_id, number).origin is Origin.UNREADABLE:
        raise NotebookError(f"{path}: version {number} is no notebook: `show` prints it, to be put in a file")
    return saving.session.store.data(notebook_id, number)


def _is_all(saving: Saving, notebook_id: int) -> bool:
    heads = saving.session.heads(notebook_id)
    return not heads.open and heads.tips == (heads.head,)


def _put(saving: Saving, notebook_id: int, real: str, data: bytes, held: bytes | None) -> PlaceResult:
    if held is None:
        return Placed() if create_file(real, data) else Busy("it is just being made")
    head = saving.session.store.version(notebook_id, saving.session.heads(notebook_id).head)
    why = saving.hold(real, head)
    return Busy(why) if why is not None else saving.session.disk.place(real, data, digest(held))


def _restored(
    saving: Saving, notebook_id: int, real: str, number: int, contents: tuple[bytes, bytes | None]
) -> Restored:
    """Record what stands in the file now; `contents` are that and what else it displaced."""
    data, displaced = contents
    session = saving.session
    before = session.heads(notebook_id).head
    saved = Saved(data, session.clock(), origin=Origin.RESTORED)
    version = session.taker.replace_all(notebook_id, saved, f"version {number} was brought back").version
    assert version is not None
    if displaced is None:
        return Restored(version)
    _take(saving, notebook_id, Saved(displaced, session.clock(), in_file=False), Context(told=before))
    session.store.flush()
    session.disk.confirm(LateSave(real, displaced))
    settled = session.settler.settle(notebook_id, real)
    return Restored(version, settled if isinstance(settled, Merged) else None)
