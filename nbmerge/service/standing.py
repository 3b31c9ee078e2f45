"""Owns: how all notebooks of a store stand: which lack something yet, which show conflicts.

Must not know: files, who asks.  Invariant: nothing is changed; a notebook is read only where its bytes hold
what a conflict marker begins with.
"""

from __future__ import annotations

from nbmerge.history.store import Store
from nbmerge.lineage import heads as algebra


def waiting_in(store: Store) -> list[str]:
    """The notebooks whose file lacks a tip yet, by path."""
    return [
        notebook.path
        for notebook, heads in store.standings()
        if heads.tips != (heads.head,) and algebra.is_due(heads, store.graph(notebook.id))
    ]


def showing_conflicts_in(store: Store) -> list[str]:
    """The notebooks that show conflicts, as far as the store knows what they hold, by path."""
    standing = [(notebook, heads.head) for notebook, heads in store.standings()]
    looked_at = store.may_show_conflicts([(notebook.id, head) for notebook, head in standing])
    return [
        notebook.path
        for notebook, head in standing
        if (notebook.id, head) in looked_at and _shows_conflicts(store, notebook.id, head)
    ]


def _shows_conflicts(store: Store, notebook_id: int, number: int) -> bool:
    from nbmerge.conflicts.finding import find  # mostly there are none, and `status` is soon done
    from nbmerge.service.cache import NotebookCache

    notebook = NotebookCache(store).readable(notebook_id, number)
    return notebook is not None and bool(find(notebook))
