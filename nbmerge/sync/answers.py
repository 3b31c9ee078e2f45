"""Owns: what a writer that takes part is told.

Must not know: how a save is taken and merged.  Invariant: the operations of an answer turn
what the writer sent into `content`, which is what the token `version` stands for.
"""

from __future__ import annotations

from dataclasses import dataclass

from nbmerge.merge.values import Conflict
from nbmerge.notebook.reader import read
from nbmerge.sync.operations import Operation, in_one_line, numbered, whole


@dataclass(frozen=True, slots=True)
class Opened:
    """The exact bytes of a notebook, and the token to save with.

    `set_aside`: where the history is now that was found damaged; usually None.
    """

    content: bytes
    version: str
    set_aside: str | None = None

    def text(self) -> str:
        """{"version", "content"} in one line; the content is the notebook's JSON value."""
        content = whole(read(self.content))
        return in_one_line({"version": self.version, "content": content})


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a save.

    `version` is the token of `content`, which the notebook holds now; `merged` says that it
    is not what was sent, because of what others saved: there are operations; `conflicts` are
    shown in it.
    """

    version: str
    merged: bool
    conflicts: tuple[Conflict, ...]
    operations: tuple[Operation, ...]
    content: bytes
    set_aside: str | None = None

    def text(self) -> str:
        """{"version", "merged", "conflicts", "operations"} in one line."""
        return in_one_line(
            {
                "version": self.version,
                "merged": self.merged,
                "conflicts": [numbered(conflict.as_json()) for conflict in self.conflicts],
                "operations": [operation.form() for operation in self.operations],
            }
        )
