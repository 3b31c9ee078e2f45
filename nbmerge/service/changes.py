"""Owns: what each version of a notebook changed, against the one before it on its own line of descent, where
one of its cells is in each of them, what each side brought to a merge, and which version people mean who ask
what has changed.

Must not know: what is printed.  Invariant: a version that is no notebook, or whose first parent is none or is
no longer kept, changed nothing that could be told; each version is read by what it changed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from nbmerge.history.store import Store
from nbmerge.lineage.changes import Changes, VersionStep
from nbmerge.lineage.versions import Origin, Version
from nbmerge.notebook.model import Cell
from nbmerge.service.cache import NotebookCache
from nbmerge.service.past_cells import cells_of_versions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.service.tips import TipMerge


@dataclass(frozen=True, slots=True)
class Development:
    """The versions of one notebook that are kept, ascending: their cells, and the step to each from its
    first parent, by number."""

    versions: Sequence[Version]
    cells: Mapping[int, Sequence[Cell]]
    steps: Mapping[int, VersionStep]

    def changes(self, version: Version) -> Changes | None:
        """What a version changed; None if that cannot be told."""
        step = self.steps.get(version.number)
        return None if step is None else step.changes

    def between(self, old: Version, new: Version) -> Changes | None:
        """What changed from the parent of a version to another one."""
        parent = old.parents[0] if old.parents else 0
        if parent not in self.cells or new.number not in self.cells:
            return None
        return VersionStep(self.cells[parent], self.cells[new.number]).changes

    def with_id(self, id: str) -> tuple[int, int] | None:
        """The newest version that has a cell with this id, and its place."""
        for version in reversed(self.versions):
            for place, cell in enumerate(self.cells.get(version.number, ())):
                if cell.id == id:
                    return version.number, place
        return None

    def touching(self, number: int, place: int) -> list[Version]:
        """The versions that changed the cell that stands at this place in version `number`."""
        places = self._places(number, place)
        return [version for version in self.versions if self._touches(version, places)]

    def _touches(self, version: Version, places: Mapping[int, int]) -> bool:
        here, step = places.get(version.number), self.steps.get(version.number)
        if step is None:
            return here is not None
        if here is not None:
            return here + 1 in step.changes.touched
        before = places.get(version.parents[0])
        return before is not None and before + 1 in step.changes.removed

    def _places(self, number: int, place: int) -> dict[int, int]:
        """Where the cell is in each version that has it: down to its beginning, up on every side, and once
        more for what the sides had before."""
        places = {number: place}
        ascending = [version for version in self.versions if version.number in self.steps]
        found = 0
        while found < len(places):
            found = len(places)
            for version in reversed(ascending):
                step, parent = self.steps[version.number], version.parents[0]
                if parent not in places and version.number in places:
                    _set(places, parent, step.before(places[version.number]))
            for version in ascending:
                step, parent = self.steps[version.number], version.parents[0]
                if parent in places and version.number not in places:
                    _set(places, version.number, step.then(places[parent]))
        return places


def _set(places: dict[int, int], number: int, place: int | None) -> None:
    if place is not None:
        places[number] = place


def development(store: Store, notebook_id: int, wanted: Collection[int] | None = None) -> Development:
    """What became of a notebook, version by version; only these are read if not all are `wanted`."""
    cells = {past.number: past.cells for past in cells_of_versions(store, notebook_id, wanted)}
    versions = store.versions(notebook_id)
    steps = {
        version.number: VersionStep(cells[version.parents[0]], cells[version.number])
        for version in versions
        if version.number in cells and version.parents and version.parents[0] in cells
    }
    return Development(versions, cells, steps)


def brought(cache: NotebookCache, notebook_id: int, made: Version, merge: TipMerge) -> dict[int, Changes]:
    """What each tip of a merge had changed since the version that they come from, where that can be told.

    Cells have the numbers that they have in the merge.
    """
    whole = cache.readable(notebook_id, made.number, cache.latest)
    found: dict[int, Changes] = {}
    if whole is None:
        return found
    for place, tip in enumerate(merge.tips):
        base = merge.bases[max(place - 1, 0)] if merge.bases else None
        side = cache.readable(notebook_id, tip, whole.cells)
        before = None if base is None else cache.readable(notebook_id, base, whole.cells)
        if side is not None and before is not None:
            changes = VersionStep(before.cells, side.cells).changes
            found[tip] = changes.numbered(VersionStep(side.cells, whole.cells).places)
    return found


def version_before(store: Store, notebook_id: int, held: str) -> Version | None:
    """The version that people had before what the file holds now, which has the digest `held`.

    Of a save that version which it followed; of a merge what the file held before the newest side came: not
    that side itself, which nobody has seen without the others.  None if there is no other one.
    """
    kept = store.versions(notebook_id)
    others = {one.number: one for one in kept if one.origin is not Origin.UNREADABLE and one.digest != held}
    heads = store.heads(notebook_id)
    head = None if heads is None else next((one for one in kept if one.number == heads.head), None)
    if head is None or head.digest != held:  # what the file holds is not recorded yet
        return others.get(head.number) if head is not None else None
    graph = store.graph(notebook_id)
    if head.origin is Origin.MERGED and len(head.parents) > 1:
        *before, newest = sorted(head.parents)
        swallowed = graph.since((newest,), before)
        found = (number for number in others if number < head.number and number not in swallowed)
        return others.get(max(found, default=0))
    number = head.number
    while number:
        if number in others:
            return others[number]
        number = next(iter(graph.parents.get(number, ())), 0)
    return None
