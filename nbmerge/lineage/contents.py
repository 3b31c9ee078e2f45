"""Owns: what the versions of one notebook hold, and what each has that another has not.

Must not know: who wrote them, which came first, what follows.  Invariant: equal cells of all versions are
one object, however a file spells them; so what versions share costs nothing, and a comparison is made once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise

from nbmerge.lineage.evidence import Cells, Difference
from nbmerge.lineage.lines import telling
from nbmerge.notebook.model import CODE, Cell, Notebook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.notebook.jsontext import Json

    Result = tuple[str | None, Json]  # count and outputs of a run


@dataclass(frozen=True, eq=False)
class Content:
    """What a version holds."""

    number: int
    notebook: Notebook
    cells: tuple[Cell, ...]

    @cached_property
    def counted(self) -> Counter[Cell]:
        return Counter(self.cells)

    @cached_property
    def distinct(self) -> frozenset[Cell]:
        return frozenset(self.cells)

    @cached_property
    def ids(self) -> frozenset[str]:
        return frozenset(cell.id for cell in self.cells if cell.id is not None)

    def shares_ids(self, other: Content) -> bool:
        """Whether both have a cell of one id; mostly a whole cell tells."""
        if any(cell.id is not None and cell in other.distinct for cell in self.cells):
            return True
        return not self.ids.isdisjoint(other.ids)

    @cached_property
    def lines(self) -> Counter[str]:
        """Its telling lines."""
        return Counter(line for cell in self.cells for line in telling(cell.source))

    @property
    def size(self) -> int:
        """How many telling lines it has."""
        return self.lines.total()

    @cached_property
    def order(self) -> frozenset[tuple[str, str]]:
        """Which source stands right before which."""
        sources = [cell.source for cell in self.cells if cell.source.strip()]
        return frozenset(pairwise(sources))

    def let_go(self) -> None:
        """Forget what is found anew when it is asked for."""
        for name in ("counted", "ids", "lines", "order"):
            self.__dict__.pop(name, None)


@dataclass(frozen=True, eq=False)
class Delta(Difference):
    """What one version holds and another does not: `ones` and `others` are the cells of each alone."""

    @cached_property
    def ids(self) -> Collection[str]:
        """Ids that only the one has, as far as cells differ, in their order."""
        others = frozenset(_ids(self.others))
        return dict.fromkeys(id for id in _ids(self.ones) if id not in others)

    @cached_property
    def more(self) -> Counter[str]:
        """How many times more often the one holds a line."""
        return +self.lines

    @cached_property
    def less(self) -> Counter[str]:
        """How many times less often."""
        return -self.lines

    @cached_property
    def runs(self) -> dict[str, Result]:
        """By source: the result that the one has, where the other has another one."""
        before = {cell.source: result_of(cell) for cell in self.others if _is_code(cell)}
        return {
            cell.source: result_of(cell)
            for cell in self.ones
            if _is_code(cell) and cell.source in before and before[cell.source] != result_of(cell)
        }

    @property
    def is_empty(self) -> bool:
        return not self.ones and not self.others

    @property
    def weight(self) -> int:
        """About how many bytes it takes in the end."""
        return _COMPARISON + _DIFFERENT_CELL * (len(self.ones) + len(self.others))


# About how many bytes a comparison takes, with what is found out by it, and each cell that only one has.
_COMPARISON, _DIFFERENT_CELL = 1000, 250
_SPARE = 1.25  # so many times the cells of the versions may be known: to forget some means to look at all
NO_RESULT: Result = (None, [])


def result_of(cell: Cell) -> Result:
    """What a run left behind."""
    return (cell.count, cell.plain_outputs)


def _is_code(cell: Cell) -> bool:
    return cell.type == CODE and bool(cell.source.strip())


def _ids(cells: Iterable[Cell]) -> Iterator[str]:
    return (cell.id for cell in cells if cell.id is not None)


@dataclass(slots=True)
class ComparedVersions:
    """The versions that are being compared, by number."""

    _cells: Cells = field(default_factory=Cells)
    _known: dict[int, Content] = field(default_factory=dict)
    _deltas: dict[tuple[int, int], Delta] = field(default_factory=dict)
    compared: int = 0  # bytes that the comparisons take, about

    def add(self, number: int, notebook: Notebook) -> Content:
        """Take in a version."""
        found = self._known[number] = self.read(number, notebook)
        return found

    def read(self, number: int, notebook: Notebook) -> Content:
        """What a notebook holds, without taking it in."""
        return Content(number, notebook, tuple(map(self._cells.representative, notebook.cells)))

    def __getitem__(self, number: int) -> Content:
        return self._known[number]

    def __contains__(self, number: int) -> bool:
        return number in self._known

    def __iter__(self) -> Iterator[int]:
        return iter(self._known)

    def earlier_alike(self, number: int) -> Iterator[int]:
        """The older versions that hold just the same."""
        cells = self._known[number].cells
        return (one for one, found in self._known.items() if one < number and found.cells == cells)

    def delta(self, one: int, other: int) -> Delta:
        """What version `one` holds that `other` does not, and the other way round."""
        found = self._deltas.get((one, other))
        if found is None:
            found = self._deltas[one, other] = compare(self._known[one], self._known[other])
            self.compared += found.weight
        return found

    def forget_comparisons(self) -> None:
        """Those that are needed are made again."""
        self._deltas = {}
        self.compared = 0

    def let_go(self) -> None:
        """Forget all but the versions and what they do not share: of a large notebook the rest is larger."""
        for found in self._known.values():
            found.let_go()

    def keep_only(self, numbers: Iterable[int]) -> None:
        """Forget the other versions."""
        kept = set(numbers)
        if kept.issuperset(self._known):
            return
        self._known = {number: found for number, found in self._known.items() if number in kept}
        self._deltas = {
            pair: found for pair, found in self._deltas.items() if pair[0] in kept and pair[1] in kept
        }
        self.compared = sum(delta.weight for delta in self._deltas.values())
        if len(self._cells) > _SPARE * sum(len(found.cells) for found in self._known.values()):
            self._cells.keep_only(cell for found in self._known.values() for cell in found.notebook.cells)


def compare(one: Content, other: Content) -> Delta:
    """What two contents do not share."""
    if len(one.distinct) < len(one.cells) or len(other.distinct) < len(other.cells):
        return Delta(one.counted - other.counted, other.counted - one.counted)
    return Delta(_not_in(one, other), _not_in(other, one))


def _not_in(one: Content, other: Content) -> Counter[Cell]:
    """The cells of one that the other has not, in their order: what follows must not depend on a set's."""
    alone = one.distinct - other.distinct
    return Counter(cell for cell in one.cells if cell in alone) if alone else Counter()
