"""Owns: what goes into the repair of a notebook, and what can come out of it.

Must not know: how it is done.  Invariant: an outcome without bytes says why there are none.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from nbmerge.merge.policy import ConflictStyle, Labels
from nbmerge.merge.results import Conflict, Decision

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    Again: TypeAlias = Callable[[bytes, bytes, bytes, ConflictStyle, int], Iterable[bytes]]


def _never(base: bytes, local: bytes, remote: bytes, style: ConflictStyle, size: int) -> Iterable[bytes]:
    return ()


@dataclass(frozen=True, slots=True)
class Sides:
    """The bytes that git merged; None is a side that has no such file.

    `again` merges the lines of base, local and remote once more, with markers of that style and size
    and any labels, in each way in which git can have done it.
    """

    base: bytes | None
    local: bytes | None
    remote: bytes | None
    labels: Labels = Labels()
    again: Again = _never


class How(Enum):
    """What a notebook was rebuilt from."""

    SIDES = "sides"  # what git merged; the broken text adds nothing to it
    TEXT = "text"  # its own text, with git's base
    MARKERS = "markers"  # its own text alone


@dataclass(frozen=True, slots=True)
class Sound:
    """It is a notebook as it is."""


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """The notebook that was made of it; `conflicts` are shown in it.

    `left_out` says what of outputs and metadata could not be read, `stray` are the numbers of lines
    with a marker without its partners.
    """

    data: bytes
    how: How
    conflicts: tuple[Conflict, ...]
    decisions: tuple[Decision, ...] = ()
    left_out: tuple[str, ...] = ()
    stray: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Hopeless:
    """It cannot be rebuilt: why, and which line shows it (from 1; None where no single one does)."""

    reason: str
    line: int | None = None


Outcome: TypeAlias = Sound | Rebuilt | Hopeless
