"""Conflicts of real merges, settled: what comes out is what a merge in favour of that side is."""

from __future__ import annotations

from pathlib import Path

import pytest

from nbmerge.conflicts.choosing import choose
from nbmerge.conflicts.finding import find
from nbmerge.conflicts.known import KnownMerge, Traced, trace
from nbmerge.conflicts.values import Choice
from nbmerge.merge.engine import merge
from nbmerge.merge.files import InMemory
from nbmerge.merge.markers import ConflictStyle, Labels, MarkerStyle, render
from nbmerge.merge.values import Favor, Policy, Terms
from nbmerge.notebook.model import Notebook
from nbmerge.notebook.reader import read
from nbmerge.notebook.versions import harmonise
from nbmerge.notebook.writer import write

pytestmark = pytest.mark.corpus

# One side deleted lines, the other moved them: a merge in favour of base keeps them all the same.
MOVED = {("rapidsai+notebooks__52b38955_0", Choice.BASE)}
LABELS = Labels("HEAD", "1a2b3c4", "topic")


def sides_of(case: Path) -> Terms[Notebook]:
    base, ours, theirs = ((case / f"{name}.ipynb").read_bytes() for name in ("base", "ours", "theirs"))
    held = (InMemory("base", base), InMemory("local", ours), InMemory("remote", theirs))
    (first, local, remote), _ = harmonise((read(base), read(ours), read(theirs)), held)
    return Terms(first, local, remote)


def conflicts_of(shown: Notebook, known: KnownMerge) -> tuple[Traced, ...]:
    return trace(find(shown, lambda: known, merging=True), shown, known)


@pytest.mark.parametrize("style", ConflictStyle)
def test_every_conflict_of_real_merges(real_merges: list[Path], style: ConflictStyle) -> None:
    number = 0
    for case in real_merges:
        sides = sides_of(case)
        known = KnownMerge(sides)
        result = render(merge(sides.base, sides.local, sides.remote), MarkerStyle(style, LABELS))
        shown = read(write(result.notebook))
        traced = conflicts_of(shown, known)
        assert len(traced) == len(result.conflicts), case.name
        number += len(traced)
        for side in (Choice.LOCAL, Choice.REMOTE, Choice.BASE) if traced else ():
            settled = read(write(choose(shown, dict.fromkeys(traced, side)).notebook))
            favoured = merge(sides.base, sides.local, sides.remote, Policy(favor=Favor(side.value)))
            assert find(settled) == (), case.name
            if (case.name, side) not in MOVED:
                assert lines(settled) == lines(favoured.notebook), (case.name, side)
    assert number >= 40


def lines(notebook: Notebook) -> list[str]:
    """Blank ones aside: a side that is taken whole has its own at the end of a cell."""
    return [line for cell in notebook.cells for line in cell.source.split("\n") if line.strip()]


def test_a_cell_that_is_a_side_s_again_has_its_run(real_merges: list[Path]) -> None:
    number = 0
    for case in real_merges:
        sides = sides_of(case)
        known = KnownMerge(sides)
        shown = read(write(render(known.result).notebook))
        traced = conflicts_of(shown, known)
        for side in (Choice.LOCAL, Choice.REMOTE, Choice.BASE) if traced else ():
            settled = choose(shown, dict.fromkeys(traced, side)).notebook
            theirs: Notebook = getattr(sides, side.value)
            made = {cell.source: (cell.plain_outputs, cell.count) for cell in theirs.cells}
            for before, cell in zip(shown.cells, settled.cells, strict=False):
                if len(shown.cells) == len(settled.cells) and before is not cell and cell.source in made:
                    assert (cell.plain_outputs, cell.count) == made[cell.source], (case.name, side)
                    number += cell.count is not None
    assert number >= 10
