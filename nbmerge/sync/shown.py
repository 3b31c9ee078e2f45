"""Owns: which conflicts are shown in what a notebook holds: of the merge just made, and of merges
before it on which somebody saved without deciding.

Must not know: how conflicts are written, recognised or settled.
Invariant: markers that no merge of this notebook has written are no conflict; a conflict is told under
the number and id that its cell has now.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import cache, partial
from itertools import chain, islice

from nbmerge.conflicts.known import shown_in
from nbmerge.errors import NotebookError
from nbmerge.service.tips import conflicts_of, merges_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbmerge.history.store import Store
    from nbmerge.merge.values import Conflict
    from nbmerge.notebook.model import Notebook
    from nbmerge.service.record import Recorder

_LOOKED_AT = 8  # merges before the one on the disk
_OPENING = re.compile(rb'<{7,}[^\\"]*')


def conflicts_shown(
    notebook: Notebook, fresh: tuple[Conflict, ...], recorder: Recorder, notebook_id: int, head: int
) -> tuple[Conflict, ...]:
    """The conflicts in a notebook whose newest version is `head`; `fresh` are those of that merge."""
    return shown_in(notebook, chain([fresh], _earlier(recorder, notebook_id, head)))


def _earlier(recorder: Recorder, notebook_id: int, head: int) -> Iterator[tuple[Conflict, ...]]:
    """The conflicts of each merge before the version, the newest first, as far as it is kept."""
    store = recorder.store
    opening = cache(partial(_opening_lines, store, notebook_id))
    earlier = (merge for merge in merges_in(store, notebook_id, head) if merge.number != head)
    for merge in islice(earlier, _LOOKED_AT):
        noted = store.conflicts(notebook_id, merge.number)
        if noted is not None:
            yield noted
            continue
        before = [opening(parent) for parent in merge.parents]
        if all(any(count <= one[line] for one in before) for line, count in opening(merge.number).items()):
            continue  # all its markers stood in what was merged: it need not be made again
        try:
            yield conflicts_of(store, notebook_id, merge, recorder.cache)
        except NotebookError:
            continue  # a term of it is no longer kept


def _opening_lines(store: Store, notebook_id: int, number: int) -> Counter[bytes]:
    """The lines of a version with which conflicts may begin, as they are spelled, and how often."""
    try:
        return Counter(_OPENING.findall(store.data(notebook_id, number)))
    except NotebookError:
        return Counter()  # no longer kept
