"""Owns: which conflicts are shown in what a notebook holds: of the merge just made, and of merges
before it on which somebody saved without deciding.

Must not know: how conflicts are written or settled.  Invariant: markers that no merge of this notebook
has written are no conflict; a conflict is told under the number and id that its cell has now.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from nbmerge.errors import NotebookError
from nbmerge.lineage.heads import Heads
from nbmerge.lineage.versions import Origin
from nbmerge.merge.markers import conflicts_in
from nbmerge.merge.text import split
from nbmerge.service.tips import merge_tips

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbmerge.history.store import Store
    from nbmerge.merge.values import Conflict
    from nbmerge.notebook.model import Notebook

_LOOKED_AT = 8  # merges before the one on the disk


@dataclass(frozen=True, slots=True)
class Block:
    """What stands between markers in a cell, whichever program wrote them."""

    cell: int
    id: str | None
    local: str
    remote: str

    def shows(self, conflict: Conflict) -> bool:
        """What both sides have at the ends stands outside of the markers."""
        return self.local in (conflict.local or "") and self.remote in (conflict.remote or "")


def conflicts_shown(
    notebook: Notebook, fresh: tuple[Conflict, ...], store: Store, notebook_id: int, head: int
) -> tuple[Conflict, ...]:
    """The conflicts in a notebook whose newest version is `head`; `fresh` are those of that merge."""
    blocks = [
        Block(place, cell.id, "\n".join(marked.local), "\n".join(marked.remote))
        for place, cell in enumerate(notebook.cells)
        for marked in conflicts_in(split(cell.source)[0])
    ]
    waiting, strange = list(fresh), []
    found: list[Conflict] = []
    for block in blocks:
        conflict = next((each for each in waiting if block.shows(each)), None)
        if conflict is None:
            strange.append(block)
        else:
            waiting.remove(conflict)
            found.append(replace(conflict, cell=block.cell, id=block.id))
    if strange:
        earlier = list(_earlier(store, notebook_id, head))
        for block in strange:
            match = next((each for each in earlier if block.shows(each)), None)
            if match is not None:
                found.append(replace(match, cell=block.cell, id=block.id))
    return tuple(sorted((*found, *waiting), key=lambda conflict: conflict.cell))


def _earlier(store: Store, notebook_id: int, head: int) -> Iterator[Conflict]:
    """The conflicts of merges that the version descends from, the newest first, as far as they are kept."""
    graph = store.graph(notebook_id)
    before = graph.ancestors(head) - {head}
    merges = [
        one for one in store.versions(notebook_id) if one.number in before and one.origin is Origin.MERGED
    ]
    for merge in merges[: -_LOOKED_AT - 1 : -1]:
        try:
            yield from merge_tips(store, notebook_id, Heads(merge.number, merge.parents)).conflicts
        except NotebookError:
            continue  # a term of it is no longer kept
