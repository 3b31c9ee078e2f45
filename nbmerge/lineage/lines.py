"""Owns: what tells two notebooks apart: cells, texts and lines, as multisets.

Must not know: which of the two came first, what follows from it.  Invariant: order of cells
does not count; cost follows the cells that differ, for shared ones cancel out by identity.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from nbmerge.notebook.model import Cell, joined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.notebook.jsontext import Json

    Text = tuple[str, str]  # kind and source of a cell

_SHORTEST = 4  # characters of a line that tells anything: not `)` or `plt`
_MARKER = re.compile(r"(<{7,}|\|{7,}|>{7,}|={7,})( |$)")  # what a merge wrote is nobody's line
_OPENING = "<" * 7
_WORD = re.compile(r"\w+|[^\w\s]{2,}")


def telling(source: str) -> Iterator[str]:
    """The lines that tell one text from another, without white space around them."""
    for line in source.split("\n"):
        text = line.strip()
        if len(text) >= _SHORTEST and any(map(str.isalnum, text)) and not _MARKER.match(text):
            yield text


def markers(cells: Iterable[Cell]) -> frozenset[str]:
    """The lines with which conflicts begin; their labels name the versions that were merged."""
    return frozenset(
        line
        for cell in cells
        if _OPENING in cell.source
        for line in cell.source.split("\n")
        if line.startswith(_OPENING) and line.strip("< ")
    )


def words(line: str) -> Counter[str]:
    """The words, numbers and longer signs of a line."""
    return Counter(_WORD.findall(line))


def words_of(lines: Mapping[str, int]) -> Counter[str]:
    """The words of lines that stand so many times more (or, below 0, less) often in one notebook."""
    found: Counter[str] = Counter()
    for line, number in lines.items():
        for word, times in words(line).items():
            found[word] += times * number
    return found


class Cells:
    """Cells by value: equal ones, however they are spelled, have one representative."""

    def __init__(self) -> None:
        self._known: dict[object, list[Cell]] = {}
        self._found: dict[Cell, Cell] = {}

    def count(self, cells: Iterable[Cell]) -> Counter[Cell]:
        """How often each representative is among them."""
        return Counter(map(self._representative, cells))

    def _representative(self, cell: Cell) -> Cell:
        found = self._found.get(cell)
        if found is None:
            looks = (cell.key, cell.id, cell.count, len(cell.outputs))
            alike = self._known.setdefault(looks, [])
            found = next((other for other in alike if same_value(cell.value, other.value)), cell)
            if found is cell:
                alike.append(cell)
            self._found[cell] = found
        return found


def same_value(one: Json, other: Json) -> bool:
    """Whether two values are equal but for the order of keys and how long texts are cut into lines."""
    if one is other or one == other:
        return True
    match one, other:
        case dict(), dict():
            return one.keys() == other.keys() and all(
                same_value(item, other[key]) for key, item in one.items()
            )
        case list(), list():
            if len(one) == len(other) and all(map(same_value, one, other)):
                return True
            return bool(one and other) and joined(one) == joined(other) is not None
        case (str(), list()) | (list(), str()):
            return joined(one) == joined(other)
    return False


@dataclass(frozen=True, eq=False)
class Difference:
    """What two notebooks do not share, wherever it stands.

    `ones` and `others` are the cells of each that the other does not hold exactly.
    """

    ones: Counter[Cell]
    others: Counter[Cell]

    @cached_property
    def new(self) -> Counter[Text]:
        """Texts of whole cells that the one holds (more often than the other)."""
        return _texts(self.ones) - _texts(self.others)

    @cached_property
    def old(self) -> Counter[Text]:
        """Texts of whole cells that the other holds (more often than the one)."""
        return _texts(self.others) - _texts(self.ones)

    @cached_property
    def lines(self) -> Counter[str]:
        """How many times more often (below 0: less often) the one holds a line than the other."""
        found: Counter[str] = Counter()
        for (_, source), times in self.new.items():
            for line in telling(source):
                found[line] += times
        for (_, source), times in self.old.items():
            for line in telling(source):
                found[line] -= times
        return found

    @cached_property
    def words(self) -> Counter[str]:
        """The same for words; those of lines that both hold equally often cancel out."""
        return words_of(self.lines)

    @property
    def distance(self) -> int:
        """How many lines only one of the two holds."""
        return sum(map(abs, self.lines.values()))


def difference(cells: Cells, one: frozenset[Cell], other: frozenset[Cell]) -> Difference:
    """Compare two notebooks given as their cells."""
    ones, others = cells.count(one - other), cells.count(other - one)
    return Difference(ones - others, others - ones)


def _texts(cells: Counter[Cell]) -> Counter[Text]:
    found: Counter[Text] = Counter()
    for cell, times in cells.items():
        found[cell.key] += times
    return found
