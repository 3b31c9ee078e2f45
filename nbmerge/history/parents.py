"""Owns: how the versions of a notebook descend from each other, read from the store a few at a time.

Must not know: what a descent means.  Invariant: what was read once is not read again; nothing is read that
nobody asks for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from nbmerge.history.database import Database
from nbmerge.history.spelling import read_parents

AT_ONCE, MOST_AT_ONCE = 32, 4096  # versions whose parents are read together: a save mostly asks for few


class StoredParents(Mapping[int, tuple[int, ...]]):
    """The parents of a notebook's versions by number, read as far back as somebody asks."""

    def __init__(self, database: Database, notebook_id: int, known: Mapping[int, tuple[int, ...]]) -> None:
        self._database = database
        self._notebook_id = notebook_id
        self._known: dict[int, tuple[int, ...]] = dict(known)
        self._size = AT_ONCE

    def __getitem__(self, number: int) -> tuple[int, ...]:
        if number not in self._known:
            self._read(number - self._size + 1, number)
            self._size = min(2 * self._size, MOST_AT_ONCE)
        return self._known[number]

    def __iter__(self) -> Iterator[int]:
        self._read(0, self._largest())
        return iter(sorted(self._known))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def _largest(self) -> int:
        query = "SELECT max(number) FROM version WHERE book = ?"
        [[number]] = self._database.rows(query, self._notebook_id)
        return number or 0

    def _read(self, first: int, last: int) -> None:
        query = "SELECT number, parents FROM version WHERE book = ? AND number BETWEEN ? AND ?"
        rows = self._database.rows(query, self._notebook_id, first, last)
        with self._database.decoding("graph"):
            self._known |= {number: read_parents(parents) for number, parents in rows}
