"""Owns: a notebook with open conflicts, from its file to values and, settled, back into the file.

Must not know: who settles them, what is printed about it.  Invariant: the file is written the safe
way, as a save of what it held when it was read: what others save meanwhile is merged.
"""

from __future__ import annotations

from dataclasses import dataclass

from nbmerge.cli.histories import tell_set_aside
from nbmerge.cli.program import to_type
from nbmerge.conflicts.finding import find, find_in_text, may_hold_conflicts
from nbmerge.conflicts.known import Traced, trace
from nbmerge.conflicts.values import CellRuns
from nbmerge.errors import NotebookError, UsageError
from nbmerge.files import read_ordinary_file
from nbmerge.notebook.reader import read
from nbmerge.notebook.writer import write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.conflicts.choosing import Resolution
    from nbmerge.conflicts.known import KnownMerge
    from nbmerge.conflicts.values import OpenConflict
    from nbmerge.git.sides import GitSides
    from nbmerge.notebook.model import Notebook
    from nbmerge.sync.answers import Opened


@dataclass(frozen=True, slots=True)
class Unsettled:
    """A notebook with its conflicts and what is known of them; `version` is the token to save with."""

    path: str
    state: str | None
    version: str
    notebook: Notebook
    conflicts: tuple[Traced, ...]
    known: KnownMerge | None
    git: GitSides | None


@dataclass(frozen=True, slots=True)
class Rewritten:
    """The notebook as it was written: `left` conflicts are in it.

    `version` is the token to save with next; `merged` says that it also holds what others saved.
    """

    version: str
    merged: bool
    left: int


def open_conflicts(path: str, state: str | None) -> Unsettled | None:
    """The conflicts in a notebook, with all that is known about them; None if there are none.

    Raises NotebookError if it is no notebook, SystemFailure if its version cannot be recorded.
    """
    from nbmerge.cli.merged_versions import known_of
    from nbmerge.git.sides import find_sides

    opened = _opened(path, state)
    if opened is None:
        return None
    notebook = read(opened.content, path)
    git = find_sides(path)
    known = known_of(path, opened.content, state, git)
    conflicts = _still_open(notebook, known, git)
    if not conflicts:
        return None
    return Unsettled(path, state, opened.version, notebook, trace(conflicts, notebook, known), known, git)


def in_cell(found: Unsettled, named: str) -> tuple[Traced, ...]:
    """The conflicts in one cell, by its number from 1 or its id.  Raises UsageError if it has none."""
    from nbmerge.cli.conflicts_command import place

    number = int(named) - 1 if named.isascii() and named.isdigit() and len(named) < 9 else -1
    meant = tuple(each for each in found.conflicts if _stands_in(each, number))
    meant = meant or tuple(each for each in found.conflicts if each.conflict.id == named)
    if not meant:
        cells = ", ".join(dict.fromkeys(place(each.conflict) for each in found.conflicts))
        raise UsageError(f"{found.path}: no conflict is in cell {named}; there are some in {cells}")
    return meant


def keep(found: Unsettled, settled: Resolution) -> Rewritten:
    """Write the notebook with what was settled.  Raises NbmergeError as `nbmerge.sync.save` does."""
    from nbmerge.sync.api import save

    data = write(settled.notebook)
    answer = save(found.path, data, found.version, "nbmerge resolve", found.state)
    left = _still_open(read(answer.content, found.path), found.known, found.git)
    return Rewritten(answer.version, answer.merged, len(left))


def _opened(path: str, state: str | None) -> Opened | None:
    """What the notebook holds; None if no conflict can be in it."""
    data = read_ordinary_file(path)
    if not may_hold_conflicts(data):
        _read(data, path)
        return None
    from nbmerge.sync.api import open_notebook

    if find_in_text(data):
        _read(data, path)
    opened = open_notebook(path, state=state)
    tell_set_aside(opened.set_aside)
    return opened


def _read(data: bytes, path: str) -> None:
    """Say what helps if it is no notebook."""
    try:
        read(data, path)
    except NotebookError as error:
        raise NotebookError(f"{error}; {to_type('fix', path)} rebuilds it if that can be done") from None


def _still_open(
    notebook: Notebook, known: KnownMerge | None, git: GitSides | None
) -> tuple[OpenConflict, ...]:
    return find(notebook, lambda: known, merging=git is not None and git.unmerged)


def _stands_in(traced: Traced, cell: int) -> bool:
    match traced.conflict.place:
        case CellRuns(first, _, last):
            return first <= cell <= last
    return traced.conflict.cell == cell
