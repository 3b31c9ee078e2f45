"""Owns: carrying out what the coordinator asks for, and what people are told of it.

Must not know: when or why something is asked for, streams.  Invariant: every action but `Tell` and `Follow`
is answered with one result; a failure of the system is an answer too, never an exception that ends the
watch; a notice names the notebook and, where something can be brought back, the version to ask for.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol

from nbmerge.errors import NbmergeError, NotebookError
from nbmerge.files import digest, read_ordinary_file, reason
from nbmerge.history.store import Store
from nbmerge.history.values import StoreLost
from nbmerge.lineage.heads import Heads, Outcome, is_due
from nbmerge.lineage.versions import Origin, Version, Writer
from nbmerge.observe.events import FileStamp, WallTime
from nbmerge.observe.reading import TakenCopy
from nbmerge.service.arrivals import keep_arrivals, remove_journals
from nbmerge.service.changes import brought
from nbmerge.service.copies import name_of, record_copy
from nbmerge.service.notebook_service import NotebookService, NothingDue, Waiting, Written
from nbmerge.service.record import Recorded, Saved, found_in_file
from nbmerge.service.views import REMEMBERED
from nbmerge.watch import actions as do

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.lineage.changes import Changes
    from nbmerge.service.tips import TipMerge

_LINGER = 30.0  # seconds after a write in which a late save is looked for every moment


class FileReader(Protocol):
    """What reads files on request."""

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


def merged(
    path: str, version: Version, merge: TipMerge, tips: Sequence[Version], brought: Mapping[int, Changes]
) -> Notice:
    """The file now holds a merge of these tips, each of which brought something."""
    cells = sorted({conflict.cell + 1 for conflict in merge.conflicts})
    outcome = ""
    if cells:
        noun = "conflict" if len(merge.conflicts) == 1 else "conflicts"
        where = "cell" if len(cells) == 1 else "cells"
        outcome = f", {len(merge.conflicts)} {noun} in {where} {', '.join(map(str, cells))}"
    details: dict[str, object] = {
        "version": version.number,
        "tips": list(merge.tips),
        "bases": list(merge.bases),
        "conflicts": [conflict.as_json() for conflict in merge.conflicts],
        "decisions": [decision.as_json() for decision in merge.decisions],
    }
    return Notice("merged", path, f"{_made_of(tips, brought)}: version {version.number}{outcome}", details)


def doubtful(path: str, done: Recorded, heads: Heads | None) -> Iterator[Notice]:
    """What is worth telling about a save besides the merge that may follow."""
    if done.version is None or heads is None:
        return
    number = done.version.number
    if done.told:
        message = (
            f"version {number} shows just what version {done.base} did: the conflict is settled so; `log` has"
            " what each side was"
        )
        yield Notice("settled", path, message, {"version": number, "base": done.base})
    for tip in heads.open:
        if tip.by != number:
            continue
        kind = "ambiguous" if done.outcome is Outcome.AMBIGUOUS else "dropped"
        why = f"it lacks something that version {tip.version} brought" if tip.seen else done.why
        message = (
            f"version {number} may have overwritten version {tip.version} ({why}); it was accepted,"
            f" `recover` merges the two"
        )
        yield Notice(kind, path, message, {"version": number, "open_tip": tip.version, "base": tip.base})


def _made_of(tips: Sequence[Version], brought: Mapping[int, Changes]) -> str:
    """What came from whom; the newest is what came to the others."""
    newest = max(tips, key=lambda tip: tip.number)
    others = [_side(tip, brought) for tip in tips if tip is not newest]
    if not others:
        return f"put back {_side(newest, brought)}"
    return f"merged {_side(newest, brought)} into {' and '.join(others)}"


def _side(tip: Version, brought: Mapping[int, Changes]) -> str:
    words = brought[tip.number].words if tip.number in brought else ""
    return f'"{tip.called}" ({f"@{tip.number}: {words}" if words else f"@{tip.number}"})'


@dataclass(slots=True)
class ActionRunner:
    """What carries out actions; `take_copy` reads a conflict copy, if that may be put into its notebook, and
    `discard` removes it if it still holds what was recorded."""

    service: NotebookService
    files: FileReader
    report: Callable[[Notice], None]
    discard: Callable[[str, str], bool]
    take_copy: Callable[[str, str], TakenCopy]
    wrote_at: float = field(default=float("-inf"))
    doubted: dict[str, float] = field(default_factory=dict)  # files to look at again, and when

    @property
    def store(self) -> Store:
        return self.service.store

    def now(self) -> WallTime:
        """The date."""
        return WallTime(self.service.clock())

    def lingers(self) -> bool:
        """Whether an editor may still write to a file that was displaced."""
        return 0 <= self.now() - self.wrote_at < _LINGER

    def known(self, path: str, stamp: FileStamp) -> bool:
        """Whether a file is as it was when it was last seen, and nothing was left to do about it then.

        If the store fails it has to be read; whoever then needs the store says what is wrong.
        """
        if self.store.is_shared:  # what one machine sees of a file's times may be old
            return False
        with contextlib.suppress(NbmergeError):
            seen = self.store.seen(path)
            if seen is None or seen.heads is None or seen.stamp != _numbers(stamp):
                return False
            return not is_due(seen.heads, self.store.graph(seen.id))
        return False

    def tend(self) -> Iterator[do.Input]:
        """Record the saves that arrived in files which had been displaced, and look again at files that may
        have shown an older version."""
        for path in [path for path, due in self.doubted.items() if due <= self.service.stopwatch()]:
            del self.doubted[path]
            self.files.look(path)
        try:
            for path, notebook_id, done in self.service.record_late():
                yield self._recorded(path, notebook_id, done)
        except StoreLost:
            raise
        except (NbmergeError, OSError):
            return  # it is told again until it could be recorded

    def perform(self, action: do.Action) -> Iterator[do.Input]:
        """Do it, and tell what came of it."""
        try:
            match action:
                case do.Tell(kind, path, message):
                    self.report(Notice(kind, path, message))
                case do.Look(path):
                    self.files.look(path)
                case do.Rescan():
                    self.files.rescan()
                case do.DropJournal(journal):
                    for left in remove_journals([journal]):
                        self.report(Notice("trouble", left.path, left.why))
                case do.TakeJournal(journal):
                    for left in keep_arrivals(self.service.recorder, [journal]):
                        self.report(Notice("trouble", left.path, left.why))
                case _:
                    with self.store.lock(*_notebooks(action), seeking=_bytes_of(action)):
                        yield from self._performed(action)
        except StoreLost:
            raise
        except NbmergeError as error:
            yield from _refused(action, str(error))
        except OSError as error:
            yield from _refused(action, f"{_path(action)}: {reason(error)}")

    def _performed(self, action: do.Action) -> Iterator[do.Input]:
        match action:
            case do.RecordSave():
                yield self._record(action)
            case do.KeepSaves(path, saves):
                count = self.service.recorder.keep(self.store.adopt(path), map(_saved, saves))
                yield do.SavesKept(path, count)
            case do.RecordCopy():
                yield from self._record_copy(action)
            case do.RecordUnreadable(path, data, at):
                recorder = self.service.recorder
                kept = recorder.record_unreadable(self.store.adopt(path), Saved(data, at))
                yield do.UnreadableRecorded(path, kept.number)
            case do.WriteDue(path):
                yield self._write_due(path)
            case do.Follow(old, new):
                self.store.moved(old, new)

    def _record(self, action: do.RecordSave) -> do.Input:
        path, stamp = action.path, action.stamp
        notebook_id = self.store.adopt(path)
        recorder, is_past = self.service.recorder, self._is_past(action)
        if is_past and recorder.knows(notebook_id, action.data):
            done = Recorded(Outcome.SAME, None, None, "known, and no longer in the file")
        elif is_past and self.store.is_shared and self._holds_head(notebook_id, path):
            recorder.keep(notebook_id, [_saved(action)])  # another machine has recorded what came after it
            done = Recorded(Outcome.SAME, None, None, "no longer in the file, which holds what is known")
        elif self.store.is_shared and self.service.views.may_be_old(notebook_id, path, digest(action.data)):
            self.doubted[path] = self.service.stopwatch() + REMEMBERED
            done = Recorded(Outcome.SAME, None, None, "an older version, which the drive may remember")
        else:
            try:
                done = self.service.record(notebook_id, path, _saved(action))
            except NotebookError as error:
                return do.Unreadable(path, action.data, str(error).removeprefix("notebook: "), action.at)
        if stamp is not None and not self.store.is_shared:
            self.store.set_stamp(notebook_id, _numbers(stamp))
        return self._recorded(path, notebook_id, done, not action.in_file and done.version is not None)

    def _holds_head(self, notebook_id: int, path: str) -> bool:
        """Whether the file holds what the store says that it does."""
        heads = self.store.heads(notebook_id)
        if heads is None:
            return False
        with contextlib.suppress(NotebookError):
            held = digest(read_ordinary_file(path))
            return held == self.store.version(notebook_id, heads.head).digest
        return False

    def _is_past(self, action: do.RecordSave) -> bool:
        """Whether the file is not the one any more that was read.  While this waited for its turn, a program
        that takes part may have written what it and others saved: its merges are in the store."""
        if not action.in_file:
            return True
        try:
            now = os.stat(action.path)
        except OSError:
            return False
        return action.stamp is not None and _numbers(action.stamp) != (
            now.st_mtime_ns,
            now.st_size,
            now.st_ino,
        )

    def _recorded(self, path: str, notebook_id: int, done: Recorded, look: bool = False) -> do.Input:
        heads = self.store.heads(notebook_id)
        due = self.service.recorder.is_due(notebook_id)
        answers = heads is not None and done.version is not None and done.version.number in heads.answered
        for notice in doubtful(path, done, heads):
            self.report(notice)
        return do.SaveRecorded(path, done.outcome, due, answers, look)

    def _write_due(self, path: str) -> do.Input:
        notebook_id = self.store.adopt(path)
        match self.service.write_due(notebook_id, path):
            case Written(version, merge):
                self.wrote_at = self.now()
                sides = [self.store.version(notebook_id, tip) for tip in merge.tips]
                news = brought(self.service.recorder.cache, notebook_id, version, merge)
                self.report(merged(path, version, merge, sides, news))
                return do.UpToDate(path, wrote=True)
            case NothingDue():
                return do.UpToDate(path, wrote=False)
            case Waiting(why, found):
                return do.NotYet(path, why, self.now(), found)

    def _record_copy(self, action: do.RecordCopy) -> Iterator[do.Input]:
        one, taken = action.copy, self.take_copy(action.copy.path, action.path)
        data = taken.data
        if data is None:
            if taken.refused:
                self.report(Notice("trouble", one.path, taken.refused))
            yield do.Alone(one.path)
            return
        notebook_id = self.store.adopt(action.path)
        saved = Saved(data, action.at, Writer(name=name_of(one.copy)), Origin.COPY, in_file=False)
        try:
            certain = one.copy.certain or one.renamed
            done = record_copy(self.service.recorder, notebook_id, saved, certain)
        except NotebookError as error:
            yield do.Unreadable(one.path, data, str(error).removeprefix("notebook: "), action.at)
            return
        if done is None:
            self._tell_kin(notebook_id, action.path, one.path, one.copy.client, digest(data))
            yield do.Alone(one.path)
            return
        heads = self.store.heads(notebook_id)
        if heads is not None and done.version is None and done.base == heads.head and not one.last:
            yield do.Stays(action.path, one)
            return
        yield self._recorded(action.path, notebook_id, done)
        self.store.flush()
        self.discard(one.path, digest(data))

    def _tell_kin(self, notebook_id: int, path: str, beside: str, client: str, name: str) -> None:
        """Name a file that people may have made, but that holds what the notebook held once."""
        kin, heads = self.store.find(notebook_id, name), self.store.heads(notebook_id)
        if kin is None or heads is None or self.store.version(notebook_id, heads.head).digest == name:
            return
        message = (
            f"{os.path.basename(beside)} beside it holds version {kin.number}, which {client} may have"
            " replaced; it is left alone: `log` lists what came later, `restore` brings that version back"
        )
        self.report(Notice("copy", path, message, {"copy": beside, "version": kin.number}))


def _numbers(stamp: FileStamp) -> tuple[int, int, int]:
    """What the store remembers of a file."""
    return stamp.modified, stamp.size, stamp.inode


def _path(action: do.Action) -> str:
    """The file that an action is about: what is to be looked at again if it is refused."""
    match action:
        case do.RecordCopy(_, copy):
            return copy.path
        case do.Follow(_, path):
            return path
        case (
            do.RecordSave(path)
            | do.KeepSaves(path)
            | do.RecordUnreadable(path)
            | do.WriteDue(path)
            | do.Look(path)
        ):
            return path
    return ""


def _notebooks(action: do.Action) -> tuple[str, ...]:
    """The notebooks that an action may change."""
    match action:
        case do.RecordCopy(path):
            return (path,)
        case do.Follow(old, new):
            return old, new
    return (_path(action),)


def _bytes_of(action: do.Action) -> Callable[[], str] | None:
    """The digest of what is to be recorded."""
    return partial(digest, action.data) if isinstance(action, do.RecordSave) else None


def _saved(action: do.RecordSave) -> Saved:
    return found_in_file(action.data, action.at, action.way, action.stamp)


def _refused(action: do.Action, message: str) -> Iterator[do.Refused]:
    if isinstance(action, do.KeepSaves):
        for save in action.saves:
            yield from _refused(save, message)
        return
    unrecorded = isinstance(action, do.RecordSave | do.RecordCopy | do.RecordUnreadable)
    again = action if isinstance(action, do.RecordSave | do.Follow) else None
    yield do.Refused(_path(action), message, unrecorded or again is not None, again)
