"""Owns: conflicts between whole cells that are nothing but a marker: found, settled.

Must not know: files, how a conflict is shown, who chooses.
Invariant: a marker cell is a markdown cell with a marker and nothing else, so that a cell that quotes one is
none; only whole conflicts count, all three cells of one writer and length in order, and no two of them cross.

Three programs write them: nbdime in red letters; nbdev's driver and `nbdev_fix`, and `databooks fix`, as
code in backticks, which nbdev's pages also show one character shorter.  Without backticks they are what is
left when somebody has copied a marker into a cell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from nbmerge.conflicts.nbdime_outputs import CLOSING, OPENING, SEPARATOR, dropped, triples
from nbmerge.conflicts.values import Absent, CellRuns, Choice, NotKnown, OpenConflict, ShownBy
from nbmerge.merge.cells import never_run
from nbmerge.merge.markers import LEAST, Labels
from nbmerge.merge.values import Terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from nbmerge.conflicts.values import Chosen
    from nbmerge.notebook.model import Cell

_LEAST_QUOTED = LEAST - 1
_OF_NBDIME = re.compile(rf'<span style="color:red"><b>(?P<marker>{OPENING}|{SEPARATOR}|{CLOSING})</b></span>')
_PLAIN = re.compile(r"(?P<tick>`?)(?P<marker>(?P<one>[<=>])(?P=one){5,})(?: (?P<label>[^\n]*?))?(?P=tick)")
_KINDS = {"<": OPENING, "=": SEPARATOR, ">": CLOSING}


@dataclass(frozen=True, slots=True)
class _MarkerCell:
    """`kind` is the marker as nbdime writes it; those of one `family` belong together."""

    kind: str
    family: tuple[ShownBy, int, str]
    label: str


def conflicts_between_cells(cells: Sequence[Cell]) -> dict[CellRuns, OpenConflict]:
    """The conflicts between marker cells, outer before inner ones."""
    marks = {at: mark for at, cell in enumerate(cells) if (mark := _mark(cell)) is not None}
    families: dict[tuple[ShownBy, int, str], list[int]] = {}
    for at, mark in marks.items():
        families.setdefault(mark.family, []).append(at)
    found = [
        [places[number] for number in triple]
        for places in families.values()
        for triple in triples([marks[at].kind for at in places])
    ]
    conflicts: dict[CellRuns, OpenConflict] = {}
    around: list[CellRuns] = []  # those not yet at their end, the innermost last
    for first, middle, last in sorted(found):
        while around and around[-1].last < first:
            around.pop()
        if around and around[-1].last < last:
            continue
        run = CellRuns(first, middle, last)
        around.append(run)
        local, remote = cells[first + 1 : middle], cells[middle + 1 : last]
        conflicts[run] = OpenConflict(
            run,
            cells[first].id,
            marks[first].family[0],
            Labels(marks[first].label, "", marks[last].label),
            Terms(Absent.UNKNOWN, _text(local), _text(remote)),
        )
    return conflicts


def left_alone(cells: Sequence[Cell], whole: Container[int]) -> Iterator[int]:
    """The places of marker cells that no whole conflict has (any more); `whole` are those that one has.

    A separator in backticks may be an ornament, and a short marker an example of nbdev's; one without
    backticks is a line like any other.
    """
    for at, cell in enumerate(cells):
        mark = _mark(cell)
        if mark is None or at in whole:
            continue
        writer, size, quoted = mark.family
        if writer is ShownBy.NBDIME or (quoted and size >= LEAST and mark.kind != SEPARATOR):
            yield at


def _mark(cell: Cell) -> _MarkerCell | None:
    if cell.type != "markdown":
        return None
    source = cell.source.strip()
    written = _OF_NBDIME.fullmatch(source)
    if written:
        kind = written["marker"]
        return _MarkerCell(kind, (ShownBy.NBDIME, LEAST, "span"), kind.partition(" ")[2])
    plain = _PLAIN.fullmatch(source)
    if plain is None:
        return None
    size, quoted = len(plain["marker"]), plain["tick"]
    if size < (_LEAST_QUOTED if quoted else LEAST) or (plain["one"] == "=" and plain["label"]):
        return None
    return _MarkerCell(_KINDS[plain["one"]], (ShownBy.NBDEV, size, quoted), (plain["label"] or "").strip())


def settled_run(cells: Sequence[Cell | None], place: CellRuns, choice: Chosen) -> list[Cell | None]:
    """What stands for the two runs and their markers, None for each cell that is no more.

    Some of the cells may be gone already.  A text that somebody wrote is one cell, unless it is
    what a side or both have; an empty one is none.  Raises NotKnown.
    """
    match choice:
        case Choice.BASE:
            raise NotKnown("what was there before is not known: choose local, remote or both")
        case Choice():
            gone = dropped((place.first, place.middle, place.last), choice)
            return [None if at in gone else cells[at] for at in range(place.first, place.last + 1)]
    local = [cell for cell in cells[place.first + 1 : place.middle] if cell is not None]
    remote = [cell for cell in cells[place.middle + 1 : place.last] if cell is not None]
    kept = _written(choice.text, local, remote)
    return [*kept, *[None] * (place.last + 1 - place.first - len(kept))]


def _text(cells: Sequence[Cell]) -> str:
    return "\n\n".join(cell.source for cell in cells)


def _written(text: str, local: list[Cell], remote: list[Cell]) -> list[Cell]:
    """The cells for a text in place of these two runs."""
    for run in (local, remote, local + remote):
        if text == _text(run):
            return run
    return [with_source(cell, text, is_its_own=False) for cell in (*local, *remote)[:1] if text.strip()]


def with_source(cell: Cell, source: str, *, is_its_own: bool) -> Cell:
    """The cell with another source; outputs and count stay only if it is what they are of."""
    after = cell.with_source(source)
    return after if is_its_own else never_run(after)
