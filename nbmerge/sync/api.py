"""Owns: the two calls of a writer that takes part, and what they need of this machine.

Must not know: options, what is printed.  Invariant: nothing stays open between two calls;
all that a writer has to remember is its content and a token.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from nbmerge.notebook.reader import read
from nbmerge.service.session import open_session
from nbmerge.sync.answers import Answer, Opened
from nbmerge.sync.operations import operations
from nbmerge.sync.saving import Saving, Sent, Timing
from nbmerge.sync.shown import conflicts_shown
from nbmerge.sync.tokens import token_of, writer_in

_USUAL = Timing()


def open_notebook(path: str, writer: str = "", state: str | None = None) -> Opened:
    """What a notebook holds, and the token that stands for it.

    `writer` is what conflicts, the log and messages call the writer; `state` the state directory
    (None: the user's).  Raises NotebookError if there is no notebook, SystemFailure if its
    version cannot be recorded.
    """
    with taking_part(state) as saving, saving.at(path) as (notebook_id, _):
        session = saving.session
        head = session.store.version(notebook_id, session.heads(notebook_id).head)
        return Opened(session.store.data(notebook_id, head.number), token_of(head, writer), session.set_aside)


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
    with taking_part(state, timing) as saving:
        held = saving.save(Sent(path, content, sent, base, name))
        now = sent if held.content == content else read(held.content, known=sent.cells)
        todo = operations(sent, now)
        store = saving.session.store
        return Answer(
            token_of(held.version, name),
            bool(todo),
            conflicts_shown(now, held.conflicts, store, held.notebook_id, held.version.number),
            todo,
            held.content,
            saving.session.set_aside,
        )


@contextmanager
def taking_part(state: str | None, timing: Timing = _USUAL) -> Iterator[Saving]:
    """The history and the files of this machine, tidied up, for somebody who takes part in them."""
    with open_session(state, time.time) as session:
        saving = Saving(session, session.surroundings, time.sleep, timing)
        saving.tidy()
        yield saving
