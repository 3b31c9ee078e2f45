"""Owns: what tells two notebooks apart, cell by cell and line by line, as multisets.

Must not know: which of them came first, what follows from it.  Invariant: cost follows the
cells that differ; cells shared between notebooks cancel out by identity.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass

from nbmerge.notebook.model import Cell

_SHORTEST = 4  # characters of a line that tells anything: not `)` or `plt`


def telling(source: str) -> Iterator[str]:
    """The lines that tell one text from another, without white space around them."""
    for line in source.split("\n"):
        text = line.strip()
        if len(text) >= _SHORTEST and any(map(str.isalnum, text)):
            yield text


def lines_of(cells: Iterable[Cell]) -> Counter[str]:
    """How often each telling line stands in the cells."""
    return Counter(line for cell in cells for line in telling(cell.source))


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """What two notebooks do not share, wherever it stands.

    `ones` and `others` are the cells that the other notebook does not hold exactly; `runs`
    are those pairs among them with the same text: run again, cleared, other metadata;
    `lines` says how many times more often than the other the one holds a line.
    """

    ones: frozenset[Cell]
    others: frozenset[Cell]
    runs: tuple[tuple[Cell, Cell], ...]
    lines: Counter[str]


def difference(one: frozenset[Cell], other: frozenset[Cell]) -> Difference:
    """Compare two notebooks given as their cells."""
    _, ones, others = _cancelled(one - other, other - one, _looks, _equal)
    runs, new, old = _cancelled(ones, others, lambda cell: cell.key, lambda _one, _other: True)
    lines = lines_of(new)
    lines.subtract(lines_of(old))
    return Difference(frozenset(ones), frozenset(others), tuple(runs), lines)


def _cancelled(
    ones: Iterable[Cell],
    others: Iterable[Cell],
    key: Callable[[Cell], Hashable],
    matches: Callable[[Cell, Cell], bool],
) -> tuple[list[tuple[Cell, Cell]], list[Cell], list[Cell]]:
    """Pairs with the same key that match, and what is left of both."""
    waiting: dict[Hashable, list[Cell]] = {}
    for cell in others:
        waiting.setdefault(key(cell), []).append(cell)
    pairs, left = [], []
    for cell in ones:
        found = waiting.get(key(cell), [])
        place = next((place for place, other in enumerate(found) if matches(cell, other)), None)
        if place is None:
            left.append(cell)
        else:
            pairs.append((cell, found.pop(place)))
    return pairs, left, [cell for cells in waiting.values() for cell in cells]


def _looks(cell: Cell) -> Hashable:
    """What equal cells have in common and is cheap to compare."""
    return (cell.key, cell.id, cell.count, len(cell.outputs))


def _equal(one: Cell, other: Cell) -> bool:
    return one.value == other.value
