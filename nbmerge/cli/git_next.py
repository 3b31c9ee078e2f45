"""Owns: what is left to do in git once no conflict stands in a notebook any more.

Must not know: conflicts, notebooks.  Invariant: a call is named only if git waits for it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from nbmerge.cli.streams import printable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.git.sides import GitSides

# What git is in the middle of, by the file or folder that tells; a rebase picks, so it comes first.
_UNDER_WAY = {
    "rebase-merge": "rebase",
    "rebase-apply/applying": "am",
    "rebase-apply": "rebase",
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
}
_NAMED = 5  # other files


def in_git(path: str, git: GitSides) -> Iterator[str]:
    """Lines that say what to type, if git shows the notebook as in conflict."""
    from shlex import quote

    from nbmerge.environment.git import repository
    from nbmerge.git.sides import unmerged

    here = repository(path)
    if not git.unmerged or here is None:
        return
    ends = "-- " if path.startswith("-") else ""
    yield f"git waits for: git add {ends}{printable(quote(path))}"
    others = [each for each in unmerged(here.tree) if not _is_same(each, path)]
    doing = _doing(here.folder)
    if others:
        named = ", ".join(printable(os.path.relpath(each)) for each in others[:_NAMED])
        more = f" and {len(others) - _NAMED} more" if len(others) > _NAMED else ""
        yield f"then it waits for: {named}{more}"
    elif doing:
        yield f"then it waits for: git {doing} --continue"


def turned_round(path: str) -> str:
    """What is easily mistaken where git merges one's own commits into another branch; "" elsewhere."""
    from nbmerge.environment.git import repository

    here = repository(path)
    if here is None or _doing(here.folder) != "rebase":
        return ""
    return "in a rebase, local is the branch that you rebase onto, and remote is your own commit"


def _doing(folder: str) -> str | None:
    return next((what for name, what in _UNDER_WAY.items() if _is_there(folder, name)), None)


def _is_there(folder: str, name: str) -> bool:
    return os.path.exists(os.path.join(folder, name))


def _is_same(one: str, other: str) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)
