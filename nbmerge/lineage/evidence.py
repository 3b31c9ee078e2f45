"""Owns: the evidence for and against a save having been made from an older version.

Must not know: how much of it is enough.  Invariant: everything is told relative to what the
head changed since that version; what the head did not change is no evidence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from nbmerge.lineage.lines import Cells, Difference, difference, same_value, telling, words
from nbmerge.notebook.model import Cell, Notebook

_COMPARED = 60  # lines of each kind that are compared with each other; more prove no more
_ALIKE = 0.6  # share of words that a line has in common with the one it was made of


@dataclass(frozen=True, slots=True)
class Tally:
    """What became of the head's changes in a save: lines or words that it brought in are `kept` or
    `gone`, those that it removed are `back` or still `absent`."""

    kept: int = 0
    gone: int = 0
    back: int = 0
    absent: int = 0

    @property
    def changed(self) -> int:
        return self.kept + self.gone + self.back + self.absent

    @property
    def undone(self) -> int:
        return self.gone + self.back

    @property
    def rate(self) -> float:
        """1 if all that the head changed is undone, -1 if all of it is there, 0 if nothing was changed."""
        return (self.undone - self.kept - self.absent) / self.changed if self.changed else 0.0


def tally(by_head: Mapping[str, int], since_head: Mapping[str, int]) -> Tally:
    """From how much more often each item stands in the head than before, and in the save than in the head."""
    kept = gone = back = absent = 0
    for item, number in by_head.items():
        more = since_head.get(item, 0)
        if number > 0:
            lost = min(number, max(0, -more))
            gone += lost
            kept += number - lost
        elif number < 0:
            again = min(-number, max(0, more))
            back += again
            absent += -number - again
    return Tally(kept, gone, back, absent)


class Side:
    """A notebook in the form in which it is compared."""

    def __init__(self, notebook: Notebook) -> None:
        self.notebook = notebook
        self.cells = frozenset(notebook.cells)

    @cached_property
    def ids(self) -> frozenset[str]:
        return frozenset(found for cell in self.notebook.cells if (found := cell.id) is not None)


class Trial:
    """A save and the head that it replaced, to be weighed against older versions."""

    def __init__(self, save: Notebook, head: Notebook) -> None:
        self.values = Cells()
        self.save, self.head = Side(save), Side(head)
        self.since_head = difference(self.values, self.save.cells, self.head.cells)

    def weigh(self, older: Notebook) -> Evidence:
        """What speaks for and against the save having been made from the older version."""
        side = Side(older)
        by_head = difference(self.values, self.head.cells, side.cells)
        since_older = difference(self.values, self.save.cells, side.cells)
        return Evidence(self, side, by_head, since_older)


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the save shows of the head's changes since an older version.

    `by_head` is the head against the older version, `since_older` the save against it.
    """

    trial: Trial
    older: Side
    by_head: Difference
    since_older: Difference

    @property
    def since_head(self) -> Difference:
        return self.trial.since_head

    @cached_property
    def lines(self) -> Tally:
        return tally(self.by_head.lines, self.since_head.lines)

    @cached_property
    def words(self) -> Tally:
        return tally(self.by_head.words, self.since_head.words)

    @cached_property
    def texts(self) -> int:
        """Whole cells whose text the head did not have and the save has again, as it was."""
        return _number((self.by_head.old - self.since_older.old).elements())

    @cached_property
    def missing(self) -> int:
        """Whole cells whose text the head brought and the save does not have."""
        return _number((self.by_head.new & self.since_head.old).elements())

    @cached_property
    def restored(self) -> Counter[Cell]:
        """Cells that are back exactly as they were: text, outputs, count, metadata and id."""
        return _telling(self.by_head.others - self.since_older.others)

    @cached_property
    def kept(self) -> Counter[Cell]:
        """Cells that the save holds exactly as the head made them."""
        return _telling(self.by_head.ones - self.since_head.others)

    @cached_property
    def runs(self) -> int:
        """Restored cells whose text the head had, too, but with other outputs or another count."""
        return sum(self._is_run(cell) for cell in self.restored)

    @cached_property
    def kept_ids(self) -> int:
        """Ids of the head's new cells that are still there, whatever is in them now."""
        return len((self.trial.head.ids - self.older.ids) & self.trial.save.ids)

    @property
    def is_return(self) -> bool:
        """The save holds nothing but what the older version held, though perhaps spelled otherwise."""
        if self.since_older.ones or self.since_older.others:
            return False
        return same_value(self.trial.save.notebook.frame, self.older.notebook.frame)

    @cached_property
    def own(self) -> int:
        """Lines that the save has, or lacks, other than both."""
        before = self.since_older.lines
        return sum(1 for line, number in self.since_head.lines.items() if number * before.get(line, 0) > 0)

    @cached_property
    def replaced(self) -> float:
        """The share of the older version's lines that the head no longer has."""
        removed = -sum(number for number in self.by_head.lines.values() if number < 0)
        total = sum(1 for cell in self.older.notebook.cells for _ in telling(cell.source)) if removed else 0
        return removed / total if total else 0.0

    @cached_property
    def evolved(self) -> int:
        """Lines of the head that the save holds in another form, which the older version cannot explain:
        its author went on from them."""
        since, before = self.since_head.lines, self.since_older.lines
        lost = _words(line for line, number in self.by_head.lines.items() if number > 0 > since.get(line, 0))
        own = _words(line for line, number in since.items() if number > 0 and before.get(line, 0) > 0)
        sources = _words(line for line, number in before.items() if number < 0)
        nearest = [max((_alike(line, source) for source in sources), default=0.0) for line in own]
        return sum(
            any(_alike(line, other) > max(_ALIKE, near) for other, near in zip(own, nearest, strict=True))
            for line in lost
        )

    def _is_run(self, cell: Cell) -> bool:
        if not cell.outputs and cell.count is None:
            return False
        heads = [other for other in self.by_head.ones if other.key == cell.key]
        return bool(heads) and not any(
            other.count == cell.count and same_value(other.outputs, cell.outputs) for other in heads
        )


def _number(texts: Iterable[tuple[str, str]]) -> int:
    """How many texts that say anything."""
    return sum(1 for _, source in texts if any(telling(source)))


def _telling(cells: Counter[Cell]) -> Counter[Cell]:
    return Counter({cell: number for cell, number in cells.items() if any(telling(cell.source))})


def _words(lines: Iterator[str]) -> list[frozenset[str]]:
    return [frozenset(words(line)) for line in islice(lines, _COMPARED)]


def _alike(one: frozenset[str], other: frozenset[str]) -> float:
    """The share of words in common (Dice), 0 to 1."""
    total = len(one) + len(other)
    return 2 * len(one & other) / total if total else 0.0
