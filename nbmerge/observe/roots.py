"""Owns: whether what was asked to be watched is there, and is what it was.

Must not know: how folders are watched.  Invariant: what is not there is asked for again, and
told to be missing once.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Sequence

from nbmerge.observe.ground import Ground, Todo

_ABSENT = "is not there; it is watched as soon as it is"


class Roots:
    """The folders and notebooks that were asked for.  `tell(path, message)` is for people."""

    def __init__(self, paths: Sequence[str], ground: Ground, tell: Callable[[str, str], None]) -> None:
        self._paths = tuple(dict.fromkeys(map(os.path.abspath, paths)))
        self._ground = ground
        self._tell = tell
        self._there: dict[str, tuple[str, int, int]] = {}
        self._missing: set[str] = set()

    def look(self) -> list[Todo]:
        """Folders to be explored, since they are there now, or are others than they were."""
        todo: list[Todo] = []
        for path in self._paths:
            before, now = self._there.get(path), _identity(path)
            if now is not None and now == before and self._ground.watches(now[0]):
                continue
            if before is not None and now != before:
                self._ground.forget(before[0], gone=True)
            started = self._ground.start_at(path) if now is not None else None
            if now is None or started is None:
                self._miss(path)
            else:
                self._there[path] = now
                self._missing.discard(path)
                todo.extend(started)
        return todo

    def _miss(self, path: str) -> None:
        self._there.pop(path, None)
        if path not in self._missing:
            self._missing.add(path)
            self._tell(path, _ABSENT)


def _identity(path: str) -> tuple[str, int, int] | None:
    """Which folder a path stands for, or that it is a file."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    is_folder = stat.S_ISDIR(found.st_mode)
    return os.path.realpath(path), found.st_dev, found.st_ino if is_folder else 0
