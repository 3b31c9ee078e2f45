"""Owns: conflicts that come again: what makes two of them the same, how one was settled in a notebook, and a
merge with those settled that were settled before.

Must not know: where it is recorded how they were settled, git.
Invariant: two conflicts are the same only if the whole cell says the same: its kind, what each side and base
have in it, the lines that are decided and each term, to the character; only which side is called local may
differ.  What is settled so is a decision.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from nbmerge.conflicts.choosing import with_its_run
from nbmerge.conflicts.values import Absent
from nbmerge.merge.cells import MergedCell
from nbmerge.merge.markers import is_marker
from nbmerge.merge.matching import cells_at
from nbmerge.merge.values import Clash, Decision, Result, Terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.conflicts.values import Term
    from nbmerge.notebook.model import Cell, Notebook

_CELL = re.compile(r"/cells/(\d+)(?=/|$)")


@dataclass(frozen=True, slots=True)
class SettledBefore:
    """What became of a cell in conflict: its source, None if it was deleted; `told` says where and when."""

    source: str | None
    told: str


def terms_of(merged: MergedCell) -> bytes:
    """All that a cell in conflict says; the same with the sides swapped."""
    return min(_spelled(merged, swapped=False), _spelled(merged, swapped=True))


def _spelled(merged: MergedCell, *, swapped: bool) -> bytes:
    def sides(terms: Terms[object]) -> list[object]:
        return [terms.base, terms.remote, terms.local] if swapped else [*terms]

    assert merged.text is not None
    pieces = [sides(piece) if isinstance(piece, Clash) else [piece.value] for piece in merged.text.pieces]
    whole = [merged.cell.type, sides(merged.sources), pieces, merged.text.shape.crlf]
    return json.dumps(whole).encode()


def settled_in(notebook: Notebook, result: Result, place: int) -> Term:
    """The source that a notebook has for a cell in conflict of a merge; DELETED where somebody deleted it.

    UNKNOWN where it cannot be told which cell that is, or where markers are left in it.
    """
    merged = result.contested[place]
    cell = _same_cell(notebook, result, place)
    if cell is None:
        ids = {each.id for each in notebook.cells} & {each.id for each in result.notebook.cells}
        gone = merged.cell.id is not None and merged.deleted_by is not None
        return Absent.DELETED if gone and merged.cell.id not in ids and ids - {None} else Absent.UNKNOWN
    known = {line for source in merged.sources if source for line in source.splitlines()}
    if cell.type != merged.cell.type or any(is_marker(line) for line in _lines(cell) if line not in known):
        return Absent.UNKNOWN
    return cell.source


def _same_cell(notebook: Notebook, result: Result, place: int) -> Cell | None:
    """By id; without ids the one between the same two neighbours, where nothing came or went."""
    cells, id = result.notebook.cells, result.notebook.cells[place].id
    if id is not None:
        found = [cell for cell in notebook.cells if cell.id == id]
        return found[0] if len(found) == 1 else None
    beside = [at for at in (place - 1, place + 1) if 0 <= at < len(cells)]
    if len(cells) != len(notebook.cells) or any(cells[at].key != notebook.cells[at].key for at in beside):
        return None
    return notebook.cells[place]


def _lines(cell: Cell) -> Iterator[str]:
    yield from cell.source.splitlines()


def settle_again(result: Result, sides: Terms[Notebook], before: Mapping[int, SettledBefore]) -> Result:
    """The merge with these cells, by their places, as they were settled before; each is a decision."""
    cells: list[Cell | None] = [*result.notebook.cells]
    said: list[Decision] = []
    decisions = list(result.decisions)
    for place, settled in before.items():
        path = f"/cells/{place}"
        why = f"this very conflict was settled so {settled.told}"
        if settled.source is None:
            cells[place] = None
            said.append(Decision(f"base:/cells/{result.origins[place].base}", "recorded", f"deleted; {why}"))
            continue
        contested = result.notebook.cells[place]
        after = with_its_run(contested, settled.source, cells_at(result.origins[place], sides))
        cells[place] = after
        said.append(Decision(f"{path}/source", "recorded", why))
        if after.value.get("outputs") != contested.value.get("outputs"):
            decisions = [each for each in decisions if each.path != f"{path}/outputs"]
    return _without_gone(result, cells, said, decisions, before)


def _without_gone(
    result: Result,
    cells: list[Cell | None],
    said: list[Decision],
    decisions: list[Decision],
    before: Mapping[int, SettledBefore],
) -> Result:
    """The merge of the cells that are left, everything numbered as they stand now."""
    left = [place for place, cell in enumerate(cells) if cell is not None]
    now = {place: number for number, place in enumerate(left)}

    def moved(decision: Decision) -> Decision | None:
        found = _CELL.match(decision.path)
        if found is None:
            return decision
        place = int(found.group(1))
        path = f"/cells/{now.get(place)}{decision.path[found.end() :]}"
        return Decision(path, decision.took, decision.reason) if place in now else None

    return Result(
        result.notebook.with_cells(tuple(cell for cell in cells if cell is not None)),
        {now[place]: cell for place, cell in result.contested.items() if place not in before},
        tuple(each for each in map(moved, [*said, *decisions]) if each is not None),
        tuple(result.origins[place] for place in left),
    )
