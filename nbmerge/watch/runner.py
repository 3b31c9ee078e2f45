"""Owns: what the performer works with, as it needs it.
what the watcher tells, as values: for people one line, for programs an object.
carrying out what the coordinator asks for.

Must not know: who provides it; tests give their own.
streams, what is done about it.
when or why it is asked.
Invariant: nothing but signatures.
a notice names the notebook and,
where something can be brought back, the version to ask for.
every action but `Tell` is answered with
one result; a failure of the system is an answer too, never an exception that ends the watch.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Protocol

from nbmerge.disk.values import LateSave
from nbmerge.errors import NbmergeError, NotebookError
from nbmerge.files import digest, reason
from nbmerge.history.store import Store
from nbmerge.history.values import StoreLost
from nbmerge.lineage.arrival import Outcome
from nbmerge.lineage.arrival import Outcome as Verdict
from nbmerge.lineage.heads import Heads
from nbmerge.lineage.versions import Context, Origin, Version, Writer
from nbmerge.service.copies import name_of, take_copy
from nbmerge.service.record import Saved, Taken, Taker
from nbmerge.service.tips import TipMerge, is_due
from nbmerge.service.write import Merged, Nothing, Settler, Waiting
from nbmerge.watch import actions as do

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.observe.events import FileStamp


class Surroundings(Protocol):
    """What can be known of a notebook besides its contents."""

    def situation(self, path: str, data: bytes, since: float | None = None) -> Context:
        """`since`: when the notebook was saved before."""

    def hold(self, path: str) -> str | None:
        """Why nothing is to be written to the notebook just now; None: it may be."""

    def sign(self, merged: bytes, sources: Iterable[bytes]) -> None:
        """Mark a merge as trusted if all that is in it was."""


class Tending(Protocol):
    """The part of a disk that looks after what was displaced."""

    def check_displaced(self) -> list[LateSave]: ...

    def confirm(self, save: LateSave) -> None: ...


class Eyes(Protocol):
    """What can look at files on request."""

    def look(self, path: str) -> None:
        """Tell what the file holds, as an event."""

    def rescan(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Notice:
    """`kind` is merged, ambiguous, dropped, copy, unreadable, tug, overflow, trouble or error."""

    kind: str
    path: str
    message: str
    details: dict[str, object] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        return {"event": self.kind, "path": self.path, "message": self.message, **self.details}


def merged(path: str, version: Version, union: TipMerge, versions: tuple[Version, ...]) -> Notice:
    """The file now holds a merge."""
    by_number = {one.number: one for one in versions}
    sides = _named([by_number[tip] for tip in union.tips])
    cells = sorted({conflict.cell + 1 for conflict in union.conflicts})
    outcome = ""
    if cells:
        noun = "conflict" if len(union.conflicts) == 1 else "conflicts"
        where = "cell" if len(cells) == 1 else "cells"
        outcome = f", {len(union.conflicts)} {noun} in {where} {', '.join(map(str, cells))}"
    details: dict[str, object] = {
        "version": version.number,
        "tips": list(union.tips),
        "bases": list(union.bases),
        "conflicts": [conflict.as_json() for conflict in union.conflicts],
        "decisions": [decision.as_json() for decision in union.decisions],
    }
    made = "put back" if len(union.tips) == 1 else "merged"
    return Notice("merged", path, f"{made} {sides}: version {version.number}{outcome}", details)


def taken(path: str, done: Taken, heads: Heads | None) -> Iterator[Notice]:
    """What is worth telling about a save besides the merge that may follow."""
    if done.version is None or heads is None:
        return
    number = done.version.number
    for tip in heads.open:
        if tip.by != number:
            continue
        kind = "ambiguous" if done.action is Outcome.AMBIGUOUS else "dropped"
        message = (
            f"version {number} may have overwritten version {tip.version} ({done.why}); it was accepted,"
            f" `recover` merges the two"
        )
        yield Notice(kind, path, message, {"version": number, "open_tip": tip.version, "base": tip.base})


def _named(versions: list[Version]) -> str:
    """Who saved them is told where they said it; guesses are for `log`."""
    return " and ".join(
        f"version {version.number}" + (f" by {version.writer.name}" if version.writer.name else "")
        for version in versions
    )


_LINGER = 30.0  # seconds after a write in which a late save is looked for every moment


@dataclass(slots=True)
class ActionRunner:
    """The hands of the watcher; `clock` gives seconds since the epoch."""

    taker: Taker
    settler: Settler
    disk: Tending
    eyes: Eyes
    surroundings: Surroundings
    report: Callable[[Notice], None]
    clock: Callable[[], float]
    discard: Callable[[str, str], bool]
    wrote_at: float = field(default=float("-inf"))

    @property
    def store(self) -> Store:
        return self.taker.store

    def lingers(self) -> bool:
        """Whether an editor may still write to a file that was displaced."""
        return 0 <= self.clock() - self.wrote_at < _LINGER

    def known(self, path: str, stamp: FileStamp) -> bool:
        """Whether a file is as it was when it was last seen, and nothing was left to do about it then.

        If the store fails it has to be read; whoever then needs the store says what is wrong.
        """
        with contextlib.suppress(NbmergeError):
            return self._is_known(path, stamp)
        return False

    def _is_known(self, path: str, stamp: FileStamp) -> bool:
        notebook_id = self.store.notebook_id(path)
        if notebook_id is None or self.store.stamp(notebook_id) != (stamp.modified, stamp.size, stamp.inode):
            return False
        heads = self.store.heads(notebook_id)
        return heads is not None and not self._is_due(notebook_id, heads)

    def tend(self) -> Iterator[do.Input]:
        """Take the saves that arrived in files which had been displaced."""
        try:
            with self.store.lock():
                for late in self.disk.check_displaced():
                    yield self._take_late(late)
        except StoreLost:
            raise
        except (NbmergeError, OSError):
            return  # it is told again until it could be taken

    def _take_late(self, late: LateSave) -> do.Input:
        notebook_id = self.store.adopt(late.path)
        saved = Saved(late.data, self.clock(), in_file=False)
        try:
            if self.taker.knows(notebook_id, late.data):  # taken before, and then the confirmation failed
                done = Taken(Verdict.SAME, None, None, "known")
            else:
                done = self.taker.take(notebook_id, saved)
        except NotebookError:
            done = Taken(Verdict.SAME, self.taker.keep_unreadable(notebook_id, saved), None, "is no notebook")
        took = self._took(late.path, notebook_id, done)
        self.store.flush()
        self.disk.confirm(late)
        return took

    def perform(self, action: do.Action) -> Iterator[do.Input]:
        """Do it, and tell what came of it."""
        try:
            match action:
                case do.Tell(kind, path, message):
                    self.report(Notice(kind, path, message))
                case do.Look(path):
                    self.eyes.look(path)
                case do.Rescan():
                    self.eyes.rescan()
                case _:
                    with self.store.lock():
                        yield from self._performed(action)
        except StoreLost:
            raise
        except NbmergeError as error:
            yield _refused(action, str(error))
        except OSError as error:
            yield _refused(action, f"{_path(action)}: {reason(error)}")

    def _performed(self, action: do.Action) -> Iterator[do.Input]:
        match action:
            case do.Take():
                yield self._take(action)
            case do.TakeCopy():
                yield from self._take_copy(action)
            case do.Keep(path, data, at):
                kept = self.taker.keep_unreadable(self.store.adopt(path), Saved(data, at))
                yield do.Kept(path, kept.number)
            case do.Settle(path):
                yield self._settle(path)
            case do.Follow(old, new):
                self.store.moved(old, new)
                yield do.Followed(old, new)

    def _take(self, action: do.Take) -> do.Input:
        path = action.path
        notebook_id = self.store.adopt(path)
        stamp = action.stamp
        writer = Writer(way=action.way, owner=None if stamp is None else stamp.owner)
        try:
            done = self._taken(notebook_id, action, writer)
        except NotebookError as error:
            return do.Unreadable(path, action.data, str(error).removeprefix("notebook: "))
        if stamp is not None:
            self.store.set_stamp(notebook_id, (stamp.modified, stamp.size, stamp.inode))
        return self._took(path, notebook_id, done, look=not action.in_file and done.version is not None)

    def _taken(self, notebook_id: int, action: do.Take, writer: Writer) -> Taken:
        saved = Saved(action.data, action.at, writer)
        if not (action.in_file and self._is_there(action)) and self.taker.knows(notebook_id, action.data):
            return Taken(Verdict.SAME, None, None, "known, and no longer in the file")
        latest = self.store.versions(notebook_id, last=1)
        since = latest[-1].time if latest else None
        return self.taker.take(
            notebook_id, saved, self.surroundings.situation(action.path, action.data, since)
        )

    def _is_there(self, action: do.Take) -> bool:
        """Whether the file is still the one that was read.  While this waited for its turn, a program
        that takes part may have written what it and others saved: its merges are in the store."""
        try:
            now = os.stat(action.path)
        except OSError:
            return True
        seen = action.stamp
        return seen is None or (now.st_mtime_ns, now.st_size, now.st_ino) == (
            seen.modified,
            seen.size,
            seen.inode,
        )

    def _took(self, path: str, notebook_id: int, done: Taken, look: bool = False) -> do.Input:
        heads = self.store.heads(notebook_id)
        due = heads is not None and self._is_due(notebook_id, heads)
        answers = heads is not None and done.version is not None and done.version.number in heads.answered
        if done.action in (Verdict.MERGE, Verdict.AMBIGUOUS) or (done.version and heads and heads.open):
            for notice in taken(path, done, heads):
                self.report(notice)
        return do.Took(path, done.action, due, answers, look)

    def _is_due(self, notebook_id: int, heads: Heads) -> bool:
        """Whether something is to be written; mostly it can be told without all that ever was."""
        return heads.tips != (heads.head,) and is_due(heads, self.store.graph(notebook_id))

    def _settle(self, path: str) -> do.Input:
        notebook_id = self.store.adopt(path)
        why = self.surroundings.hold(path)
        if why is not None:
            return do.NotYet(path, why)
        match self.settler.settle(notebook_id, path):
            case Merged(version, union):
                self.wrote_at = self.clock()
                sources = (self.store.data(notebook_id, number) for number in union.tips)  # seldom needed
                with contextlib.suppress(NbmergeError, OSError):
                    self.surroundings.sign(union.data, sources)
                self.report(merged(path, version, union, self.store.versions(notebook_id)))
                return do.Settled(path, wrote=True)
            case Nothing():
                return do.Settled(path, wrote=False)
            case Waiting(why, found):
                return do.NotYet(path, why, found)

    def _take_copy(self, action: do.TakeCopy) -> Iterator[do.Input]:
        one, data = action.copy, action.data
        notebook_id = self.store.adopt(action.path)
        saved = Saved(data, action.at, Writer(name=name_of(one.copy)), Origin.COPY, in_file=False)
        try:
            done = take_copy(self.taker, notebook_id, saved, certain=one.copy.certain or one.renamed)
        except NotebookError as error:
            yield do.Unreadable(one.path, data, str(error).removeprefix("notebook: "))
            return
        if done is None:
            yield do.Alone(one.path)
            return
        heads = self.store.heads(notebook_id)
        if heads is not None and done.version is None and done.base == heads.head and not one.last:
            yield do.Stays(action.path, one)
            return
        yield self._took(action.path, notebook_id, done)
        self.store.flush()
        self.discard(one.path, digest(data))


def _path(action: do.Action) -> str:
    """The file that an action is about: what is to be looked at again if it is refused."""
    match action:
        case do.TakeCopy(_, copy):
            return copy.path
        case do.Take(path) | do.Keep(path) | do.Settle(path) | do.Look(path) | do.Follow(_, path):
            return path
    return ""


def _refused(action: do.Action, message: str) -> do.Refused:
    unrecorded = isinstance(action, do.Take | do.TakeCopy | do.Keep)
    again = action if isinstance(action, do.Take | do.Follow) else None
    return do.Refused(_path(action), message, unrecorded or again is not None, again)
