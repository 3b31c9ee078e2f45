"""Owns: which conflicts are shown in what a notebook holds: of the merge just made, and of merges
before it on which somebody saved without deciding.

Must not know: how conflicts are written, recognised or settled.
Invariant: markers that no merge of this notebook has written are no conflict; a conflict is told under
the number and id that its cell has now.
"""

from __future__ import annotations

from itertools import chain, islice

from nbmerge.conflicts.known import shown_in
from nbmerge.errors import NotebookError
from nbmerge.lineage.heads import Heads
from nbmerge.service.tips import merge_tips, merges_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbmerge.history.store import Store
    from nbmerge.merge.values import Conflict
    from nbmerge.notebook.model import Notebook

_LOOKED_AT = 8  # merges before the one on the disk


def conflicts_shown(
    notebook: Notebook, fresh: tuple[Conflict, ...], store: Store, notebook_id: int, head: int
) -> tuple[Conflict, ...]:
    """The conflicts in a notebook whose newest version is `head`; `fresh` are those of that merge."""
    return shown_in(notebook, chain([fresh], _earlier(store, notebook_id, head)))


def _earlier(store: Store, notebook_id: int, head: int) -> Iterator[tuple[Conflict, ...]]:
    """The conflicts of each merge before the version, the newest first, as far as it is kept."""
    earlier = (merge for merge in merges_in(store, notebook_id, head) if merge.number != head)
    for merge in islice(earlier, _LOOKED_AT):
        try:
            yield merge_tips(store, notebook_id, Heads(merge.number, merge.parents)).conflicts
        except NotebookError:
            continue  # a term of it is no longer kept
