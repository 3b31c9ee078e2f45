"""Owns: the one way in which nbmerge records what a file holds and puts something else in its place.

Must not know: who asks for it (the watcher, a writer that takes part, a command), what is printed.
Invariant: what the file holds is in the store before anything takes its place, a merge is there before it
is written, and what a write displaces is there before its bytes are let go.  Whatever comes in between is a
save, recorded and merged, and never overwritten unseen.
"""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from nbmerge.disk.disk import Disk
from nbmerge.disk.values import Busy, Changed, Gone, LateSave, Placed, PlaceResult
from nbmerge.environment.environment import Environment
from nbmerge.errors import NbmergeError, NotebookError, SystemFailure
from nbmerge.files import create_file, digest, read_ordinary_file
from nbmerge.history.opening import database_of, open_store, state_directory
from nbmerge.history.store import Store
from nbmerge.history.values import Retention
from nbmerge.lineage.heads import Heads, dismissed
from nbmerge.lineage.versions import DECLARED, Context, Origin, Version, Writer
from nbmerge.service.cache import NotebookCache
from nbmerge.service.holding import Holds
from nbmerge.service.record import Recorded, Recorder, Saved
from nbmerge.service.tips import Deadline, OutOfTime, TipMerge, merge_tips, record_merge
from nbmerge.service.views import Views

T = TypeVar("T")

_ATTEMPTS = 8  # saves that may come in between before the caller waits for a quieter moment
_LOOKS = (0.05, 0.1, 0.2, 0.4)  # seconds between looks at a file that is just being written
_LINGER = 0.3  # seconds for what a write of ours displaced to become quiet, before a command ends


class NotebookEnvironment(Protocol):
    """What can be known of a notebook besides its contents; see `nbmerge.environment`."""

    def situation(self, path: str, data: bytes, since: float | None = None, way: str = "") -> Context:
        """What is known of a save; `since`: when the notebook was saved before; `way`: how it was written."""

    def hold(self, path: str) -> str | None:
        """Why nothing is to be written to the notebook just now; None: it may be."""

    def sign(self, merged: bytes, sources: Iterable[bytes]) -> None:
        """Mark a merge as trusted if all that is in it was."""


class Placer(Protocol):
    """What puts bytes in the place of a file that others may write; see `nbmerge.disk`."""

    def place(self, path: str, data: bytes, expected: str) -> PlaceResult: ...

    def check_displaced(self) -> list[LateSave]:
        """The saves that arrived in files which had been displaced."""

    def confirm(self, save: LateSave) -> None:
        """Its bytes are in the store."""

    def being_written(self, path: str) -> bool | None: ...


@dataclass(frozen=True, slots=True)
class Timing:
    """In seconds.  `settle`: how long after another program's save the file is left alone, since
    JupyterLab takes over whatever it finds up to a quarter of a second after its own;
    `patience`: how long a save waits for a moment in which the merge can be written; `merging`: how
    long bases are made that are not in the history, while nobody else can use the store."""

    settle: float = 1.0
    patience: float = 15.0
    pause: float = 0.1
    merging: float = 5.0


@dataclass(frozen=True, slots=True)
class Written:
    """The file now holds `version`, which is the merge of its tips."""

    version: Version
    merge: TipMerge


@dataclass(frozen=True, slots=True)
class NothingDue:
    """The file already holds everything."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Nothing was written; `found` is a save that stands in the file and was not known."""

    why: str
    found: bytes | None = None


WriteResult = Written | NothingDue | Waiting


@dataclass(frozen=True, slots=True)
class NewContent:
    """What is to stand in a file, whatever is there.  `why` is for the history.

    `only`: it takes the place of these bytes and of no others, which are no notebook.
    """

    data: bytes
    why: str
    writer: Writer = Writer()
    only: bytes | None = None


@dataclass(frozen=True, slots=True)
class Replaced:
    """The file holds `version`, or, if a save came in just then, `merged`: both."""

    version: Version
    merged: Written | None = None


@dataclass(frozen=True, slots=True)
class Fixed:
    """The file holds `version`, and `broken` is what it held."""

    broken: Version
    version: Version


@dataclass(frozen=True, slots=True)
class NotebookService:
    """`clock` gives seconds since the epoch, `stopwatch` those of a clock that never goes back; `set_aside`
    names a damaged store that was replaced."""

    recorder: Recorder
    disk: Placer
    environment: NotebookEnvironment
    clock: Callable[[], float]
    sleep: Callable[[float], None] = time.sleep
    timing: Timing = Timing()
    set_aside: str | None = None
    stopwatch: Callable[[], float] = time.monotonic
    holds: Holds = field(default_factory=Holds)
    views: Views = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "views", Views(self.recorder.store, self.stopwatch))

    @property
    def store(self) -> Store:
        return self.recorder.store

    # Recording.

    def record(self, notebook_id: int, path: str, saved: Saved) -> Recorded:
        """Record a save that was found in a file.  Raises NotebookError if it is no notebook."""
        latest = self.store.versions(notebook_id, last=1)
        since = latest[-1].time if latest else None
        context = self.environment.situation(path, saved.data, since, saved.writer.way)
        recorded = self.recorder.record_save(notebook_id, saved, context)
        self.views.is_ours(notebook_id)
        return recorded

    def record_late(self) -> Iterator[tuple[str, int, Recorded]]:
        """Record the saves that arrived in files which had been displaced, also by a killed process.

        For each the path of its notebook, the number of that in the store, and what became of it.
        """
        with self.store.lock():
            for late in self.disk.check_displaced():
                with self.store.lock(late.path):
                    notebook_id = self.store.adopt(late.path)
                    done = self.recorder.record_unseen(notebook_id, self._displaced(late.data))
                    self.store.flush()
                self.disk.confirm(late)
                yield late.path, notebook_id, done

    @contextmanager
    def at(self, path: str) -> Iterator[tuple[int, str]]:
        """The number of a notebook in the store and its real path, while no other process changes the store.

        What the file holds now is recorded first; one that is just being written is waited for.
        Raises NotebookError if it is no notebook.
        """
        real = os.path.realpath(path)
        for number, pause in enumerate((*_LOOKS, None)):
            with self.store.lock(real):
                try:
                    notebook_id = self._record_file(path, real)
                except NotebookError:
                    is_quiet = not os.path.exists(path) or self.disk.being_written(path) is False
                    if pause is None or (number > 0 and is_quiet):  # it may have become so since it was read
                        raise
                else:
                    yield notebook_id, real
                    return
            self.sleep(pause)

    def _record_file(self, path: str, real: str) -> int:
        data = read_ordinary_file(real)
        notebook_id = self.store.adopt(real)
        heads = self.store.heads(notebook_id)
        name = digest(data)
        if heads is None or self.store.version(notebook_id, heads.head).digest != name:
            if self.views.may_be_old(notebook_id, real, name):
                return notebook_id
            try:
                self.record(notebook_id, real, Saved(data, self.clock()))
            except NotebookError as error:
                raise NotebookError(f"{path}: {str(error).removeprefix('notebook: ')}") from error
        return notebook_id

    def _displaced(self, data: bytes) -> Saved:
        return Saved(data, self.clock(), in_file=False)

    # Writing what is due.

    def write_due(self, notebook_id: int, path: str, limit: float | None = None) -> WriteResult:
        """Merge the tips and write the result, if the file does not hold it yet and may be written now.

        Raises SystemFailure if it cannot be written and NotebookError if it cannot be made.
        """
        if not self.recorder.is_due(notebook_id):
            return NothingDue()
        why = self._why_wait(path, self.head(notebook_id))
        return self._write(notebook_id, path, limit) if why is None else Waiting(why)

    def _write(self, notebook_id: int, path: str, limit: float | None = None) -> WriteResult:
        done: Written | None = None
        for _ in range(_ATTEMPTS):
            if not self.recorder.is_due(notebook_id):
                break
            heads = self.recorder.heads(notebook_id)
            try:
                merge = self._merged(notebook_id, heads, limit or self.timing.merging)
            except OutOfTime as error:
                return Waiting(str(error))
            done = Written(self._merge_recorded(notebook_id, heads, merge), merge)
            expected = self.store.version(notebook_id, heads.head).digest
            self.store.flush()
            self.store.confirm_lock()
            match self.disk.place(path, merge.data, expected):
                case Placed(displaced):
                    self._placed(notebook_id, path, done.version, displaced)
                case Changed(found):
                    return Waiting("it was saved again", found)
                case Gone():
                    return Waiting("the file is gone")
                case Busy(why):
                    return Waiting(why)
        if done is None:
            return NothingDue()
        self._sign(notebook_id, done.merge)
        return done

    def _merged(self, notebook_id: int, heads: Heads, limit: float = math.inf) -> TipMerge:
        deadline = Deadline(self.stopwatch, self.stopwatch() + limit)
        return merge_tips(self.store, notebook_id, heads, self.recorder.cache, deadline)

    def _merge_recorded(self, notebook_id: int, heads: Heads, merge: TipMerge) -> Version:
        """The version that the merge becomes; the one that a killed process had recorded already."""
        store = self.store
        if len(heads.tips) == 1:
            return store.version(notebook_id, heads.tips[0])
        latest = store.versions(notebook_id, last=1)[-1]
        made = Origin.MERGED, set(heads.tips), digest(merge.data)
        if (latest.origin, set(latest.parents), latest.digest) == made:
            return latest
        return record_merge(store, notebook_id, merge, self.clock())

    def _placed(self, notebook_id: int, path: str, version: Version, displaced: bytes | None) -> None:
        """The file holds a version; a save that it displaced is judged by what its author saw: not that."""
        if displaced is not None:
            self.recorder.record_unseen(notebook_id, self._displaced(displaced))
            self.store.flush()
        self.store.set_heads(notebook_id, self.recorder.heads(notebook_id).with_head(version.number))
        self.views.is_ours(notebook_id)
        if displaced is not None:
            self.disk.confirm(LateSave(path, displaced))

    def _sign(self, notebook_id: int, merge: TipMerge) -> None:
        sources = (self.store.data(notebook_id, tip) for tip in merge.tips)  # seldom needed
        with contextlib.suppress(NbmergeError, OSError):
            self.environment.sign(merge.data, sources)

    def _why_wait(self, path: str, held: Version) -> str | None:
        """Why a file that holds this version is to be left alone just now."""
        if self.holds.is_held(path):
            return "an editor is just writing it"
        is_ours = held.origin in (Origin.MERGED, Origin.RESTORED) or held.writer.way == DECLARED
        with contextlib.suppress(OSError):
            age = self.clock() - os.stat(path).st_mtime
            if not is_ours and 0 <= age < self.timing.settle:
                return "other programs keep saving it"
        return self.environment.hold(path)

    def head(self, notebook_id: int) -> Version:
        """The version that the file holds, of a notebook of which at least one is known."""
        return self.store.version(notebook_id, self.recorder.heads(notebook_id).head)

    def patiently(self, path: str, attempt: Callable[[], T | Waiting], advice: str = "") -> T:
        """What an attempt comes to, made again while it has to wait.  Raises SystemFailure after a while."""
        end = self.clock() + self.timing.patience
        while True:
            found = attempt()
            if not isinstance(found, Waiting):
                return found
            if self.clock() >= end:
                raise SystemFailure(f"{path}: cannot be written now: {found.why}{advice}")
            self.sleep(self.timing.pause)

    # What commands ask for.

    def reopen(self, path: str) -> Written | None:
        """Merge all open tips into the notebook; None if there is nothing that the file lacks.

        Raises NotebookError if the file is no notebook, SystemFailure if it cannot be written.
        """
        reopened = False

        def attempt() -> Written | Waiting | None:
            nonlocal reopened
            with self.at(path) as (notebook_id, real):
                reopened = self.recorder.reopen(notebook_id) or reopened
                result = self.write_due(notebook_id, real, math.inf)
                if not isinstance(result, NothingDue):
                    return result
                if not reopened:
                    return None
                heads = self.recorder.heads(notebook_id)  # the watcher was faster
                return Written(self.head(notebook_id), self._merged(notebook_id, heads))

        return self.patiently(path, attempt, "; try again, the merge is not forgotten")

    def dismiss(self, path: str, number: int) -> bool:
        """Take the word of somebody that what may have overwritten a version was meant; that version stays
        in the history.  False: it is not open (any more)."""
        with self.at(path) as (notebook_id, _):
            heads = self.recorder.heads(notebook_id)
            after = dismissed(heads, number)
            if after.open == heads.open:
                return False
            self.store.set_heads(notebook_id, after)
            return True

    def restore(self, path: str, number: int) -> Replaced | None:
        """Make the file hold a version again, also if it is gone or is no notebook now.

        None: it holds it already, and nothing is open.  Raises NotebookError if the version is no
        notebook or no longer kept, SystemFailure if the file cannot be written.
        """
        real = os.path.realpath(path)
        with self.store.lock(real):
            notebook_id = self.store.adopt(real)
            if self.store.version(notebook_id, number).origin is Origin.UNREADABLE:
                advice = "`show` prints it, to be put in a file"
                raise NotebookError(f"{path}: version {number} is no notebook: {advice}")
            data = self.store.data(notebook_id, number)
        return self.replace(path, NewContent(data, f"version {number} was brought back"))

    def put_rebuilt(self, path: str, broken: bytes, data: bytes) -> Fixed | None:
        """Replace bytes that are no notebook; None if the file holds others by now, which stay.

        Raises SystemFailure if the file cannot be written now; the broken bytes are in the store then.
        """
        real = os.path.realpath(path)
        with self.store.lock(real):
            if read_ordinary_file(real) != broken:
                return None
            kept = self.recorder.record_unreadable(self.store.adopt(real), Saved(broken, self.clock()))
        why = f"rebuilt from version {kept.number}, which is no notebook"
        writer = Writer(way=DECLARED, name="nbmerge fix")
        done = self.replace(path, NewContent(data, why, writer, broken))
        return None if done is None else Fixed(kept, done.version)

    def replace(self, path: str, new: NewContent) -> Replaced | None:
        """Make the file hold these bytes, as a version that was made in sight of all others.

        None: it holds them already and nothing is open, or it holds others than `new.only`.
        Raises SystemFailure if it cannot be written now.
        """
        real = os.path.realpath(path)
        advice = "; nothing was changed, try again"
        return self.patiently(path, lambda: self._replace(real, new), advice)

    def _replace(self, real: str, new: NewContent) -> Replaced | Waiting | None:
        with self.store.lock(real):
            held = read_ordinary_file(real) if os.path.lexists(real) else None
            if new.only is not None and held != new.only:
                return None
            notebook_id = self.store.adopt(real)
            if held is not None:
                self._record_held(notebook_id, real, Saved(held, self.clock()))
            if held == new.data and self.recorder.heads(notebook_id).is_all:
                return None
            self.store.flush()
            match self._put(notebook_id, real, held, new):
                case Placed(displaced):
                    return self._replaced(notebook_id, real, new, displaced)
                case Busy(why):
                    return Waiting(why)
                case Changed() | Gone():
                    return Waiting("other programs keep saving it")

    def _record_held(self, notebook_id: int, real: str, saved: Saved) -> None:
        try:
            self.record(notebook_id, real, saved)
        except NotebookError:
            self.recorder.record_unreadable(notebook_id, saved)

    def _put(self, notebook_id: int, real: str, held: bytes | None, new: NewContent) -> PlaceResult:
        if held is None:
            self.store.confirm_lock()
            return Placed() if create_file(real, new.data) else Busy("it is just being made")
        if new.only is not None:  # no editor holds on to what is no notebook
            why = self.environment.hold(real)
        else:
            why = self._why_wait(real, self.head(notebook_id))
        if why is not None:
            return Busy(why)
        self.store.confirm_lock()
        return self.disk.place(real, new.data, digest(held))

    def _replaced(self, notebook_id: int, real: str, new: NewContent, displaced: bytes | None) -> Replaced:
        """Record what stands in the file now, and merge what else it displaced.

        Whoever saved that had seen what was there before; after broken bytes they went on from those.
        """
        heads = self.store.heads(notebook_id)
        saved = Saved(new.data, self.clock(), new.writer, Origin.RESTORED)
        version = self.recorder.record_in_sight_of_all(notebook_id, saved, new.why)
        if displaced is None:
            return Replaced(version)
        base = version.number if heads is None or new.only is not None else heads.head
        context = Context(declared_base=base)
        self.recorder.record_unseen(notebook_id, self._displaced(displaced), context)
        self.store.flush()
        self.disk.confirm(LateSave(real, displaced))
        result = self._write(notebook_id, real)
        return Replaced(version, result if isinstance(result, Written) else None)


@contextmanager
def open_service(
    state: str | None,
    clock: Callable[[], float] = time.time,
    timing: Timing = Timing(),
    retention: Retention = Retention(),
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[NotebookService]:
    """The store of a state directory (None: the user's), or a database's, and the files of this machine,
    ready to be used."""
    directory = state_directory(state)
    opened = open_store(directory, clock, retention, database_of(state))
    disk = Disk(os.path.join(directory, "journal"), clock, opened.store.had)
    try:
        recorder = Recorder(opened.store, NotebookCache(opened.store))
        environment = Environment(clock, os.environ, os.path.expanduser("~"))
        yield NotebookService(
            recorder, disk, environment, clock, sleep, timing, opened.set_aside, holds=Holds(directory)
        )
    finally:
        disk.close(_LINGER)
        opened.store.close()


@contextmanager
def taking_part(state: str | None, timing: Timing = Timing()) -> Iterator[NotebookService]:
    """The same, tidied up: what a killed process had begun is finished."""
    with open_service(state, timing=timing) as service:
        for _ in service.record_late():
            pass
        yield service
