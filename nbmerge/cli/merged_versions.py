"""Owns: which versions were merged into a notebook in which conflicts stand, as far as that is known.

Must not know: conflicts.  Invariant: the versions are of one nbformat major and were really merged:
git's own, or those of a merge in the notebook's history; else none.
"""

from __future__ import annotations

import os
import time

from nbmerge.conflicts.known import KnownMerge
from nbmerge.errors import NbmergeError, NotebookError
from nbmerge.merge.values import Terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.git.sides import GitSides
    from nbmerge.history.store import Store
    from nbmerge.notebook.model import Notebook

_LOOKED_AT = 8  # merges of the history, the newest first


def known_of(path: str, data: bytes, state: str | None, git: GitSides | None) -> KnownMerge | None:
    """What is known of the merge that `data`, which `path` holds, shows the conflicts of.

    `git` is what git tells of the path; its word goes before the history's.
    """
    sides = None
    if git is not None and git.local is not None and git.remote is not None:
        sides = _notebooks(Terms(git.base or b"", git.local, git.remote))
    if sides is None:
        sides = _in_history(os.path.realpath(path), data, state)
    return None if sides is None else KnownMerge(sides)


def _notebooks(terms: Terms[bytes]) -> Terms[Notebook] | None:
    """The three as notebooks that can be merged."""
    from nbmerge.merge.files import InMemory
    from nbmerge.notebook.reader import read
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


def _in_history(real: str, data: bytes, state: str | None) -> Terms[Notebook] | None:
    """Those of the newest merge that what the file holds descends from, if there is a history."""
    from nbmerge.history.opening import has_store, open_store, place_of

    directory = place_of(state)
    try:
        if not has_store(directory):
            return None
        opened = open_store(directory, time.time)
    except NbmergeError:
        return None
    try:
        return _merged_before(opened.store, real, data)
    finally:
        opened.store.close()


def _merged_before(store: Store, real: str, data: bytes) -> Terms[Notebook] | None:
    from nbmerge.files import digest
    from nbmerge.lineage.heads import Heads
    from nbmerge.lineage.versions import Origin
    from nbmerge.service.tips import terms

    notebook_id = store.notebook_id(real)
    held = None if notebook_id is None else store.find(notebook_id, digest(data))
    if notebook_id is None or held is None:
        return None
    before = store.graph(notebook_id).ancestors(held.number)
    merges = [
        one for one in store.versions(notebook_id) if one.number in before and one.origin is Origin.MERGED
    ]
    for merge in merges[: -_LOOKED_AT - 1 : -1]:
        try:
            found = terms(store, notebook_id, Heads(merge.number, merge.parents))
        except NbmergeError:
            continue  # a version of it is no longer kept
        sides = None if found is None else _notebooks(found)
        if sides is not None:
            return sides
    return None
