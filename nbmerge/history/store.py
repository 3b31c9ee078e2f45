"""Owns: the versions of notebooks and where each notebook stands.

Must not know: how bytes are cut and packed, rules of merging.  Invariant: a version is
there with its exact bytes and the standing that it brought, or not at all; numbers count
from 1 for each notebook and none is given twice.

Every method raises SystemFailure if the system refuses (nothing was changed then, and the
store can be used again), StoreLost if the store must be opened anew.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager

from nbmerge.errors import NotebookError
from nbmerge.files import digest
from nbmerge.history.books import Books
from nbmerge.history.database import Database
from nbmerge.history.lock import DirectoryLock
from nbmerge.history.pieces import Content, fetch, keep
from nbmerge.history.pruning import needed, prune
from nbmerge.history.recent import Recent
from nbmerge.history.recipes import pack_ids, unpack_ids
from nbmerge.history.rows import (
    COLUMNS,
    numbered,
    parents_text,
    read_parents,
    read_standing,
    read_version,
    standing_text,
    version_row,
)
from nbmerge.history.values import Draft, Retention, Totals
from nbmerge.lineage.standing import Standing
from nbmerge.lineage.versions import Graph, Origin, Version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

KEPT = "recipe IS NOT NULL"


class Store(Books):
    """An open store; any thread may use it.  A notebook is a `book`, named by `adopt` or `book`."""

    def __init__(self, database: Database, lock: DirectoryLock, retention: Retention) -> None:
        super().__init__(database)
        self._lock = lock
        self._retention = retention
        self._recent = Recent()

    def lock(self) -> AbstractContextManager[None]:
        """While it is held no other process, and no other thread, changes the state directory."""
        return self._lock

    def flush(self) -> None:
        """After this, not even a power cut takes back what was recorded; to be called before the
        bytes are displaced or removed from where they came from."""
        self._database.flush()

    def close(self) -> None:
        """Give the file back; the store cannot be used after it."""
        self._database.close()

    def together(self) -> AbstractContextManager[None]:
        """What is changed within is changed as one: all of it, or nothing if an error leaves the block."""
        return self._database.writing()

    def versions(self, book: int, last: int | None = None) -> tuple[Version, ...]:
        """The versions that are kept, ascending; at most the `last` newest ones."""
        rows = self._database.rows(
            f"SELECT {COLUMNS} FROM version WHERE book = ? AND {KEPT} ORDER BY number DESC LIMIT ?",
            book,
            -1 if last is None else last,
        )
        return tuple(self._version(row) for row in reversed(rows))

    def version(self, book: int, number: int) -> Version:
        """One version, kept or not.  Raises NotebookError if it never was."""
        row = self._database.row(f"SELECT {COLUMNS} FROM version WHERE book = ? AND number = ?", book, number)
        if row is None:
            raise NotebookError(f"{self.path_of(book)}: there is no version {number}; see `log`")
        return self._version(row)

    def find(self, book: int, digest: str) -> Version | None:
        """The newest version that is kept and has exactly these bytes."""
        row = self._database.row(
            f"SELECT {COLUMNS} FROM version WHERE book = ? AND digest = ? AND {KEPT} "
            "ORDER BY number DESC LIMIT 1",
            book,
            bytes.fromhex(digest),
        )
        return self._version(row) if row else None

    def graph(self, book: int) -> Graph:
        """How all versions descend from each other, the dropped ones too."""
        rows = self._database.rows("SELECT number, parents FROM version WHERE book = ?", book)
        with self._database.sense("graph"):
            return Graph({number: read_parents(parents) for number, parents in rows})

    def data(self, book: int, number: int) -> bytes:
        """The exact bytes.  Raises NotebookError if the version is no longer kept, or never was."""
        with self._database.reading():
            version = self.version(book, number)
            recipe = self._recipe(book, number)
            if recipe is None:
                raise NotebookError(f"{self.path_of(book)}: version {number} is no longer kept; see `log`")
            with self._database.sense(f"version {number}"):
                data = fetch(self._database, recipe)
        if digest(data) != version.digest:
            raise self._database.damaged(f"version {number} has changed")
        return data

    def record(
        self,
        book: int,
        data: bytes,
        draft: Draft,
        standing: Callable[[Version], Standing] | None = None,
    ) -> Version:
        """Add a version and, with it or not at all, the standing that follows from it."""
        name = digest(data)
        with self._database.writing():
            last = self._of(book, "last")
            version = numbered(last + 1, name, len(data), draft)
            content = keep(self._database, book, data, last, self._content(book, last))
            self._database.run(
                f"INSERT INTO version (book, {COLUMNS}, recipe) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                book,
                *version_row(version),
                pack_ids(content.ids),
            )
            self._database.run("UPDATE book SET last = ? WHERE id = ?", version.number, book)
            if standing is not None:
                self.stand(book, standing(version))
            self._recent.put(book, version.number, content)
        return version

    def reparent(self, book: int, number: int, parents: tuple[int, ...]) -> None:
        """A version turns out to descend from others than was thought when it was recorded."""
        with self._database.writing():
            self._database.run(
                "UPDATE version SET parents = ? WHERE book = ? AND number = ?",
                parents_text(parents),
                book,
                number,
            )

    # Standing.

    def standing(self, book: int) -> Standing | None:
        """Where the notebook stands; None before its first."""
        text = self._of(book, "standing")
        with self._database.sense("standing"):
            return None if text is None else read_standing(text)

    def stand(self, book: int, standing: Standing) -> None:
        """Set where the notebook stands."""
        with self._database.writing():
            self._database.run(
                "UPDATE book SET standing = ?, open = ? WHERE id = ?",
                standing_text(standing),
                len(standing.open),
                book,
            )

    # The whole.

    def prune(self, now: float) -> int:
        """Drop versions that are too old or too many, oldest first; returns how many.  None that
        is a notebook's newest, that it stands on, or that an open conflict is made of."""
        return prune(self._database, self._retention, now, self._needed)

    def totals(self) -> Totals:
        """How much there is."""
        with self._database.reading():
            [books] = self._database.rows("SELECT count(*), total(open) FROM book WHERE last > 0")
            [versions] = self._database.rows(
                f"SELECT count(*), total(origin = ?) FROM version WHERE {KEPT}", Origin.MERGED.value
            )
            size = self._database.size()
        return Totals(books[0], versions[0], int(versions[1]), int(books[1]), size)

    def check(self) -> None:
        """Read the whole file, some seconds for each gigabyte.  Raises StoreLost if it is damaged."""
        self._database.check()

    def _needed(self, book: int) -> frozenset[int]:
        return needed(self.graph(book), self.standing(book))

    def _recipe(self, book: int, number: int) -> bytes | None:
        row = self._database.row("SELECT recipe FROM version WHERE book = ? AND number = ?", book, number)
        return row[0] if row else None

    def _content(self, book: int, number: int) -> Content:
        known = self._recent.take(book, number, self._database.undone)
        if known is not None:
            return known
        recipe = self._recipe(book, number)
        with self._database.sense(f"version {number}"):
            return Content(unpack_ids(recipe)) if recipe else Content()

    def _version(self, row: tuple[Any, ...]) -> Version:
        with self._database.sense("version"):
            return read_version(row)
