"""Owns: diff3 of three sequences: which ranges each side changed, and where they meet.

Must not know: what the elements are, or what becomes of a clash.  Invariant: the regions
cover all three sequences in order, once; an Unchanged region is equal in all three.

Khanna, Kunal, Pierce, "A formal investigation of diff3" (2007).  Two changes that only
touch (one ends where the other begins) are kept apart where their order is plain, so that
the caller decides whether neighbours may merge.
"""

from __future__ import annotations

from dataclasses import dataclass

from nbmerge.merge.sequences import align

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence
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
        return self.start == self.end

    @property
    def deletes(self) -> bool:
        return self.new_start == self.new_end

    @property
    def keeps_size(self) -> bool:
        return self.end - self.start == self.new_end - self.new_start


@dataclass(frozen=True, slots=True)
class Region:
    """One stretch of all three sequences; `changed` names the sides that changed it."""

    base: Range
    local: Range
    remote: Range
    changed: frozenset[str]
    touches: bool = False  # the region before it was changed by the other side


_NONE: frozenset[str] = frozenset()
_LOCAL, _REMOTE, _BOTH = frozenset({"local"}), frozenset({"remote"}), frozenset({"local", "remote"})


def hunks(base: Sequence[Hashable], side: Sequence[Hashable]) -> list[Hunk]:
    """What the side changed, as hunks in order, each as late as it can stand."""
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
    ours, theirs = hunks(base, local), hunks(base, remote)
    regions: list[Region] = []
    at, shift_local, shift_remote = 0, 0, 0
    touching = _NONE
    while ours or theirs:
        group = _next_group(ours, theirs, neighbours)
        start = min(h.start for h in group[0] + group[1])
        end = max(h.end for h in group[0] + group[1])
        if start > at:
            regions.append(
                Region(
                    (at, start),
                    (at + shift_local, start + shift_local),
                    (at + shift_remote, start + shift_remote),
                    _NONE,
                )
            )
            touching = _NONE
        local_start, remote_start = start + shift_local, start + shift_remote
        shift_local += sum(h.new_end - h.new_start - h.end + h.start for h in group[0])
        shift_remote += sum(h.new_end - h.new_start - h.end + h.start for h in group[1])
        changed = _BOTH if group[0] and group[1] else _LOCAL if group[0] else _REMOTE
        regions.append(
            Region(
                (start, end),
                (local_start, end + shift_local),
                (remote_start, end + shift_remote),
                changed,
                touches=bool(touching) and touching != changed,
            )
        )
        at, touching = end, changed
    if at < len(base):
        regions.append(
            Region(
                (at, len(base)),
                (at + shift_local, len(local)),
                (at + shift_remote, len(remote)),
                _NONE,
            )
        )
    return regions


def _next_group(ours: list[Hunk], theirs: list[Hunk], neighbours: bool) -> tuple[list[Hunk], list[Hunk]]:
    """Take the first hunk and all that meet it, directly or through others."""
    group: tuple[list[Hunk], list[Hunk]] = ([], [])
    queues = (ours, theirs)
    first = (
        0 if ours and (not theirs or (ours[0].start, ours[0].end) <= (theirs[0].start, theirs[0].end)) else 1
    )
    group[first].append(queues[first].pop(0))
    grown = True
    while grown:
        grown = False
        for side in (0, 1):
            queue, others = queues[side], group[1 - side]
            if queue and any(_meet(queue[0], other, neighbours) for other in others):
                group[side].append(queue.pop(0))
                grown = True
    return group


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
