"""Owns: the ids of the cells of a merged notebook.

Must not know: how the cells were merged.
Invariant: where the result has ids, every cell has one and no two share one that only the merge brought
together; a new id follows from the cell's content (of a conflict: from what the sides have, not from how
it is shown) and never from chance or time.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbmerge.merge.cells import MergedCell
    from nbmerge.merge.values import Notes, Terms
    from nbmerge.notebook.model import Cell, Notebook

_MINOR_WITH_IDS = 5


def unique_ids(
    merged: Sequence[MergedCell], minor: int, sides: Terms[Notebook], notes: Notes
) -> tuple[Cell, ...]:
    """The cells with ids given, kept or dropped so that they fit the nbformat minor of the result."""
    cells = [item.cell for item in merged]
    if minor < _MINOR_WITH_IDS:
        return _without_ids(cells, sides, notes)
    if not _has_ids(cells) and any(map(_lacks_ids, sides)):
        return tuple(cells)  # files of 4.5 without ids stay as they are
    twice = _shared_in_one_file(sides)
    taken = {cell.id for cell in cells}
    seen: set[str | None] = set()
    for position, item in enumerate(merged):
        id = item.cell.id
        if id is None or (id in seen and id not in twice):
            cells[position] = with_id(item.cell, derived_id(item.cell.type, item.plain_source, taken))
            taken.add(cells[position].id)
            if id is not None:
                here = notes.below("cells").below(position).below("id")
                here.add("both", f"{id!r} was in use by another cell")
        seen.add(cells[position].id)
    return tuple(cells)


def derived_id(kind: str, source: str, taken: set[str | None]) -> str:
    """Eight hex digits from kind and source; the first occurrence that is free."""
    from hashlib import sha256  # only a merge that needs a new id pays for it

    occurrence = 0
    while True:
        text = f"{kind}\n{occurrence}\n{source}"
        id = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]
        if id not in taken:
            return id
        occurrence += 1


def with_id(cell: Cell, id: str) -> Cell:
    """The cell with another id, at its place among sorted keys."""
    value = {**cell.value, "id": id}
    if list(cell.value) == sorted(cell.value):
        value = dict(sorted(value.items()))
    return cell.with_value(value)


def _has_ids(cells: Sequence[Cell]) -> bool:
    return any(cell.id is not None for cell in cells)


def _lacks_ids(notebook: Notebook) -> bool:
    return bool(notebook.minor >= _MINOR_WITH_IDS and notebook.cells and not _has_ids(notebook.cells))


def _without_ids(cells: Sequence[Cell], sides: Terms[Notebook], notes: Notes) -> tuple[Cell, ...]:
    """Below 4.5 cells have no ids, unless base or local of such a minor has them all the same."""
    own = (side.cells for side in (sides.base, sides.local) if side.minor < _MINOR_WITH_IDS)
    if not _has_ids(cells) or any(map(_has_ids, own)):
        return tuple(cells)
    notes.below("cells").add("nothing", "nbformat below 4.5 has no cell ids; they are dropped")
    return tuple(cell if cell.id is None else _without_id(cell) for cell in cells)


def _without_id(cell: Cell) -> Cell:
    return cell.with_value({key: item for key, item in cell.value.items() if key != "id"})


def _shared_in_one_file(sides: Terms[Notebook]) -> set[str]:
    """Ids that a file already held twice: not ours to change."""
    found: set[str] = set()
    for side in sides:
        seen: set[str] = set()
        for cell in side.cells:
            if cell.id is not None:
                (found if cell.id in seen else seen).add(cell.id)
    return found
