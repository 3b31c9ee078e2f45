"""Owns: what a caller may choose about a merge.

Must not know: how the choices are carried out.  Invariant: a Policy and three notebooks
determine the result; there is no other setting anywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Side(Enum):
    """One of the two notebooks that are merged."""

    LOCAL = "local"
    REMOTE = "remote"

    @property
    def other(self) -> Side:
        return Side.REMOTE if self is Side.LOCAL else Side.LOCAL


class ConflictStyle(Enum):
    """git's three: without base, with base, with base and narrowed."""

    MERGE = "merge"
    DIFF3 = "diff3"
    ZDIFF3 = "zdiff3"


class Outputs(Enum):
    """Whose outputs a cell gets where the rule (those of the run of its source) is not wanted."""

    RUN = "run"
    LOCAL = "local"
    REMOTE = "remote"
    BASE = "base"
    CLEAR = "clear"
    UNION = "union"


class Favor(Enum):
    """What becomes of a conflict in a source: shown, or settled for one term."""

    NONE = "none"
    LOCAL = "local"
    REMOTE = "remote"
    BASE = "base"


@dataclass(frozen=True, slots=True)
class Labels:
    """What stands behind the conflict markers."""

    local: str = "local"
    base: str = "base"
    remote: str = "remote"


@dataclass(frozen=True, slots=True)
class Policy:
    """`newer` is the side whose run and whose volatile metadata count as the later one."""

    conflict_style: ConflictStyle = ConflictStyle.MERGE
    labels: Labels = Labels()
    marker_size: int = 7
    outputs: Outputs = Outputs.RUN
    favor: Favor = Favor.NONE
    newer: Side = Side.LOCAL
