"""Owns: which cells of two and of three notebooks are one cell.

Must not know: what becomes of a cell's content.
Invariant: a cell has at most one partner, and never gets it by position alone; an id that is not trusted
(see identity) decides nothing.

Strictest evidence first: ids where they can be trusted, equal cells in order, equal cells out of order
(moves), then similar ones: between neighbours that are paired, and last, with a higher threshold, anywhere.
What is left alone between paired neighbours, with one candidate on each side, is one cell.
"""

from __future__ import annotations

from collections import Counter

from nbmerge.merge.identity import INJECTED, trusted_ids
from nbmerge.merge.ordering import Ordering, Positions, Row
from nbmerge.merge.sequences import align, align_alike, best_chain, longest_rising
from nbmerge.merge.similarity import SIMILAR_ELSEWHERE, alike, candidates, weight
from nbmerge.merge.values import Terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import TypeAlias

    from nbmerge.merge.identity import Ids
    from nbmerge.notebook.model import Cell, Notebook

    Cells: TypeAlias = Sequence[Cell]


_SIMILAR_IN_PLACE = 0.4
_TELLING_WORDS = 5  # a shorter cell is too common to be recognised away from its place
_TELLING_LENGTH = 15
_GRID = 900  # pairs in a gap that are all compared; above, only those that share a rare word


def match_cells(
    base: Sequence[Cell], side: Sequence[Cell], ids: Iterable[tuple[Ids, ...]] | None = None
) -> dict[int, int]:
    """Index in `base` -> index in `side`.

    `ids` are the trusted ids of the two, for each kind; found here where they are not given.
    """
    return _Matching(base, side).run(trusted_ids(base, side) if ids is None else ids)


def same_ids(ids: tuple[Ids, ...]) -> list[tuple[int, int]]:
    """The pairs of places, in two notebooks, that have one id of a kind."""
    there = {id: place for place, id in enumerate(ids[1]) if id is not None}
    return [(place, there[id]) for place, id in enumerate(ids[0]) if id in there]


class _Matching:
    """The pairs found so far, and the rounds that find more."""

    def __init__(self, base: Sequence[Cell], side: Sequence[Cell]) -> None:
        self.base = base
        self.side = side
        self.forth: dict[int, int] = {}
        self.back: dict[int, int] = {}

    def run(self, kinds: Iterable[tuple[Ids, ...]]) -> dict[int, int]:
        for ids in kinds:
            for i, j in same_ids(ids):
                self.pair(i, j)
        self.equal_in_order(lambda cell: (cell.key, cell.count))
        self.equal_in_order(lambda cell: cell.key)
        self.equal_in_order(lambda cell: (cell.type, tuple(cell.source.split())))
        self.equal_elsewhere()
        self.similar_in_place()
        self.similar_in_place()  # what had no rare word in a long gap may have one in a short one
        self.similar_elsewhere()
        return self.forth

    def pair(self, i: int, j: int) -> None:
        if i not in self.forth and j not in self.back:
            self.forth[i] = j
            self.back[j] = i

    def free(self) -> tuple[list[int], list[int]]:
        return (
            [i for i in range(len(self.base)) if i not in self.forth],
            [j for j in range(len(self.side)) if j not in self.back],
        )

    def equal_in_order(self, key: Callable[[Cell], object]) -> None:
        """Pairs of equal cells that stand in order between the settled ones."""
        for rows, columns in self.gaps():
            ones = [key(self.base[i]) for i in rows]
            others = [key(self.side[j]) for j in columns]
            for i, j in align(ones, others):
                self.pair(rows[i], columns[j])

    def equal_elsewhere(self) -> None:
        """Moved cells: a source that is free once on each side, and telling or nowhere else at all."""
        rows, columns = self.free()
        once_base = _only_once((self.base[i].key, i) for i in rows)
        once_side = _only_once((self.side[j].key, j) for j in columns)
        alone_base, alone_side = (
            _only_once((cell.key, n) for n, cell in enumerate(cells)) for cells in (self.base, self.side)
        )
        for key, i in once_base.items():
            alone = key in alone_base and key in alone_side and key[1].strip()
            if key in once_side and (alone or len(key[1].strip()) >= _TELLING_LENGTH):
                self.pair(i, once_side[key])

    def similar_in_place(self) -> None:
        """The best chain of similar cells in each gap."""
        for rows, columns in self.gaps():
            for i, j in best_chain(self.scores(rows, columns, _SIMILAR_IN_PLACE)):
                self.pair(i, j)

    def similar_elsewhere(self) -> None:
        """Moved and edited: the likeliest pairs first."""
        rows, columns = self.free()
        rows = [i for i in rows if _telling(self.base[i])]
        columns = [j for j in columns if _telling(self.side[j])]
        scores = self.scores(rows, columns, SIMILAR_ELSEWHERE)
        for (i, j), _ in sorted(scores.items(), key=lambda item: (-item[1], item[0])):
            self.pair(i, j)

    def scores(self, rows: list[int], columns: list[int], least: float) -> dict[tuple[int, int], float]:
        if len(rows) * len(columns) <= _GRID:
            pairs: Iterable[tuple[int, int]] = ((i, j) for i in rows for j in columns)
        else:
            ones, others = [self.base[i] for i in rows], [self.side[j] for j in columns]
            pairs = ((rows[i], columns[j]) for i, j in candidates(ones, others))
        found = {}
        for i, j in pairs:
            score = alike(self.base[i], self.side[j])
            if score >= least:
                found[(i, j)] = score * weight(self.base[i].source, self.side[j].source)
        return found

    def gaps(self) -> list[tuple[list[int], list[int]]]:
        """Free cells of both sides between pairs that stand in order."""
        settled = sorted(self.forth.items())
        settled = [settled[index] for index in longest_rising([j for _, j in settled])]
        found = []
        i = j = 0
        for next_i, next_j in [*settled, (len(self.base), len(self.side))]:
            rows = [index for index in range(i, next_i) if index not in self.forth]
            columns = [index for index in range(j, next_j) if index not in self.back]
            if rows and columns:
                found.append((rows, columns))
            i, j = next_i + 1, next_j + 1
        return found


def _only_once(items: Iterable[tuple[object, int]]) -> dict:  # type: ignore[type-arg]
    items = list(items)
    counts = Counter(key for key, _ in items)
    return {key: place for key, place in items if counts[key] == 1}


def _telling(cell: Cell) -> bool:
    return len(cell.source.split()) >= _TELLING_WORDS


_SAME_ID = 0.4
_SAME_PLACE = 0.8
_SAME_TEXT_LENGTH = 15  # shorter insertions may be equal by chance, unless at one place


def match_through(
    base: Cells,
    one: tuple[Cells, dict[int, int]],
    other: tuple[Cells, dict[int, int]],
    ids: Iterable[tuple[Ids, ...]],
) -> None:
    """Add to what `other` has of base the cells that both sides rewrote alike: unlike base's, but
    like each other.  `ids` are the trusted ones of the two sides."""
    (ones, to_one), (others, to_other) = one, other
    taken = set(to_other.values())
    free = [j for j in range(len(others)) if j not in taken]
    by_key = {others[j].key: j for j in reversed(free) if others[j].source.strip()}
    by_id = dict(pair for kind in reversed([*ids]) for pair in same_ids(kind))
    for i, at in to_one.items():
        cell = ones[at]
        if i in to_other or base[i].key == cell.key:
            continue
        j = by_key.get(cell.key, by_id.get(at))
        if j is not None and j not in taken and alike(cell, others[j]) >= _SAME_ID:
            to_other[i] = j
            taken.add(j)


def pair_lone_cells(
    base: Cells,
    local: tuple[Cells, dict[int, int]],
    remote: tuple[Cells, dict[int, int]],
    ids: Sequence[tuple[Ids, ...]],
) -> None:
    """A cell alone between paired neighbours that has one candidate on each side is that cell.

    A placeholder that both filled in, or a cell of one line that both changed, resembles nothing.
    Where ids say that it is another cell, it is; an empty cell says nothing of what came after it.
    """
    taken = set(local[1].values()), set(remote[1].values())
    for i, cell in enumerate(base):
        if not cell.source.strip() or (i in local[1] and i in remote[1]):
            continue
        j, k = _candidate(base, i, local, taken[0]), _candidate(base, i, remote, taken[1])
        if j is None or k is None or not cell.type == local[0][j].type == remote[0][k].type:
            continue
        if not any(_say_other(kind, (i, j, k)) for kind in ids):
            local[1][i], remote[1][i] = j, k
            taken[0].add(j)
            taken[1].add(k)


def _candidate(base: Cells, i: int, side: tuple[Cells, dict[int, int]], taken: set[int]) -> int | None:
    """The cell of a side that is base's cell `i`, or that stands in its place and is no other one."""
    cells, to_side = side
    if i in to_side:
        return to_side[i]
    before = to_side.get(i - 1) if i else -1
    behind = to_side.get(i + 1) if i + 1 < len(base) else len(cells)
    if before is None or behind != before + 2 or before + 1 in taken:
        return None
    return before + 1


def _say_other(ids: tuple[Ids, ...], places: tuple[int, int, int]) -> bool:
    """Whether base's cell has an id that one of the sides has not there."""
    base, *sides = (side[place] for side, place in zip(ids, places, strict=True))
    return base is not None and any(id is not None and id != base for id in sides)


def part_where_empty(
    base: Cells, local: tuple[Cells, dict[int, int]], remote: tuple[Cells, dict[int, int]]
) -> None:
    """An empty cell that both sides filled is an insertion by both: people type into the empty last cell."""
    for i, cell in enumerate(base):
        if cell.source.strip() or i not in local[1] or i not in remote[1]:
            continue
        ours, theirs = local[0][local[1][i]], remote[0][remote[1][i]]
        if ours.source.strip() and theirs.source.strip() and alike(ours, theirs) < _SAME_PLACE:
            del local[1][i], remote[1][i]


def paired_insertions(
    local: Cells,
    ours: Positions,
    remote: Cells,
    theirs: Positions,
    ids: Iterable[tuple[Ids, ...]] = (),
) -> dict[int, int]:
    """Insertions that both sides made: index in local -> index in remote.

    `ids` are the trusted ones of the two, by kind.
    """
    pairing = _Pairing(local, ours, remote, theirs)
    for kind in ids:
        pairing.by_id(kind)
    pairing.by_equal_text_at_one_place()
    pairing.by_equal_text(lambda cell: cell.key)
    pairing.by_equal_text(lambda cell: cell.source)  # one side may have changed its kind
    pairing.by_likeness_at_one_place()
    return pairing.found


class _Pairing:
    """The twins found so far, and the rounds that find more."""

    def __init__(self, local: Cells, ours: Positions, remote: Cells, theirs: Positions) -> None:
        self.local, self.remote = local, remote
        self.left, self.right = list(ours.inserted), list(theirs.inserted)
        self.place_of_local, self.place_of_remote = ours.beside(theirs), theirs.beside(ours)
        self.found: dict[int, int] = {}

    def pair(self, pairs: list[tuple[int, int]]) -> None:
        taken = set(self.found.values())
        for j, k in pairs:
            if j not in self.found and k not in taken:
                self.found[j] = k
                taken.add(k)
        self.left = [j for j in self.left if j not in self.found]
        self.right = [k for k in self.right if k not in taken]

    def cells(self) -> tuple[list[Cell], list[Cell]]:
        return [self.local[j] for j in self.left], [self.remote[k] for k in self.right]

    def by_id(self, ids: tuple[Ids, ...]) -> None:
        left, right = set(self.left), set(self.right)
        pairs = [(j, k) for j, k in same_ids(ids) if j in left and k in right]
        self.pair([(j, k) for j, k in pairs if ids[0][j] == INJECTED or self.is_one(j, k)])

    def is_one(self, j: int, k: int) -> bool:
        """Whether two insertions under one id are one cell: tools give one id to unrelated cells too."""
        return alike(self.local[j], self.remote[k]) >= _SAME_ID

    def by_equal_text_at_one_place(self) -> None:
        ones, others = self.cells()
        here = [(self.place_of_local[j], cell.key) for j, cell in zip(self.left, ones, strict=True)]
        there = [(self.place_of_remote[k], cell.key) for k, cell in zip(self.right, others, strict=True)]
        self.pair([(self.left[x], self.right[y]) for x, y in align_alike(here, there)])

    def by_equal_text(self, text: Callable[[Cell], object]) -> None:
        there = {text(self.remote[k]): k for k in reversed(self.right)}
        telling = [j for j in self.left if len(self.local[j].source.strip()) >= _SAME_TEXT_LENGTH]
        found = [(j, there.get(text(self.local[j]))) for j in telling]
        self.pair([(j, k) for j, k in found if k is not None])

    def by_likeness_at_one_place(self) -> None:
        scores = []
        for x, y in candidates(*self.cells()):
            j, k = self.left[x], self.right[y]
            one, other = self.local[j], self.remote[k]
            if self.place_of_local[j] == self.place_of_remote[k] and one.type == other.type:
                scores.append((-alike(one, other), j, k))
        self.pair([(j, k) for score, j, k in sorted(scores) if -score >= _SAME_PLACE])


def rows(base: Sequence[Cell], local: Sequence[Cell], remote: Sequence[Cell]) -> list[Row]:
    """All cells in merged order, those that a side deleted included."""
    ids = trusted_ids(base, local, remote)
    to_local = match_cells(base, local, [(kind[0], kind[1]) for kind in ids])
    to_remote = match_cells(base, remote, [(kind[0], kind[2]) for kind in ids])
    left, right = (local, to_local), (remote, to_remote)
    match_through(base, left, right, [(kind[1], kind[2]) for kind in ids])
    match_through(base, right, left, [(kind[2], kind[1]) for kind in ids])
    pair_lone_cells(base, left, right, ids)
    part_where_empty(base, left, right)
    ours, theirs = Positions(len(local), to_local), Positions(len(remote), to_remote)
    inserted = paired_insertions(local, ours, remote, theirs, [(kind[1], kind[2]) for kind in ids])
    return Ordering(ours, theirs, inserted).run(len(base))


def cells_at(places: Row | Terms[int | None], sides: Terms[Notebook]) -> Terms[Cell | None]:
    """The cells of the three notebooks at these places; None where one has no such cell."""
    base, local, remote = (
        None if place is None else side.cells[place]
        for place, side in zip((places.base, places.local, places.remote), sides, strict=True)
    )
    return Terms(base, local, remote)
