"""Owns: which folders a watcher has after `start` and `restart`: those that it had, and those that are named.

Must not know: how a watcher is started, what is printed.  Invariant: what lies in a watched folder is not
added to it; words that are not understood are not changed.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence


def uncovered(paths: Iterable[str], roots: Sequence[str]) -> tuple[str, ...]:
    """Those that are neither one of the roots nor below one."""
    return tuple(path for path in dict.fromkeys(paths) if not any(_is_in(path, root) for root in roots))


def with_paths(words: Sequence[str], paths: Iterable[str]) -> list[str] | None:
    """The words of a watcher with other paths; None if they do not tell where the paths begin."""
    return [*words[: words.index("--") + 1], *paths] if "--" in words else None


def _is_in(path: str, root: str) -> bool:
    path, root = os.path.realpath(path), os.path.realpath(root)
    return path == root or path.startswith(os.path.join(root, ""))
