"""Owns: what an operation is, and its JSON form.

Must not know: how operations are found, how a front end shows cells.  Invariant: the form
says all there is to do, and names a cell in the one way that holds when its turn comes.

A cell's name is its id, a string, where exactly one cell has that id when the operation's
turn comes; else its place, a number that counts from 0 at that moment: notebooks below
nbformat 4.5 have no ids, and some files hold one twice.

    {"op": "set", "cell": NAME, "field": F, "value": V}   a member of a cell: source, outputs, metadata ...
    {"op": "set", "cell": NAME, "field": F}               without a value: take the member out
    {"op": "set", "field": F, "value": V}                 a member of the notebook: metadata, nbformat_minor
    {"op": "set", "value": V}                             the whole notebook: it became another nbformat
    {"op": "insert", "after": NAME, "value": CELL}        a new cell behind another; null: before all
    {"op": "move", "cell": NAME, "after": NAME}           `after` is looked up when the cell is taken out
    {"op": "delete", "cell": NAME}
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from nbmerge.notebook.jsontext import Number
from nbmerge.sync.values import plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from nbmerge.notebook.jsontext import Json

    Name: TypeAlias = str | int


class Absent(Enum):
    """Stands for the value of a member that is to be taken out: null is a value."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT


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
    value: Json | Absent

    def form(self) -> dict[str, Json]:
        made: dict[str, Json] = {"op": "set"}
        if self.cell is not None:
            made["cell"] = _named(self.cell)
        if self.field is not None:
            made["field"] = self.field
        if not isinstance(self.value, Absent):
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
