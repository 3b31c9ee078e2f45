"""Owns: which merge made the conflicts that a notebook shows, as far as git or the history tells.

Must not know: who asks, what becomes of the conflicts.  Invariant: what is found was really merged, and its
notebooks are of one nbformat major; a merge that makes one of the conflicts goes before all that make none,
and then git's word before the history's, the newer before the older.

Where nothing in the notebook is a conflict of any merge (somebody has edited between the markers), it is the
first of them: the cells of its sides are the best that is known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from nbmerge.conflicts.known import KnownMerge, MadeConflicts
from nbmerge.errors import NbmergeError, NotebookError
from nbmerge.lineage.heads import Heads
from nbmerge.lineage.versions import Version
from nbmerge.merge.markers import LEAST, conflicts_in
from nbmerge.merge.values import Terms, split
from nbmerge.notebook.model import Notebook
from nbmerge.notebook.reader import read
from nbmerge.service.tips import merges_in, terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.git.sides import GitSides
    from nbmerge.history.store import Store
    from nbmerge.merge.markers import Marked

_LOOKED_AT = 400  # merges; of those whose conflicts are noted this costs little
_MADE_AGAIN = 8  # of the others


@dataclass(frozen=True, slots=True)
class MergedBefore:
    """A merge; `version` is what became of it in the history, None for one of git's."""

    known: KnownMerge
    version: Version | None = None


def merged_before(
    store: Store, notebook_id: int, held: Version, shown: Notebook, git: GitSides | None = None
) -> MergedBefore | None:
    """The merge whose conflicts a notebook shows that goes on from the version `held`; None if none is known.

    `git` is what git tells of its path.
    """
    marked = list(_marked(shown))
    if not marked:  # nothing tells one merge from another
        return next(_merges(store, notebook_id, held, marked, git), None)
    first: MergedBefore | None = None
    for found in _merges(store, notebook_id, held, marked, git):
        if any(map(found.known.shows, marked)):
            return found
        first = first or found
    return first


def in_git(git: GitSides | None) -> KnownMerge | None:
    """The merge that git tells of."""
    if git is None or git.local is None or git.remote is None:
        return None
    sides = _notebooks(Terms(git.base or b"", git.local, git.remote))
    return None if sides is None else KnownMerge(sides)


def _marked(notebook: Notebook) -> Iterator[Marked]:
    for cell in notebook.cells:
        if "<" * LEAST in cell.source:
            yield from conflicts_in(split(cell.source)[0])


def _merges(
    store: Store, notebook_id: int, held: Version, marked: Sequence[Marked], git: GitSides | None
) -> Iterator[MergedBefore]:
    of_git = in_git(git)
    if of_git is not None:
        yield MergedBefore(of_git)
    made_again = 0
    for merge in islice(merges_in(store, notebook_id, held.number), _LOOKED_AT):
        noted = store.conflicts(notebook_id, merge.number)
        if noted is not None and made_again and not any(map(MadeConflicts(noted).has_shown_as, marked)):
            continue
        sides = _sides(store, notebook_id, merge)
        if sides is None:
            continue
        yield MergedBefore(KnownMerge(sides), merge)
        made_again += 1
        if made_again == _MADE_AGAIN:
            return


def _sides(store: Store, notebook_id: int, merge: Version) -> Terms[Notebook] | None:
    """The notebooks of a merge of the history; None if one is no longer kept."""
    try:
        found = terms(store, notebook_id, Heads(merge.number, merge.parents))
    except NbmergeError:
        return None
    return None if found is None else _notebooks(found)


def _notebooks(terms: Terms[bytes]) -> Terms[Notebook] | None:
    """The three as notebooks that can be merged."""
    from nbmerge.merge.files import InMemory
    from nbmerge.notebook.versions import empty_beside, harmonise

    try:
        local, remote = read(terms.local, "local"), read(terms.remote, "remote")
        base = read(terms.base, "base") if terms.base.strip() else empty_beside(local, remote)
        sources = (
            InMemory("base", terms.base),
            InMemory("local", terms.local),
            InMemory("remote", terms.remote),
        )
        (base, local, remote), _ = harmonise((base, local, remote), sources)
    except NotebookError:
        return None
    return Terms(base, local, remote)
