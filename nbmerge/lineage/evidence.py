"""Owns: the evidence for and against a save having been made from an older version.

Must not know: how much of it is enough.  Invariant: everything is told relative to what the
head changed since that version; what all three share is no evidence.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

from nbmerge.lineage.lines import Difference, difference, telling
from nbmerge.notebook.model import Cell, Notebook


@dataclass(frozen=True, slots=True)
class Evidence:
    """What became of the head's changes in the save.

    Lines that the head brought in are `kept` or `gone`, those that it removed are `back` or
    still `absent`; cells and runs (outputs and count of a text that nobody changed) that it
    replaced are `restored` exactly, or the head's are kept.
    """

    kept: int = 0
    gone: int = 0
    back: int = 0
    absent: int = 0
    restored_cells: int = 0
    kept_cells: int = 0
    restored_runs: int = 0
    kept_runs: int = 0
    restored_ids: int = 0
    kept_ids: int = 0
    evolved: int = 0

    @property
    def rate(self) -> float:
        """1 if everything that the head changed is undone, -1 if all of it is there."""
        changed = self.kept + self.gone + self.back + self.absent
        return (self.gone + self.back - self.kept - self.absent) / changed if changed else 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """A notebook in the form in which it is compared."""

    cells: frozenset[Cell]
    ids: frozenset[str]


def side(notebook: Notebook) -> Side:
    """Prepare a notebook for being compared with many."""
    ids = frozenset(found for cell in notebook.cells if (found := cell.id) is not None)
    return Side(frozenset(notebook.cells), ids)


@dataclass(slots=True, eq=False)
class Trial:
    """A save against the head; `weigh` tells what speaks for an older version."""

    save: Side
    head: Side
    since_head: Difference = field(init=False)

    def __post_init__(self) -> None:
        self.since_head = difference(self.save.cells, self.head.cells)

    def weigh(self, older: Side) -> Evidence:
        """The evidence that the save was made from `older`, without a sight of the head."""
        by_head = difference(self.head.cells, older.cells)
        since_older = difference(self.save.cells, older.cells)
        kept, gone, back, absent = self._lines(by_head.lines)
        restored_runs, kept_runs = self._runs(by_head, since_older)
        return Evidence(
            kept=kept,
            gone=gone,
            back=back,
            absent=absent,
            restored_cells=_count(by_head.others - since_older.others),
            kept_cells=_count(by_head.ones - self.since_head.others),
            restored_runs=restored_runs,
            kept_runs=kept_runs,
            restored_ids=len((older.ids - self.head.ids) & self.save.ids),
            kept_ids=len((self.head.ids - older.ids) & self.save.ids),
            evolved=self._evolved(by_head.lines, since_older),
        )

    def _lines(self, by_head: Counter[str]) -> tuple[int, int, int, int]:
        kept = gone = back = absent = 0
        since = self.since_head.lines
        for line, number in by_head.items():
            more = since.get(line, 0)
            if number > 0:
                lost = min(number, max(0, -more))
                gone += lost
                kept += number - lost
            elif number < 0:
                again = min(-number, max(0, more))
                back += again
                absent += -number - again
        return kept, gone, back, absent

    def _runs(self, by_head: Difference, since_older: Difference) -> tuple[int, int]:
        restored = kept = 0
        for newer, older in by_head.runs:
            if newer.outputs == older.outputs and newer.count == older.count:
                continue
            if newer not in self.since_head.others:
                kept += 1
            elif older not in since_older.others and older.outputs:
                restored += 1
        return restored, kept

    def _evolved(self, by_head: Counter[str], since_older: Difference) -> int:
        """Lines of the head that the save holds in a form that the older version cannot explain."""
        since = self.since_head.lines
        lost = [line for line, number in by_head.items() if number > 0 and since.get(line, 0) < 0]
        own = [line for line, number in since.items() if number > 0 and since_older.lines.get(line, 0) > 0]
        sources = [line for line, number in since_older.lines.items() if number < 0]
        found = 0
        for line in lost[:200]:
            pairs = _pairs(line)
            for mine in own[:200]:
                alike = _alike(pairs, _pairs(mine))
                before = max((_alike(_pairs(mine), _pairs(source)) for source in sources[:200]), default=0.0)
                if alike >= 0.6 and alike > before:
                    found += 1
                    break
        return found


def _pairs(line: str) -> Counter[str]:
    return Counter(a + b for a, b in pairwise(line))


def _alike(one: Counter[str], other: Counter[str]) -> float:
    total = one.total() + other.total()
    return 2 * (one & other).total() / total if total else 0.0


def _count(cells: frozenset[Cell]) -> int:
    """How many cells that hold something."""
    return sum(1 for cell in cells if any(telling(cell.source)))
