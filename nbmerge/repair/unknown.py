"""Owns: a base for two sides of which nothing is known but that they came from one notebook.

Must not know: files, markers.  Invariant: merged against it, what both sides have alike is kept, what
one side has alone is kept, and where the texts of one cell differ there is a conflict: nothing says
which of the two changed it.
"""

from __future__ import annotations

from itertools import count

from nbmerge.merge.sequences import align_alike
from nbmerge.merge.text import compose, split
from nbmerge.notebook.model import Cell, Notebook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbmerge.notebook.jsontext import Json

_DIFFERS = "\0"  # begins a line that stands for what differs; no text of a notebook has one


def unknown_base(local: Notebook, remote: Notebook) -> Notebook:
    """The notebook that holds what the two have in common; cells with one id are one cell."""
    theirs = {cell.id: cell for cell in remote.cells}
    places = count()
    cells = tuple(_common(cell, theirs[cell.id], places) for cell in local.cells if cell.id in theirs)
    return Notebook(_shared_fields(local.frame, remote.frame), cells, remote.style)


def known(text: str | None) -> str | None:
    """What a text of that base says; None if that is not known."""
    return None if text is None or _DIFFERS in text else text


def _common(local: Cell, remote: Cell, places: Iterator[int]) -> Cell:
    """What two versions of a cell have in common."""
    if local.value == remote.value:
        return local
    fields = _shared_fields(local.value, remote.value)
    fields["cell_type"] = local.type if local.type == remote.type else ""
    fields[local.source_field] = _common_text(local.source, remote.source, places)
    return Cell(fields, local.major)


def _shared_fields(local: dict[str, Json], remote: dict[str, Json]) -> dict[str, Json]:
    """The members that are the same in both, at any depth."""
    found: dict[str, Json] = {}
    for key in local.keys() & remote.keys():
        match local[key], remote[key]:
            case one, other if one == other:
                found[key] = one
            case dict() as one, dict() as other:
                found[key] = _shared_fields(one, other)
    return found


def _common_text(local: str, remote: str, places: Iterator[int]) -> str:
    """The lines that both have, and one that neither has for each stretch that differs."""
    (ours, _), (theirs, shape) = split(local), split(remote)
    lines: list[str] = []
    i = j = 0
    for next_i, next_j in [*align_alike(ours, theirs), (len(ours), len(theirs))]:
        if next_i > i or next_j > j:
            lines.append(f"{_DIFFERS}{next(places)}")
        lines += ours[next_i : next_i + 1]
        i, j = next_i + 1, next_j + 1
    return compose(lines, shape)
