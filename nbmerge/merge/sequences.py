"""Owns: how sequences differ: which elements of two correspond, and which ranges of three each side
changed.

Must not know: what the elements are, beyond hash and equality, or what becomes of a clash.
Invariant: pairs rise on both sides and are of equal elements only; the regions of a diff3 cover all three
sequences in order, once, and an unchanged one is equal in all three; cost stays near-linear for any input.

Diff: common ends first; then patience anchors (Bram Cohen: elements that occur once on each side, longest
rising run), which keep code from being matched by its blank lines; then Myers' divide and conquer ("An
O(ND) difference algorithm", 1986) with a bound on the search, after which the furthest path is taken as
good enough (as GNU diff does).  Diff3: Khanna, Kunal, Pierce, "A formal investigation of diff3" (2007). Two
changes that only touch (one ends where the other begins) are kept apart where their order is plain, so that
the caller decides whether neighbours may merge.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from functools import lru_cache

from nbmerge.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Hashable, Iterable, Iterator, Sequence
    from typing import TypeAlias, TypeVar

    T = TypeVar("T", bound=Hashable)
    Numbers: TypeAlias = tuple[int, ...]
    Pair: TypeAlias = tuple[int, int]
    Box: TypeAlias = tuple[int, int, int, int]  # a[0]:a[1] against b[2]:b[3]
    Range: TypeAlias = tuple[int, int]
    Counts: TypeAlias = "tuple[Counter[Hashable], Counter[Hashable], Counter[Hashable]]"

_SEARCH_BOUND = 200  # edits looked through before the furthest path is taken
_ANCHOR_ROUNDS = 40


def align(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[Pair]:
    """Pairs (i, j), rising in both, with a[i] == b[j]."""
    head, tail = common_ends(a, b)
    numbers: dict[Hashable, int] = {}
    left = tuple([numbers.setdefault(item, len(numbers)) for item in a[head : len(a) - tail]])
    right = tuple([numbers.setdefault(item, len(numbers)) for item in b[head : len(b) - tail]])
    pairs = [(i, i) for i in range(head)]
    pairs += [(head + i, head + j) for i, j in _aligned(left, right)]
    return pairs + list(zip(range(len(a) - tail, len(a)), range(len(b) - tail, len(b)), strict=True))


@lru_cache(maxsize=16)
def _aligned(left: Numbers, right: Numbers) -> tuple[Pair, ...]:
    """The same for what differs, by number; kept, as one merge asks several times about the same two."""
    pairs: list[Pair] = []
    boxes: list[tuple[Box, int]] = [((0, len(left), 0, len(right)), 0)]
    while boxes:
        box, depth = boxes.pop()
        box = _common_ends(left, right, box, pairs)
        if box[0] == box[1] or box[2] == box[3]:
            continue
        anchors = _anchors(left, right, box) if depth < _ANCHOR_ROUNDS else []
        if anchors:
            pairs += anchors
            boxes += [(inner, depth + 1) for inner in _between(box, anchors)]
        else:
            pairs += _align_common(left, right, box)
    pairs.sort()
    return tuple(pairs)


def align_alike(a: Sequence[T], b: Sequence[T]) -> list[Pair]:
    """As `align`, but the same pairs whichever of the two comes first.

    Where several alignments are as good as each other, `align` prefers by its first
    argument; here the smaller sequence always is the first.
    """
    if tuple(b) < tuple(a):
        return [(i, j) for j, i in align(b, a)]
    return align(a, b)


def longest_rising(values: Sequence[int]) -> list[int]:
    """Indices of a longest strictly rising subsequence (patience sorting, Fredman 1975)."""
    tails: list[int] = []
    tops: list[int] = []
    before: list[int] = []
    for index, value in enumerate(values):
        pile = bisect_left(tails, value)
        before.append(tops[pile - 1] if pile else -1)
        if pile == len(tails):
            tails.append(value)
            tops.append(index)
        else:
            tails[pile], tops[pile] = value, index
    chain = []
    at = tops[-1] if tops else -1
    while at >= 0:
        chain.append(at)
        at = before[at]
    return chain[::-1]


def best_chain(scores: dict[tuple[int, int], float]) -> list[tuple[int, int]]:
    """Pairs rising on both sides with the greatest sum of scores."""
    best: dict[int, tuple[float, tuple[int, int], int]] = {}
    columns = sorted({j for _, j in scores})
    rank = {j: n for n, j in enumerate(columns, 1)}
    tree: list[tuple[float, int]] = [(0.0, -1)] * (len(columns) + 1)  # Fenwick tree of maxima
    pairs = sorted(scores, key=lambda pair: (pair[0], -pair[1]))
    for number, (i, j) in enumerate(pairs):
        total, before = 0.0, -1
        at = rank[j] - 1
        while at > 0:
            total, before = max((total, before), tree[at], key=lambda item: item[0])
            at -= at & -at
        total += scores[(i, j)]
        best[number] = (total, (i, j), before)
        at = rank[j]
        while at <= len(columns):
            if total > tree[at][0]:
                tree[at] = (total, number)
            at += at & -at
    at = max(best, key=lambda number: best[number][0], default=-1)
    chain = []
    while at >= 0:
        _, pair, at = best[at]
        chain.append(pair)
    return chain[::-1]


def common_ends(one: Sequence[Hashable], other: Sequence[Hashable]) -> tuple[int, int]:
    """How many leading and how many trailing elements two sequences share."""
    shorter = min(len(one), len(other))
    head = 0
    while head < shorter and one[head] == other[head]:
        head += 1
    tail = 0
    while tail < shorter - head and one[-1 - tail] == other[-1 - tail]:
        tail += 1
    return head, tail


def _common_ends(a: Sequence[int], b: Sequence[int], box: Box, pairs: list[Pair]) -> Box:
    i, i_end, j, j_end = box
    while i < i_end and j < j_end and a[i] == b[j]:
        pairs.append((i, j))
        i, j = i + 1, j + 1
    while i < i_end and j < j_end and a[i_end - 1] == b[j_end - 1]:
        i_end, j_end = i_end - 1, j_end - 1
        pairs.append((i_end, j_end))
    return i, i_end, j, j_end


def _anchors(a: Numbers, b: Numbers, box: Box) -> list[Pair]:
    """Elements that occur exactly once on each side, as far as they rise together."""
    once_a, once_b = _once(a, box[0], box[1]), _once(b, box[2], box[3])
    common = sorted((i, once_b[item]) for item, i in once_a.items() if item in once_b)
    return [common[index] for index in longest_rising([j for _, j in common])]


def _once(items: Numbers, start: int, end: int) -> dict[int, int]:
    places: dict[int, int] = {}
    for index in range(start, end):
        item = items[index]
        places[item] = -1 if item in places else index
    return {item: index for item, index in places.items() if index >= 0}


def _between(box: Box, anchors: Iterable[Pair]) -> list[Box]:
    boxes = []
    i, j = box[0], box[2]
    for next_i, next_j in [*anchors, (box[1], box[3])]:
        if next_i > i and next_j > j:
            boxes.append((i, next_i, j, next_j))
        i, j = next_i + 1, next_j + 1
    return boxes


def _align_common(a: Numbers, b: Numbers, box: Box) -> list[Pair]:
    """Myers on what occurs on both sides; the rest cannot match and would only cost."""
    shared = set(a[box[0] : box[1]]) & set(b[box[2] : box[3]])
    rows = [i for i in range(box[0], box[1]) if a[i] in shared]
    columns = [j for j in range(box[2], box[3]) if b[j] in shared]
    pairs: list[Pair] = []
    left, right = [a[i] for i in rows], [b[j] for j in columns]
    boxes: list[Box] = [(0, len(left), 0, len(right))]
    while boxes:
        inner = _common_ends(left, right, boxes.pop(), pairs)
        i, i_end, j, j_end = inner
        if i < i_end and j < j_end:
            x, y = _split(left[i:i_end], right[j:j_end])
            if (x, y) not in ((0, 0), (i_end - i, j_end - j)):
                boxes += [(i, i + x, j, j + y), (i + x, i_end, j + y, j_end)]
    return [(rows[i], columns[j]) for i, j in pairs]


def _split(a: list[int], b: list[int]) -> Pair:
    """A point on a shortest edit path (or, past the bound, on the furthest one found).

    `forward` and `backward` hold how far each diagonal was reached, -1 where it was not; written out
    in full, because nearly all time of a hard merge is spent here.
    """
    n, m = len(a), len(b)
    delta, bound = n - m, min((n + m + 1) // 2, _SEARCH_BOUND)
    middle = bound + 1
    forward, backward = [-1] * (2 * middle + 1), [-1] * (2 * middle + 1)
    forward[middle + 1] = backward[middle + 1] = 0
    for edits in range(bound + 1):
        for k in range(-edits, edits + 1, 2):
            less, more = forward[middle + k - 1], forward[middle + k + 1]
            x = more if less < more else less + 1
            y = x - k
            while x < n and y < m and a[x] == b[y]:
                x, y = x + 1, y + 1
            forward[middle + k] = x
            if delta % 2 and -edits < delta - k < edits and x + backward[middle + delta - k] >= n:
                return (min(x, n), min(max(y, 0), m))
        for k in range(-edits, edits + 1, 2):
            less, more = backward[middle + k - 1], backward[middle + k + 1]
            x = more if less < more else less + 1
            y = x - k
            while x < n and y < m and a[n - 1 - x] == b[m - 1 - y]:
                x, y = x + 1, y + 1
            backward[middle + k] = x
            if not delta % 2 and -edits <= delta - k <= edits and x + forward[middle + delta - k] >= n:
                return (max(n - x, 0), min(max(m - y, 0), m))
    reached = range(-bound, bound + 1, 2)
    best = max(reached, key=lambda k: _within(forward[middle + k], k, n, m))
    x = min(forward[middle + best], n)
    return (x, min(max(x - best, 0), m))


def _within(x: int, k: int, n: int, m: int) -> int:
    """How far a path has come, if it is inside the grid."""
    return 2 * x - k if 0 <= x <= n and 0 <= x - k <= m else -1


@frozen
class Hunk:
    """base[start:end] became side[new_start:new_end]."""

    start: int
    end: int
    new_start: int
    new_end: int

    @property
    def inserts(self) -> bool:
        """Nothing of base is gone."""
        return self.start == self.end

    @property
    def deletes(self) -> bool:
        """Nothing new is there."""
        return self.new_start == self.new_end

    @property
    def keeps_size(self) -> bool:
        """As many elements as before."""
        return self.end - self.start == self.new_end - self.new_start


@frozen
class Region:
    """One stretch of all three sequences; `changed` names the sides that changed it."""

    base: Range
    local: Range
    remote: Range
    changed: frozenset[str]
    touches: bool = False  # the region before it was changed by the other side

    def followed_by(self, base: int, local: int, remote: int, changed: frozenset[str]) -> Region:
        """The next region, by its length in each sequence."""
        return Region(
            (self.base[1], self.base[1] + base),
            (self.local[1], self.local[1] + local),
            (self.remote[1], self.remote[1] + remote),
            changed,
            touches=bool(self.changed and changed and self.changed != changed),
        )


@frozen
class _Group:
    """Hunks of both sides that meet, directly or through others."""

    local: list[Hunk]
    remote: list[Hunk]

    @property
    def start(self) -> int:
        return min(hunk.start for hunk in self.local + self.remote)

    @property
    def end(self) -> int:
        return max(hunk.end for hunk in self.local + self.remote)

    @property
    def changed(self) -> frozenset[str]:
        return (_LOCAL if self.local else _NONE) | (_REMOTE if self.remote else _NONE)


_NONE: frozenset[str] = frozenset()
_LOCAL, _REMOTE = frozenset({"local"}), frozenset({"remote"})


def hunks(base: Sequence[Hashable], side: Sequence[Hashable]) -> list[Hunk]:
    """What the side changed, as hunks in order that never touch.

    Where an insertion or a deletion might as well stand further down, it stands there: so two
    sides that made the same one have it at the same place, whatever else they changed.
    """
    found = []
    i = j = 0
    for next_i, next_j in [*align(base, side), (len(base), len(side))]:
        if next_i > i or next_j > j:
            found.append(Hunk(i, next_i, j, next_j))
        i, j = next_i + 1, next_j + 1
    below: list[Hunk] = []  # the nearest last
    while found:
        hunk = _slid_down(found.pop(), base, side, below[-1].start if below else len(base))
        if below and hunk.end == below[-1].start:
            last = below.pop()
            found.append(Hunk(hunk.start, last.end, hunk.new_start, last.new_end))
        else:
            below.append(hunk)
    return below[::-1]


def _slid_down(hunk: Hunk, base: Sequence[Hashable], side: Sequence[Hashable], limit: int) -> Hunk:
    """The same insertion or deletion as far down as it goes; `limit` is an index in base."""
    if hunk.inserts:
        items, start, end = side, hunk.new_start, hunk.new_end
    elif hunk.deletes:
        items, start, end = base, hunk.start, hunk.end
    else:
        return hunk
    by = 0
    while hunk.end + by < limit and items[start + by] == items[end + by]:
        by += 1
    return Hunk(hunk.start + by, hunk.end + by, hunk.new_start + by, hunk.new_end + by)


def diff3(
    base: Sequence[Hashable],
    local: Sequence[Hashable],
    remote: Sequence[Hashable],
    *,
    neighbours: bool,
) -> list[Region]:
    """The regions of a three-way merge; with `neighbours`, touching changes stay apart."""
    regions = [Region((0, 0), (0, 0), (0, 0), _NONE)]
    for group in _groups(hunks(base, local), hunks(base, remote), neighbours):
        same = group.start - regions[-1].base[1]
        if same:
            regions.append(regions[-1].followed_by(same, same, same, _NONE))
        size = group.end - group.start
        grown = size + sum(map(_growth, group.local)), size + sum(map(_growth, group.remote))
        regions.append(regions[-1].followed_by(size, *grown, group.changed))
    rest = len(base) - regions[-1].base[1]
    if rest:
        regions.append(regions[-1].followed_by(rest, rest, rest, _NONE))
    return regions[1:]


def _growth(hunk: Hunk) -> int:
    return hunk.new_end - hunk.new_start - (hunk.end - hunk.start)


def _groups(local: list[Hunk], remote: list[Hunk], neighbours: bool) -> Iterator[_Group]:
    ours, theirs = deque(local), deque(remote)
    while ours or theirs:
        group = _Group([], [])
        sides = ((ours, group.local, group.remote), (theirs, group.remote, group.local))
        first = 0 if ours and (not theirs or _place(ours[0]) <= _place(theirs[0])) else 1
        sides[first][1].append(sides[first][0].popleft())
        grown = True
        while grown:
            grown = False
            for queue, own, others in sides:
                if queue and any(_meet(queue[0], other, neighbours) for other in others):
                    own.append(queue.popleft())
                    grown = True
        yield group


def _place(hunk: Hunk) -> Range:
    return (hunk.start, hunk.end)


def _meet(one: Hunk, other: Hunk, neighbours: bool) -> bool:
    """True if the order of the two changes in a merge would not be plain."""
    if one.start < other.end and other.start < one.end:
        return True
    if one.end != other.start and other.end != one.start:
        return False
    if not neighbours or (one.inserts and other.inserts):
        return True
    if one.inserts or other.inserts:
        change = other if one.inserts else one
        return change.deletes or not change.keeps_size
    return False


def added_twice(regions: Sequence[Region], counts: Sequence[Counts], reach: int) -> bool:
    """True if both sides added something nearby, and a merge would have it there more often than either.

    So it is where a diff finds one addition at two places.  `counts` tell for each region how often
    what may be added stands in it, in base, local and remote; `reach` is in unchanged elements.
    """
    ours = {item for base, local, _ in counts for item in local - base}
    both = {item for base, _, remote in counts for item in remote - base if item in ours}
    return any(
        _more_than_either(item, regions, counts, list(_nearby(regions, number, reach)))
        for number, (base, local, remote) in enumerate(counts)
        if len(regions[number].changed) == 1
        for item in both.intersection((local | remote) - base)
    )


def _more_than_either(
    item: Hashable, regions: Sequence[Region], counts: Sequence[Counts], near: list[int]
) -> bool:
    found = [[texts[item] for texts in counts[number]] for number in near]
    base, local, remote = map(sum, zip(*found, strict=True))
    merged = 0
    for number, (_, ours, theirs) in zip(near, found, strict=True):
        changed = regions[number].changed
        merged += max(ours, theirs) if len(changed) != 1 else ours if "local" in changed else theirs
    return base < min(local, remote) and merged > max(local, remote)


def _nearby(regions: Sequence[Region], number: int, reach: int) -> Iterator[int]:
    """The numbers of a region and of those around it, to both ends up to so many unchanged elements."""
    yield number
    for others in (range(number - 1, -1, -1), range(number + 1, len(regions))):
        left = reach
        for other in others:
            yield other
            if not regions[other].changed:
                left -= regions[other].base[1] - regions[other].base[0]
            if left <= 0:
                break


def around(
    texts: tuple[Sequence[T], Sequence[T]], regions: Sequence[Region], number: int, side: str, reach: int
) -> tuple[Sequence[T], Sequence[T]]:
    """The same stretch of base and of one side: a region and what is around it.

    That is, to both ends, so many unchanged elements and all changes among them.
    """
    before = _reached((regions[at] for at in range(number - 1, -1, -1)), side, reach)
    behind = _reached((regions[at] for at in range(number + 1, len(regions))), side, reach)
    (base, own), places = texts, (regions[number].base, getattr(regions[number], side))
    (start, end), (own_start, own_end) = places
    return (
        base[start - before[0] : end + behind[0]],
        own[own_start - before[1] : own_end + behind[1]],
    )


def _reached(regions: Iterable[Region], side: str, reach: int) -> Pair:
    """The size, on base and on one side, of these regions up to so many unchanged elements."""
    base = own = 0
    for region in regions:
        start, end = getattr(region, side)
        size = region.base[1] - region.base[0]
        if region.changed:
            base, own = base + size, own + end - start
        else:
            base, own = base + min(size, reach), own + min(size, reach)
            reach -= min(size, reach)
        if not reach:
            break
    return base, own
