"""Owns: which versions are no longer kept.

Must not know: contents.  Invariant: what a notebook stands on, its newest version, and what open
conflicts are made of are kept whatever it costs; of the others the oldest go first.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from itertools import combinations
from typing import Protocol

from nbmerge.history.database import Database
from nbmerge.history.pieces import drop_unused_pieces
from nbmerge.history.values import Retention
from nbmerge.lineage.heads import Heads
from nbmerge.lineage.versions import Graph

DAY = 86400.0
ROOM = 0.9  # of the size that is allowed, when it was exceeded: so that not every save drops one
SHARE = 20  # one part in so many is dropped at a time, then the size is looked at again
AT_ONCE = 10_000  # versions that are looked at together
KEPT = "recipe IS NOT NULL"
_OLDEST = """
    SELECT version.book, version.number, version.time, version.id
    FROM version JOIN book ON book.id = version.book
    WHERE version.recipe IS NOT NULL AND version.time < ? AND version.number <> book.last
    AND version.time >= ? AND (version.time > ? OR version.id > ?)
    ORDER BY version.time, version.id LIMIT ?
"""


class Prunable(Protocol):
    """A store, to what drops versions from it."""

    def pruning(self, notebook_id: int) -> AbstractContextManager[bool]:
        """While some versions of a notebook are dropped nobody else changes it; False: somebody does now."""

    def needed(self, notebook_id: int) -> frozenset[int]:
        """The versions that must not be dropped."""


def prune(database: Database, retention: Retention, now: float, store: Prunable) -> int:
    """Drop what is too old, then the oldest until the store is small enough; returns how many."""
    limit = database.usual_size if retention.size is None else retention.size
    dropped = 0
    for rows in _oldest(database, now - retention.days * DAY, AT_ONCE):
        dropped += _drop(database, rows, store)
    if database.size() > limit:
        share = database.counts()[1] // SHARE + 1
        for rows in _oldest(database, math.inf, min(share, AT_ONCE)):
            dropped += _drop(database, rows, store)
            if database.size() <= ROOM * limit:
                break
    if dropped:
        database.shrink()
    return dropped


def _oldest(database: Database, before: float, at_once: int) -> Iterator[list[tuple[int, int]]]:
    """The (notebook, number) of versions that are kept and older than that, oldest first, so many at once;
    without the newest of each notebook, which stays."""
    time, last = -math.inf, 0
    while True:
        found = database.rows(_OLDEST, before, time, time, last, at_once)
        if not found:
            return
        yield [(notebook_id, number) for notebook_id, number, _, _ in found]
        _, _, time, last = found[-1]


def _drop(database: Database, rows: Iterable[tuple[int, int]], store: Prunable) -> int:
    """Drop the (notebook, number) that are not needed, one notebook at a time: nobody waits for long."""
    numbers_of: dict[int, list[int]] = {}
    for notebook_id, number in rows:
        numbers_of.setdefault(notebook_id, []).append(number)
    count = 0
    for notebook_id, numbers in numbers_of.items():
        with store.pruning(notebook_id) as is_free:
            if is_free:
                count += _drop_of_one(database, notebook_id, numbers, store)
    return count


def _drop_of_one(database: Database, notebook_id: int, numbers: Sequence[int], store: Prunable) -> int:
    with database.writing():
        needed_here = store.needed(notebook_id)
        dropped = [number for number in numbers if number not in needed_here]
        if not dropped:
            return 0
        rows = [(notebook_id, number) for number in dropped]
        database.run_all("UPDATE version SET recipe = NULL WHERE book = ? AND number = ?", rows)
        for table in ("sent", "conflicts"):
            database.run_all(f"DELETE FROM {table} WHERE book = ? AND number = ?", rows)
        with database.decoding("pieces"):
            drop_unused_pieces(database, notebook_id, dropped)
        database.changed(notebook_id)
        database.recount(notebook_id)
    return len(dropped)


def needed(graph: Graph, heads: Heads | None) -> frozenset[int]:
    """The versions that must not be dropped.

    Head and tips, and the sides of the last merge that each of them has in it (a conflict of it may
    still be in the text); open tips and what may have overwritten them; and what any two of all
    these have in common, from which they are merged.
    """
    newest = {max(graph.parents)} if graph.parents else set()
    if heads is None:
        return frozenset(newest)
    ends = {heads.head, *heads.tips, *newest}
    ends |= {side for end in tuple(ends) for side in _sides(graph, end)}
    ends |= {number for tip in heads.open for number in (tip.version, tip.by)}
    bases: set[int | None] = {
        base for one, other in combinations(sorted(ends), 2) for base in graph.commons([one], other)
    }
    bases |= {tip.base for tip in heads.open}
    return frozenset(ends | {base for base in bases if base is not None})


def _sides(graph: Graph, number: int) -> set[int]:
    """The newest merge that the version descends from, and what it is made of."""
    merge = max((one for one in graph.ancestors(number) if len(graph.parents.get(one, ())) > 1), default=None)
    return set() if merge is None else {merge, *graph.parents[merge]}
