"""Owns: the pieces that versions are made of: each is kept once, whatever notebooks it is in.

Must not know: what versions mean.  Invariant: a piece is there as long as some recipe names it;
`use` says for each book which newest version names it, NULL being the newest of the book, so
that a record touches only the pieces that came or went.  The caller is in a transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from io import BytesIO
from itertools import islice

from nbmerge.history.cutting import HUGE, cut_again
from nbmerge.history.database import Database
from nbmerge.history.recipes import QUICK, THOROUGH, pack, unpack, unpack_ids

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    Item = TypeVar("Item")

BATCH = 250  # statements have room for so many values


@dataclass(frozen=True, slots=True, eq=False)
class Content:
    """The ids of a version's pieces, and the pieces unless they are too large to be held, or unknown."""

    ids: Sequence[int] = ()
    pieces: Sequence[bytes] = ()


def keep(database: Database, book: int, data: bytes, last: int, before: Content) -> Content:
    """Keep the bytes; `before` is the content of `last`, the book's newest version."""
    ids: list[int] = []
    pieces: list[bytes] = []
    for batch in _batches(cut_again(data, before.pieces)):
        ids.extend(_ids(database, batch, before.ids, QUICK if len(data) > HUGE else THOROUGH))
        if len(data) <= HUGE:
            pieces.extend(piece for piece, _ in batch)
    old, new = set(before.ids), set(ids)
    database.run_all(
        "INSERT INTO use (piece, book) VALUES (?, ?) ON CONFLICT (piece, book) DO UPDATE SET last = NULL",
        [(one, book) for one in sorted(new - old)],
    )
    database.run_all(
        "UPDATE use SET last = ? WHERE piece = ? AND book = ?",
        [(last, one, book) for one in sorted(old - new)],
    )
    return Content(ids, pieces)


def _ids(
    database: Database, batch: Sequence[tuple[bytes, int | None]], before: Sequence[int], level: int
) -> Iterator[int]:
    names = [b"" if same is not None else blake2b(piece, digest_size=20).digest() for piece, same in batch]
    wanted = [name for name in names if name]
    known = dict(database.rows(f"SELECT hash, id FROM piece WHERE hash IN ({_marks(wanted)})", *wanted))
    for name, (piece, same) in zip(names, batch, strict=True):
        if same is not None:
            yield before[same]
            continue
        if name not in known:
            packed = pack(piece, level)
            known[name] = database.run("INSERT INTO piece (hash, data) VALUES (?, ?)", name, packed)
        yield known[name]


def fetch(database: Database, recipe: bytes) -> bytes:
    """The bytes that a recipe stands for.  Raises ValueError or TypeError if a piece is missing or broken."""
    whole = BytesIO()
    for batch in _batches(unpack_ids(recipe)):
        found = dict(database.rows(f"SELECT id, data FROM piece WHERE id IN ({_marks(batch)})", *batch))
        for one in batch:
            if one not in found:
                raise ValueError("a piece is missing")
            whole.write(unpack(found[one]))
    return whole.getvalue()


def sweep(database: Database, book: int, dropped: Sequence[int]) -> None:
    """Remove the pieces that only the dropped versions of the book needed; their recipes are gone."""
    used: dict[int, int] = {}
    for batch in _batches(dropped):
        query = f"SELECT piece, last FROM use WHERE book = ? AND last IN ({_marks(batch)})"
        used |= database.rows(query, book, *batch)
    below = max(used.values(), default=0)
    kept = "SELECT number, recipe FROM version WHERE book = ? AND number < ? AND recipe IS NOT NULL"
    for number, recipe in database.rows(f"{kept} ORDER BY number DESC", book, below):
        still = [one for one in set(unpack_ids(recipe)) if used.get(one, 0) > number]
        rows = [(number, one, book) for one in still]
        database.run_all("UPDATE use SET last = ? WHERE piece = ? AND book = ?", rows)
        for one in still:
            del used[one]
    for pieces in _batches(sorted(used)):
        marks = _marks(pieces)
        database.run(f"DELETE FROM use WHERE book = ? AND piece IN ({marks})", book, *pieces)
        database.run(
            f"DELETE FROM piece WHERE id IN ({marks}) "
            f"AND id NOT IN (SELECT piece FROM use WHERE piece IN ({marks}))",
            *pieces,
            *pieces,
        )


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


def _batches(many: Iterable[Item]) -> Iterator[list[Item]]:
    items = iter(many)
    while batch := list(islice(items, BATCH)):
        yield batch
