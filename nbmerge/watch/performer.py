"""Owns: carrying out what the coordinator asks for.

Must not know: when or why it is asked.  Invariant: every action but `Tell` is answered with
one result; a failure of the system is an answer too, never an exception that ends the watch.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from nbmerge.disk.values import LateSave
from nbmerge.errors import NbmergeError, NotebookError
from nbmerge.files import digest, reason
from nbmerge.history.store import Store
from nbmerge.history.values import StoreLost
from nbmerge.lineage.arrival import Action as Verdict
from nbmerge.lineage.standing import Standing
from nbmerge.lineage.versions import Origin, Writer
from nbmerge.reconcile.copies import name_of, take_copy
from nbmerge.reconcile.settle import Merged, Nothing, Settler, Waiting
from nbmerge.reconcile.take import Saved, Taken, Taker
from nbmerge.reconcile.union import is_due
from nbmerge.watch import actions as do
from nbmerge.watch.notices import Notice, merged, taken

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.observe.events import Glance
    from nbmerge.watch.means import Eyes, Surroundings, Tending

_LINGER = 30.0  # seconds after a write in which a late save is looked for every moment


@dataclass(slots=True)
class Performer:
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

    def known(self, path: str, glance: Glance) -> bool:
        """Whether a file is as it was when it was last seen, and nothing was left to do about it then.

        If the store fails it has to be read; whoever then needs the store says what is wrong.
        """
        with contextlib.suppress(NbmergeError):
            return self._is_known(path, glance)
        return False

    def _is_known(self, path: str, glance: Glance) -> bool:
        book = self.store.book(path)
        if book is None or self.store.glance(book) != (glance.modified, glance.size, glance.inode):
            return False
        standing = self.store.standing(book)
        return standing is not None and not self._is_due(book, standing)

    def tend(self) -> Iterator[do.Input]:
        """Take the saves that arrived in files which had been displaced."""
        try:
            with self.store.lock():
                for late in self.disk.tend():
                    yield self._take_late(late)
        except StoreLost:
            raise
        except (NbmergeError, OSError):
            return  # it is told again until it could be taken

    def _take_late(self, late: LateSave) -> do.Input:
        book = self.store.adopt(late.path)
        saved = Saved(late.data, self.clock(), in_file=False)
        try:
            if self.taker.knows(book, late.data):  # taken before, and then the confirmation failed
                done = Taken(Verdict.SAME, None, None, "known")
            else:
                done = self.taker.take(book, saved)
        except NotebookError:
            done = Taken(Verdict.SAME, self.taker.keep_unreadable(book, saved), None, "is no notebook")
        took = self._took(late.path, book, done)
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
        book = self.store.adopt(path)
        glance = action.glance
        writer = Writer(way=action.way, owner=None if glance is None else glance.owner)
        try:
            done = self._taken(book, action, writer)
        except NotebookError as error:
            return do.Unreadable(path, action.data, str(error).removeprefix("notebook: "))
        if glance is not None:
            self.store.set_glance(book, (glance.modified, glance.size, glance.inode))
        return self._took(path, book, done, look=not action.in_file and done.version is not None)

    def _taken(self, book: int, action: do.Take, writer: Writer) -> Taken:
        saved = Saved(action.data, action.at, writer)
        if not (action.in_file and self._is_there(action)) and self.taker.knows(book, action.data):
            return Taken(Verdict.SAME, None, None, "known, and no longer in the file")
        latest = self.store.versions(book, last=1)
        since = latest[-1].time if latest else None
        return self.taker.take(book, saved, self.surroundings.situation(action.path, action.data, since))

    def _is_there(self, action: do.Take) -> bool:
        """Whether the file is still the one that was read.  While this waited for its turn, a program
        that takes part may have written what it and others saved: its merges are in the store."""
        try:
            now = os.stat(action.path)
        except OSError:
            return True
        seen = action.glance
        return seen is None or (now.st_mtime_ns, now.st_size, now.st_ino) == (
            seen.modified,
            seen.size,
            seen.inode,
        )

    def _took(self, path: str, book: int, done: Taken, look: bool = False) -> do.Input:
        standing = self.store.standing(book)
        due = standing is not None and self._is_due(book, standing)
        answers = (
            standing is not None and done.version is not None and done.version.number in standing.answered
        )
        if done.action in (Verdict.MERGE, Verdict.AMBIGUOUS) or (done.version and standing and standing.open):
            for notice in taken(path, done, standing):
                self.report(notice)
        return do.Took(path, done.action, due, answers, look)

    def _is_due(self, book: int, standing: Standing) -> bool:
        """Whether something is to be written; mostly it can be told without all that ever was."""
        return standing.tips != (standing.head,) and is_due(standing, self.store.graph(book))

    def _settle(self, path: str) -> do.Input:
        book = self.store.adopt(path)
        why = self.surroundings.hold(path)
        if why is not None:
            return do.NotYet(path, why)
        match self.settler.settle(book, path):
            case Merged(version, union):
                self.wrote_at = self.clock()
                sources = (self.store.data(book, number) for number in union.tips)  # seldom needed
                with contextlib.suppress(NbmergeError, OSError):
                    self.surroundings.sign(union.data, sources)
                self.report(merged(path, version, union, self.store.versions(book)))
                return do.Settled(path, wrote=True)
            case Nothing():
                return do.Settled(path, wrote=False)
            case Waiting(why, found):
                return do.NotYet(path, why, found)

    def _take_copy(self, action: do.TakeCopy) -> Iterator[do.Input]:
        one, data = action.copy, action.data
        book = self.store.adopt(action.path)
        saved = Saved(data, action.at, Writer(name=name_of(one.copy)), Origin.COPY, in_file=False)
        try:
            done = take_copy(self.taker, book, saved, certain=one.copy.certain or one.renamed)
        except NotebookError as error:
            yield do.Unreadable(one.path, data, str(error).removeprefix("notebook: "))
            return
        if done is None:
            yield do.Alone(one.path)
            return
        standing = self.store.standing(book)
        if standing is not None and done.version is None and done.base == standing.head and not one.last:
            yield do.Stays(action.path, one)
            return
        yield self._took(action.path, book, done)
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
