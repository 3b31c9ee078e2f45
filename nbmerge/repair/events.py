"""Owns: what the lines of a broken notebook can say, as values.

Must not know: how it is read, which fields make one cell.  Invariant: each knows the place of its
line in the text that was read.
"""

from __future__ import annotations

from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from nbmerge.notebook.jsontext import Json

SOURCES = ("source", "input")


@dataclass(frozen=True, slots=True)
class Whole:
    """A cell that is sound, and the part of the text that spells it."""

    row: int
    column: int | None
    value: dict[str, Json]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Opened:
    """A cell begins; `sealed`: what follows up to its end is one cell, for it has no field twice."""

    row: int
    sealed: bool


@dataclass(frozen=True, slots=True)
class Closed:
    """The cell that was begun last ends."""


@dataclass(frozen=True, slots=True)
class Field:
    """A member of a cell; `column` is where it stands, None if others stand in its line."""

    row: int
    column: int | None
    key: str
    value: Json


@dataclass(frozen=True, slots=True)
class Loose:
    """A line of a source without its key."""

    row: int
    column: int
    line: str


@dataclass(frozen=True, slots=True)
class Frame:
    """A member of the notebook itself; the value of `cells` is None: they follow."""

    row: int
    key: str
    value: Json


if TYPE_CHECKING:
    Event: TypeAlias = Whole | Opened | Closed | Field | Loose | Frame
