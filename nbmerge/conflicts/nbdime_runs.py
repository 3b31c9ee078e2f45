"""Owns: runs of items between nbdime's markers: where they are, and which items a choice drops.

Must not know: what the items are (cells or outputs).  Invariant: only whole conflicts count: all
three markers, in order.
"""

from __future__ import annotations

from nbmerge.conflicts.values import Choice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    Triple: TypeAlias = tuple[int, int, int]

_DEEPEST = 20  # every level is shown with all that is in it, and no merge of merges goes so deep
OPENING, SEPARATOR, CLOSING = "<<<<<<< local", "=======", ">>>>>>> remote"


def triples(marks: Sequence[str]) -> list[Triple]:
    """The places (first, middle, last) of the markers of each whole conflict, outer before inner.

    `marks` holds for each item the marker that it is, or "".  A marker belongs to the nearest
    opening one that still lacks it.  What is nested too deeply comes to light when the outer
    conflicts are settled.
    """
    found: list[Triple] = []
    begun: list[tuple[int, int | None]] = []
    for at, mark in enumerate(marks):
        if mark == OPENING:
            begun.append((at, None))
        elif begun and mark == SEPARATOR and begun[-1][1] is None:
            begun[-1] = (begun[-1][0], at)
        elif begun and mark == CLOSING:
            first, middle = begun[-1]
            if middle is not None:
                begun.pop()
                if len(begun) < _DEEPEST:
                    found.append((first, middle, at))
    return sorted(found)


def dropped(triple: Triple, choice: Choice) -> set[int]:
    """Which places are no more: the markers, and a side that was not chosen."""
    first, middle, last = triple
    match choice:
        case Choice.LOCAL:
            return {first, *range(middle, last + 1)}
        case Choice.REMOTE:
            return {*range(first, middle + 1), last}
    return {first, middle, last}
