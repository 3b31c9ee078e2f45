"""Owns: one save of a writer that says what it started from, from the store to the file.

Must not know: commands, how merges are made.  Invariant: what was sent is in the store before
anything else happens and whatever happens then, unless it is no notebook; what others have
saved meanwhile is taken first, and never overwritten unseen.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace

from nbmerge.errors import NbmergeError, NotebookError, SystemFailure, UsageError
from nbmerge.files import digest
from nbmerge.history.values import Draft
from nbmerge.lineage.heads import OpenTip
from nbmerge.lineage.versions import TOLD, Context, Origin, Version, Writer
from nbmerge.notebook.model import Notebook
from nbmerge.service.copies import nearest
from nbmerge.service.record import Saved
from nbmerge.service.session import Session
from nbmerge.service.tips import is_due, merge_tips
from nbmerge.service.write import Merged, Waiting
from nbmerge.sync.operations import same_value
from nbmerge.sync.tokens import version_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from nbmerge.merge.values import Conflict

    class Surroundings(Protocol):
        """What can be known of a notebook besides its contents; see `nbmerge.signs`."""

        def hold(self, path: str) -> str | None: ...

        def sign(self, merged: bytes, sources: list[bytes]) -> None: ...


_LOOKS = (0.05, 0.1, 0.2, 0.4)  # seconds between looks at a file that is just being written


@dataclass(frozen=True, slots=True)
class Timing:
    """In seconds.  `settle`: how long after another program's save the file is left alone, since
    JupyterLab takes over whatever it finds up to a quarter of a second after its own;
    `patience`: how long a save waits for a moment in which the merge can be written."""

    settle: float = 1.0
    patience: float = 15.0
    pause: float = 0.1


@dataclass(frozen=True, slots=True)
class Sent:
    """A save as its writer hands it in; `notebook` is what the bytes of `content` spell."""

    path: str
    content: bytes
    notebook: Notebook
    base: str
    writer: str = ""


@dataclass(frozen=True, slots=True)
class Held:
    """What the file holds after a save, and the conflicts of the merge that it is, if it is one."""

    notebook_id: int
    version: Version
    content: bytes
    conflicts: tuple[Conflict, ...]


@dataclass(frozen=True, slots=True)
class Saving:
    """Takes saves into an open store and has them written."""

    session: Session
    surroundings: Surroundings
    sleep: Callable[[float], None]
    timing: Timing = Timing()

    def tidy(self) -> None:
        """Finish what a killed process began, and take the saves that arrived too late for it."""
        with self.session.store.lock():
            for late in self.session.disk.check_displaced():
                notebook_id = self.session.store.adopt(late.path)
                self.session.settler.take_unseen(
                    notebook_id, Saved(late.data, self.session.clock(), in_file=False)
                )
                self.session.store.flush()
                self.session.disk.confirm(late)

    @contextmanager
    def at(self, path: str) -> Iterator[tuple[int, str]]:
        """The notebook, as `Session.at`; a file that is just being written is waited for."""
        with ExitStack() as stack:
            yield self._entered(stack, path)

    def save(self, sent: Sent) -> Held:
        """Have a save written, merged with what came in between.

        Raises UsageError if its base is not known here, NotebookError if the file is gone or is no
        notebook, SystemFailure if it could not be written; what was sent is in the store then.
        """
        taken: Version | None = None
        end = self.session.clock() + self.timing.patience
        while True:
            try:
                with self.at(sent.path) as (notebook_id, real):
                    taken = taken or self._take(notebook_id, sent)
                    found = self._settled(notebook_id, real)
            except NotebookError as error:
                raise NotebookError(f"{error}{self._kept(sent, taken)}") from error
            except SystemFailure as error:
                kept = "" if taken is None else _kept_as(taken)
                raise SystemFailure(f"{error}{kept}") from error
            if isinstance(found, Held):
                return found
            if self.session.clock() >= end:
                raise SystemFailure(f"{sent.path}: cannot be written now: {found}{_kept_as(taken)}")
            self.sleep(self.timing.pause)

    def _entered(self, stack: ExitStack, path: str) -> tuple[int, str]:
        for number, pause in enumerate(_LOOKS):
            try:
                return stack.enter_context(self.session.at(path))
            except NotebookError:
                is_there = os.path.exists(path)
                if (number and not is_there) or self.session.disk.being_written(path) is False:
                    raise
            self.sleep(pause)
        return stack.enter_context(self.session.at(path))

    def _take(self, notebook_id: int, sent: Sent) -> Version:
        """The version that the save is; what was taken already is not taken twice."""
        store, name = self.session.store, digest(sent.content)
        versions = store.versions(notebook_id)
        base = version_in(sent.base, versions)
        if base is None:
            raise UsageError(self._strange(notebook_id, sent))
        if self._is_unchanged(notebook_id, base, sent):
            return base
        for version in versions:
            if (version.digest, version.parents) == (name, (base.number,)):
                return version
        head = store.version(notebook_id, self.session.heads(notebook_id).head)
        if head.digest == name and head.writer.way != TOLD and head.number > base.number:
            return self._claimed(notebook_id, head, base)
        saved = Saved(sent.content, self.session.clock(), Writer(way=TOLD, name=sent.writer), in_file=False)
        taken = self.session.taker.take(notebook_id, saved, Context(told=base.number)).version
        assert taken is not None
        return taken

    def _is_unchanged(self, notebook_id: int, base: Version, sent: Sent) -> bool:
        """Whether its writer changed nothing; how it spells JSON is not what a save is about."""
        if base.digest == digest(sent.content):
            return True
        return same_value(self.session.taker.cache.version(notebook_id, base.number), sent.notebook)

    def _claimed(self, notebook_id: int, head: Version, base: Version) -> Version:
        """The writer has written the file itself, and now tells what it had before: what it had not
        seen is part of the notebook again."""
        store, heads = self.session.store, self.session.heads(notebook_id)
        with store.together():
            store.reparent(notebook_id, head.number, (base.number,))
            graph = store.graph(notebook_id)
            others = tuple(tip for tip in heads.tips if tip != head.number)
            tips = graph.youngest((*others, *head.parents, head.number))
            seen = graph.united(tips)
            still = tuple(tip for tip in heads.open if tip.version not in seen)
            store.set_heads(notebook_id, replace(heads, tips=tips, open=still))
        return store.version(notebook_id, head.number)

    def _strange(self, notebook_id: int, sent: Sent) -> str:
        """Keep a save of which nobody knows what it was made from, as an open tip; what to say."""
        store, now = self.session.store, self.session.clock()
        heads = self.session.heads(notebook_id)
        version = store.find(notebook_id, digest(sent.content))
        if version is None:
            why = "its writer started from a version that is not known here; this is the nearest"
            taker = self.session.taker
            older = taker.older(notebook_id, taker.candidates(notebook_id, heads), heads, sent.notebook.cells)
            base = nearest(sent.notebook, older)
            parents = () if base is None else (base,)
            version = store.record(
                notebook_id,
                sent.content,
                Draft(now, Origin.SAVED, parents, Writer(way=TOLD, name=sent.writer), why),
                lambda new: replace(heads, open=(*heads.open, OpenTip(new.number, None, heads.head, now))),
            )
        return (
            f"{sent.path}: the version {sent.base!r} is not known here, nothing was written; what you sent "
            f"is version {version.number}: `recover` merges it, or open the notebook again"
        )

    def _settled(self, notebook_id: int, real: str) -> Held | str:
        """What the file holds now, or why it cannot be written yet."""
        store = self.session.store
        heads = self.session.heads(notebook_id)
        if is_due(heads, store.graph(notebook_id)):
            why = self.hold(real, store.version(notebook_id, heads.head))
            if why is not None:
                return why
            match self.session.settler.settle(notebook_id, real):
                case Waiting(why):
                    return why
                case Merged(version, union):
                    with contextlib.suppress(NbmergeError, OSError):
                        sources = [store.data(notebook_id, tip) for tip in union.tips]
                        self.surroundings.sign(union.data, sources)
                    return Held(notebook_id, version, union.data, union.conflicts)
        return self._held(notebook_id)

    def hold(self, real: str, head: Version) -> str | None:
        """Why the file is to be left alone just now."""
        is_ours = head.origin in (Origin.MERGED, Origin.RESTORED) or head.writer.way == TOLD
        with contextlib.suppress(OSError):
            age = self.session.clock() - os.stat(real).st_mtime
            if not is_ours and 0 <= age < self.timing.settle:
                return "other programs keep saving it"
        return self.surroundings.hold(real)

    def _held(self, notebook_id: int) -> Held:
        store, heads = self.session.store, self.session.heads(notebook_id)
        head = store.version(notebook_id, heads.head)
        shows_tips = head.origin is Origin.MERGED and set(head.parents) == set(heads.tips)
        conflicts = merge_tips(store, notebook_id, heads).conflicts if shows_tips else ()
        return Held(notebook_id, head, store.data(notebook_id, head.number), conflicts)

    def _kept(self, sent: Sent, taken: Version | None) -> str:
        """Keep a save although the file cannot be read; what to say about that."""
        store = self.session.store
        with store.lock():
            notebook_id = store.notebook_id(os.path.realpath(sent.path))
            if taken is None and (notebook_id is None or store.heads(notebook_id) is None):
                return ""
            if taken is None and notebook_id is not None:
                taken = self._take(notebook_id, sent)
        return _kept_as(taken)


def _kept_as(version: Version | None) -> str:
    return "" if version is None else f"; what you sent is version {version.number} (see `log`)"
