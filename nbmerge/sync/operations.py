"""Owns: the difference between two notebooks as operations, their JSON form, and applying them.

Must not know: saves, where the two notebooks come from, how a front end shows cells.  Invariant: applied
one after another to the first notebook they give exactly the second; a cell that is the same in both is
named only if it has to move, and as few as possible move.  Nothing is lost on the way to text: numbers keep
their digits, and `1`, `1.0` and `true` stay three different things.

A cell's name is its id, a string, where exactly one cell has that id when the operation's turn comes; else
its place, a number that counts from 0 at that moment: notebooks below nbformat 4.5 have no ids, and some
files hold one twice.

    {"op": "set", "cell": NAME, "field": F, "value": V}   a member of a cell: source, outputs, metadata ...
    {"op": "set", "cell": NAME, "field": F}               without a value: take the member out
    {"op": "set", "field": F, "value": V}                 a member of the notebook: metadata, nbformat_minor
    {"op": "set", "value": V}                             the whole notebook: it became another nbformat
    {"op": "insert", "after": NAME, "value": CELL}        a new cell behind another; null: before all
    {"op": "move", "cell": NAME, "after": NAME}           `after` is looked up when the cell is taken out
    {"op": "delete", "cell": NAME}

The order: the notebook's own members, deletions (last cell first), new ids, moves and insertions (from the
top), then what changed inside of cells (from the top, a cell's type first).  Between two operations an id
stands twice only if it does so in one of the notebooks, or if cells swapped their ids; a name is good at
its turn all the same.

Front ends know a cell by its id, so an id outweighs what the cell says, unlike in a merge: a cell that
stands in both, equal and under an id of its own, is paired with itself.  Only ids that follow the place
(`cell-3`), which shift when a cell is inserted, say less than content.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from copy import deepcopy
from dataclasses import dataclass
from enum import Enum

from nbmerge.merge.identity import numbered_by_place
from nbmerge.merge.matching import match_cells
from nbmerge.merge.sequences import longest_rising
from nbmerge.notebook.jsontext import Number, Slot
from nbmerge.notebook.model import Layout, Notebook, Style
from nbmerge.notebook.writer import write
from nbmerge.service.cache import same_notebook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
    from typing import Any, TypeAlias

    from nbmerge.notebook.jsontext import Json
    from nbmerge.notebook.model import Cell, Notebook

    Name: TypeAlias = str | int

_LINE = Style(Layout(indent=None, comma=", ", colon=": ", ascii=True), tail="")
_LONGEST_INT = 4000  # Python refuses to read integers much longer than that


def plain(value: Json) -> object:
    """The value as `json.loads` gives it; integers too long for Python become floats."""
    match value:
        case Number():
            whole = value.text.lstrip("-").isdigit() and len(value.text) <= _LONGEST_INT
            return int(value.text) if whole else float(value.text)
        case dict():
            return {key: plain(item) for key, item in value.items()}
        case list():
            return [plain(item) for item in value]
    return value


def numbered(value: object) -> Json:
    """The way back, for what is made of Python's own values.  Raises TypeError for others."""
    match value:
        case None | bool() | str() | Number():
            return value
        case int():
            return Number(str(value))
        case dict():
            return {str(key): numbered(item) for key, item in value.items()}
        case list() | tuple():
            return [numbered(item) for item in value]
    raise TypeError(f"no JSON value: {type(value).__name__}")


def in_one_line(value: dict[str, Json]) -> str:
    """JSON text without a line break, in ASCII; numbers as they are spelled."""
    return write(Notebook(value, (), _LINE)).decode("ascii")


def whole(notebook: Notebook) -> dict[str, Json]:
    """A notebook as one JSON value, the cells in their place."""
    cells: list[Json] = [cell.value for cell in notebook.cells]
    return {key: _filled(item, cells) for key, item in notebook.frame.items()}


def _filled(value: Json, cells: list[Json]) -> Json:
    match value:
        case Slot():
            return cells
        case dict():
            return {key: _filled(item, cells) for key, item in value.items()}
        case list():
            return [_filled(item, cells) for item in value]
    return value


def equal(one: Cell, other: Cell) -> bool:
    """Whether two cells are the same JSON value; a number spelled differently is another one."""
    return one is other or one.value == other.value


def pair_cells(sent: Sequence[Cell], merged: Sequence[Cell]) -> dict[int, int]:
    """Index in `sent` -> index in `merged`, in the order of `sent`."""
    found = _Pairs(sent, merged)
    same_id = _same_id(sent, merged)
    shifting = any(numbered_by_place([cell.id for cell in cells]) for cells in (sent, merged))
    found.add((i, j) for i, j in same_id if not shifting or equal(sent[i], merged[j]))
    found.add(match_cells(sent, merged).items())
    found.add_equal()
    found.add(same_id)  # nothing better is left
    return dict(sorted(found.forth.items()))


class _Pairs:
    """The pairs so far; what is paired stays paired."""

    def __init__(self, sent: Sequence[Cell], merged: Sequence[Cell]) -> None:
        self.sent = sent
        self.merged = merged
        self.forth: dict[int, int] = {}
        self.taken: set[int] = set()

    def add(self, pairs: Iterable[tuple[int, int]]) -> None:
        for i, j in pairs:
            if i not in self.forth and j not in self.taken:
                self.forth[i] = j
                self.taken.add(j)

    def add_equal(self) -> None:
        """Cells too short to be recognised away from their place, if they are equal to the last bit."""
        waiting: dict[Hashable, list[int]] = defaultdict(list)
        for j, cell in enumerate(self.merged):
            if j not in self.taken:
                waiting[cell.key].append(j)
        for i, cell in enumerate(self.sent):
            if i not in self.forth:
                equals = [j for j in waiting[cell.key] if equal(cell, self.merged[j])]
                for j in equals[:1]:
                    waiting[cell.key].remove(j)
                    self.add([(i, j)])


def _same_id(sent: Sequence[Cell], merged: Sequence[Cell]) -> list[tuple[int, int]]:
    """Cells with one id that is theirs alone on both sides."""
    ours, theirs = _own_ids(sent), _own_ids(merged)
    return [(i, theirs[id]) for id, i in ours.items() if id in theirs]


def _own_ids(cells: Sequence[Cell]) -> dict[str, int]:
    places: dict[str, int] = {}
    twice = set()
    for place, cell in enumerate(cells):
        if cell.id is not None and places.setdefault(cell.id, place) != place:
            twice.add(cell.id)
    return {id: place for id, place in places.items() if id not in twice}


class NoValue(Enum):
    """Stands for the value of a member that is to be taken out: null is a value."""

    ABSENT = "absent"


ABSENT = NoValue.ABSENT


class _Form:
    """What every operation can do with its form."""

    __slots__ = ()

    def form(self) -> dict[str, Json]:
        """The operation as JSON, numbers as the file spells them."""
        raise NotImplementedError

    def as_json(self) -> dict[str, object]:
        """The operation as JSON in Python's own values."""
        return {key: plain(value) for key, value in self.form().items()}


@dataclass(frozen=True, slots=True)
class Set(_Form):
    """Give a member another value.  `cell` None: a member of the notebook; `field` None, too: all of it."""

    cell: Name | None
    field: str | None
    value: Json | NoValue

    def form(self) -> dict[str, Json]:
        made: dict[str, Json] = {"op": "set"}
        if self.cell is not None:
            made["cell"] = _named(self.cell)
        if self.field is not None:
            made["field"] = self.field
        if not isinstance(self.value, NoValue):
            made["value"] = self.value
        return made


@dataclass(frozen=True, slots=True)
class Insert(_Form):
    """Put a new cell behind another one, or before all."""

    after: Name | None
    value: dict[str, Json]

    def form(self) -> dict[str, Json]:
        return {"op": "insert", "after": _named(self.after), "value": self.value}


@dataclass(frozen=True, slots=True)
class Move(_Form):
    """Take a cell out and put it behind another one, or before all."""

    cell: Name
    after: Name | None

    def form(self) -> dict[str, Json]:
        return {"op": "move", "cell": _named(self.cell), "after": _named(self.after)}


@dataclass(frozen=True, slots=True)
class Delete(_Form):
    """Take a cell out for good."""

    cell: Name

    def form(self) -> dict[str, Json]:
        return {"op": "delete", "cell": _named(self.cell)}


Operation = Set | Insert | Move | Delete


def _named(name: Name | None) -> Json:
    return Number(str(name)) if isinstance(name, int) else name


def operations(sent: Notebook, merged: Notebook) -> tuple[Operation, ...]:
    """What to do to the notebook `sent` so that it becomes `merged`."""
    if same_notebook(sent, merged):
        return ()
    if not _of_one_build(sent, merged):
        return (Set(None, None, whole(merged)),)
    copy = _Copy(sent.cells, merged.cells)
    frame = [Set(None, key, value) for key, value in _changes(sent.frame, merged.frame)]
    return (*frame, *copy.deletions(), *copy.new_ids(), *copy.moves(), *copy.insertions(), *copy.changes())


def _of_one_build(one: Notebook, other: Notebook) -> bool:
    """Whether both keep their cells in the same place, and what stands around that is equal."""
    if one.major != other.major:
        return False
    if Slot() in one.frame.values():
        return one.frame.get("cells") == other.frame.get("cells")
    match one.frame.get("worksheets"), other.frame.get("worksheets"):
        case list() as sheets, others:
            return sheets == others and any(
                Slot() in sheet.values() for sheet in sheets if isinstance(sheet, dict)
            )
    return False


def _changes(old: Mapping[str, Json], new: Mapping[str, Json]) -> Iterator[tuple[str, Json | NoValue]]:
    """The members that differ, with their new values."""
    for key in old:
        if key not in new:
            yield key, ABSENT
    for key, value in new.items():
        if key not in old or (old[key] is not value and old[key] != value):
            yield key, value


class _Copy:
    """The writer's cells while operations are applied to them.

    `now` has a token for each: its place in `sent`, or ~(its place in `merged`) for a new one.
    """

    def __init__(self, sent: Sequence[Cell], merged: Sequence[Cell]) -> None:
        self.sent = sent
        self.merged = merged
        self.forth = pair_cells(sent, merged)
        self.back = {j: i for i, j in self.forth.items()}
        self.now = list(range(len(sent)))
        self.ids = {i: cell.id for i, cell in enumerate(sent)}
        self.count = Counter(self.ids.values())

    def name(self, token: int, place: int | None = None) -> Name:
        """The name of a cell now; `place` spares the search where it is known."""
        id = self.ids[token]
        if id is not None and self.count[id] == 1:
            return id
        return self.now.index(token) if place is None else place

    def identify(self, token: int, id: str | None) -> None:
        self.count[self.ids.get(token)] -= token in self.ids
        self.count[id] += 1
        self.ids[token] = id

    def deletions(self) -> Iterator[Operation]:
        for i in reversed(range(len(self.sent))):
            if i not in self.forth:
                yield Delete(self.name(i, i))
                del self.now[i]
                self.count[self.ids.pop(i)] -= 1

    def new_ids(self) -> Iterator[Operation]:
        """An id that another cell gives up is first given up, unless they go in a circle."""
        waiting = {i: j for i, j in self.forth.items() if _id(self.sent[i]) != _id(self.merged[j])}
        giving_up = {self.ids[i]: i for i in waiting if self.ids[i] is not None}
        while waiting:
            chain: dict[int, None] = {}
            next_one: int | None = next(iter(waiting))
            while next_one is not None and next_one in waiting and next_one not in chain:
                chain[next_one] = None
                next_one = giving_up.get(self.merged[waiting[next_one]].id)
            for i in reversed(chain):
                cell = self.merged[waiting.pop(i)]
                yield Set(self.name(i), "id", _id(cell))
                self.identify(i, cell.id)

    def moves(self) -> Iterator[Operation]:
        """Each cell that does not stand in order goes behind the one that it will follow."""
        order = [self.forth[i] for i in self.now]
        resting = {order[index] for index in longest_rising(order)}
        before: int | None = None
        for j in sorted(order):
            if j not in resting:
                name = self.name(self.back[j])
                self.now.remove(self.back[j])
                yield Move(name, None if before is None else self.name(before))
                self.now.insert(0 if before is None else self.now.index(before) + 1, self.back[j])
            before = self.back[j]

    def insertions(self) -> Iterator[Operation]:
        for j, cell in enumerate(self.merged):
            if j not in self.back:
                yield Insert(self.name(self.now[j - 1], j - 1) if j else None, cell.value)
                self.now.insert(j, ~j)
                self.identify(~j, cell.id)

    def changes(self) -> Iterator[Operation]:
        for j, new in enumerate(self.merged):
            i = self.back.get(j)
            if i is None or equal(self.sent[i], new):
                continue
            found = [one for one in _changes(self.sent[i].value, new.value) if one[0] != "id"]
            for field, value in sorted(found, key=lambda one: one[0] != "cell_type"):
                yield Set(self.name(i, j), field, value)


def _id(cell: Cell) -> Json | NoValue:
    return cell.value.get("id", ABSENT)


def apply(notebook: dict[str, Any], operations: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The notebook after the operations; both as `json.loads` gives them: the model for front ends.

    One operation after another, each with nothing but what it says; what was given is not changed.

    Raises LookupError or ValueError if the operations are not meant for this notebook.
    """
    made = deepcopy(notebook)
    for operation in operations:
        match operation:
            case {"op": "set", "field": field}:
                target = _cell(made, operation["cell"]) if "cell" in operation else made
                if "value" in operation:
                    target[field] = operation["value"]
                else:
                    del target[field]
            case {"op": "set", "value": whole}:
                made = deepcopy(whole)
            case {"op": "insert", "after": after, "value": cell}:
                _put(made, after, deepcopy(cell))
            case {"op": "move", "cell": name, "after": after}:
                _put(made, after, _take(made, name))
            case {"op": "delete", "cell": name}:
                _take(made, name)
            case _:
                raise ValueError(f"no operation: {operation!r}")
    return made


def cells_of(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """The list of cells; nbformat 3 has it inside a worksheet."""
    outer = [notebook, *(notebook.get("worksheets") or ())]
    found: list[dict[str, Any]] = next(one["cells"] for one in outer if isinstance(one.get("cells"), list))
    return found


def place_of(notebook: dict[str, Any], name: str | int | None) -> int:
    """Where a cell stands: by its id, or by its place; -1 is before all."""
    if name is None:
        return -1
    return name if isinstance(name, int) else [cell.get("id") for cell in cells_of(notebook)].index(name)


def _cell(notebook: dict[str, Any], name: str | int) -> dict[str, Any]:
    return cells_of(notebook)[place_of(notebook, name)]


def _take(notebook: dict[str, Any], name: str | int) -> dict[str, Any]:
    return cells_of(notebook).pop(place_of(notebook, name))


def _put(notebook: dict[str, Any], after: str | int | None, cell: dict[str, Any]) -> None:
    cells_of(notebook).insert(place_of(notebook, after) + 1, cell)
