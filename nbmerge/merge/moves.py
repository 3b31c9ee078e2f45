"""Owns: lines that one side moved to another cell (a cell split, two joined, a part put elsewhere) while the
other side edited them: the edit follows the lines.

Must not know: fields of cells, how cells are paired, how a text is merged.
Invariant: what a side moved is moved in base and on the other side too, and nothing else is changed: base
and each side keep their lines, cell borders and blank lines at them apart.  Where it is not plain which lines
were moved, or where they would stand on the other side, nothing is.  A line that the other side deleted
stays where it was, and so in conflict.

Cell by cell such a move looks like lines deleted here and the same lines inserted there, so that the
other side's edit clashes with a deletion.  Once the move is made in base and on the other side, only the edit
is left: as version control follows a renamed file before it merges what is in it.
"""

from __future__ import annotations

from collections import Counter

from nbmerge.frozen import frozen
from nbmerge.merge.sequences import Hunk, align, hunks
from nbmerge.merge.values import Terms, compose, split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import TypeAlias

    from nbmerge.merge.values import Lines

    Range: TypeAlias = tuple[int, int]
    Sources: TypeAlias = Terms[str | None]

_TELLING = 15  # characters in the lines by which a moved block is known
_SHARE = 0.6  # of a block's lines: as many stand in both cells as they were


def follow_moves(rows: Sequence[Sources]) -> dict[int, Sources]:
    """The rows whose sources are others once what was moved is moved in base and on the other side.

    A row has the sources of one cell, None where there is no such cell.  Where the two sides moved lines
    in the same cells, neither is followed.
    """
    by_local = _followed(rows)
    by_remote = {row: _swapped(found) for row, found in _followed(list(map(_swapped, rows))).items()}
    if by_local.keys() & by_remote.keys():
        return {}
    return by_local | by_remote


def _swapped(sources: Sources) -> Sources:
    return Terms(sources.base, sources.remote, sources.local)


def _followed(rows: Sequence[Sources]) -> dict[int, Sources]:
    """The rows that change if local is the side that moved."""
    origins = [row for row, sources in enumerate(rows) if _is_origin(sources)]
    if not origins:
        return {}
    new = _new_lines(rows)
    now = dict(enumerate(rows))
    changed: dict[int, Sources] = {}
    for origin in origins:
        while carried := _first_carried(now, origin, new):
            now |= carried
            changed |= carried
    return changed


def _is_origin(sources: Sources) -> bool:
    """Whether local took something out that remote edited."""
    base, local, remote = sources
    return base is not None and remote not in (None, base, local) and local != base


def _new_lines(rows: Sequence[Sources]) -> dict[str, int]:
    """Lines that local put into one cell, once, with that cell's row."""
    counts, where = Counter[str](), dict[str, int]()
    for row, (base, local, _) in enumerate(rows):
        if local is not None and local != base:
            added = Counter(_lines(local)) - Counter(_lines(base))
            counts += added
            where |= dict.fromkeys(added, row)
    return {line: row for line, row in where.items() if counts[line] == 1 and line.strip()}


def _lines(source: str | None) -> Lines:
    return () if source is None else split(source)[0]


@frozen
class Block:
    """Lines that local moved: these of base's cell in the row `origin` stand in local's cell of the row
    `target`, where they were inserted before the line `place` of base's cell."""

    origin: int
    lines: Range
    target: int
    place: int


def _first_carried(
    rows: Mapping[int, Sources], origin: int, new: Mapping[str, int]
) -> dict[int, Sources] | None:
    for block in _blocks(rows, origin, new):
        carried = _carried(rows, block)
        if carried is not None:
            return carried
    return None


def _blocks(rows: Mapping[int, Sources], origin: int, new: Mapping[str, int]) -> Iterator[Block]:
    """The blocks that left this cell for another one."""
    base, left = _lines(rows[origin].base), _lines(rows[origin].local)
    if new.keys().isdisjoint(base):
        return
    for hunk in hunks(base, left):
        gone = base[hunk.start : hunk.end]
        targets = Counter(new[line] for line in gone if line in new)
        for target in sorted(targets.keys() - {origin}):
            before, after = _lines(rows[target].base), _lines(rows[target].local)
            for there in hunks(before, after):
                part = _shared(gone, after[there.new_start : there.new_end])
                if part is not None:
                    lines = hunk.start + part[0], hunk.start + part[1]
                    yield Block(origin, lines, target, there.start)


def _shared(gone: Lines, new: Lines) -> Range | None:
    """The lines of the first that stand in the second, from the first to the last such line."""
    pairs = [(i, j) for i, j in align(gone, new) if gone[i].strip()]
    if sum(len(gone[i].strip()) for i, _ in pairs) < _TELLING:
        return None
    start, end = pairs[0][0], pairs[-1][0] + 1
    sizes = _filled(gone[start:end]), _filled(new[pairs[0][1] : pairs[-1][1] + 1])
    return (start, end) if len(pairs) >= _SHARE * max(sizes) else None


def _filled(lines: Iterable[str]) -> int:
    return sum(1 for line in lines if line.strip())


def _carried(rows: Mapping[int, Sources], block: Block) -> dict[int, Sources] | None:
    """Both rows once the block is moved in base and remote; None if that is not plain, or no use."""
    here, there = rows[block.origin], rows[block.target]
    base, remote = _lines(here.base), _lines(here.remote)
    edits = hunks(base, remote)
    lines = _on_the_other_side(edits, block.lines, base)
    if lines is None or not _edited(edits, block.lines, base, remote):
        return None
    if there.base is None:
        if there.remote is not None:
            return None
        at = 0
    else:
        found = _place(hunks(_lines(there.base), _lines(there.remote)), block, len(_lines(there.base)))
        if there.remote is None or found is None:
            return None
        at = found
    into_base = _put(there.base, block.place, base[slice(*block.lines)], there.local)
    into_remote = _put(there.remote, at, remote[slice(*lines)], there.local)
    return {
        block.origin: Terms(_without(here.base, block.lines), here.local, _without(here.remote, lines)),
        block.target: Terms(into_base, there.local, into_remote),
    }


def _on_the_other_side(edits: Sequence[Hunk], lines: Range, base: Lines) -> Range | None:
    """Where these lines of base stand in a text that was edited; None if an edit goes over their border.

    What was inserted at a border is outside, unless the cell has nothing more there.
    """
    first, last = not _filled(base[: lines[0]]), not _filled(base[lines[1] :])
    start = _moved_by(edits, 0 if first else lines[0], behind=not first)
    end = _moved_by(edits, len(base) if last else lines[1], behind=last)
    return None if start is None or end is None else (start, end)


def _moved_by(edits: Sequence[Hunk], place: int, *, behind: bool) -> int | None:
    """The place between two lines of base in the edited text, before or behind what was inserted there."""
    growth = 0
    for hunk in edits:
        if hunk.start < place < hunk.end:
            return hunk.new_start + place - hunk.start if hunk.keeps_size else None
        inserted_here = hunk.inserts and hunk.start == place
        if hunk.start > place or (hunk.start == place and not (inserted_here and behind)):
            break
        growth = hunk.new_end - hunk.end
    return place + growth


def _edited(edits: Sequence[Hunk], lines: Range, base: Lines, remote: Lines) -> bool:
    """Whether something in these lines was edited, and no line deleted."""
    inside = [hunk for hunk in edits if hunk.start < lines[1] and lines[0] < max(hunk.end, hunk.start + 1)]
    return bool(inside) and not any(
        _filled(remote[hunk.new_start : hunk.new_end]) < _filled(base[hunk.start : hunk.end])
        for hunk in inside
    )


def _place(edits: Sequence[Hunk], block: Block, size: int) -> int | None:
    """Where the block belongs in the other side's cell.

    Where that side inserted lines too, their order is plain only at the ends of a cell: as in the notebook.
    """
    behind = block.origin > block.target
    at_the_end = block.place == (size if behind else 0)
    if not at_the_end and any(hunk.inserts and hunk.start == block.place for hunk in edits):
        return None
    return _moved_by(edits, block.place, behind=behind)


def _put(source: str | None, place: int, lines: Lines, pattern: str | None) -> str:
    """The source with these lines in it, with the shape of another one if there was none."""
    old, shape = split(source if source is not None else pattern or "")
    old = () if source is None else old
    return compose((*old[:place], *lines, *old[place:]), shape)


def _without(source: str | None, lines: Range) -> str:
    """The source without these lines, nor the blank ones that are left at the same end."""
    rest, shape = split(source or "")
    before, after = list(rest[: lines[0]]), list(rest[lines[1] :])
    if not _filled(after):
        after = []
        while before and not before[-1].strip():
            before.pop()
    if not _filled(before):
        before = []
        while after and not after[0].strip():
            after.pop(0)
    return compose((*before, *after), shape)
