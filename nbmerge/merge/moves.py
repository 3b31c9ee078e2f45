"""Owns: lines that a side moved from one cell to another, as splitting a cell does.

Must not know: how cells are matched or merged.  Invariant: no line that one side moved to
another cell and the other side deleted, or moved elsewhere, comes out clean: cell by cell
it looks like one line deleted and another inserted, which would resurrect or double it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby

from nbmerge.merge.cells import MergedCell, with_conflicts
from nbmerge.merge.sequences import align
from nbmerge.merge.text import MergedText, is_too_many, split
from nbmerge.merge.threeway import Clash, Decided, Terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbmerge.merge.clashes import Piece
    from nbmerge.merge.policy import Policy
    from nbmerge.merge.results import Notes

_TELLING = 15  # characters; lines such as `plt.show()` stand in many cells, and are not moved


@dataclass(frozen=True, slots=True)
class Merging:
    """One row of cells: their sources ('' where there is no cell) and what became of them."""

    sources: Terms[str]
    item: MergedCell | None
    notes: Notes


def contest_moved_lines(rows: Sequence[Merging], policy: Policy) -> list[MergedCell | None]:
    """The cells, those with moved lines that the other side does not have there in conflict."""
    touched = [row for row in rows if not row.sources.local == row.sources.remote == row.sources.base]
    suspects = _suspects(touched) if touched else set()
    if not suspects:
        return [row.item for row in rows]
    return [_contested(row, suspects, policy) for row in rows]


def _suspects(rows: Sequence[Merging]) -> set[str]:
    """Lines that are there more often than the two changes together explain."""
    base, local, remote, merged, shown = (Counter[str]() for _ in range(5))
    for row in rows:
        for counter, source in zip((base, local, remote), row.sources, strict=True):
            counter.update(_telling(source))
        if row.item is not None and not row.item.conflicts:
            merged.update(_telling(row.item.cell.source))
        for terms in row.item.conflicts if row.item is not None else ():
            shown.update(line for term in terms if term for line in _telling(term))
    return {
        line
        for line, count in merged.items()
        if base[line] and line not in shown and is_too_many(count, base[line], local[line], remote[line])
    }


def _telling(source: str) -> list[str]:
    return [text for line in source.split("\n") if len(text := line.strip()) >= _TELLING]


def _contested(row: Merging, suspects: set[str], policy: Policy) -> MergedCell | None:
    """The cell, in conflict about each suspect line that one side brought here."""
    if row.item is None or row.item.conflicts:
        return row.item
    lines, shape = split(row.item.cell.source)
    in_base, in_local, in_remote = ({i for i, _ in align(lines, split(source)[0])} for source in row.sources)

    def brought_by(number: int) -> str:
        brought_by_one = (number in in_local) != (number in in_remote)
        if lines[number].strip() not in suspects or number in in_base or not brought_by_one:
            return ""
        return "local" if number in in_local else "remote"

    pieces: list[Piece] = []
    for side, numbers in groupby(range(len(lines)), brought_by):
        part = tuple(lines[number] for number in numbers)
        local, remote = (part if side == "local" else ()), (part if side == "remote" else ())
        pieces.append(Clash((), local, remote) if side else Decided(part))
    merged = MergedText(tuple(pieces), shape)
    return with_conflicts(row.item.cell, merged, policy, row.notes) if merged.clashes else row.item
