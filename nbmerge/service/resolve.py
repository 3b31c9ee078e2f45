"""Owns: the open conflicts of notebooks, with all that git and the history know of them, and writing what was
made of them.

Must not know: who resolves a conflict, what is printed.  Invariant: looking for conflicts writes nothing; the
versions that are known of a merge are of one nbformat major and were really merged; what was resolved is
written as a save of what the file held when it was read: what others save meanwhile is merged.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from nbmerge.conflicts.finding import find, find_in_text, find_left
from nbmerge.conflicts.known import Traced, trace
from nbmerge.conflicts.signs import may_hold_conflicts
from nbmerge.errors import NbmergeError, NotebookError
from nbmerge.files import digest, is_special, read_ordinary_file
from nbmerge.lineage.versions import Version
from nbmerge.notebook.model import Notebook
from nbmerge.notebook.reader import read
from nbmerge.service.cache import same_notebook
from nbmerge.service.merged_before import in_git, merged_before

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.conflicts.choosing import Resolution
    from nbmerge.conflicts.known import KnownMerge
    from nbmerge.conflicts.values import LeftMarker, OpenConflict
    from nbmerge.git.sides import GitSides, UnmergedPaths
    from nbmerge.git.waiting import OpenQuestion
    from nbmerge.service.notebook_service import NotebookService

_WRITER = "nbmerge resolve"  # what the history calls the writer


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A notebook with its open conflicts and what is known of them; `version` is what it held then."""

    service: NotebookService
    path: str
    version: Version
    notebook: Notebook
    conflicts: tuple[Traced, ...]
    known: KnownMerge | None
    git: GitSides | None


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The notebook as it was written: `left` conflicts are in it, and `markers` of none.

    `version` is what it holds now; `merged` says that it also holds what others saved.
    """

    version: Version
    merged: bool
    left: int
    markers: tuple[LeftMarker, ...]


def may_be_unresolved(data: bytes, path: str) -> bool:
    """Whether a conflict may be in what a file holds.  Raises NotebookError if that is no notebook."""
    may_be = may_hold_conflicts(data)
    if not may_be or find_in_text(data):
        read(data, path)
    return may_be


def find_unresolved(service: NotebookService, path: str) -> Unresolved | None:
    """The open conflicts in a notebook, with all that is known about them; None if there are none.

    Raises NotebookError if it is no notebook, SystemFailure if its version cannot be recorded.
    """
    from nbmerge.git.sides import find_sides

    with service.at(path) as (notebook_id, _):
        version = service.head(notebook_id)
        data = service.store.data(notebook_id, version.number)
    notebook, git = read(data, path), find_sides(path)
    merged = merged_before(service.store, notebook_id, version, notebook, git)
    known = None if merged is None else merged.known
    conflicts = _still_open(notebook, known, git)
    if not conflicts:
        return None
    return Unresolved(service, path, version, notebook, trace(conflicts, notebook, known), known, git)


def write_resolution(found: Unresolved, resolution: Resolution) -> Rewritten:
    """Write the notebook with what was made of its conflicts.  Raises as `saving.save` does."""
    from nbmerge.notebook.writer import write
    from nbmerge.service.record import DeclaredSave
    from nbmerge.service.saving import save as save_declared

    content, base = write(resolution.notebook), found.version
    sent = read(content, f"what was made of {found.path}")
    save = DeclaredSave(found.path, content, sent, lambda _: base, str(base.number), _WRITER)
    held = save_declared(found.service, save)
    now = read(held.content, found.path)
    left = _still_open(now, found.known, found.git)
    if found.known is not None and found.git is not None:
        from nbmerge.git.recorded import record_resolved

        record_resolved(found.path, found.known.result, sent, time.time())
    return Rewritten(held.version, not same_notebook(sent, now), len(left), find_left(now))


def _still_open(
    notebook: Notebook, known: KnownMerge | None, git: GitSides | None
) -> tuple[OpenConflict, ...]:
    return find(notebook, lambda: known, merging=git is not None and git.unmerged)


def known_of(path: str, data: bytes, state: str | None, git: GitSides | None) -> KnownMerge | None:
    """What is known of the merge that `data`, which `path` holds, shows the conflicts of.

    `git` is what git tells of the path; its word goes before the history's, which is not begun for this.
    """
    return in_git(git) or _in_history(os.path.realpath(path), data, state)


def _in_history(real: str, data: bytes, state: str | None) -> KnownMerge | None:
    from nbmerge.history.opening import (
        database_of,
        has_store,
        open_store,
        place_of,
        refuse_what_others_can_write,
    )

    directory, database = place_of(state), database_of(state)
    refuse_what_others_can_write(directory)
    try:
        if database is None and not has_store(directory):
            return None
        opened = open_store(directory, time.time, database=database)
    except NbmergeError:
        return None
    try:
        notebook_id = opened.store.notebook_id(real)
        held = None if notebook_id is None else opened.store.find(notebook_id, digest(data))
        if notebook_id is None or held is None:
            return None
        merged = merged_before(opened.store, notebook_id, held, read(data, real))
        return None if merged is None else merged.known
    finally:
        opened.store.close()


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found in one file and about it, or why it cannot be read."""

    path: str
    conflicts: tuple[OpenConflict, ...] = ()
    markers: tuple[LeftMarker, ...] = ()  # of no whole conflict
    waiting: OpenQuestion | None = None  # what git asks about it
    error: str = ""

    @property
    def is_settled(self) -> bool:
        """Whether nothing waits for a person, as far as the file can be read."""
        return not (self.conflicts or self.markers or self.waiting)


@dataclass(slots=True)
class Looking:
    """Looks for conflicts; asks git and the history only about files of which they may know something."""

    state: str | None
    trees: dict[str, UnmergedPaths] = field(default_factory=dict)
    awaited: dict[str, dict[str, OpenQuestion]] = field(default_factory=dict)  # by tree and real path

    def at(self, path: str) -> Looked:
        """The conflicts in one file, and what git asks about it."""
        waiting = self._awaited_near(path).get(os.path.realpath(path))
        if waiting is not None and not os.path.lexists(path):
            return Looked(path, waiting=waiting)
        try:
            data = read_ordinary_file(path)
            conflicts, markers = self._found(path, data)
        except NotebookError as error:
            return Looked(path, waiting=waiting, error=str(error))
        return Looked(path, conflicts, markers, waiting)

    def absent_below(self, folder: str) -> Iterator[str]:
        """The notebooks that git asks about in a folder and all folders in it, but that are not there."""
        real = os.path.realpath(folder)
        for path in self._awaited_near(os.path.join(folder, "any")):
            name = os.path.relpath(path, real)
            if not name.startswith(os.pardir + os.sep) and _is_edited(name) and not os.path.lexists(path):
                yield os.path.normpath(os.path.join(folder, name))

    def _awaited_near(self, path: str) -> dict[str, OpenQuestion]:
        """What git asks about in the work tree of a file."""
        from nbmerge.git.waiting import decisions_awaited

        told = self._tree(path)
        if told is None:
            return {}
        if told.tree not in self.awaited:
            awaited = decisions_awaited(told)
            self.awaited[told.tree] = {name: each for each in awaited for name in each.paths}
        return self.awaited[told.tree]

    def _found(self, path: str, data: bytes) -> tuple[tuple[OpenConflict, ...], tuple[LeftMarker, ...]]:
        try:
            notebook = read(data, path)
        except NotebookError:
            broken = find_in_text(data)
            if broken:
                return broken, ()
            raise
        left = find_left(notebook)
        if not may_hold_conflicts(data):
            return (), left
        return find(notebook, lambda: self._known(path, data), self._is_unmerged(path)), left

    def _known(self, path: str, data: bytes) -> KnownMerge | None:
        from nbmerge.git.sides import find_sides

        tree = self._tree(path)
        may_be_merged = tree is not None and tree.may_be_merged(os.path.realpath(path), time.time())
        return known_of(path, data, self.state, find_sides(path) if may_be_merged else None)

    def _is_unmerged(self, path: str) -> bool:
        tree = self._tree(path)
        return tree is not None and os.path.realpath(path) in tree.unmerged

    def _tree(self, path: str) -> UnmergedPaths | None:
        """What git tells of the work tree of a file; it is asked once for each."""
        from nbmerge.environment.git import repository
        from nbmerge.git.sides import contested

        found = repository(path)
        if found is None:
            return None
        if found.tree not in self.trees:
            self.trees[found.tree] = contested(found.tree)
        return self.trees[found.tree]


def notebooks(words: Iterable[str], looking: Looking) -> Iterator[str]:
    """Files as they were named, and all notebooks in folders, in order of their names; last those that
    are not there but that git asks about."""
    for word in words:
        if os.path.isdir(word):
            yield from _below(word)
            yield from looking.absent_below(word)
        else:
            yield word


def _below(folder: str) -> Iterator[str]:
    """The notebooks in a folder and all folders in it, but for those in which nobody edits any;
    a pipe of such a name is none."""
    from nbmerge.observe.names import is_left_out

    for where, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not is_left_out(name))
        for name in sorted(names):
            path = os.path.normpath(os.path.join(where, name))
            if _is_edited(name) and not (os.path.exists(path) and is_special(path)):
                yield path


def _is_edited(path: str) -> bool:
    """Whether it is the path of a notebook, in no folder in which nobody edits any."""
    from nbmerge.observe.names import is_left_out, is_notebook

    *folders, name = path.split(os.sep)
    return is_notebook(name) and not any(map(is_left_out, folders))
