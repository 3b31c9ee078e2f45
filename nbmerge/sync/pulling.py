"""Owns: what has to be done to a copy that is not being saved, so that it has what others have saved.

Must not know: writing, who asks.  Invariant: nothing that only the copy holds is taken out of it, and nothing
is put into the notebook; the token that comes with the operations is a base with which the changed copy
can be saved: what is shared by then merges alike, and what was left out is a conflict then and only then.

Where the file lacks a tip, since a program saved over it, it is the merge of the tips that comes, and that is
recorded as a version: a copy that held both, but was said to come from one, would conflict with the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from nbmerge.errors import UsageError
from nbmerge.merge.engine import merge
from nbmerge.merge.files import InMemory
from nbmerge.merge.values import Policy, Result, Side
from nbmerge.notebook.model import Cell, Notebook
from nbmerge.notebook.versions import harmonise
from nbmerge.notebook.writer import write
from nbmerge.service.tips import Deadline, OutOfTime, conflicts_of, merge_tips, record_merge
from nbmerge.sync.came import Came, came_between
from nbmerge.sync.operations import Operation, operations
from nbmerge.sync.tokens import token_of, version_in, writer_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.lineage.versions import Version
    from nbmerge.service.notebook_service import NotebookService
    from nbmerge.sync.operations import Name

_POLICY = Policy(newer=Side.LOCAL)  # the copy will be saved later than what was saved


@dataclass(frozen=True, slots=True)
class Pulled:
    """`operations` change the copy; `version` is the token to save or pull with after that.

    `held`: the cells, by their names in the changed copy, that both sides changed in the same place: they are
    as they were.  While there are any, and where the copy lacks cells that were changed, `version` is the
    base that was given.  `came` is what others have saved, `head` the token of what the file holds, and
    `content` what the operations make of the copy.  `due`: a program that had not seen it has saved over what
    somebody had saved; the file lacks that until anybody who takes part saves.
    """

    version: str
    head: str
    content: Notebook
    operations: tuple[Operation, ...] = ()
    held: tuple[Name, ...] = ()
    came: tuple[Came, ...] = ()
    due: bool = False


def pull_into(service: NotebookService, path: str, token: str, copy: Notebook) -> Pulled:
    """The operations for a copy that was made of the version that a token stands for.

    Raises UsageError if that is not known here, NotebookError if the file is no notebook.
    """
    name = writer_in(token)
    with service.at(path) as (notebook_id, _):
        cache = service.recorder.cache
        base = service.recorder.declared_base(notebook_id, partial(version_in, token), token)
        if base is None:
            message = f"{path}: the version {token!r} is not known here; save, or open the notebook again"
            raise UsageError(message)
        head = service.head(notebook_id)
        due = service.recorder.is_due(notebook_id)
        tips = _merge_of_tips(service, notebook_id) if due else head
        wanted = tips or head
        common = _common(service, notebook_id, base, wanted)
        if common is None:
            return Pulled(token_of(base, name), token_of(head, name), copy, due=due)
        before = cache.version(notebook_id, common)
        now = cache.version(notebook_id, wanted.number, before.cells)
    came = came_between(service.recorder, notebook_id, base, wanted)
    changed, held, is_all = brought_in(before, copy, now)
    version = token_of(wanted if is_all and tips else base, name)
    return Pulled(version, token_of(head, name), changed, operations(copy, changed), held, came, due)


def _merge_of_tips(service: NotebookService, notebook_id: int) -> Version | None:
    """What the tips make together, as a version; None where that is not clear, or takes too long."""
    store, tips = service.store, service.recorder.heads(notebook_id).tips
    if len(tips) == 1:
        return store.version(notebook_id, tips[0])
    cache, known = service.recorder.cache, store.merge_of(notebook_id, tips)
    if known is not None:
        merge = store.version(notebook_id, known)
        return None if conflicts_of(store, notebook_id, merge, cache) else merge
    deadline = Deadline(service.stopwatch, service.stopwatch() + service.timing.merging)
    try:
        made = merge_tips(store, notebook_id, service.recorder.heads(notebook_id), cache, deadline)
    except OutOfTime:
        return None
    return None if made.conflicts else record_merge(store, notebook_id, made, service.clock())


def _common(service: NotebookService, notebook_id: int, base: Version, wanted: Version) -> int | None:
    """From which version the copy and what others have saved are to be merged; None: there is nothing new."""
    graph = service.store.graph(notebook_id)
    if base.digest == wanted.digest or graph.descends(base.number, wanted.number):
        return None
    return max(graph.commons((base.number,), wanted.number), default=None)


def brought_in(base: Notebook, copy: Notebook, head: Notebook) -> tuple[Notebook, tuple[Name, ...], bool]:
    """The copy with what does not conflict, the cells in it that do, and whether all is in it."""
    notebooks = base, copy, head
    one, two, three = (
        InMemory(name, write(notebook) if notebook.major < 4 else b"")
        for name, notebook in zip(("base", "copy", "file"), notebooks, strict=True)
    )
    (base, copy, head), _ = harmonise(notebooks, (one, two, three))
    result = merge(base, copy, head, _POLICY)
    places = list(_kept(result, copy))
    cells = tuple(cell for cell, _ in places)
    count = Counter(cell.id for cell in cells)
    held = tuple(
        cell.id if cell.id is not None and count[cell.id] == 1 else place
        for place, (cell, is_held) in enumerate(places)
        if is_held
    )
    return result.notebook.with_cells(cells), held, result.clean


def _kept(result: Result, copy: Notebook) -> Iterator[tuple[Cell, bool]]:
    """The cells of the merge, and whether each is the copy's own because of a conflict."""
    for place, cell in enumerate(result.notebook.cells):
        own = result.origins[place].local
        if place not in result.contested:
            yield cell, False
        elif own is not None:
            yield copy.cells[own], True
