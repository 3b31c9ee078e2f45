"""Owns: the operations that bring a writer's copy of a notebook to another one, in place.

Must not know: where the two come from, how a front end shows cells.  Invariant: applied
one after another to the first notebook they give exactly the second; a cell that is the
same in both is named only if it has to move, and as few as possible move.

The order: the notebook's own members, deletions (last cell first), new ids, moves and
insertions (from the top), then what changed inside of cells (from the top, a cell's type
first).  Between two operations an id stands twice only if it does so in one of the
notebooks, or if cells swapped their ids; a name is good at its turn all the same.
"""

from __future__ import annotations

from collections import Counter

from nbmerge.merge.sequences import longest_rising
from nbmerge.notebook.jsontext import Slot
from nbmerge.sync.forms import ABSENT, Delete, Insert, Move, Set
from nbmerge.sync.pairs import equal, pair_cells, same_value
from nbmerge.sync.values import whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nbmerge.notebook.jsontext import Json
    from nbmerge.notebook.model import Cell, Notebook
    from nbmerge.sync.forms import Absent, Name, Operation


def operations(sent: Notebook, merged: Notebook) -> tuple[Operation, ...]:
    """What to do to the notebook `sent` so that it becomes `merged`."""
    if same_value(sent, merged):
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


def _changes(old: Mapping[str, Json], new: Mapping[str, Json]) -> Iterator[tuple[str, Json | Absent]]:
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


def _id(cell: Cell) -> Json | Absent:
    return cell.value.get("id", ABSENT)
