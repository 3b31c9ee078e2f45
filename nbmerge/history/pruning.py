"""Owns: which versions are no longer kept.

Must not know: contents.  Invariant: what a notebook stands on, its newest version, and what open
conflicts are made of are kept whatever it costs; of the others the oldest go first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import combinations

from nbmerge.history.database import Database
from nbmerge.history.pieces import drop_unused_pieces
from nbmerge.history.values import Retention
from nbmerge.lineage.heads import Heads
from nbmerge.lineage.versions import Graph

DAY = 86400.0
ROOM = 0.9  # of the size that is allowed, when it was exceeded: so that not every save drops one
SHARE = 20  # one part in so many is dropped at a time, then the size is looked at again
KEPT = "recipe IS NOT NULL"


def prune(
    database: Database, retention: Retention, now: float, needed_of: Callable[[int], frozenset[int]]
) -> int:
    """Drop what is too old, then the oldest until the store is small enough; returns how many."""
    oldest = f"SELECT book, number FROM version WHERE {KEPT}"
    dropped = _drop(
        database,
        database.rows(f"{oldest} AND time < ? ORDER BY time, number", now - retention.days * DAY),
        needed_of,
    )
    if database.size() > retention.size:
        rows = database.rows(f"{oldest} ORDER BY time, number")
        share = len(rows) // SHARE + 1
        for start in range(0, len(rows), share):
            dropped += _drop(database, rows[start : start + share], needed_of)
            if database.size() <= ROOM * retention.size:
                break
    if dropped:
        database.shrink()
    return dropped


def _drop(
    database: Database, rows: Iterable[tuple[int, int]], needed_of: Callable[[int], frozenset[int]]
) -> int:
    """Drop the (notebook, number) that are not needed, one notebook at a time: nobody waits for long."""
    numbers_of: dict[int, list[int]] = {}
    for notebook_id, number in rows:
        numbers_of.setdefault(notebook_id, []).append(number)
    count = 0
    for notebook_id, numbers in numbers_of.items():
        with database.writing():
            needed_here = needed_of(notebook_id)
            dropped = [number for number in numbers if number not in needed_here]
            database.run_all(
                "UPDATE version SET recipe = NULL WHERE book = ? AND number = ?",
                [(notebook_id, number) for number in dropped],
            )
            for table in ("sent", "conflicts"):
                database.run_all(
                    f"DELETE FROM {table} WHERE book = ? AND number = ?",
                    [(notebook_id, number) for number in dropped],
                )
            with database.decoding("pieces"):
                drop_unused_pieces(database, notebook_id, dropped)
            count += len(dropped)
    return count


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
