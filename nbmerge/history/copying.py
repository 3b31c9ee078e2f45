"""Owns: copying a history from one store into another, whatever engine each has.

Must not know: what versions mean, where the stores are.  Invariant: a notebook is copied whole, with every
version, number and head as it is, or not at all; one of which the target has another history stops the copy
before anything is changed, and one that was copied before is not copied again.  Nothing is said to be copied
before it was read back from the target and compared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from nbmerge.errors import SystemFailure, UsageError
from nbmerge.files import digest
from nbmerge.history.database import Database, Growth
from nbmerge.history.pieces import pack_ids, unpack, unpack_ids
from nbmerge.history.store import Store
from nbmerge.history.values import StoredNotebook

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

Row = tuple["Any", ...]

AT_ONCE = 200  # pieces that are read together
_VERSIONS = """
    SELECT number, digest, time, origin, parents, size, note, made_of, marked, recipe
    FROM version WHERE book = ? ORDER BY number
"""
_BOOK = "SELECT last, standing, open, glance FROM book WHERE id = ?"
_NOTES = {
    "sent": "SELECT save_id, number FROM sent WHERE book = ? ORDER BY save_id",
    "conflicts": "SELECT number, made FROM conflicts WHERE book = ? ORDER BY number",
}


@dataclass(frozen=True, slots=True)
class Copied:
    """How many notebooks, and versions of them with content, are in the target now; `before`: notebooks that
    were there already."""

    notebooks: int
    versions: int
    before: int


def copy_history(source: Store, target: Store, tell: Callable[[str], None]) -> Copied:
    """Copy all notebooks; `tell` is called with the path of each that was copied and verified.

    Raises UsageError if the target has another history of one of them; SystemFailure.
    """
    notebooks = [one for one in source.notebooks() if _book(source, one.id)[0]]
    before = {one.path for one in notebooks if _is_there(source, target, one)}
    versions = 0
    for one in notebooks:
        with source.lock(one.path), target.lock(one.path):
            if one.path not in before:
                _Copying(source._database, target._database, one.id, target.adopt(one.path)).copy()
            versions += _verified(source, target, one)
        if one.path not in before:
            tell(one.path)
    return Copied(len(notebooks), versions, len(before))


def _is_there(source: Store, target: Store, notebook: StoredNotebook) -> bool:
    """Whether the target has this history.  Raises UsageError if it has another one."""
    other = target.notebook_id(notebook.path)
    if other is None or not _book(target, other)[0]:
        return False
    if _rows(source, notebook.id) != _rows(target, other):
        raise UsageError(
            f"{notebook.path}: the store that is copied to has another history of it; nothing was copied"
        )
    return True


def _verified(source: Store, target: Store, notebook: StoredNotebook) -> int:
    """Compare what the target has with the source, to the byte; how many versions with content."""
    copy = target.notebook_id(notebook.path)
    if copy is None or _rows(source, notebook.id) != _rows(target, copy):
        raise _wrong(notebook)
    count = 0
    for version, pieces in target.contents(copy):
        count += 1
        if digest(b"".join(pieces)) != version.digest:
            raise _wrong(notebook)
    return count


def _wrong(notebook: StoredNotebook) -> SystemFailure:
    return SystemFailure(
        f"{notebook.path}: what was copied is not what was read; go on with the store that was copied from"
    )


def _rows(store: Store, notebook_id: int) -> list[list[Row]]:
    """All that is known of a notebook but its contents, which a digest stands for."""
    database = store._database
    versions = [
        (*row[:8], None if row[8] is None else bool(row[8]), row[9] is not None)
        for row in database.rows(_VERSIONS, notebook_id)
    ]
    notes = [database.rows(query, notebook_id) for query in _NOTES.values()]
    last, standing, is_open, _ = _book(store, notebook_id)
    return [[(last, standing, is_open)], versions, *notes]


def _book(store: Store, notebook_id: int) -> Row:
    [row] = store._database.rows(_BOOK, notebook_id)
    return row


@dataclass(slots=True)
class _Copying:
    """One notebook on its way; `ids` are the pieces that are in the target by their numbers in the source."""

    source: Database
    target: Database
    old: int
    new: int
    ids: dict[int, int] = field(default_factory=dict)

    def copy(self) -> None:
        with self.target.writing():
            for row in self.source.rows(_VERSIONS, self.old):
                self._copy_version(row)
            uses = self.source.rows("SELECT piece, last FROM use WHERE book = ?", self.old)
            self.target.run_all(
                "INSERT INTO use (piece, book, last) VALUES (?, ?, ?)",
                [(self.ids[piece], self.new, last) for piece, last in uses if piece in self.ids],
            )
            for table, query in _NOTES.items():
                columns = query.removeprefix("SELECT ").partition(" FROM")[0]
                self.target.run_all(
                    f"INSERT INTO {table} (book, {columns}) VALUES (?, ?, ?)",
                    [(self.new, *row) for row in self.source.rows(query, self.old)],
                )
            [row] = self.source.rows(_BOOK, self.old)
            book = "UPDATE book SET last = ?, standing = ?, open = ?, glance = ? WHERE id = ?"
            self.target.run(book, *row, self.new)
            self.target.changed(self.new, Growth())
            self.target.recount(self.new)

    def _copy_version(self, row: Row) -> None:
        *values, marked, recipe = row
        packed = None
        if recipe is not None:
            with self.source.decoding(f"version {values[0]}"):
                ids = unpack_ids(recipe)
            self._copy_pieces([one for one in dict.fromkeys(ids) if one not in self.ids])
            packed = pack_ids([self.ids[one] for one in ids])
        self.target.run(
            "INSERT INTO version"
            " (book, number, digest, time, origin, parents, size, note, made_of, marked, recipe)"
            f" VALUES (?{', ?' * 10})",
            *(self.new, *values, None if marked is None else bool(marked), packed),
        )

    def _copy_pieces(self, wanted: Sequence[int]) -> None:
        for batch in _parts(wanted):
            marks = ",".join("?" * len(batch))
            rows = self.source.rows(f"SELECT id, data FROM piece WHERE id IN ({marks})", *batch)
            with self.source.decoding("pieces"):
                found = {self._name(data): (one, data) for one, data in rows}
                if len(rows) < len(batch):
                    raise ValueError("a piece is missing")
            there = self.target.pieces({name: _giving(data) for name, (_, data) in found.items()})
            self.ids |= {one: there[name] for name, (one, _) in found.items()}

    def _name(self, data: bytes) -> bytes:
        return self.target.piece_name(self.new, blake2b(unpack(data), digest_size=20).digest())


def _giving(data: bytes) -> Callable[[], bytes]:
    return lambda: data


def _parts(many: Sequence[int]) -> Iterator[Sequence[int]]:
    return (many[start : start + AT_ONCE] for start in range(0, len(many), AT_ONCE))
