"""Owns: the calls of a writer that takes part, and what it is told.

Must not know: how a save is recorded and merged, options, what is printed.  Invariant: nothing of a writer
is kept between two calls: all that it has to remember is its content and a token; the operations of an answer
turn what it sent into `content`, which is what the token `version` stands for.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial

from nbmerge.lineage.versions import Origin
from nbmerge.merge.values import Conflict
from nbmerge.notebook.reader import read
from nbmerge.service import saving
from nbmerge.service.cache import same_notebook
from nbmerge.service.notebook_service import NotebookService, Timing, open_service
from nbmerge.service.record import DeclaredSave, Saved
from nbmerge.sync.came import Came, came_between
from nbmerge.sync.operations import Operation, in_one_line, numbered, operations, whole
from nbmerge.sync.pulling import Pulled, pull_into
from nbmerge.sync.settling import ChoiceInCopy, ConflictInCopy, Settled, conflicts_in_copy, settle_in_copy
from nbmerge.sync.shown import conflicts_shown
from nbmerge.sync.tokens import token_of, version_in, writer_in

_USUAL = Timing()
_OTHERS_WRITE = 0.6  # seconds for which is waited for others that are just writing
_IDENTIFIED = 12  # the latest versions: an editor that takes over a file is seldom further behind


@dataclass(frozen=True, slots=True)
class Opened:
    """The exact bytes of a notebook, and the token to save with.

    `set_aside`: where the history is now that was found damaged; usually None.
    """

    content: bytes
    version: str
    set_aside: str | None = None

    def text(self) -> str:
        """{"version", "content"} in one line; the content is the notebook's JSON value."""
        content = whole(read(self.content))
        return in_one_line({"version": self.version, "content": content})


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a save.

    `version` is the token of `content`, which the notebook holds now; `merged` says that it
    is not what was sent, because of what others saved: there are operations; `conflicts` are
    shown in it.  `sent` is the token of what was sent, the base for a writer that cannot follow the
    operations now; `came` is what others saved in between.
    """

    version: str
    merged: bool
    conflicts: tuple[Conflict, ...]
    operations: tuple[Operation, ...]
    content: bytes
    sent: str
    came: tuple[Came, ...] = ()
    set_aside: str | None = None

    def text(self) -> str:
        """{"version", "merged", "conflicts", "operations"} in one line."""
        return in_one_line(
            {
                "version": self.version,
                "merged": self.merged,
                "conflicts": [numbered(conflict.as_json()) for conflict in self.conflicts],
                "operations": [operation.form() for operation in self.operations],
            }
        )


@dataclass(frozen=True, slots=True)
class Claimed:
    """What became of a claim.

    `version` is the token of the bytes that the writer wrote, the base of its next save; `head` that of what
    the file holds now.  `due`: the file lacks something that others saved, since the writer had not seen it;
    `pull` brings it.
    """

    version: str
    head: str
    due: bool


@dataclass(frozen=True, slots=True)
class Participation:
    """The calls on a service that stays open, for a server that many writers talk to; any thread may call."""

    service: NotebookService

    def open_notebook(self, path: str, writer: str = "") -> Opened:
        """As the function `open_notebook`."""
        service = self.service
        self._record_late()
        with service.at(path) as (notebook_id, _):
            head = service.head(notebook_id)
            content = service.store.data(notebook_id, head.number)
            return Opened(content, token_of(head, writer), service.set_aside)

    def head(self, path: str) -> str:
        """The token of what a notebook holds, as for a writer without a name."""
        with self.service.at(path) as (notebook_id, _):
            return token_of(self.service.head(notebook_id))

    def standing(self, path: str) -> tuple[str, bool]:
        """The same, and whether the file lacks something that others saved, as in `Claimed`."""
        with self.service.at(path) as (notebook_id, _):
            head = self.service.head(notebook_id)
            return token_of(head), self.service.recorder.is_due(notebook_id)

    def writer(self, path: str) -> str | None:
        """What the writer of what a notebook holds calls itself; "": it has not said; None: it is a merge."""
        with self.service.at(path) as (notebook_id, _):
            head = self.service.head(notebook_id)
            return None if head.origin is Origin.MERGED else head.writer.name

    def hold(self, path: str) -> str:
        """As `head`, and others that take part wait with their writes until this process claims its own.

        They wait for two seconds at most; and so does this for others, for a part of a second.
        """
        self.service.holds.take(path, _OTHERS_WRITE, self.service.sleep)
        return self.head(path)

    def save(
        self,
        path: str,
        content: bytes,
        base: str,
        writer: str = "",
        save_id: str = "",
        *,
        exact: bool = False,
    ) -> Answer:
        """As the function `save`."""
        service = self.service
        self._record_late()
        sent = read(content, f"what was sent for {path}")
        name = writer or writer_in(base)
        declared = DeclaredSave(path, content, sent, partial(version_in, base), base, name, save_id)
        held = saving.save(service, declared, exact=exact)
        now = sent if held.content == content else read(held.content, known=sent.cells)
        todo = operations(sent, now)
        number = held.version.number
        return Answer(
            version=token_of(held.version, name),
            merged=bool(todo),
            conflicts=conflicts_shown(now, held.conflicts, service.recorder, held.notebook_id, number),
            operations=todo,
            content=held.content,
            sent=token_of(held.sent, name),
            came=came_between(service.recorder, held.notebook_id, held.sent, held.version) if todo else (),
            set_aside=service.set_aside,
        )

    def pull(self, path: str, base: str, content: bytes) -> Pulled:
        """As the function `pull`."""
        self._record_late()
        return pull_into(self.service, path, base, read(content, f"what was sent for {path}"))

    def conflicts(self, path: str, base: str, content: bytes) -> tuple[ConflictInCopy, ...]:
        """The conflicts in a copy made of the version that `base` stands for.  Raises as `pull` does."""
        return conflicts_in_copy(self.service, path, base, read(content, f"what was sent for {path}"))

    def settle(self, path: str, base: str, content: bytes, chosen: ChoiceInCopy) -> Settled:
        """What to do to such a copy so that a conflict in it is settled; nothing is saved.  Raises as `pull`
        does, and UsageError if no conflict stands there, or if what was chosen is not known."""
        return settle_in_copy(self.service, path, base, read(content, f"what was sent for {path}"), chosen)

    def claim(self, path: str, base: str, content: bytes, writer: str = "") -> Claimed:
        """As the function `claim`."""
        self._record_late()
        written = read(content, f"what was sent for {path}")
        name = writer or writer_in(base)
        declared = DeclaredSave(path, content, written, partial(version_in, base), base, name)
        found = saving.claim(self.service, declared)
        return Claimed(token_of(found.version, name), token_of(found.head, name), found.due)

    def hurrying(self) -> AbstractContextManager[None]:
        """While it lasts this thread does not wait for a notebook that another machine holds: NotebookHeld is
        raised soon."""
        return self.service.store.locks.hurrying()

    def found(self, path: str, content: bytes) -> None:
        """Keep what a file held, which is not there any more, and whoever wrote it has not told about.

        Raises NotebookError if it is no notebook: it is kept even then.
        """
        service, real = self.service, os.path.realpath(path)
        with service.store.lock(real):
            notebook_id = service.store.adopt(real)
            service.recorder.record_unseen(notebook_id, Saved(content, service.clock(), in_file=False))
            service.store.flush()

    def identify(self, path: str, content: bytes) -> str:
        """As the function `identify`."""
        shown = read(content, f"what was sent for {path}")
        with self.service.at(path) as (notebook_id, _):
            recorder = self.service.recorder
            for version in reversed(recorder.store.versions(notebook_id, last=_IDENTIFIED)):
                notebook = recorder.cache.readable(notebook_id, version.number, shown.cells)
                if notebook is not None and same_notebook(notebook, shown):
                    return token_of(version)
        return ""

    def _record_late(self) -> None:
        """Record the saves that arrived in files just when they were replaced."""
        for _ in self.service.record_late():
            pass


@contextmanager
def participating(
    state: str | None = None, timing: Timing = _USUAL, sleep: Callable[[float], None] = time.sleep
) -> Iterator[Participation]:
    """The store of a state directory (None: the user's), open until the block ends.

    `sleep` is what a save does that has to wait for others; it may raise SystemFailure.
    """
    with open_service(state, timing=timing, sleep=sleep) as service:
        yield Participation(service)


def open_notebook(path: str, writer: str = "", state: str | None = None) -> Opened:
    """What a notebook holds, and the token that stands for it.

    `writer` is what conflicts, the log and messages call the writer; `state` the state directory
    (None: the user's).  Raises NotebookError if there is no notebook, SystemFailure if its
    version cannot be recorded.
    """
    with participating(state) as participation:
        return participation.open_notebook(path, writer)


def save(  # noqa: PLR0913 - what a save is, and where it goes
    path: str,
    content: bytes,
    base: str,
    writer: str = "",
    state: str | None = None,
    timing: Timing = _USUAL,
    *,
    save_id: str = "",
    exact: bool = False,
) -> Answer:
    """Save what a writer made of the version that the token `base` stands for.

    It is merged with whatever was saved since, and written the safe way.  The same save may be
    sent again: it counts once; one that changes nothing but the spelling of JSON is none.

    `save_id` names this save, for a writer whose answers may get lost: another name for each save.  A
    save that is sent again under its name is understood also where its content went on, and the name can
    be the base of a later save, in place of the token that did not arrive.

    `exact`: unless others' work was merged in, the file then holds byte for byte what was sent, also where
    that only spells JSON in another way; for an editor that will write these bytes itself.

    Raises NotebookError if the content or the file is no notebook or the file is gone, UsageError
    if the token is not known here, SystemFailure if the merge could not be written; but for
    content that is no notebook, what was sent is in the history even then, and the message says
    as which version.
    """
    with participating(state, timing) as participation:
        return participation.save(path, content, base, writer, save_id, exact=exact)


def pull(path: str, base: str, content: bytes, state: str | None = None) -> Pulled:
    """What to do to a copy, made of the version that `base` stands for, so that it has what others saved.

    Nothing is saved, and the file stays as it is.  A cell that both sides changed in the same place stays
    as it is in the copy, and is named; it becomes a conflict when the copy is saved.

    Raises NotebookError if the content or the file is no notebook or the file is gone, UsageError if the
    token is not known here.
    """
    with participating(state) as participation:
        return participation.pull(path, base, content)


def claim(path: str, base: str, content: bytes, writer: str = "", state: str | None = None) -> Claimed:
    """Say of a file that the writer has just written itself what it was made from.

    It is as if these bytes had been saved with `save`, whatever a watcher has taken them for meanwhile, and
    also if the file holds something else by now; but nothing is written: where something is `due`, the next
    `pull` or save of anybody who takes part brings it.

    Raises NotebookError if the content or the file is no notebook or the file is gone, UsageError if the
    token is not known here: then what the file holds is taken for what it looks like.
    """
    with participating(state) as participation:
        return participation.claim(path, base, content, writer)


def identify(path: str, content: bytes, state: str | None = None) -> str:
    """The token of the newest of the last versions that says the same, however it is spelled; "": none does.

    For an editor that takes over what the file holds by itself, and cannot tell which version that was.

    Raises NotebookError if the content or the file is no notebook or the file is gone.
    """
    with participating(state) as participation:
        return participation.identify(path, content)
