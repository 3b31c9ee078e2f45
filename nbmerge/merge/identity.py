"""Owns: the ids by which cells of several notebooks are known to be one cell, and whether to believe them.

Must not know: what cells without an id correspond to, order, what is merged.  Invariant: ids
that are not trusted are in nothing that is returned, so they decide nothing anywhere.

Several tools number ids by place (nbstripout's filter writes "0", "1", "2"; others hash the
place): after an insertion above, all cells below stand under their neighbours' ids.  What
gives them away is the contents, not the spelling: a text that stands unchanged, but under
another id, while its own id stands over something else.
"""

from __future__ import annotations

import re
from itertools import combinations

from nbmerge.merge.similarity import SIMILAR_ELSEWHERE, alike

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence
    from typing import TypeAlias, TypeVar

    from nbmerge.notebook.jsontext import Json
    from nbmerge.notebook.model import Cell

    H = TypeVar("H", bound=Hashable)
    Cells: TypeAlias = Sequence[Cell]
    Ids: TypeAlias = Sequence[str | None]  # one for each cell of a notebook

# Where tools keep an id of their own in a cell's metadata: Colab, nbgrader, Deepnote, Azure Data
# Studio, Databricks.
METADATA_IDS: tuple[tuple[str, ...], ...] = (
    ("id",),
    ("nbgrader", "grade_id"),
    ("cell_id",),
    ("azdata_cell_guid",),
    ("application/vnd.databricks.v1+cell", "nuid"),
)
INJECTED = "injected-parameters"  # papermill looks for the one cell with this tag
_NUMBERED = re.compile(r"(.*?)0*(\d+)")


def trusted_ids(*notebooks: Cells) -> list[tuple[Ids, ...]]:
    """For each kind of id that can be trusted, the best first: its ids in each of the notebooks.

    An id that one of the notebooks holds twice is None in all of them.
    """
    found = [[[cell.id for cell in cells] for cells in notebooks]]
    found += [[[metadata_id(cell, path) for cell in cells] for cells in notebooks] for path in METADATA_IDS]
    kinds = [_unambiguous(ids) for ids in found if sum(map(any, ids)) > 1]
    trusted = [ids for ids in kinds if not _follow_the_place(notebooks, ids)]
    injected = [[INJECTED if is_injected(cell) else None for cell in cells] for cells in notebooks]
    return [*trusted, _unambiguous(injected)]


def metadata_id(cell: Cell, path: Sequence[str]) -> str | None:
    """What stands at a path of METADATA_IDS in the cell's metadata, if it is a text."""
    found: object = cell.value.get("metadata")
    if not found:  # as most cells have none, and all are asked for each kind of id
        return None
    for key in path:
        found = found.get(key) if isinstance(found, dict) else None
    return found if isinstance(found, str) and found else None


def with_metadata_id(cell: Cell, path: Sequence[str], id: str) -> Cell:
    """The cell with another id at a path of METADATA_IDS, where it has one."""
    value = dict(cell.value)
    inner: dict[str, Json] = value
    for key in ("metadata", *path[:-1]):
        found = inner[key]
        inner[key] = copied = dict(found) if isinstance(found, dict) else {}
        inner = copied
    inner[path[-1]] = id
    return cell.with_value(value)


def is_injected(cell: Cell) -> bool:
    """Whether papermill put the parameters of a run into this cell."""
    metadata = cell.value.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, dict) else None
    return isinstance(tags, list) and INJECTED in tags


def numbered_by_place(ids: Ids) -> bool:
    """Whether every id is the number of the place, behind one prefix and padded or not."""
    matches = [_NUMBERED.fullmatch(id or "") for id in ids]
    parts = [(match[1], int(match[2]) - place) for place, match in enumerate(matches) if match]
    return len(parts) == len(ids) > 1 and len(set(parts)) == 1 and parts[0][1] in (0, 1)


def _unambiguous(ids: Sequence[Ids]) -> tuple[Ids, ...]:
    twice = {id for side in ids if side for id in repeated(side)}
    return tuple([None if id in twice else id for id in side] for side in ids)


def repeated(items: Iterable[H]) -> set[H]:
    """What occurs more than once."""
    seen: set[H] = set()
    twice: set[H] = set()
    for item in items:
        (twice if item in seen else seen).add(item)
    return twice


def _follow_the_place(notebooks: Sequence[Cells], ids: Sequence[Ids]) -> bool:
    if any(map(numbered_by_place, ids)):
        return True
    texts = [_texts_once(cells) for cells in notebooks]
    places = [{id: place for place, id in enumerate(side) if id is not None} for side in ids]
    return any(
        _contradict((notebooks[a], ids[a], texts[a], places[a]), (notebooks[b], ids[b], texts[b], places[b]))
        for a, b in combinations(range(len(notebooks)), 2)
    )


def _texts_once(cells: Cells) -> dict[tuple[str, str], int]:
    """The texts that one cell alone has, with its place."""
    twice = repeated(cell.key for cell in cells)
    return {cell.key: n for n, cell in enumerate(cells) if cell.key not in twice and cell.source.strip()}


def _contradict(
    one: tuple[Cells, Ids, Mapping[tuple[str, str], int], Mapping[str, int]],
    other: tuple[Cells, Ids, Mapping[tuple[str, str], int], Mapping[str, int]],
) -> bool:
    """Whether a text that both hold stands under two ids, one of which is another cell's.

    A copy that was pasted has a new id that nothing else has, and the cell that it was copied
    from, edited since, still resembles it: that contradicts nothing.
    """
    (ones, ids, texts, places), (others, other_ids, other_texts, other_places) = one, other
    for text, i in texts.items():
        j = other_texts.get(text)
        if j is None or ids[i] == other_ids[j] or ids[i] is None or other_ids[j] is None:
            continue
        there, here = other_places.get(ids[i] or ""), places.get(other_ids[j] or "")
        if there is not None and alike(ones[i], others[there]) < SIMILAR_ELSEWHERE:
            return True
        if here is not None and alike(ones[here], others[j]) < SIMILAR_ELSEWHERE:
            return True
    return False
