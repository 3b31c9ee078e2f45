"""Owns: open conflicts taken out of their notebook as nbdime's page for merges takes them: a small notebook
and decisions; and which side of each stands in a text that somebody made of a source.

Must not know: the page's server, how a text was made.  Invariant: every conflict is in one part, or apart;
parts are in the notebook's order, and cells without a conflict are there only to tell where it is.  The
pieces of a source as they are shown, in order, are its lines; a text is taken for choices only if those
choices give exactly that text.  Every decision is one of the parts' conflicts, and none is about an id, a
count, outputs, or a cell that the small notebook lacks.

The page is given decisions instead of three notebooks to compare: nbdime's own comparison would decide
once more what the merge has decided, and stumbles over ids, cells without a base and counts.  Where the
base of a conflict is known, the text to be merged starts as the conflict with its markers (action
`custom`); where it is not, the base itself is the text with its markers.  So whatever somebody leaves
undecided is still a conflict when it comes back.

The form: nbdime's documentation, "Diff format" and "Merge details"; a line is a text with its end, and the
last line of a text is given one too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from nbmerge.conflicts.values import Absent, CellRuns, Choice, DeletedCell, InSource
from nbmerge.merge.values import split
from nbmerge.notebook.model import CODE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.conflicts.known import Traced
    from nbmerge.merge.values import Lines
    from nbmerge.notebook.model import Cell, Notebook

    Choices: TypeAlias = list[tuple[Traced, Choice | None]]  # None: it is still in conflict
    Reached: TypeAlias = dict[int, tuple[int, Choice | None]]
    Plain: TypeAlias = dict[str, object]  # what JSON has
    Diff: TypeAlias = list[Plain]

MARK = "nbmerge"  # the key of a cell's metadata: its part's number, and its place in the notebook
_LONGEST = 200  # lines of a cell that is shown only to tell where a conflict is
# What a page or its editor would take for the end of a line, or lose.
_HARD = "\r\u2028\u2029"
_INSTEAD = "\u240d\u2424\u240a" + "".join(map(chr, range(0xE000, 0xE100)))


@dataclass(frozen=True, slots=True)
class ConflictRegion:
    """A conflict with the lines around its markers that are a part of it.

    `ways` are the lines that may have become of it, by what was chosen; None: it is shown as it was.
    """

    traced: Traced
    ways: Mapping[Choice | None, Lines]


def regions(lines: Lines, conflicts: Iterable[Traced]) -> tuple[str | ConflictRegion, ...]:
    """The lines of a source in order, with each of its conflicts as one piece."""
    pieces: list[str | ConflictRegion] = []
    at = 0
    for traced, place in sorted(_in_source(conflicts), key=lambda found: found[1].marked.start):
        marked = place.marked
        start = max(at, marked.start - place.head)
        end = min(len(lines), marked.end + place.tail)
        head, tail = lines[start : marked.start], lines[marked.end : end]
        pieces += lines[at:start]
        base = _base(traced)
        ways: dict[Choice | None, Lines] = {
            None: lines[start:end],
            Choice.LOCAL: (*head, *marked.local, *tail),
            Choice.REMOTE: (*head, *marked.remote, *tail),
            **({} if base is None else {Choice.BASE: base}),
            Choice.BOTH: (*head, *marked.local, *marked.remote, *tail),
        }
        pieces.append(ConflictRegion(traced, ways))
        at = end
    return (*pieces, *lines[at:])


def choices_in(pieces: Sequence[str | ConflictRegion], lines: Sequence[str]) -> Choices | None:
    """What was chosen for each conflict, if choices alone made these lines of the pieces."""
    reached: list[Reached] = [{0: (0, None)}]
    for piece in pieces:
        after: Reached = {}
        ways = ((None, (piece,)),) if isinstance(piece, str) else tuple(piece.ways.items())
        for at in reached[-1]:
            for choice, way in ways:
                if tuple(lines[at : at + len(way)]) == way:
                    after.setdefault(at + len(way), (at, choice))
        reached.append(after)
    if len(lines) not in reached[-1]:
        return None
    found: Choices = []
    at = len(lines)
    for piece, steps in zip(reversed(pieces), reversed(reached), strict=False):
        at, choice = steps[at]
        if not isinstance(piece, str):
            found.append((piece.traced, choice))
    return found[::-1]


@dataclass(frozen=True, slots=True)
class Substitute:
    """Characters that stand in, by their number, for those that would not come back as they are."""

    table: Mapping[int, str]

    def shown(self, line: str) -> str:
        """The line for the page."""
        return line.translate(self.table)

    def original(self, text: str) -> str:
        """The inverse of `shown`."""
        return text.translate({ord(instead): chr(hard) for hard, instead in self.table.items()})


def substitute_for(lines: Iterable[str]) -> Substitute:
    """Stand-ins that none of the lines holds."""
    used = set().union(*lines)
    free = (character for character in _INSTEAD if character not in used)
    return Substitute(dict(zip((ord(hard) for hard in _HARD if hard in used), free, strict=False)))


def _in_source(conflicts: Iterable[Traced]) -> Iterator[tuple[Traced, InSource]]:
    for traced in conflicts:
        if isinstance(traced.conflict.place, InSource):
            yield traced, traced.conflict.place


def _base(traced: Traced) -> Lines | None:
    match traced.conflict.terms.base:
        case Absent.UNKNOWN:
            return None
        case Absent.DELETED:
            return ()
        case base:
            return split(base)[0]


@dataclass(frozen=True, eq=False)
class Texts:
    """Conflicts between the lines of one source, which `regions` and the plain lines between them make up."""

    cell: int
    pieces: tuple[str | ConflictRegion, ...]
    substitute: Substitute


@dataclass(frozen=True, eq=False)
class Deleted:
    """A cell that one side deleted; `lines` are what the other side made of it."""

    cell: int
    traced: Traced
    base: Lines | None
    lines: Lines
    by_local: bool
    substitute: Substitute


@dataclass(frozen=True, eq=False)
class Runs:
    """Two runs of cells, by their places in the notebook."""

    traced: Traced
    local: tuple[int, ...]
    remote: tuple[int, ...]

    @property
    def cell(self) -> int:
        return self.traced.conflict.cell or 0


@dataclass(frozen=True, eq=False)
class Around:
    """A cell that is shown only to tell where a conflict is."""

    cell: int


Part: TypeAlias = Texts | Deleted | Runs | Around


@dataclass(frozen=True, eq=False)
class Reduced:
    """What a page can show, and `apart` what it cannot: conflicts in outputs and in metadata, and
    those inside of runs of cells that are in conflict themselves."""

    parts: tuple[Part, ...]
    apart: tuple[Traced, ...]


def reduce(notebook: Notebook, conflicts: Sequence[Traced]) -> Reduced:
    """The conflicts, which `find` found in this very notebook, as parts."""
    by_cell: dict[int, list[Traced]] = defaultdict(list)
    apart: list[Traced] = []
    taken = -1  # the last cell of the runs that are a part already
    for traced in conflicts:
        place, cell = traced.conflict.place, traced.conflict.cell
        if not isinstance(place, InSource | DeletedCell | CellRuns) or cell is None or cell <= taken:
            apart.append(traced)
            continue
        by_cell[cell].append(traced)
        taken = place.last if isinstance(place, CellRuns) else taken
    for cell, found in by_cell.items():
        if len(found) > 1:  # the line that tells of a deletion stays among the others
            apart += [one for one in found if isinstance(one.conflict.place, DeletedCell)]
            by_cell[cell] = [one for one in found if not isinstance(one.conflict.place, DeletedCell)]
    parts = tuple(_parts(notebook, by_cell))
    return Reduced(parts, tuple(apart))


def _parts(notebook: Notebook, by_cell: Mapping[int, Sequence[Traced]]) -> Iterator[Part]:
    """In the order of the notebook: each conflict, and the cells just before and behind it."""
    behind = 0  # cells before this one have been dealt with
    for cell, found in sorted(by_cell.items()):
        if cell - 1 >= behind and cell - 1 not in by_cell:
            yield Around(cell - 1)
        own = list(_of_cell(notebook, cell, found))
        yield from own
        behind = max([behind, *(part.cell + 1 for part in own), *(_end(one) for one in found)])
        if behind < len(notebook.cells) and behind not in by_cell:
            yield Around(behind)
            behind += 1


def _end(traced: Traced) -> int:
    place = traced.conflict.place
    return place.last + 1 if isinstance(place, CellRuns) else 0


def _of_cell(notebook: Notebook, cell: int, found: Sequence[Traced]) -> Iterator[Part]:
    """What one cell, or the runs that begin in it, are on the page."""
    place = found[0].conflict.place
    if isinstance(place, CellRuns):
        local, remote = range(place.first + 1, place.middle), range(place.middle + 1, place.last)
        yield Runs(found[0], tuple(local), tuple(remote))
        return
    deleted = _deleted(notebook.cells[cell], cell, found)
    if deleted is not None:
        yield deleted
        return
    lines, _ = split(notebook.cells[cell].source)
    pieces = regions(lines, found)
    yield Texts(cell, pieces, substitute_for(line for piece in pieces for line in _lines(piece)))


def _deleted(cell: Cell, place: int, found: Sequence[Traced]) -> Deleted | None:
    """The cell as one that a side deleted, if that is all there is to it."""
    [traced, *others] = found
    terms, where = traced.conflict.terms, traced.conflict.place
    kept = [term for term in (terms.local, terms.remote) if isinstance(term, str)]
    if others or len(kept) != 1 or Absent.DELETED not in (terms.local, terms.remote):
        return None
    if isinstance(where, InSource) and where.marked.lines != split(cell.source)[0]:
        return None
    base = split(terms.base)[0] if isinstance(terms.base, str) else None
    lines = split(kept[0])[0]
    if base == lines:
        return None
    by_local = terms.local is Absent.DELETED
    return Deleted(place, traced, base, lines, by_local, substitute_for((*lines, *(base or ()))))


def _lines(piece: str | ConflictRegion) -> Iterator[str]:
    if isinstance(piece, str):
        yield piece
    else:
        yield from (line for way in piece.ways.values() for line in way)


class Decisions:
    """The small notebook and what is to be decided about it, part by part.

    `shows_base` tells whether there is a base to show.
    """

    def __init__(self, notebook: Notebook, parts: Sequence[Part]) -> None:
        self._notebook = notebook
        self._cells: list[Plain] = []
        self._between_lines: list[Plain] = []
        self._about_cells: list[Plain] = []
        self.shows_base = False
        for number, part in enumerate(parts):
            self._add(number, part)

    def _add(self, number: int, part: Part) -> None:
        match part:
            case Texts():
                self._texts(number, part)
            case Deleted():
                self._deleted_cell(number, part)
            case Runs():
                self._runs(number, part)
            case Around():
                self._cells.append(self._whole(number, part.cell, _LONGEST))

    def answer(self) -> Plain:
        """What nbdime's page asks its server for."""
        metadata = {"language_info": _language(self._notebook)}
        base = {"cells": self._cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 4}
        # those about whole cells come last: they move the cells behind them
        return {"base": base, "merge_decisions": [*self._between_lines, *self._about_cells]}

    def _texts(self, number: int, part: Texts) -> None:
        path: list[str | int] = ["cells", len(self._cells), "source"]
        shown = part.substitute.shown
        lines: list[str] = []
        for piece in part.pieces:
            if isinstance(piece, str):
                lines.append(shown(piece))
                continue
            ways = {choice: _shown(part.substitute, way) for choice, way in piece.ways.items()}
            markers = ways[None]
            start = ways.get(Choice.BASE, markers)
            at = len(lines)
            sides = (_change(at, start, ways[side]) for side in (Choice.LOCAL, Choice.REMOTE))
            decision = _decision(path, *sides)
            if Choice.BASE in ways:
                self.shows_base = True
                decision |= {"action": "custom", "custom_diff": _change(at, start, markers)}
            self._between_lines.append(decision)
            lines += start
        self._cells.append(self._cell(number, part.cell, lines))

    def _deleted_cell(self, number: int, part: Deleted) -> None:
        at = len(self._cells)
        markers = split(self._notebook.cells[part.cell].source)[0]
        base = _shown(part.substitute, markers if part.base is None else part.base)
        self.shows_base |= part.base is not None
        changed = _change(0, base, _shown(part.substitute, part.lines))
        gone: Diff = [{"op": "removerange", "key": at, "length": 1}]
        inside = [{"op": "patch", "key": "source", "diff": changed}]
        edited: Diff = [{"op": "patch", "key": at, "diff": inside}]
        sides = (gone, edited) if part.by_local else (edited, gone)
        self._about_cells.append(_decision(["cells"], *sides))
        self._cells.append(self._cell(number, part.cell, base))

    def _runs(self, number: int, part: Runs) -> None:
        at = len(self._cells)
        sides = ([self._whole(number, place) for place in run] for run in (part.local, part.remote))
        local, remote = ([{"op": "addrange", "key": at, "valuelist": run}] if run else None for run in sides)
        self._about_cells.append(_decision(["cells"], local, remote))

    def _whole(self, number: int, place: int, longest: int | None = None) -> Plain:
        lines = split(self._notebook.cells[place].source)[0][:longest]
        return self._cell(number, place, _shown(substitute_for(lines), lines))

    def _cell(self, number: int, place: int, lines: Sequence[str]) -> Plain:
        cell = self._notebook.cells[place]
        text = "".join(f"{line}\n" for line in lines)
        made: Plain = {"cell_type": cell.type, "metadata": {MARK: [number, place]}, "source": text}
        return made | ({"execution_count": None, "outputs": []} if cell.type == CODE else {})


def _shown(substitute: Substitute, lines: Sequence[str]) -> list[str]:
    return [substitute.shown(line) for line in lines]


def _change(at: int, before: Sequence[str], after: Sequence[str]) -> Diff | None:
    """The diff that puts other lines in place of those `before`, which begin at a line."""
    if before == after:
        return None
    added: Plain = {"op": "addrange", "key": at, "valuelist": [f"{line}\n" for line in after]}
    gone: Plain = {"op": "removerange", "key": at, "length": len(before)}
    return ([added] if after else []) + ([gone] if before else [])


def _decision(path: Sequence[str | int], local: Diff | None, remote: Diff | None) -> Plain:
    about: Plain = {"common_path": list(path), "action": "base", "conflict": True}
    return about | {"local_diff": local, "remote_diff": remote}


def _language(notebook: Notebook) -> Plain:
    """What the page colours code by."""
    metadata = notebook.frame.get("metadata")
    language = metadata.get("language_info") if isinstance(metadata, dict) else None
    known = language if isinstance(language, dict) else {}
    return {key: value for key in ("name", "mimetype") if isinstance(value := known.get(key), str)}
