"""Owns: which notebooks of a work tree git may know merged versions of, when many are asked about.

Must not know: what the versions are.  Invariant: of a notebook that is ruled out `find_sides` finds
nothing; git runs twice for a work tree, and once for each notebook.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

from nbmerge.errors import SystemFailure
from nbmerge.git.process import ask_git
from nbmerge.git.sides import REACH, unmerged
from nbmerge.signs.git import git_at_work


@dataclass(frozen=True, slots=True)
class Contested:
    """The real paths in a work tree that git shows as in conflict, and those that it showed so
    before they were added."""

    tree: str
    unmerged: frozenset[str]
    added: frozenset[str]

    def may_be_merged(self, real: str, now: float) -> bool:
        """Whether `find_sides` may know the notebook at a real path; `now` is since the epoch."""
        if real in self.unmerged or real in self.added or git_at_work(real, now):
            return True
        words = ("--literal-pathspecs", "-C", self.tree, "log", f"-{REACH}", "--no-show-signature")
        parents = _ask(*words, "--format=%P", "--", real)
        return parents is None or any(" " in line for line in parents.splitlines())


def contested(tree: str) -> Contested:
    """What git tells of a work tree at once; nothing without git."""
    told = _ask("-C", tree, "ls-files", "--resolve-undo", "-z") or ""
    names = {entry.partition("\t")[2] for entry in told.split("\0") if entry}
    return Contested(tree, frozenset(unmerged(tree)), frozenset(os.path.join(tree, name) for name in names))


def _ask(*words: str) -> str | None:
    try:
        return ask_git(*words)
    except SystemFailure:
        return None
