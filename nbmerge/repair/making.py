"""Owns: one notebook out of one text: its sides read, and merged.

Must not know: git, bytes.  Invariant: nothing that the text says outside of markers is left out, and
what stands between them is in the notebook or was deleted by the other side, as far as base is known.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, replace

from nbmerge.conflicts.known import shown_in
from nbmerge.merge.engine import merge
from nbmerge.merge.files import InMemory
from nbmerge.merge.markers import ConflictStyle, render
from nbmerge.merge.values import Conflict, Decision
from nbmerge.notebook.versions import harmonise
from nbmerge.notebook.writer import write
from nbmerge.repair.salvage import HopelessError, ReadNotebook, SharedIds, is_telling, pairs_of, salvage
from nbmerge.repair.text import text_in, variants
from nbmerge.repair.valid import completed, known, made_valid, unknown_base

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from nbmerge.merge.markers import MarkerStyle
    from nbmerge.notebook.model import Cell, Notebook
    from nbmerge.repair.text import Text, Variants

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
    """`of_local` weighs how much of a notebook is local's, where git knows."""

    markers: MarkerStyle
    of_local: Callable[[Notebook], int]

    def made(self, text: Text, base: Notebook | None, known: Sequence[Cell] = ()) -> Made:
        """The notebook of a text, merged against git's base.  Raises HopelessError.

        `known` are cells that the text may share with another one.

        A conflict in a conflict is shown in the side that it stands in, and then that is merged: base
        knows nothing of it.
        """
        shown = variants(text)
        if not shown.conflicts:
            found = salvage(text, known)
            made = self.folded(found.parts, base, known)
            return replace(made, left_out=(*found.left_out, *made.left_out), stray=shown.stray)
        local = self.made(shown.local, None, known or (() if base is None else base.cells))
        remote = self.made(shown.remote, None, local.notebook.cells)
        before = None if base is None else ReadNotebook(base, (frozenset[int](),) * len(base.cells))
        if before is None and shown.base is not None:
            with suppress(HopelessError):
                before = self.made(shown.base, None, local.notebook.cells).part
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
        result = merge(before, named.local, named.remote)
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
