"""Owns: looking for conflicts in notebooks and in folders of them.

Must not know: what is said about them.  Invariant: writes nothing; every notebook that was named or
stands in a folder that was named is looked at, or said to be unreadable.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from nbmerge.conflicts.finding import find, find_in_text, may_hold_conflicts
from nbmerge.errors import NotebookError
from nbmerge.files import is_special, read_ordinary_file
from nbmerge.observe.names import is_left_out, is_notebook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.conflicts.known import KnownMerge
    from nbmerge.conflicts.values import OpenConflict
    from nbmerge.git.sides import UnmergedPaths


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found in one file, or why it cannot be read."""

    path: str
    conflicts: tuple[OpenConflict, ...] = ()
    error: str = ""


@dataclass(slots=True)
class Looking:
    """Looks at files; asks git and the history only about those in which they may tell something."""

    state: str | None
    trees: dict[str, UnmergedPaths] = field(default_factory=dict)

    def at(self, path: str) -> Looked:
        """The conflicts in one file."""
        try:
            data = read_ordinary_file(path)
            if not may_hold_conflicts(data):
                return Looked(path)
            return Looked(path, self._found(path, data))
        except NotebookError as error:
            return Looked(path, error=str(error))

    def _found(self, path: str, data: bytes) -> tuple[OpenConflict, ...]:
        from nbmerge.notebook.reader import read

        try:
            notebook = read(data, path)
        except NotebookError:
            broken = find_in_text(data)
            if broken:
                return broken
            raise
        return find(notebook, lambda: self._known(path, data), self._is_unmerged(path))

    def _known(self, path: str, data: bytes) -> KnownMerge | None:
        from nbmerge.cli.merged_versions import known_of
        from nbmerge.git.sides import find_sides

        tree = self._tree(path)
        may_be_merged = tree is not None and tree.may_be_merged(os.path.realpath(path), time.time())
        return known_of(path, data, self.state, find_sides(path) if may_be_merged else None)

    def _is_unmerged(self, path: str) -> bool:
        tree = self._tree(path)
        return tree is not None and os.path.realpath(path) in tree.unmerged

    def _tree(self, path: str) -> UnmergedPaths | None:
        """What git tells of the work tree of a file; it is asked once for each that has markers."""
        from nbmerge.environment.git import repository
        from nbmerge.git.sides import contested

        found = repository(path)
        if found is None:
            return None
        if found.tree not in self.trees:
            self.trees[found.tree] = contested(found.tree)
        return self.trees[found.tree]


def notebooks(words: list[str]) -> Iterator[str]:
    """Files as they were named, and all notebooks in folders, in order of their names."""
    for word in words:
        if os.path.isdir(word):
            yield from _below(word)
        else:
            yield word


def _below(folder: str) -> Iterator[str]:
    """The notebooks in a folder and all folders in it, but for those in which nobody edits any;
    a pipe of such a name is none."""
    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not is_left_out(name))
        for name in sorted(names):
            path = os.path.normpath(os.path.join(where, name))
            if is_notebook(name) and not (os.path.exists(path) and is_special(path)):
                yield path
