"""Owns: what others have saved between two versions, in a few figures for people.

Must not know: how it is shown.  Invariant: it says less rather than cost more than a moment: of many saves
the newest are looked at, and one that is no longer kept is left out; nobody waits for it who wants to save:
the store is locked only while a version is fetched, not while it is compared.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

from nbmerge.lineage.versions import Origin
from nbmerge.sync.operations import pair_cells

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.lineage.versions import Version
    from nbmerge.notebook.model import Notebook
    from nbmerge.service.record import Recorder

_LOOKED_AT = 6  # saves
_LONG = 2000  # lines; of longer cells only the length is compared
_SOMEBODY = "another program"


@dataclass(frozen=True, slots=True)
class Came:
    """Whose saves, in words, and how many cells and lines they changed, inserted or took out."""

    writer: str
    cells: int
    lines: int


def came_between(recorder: Recorder, notebook_id: int, base: Version, head: Version) -> tuple[Came, ...]:
    """What the head has that a writer had not when it went on from `base`, one entry for each writer."""
    store = recorder.store
    graph = store.graph(notebook_id)
    numbers = sorted(graph.since((head.number,), (base.number,)))[-_LOOKED_AT:]
    found: dict[str, Came] = {}
    for number in numbers:
        version = store.version(notebook_id, number)
        if version.origin is not Origin.MERGED:
            words = version.writer.name or _SOMEBODY
            before = found.get(words, Came(words, 0, 0))
            cells, lines = _changes(recorder, notebook_id, version)
            found[words] = Came(words, before.cells + cells, before.lines + lines)
    return tuple(one for one in found.values() if one.cells)


def _changes(recorder: Recorder, notebook_id: int, version: Version) -> tuple[int, int]:
    """How many cells and lines a save changed."""
    cache, parent = recorder.cache, max(version.parents, default=None)
    with recorder.store.lock():  # which is what keeps the cache to one thread at a time
        after = cache.readable(notebook_id, version.number)
        known = () if after is None else after.cells
        before = None if parent is None else cache.readable(notebook_id, parent, known)
    if after is None or (before is None and parent is not None):
        return 0, 0
    return _figures(before, after) if before is not None else (len(after.cells), 0)


def _figures(before: Notebook, after: Notebook) -> tuple[int, int]:
    changed = list(_changed_texts(before, after))
    return len(changed), sum(_lines(old, new) for old, new in changed)


def _changed_texts(before: Notebook, after: Notebook) -> Iterator[tuple[str, str]]:
    """The sources of each cell that differs, before and after; "" where there is none."""
    pairs = pair_cells(before.cells, after.cells)
    for i, cell in enumerate(before.cells):
        if i not in pairs:
            yield cell.source, ""
        elif cell.value != after.cells[pairs[i]].value:
            yield cell.source, after.cells[pairs[i]].source
    taken = set(pairs.values())
    yield from (("", cell.source) for j, cell in enumerate(after.cells) if j not in taken)


def _lines(before: str, after: str) -> int:
    one, other = before.splitlines(), after.splitlines()
    if max(len(one), len(other)) > _LONG:
        return abs(len(one) - len(other))
    codes = SequenceMatcher(None, one, other, autojunk=False).get_opcodes()
    return sum(max(i2 - i1, j2 - j1) for tag, i1, i2, j1, j2 in codes if tag != "equal")
