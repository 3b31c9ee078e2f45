"""Owns: what somebody did on nbdime's page for merges, read from the notebook that it sent back.

Must not know: the page's server, how conflicts are settled.  Invariant: only parts with conflicts count; a
conflict that is not surely decided is left open; what no choice gives is taken word for word.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from nbmerge.browser.mergetool_page import MARK, Deleted, Reduced, Runs, Texts, choices_in
from nbmerge.conflicts.choosing import Resolution, choose
from nbmerge.conflicts.known import Traced
from nbmerge.conflicts.values import CellRuns, Choice, Chosen, Edited, InSource
from nbmerge.merge.markers import conflicts_in
from nbmerge.merge.values import compose, split
from nbmerge.notebook.model import Cell, Notebook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    Plain: TypeAlias = dict[str, object]  # what JSON has
    Diff: TypeAlias = list[Plain]
    Sources: TypeAlias = dict[int, str]  # by the place of the cell in the notebook


class UnfitAnswerError(ValueError):
    """What came back is no notebook made of the one that the page was given."""


@dataclass(frozen=True, slots=True)
class PageChoices:
    """What was decided.

    `sources` are whole new texts of cells in which more than conflicts was edited, `deleted` cells
    that were taken out, `runs` the cells that stay of two runs, where that is neither one run nor
    both; `edited` are the conflicts settled in one of these ways, `left` those that nobody decided.
    """

    chosen: dict[Traced, Chosen] = field(default_factory=dict)
    sources: dict[int, str] = field(default_factory=dict)
    deleted: set[int] = field(default_factory=set)
    runs: dict[Traced, tuple[int, ...]] = field(default_factory=dict)
    edited: list[Traced] = field(default_factory=list)
    left: list[Traced] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Sent:
    """What the page sent: the sources of cells by part and place, in its order; the undecided ones."""

    sources: Mapping[int, Sources]
    undecided: frozenset[tuple[int, int]]


def taken(notebook: Notebook, reduced: Reduced, base: object, sent: object) -> PageChoices:
    """What was decided.  `base` is the small notebook that the page was given, `sent` what it sent
    to be stored, both as JSON.  Raises Unfit."""
    found = _sent(base, sent)
    decided = PageChoices(left=list(reduced.apart))
    for number, part in enumerate(reduced.parts):
        cells = found.sources.get(number, {})
        match part:
            case Texts():
                _texts(decided, part, cells.get(part.cell), notebook.cells[part.cell])
            case Deleted():
                is_open = (number, part.cell) in found.undecided
                _deleted(decided, part, cells.get(part.cell), is_open)
            case Runs():
                _runs(decided, part, tuple(cells), all((number, cell) in found.undecided for cell in cells))
    return decided


def settle(notebook: Notebook, decided: PageChoices) -> Resolution:
    """The notebook with all that was decided.  Raises NotKnown."""
    cells = list(notebook.cells)
    for place, text in decided.sources.items():
        cells[place] = cells[place].with_source(text)
    settled = choose(replace(notebook, cells=tuple(cells)), decided.chosen)
    gone = {id(cells[place]) for place in decided.deleted}
    after: list[Cell] = []
    runs = {id(cells[run.conflict.cell or 0]): (run, kept) for run, kept in decided.runs.items()}
    for cell in settled.notebook.cells:
        if id(cell) in runs:
            run, kept = runs[id(cell)]
            after += [cells[place] for place in kept]
            gone |= {id(cells[place]) for place in _places(run)}
        elif id(cell) not in gone:
            after.append(cell)
    return replace(settled, notebook=replace(settled.notebook, cells=tuple(after)))


def _texts(decided: PageChoices, part: Texts, source: str | None, cell: Cell) -> None:
    conflicts = [piece.traced for piece in part.pieces if not isinstance(piece, str)]
    if source is None:
        decided.deleted.add(part.cell)
        decided.edited.extend(conflicts)
        return
    lines = split(part.substitute.original(source))[0]
    choices = choices_in(part.pieces, lines)
    if choices is None:
        decided.sources[part.cell] = compose(lines, split(cell.source)[1])
        standing = {conflict.lines for conflict in conflicts_in(lines)}
        for one in conflicts:
            (decided.left if _lines_of(one) in standing else decided.edited).append(one)
        return
    for traced, choice in choices:
        if choice is None:
            decided.left.append(traced)
        else:
            decided.chosen[traced] = choice


def _lines_of(traced: Traced) -> Sequence[str]:
    place = traced.conflict.place
    return place.marked.lines if isinstance(place, InSource) else ()


def _deleted(decided: PageChoices, part: Deleted, source: str | None, undecided: bool) -> None:
    sides = (Choice.LOCAL, Choice.REMOTE)
    gone, kept = sides if part.by_local else sides[::-1]
    if source is None:
        decided.chosen[part.traced] = gone
        return
    lines = split(part.substitute.original(source))[0]
    if lines != part.lines:
        decided.chosen[part.traced] = Edited("\n".join(lines))
    elif undecided:
        decided.left.append(part.traced)
    else:
        decided.chosen[part.traced] = kept


def _runs(decided: PageChoices, part: Runs, stay: tuple[int, ...], undecided: bool) -> None:
    both = (*part.local, *part.remote)
    if undecided and stay == both:
        decided.left.append(part.traced)
        return
    ways = {part.local: Choice.LOCAL, part.remote: Choice.REMOTE, both: Choice.BOTH}
    if stay in ways:
        decided.chosen[part.traced] = ways[stay]
    else:
        decided.runs[part.traced] = stay
        decided.edited.append(part.traced)


def _places(run: Traced) -> range:
    place = run.conflict.place
    return range(place.first, place.last + 1) if isinstance(place, CellRuns) else range(0)


def _sent(base: object, sent: object) -> _Sent:
    sources: dict[int, Sources] = defaultdict(dict)
    merged = _member(sent, "merged")
    for cell in _items(_member(merged, "cells")):
        number, place = _mark(cell)
        text = _member(cell, "source")
        whole = text if isinstance(text, str) else "".join(map(str, _items(text)))
        sources[number][place] = whole
    marks = [_mark(cell) for cell in _items(_member(base, "cells"))]
    undecided = (mark for one in _items(_member(sent, "conflicts")) for mark in _about(one, marks))
    return _Sent(sources, frozenset(undecided))


def _about(decision: object, marks: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The cells that an undecided decision is about."""
    match _member(decision, "common_path"):
        case ["cells", int(at), *_] if 0 <= at < len(marks):
            yield marks[at]
            return
    for side in ("local_diff", "remote_diff"):
        for entry in _items(_member(decision, side) or []):
            match entry:
                case {"op": "addrange", "valuelist": list(cells)}:
                    yield from map(_mark, cells)
                case {"key": int(at)} if 0 <= at < len(marks):
                    yield marks[at]


def _mark(cell: object) -> tuple[int, int]:
    match _member(_member(cell, "metadata"), MARK):
        case [int(number), int(place)]:
            return number, place
    raise UnfitAnswerError("a cell is not one of those that the page was given")


def _member(value: object, key: str) -> object:
    if not isinstance(value, dict):
        raise UnfitAnswerError(f"{key} is missing")
    return value.get(key)


def _items(value: object) -> list[object]:
    if not isinstance(value, list):
        raise UnfitAnswerError("a list is missing")
    return value
