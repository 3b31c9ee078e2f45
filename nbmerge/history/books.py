"""Owns: the notebooks that have a history, and where their files are.

Must not know: versions.  Invariant: a path has at most one book and a book one path.
"""

from __future__ import annotations

import os

from nbmerge.errors import NotebookError
from nbmerge.history.database import Database
from nbmerge.history.values import Book

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Books:
    """The notebooks of an open store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def adopt(self, path: str) -> int:
        """The book of the notebook at this path; a new one if there is none."""
        if (known := self.book(path)) is not None:
            return known
        with self._database.writing():
            known = self.book(path)  # another process may have been faster
            return known if known is not None else self._new(path)

    def book(self, path: str) -> int | None:
        """The book of the notebook at this path, if it has one."""
        row = self._database.row("SELECT id FROM book WHERE path = ?", os.fsencode(path))
        return row[0] if row else None

    def path_of(self, book: int) -> str:
        """Where the notebook is now.  Raises NotebookError if there is no such book."""
        return os.fsdecode(self._of(book, "path"))

    def books(self) -> tuple[Book, ...]:
        """All notebooks, by path."""
        rows = self._database.rows("SELECT id, path FROM book ORDER BY path")
        with self._database.sense("paths"):
            return tuple(Book(book, os.fsdecode(path)) for book, path in rows)

    def moved(self, old: str, new: str) -> None:
        """The history follows the file; if both have one, both stay, and `new` goes on with its own."""
        with self._database.writing():
            source, target = self.book(old), self.book(new)
            if source is None or source == target or (target is not None and self._of(target, "last")):
                return
            self._database.run("DELETE FROM book WHERE id = ?", target)
            self._database.run("UPDATE book SET path = ? WHERE id = ?", os.fsencode(new), source)

    def glance(self, book: int) -> tuple[int, int, int] | None:
        """What was last set: (modified, size, inode)."""
        row = self._database.row("SELECT glance FROM book WHERE id = ?", book)
        if row is None or row[0] is None:
            return None
        with self._database.sense("glance"):
            modified, size, inode = map(int, row[0].split())
            return modified, size, inode

    def set_glance(self, book: int, glance: tuple[int, int, int]) -> None:
        """Remember what the file looked like when it held the head: it need not be read if it still does."""
        if self.glance(book) != glance:
            with self._database.writing():
                text = " ".join(map(str, glance))
                self._database.run("UPDATE book SET glance = ? WHERE id = ?", text, book)

    def _new(self, path: str) -> int:
        return self._database.run("INSERT INTO book (path) VALUES (?)", os.fsencode(path))

    def _of(self, book: int, column: str) -> Any:
        row = self._database.row(f"SELECT {column} FROM book WHERE id = ?", book)
        if row is None:
            raise NotebookError(
                f"notebook {book}: there is no such notebook in the store; adopt its path first"
            )
        return row[0]
