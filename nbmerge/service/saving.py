"""Owns: the saves of writers that take part: one that is to be written, and one that its writer has written.

Must not know: tokens, who asks, what is printed.  Invariant: what was sent is in the store before anything
comes of it, and stays there if nothing does; a save that its writer has written changes the file no more.

A claim is not written at once, also where something is due by it then: the editor is just done with the file,
and takes whatever stands there in the next moment for its own.  It is told that something is due; its next
pull or save brings that, as does any other save of the notebook.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

from nbmerge.errors import NotebookError, SystemFailure, UsageError
from nbmerge.files import digest, read_ordinary_file
from nbmerge.history.values import StoreAway, StoreLost
from nbmerge.lineage.versions import Origin, Version
from nbmerge.merge.values import Conflict
from nbmerge.notebook.reader import read
from nbmerge.service.cache import same_notebook
from nbmerge.service.notebook_service import NotebookService, NothingDue, Waiting, Written
from nbmerge.service.record import DeclaredSave
from nbmerge.service.tips import conflicts_of


@dataclass(frozen=True, slots=True)
class Held:
    """What the file holds after a save, which is `sent`, and the conflicts of the merge if it is one."""

    notebook_id: int
    sent: Version
    version: Version
    content: bytes
    conflicts: tuple[Conflict, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """The version that a writer has written, what the file holds now, and whether it lacks something."""

    version: Version
    head: Version
    due: bool


def save(service: NotebookService, sent: DeclaredSave, *, exact: bool = False) -> Held:
    """Have a save written, merged with what came in between.

    `exact`: where nothing of others came in, the file holds the very bytes then, however it was spelled.

    Raises UsageError if its base is not known here, NotebookError if the file is gone or is no
    notebook, SystemFailure if it could not be written; what was sent is in the store then.
    """
    recorded: Version | None = None

    def attempt() -> Held | Waiting:
        nonlocal recorded
        with service.at(sent.path) as (notebook_id, real):
            recorded = recorded or service.recorder.record_declared(notebook_id, sent, service.clock())
            match service.write_due(notebook_id, real):
                case Written(version, merge):
                    service.recorder.taken_in(notebook_id, version)
                    held = Held(notebook_id, recorded, version, merge.data, merge.conflicts)
                case NothingDue():
                    held = _held(service, notebook_id, recorded)
                case waiting:
                    return waiting
            return _spelled_as_sent(service, real, sent, held) if exact else held

    try:
        return service.patiently(sent.path, attempt)
    except NotebookError as error:
        raise NotebookError(f"{error}{_kept_as(recorded or _kept(service, sent))}") from error
    except (StoreLost, StoreAway):  # whoever keeps the store open asks again, or keeps the save meanwhile
        raise
    except SystemFailure as error:
        raise SystemFailure(f"{error}{_kept_as(recorded)}") from error


def _held(service: NotebookService, notebook_id: int, sent: Version) -> Held:
    heads, head = service.recorder.heads(notebook_id), service.head(notebook_id)
    is_merge = head.origin is Origin.MERGED and set(heads.tips) in ({head.number}, set(head.parents))
    conflicts = conflicts_of(service.store, notebook_id, head, service.recorder.cache) if is_merge else ()
    return Held(notebook_id, sent, head, service.store.data(notebook_id, head.number), conflicts)


def _spelled_as_sent(service: NotebookService, real: str, sent: DeclaredSave, held: Held) -> Held | Waiting:
    """The same once the file holds the bytes that were sent, if only their spelling differs."""
    if held.content == sent.content:
        return replace(held, sent=held.version)
    if not same_notebook(read(held.content, known=sent.notebook.cells), sent.notebook):
        return held
    version = service.recorder.record_respelled(held.notebook_id, sent, held.version, service.clock())
    match service.write_due(held.notebook_id, real):
        case Written():
            return replace(held, sent=version, version=version, content=sent.content)
        case NothingDue():
            return held
        case waiting:
            return waiting


def _kept(service: NotebookService, sent: DeclaredSave) -> Version | None:
    """Keep a save although the file cannot be read; None if nothing is known of the notebook."""
    real = os.path.realpath(sent.path)
    with service.store.lock(real):
        notebook_id = service.store.notebook_id(real)
        if notebook_id is None or service.store.heads(notebook_id) is None:
            return None
        return service.recorder.record_declared(notebook_id, sent, service.clock())


def _kept_as(version: Version | None) -> str:
    return "" if version is None else f"; what you sent is version {version.number} (see `log`)"


def claim(service: NotebookService, written: DeclaredSave) -> Claim:
    """Take a writer's word for what the bytes were made from that it has just written to the file itself.

    Whatever they were taken for is put right.  If the file holds others by now, these are judged as usual.

    Raises UsageError if the base is not known here: the bytes are taken for what they look like then;
    NotebookError if the file is gone or is no notebook by now; what was written is in the store then.
    """
    version = _put_right(service, written)
    service.holds.release(written.path)
    try:
        with service.at(written.path) as (notebook_id, _):
            if version is None:
                raise _unknown(service, notebook_id, written)
            return Claim(version, service.head(notebook_id), service.recorder.is_due(notebook_id))
    except NotebookError as error:
        raise NotebookError(f"{error}{_kept_as(version)}") from error


def _put_right(service: NotebookService, written: DeclaredSave) -> Version | None:
    """The version that the bytes are, made from what the writer says; None if that is not known."""
    real, recorder = os.path.realpath(written.path), service.recorder
    with service.store.lock(real):
        notebook_id = service.store.notebook_id(real)
        if notebook_id is None or service.store.heads(notebook_id) is None:
            return None
        base = recorder.declared_base(notebook_id, written.base, written.token)
        if base is None:
            return None
        in_file = _was_in_file(real, written, service.head(notebook_id))
        return recorder.record_written(notebook_id, written, base, service.clock(), in_file=in_file)


def _was_in_file(real: str, written: DeclaredSave, head: Version) -> bool:
    """Whether the bytes came after what the file is known to have held."""
    try:
        data = read_ordinary_file(real)
    except NotebookError:
        return True
    return data == written.content or digest(data) != head.digest


def _unknown(service: NotebookService, notebook_id: int, written: DeclaredSave) -> UsageError:
    kept = service.recorder.keep_without_base(notebook_id, written, service.clock())
    return UsageError(
        f"{written.path}: the version {written.token!r} is not known here; what you wrote is version"
        f" {kept.number}, taken for what it looks like; open the notebook again"
    )
