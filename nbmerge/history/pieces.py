"""Owns: the pieces that versions are made of: each is kept once, whatever notebooks it is in.

Must not know: what versions mean.  Invariant: a piece is there as long as some recipe names it;
`use` says for each book which newest version names it, NULL being the newest of the book, so
that a record touches only the pieces that came or went.  The caller is in a transaction.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b
from io import BytesIO

from nbmerge.history.cutting import cut
from nbmerge.history.database import Database
from nbmerge.history.recipes import pack, pack_ids, unpack, unpack_ids

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeVar

    Item = TypeVar("Item")

BATCH = 250
THOROUGH, QUICK = 6, 1  # zlib levels
MUCH = 8 << 20  # bytes; from here on speed counts more than size


def keep(database: Database, book: int, data: bytes, last: int, previous: Iterable[int]) -> bytes:
    """Keep the bytes; returns their recipe.  `previous` are the pieces of `last`, the newest version."""
    ids = list(_kept(database, data))
    before, now = set(previous), set(ids)
    database.run_all(
        "INSERT INTO use (piece, book) VALUES (?, ?) ON CONFLICT DO UPDATE SET last = NULL",
        [(one, book) for one in sorted(now - before)],
    )
    database.run_all(
        "UPDATE use SET last = ? WHERE piece = ? AND book = ?",
        [(last, one, book) for one in sorted(before - now)],
    )
    return pack_ids(ids)


def _kept(database: Database, data: bytes) -> Iterator[int]:
    level = QUICK if len(data) > MUCH else THOROUGH
    ends = cut(data)
    for batch in _batches(list(zip([0, *ends], ends, strict=False))):
        hashes = [blake2b(data[start:end], digest_size=20).digest() for start, end in batch]
        marks = ",".join("?" * len(hashes))
        known = dict(database.rows(f"SELECT hash, id FROM piece WHERE hash IN ({marks})", *hashes))
        for name, (start, end) in zip(hashes, batch, strict=True):
            if name not in known:
                known[name] = database.run(
                    "INSERT INTO piece (hash, data) VALUES (?, ?)", name, pack(data[start:end], level)
                )
            yield known[name]


def fetch(database: Database, recipe: bytes) -> bytes:
    """The bytes that a recipe stands for.  Raises ValueError if a piece is missing or broken."""
    whole = BytesIO()
    ids = unpack_ids(recipe)
    for batch in _batches(ids):
        marks = ",".join("?" * len(batch))
        found = dict(database.rows(f"SELECT id, data FROM piece WHERE id IN ({marks})", *batch))
        for one in batch:
            if one not in found:
                raise ValueError("a piece is missing")
            whole.write(unpack(found[one]))
    return whole.getvalue()


def sweep(database: Database, book: int, dropped: Sequence[int]) -> None:
    """Remove the pieces that only the dropped versions of the book needed; their recipes are gone."""
    used: dict[int, int] = {}
    for batch in _batches(dropped):
        marks = ",".join("?" * len(batch))
        used |= database.rows(
            f"SELECT piece, last FROM use WHERE book = ? AND last IN ({marks})", book, *batch
        )
    below = max(used.values(), default=0)
    kept = "SELECT number, recipe FROM version WHERE book = ? AND number < ? AND recipe IS NOT NULL"
    for number, recipe in database.rows(f"{kept} ORDER BY number DESC", book, below):
        still = [one for one in unpack_ids(recipe) if used.get(one, 0) > number]
        database.run_all(
            "UPDATE use SET last = ? WHERE piece = ? AND book = ?", [(number, one, book) for one in still]
        )
        for one in still:
            used.pop(one, None)
    for pieces in _batches(sorted(used)):
        marks = ",".join("?" * len(pieces))
        database.run(f"DELETE FROM use WHERE book = ? AND piece IN ({marks})", book, *pieces)
        database.run(
            f"DELETE FROM piece WHERE id IN ({marks}) "
            f"AND id NOT IN (SELECT piece FROM use WHERE piece IN ({marks}))",
            *pieces,
            *pieces,
        )


def _batches(many: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(many), BATCH):
        yield many[start : start + BATCH]
