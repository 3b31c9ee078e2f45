"""Owns: diff3 of three sequences: which ranges each side changed, and where they meet.

Must not know: what the elements are, or what becomes of a clash.  Invariant: the regions
cover all three sequences in order, once; an Unchanged region is equal in all three.

Khanna, Kunal, Pierce, "A formal investigation of diff3" (2007).  Two changes that only
touch (one ends where the other begins) are kept apart where their order is plain, so that
the caller decides whether neighbours may merge.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from nbmerge.merge.sequences import align

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence
    from typing import TypeAlias

    Range: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
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
    """What the side changed, as hunks in order."""
    found = []
    i = j = 0
    for next_i, next_j in [*align(base, side), (len(base), len(side))]:
        if next_i > i or next_j > j:
            found.append(Hunk(i, next_i, j, next_j))
        i, j = next_i + 1, next_j + 1
    return found


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
