"""Owns: what becomes of a notebook, and of the lines of its sources, when conflicts in it are settled.

Must not know: who chose, where the file is.
Invariant: cells without a chosen conflict keep their bytes, and so does each line outside the markers, but
for markers of a conflict that crosses a settled one and of which some are gone with it; a cell that ends up
with one side's source gets what that side had under it, where that is known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from nbmerge.conflicts.known import Traced
from nbmerge.conflicts.nbdime import settle_nbdime
from nbmerge.conflicts.values import (
    Absent,
    CellRuns,
    Choice,
    Chosen,
    Edited,
    InSource,
    NotKnown,
    OpenConflict,
)
from nbmerge.merge.engine import derived_id, with_id
from nbmerge.merge.fields import follow, made, merge_attachments
from nbmerge.merge.markers import crossing
from nbmerge.merge.values import Decision, Notes, Terms, compose, split
from nbmerge.notebook.model import CODE, Cell, Notebook, in_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import TypeAlias

    from nbmerge.merge.markers import Marked
    from nbmerge.merge.values import Lines
    from nbmerge.notebook.jsontext import Json

    One: TypeAlias = tuple[Traced, Chosen]


@dataclass(frozen=True, slots=True)
class Replacing:
    """The lines that take the place of a conflict, and of `head` and `tail` lines around it."""

    marked: Marked
    chosen: Lines
    head: int = 0
    tail: int = 0


def settled_lines(lines: Lines, replacing: Sequence[Replacing]) -> list[str]:
    """The lines with what was chosen in place of each of these conflicts, which stand apart."""
    after: list[tuple[int, str]] = []  # each with its place before, -1 for what was chosen
    stray: set[int] = set()
    at = 0
    replacing = sorted(replacing, key=lambda each: each.marked.start)
    around = crossing(lines, [each.marked for each in replacing])
    for each, others in zip(replacing, around, strict=True):
        torn = _torn(lines, each, others)
        stray |= torn
        markers = {lines[place] for place in torn}
        after += [(place, lines[place]) for place in range(at, each.marked.start - each.head)]
        after += [(-1, line) for line in each.chosen if line not in markers]
        at = each.marked.end + each.tail
    after += [(place, lines[place]) for place in range(at, len(lines))]
    return [line for place, line in after if place not in stray]


def _torn(lines: Lines, each: Replacing, others: Iterable[Sequence[int]]) -> set[int]:
    """The places of the markers of conflicts that cross this one, unless all are still there behind it."""
    inside = range(each.marked.start, each.marked.end)
    kept = set(each.chosen) if others else set()
    return {
        place
        for places in others
        if any(at in inside and lines[at] not in kept for at in places)
        for place in places
    }


@dataclass(frozen=True, slots=True)
class Resolution:
    """The notebook afterwards, and what was done to it besides the sources."""

    notebook: Notebook
    decisions: tuple[Decision, ...] = ()


def choose(notebook: Notebook, chosen: Mapping[Traced, Chosen]) -> Resolution:
    """Settle conflicts that `find` found in this very notebook.

    Raises NotKnown if a term that was chosen is not known; nothing is settled then.
    """
    by_cell: dict[int, list[One]] = defaultdict(list)
    others: dict[OpenConflict, Chosen] = {}
    for traced, choice in chosen.items():
        if isinstance(traced.conflict.place, InSource):
            by_cell[traced.conflict.place.cell].append((traced, choice))
        else:
            others[traced.conflict] = choice
    cells = list(notebook.cells)
    gone: set[int] = set()
    decisions: list[Decision] = []
    for place, ones in sorted(by_cell.items()):
        after = _settled_cell(cells[place], ones)
        if after is None:
            gone.add(id(cells[place]))
            decisions.append(Decision(f"/cells/{place}", _taken(ones), "the cell is deleted there"))
            continue
        decisions += _run_back(place, cells[place], after, ones)
        cells[place] = after
    settled = replace(notebook, cells=tuple(cells))
    if others:
        settled = settle_nbdime(settled, others)
    kept = [cell for cell in settled.cells if id(cell) not in gone]
    decisions += _own_ids(kept, {id(cell) for place in others for cell in _within(place, cells)})
    return Resolution(replace(settled, cells=tuple(kept)), tuple(decisions))


def _within(conflict: OpenConflict, cells: Sequence[Cell]) -> Sequence[Cell]:
    """The cells of both sides, where they stand between marker cells."""
    match conflict.place:
        case CellRuns(first, _, last):
            return cells[first + 1 : last]
    return ()


def _own_ids(cells: list[Cell], of_runs: set[int]) -> Iterator[Decision]:
    """Gives another id to each cell of the runs (by identity) whose id another cell has: tools that keep
    both sides' cells keep their ids."""
    taken = {cell.id for cell in cells}
    seen = {cell.id for cell in cells if id(cell) not in of_runs}
    for place, cell in enumerate(cells):
        if id(cell) not in of_runs or cell.id is None:
            continue
        if cell.id in seen:
            cells[place] = with_id(cell, derived_id(cell.type, cell.source, taken))
            yield Decision(f"/cells/{place}/id", "both", f"{cell.id!r} was in use by another cell")
        taken.add(cells[place].id)
        seen.add(cells[place].id)


def _settled_cell(cell: Cell, ones: Sequence[One]) -> Cell | None:
    """The cell with what was chosen; None if what was chosen has no such cell."""
    lines, shape = split(cell.source)
    after = settled_lines(lines, [_replacing(*one) for one in ones])
    if not any(line.strip() for line in after) and all(_is_deleted(*one) for one in ones):
        return None
    source = compose(after, shape)
    return _of_its_side(cell, source, ones) or with_its_run(cell, source, ones[0][0].cells)


def _replacing(traced: Traced, choice: Chosen) -> Replacing:
    """What takes the place of a conflict; only base, and a text written for it, reach beyond the markers."""
    place = traced.conflict.place
    assert isinstance(place, InSource)
    beyond = choice.whole if isinstance(choice, Edited) else choice is Choice.BASE
    ends = (place.head, place.tail) if beyond else (0, 0)
    return Replacing(place.marked, _lines(traced, place, choice), *ends)


def _lines(traced: Traced, place: InSource, choice: Chosen) -> Lines:
    match choice:
        case Edited(text):
            return _in_lines(text)
        case Choice.BOTH:
            return (*place.marked.local, *place.marked.remote)
        case Choice.LOCAL:
            return place.marked.local
        case Choice.REMOTE:
            return place.marked.remote
    match traced.conflict.terms.base:
        case Absent.DELETED:
            return ()
        case Absent.UNKNOWN:
            raise NotKnown(
                f"cell {place.cell + 1}: what was there before both changes is not known: choose another side"
            )
        case base:
            return place.marked.base if place.marked.base is not None and not place.head else _in_lines(base)


def _in_lines(text: str) -> Lines:
    return tuple(text.split("\n")) if text else ()


def _is_deleted(traced: Traced, choice: Chosen) -> bool:
    """Whether what was chosen has no such cell."""
    terms = traced.conflict.terms
    match choice:
        case Choice.LOCAL:
            return terms.local is Absent.DELETED
        case Choice.REMOTE:
            return terms.remote is Absent.DELETED
        case Choice.BASE:
            return terms.base is Absent.DELETED or (traced.cells.base is None and any(traced.cells))
    return False


def _of_its_side(cell: Cell, source: str, ones: Sequence[One]) -> Cell | None:
    """The cell of the one side that was chosen throughout, if this is its source: that cell as it
    is, outputs, count and metadata included, under the id that it has in the notebook."""
    choices = {choice for _, choice in ones}
    if len(choices) != 1:
        return None
    whose: Cell | None
    match choices.pop():
        case Choice.LOCAL:
            whose = ones[0][0].cells.local
        case Choice.REMOTE:
            whose = ones[0][0].cells.remote
        case Choice.BASE:
            whose = ones[0][0].cells.base
        case _:
            return None
    if whose is None or not _is_shown_as(source, whose, ones[0][0].cells):
        return None
    return _under_its_id(whose, cell)


def _is_shown_as(source: str, whose: Cell, cells: Terms[Cell | None]) -> bool:
    """Whether this is how a merge shows that side's source: references of remote's text follow an
    attachment that got another name."""
    _, renamed = merge_attachments(cells.map(_attachments), Notes())
    shown = [whose.source]
    if renamed:
        shown += [follow(whose.source, names) for names in (renamed, dict.fromkeys(renamed, "replaced"))]
    return split(source)[0] in (split(each)[0] for each in shown)


def _attachments(cell: Cell | None) -> dict[str, Json]:
    found = None if cell is None else cell.value.get("attachments")
    return found if isinstance(found, dict) else {}


def _under_its_id(whose: Cell, cell: Cell) -> Cell:
    """A side's cell in place of a merged one, which may have got an id of its own."""
    value = dict(whose.value)
    if "id" in cell.value:
        value["id"] = cell.value["id"]
    else:
        value.pop("id", None)
    if value == whose.value:
        return replace(whose, lead=cell.lead)
    ordered = {key: value[key] for key in cell.value if key in value} | value
    return Cell(ordered, whose.major, lead=cell.lead, spellings=(whose, cell))


def with_its_run(cell: Cell, source: str, cells: Terms[Cell | None]) -> Cell:
    """The cell with another source; the run is that of whichever side has just this source."""
    value: dict[str, Json] = dict(cell.value)
    value[cell.source_field] = source if isinstance(value.get(cell.source_field), str) else in_lines(source)
    owner = _owner(source, cells)
    if owner is not None and cell.type == owner.type == CODE:
        value["outputs"] = owner.value.get("outputs", [])
        value[cell.count_field] = owner.value.get(owner.count_field)
    spellings = (cell, *(each for each in cells if each is not None))
    return Cell(value, cell.major, layout=cell.layout, lead=cell.lead, spellings=spellings)


def _owner(source: str, cells: Terms[Cell | None]) -> Cell | None:
    """The side that ran this source, comments and blank lines apart."""
    sides = [side for side in (cells.local, cells.remote, cells.base) if side is not None]
    alike = [side for side in sides if split(side.source)[0] == split(source)[0]]
    return next(iter(alike + [side for side in sides if made(source, side)]), None)


def _run_back(place: int, before: Cell, after: Cell, ones: Sequence[One]) -> list[Decision]:
    """What a cell got besides its source, in words."""
    changed = [
        name
        for name, key in (("outputs", "outputs"), ("count", before.count_field), ("metadata", "metadata"))
        if before.value.get(key) != after.value.get(key)
    ]
    if not changed:
        return []
    named = " and ".join(filter(None, (", ".join(changed[:-1]), changed[-1])))
    return [Decision(f"/cells/{place}", _taken(ones), f"with its {named}")]


def _taken(ones: Sequence[One]) -> str:
    names = {choice.value if isinstance(choice, Choice) else "edited" for _, choice in ones}
    return names.pop() if len(names) == 1 else "both"
