"""Owns: what was saved once and is not in the notebook now: lines, whole cells, results; and putting it back.

Must not know: where versions are kept, why something went, what is printed.  Invariant: complete by
construction, because nothing is judged: a line of any version is in the notebook, or in the list; each is
listed once, as it stood last.  What is put back adds to the notebook and takes nothing out, but for the
result that a cell shows now.

A line is in the notebook if it stands in any of its cells: what was moved is not lost.  White space at the
end of a line, and blank lines, are nothing that can be lost.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from nbmerge.lineage.changes import PastCells
from nbmerge.merge.cells import never_run
from nbmerge.merge.engine import derived_id, with_id, without_id
from nbmerge.merge.sequences import align
from nbmerge.merge.values import compose, split
from nbmerge.notebook.jsontext import Number
from nbmerge.notebook.model import CODE, Cell, Notebook, joined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.notebook.jsontext import Json


class LostKind(Enum):
    """What is lost of a cell."""

    CELL = "cell"  # every line of it
    LINES = "lines"
    RESULT = "result"


@dataclass(frozen=True, slots=True, eq=False)
class Lost:
    """Something that stood last in version `last`, in its cell number `place` (from 0).

    `lines` are the numbers of the lost lines in the cell's source; none for a result.  `before` are the
    cells of that version which stood before it.
    """

    kind: LostKind
    last: int
    place: int
    cell: Cell
    lines: tuple[int, ...] = ()
    before: Sequence[Cell] = ()

    @property
    def text(self) -> str:
        """What is lost, as people read it."""
        if self.kind is LostKind.RESULT:
            return result_text(self.cell)
        source = split(self.cell.source)[0]
        return "\n".join(source[number] for number in self.lines)


def lost(versions: Iterable[PastCells], now: Notebook) -> Iterator[Lost]:
    """What is in these versions, newest first, and not in the notebook now; what went last comes first."""
    lines = {line for cell in now.cells for line in _lines(cell)}
    results = {_result(cell) for cell in now.cells}
    for version in versions:
        for place in version.changed:
            before = version.cells[:place]
            yield from _of_cell(version.number, place, version.cells[place], before, lines, results)


def _of_cell(
    number: int, place: int, cell: Cell, before: Sequence[Cell], lines: set[str], results: set[str]
) -> Iterator[Lost]:
    filled = [(at, text) for at, line in enumerate(split(cell.source)[0]) if (text := line.rstrip())]
    gone = tuple(at for at, line in filled if line not in lines)
    if gone:
        kind = LostKind.CELL if len(gone) == len(filled) else LostKind.LINES
        yield Lost(kind, number, place, cell, gone, before)
        lines.update(line for _, line in filled)
    result = _result(cell)
    if result and result not in results:
        results.add(result)
        yield Lost(LostKind.RESULT, number, place, cell, before=before)


def _lines(cell: Cell) -> Iterator[str]:
    return (text for line in split(cell.source)[0] if (text := line.rstrip()))


def _result(cell: Cell) -> str:
    """What a cell shows of its last run, to be compared; "" for nothing."""
    if cell.type != CODE or not cell.outputs:
        return ""
    return json.dumps(cell.plain_outputs, default=_spelled, sort_keys=True)


def _spelled(value: object) -> str:
    if isinstance(value, Number):
        return value.text
    raise TypeError(f"no JSON value: {type(value).__name__}")


def result_text(cell: Cell) -> str:
    """The text that a cell shows, and the kinds of what is no text."""
    parts: list[str] = []
    for output in cell.outputs:
        if isinstance(output, dict):
            parts.extend(_output_text(output))
    return "\n".join(part.rstrip("\n") for part in parts)


def _output_text(output: dict[str, Json]) -> Iterator[str]:
    data = output.get("data")
    if isinstance(data, dict):
        plain = data.get("text/plain")
        yield from ([joined(plain) or ""] if plain is not None else [])
        yield from (f"({kind})" for kind in data if kind != "text/plain")
    elif "text" in output:
        yield joined(output["text"]) or ""
    elif "ename" in output:
        yield f"{joined(output['ename']) or ''}: {joined(output.get('evalue')) or ''}"


def with_past_cell(cell: Cell, before: Sequence[Cell], at: int | None, now: Notebook) -> Notebook:
    """The notebook in which a cell is what it was; it is at the place `at` now, under the id that it has.

    None: it is gone, and comes behind the one that it stood behind; `before` are those that stood before it.
    """
    if at is None:
        return _behind(_with_free_id(cell, now), before, now)
    id = now.cells[at].id
    cells = list(now.cells)
    cells[at] = cell if cell.id == id else without_id(cell) if id is None else with_id(cell, id)
    return now.with_cells(tuple(cells))


class NotPutBackError(ValueError):
    """Why something cannot be put back as it was; one line for people."""


def put_back(found: Lost, now: Notebook) -> Notebook:
    """The notebook with this in it again.

    A cell comes behind the one that it stood behind; lines into their cell, behind the line that they stood
    behind, or, if the cell is gone, as a cell.  Raises NotPutBackError for a result whose source is another
    one now.
    """
    at = _place_of(found.cell, now.cells)
    if found.kind is LostKind.RESULT:
        return _with_result(found, now)
    if found.kind is LostKind.LINES and at is not None:
        cells = list(now.cells)
        cells[at] = cells[at].with_source(_with_lines(found, cells[at].source))
        return now.with_cells(tuple(cells))
    return _with_cell(found, now)


def _with_result(found: Lost, now: Notebook) -> Notebook:
    cells = list(now.cells)
    same = [at for at, cell in enumerate(cells) if cell.key == found.cell.key]
    by_id = [at for at in same if cells[at].id == found.cell.id]
    if not same:
        raise NotPutBackError(
            f"the code that gave this result is not in the notebook now; version {found.last} has both"
        )
    at = (by_id or same)[0]
    field = cells[at].count_field
    value = {**cells[at].value, "outputs": found.cell.value["outputs"], field: found.cell.value.get(field)}
    cells[at] = cells[at].with_value(value)
    return now.with_cells(tuple(cells))


def _with_lines(found: Lost, source: str) -> str:
    """The source with the lost lines, each behind the line before it that is still there."""
    old, (new, shape) = split(found.cell.source)[0], split(source)
    still = dict(align(old, new))
    made = list(new)
    for number in reversed(found.lines):
        before = next((still[at] for at in range(number - 1, -1, -1) if at in still), -1)
        made.insert(before + 1, old[number])
    return compose(made, shape)


def _with_cell(found: Lost, now: Notebook) -> Notebook:
    """The notebook with a cell of the lost lines."""
    source = "\n".join(split(found.cell.source)[0][number] for number in found.lines)
    whole = found.kind is LostKind.CELL
    cell = found.cell if whole else found.cell.with_source(source)
    return _behind(_with_free_id(cell if whole else never_run(cell), now), found.before, now)


def _behind(cell: Cell, before: Sequence[Cell], now: Notebook) -> Notebook:
    """The notebook with a cell behind the last of those that stood before it."""
    places = (_place_of(one, now.cells) for one in reversed(before))
    behind = next((place for place in places if place is not None), -1)
    return now.with_cells((*now.cells[: behind + 1], cell, *now.cells[behind + 1 :]))


def _with_free_id(cell: Cell, now: Notebook) -> Cell:
    """The cell with an id of its own, if the notebook has ids, else without one."""
    ids = {one.id for one in now.cells}
    if now.minor < 5 or (ids == {None}):
        return without_id(cell)
    if cell.id is not None and cell.id not in ids:
        return cell
    return with_id(cell, derived_id(cell.type, cell.source, ids))


def _place_of(cell: Cell, cells: Sequence[Cell]) -> int | None:
    """Where a cell is now: the one with its id, else the one that is equal."""
    by_id = (at for at, one in enumerate(cells) if cell.id is not None and one.id == cell.id)
    by_text = (at for at, one in enumerate(cells) if one.key == cell.key)
    return next(by_id, next(by_text, None))
