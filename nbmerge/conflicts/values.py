"""Owns: what an open conflict is: a value with its terms, and where it stands in the notebook.

Must not know: how it is found, shown or settled.
Invariant: a term is a text only if that
text is known to be what the side has; a side that deleted is not a side that is unknown.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import ClassVar, TypeAlias

from nbmerge.merge.markers import Labels, Marked
from nbmerge.merge.values import Terms


class NotKnown(ValueError):
    """A term was chosen that nothing tells; the message says which, in one line."""


class Absent(Enum):
    """Why a term has no text."""

    DELETED = "deleted"  # that side has no such cell
    UNKNOWN = "unknown"  # neither the markers nor anything else tells


Term: TypeAlias = str | Absent


class ShownBy(Enum):
    """Whose way of showing a conflict it is."""

    NBMERGE = "nbmerge"  # also git's, and nbdime's inside a source: they look the same
    NBDIME = "nbdime"
    NBDEV = "nbdev"  # also databooks': cells that are markers
    GIT = "git"  # the file is no JSON


class Choice(Enum):
    """What a conflict is settled for.  `BOTH` is local's text and then remote's."""

    LOCAL = "local"
    REMOTE = "remote"
    BASE = "base"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Edited:
    """A text that somebody wrote in place of the conflict; it may be empty.

    A `whole` one also takes the place of the lines around the markers that are a part of the conflict.
    """

    text: str
    whole: bool = False


Chosen: TypeAlias = Choice | Edited


@dataclass(frozen=True, slots=True)
class InSource:
    """Between markers in the source of a cell; its places count the source's lines.

    `head` and `tail` lines around the markers are the same on both sides and no part of base.
    """

    kind: ClassVar[str] = "source"
    cell: int
    marked: Marked
    head: int = 0
    tail: int = 0


@dataclass(frozen=True, slots=True)
class DeletedCell:
    """A cell that one side deleted, said by its first line (nbdime)."""

    kind: ClassVar[str] = "cell"
    cell: int


@dataclass(frozen=True, slots=True)
class CellRuns:
    """Two runs of cells between marker cells (nbdime, nbdev): `first`, `middle` and `last` are those."""

    kind: ClassVar[str] = "cells"
    first: int
    middle: int
    last: int


@dataclass(frozen=True, slots=True)
class InOutputs:
    """Two runs of outputs between marker outputs (nbdime), by their places in the cell's outputs.

    A marker counts as an output of its own even where it has become a line of its neighbour.
    """

    kind: ClassVar[str] = "outputs"
    cell: int
    first: int
    middle: int
    last: int


@dataclass(frozen=True, slots=True)
class InMetadata:
    """Metadata that names both sides' changes (nbdime): of the notebook where `cell` is None, else of
    the cell, or of one of its outputs."""

    kind: ClassVar[str] = "metadata"
    cell: int | None
    output: int | None = None


@dataclass(frozen=True, slots=True)
class InId:
    """The id of a cell, which names those of both sides (nbdime)."""

    kind: ClassVar[str] = "id"
    cell: int


@dataclass(frozen=True, slots=True)
class InFile:
    """Between git's markers in a file that is no JSON because of them; `line` counts from 1."""

    kind: ClassVar[str] = "file"
    line: int


@dataclass(frozen=True, slots=True)
class LeftMarker:
    """A marker of a conflict that is not whole: what was forgotten when somebody edited it.

    `line` counts the lines of the cell's source from 0, `text` is that line.
    """

    kind: ClassVar[str] = "marker"
    cell: int
    id: str | None
    line: int
    text: str


Place: TypeAlias = InSource | DeletedCell | CellRuns | InOutputs | InMetadata | InId | InFile


@dataclass(frozen=True, slots=True)
class OpenConflict:
    """One conflict that stands in a notebook and waits for a person.

    `place` says where; `id` is that of its cell.  The terms are texts for people to read; for
    metadata they are JSON.  `labels` are what the markers call the sides, "" where they do not.
    """

    place: Place
    id: str | None
    writer: ShownBy
    labels: Labels
    terms: Terms[Term]

    @property
    def cell(self) -> int | None:
        """The first cell that it stands in, from 0; None for the notebook's own metadata and a file
        that is no JSON."""
        match self.place:
            case CellRuns(first):
                return first
            case InFile():
                return None
            case place:
                return place.cell
