"""Owns: what changed in the cells from one version to another, as numbers and in a few words.

Must not know: where versions are kept, which ones are compared.  Invariant: every cell of both versions
that is not the same in the other one is in what is told, and nothing else; equal cells are told apart from
changed ones by value, so that how JSON is spelled is no change.

Versions of one notebook share most of their cells, as objects: only what stands between those that both
begin and those that both end with is looked at, and only what is not plainly the same is matched.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property

from nbmerge.merge.matching import match_cells
from nbmerge.merge.sequences import hunks, longest_rising
from nbmerge.merge.values import split
from nbmerge.notebook.model import Cell

_NAMED = 2  # cells; of more only the number is told


@dataclass(frozen=True, slots=True)
class Changes:
    """The numbers, from 1, of the cells that changed: of `removed` in the older version, else in the newer.

    `lines` are cells whose source changed, each with how many lines of it; `ran` have another result or
    count, `cleared` none any more; `moved` are as few as explain the order; `other`: kind, metadata.
    """

    added: tuple[int, ...] = ()
    removed: tuple[int, ...] = ()
    lines: tuple[tuple[int, int], ...] = ()
    ran: tuple[int, ...] = ()
    cleared: tuple[int, ...] = ()
    moved: tuple[int, ...] = ()
    other: tuple[int, ...] = ()

    @property
    def touched(self) -> frozenset[int]:
        """All cells of the newer version that changed."""
        edited = (number for number, _ in self.lines)
        return frozenset((*self.added, *edited, *self.ran, *self.cleared, *self.moved, *self.other))

    @property
    def words(self) -> str:
        """All of it in a few words; "" for nothing."""
        return ", ".join(part for part in _words(self) if part)

    def numbered(self, places: Mapping[int, int]) -> Changes:
        """The same with the numbers that the cells have elsewhere; `places` count from 0.  What is not there
        is left out."""
        there = {place + 1: other + 1 for place, other in places.items()}
        found = {
            name: tuple(sorted(there[number] for number in getattr(self, name) if number in there))
            for name in ("added", "ran", "cleared", "moved", "other")
        }
        lines = tuple(sorted((there[number], count) for number, count in self.lines if number in there))
        return replace(self, lines=lines, **found)

    def as_json(self) -> dict[str, object]:
        """The object that people's programs read."""
        told: dict[str, object] = {field.name: list(getattr(self, field.name)) for field in fields(self)}
        told["lines"] = [{"cell": number, "lines": count} for number, count in self.lines]
        return told | {"text": self.words}


@dataclass(frozen=True, slots=True, eq=False)
class PastCells:
    """The cells of a version; those that are not in `changed` are the next version's, too."""

    number: int
    cells: Sequence[Cell]
    changed: range


class VersionStep:
    """Two versions, and which of their cells are one cell: by place, from 0."""

    def __init__(self, old: Sequence[Cell], new: Sequence[Cell]) -> None:
        self.old, self.new = old, new
        self.head = _common(zip(old, new, strict=False))
        most = min(len(old), len(new)) - self.head
        self.tail = min(most, _common(zip(reversed(old), reversed(new), strict=False)))
        self._forth = dict(self._same())
        rows, columns = self._free()
        found = match_cells([old[i] for i in rows], [new[j] for j in columns])
        if not found and self._is_lone(rows, columns):
            found = {0: 0}
        self._forth.update((rows[i], columns[j]) for i, j in found.items())
        self._back = {j: i for i, j in self._forth.items()}

    def _same(self) -> Iterator[tuple[int, int]]:
        """Cells in the middle that are plainly one: the same object, or one id and one text, only once."""
        ones, others = self._middle(self.old), self._middle(self.new)
        there = {id(self.new[place]): place for place in others}
        shared = {place: there[id(self.old[place])] for place in ones if id(self.old[place]) in there}
        taken = set(shared.values())
        if len(taken) < len(shared):
            shared, taken = {}, set()
        yield from shared.items()
        named = _once(self.new, (place for place in others if place not in taken))
        for name, old in _once(self.old, (place for place in ones if place not in shared)).items():
            if name in named:
                yield old, named[name]

    def _free(self) -> tuple[list[int], list[int]]:
        taken = set(self._forth.values())
        rows = [i for i in self._middle(self.old) if i not in self._forth]
        return rows, [j for j in self._middle(self.new) if j not in taken]

    def _is_lone(self, rows: Sequence[int], columns: Sequence[int]) -> bool:
        """Whether one cell is left of each, and stands in the place of the other."""
        if not len(rows) == len(columns) == 1:
            return False
        [i], [j] = rows, columns
        one, other = self.old[i], self.new[j]
        before = i == j == 0 or (i and j and (i == self.head or self._forth.get(i - 1) == j - 1))
        same_id = one.id == other.id or one.id is None or other.id is None
        return bool(before and same_id and one.type == other.type and one.source.strip())

    def then(self, place: int) -> int | None:
        """Where a cell of the older version is in the newer one."""
        return self._across(place, self._forth, len(self.old), len(self.new))

    def before(self, place: int) -> int | None:
        """Where a cell of the newer version was in the older one."""
        return self._across(place, self._back, len(self.new), len(self.old))

    def _across(self, place: int, middle: Mapping[int, int], here: int, there: int) -> int | None:
        if place < self.head:
            return place
        if place >= here - self.tail:
            return place - here + there
        return middle.get(place)

    @property
    def places(self) -> dict[int, int]:
        """The same for all cells of the older version that are in the newer one."""
        found = ((place, self.then(place)) for place in range(len(self.old)))
        return {place: other for place, other in found if other is not None}

    @cached_property
    def changes(self) -> Changes:
        """What changed."""
        pairs = sorted(self._forth.items())
        kept = {pairs[index][1] for index in longest_rising([new for _, new in pairs])}
        moved = sorted(new for _, new in pairs if new not in kept)
        cells = [(new, self.old[old], self.new[new]) for new, old in sorted(self._back.items())]
        cells = [one for one in cells if one[1] is not one[2]]
        edited = [one for one in cells if one[1].source != one[2].source]
        run_anew = [new for new, old, now in cells if _was_run(old, now)]
        return Changes(
            added=_numbers(new for new in self._middle(self.new) if new not in self._back),
            removed=_numbers(old for old in self._middle(self.old) if old not in self._forth),
            lines=tuple((new + 1, _lines_changed(old.source, now.source)) for new, old, now in edited),
            ran=_numbers(new for new in run_anew if self.new[new].has_result),
            cleared=_numbers(new for new in run_anew if not self.new[new].has_result),
            moved=_numbers(moved),
            other=_numbers(new for new, old, now in cells if _rest(old) != _rest(now)),
        )

    def _middle(self, cells: Sequence[Cell]) -> range:
        return range(self.head, len(cells) - self.tail)


def _common(pairs: Iterable[tuple[Cell, Cell]]) -> int:
    """How many pairs are the same cells before the first that is not."""
    count = 0
    for one, other in pairs:
        if one is not other and (one.text is None or one.text != other.text):
            break
        count += 1
    return count


def _once(cells: Sequence[Cell], places: Iterable[int]) -> dict[tuple[str, tuple[str, str]], int]:
    """The places of those that have an id, by id and text."""
    found: dict[tuple[str, tuple[str, str]], int] = {}
    twice = set()
    for place in places:
        cell = cells[place]
        if cell.id is not None:
            name = cell.id, cell.key
            if name in found:
                twice.add(name)
            found[name] = place
    return {name: place for name, place in found.items() if name not in twice}


def _numbers(places: Iterable[int]) -> tuple[int, ...]:
    return tuple(place + 1 for place in places)


def _lines_changed(old: str, new: str) -> int:
    found = hunks(split(old)[0], split(new)[0])
    count = sum(max(hunk.end - hunk.start, hunk.new_end - hunk.new_start) for hunk in found)
    return max(count, 1)  # the line break at the end is none of them


def _was_run(old: Cell, now: Cell) -> bool:
    if old.count != now.count:
        return True
    return old.outputs != now.outputs and old.plain_outputs != now.plain_outputs


def _rest(cell: Cell) -> dict[str, object]:
    """What people do not see as text or result; an id is no content."""
    seen = (cell.source_field, cell.count_field, "outputs", "id")
    return {name: value for name, value in cell.value.items() if name not in seen}


def _words(found: Changes) -> Iterator[str]:
    yield _added(found.added)
    yield f"-{_count(len(found.removed), 'cell')}" if found.removed else ""
    yield _lines(found.lines)
    for verb, numbers in (("ran", found.ran), ("cleared", found.cleared), ("moved", found.moved)):
        yield f"{verb} {_cells(numbers)}" if numbers else ""
    yield f"metadata of {_cells(found.other)}" if found.other else ""


def _added(numbers: tuple[int, ...]) -> str:
    if not numbers:
        return ""
    words = f"+{_count(len(numbers), 'cell')}"
    if numbers[-1] - numbers[0] + 1 != len(numbers):  # not in one place
        return words
    return f"{words} after {numbers[0] - 1}" if numbers[0] > 1 else f"{words} at the top"


def _lines(found: tuple[tuple[int, int], ...]) -> str:
    if not found:
        return ""
    return f"{_count(sum(count for _, count in found), 'line')} in {_cells([number for number, _ in found])}"


def _cells(numbers: Sequence[int]) -> str:
    if len(numbers) > _NAMED:
        return f"{len(numbers)} cells"
    return f"cell{'s' * (len(numbers) > 1)} {' and '.join(map(str, numbers))}"


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'s' * (number != 1)}"
