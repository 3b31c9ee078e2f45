"""Owns: the two calls of a writer that takes part, and what it is told.

Must not know: how a save is recorded and merged, options, what is printed.  Invariant: nothing stays open
between two calls: all that a writer has to remember is its content and a token; the operations of an answer
turn what it sent into `content`, which is what the token `version` stands for.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from nbmerge.merge.values import Conflict
from nbmerge.notebook.reader import read
from nbmerge.service.notebook_service import Timing, taking_part
from nbmerge.service.record import DeclaredSave
from nbmerge.sync.operations import Operation, in_one_line, numbered, operations, whole
from nbmerge.sync.shown import conflicts_shown
from nbmerge.sync.tokens import token_of, version_in, writer_in

_USUAL = Timing()


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
    shown in it.
    """

    version: str
    merged: bool
    conflicts: tuple[Conflict, ...]
    operations: tuple[Operation, ...]
    content: bytes
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


def open_notebook(path: str, writer: str = "", state: str | None = None) -> Opened:
    """What a notebook holds, and the token that stands for it.

    `writer` is what conflicts, the log and messages call the writer; `state` the state directory
    (None: the user's).  Raises NotebookError if there is no notebook, SystemFailure if its
    version cannot be recorded.
    """
    with taking_part(state) as service, service.at(path) as (notebook_id, _):
        head = service.head(notebook_id)
        return Opened(service.store.data(notebook_id, head.number), token_of(head, writer), service.set_aside)


def save(
    path: str,
    content: bytes,
    base: str,
    writer: str = "",
    state: str | None = None,
    timing: Timing = _USUAL,
) -> Answer:
    """Save what a writer made of the version that the token `base` stands for.

    It is merged with whatever was saved since, and written the safe way.  The same save may be
    sent again: it counts once; one that changes nothing but the spelling of JSON is none.

    Raises NotebookError if the content or the file is no notebook or the file is gone, UsageError
    if the token is not known here, SystemFailure if the merge could not be written; but for
    content that is no notebook, what was sent is in the history even then, and the message says
    as which version.
    """
    sent = read(content, f"what was sent for {path}")
    name = writer or writer_in(base)
    with taking_part(state, timing) as service:
        held = service.save(DeclaredSave(path, content, sent, partial(version_in, base), base, name))
        now = sent if held.content == content else read(held.content, known=sent.cells)
        todo = operations(sent, now)
        number = held.version.number
        conflicts = conflicts_shown(now, held.conflicts, service.store, held.notebook_id, number)
        token = token_of(held.version, name)
        return Answer(token, bool(todo), conflicts, todo, held.content, service.set_aside)
