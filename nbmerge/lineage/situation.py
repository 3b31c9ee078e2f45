"""Owns: what is known, besides contents, when a save is judged.

Must not know: how it was found out.  Invariant: signs are told in words, for people.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Git(Enum):
    """What git has to do with a save."""

    NONE = "none"
    WORKING = "working"  # a merge, rebase, cherry-pick or checkout is under way: every write is meant
    REPLACED = "replaced"  # the content is a blob of this path, and HEAD, index or reflog moved


@dataclass(frozen=True, slots=True)
class Situation:
    """`signs` say why a second writer is known; none: quiet.  `told` is the version that the
    writer says it started from."""

    signs: tuple[str, ...] = ()
    git: Git = Git.NONE
    told: int | None = None

    @property
    def busy(self) -> bool:
        return bool(self.signs)
