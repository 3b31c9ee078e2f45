"""Owns: putting a whole notebook in the place of a broken one.

Must not know: how it was rebuilt, options.  Invariant: the broken bytes are a version before
anything takes their place; what is there by then and was not the broken file is not overwritten.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from nbmerge.disk.values import Busy, Changed, Gone, LateSave, Placed
from nbmerge.errors import NotebookError, SystemFailure
from nbmerge.files import digest, read_file
from nbmerge.lineage.versions import TOLD, Context, Origin, Version, Writer
from nbmerge.service.record import Saved
from nbmerge.sync.saving import Saving

_NAME = "nbmerge fix"  # what the history calls the writer


@dataclass(frozen=True, slots=True)
class Fixed:
    """The file holds `version`, and `broken` is what it held."""

    broken: Version
    version: Version


def put_in_place(saving: Saving, path: str, broken: bytes, data: bytes) -> Fixed | None:
    """Replace the broken bytes; None if the file holds others by now: they were not overwritten.

    Raises SystemFailure if the file cannot be written now, NotebookError if it is gone; the broken
    bytes are in the store then.
    """
    real = os.path.realpath(path)
    session = saving.session
    end = session.clock() + saving.timing.patience
    while True:
        with session.store.lock():
            if read_file(real) != broken:
                return None
            notebook_id = session.store.adopt(real)
            kept = session.taker.keep_unreadable(notebook_id, Saved(broken, session.clock()))
            session.store.flush()
            why = saving.surroundings.hold(real)
            match Busy(why) if why is not None else session.disk.place(real, data, digest(broken)):
                case Placed(displaced):
                    return Fixed(kept, _recorded(saving, real, notebook_id, kept, (data, displaced)))
                case Changed():
                    return None
                case Gone():
                    raise NotebookError(f"{path}: is gone; what it held is version {kept.number}")
                case Busy(why):
                    pass
        if session.clock() >= end:
            raise SystemFailure(f"{path}: cannot be written now: {why}; nothing was changed, try again")
        saving.sleep(saving.timing.pause)


def _recorded(
    saving: Saving, real: str, notebook_id: int, broken: Version, contents: tuple[bytes, bytes | None]
) -> Version:
    """Record what stands in the file now; `contents` are that and what else it displaced."""
    data, displaced = contents
    session = saving.session
    saved = Saved(data, session.clock(), Writer(way=TOLD, name=_NAME), Origin.RESTORED)
    why = f"rebuilt from version {broken.number}, which is no notebook"
    version = session.taker.replace_all(notebook_id, saved, why).version
    assert version is not None
    if displaced is not None:
        late = Saved(displaced, session.clock(), in_file=False)
        try:
            session.taker.take(notebook_id, late, Context(told=version.number))
        except NotebookError:
            session.taker.keep_unreadable(notebook_id, late)
        session.store.flush()
        session.disk.confirm(LateSave(real, displaced))
        session.settler.settle(notebook_id, real)
    return version
