"""Owns: what tells two notebooks apart, and the evidence that a save was made from an older version.

Must not know: which of the two came first, how much evidence is enough, what follows from it.  Invariant:
evidence counts only what the head changed since that version; the order of cells does not count; cost
follows the cells that differ, for shared ones cancel out by identity.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

from nbmerge.lineage.lines import ALIKE, but_values, goes_on, is_tuned, likeness, telling, words, words_of
from nbmerge.notebook.model import Cell, Notebook, joined

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.notebook.jsontext import Json

    Text = tuple[str, str]  # kind and source of a cell


class Cells:
    """Cells by value: equal ones, however they are spelled, have one representative."""

    def __init__(self) -> None:
        self._known: dict[object, list[Cell]] = {}
        self._found: dict[Cell, Cell] = {}

    def __len__(self) -> int:
        """How many cells are known, equal ones too."""
        return len(self._found)

    def count(self, cells: Iterable[Cell]) -> Counter[Cell]:
        """How often each representative is among them."""
        return Counter(map(self.representative, cells))

    def keep_only(self, cells: Iterable[Cell]) -> None:
        """Forget all cells but these and their representatives."""
        found = {cell: self._found[cell] for cell in cells if cell in self._found}
        kept = set(found.values())
        self._found = {**found, **{cell: cell for cell in kept}}
        self._known = {
            looks: still
            for looks, alike in self._known.items()
            if (still := [cell for cell in alike if cell in kept])
        }

    def representative(self, cell: Cell) -> Cell:
        """The one of all equal cells."""
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

    @cached_property
    def tuned(self) -> frozenset[str]:
        """The lines that the one has in the place of the other's with another value in them, if those are
        all that the other has alone; their values aside."""
        more = [line for line, number in self.lines.items() if number > 0]
        less = [line for line, number in self.lines.items() if number < 0]
        if not all(is_tuned(line, more) for line in less):
            return frozenset()
        return frozenset(but_values(line) for line in less)

    @cached_property
    def by_run(self) -> Mapping[tuple[str | None, str | None], list[Cell]]:
        """The cells with outputs that the one holds alone, by id and number of the execution."""
        found = defaultdict[tuple[str | None, str | None], list[Cell]](list)
        for cell in self.ones:
            if cell.outputs:
                found[cell.id, cell.count].append(cell)
        return dict(found)

    @property
    def distance(self) -> int:
        """How many lines only one of the two holds."""
        return sum(map(abs, self.lines.values()))


def difference(cells: Cells, one: Collection[Cell], other: Collection[Cell]) -> Difference:
    """Compare two notebooks given as their cells, in their order: what follows must not depend on a set's."""
    ones = cells.count(cell for cell in one if cell not in other)
    others = cells.count(cell for cell in other if cell not in one)
    return Difference(ones - others, others - ones)


def _texts(cells: Counter[Cell]) -> Counter[Text]:
    found: Counter[Text] = Counter()
    for cell, times in cells.items():
        found[cell.key] += times
    return found


_FEW, _MUCH = 4, 0.3  # lines, and share of them, that somebody deletes in one go
_COMPARED = 60  # lines of each kind that are compared with each other; more prove no more


@dataclass(frozen=True, slots=True)
class ChangeCounts:
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


def count_changes(by_head: Mapping[str, int], since_head: Mapping[str, int]) -> ChangeCounts:
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
    return ChangeCounts(kept, gone, back, absent)


class Trial:
    """A save and the head that it replaced, to be weighed against older versions."""

    def __init__(self, save: Notebook, head: Notebook) -> None:
        self.values = Cells()
        self.save, self.cells, self.head = save, dict.fromkeys(save.cells), dict.fromkeys(head.cells)
        self._head = head
        self.since_head = difference(self.values, self.cells, self.head)

    @cached_property
    def head_names(self) -> list[str]:
        """What tells the head's cells apart."""
        return _names(self._head)

    @cached_property
    def head_order(self) -> dict[object, int]:
        """The places of the head's cells."""
        return _order(self._head)

    @cached_property
    def save_order(self) -> dict[object, int]:
        """The places of the save's cells."""
        return _order(self.save)

    def weigh(self, older: Notebook) -> Evidence:
        """What speaks for and against the save having been made from the older version."""
        cells = dict.fromkeys(older.cells)
        by_head = difference(self.values, self.head, cells)
        since_older = difference(self.values, self.cells, cells)
        return Evidence(self, older, by_head, since_older)


@dataclass(frozen=True, eq=False)
class Evidence:
    """What the save shows of the head's changes since an older version.

    `by_head` is the head against the older version, `since_older` the save against it.
    """

    trial: Trial
    older: Notebook
    by_head: Difference
    since_older: Difference

    @property
    def since_head(self) -> Difference:
        return self.trial.since_head

    @cached_property
    def lines(self) -> ChangeCounts:
        return count_changes(self.by_head.lines, self.since_head.lines)

    @cached_property
    def words(self) -> ChangeCounts:
        return count_changes(self.by_head.words, self.since_head.words)

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
    def carried(self) -> int:
        """Results of the head that the save shows beside other texts of the same cells: who takes text back
        leaves them there, and nobody who did not see the head has them."""
        found = carried(self.since_older.ones, self.by_head)
        return sum(1 for cell in found if cell.id is not None)

    @property
    def undoes_results(self) -> bool:
        """Whether the head changed nothing but results and places, and results are back as they were, which
        nobody can type; none of its own is there."""
        return not self.lines.changed and self.runs > 0 and not self.kept

    @cached_property
    def undoes_order(self) -> bool:
        """Whether the head moved cells, and the save has all that it has in common with the older version
        in the order that they had there."""
        if _names(self.older) == self.trial.head_names:
            return False
        older, head, save = _order(self.older), self.trial.head_order, self.trial.save_order
        shared = older.keys() & head.keys() & save.keys()
        before, moved, now = (sorted(shared, key=places.__getitem__) for places in (older, head, save))
        return before != moved and before == now

    def has_nothing_to_lose(self, past: Iterable[Notebook], late: bool = False) -> bool:
        """Whether the head only took out, doubled or brought back what versions of the past hold, this one
        among them; if it may have come `late`, also whether it only brought what was half typed."""
        cells = [cell for notebook in (self.older, *past) for cell in notebook.cells]
        held = {line for cell in cells for line in telling(cell.source)}
        brought = [line for line, n in self.by_head.lines.items() if n > 0 and line not in held]
        if brought and not (late and _all_go_on(brought, self.since_head.lines)):
            return False
        keys = {cell.key for cell in cells}
        run = (cell for cell in self.by_head.ones if cell.has_result and not (late and cell.key not in keys))
        if any(not any(_is_result(cell, old) for old in cells) for cell in run):
            return False
        older, head = _order(self.older), self.trial.head_order
        shared = older.keys() & head.keys()
        return sorted(shared, key=older.__getitem__) == sorted(shared, key=head.__getitem__)

    @property
    def is_half_typed(self) -> bool:
        """Whether the save only brought lines with which the head goes on: it came late."""
        brought = [line for line, number in self.since_older.lines.items() if number > 0]
        return bool(brought) and _all_go_on(brought, self.by_head.lines)

    @cached_property
    def is_bare(self) -> bool:
        """Whether the save only took much out of what the older version holds."""
        if any(number > 0 for number in self.since_older.lines.values()):
            return False
        before = {cell.key for cell in self.since_older.others}
        if any(cell.key in before and cell.has_result for cell in self.since_older.ones):
            return False
        size = sum(1 for cell in self.older.cells for _ in telling(cell.source))
        return -self.since_older.lines.total() > max(_FEW, _MUCH * size)

    @property
    def is_return(self) -> bool:
        """The save holds nothing but what the older version held, though perhaps spelled otherwise."""
        if self.since_older.ones or self.since_older.others:
            return False
        return same_value(self.trial.save.frame, self.older.frame)

    @cached_property
    def own(self) -> int:
        """Lines that the save has, or lacks, other than both."""
        before = self.since_older.lines
        return sum(1 for line, number in self.since_head.lines.items() if number * before.get(line, 0) > 0)

    @cached_property
    def replaced(self) -> float:
        """The share of the older version's lines that the head no longer has."""
        removed = -sum(number for number in self.by_head.lines.values() if number < 0)
        total = sum(1 for cell in self.older.cells for _ in telling(cell.source)) if removed else 0
        return removed / total if total else 0.0

    @cached_property
    def evolved(self) -> int:
        """Lines of the head that the save holds in another form, which the older version cannot explain:
        its author went on from them."""
        since, before = self.since_head.lines, self.since_older.lines
        lost = _words(line for line, number in self.by_head.lines.items() if number > 0 > since.get(line, 0))
        own = _words(line for line, number in since.items() if number > 0 and before.get(line, 0) > 0)
        sources = _words(line for line, number in before.items() if number < 0)
        nearest = [max((likeness(line, source) for source in sources), default=0.0) for line in own]
        return sum(
            any(likeness(line, other) > max(ALIKE, near) for other, near in zip(own, nearest, strict=True))
            for line in lost
        )

    def _is_run(self, cell: Cell) -> bool:
        if not cell.has_result:
            return False
        heads = [other for other in self.by_head.ones if other.key == cell.key]
        return bool(heads) and not any(
            other.count == cell.count and same_value(other.outputs, cell.outputs) for other in heads
        )


def _all_go_on(lines: Iterable[str], changed: Mapping[str, int]) -> bool:
    """Whether each line is the beginning of one that came."""
    came = [line for line, number in changed.items() if number > 0]
    return all(any(goes_on(line, other) for other in came) for line in lines)


def carried(mine: Iterable[Cell], theirs: Difference) -> Iterator[Cell]:
    """The cells of mine with outputs that stand beside another text in theirs, and were not there before.

    Where cells have no ids two that were run from the start may show the same beside different texts.
    """
    for cell in mine:
        same = [one for one in theirs.by_run.get((cell.id, cell.count), ()) if _shows_same(one, cell)]
        if (
            same
            and all(one.source != cell.source for one in same)
            and not any(one.count == cell.count and _shows_same(one, cell) for one in theirs.others)
        ):
            yield cell


def _shows_same(one: Cell, other: Cell) -> bool:
    """Whether both have the same outputs, and have some."""
    return bool(one.outputs) and one.plain_outputs == other.plain_outputs


def _is_result(cell: Cell, old: Cell) -> bool:
    """Whether a cell has the result that an old one has of the same source."""
    return cell.key == old.key and cell.count == old.count and cell.plain_outputs == old.plain_outputs


def _order(notebook: Notebook) -> dict[object, int]:
    """The places of cells that can be told apart, by id, else by source."""
    names = _names(notebook)
    once = Counter(names)
    return {name: place for place, name in enumerate(names) if name and once[name] == 1}


def _names(notebook: Notebook) -> list[str]:
    """Of each cell its id, else its source."""
    return [cell.id or cell.source for cell in notebook.cells]


def _number(texts: Iterable[tuple[str, str]]) -> int:
    """How many texts that say anything."""
    return sum(1 for _, source in texts if any(telling(source)))


def _telling(cells: Counter[Cell]) -> Counter[Cell]:
    return Counter({cell: number for cell, number in cells.items() if any(telling(cell.source))})


def _words(lines: Iterator[str]) -> list[frozenset[str]]:
    return [frozenset(words(line)) for line in islice(lines, _COMPARED)]
