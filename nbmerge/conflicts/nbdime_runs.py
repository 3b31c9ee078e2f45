"""Owns: runs of items between nbdime's markers: where they are, and which items a choice drops.

Must not know: what the items are (cells or outputs).  Invariant: only whole conflicts count: all
three markers, in order.
"""

from __future__ import annotations

from nbmerge.conflicts.markers import conflicts_in
from nbmerge.conflicts.values import Choice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TypeAlias

    Triple: TypeAlias = tuple[int, int, int]

OPENING, SEPARATOR, CLOSING = "<<<<<<< local", "=======", ">>>>>>> remote"


def triples(marks: Sequence[str]) -> Iterator[Triple]:
    """The places (first, middle, last) of the markers of each whole conflict, outer before inner.

    `marks` holds a line for each item: that of the marker that it is, or "".
    """
    for found in conflicts_in(marks):
        middle = found.start + 1 + len(found.local)
        yield found.start, middle, found.end - 1
        for start, behind in ((found.start + 1, middle), (middle + 1, found.end - 1)):
            for inner in triples(marks[start:behind]):
                yield inner[0] + start, inner[1] + start, inner[2] + start


def dropped(triple: Triple, choice: Choice) -> set[int]:
    """Which places are no more: the markers, and a side that was not chosen."""
    first, middle, last = triple
    match choice:
        case Choice.LOCAL:
            return {first, *range(middle, last + 1)}
        case Choice.REMOTE:
            return {*range(first, middle + 1), last}
    return {first, middle, last}
