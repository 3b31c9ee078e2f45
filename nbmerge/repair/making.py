"""Owns: one notebook out of one text: its sides read, which of their cells are the same, and their merge.

Must not know: git, bytes.  Invariant: nothing that the text says outside of markers is left out, and what
stands between them is in the notebook or was deleted by the other side, as far as base is known.

In the text of a broken notebook git has already said what belongs together: a cell whose first line stands
outside of conflicts is on all sides one cell, however much the sides changed in it.  Such a pair goes before
one that only looks alike; the ids that are given to say so are gone in the end.

Where no base is known, one is made of what both sides have alike.  Merged against it, that is kept, what one
side has alone is kept, and where the texts of one cell differ there is a conflict: nothing says which of the
two changed it.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import count

from nbmerge.conflicts.known import shown_in
from nbmerge.merge.engine import merge
from nbmerge.merge.files import InMemory
from nbmerge.merge.markers import ConflictStyle, Labels, render
from nbmerge.merge.matching import match_cells
from nbmerge.merge.sequences import align_alike
from nbmerge.merge.values import Conflict, Decision, Policy, Whole, compose, split
from nbmerge.notebook.model import Cell, Notebook
from nbmerge.notebook.versions import harmonise
from nbmerge.notebook.writer import write
from nbmerge.repair.salvage import HopelessError, ReadNotebook, salvage
from nbmerge.repair.text import text_in, variants
from nbmerge.repair.valid import completed, made_valid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from nbmerge.merge.markers import MarkerStyle
    from nbmerge.notebook.jsontext import Json
    from nbmerge.repair.text import Text, Variants

_READ = 300_000  # lines, besides each line six times: each level of conflicts is the whole text once or twice
_DEEPEST = 30  # levels of conflicts in conflicts; people have three
_SAME_NOTEBOOK = 0.5  # of the cells; two versions that share fewer are parts of one


@dataclass(frozen=True, slots=True)
class Made:
    """A notebook with the conflicts that are shown in it, and what is to be said about it.

    `left_out` says what could not be read, `stray` are the numbers of markers without their others.
    """

    part: ReadNotebook
    conflicts: tuple[Conflict, ...] = ()
    decisions: tuple[Decision, ...] = ()
    left_out: tuple[str, ...] = ()
    stray: tuple[int, ...] = ()

    @property
    def notebook(self) -> Notebook:
        return self.part.notebook


@dataclass(frozen=True, slots=True)
class Making:
    """`of_local` weighs how much of a notebook is local's, where git knows.

    `levels`: how deep conflicts may stand in others, and `patience` how many lines may be read for all of
    them, None for as many as the text allows.  What is beyond is not merged, its markers stay in the sources.
    """

    markers: MarkerStyle
    of_local: Callable[[Notebook], int]
    levels: int = _DEEPEST
    patience: int | None = None

    def made(self, text: Text, base: Notebook | None, known: Sequence[Cell] = ()) -> Made:
        """The notebook of a text, merged against git's base.  Raises HopelessError.

        `known` are cells that the text may share with another one.

        A conflict in a conflict is shown in the side that it stands in, and then that is merged: base
        knows nothing of it.
        """
        shown = variants(text)
        patience = _READ + 6 * len(text.lines) if self.patience is None else self.patience
        if shown.conflicts and self.levels and len(text.lines) <= patience:
            return self.named(*shown.conflicts[0].labels).of_sides(shown, base, known, patience)
        found = salvage(text, known)
        made = self.folded(found.parts, base, known)
        stray = tuple(text.numbers[place] for place in text.markers)  # of conflicts, too, that are too deep
        return replace(made, left_out=(*found.left_out, *made.left_out), stray=stray)

    def named(self, *labels: str) -> Making:
        """The same with the names that a conflict has for its sides."""
        names = self.markers.labels
        local, base, remote = labels
        labels_here = Labels(local or names.local, base or names.base, remote or names.remote)
        return replace(self, markers=replace(self.markers, labels=labels_here))

    def of_sides(self, shown: Variants, base: Notebook | None, known: Sequence[Cell], patience: int) -> Made:
        """The notebook of a text with conflicts."""
        # with the base of an inner conflict among them, its lines would read as those that another side kept
        markers = replace(self.markers, style=ConflictStyle.MERGE)
        inner = replace(self, markers=markers, levels=self.levels - 1)
        of_local, of_base, of_remote = (replace(inner, patience=each) for each in _shares(patience, shown))
        local = of_local.made(shown.local, None, known or (() if base is None else base.cells))
        remote = of_remote.made(shown.remote, None, local.notebook.cells)
        before = None if base is None else ReadNotebook(base, (frozenset[int](),) * len(base.cells))
        if before is None and shown.base is not None:
            with suppress(HopelessError):
                before = of_base.made(shown.base, None, local.notebook.cells).part
        made = self.merged(local, remote, before)
        if before is not None and _drops(made, local, remote, shown):
            made = self.merged(local, remote, None)
        return made

    def folded(self, parts: tuple[ReadNotebook, ...], base: Notebook | None, known: Sequence[Cell]) -> Made:
        """One notebook of what stands one behind the other: versions are merged, parts are joined."""
        first, *rest = (_valid(part, known) for part in parts)
        for other in rest:
            if _overlap(first.part, other.part) > _SAME_NOTEBOOK:
                in_order = self.of_local(first.notebook) >= self.of_local(other.notebook)
                sides = (first, other) if in_order else (other, first)
                first = self.merged(*sides, None if base is None else _in_both(base, first, other))
            else:
                first = _joined(first, other)
        return first

    def merged(self, local: Made, remote: Made, base: ReadNotebook | None) -> Made:
        """Two versions of one notebook; without a base all that differs is a conflict."""
        ours, theirs = _completed(local.part, remote.part), _completed(remote.part, local.part)
        base, ours, theirs = _of_one_major(base, ours, theirs)
        named = SharedIds(base, ours, theirs)
        before = named.base or unknown_base(named.local, named.remote)
        markers = self.markers if base is not None else replace(self.markers, style=ConflictStyle.MERGE)
        result = merge(before, named.local, named.remote, Policy(whole=Whole.ALWAYS))
        rendered = render(result, markers)
        at = {
            (side, cell): place for place, row in enumerate(result.origins) for side, cell in enumerate(row)
        }
        inner = [
            replace(conflict, cell=at[side, conflict.cell])
            for side, made in ((1, local), (2, remote))
            for conflict in made.conflicts
            if (side, conflict.cell) in at
        ]
        cells = named.as_they_were(rendered.notebook.cells)
        notebook = replace(rendered.notebook, cells=cells)
        places = tuple(_place(ours, row.local) | _place(theirs, row.remote) for row in result.origins)
        conflicts = [replace(conflict, base=known(conflict.base)) for conflict in rendered.conflicts]
        return Made(
            ReadNotebook(notebook, places),
            shown_in(notebook, [conflicts, inner]),
            (*local.decisions, *remote.decisions, *result.decisions),
            (*local.left_out, *remote.left_out),
            (*local.stray, *remote.stray),
        )


def _shares(patience: int, shown: Variants) -> Iterator[int]:
    """How many lines may be read for local, base and remote: what is left of them goes where markers are."""
    sides = [shown.local, shown.base, shown.remote]
    rest = patience - sum(len(side.lines) for side in sides if side is not None)
    markers = [0 if side is None else len(side.markers) for side in sides]
    return (rest * each // max(sum(markers), 1) for each in markers)


def _place(part: ReadNotebook, cell: int | None) -> frozenset[int]:
    return frozenset() if cell is None else part.places[cell]


def _completed(part: ReadNotebook, other: ReadNotebook) -> ReadNotebook:
    return replace(part, notebook=completed(part.notebook, other.notebook))


def _valid(part: ReadNotebook, known: Sequence[Cell]) -> Made:
    notebook, notes = made_valid(part.notebook, known)
    return Made(replace(part, notebook=notebook), left_out=notes)


def _overlap(one: ReadNotebook, other: ReadNotebook) -> float:
    """How much of the shorter notebook stands in the other one, by cells that tell: 0 to 1."""
    cells, others = one.notebook.cells, other.notebook.cells
    shared = [
        (cells[i], others[j])
        for i, j in pairs_of(one, other).items()
        if cells[i].id == others[j].id or None in (cells[i].id, others[j].id)
    ]
    least = min(sum(map(is_telling, each)) for each in (cells, others))
    return sum(is_telling(left) for left, _ in shared) / least if least else 0.0


def _joined(one: Made, other: Made) -> Made:
    cells = (*one.notebook.cells, *other.notebook.cells)
    notebook = replace(one.notebook, cells=cells, frame_text=None)
    part = ReadNotebook(notebook, one.part.places + other.part.places)
    return replace(one, part=part, left_out=(*one.left_out, *other.left_out))


def _in_both(base: Notebook, one: Made, other: Made) -> ReadNotebook:
    """Base without the cells that one of two versions lacks: nobody knows that they were deleted."""
    whole = ReadNotebook(base, (frozenset[int](),) * len(base.cells))
    kept = pairs_of(whole, one.part).keys() & pairs_of(whole, other.part).keys()
    cells = tuple(cell for place, cell in enumerate(base.cells) if place in kept)
    return ReadNotebook(replace(base, cells=cells, frame_text=None), (frozenset[int](),) * len(cells))


def _of_one_major(
    base: ReadNotebook | None, local: ReadNotebook, remote: ReadNotebook
) -> tuple[ReadNotebook | None, ReadNotebook, ReadNotebook]:
    """The same in one nbformat major; base may be absent."""
    before = base or local
    if before.notebook.major == local.notebook.major == remote.notebook.major:
        return base, local, remote
    notebooks = before.notebook, local.notebook, remote.notebook
    files = [InMemory(name, write(n)) for name, n in zip(("base", "local", "remote"), notebooks, strict=True)]
    made, _ = harmonise(notebooks, (files[0], files[1], files[2]))
    parts = [
        ReadNotebook(
            n, part.places if len(part.places) == len(n.cells) else (frozenset[int](),) * len(n.cells)
        )
        for n, part in zip(made, (before, local, remote), strict=True)
    ]
    return None if base is None else parts[0], parts[1], parts[2]


def _drops(made: Made, local: Made, remote: Made, shown: Variants) -> bool:
    """Whether a line is gone that stands outside of markers.

    A cell that base has twice, and each side once, can be taken for another one on each side.
    """
    ours, theirs, now = (_sources(each.notebook) for each in (local, remote, made))
    fewer = (ours & theirs) - now
    if not fewer:
        return False
    common = set(shown.remote.numbers)
    lines = zip(shown.local.lines, shown.local.numbers, strict=True)
    texts = (line.strip(" \t,") for line, number in lines if number in common)
    outside = Counter(text_in(text).rstrip() for text in texts if text[:1] == '"')
    return any(now[line] < min(ours[line], theirs[line], outside[line]) for line in fewer)


def _sources(notebook: Notebook) -> Counter[str]:
    lines = (line.rstrip() for cell in notebook.cells for line in cell.source.split("\n"))
    return Counter(line for line in lines if line)


# Which cells of two sides are the same cell.

_TELLING = 15  # characters; a shorter source may well stand in two cells


def pairs_of(one: ReadNotebook, other: ReadNotebook) -> dict[int, int]:
    """Index in one -> index in the other."""
    found = _by_place(one, other)
    ones = [i for i in range(len(one.notebook.cells)) if i not in found]
    taken = set(found.values())
    others = [j for j in range(len(other.notebook.cells)) if j not in taken]
    alike = match_cells([one.notebook.cells[i] for i in ones], [other.notebook.cells[j] for j in others])
    return found | {ones[i]: others[j] for i, j in alike.items()}


def _by_place(one: ReadNotebook, other: ReadNotebook) -> dict[int, int]:
    """Cells that begin in one line, unless they have other ids, or stand elsewhere on the other side.

    Where both sides inserted a cell git may show them as one, for the lines around are the same.
    """
    there = {number: j for j, places in enumerate(other.places) for number in places}
    elsewhere = _telling(one.notebook), _telling(other.notebook)
    found: dict[int, int] = {}
    taken: set[int] = set()
    for i, places in enumerate(one.places):
        j = next((there[number] for number in sorted(places) if number in there), None)
        if j is None or j in taken:
            continue
        left, right = one.notebook.cells[i], other.notebook.cells[j]
        same = left.key == right.key or (left.key not in elsewhere[1] and right.key not in elsewhere[0])
        if same and (left.id == right.id or None in (left.id, right.id)):
            found[i] = j
            taken.add(j)
    return found


def _telling(notebook: Notebook) -> set[tuple[str, str]]:
    return {cell.key for cell in notebook.cells if is_telling(cell)}


def is_telling(cell: Cell) -> bool:
    """Whether its source is long enough not to stand in another cell by chance."""
    return len(cell.source.strip()) >= _TELLING


class SharedIds:
    """Notebooks whose cells have the same id where, and only where, they are the same cell.

    `local` and `remote` are given in this order; `base` may be absent.
    """

    def __init__(self, base: ReadNotebook | None, local: ReadNotebook, remote: ReadNotebook) -> None:
        self._own: dict[int, Cell] = {}  # by identity: what the cells were
        self._ids: dict[str, str | None] = {}
        self._named_cells: dict[tuple[int, str], Cell] = {}
        ours = [f"n{i}l" for i in range(len(local.notebook.cells))]
        theirs = [f"n{j}r" for j in range(len(remote.notebook.cells))]
        names: list[str] = []
        if base is not None:
            names = [f"n{k}b" for k in range(len(base.notebook.cells))]
            for side, part in ((ours, local), (theirs, remote)):
                for k, at in pairs_of(base, part).items():
                    side[at] = names[k]
        by_base = {*ours}, {*theirs}  # what base has named on each side
        for i, j in pairs_of(local, remote).items():
            if theirs[j].endswith("r") and ours[i] not in by_base[1]:
                theirs[j] = ours[i]
            elif ours[i].endswith("l") and theirs[j] not in by_base[0]:
                ours[i] = theirs[j]
        self.base = None if base is None else self._named(base.notebook, names)
        self.remote = self._named(remote.notebook, theirs)
        self.local = self._named(local.notebook, ours)  # last: where both have an id, local's counts

    def _named(self, notebook: Notebook, names: Iterable[str]) -> Notebook:
        cells = []
        for cell, name in zip(notebook.cells, names, strict=True):
            key = id(cell), name
            if key not in self._named_cells:  # a cell that both sides share stays one
                self._named_cells[key] = replace(cell, value={**cell.value, "id": name})
            cells.append(self._named_cells[key])
            self._own[id(cells[-1])] = cell
            self._ids[name] = cell.id or self._ids.get(name)
        return replace(notebook, cells=tuple(cells))

    def as_they_were(self, cells: Iterable[Cell]) -> tuple[Cell, ...]:
        """The cells of a merge of these notebooks with the ids that they had."""
        return tuple(self._as_it_was(cell) for cell in cells)

    def own_id(self, name: str | None) -> str | None:
        """The id that a cell had which has this one now."""
        return None if name is None else self._ids.get(name, name)

    def _as_it_was(self, cell: Cell) -> Cell:
        if id(cell) in self._own:
            return self._own[id(cell)]
        value = dict(cell.value)
        own = self.own_id(cell.id)
        if own is None:
            value.pop("id", None)
        else:
            value["id"] = own
        spellings = tuple(self._own.get(id(known), known) for known in cell.spellings)
        return replace(cell, value=value, span=None, spellings=spellings)


# A base for two sides of which nothing is known but that they came from one notebook.

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
