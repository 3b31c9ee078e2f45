"""Owns: which folders are watched, what is in one, where symbolic links lead.

Must not know: how changes are noticed, contents of notebooks.  Invariant: folders go by
their real paths, so that none is watched twice and no circle of links is followed.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from dataclasses import dataclass

from nbmerge.observe.ignore import Rules
from nbmerge.observe.names import is_left_out, is_notebook
from nbmerge.observe.reading import RACY


@dataclass(frozen=True, slots=True)
class Listing:
    """What matters in one folder, as paths.  `modified`: nanoseconds, 0 if it may be changing just now."""

    notebooks: tuple[str, ...]
    folders: tuple[str, ...]
    links: tuple[str, ...]
    modified: int


class Folder:
    """A watched folder.

    `whole`: every notebook in it is watched that `rules` leave in; `names`: these are in any case,
    since links lead to them.  `polled`: the system does not tell what happens in it;
    `modified`: as in its last listing.
    """

    __slots__ = ("modified", "names", "path", "polled", "rules", "whole")

    def __init__(self, path: str, rules: Rules, whole: bool) -> None:
        self.path = path
        self.rules = rules
        self.whole = whole
        self.names: frozenset[str] = frozenset()
        self.modified = 0
        self.polled = False

    @property
    def inherited(self) -> Rules:
        """The rules of the folder above."""
        own = self.rules.folder == self.path
        return self.rules.above if own and self.rules.above is not None else self.rules

    def wants(self, path: str) -> bool:
        """Whether a file in it is a notebook to be watched."""
        name = os.path.basename(path)
        if self.whole and is_notebook(name) and not self.rules.ignores(path, is_folder=False):
            return True
        return name in self.names


def list_folder(folder: Folder) -> Listing:
    """What is in a folder now.  Raises OSError."""
    modified = os.stat(folder.path).st_mtime_ns
    if time.time_ns() - modified < RACY:
        modified = 0
    notebooks, folders, links = [], [], []
    with os.scandir(folder.path) as entries:
        for entry in entries:
            if entry.is_symlink():
                links.append(entry.path)
            elif entry.is_dir(follow_symlinks=False):
                folders.append(entry.path)
            elif folder.wants(entry.path):
                notebooks.append(entry.path)
    if not folder.whole:
        return Listing(tuple(notebooks), (), (), modified)
    kept = (path for path in folders if not leaves_out(folder.rules, path))
    return Listing(tuple(notebooks), tuple(kept), tuple(links), modified)


def leaves_out(rules: Rules, folder: str) -> bool:
    """Whether a folder is not to be watched: by its name, by patterns, or as a Python environment."""
    return (
        is_left_out(os.path.basename(folder))
        or rules.ignores(folder, is_folder=True)
        or os.path.exists(os.path.join(folder, "pyvenv.cfg"))
    )


class Tree:
    """All watched folders, and the links that lead to some of them."""

    def __init__(self) -> None:
        self.folders: dict[str, Folder] = {}
        self.links: dict[str, str] = {}  # the path of a link -> the real path of what it stands for
        self.shown: dict[str, str] = {}  # a real path -> what people call it
        self.dangling: set[str] = set()  # links that lead nowhere, so far

    def all(self) -> list[Folder]:
        """Those that are watched now."""
        return list(self.folders.values())

    def of(self, path: str) -> Folder | None:
        """The folder that a file or folder is in, if that is watched."""
        return self.folders.get(os.path.dirname(path))

    def wants(self, path: str) -> bool:
        folder = self.of(path)
        return folder is not None and folder.wants(path)

    def below(self, path: str) -> list[Folder]:
        """The folder and all watched ones inside it."""
        start = os.path.join(path, "")
        return [one for one in self.folders.values() if one.path == path or one.path.startswith(start)]


def show(path: str, shown: Mapping[str, str]) -> str:
    """A real path as people would write it: below what they asked to watch, through their links."""
    above = path
    while above not in shown:
        up = os.path.dirname(above)
        if up == above:
            return path
        above = up
    return shown[above] + path[len(above) :]
