"""Owns: what a merge tells about itself: conflicts and decisions, as values.

Must not know: how they came about or how they are shown to people.  Invariant: what was
chosen without a marker is a Decision, what needs a person is a Conflict; never neither.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from nbmerge.merge.threeway import Terms
from nbmerge.notebook.model import Notebook


@dataclass(frozen=True, slots=True)
class Conflict:
    """One place for a person to decide; a term is None where that side deleted the cell.

    `cell` counts from 0 in the merged notebook; `base` is None where there was none.
    """

    cell: int
    id: str | None
    base: str | None
    local: str | None
    remote: str | None

    def as_json(self) -> dict[str, object]:
        return {
            "cell": self.cell,
            "id": self.id,
            "base": self.base,
            "local": self.local,
            "remote": self.remote,
        }


@dataclass(frozen=True, slots=True)
class Decision:
    """What was chosen for one place of the merged notebook, and why.

    `path` is a JSON pointer, or one behind `base:` for a cell that is no longer there;
    `took` is local, remote, both, base, higher, nothing, or what --outputs asked for.
    """

    path: str
    took: str
    reason: str

    def as_json(self) -> dict[str, object]:
        return {"path": self.path, "took": self.took, "reason": self.reason}


@dataclass(frozen=True, slots=True)
class Result:
    """A merged notebook, what is left to decide in it, and what was decided.

    `origins` tells for each merged cell its index in base, local and remote, None where that one
    has no such cell; it is empty where one side was taken as it is, and where no cell is left.
    """

    notebook: Notebook
    conflicts: tuple[Conflict, ...] = ()
    decisions: tuple[Decision, ...] = ()
    origins: tuple[Terms[int | None], ...] = ()

    @property
    def clean(self) -> bool:
        return not self.conflicts


@dataclass(slots=True)
class Notes:
    """Collects decisions below one path while a part of the notebook is merged."""

    path: str = ""
    taken: list[Decision] = field(default_factory=list)

    def add(self, took: str, reason: str) -> None:
        self.taken.append(Decision(self.path, took, reason))

    def below(self, key: str | int) -> Notes:
        """Notes on a member; they land in the same list."""
        step = str(key).replace("~", "~0").replace("/", "~1")
        return Notes(f"{self.path}/{step}", self.taken)
