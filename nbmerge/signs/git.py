"""Owns: the repository of a file, and whether git is at work in it.

Must not know: what is in the files, running git.  Invariant: a few looks at the file system;
what is no repository, or cannot be looked at, has no git at work.
"""

from __future__ import annotations

import os
from dataclasses import dataclass

# In the folder of the work tree: a merge, a rebase, `git am`, picks that have not come to their end.
_UNDER_WAY = ("MERGE_HEAD", "rebase-merge", "rebase-apply", "CHERRY_PICK_HEAD", "REVERT_HEAD")
_FORGOTTEN = 600.0  # seconds after which a lock is one that a killed git left behind


@dataclass(frozen=True, slots=True)
class Repository:
    """`tree` is the work tree, `folder` what belongs to it alone, `common` what all work trees share."""

    tree: str
    folder: str
    common: str


def repository(path: str) -> Repository | None:
    """The innermost repository whose work tree holds the file."""
    tree = os.path.dirname(os.path.realpath(path))
    while True:
        folder = _folder(os.path.join(tree, ".git"))
        if folder is not None:
            return Repository(tree, folder, _common(folder))
        above = os.path.dirname(tree)
        if above == tree:
            return None
        tree = above


def git_at_work(path: str, now: float) -> bool:
    """Whether git is in the middle of something in the file's repository; `now` since the epoch."""
    found = repository(path)
    return found is not None and (
        _is_locked(found, now) or any(os.path.exists(os.path.join(found.folder, name)) for name in _UNDER_WAY)
    )


def git_is_writing(path: str, now: float) -> bool:
    """Whether git may just now be changing files of the repository."""
    found = repository(path)
    return found is not None and _is_locked(found, now)


def _is_locked(found: Repository, now: float) -> bool:
    try:
        return now - os.stat(os.path.join(found.folder, "index.lock")).st_mtime < _FORGOTTEN
    except OSError:
        return False


def _folder(marker: str) -> str | None:
    """What `.git` stands for: a folder, or a file that names one (work trees, submodules)."""
    if os.path.isdir(marker):
        return marker if os.path.exists(os.path.join(marker, "HEAD")) else None
    told = _line(marker)
    if told is None or not told.startswith("gitdir: "):
        return None
    folder = os.path.join(os.path.dirname(marker), told.removeprefix("gitdir: "))
    return os.path.normpath(folder) if os.path.isdir(folder) else None


def _common(folder: str) -> str:
    told = _line(os.path.join(folder, "commondir"))
    return os.path.normpath(os.path.join(folder, told)) if told else folder


def _line(path: str) -> str | None:
    try:
        with open(path, "rb") as file:
            return os.fsdecode(file.read(4096)).rstrip("\r\n")
    except (OSError, ValueError):
        return None
