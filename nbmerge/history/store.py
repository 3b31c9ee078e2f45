"""Owns: how versions and standings are spelled in the tables.
the notebooks that have a history, and where their files are.
the contents of the versions that were recorded last, in memory.
the versions of notebooks and where each notebook stands.

Must not know: SQLite.
versions.
anything of disk.
how bytes are cut and packed, rules of merging.
Invariant: what was written is read back equal, and of anything else no
sense is made (any of Python's errors); the text is ASCII, whatever is in it, for paths and
sources may hold what UTF-8 cannot.
a path has at most one book and a book one path.
what it gives is what the store holds: a
transaction that came to nothing, of which `undone` is the count, empties it.
a version is
there with its exact bytes and the standing that it brought, or not at all; numbers count
from 1 for each notebook and none is given twice.

Every method raises SystemFailure if the system refuses (nothing was changed then, and the
store can be used again), StoreLost if the store must be opened anew.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import asdict, astuple

from nbmerge.errors import NotebookError
from nbmerge.files import digest
from nbmerge.history.database import Database
from nbmerge.history.lock import DirectoryLock
from nbmerge.history.pieces import StoredContent, fetch, keep, pack_ids, unpack_ids
from nbmerge.history.pruning import needed, prune
from nbmerge.history.values import Draft, Retention, StoredNotebook, Totals
from nbmerge.lineage.heads import Heads, OpenTip
from nbmerge.lineage.versions import Graph, Origin, Version, Writer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


COLUMNS = "number, digest, time, origin, parents, size, note"


def version_row(version: Version) -> tuple[object, ...]:
    """The values of COLUMNS."""
    return (
        version.number,
        bytes.fromhex(version.digest),
        version.time,
        version.origin.value,
        parents_text(version.parents),
        version.size,
        json.dumps([astuple(version.writer), version.why]),
    )


def read_version(row: tuple[Any, ...]) -> Version:
    """The version whose COLUMNS these are."""
    number, digest, time, origin, parents, size, note = row
    writer, why = json.loads(note)
    return Version(
        number=number,
        digest=digest.hex(),
        time=time,
        origin=Origin(origin),
        parents=read_parents(parents),
        writer=Writer(*writer),
        size=size,
        why=why,
    )


def parents_text(parents: tuple[int, ...]) -> str:
    """The numbers of a version's parents as text."""
    return " ".join(map(str, parents))


def read_parents(text: str) -> tuple[int, ...]:
    """The numbers of a version's parents."""
    return tuple(map(int, text.split()))


def numbered(number: int, digest: str, size: int, draft: Draft) -> Version:
    """The version that a draft becomes."""
    return Version(number, digest, draft.time, draft.origin, draft.parents, draft.writer, size, draft.why)


def heads_text(heads: Heads) -> str:
    """A standing as JSON."""
    return json.dumps(asdict(heads))


def read_heads(text: str) -> Heads:
    """The standing that the JSON says."""
    fields: dict[str, Any] = json.loads(text)
    fields["open"] = [OpenTip(**tip) for tip in fields["open"]]
    lists = {name: tuple(value) for name, value in fields.items() if isinstance(value, list)}
    return Heads(**{**fields, **lists})


class Books:
    """The notebooks of an open store."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def adopt(self, path: str) -> int:
        """The book of the notebook at this path; a new one if there is none."""
        if (known := self.notebook_id(path)) is not None:
            return known
        with self._database.writing():
            known = self.notebook_id(path)  # another process may have been faster
            return known if known is not None else self._new(path)

    def notebook_id(self, path: str) -> int | None:
        """The book of the notebook at this path, if it has one."""
        row = self._database.row("SELECT id FROM book WHERE path = ?", os.fsencode(path))
        return row[0] if row else None

    def path_of(self, notebook_id: int) -> str:
        """Where the notebook is now.  Raises NotebookError if there is no such book."""
        return os.fsdecode(self._of(notebook_id, "path"))

    def books(self) -> tuple[StoredNotebook, ...]:
        """All notebooks, by path."""
        rows = self._database.rows("SELECT id, path FROM book ORDER BY path")
        with self._database.sense("paths"):
            return tuple(StoredNotebook(notebook_id, os.fsdecode(path)) for notebook_id, path in rows)

    def moved(self, old: str, new: str) -> None:
        """The history follows the file; if both have one, both stay, and `new` goes on with its own."""
        with self._database.writing():
            source, target = self.notebook_id(old), self.notebook_id(new)
            if source is None or source == target or (target is not None and self._of(target, "last")):
                return
            self._database.run("DELETE FROM book WHERE id = ?", target)
            self._database.run("UPDATE book SET path = ? WHERE id = ?", os.fsencode(new), source)

    def stamp(self, notebook_id: int) -> tuple[int, int, int] | None:
        """What was last set: (modified, size, inode)."""
        row = self._database.row("SELECT glance FROM book WHERE id = ?", notebook_id)
        if row is None or row[0] is None:
            return None
        with self._database.sense("glance"):
            modified, size, inode = map(int, row[0].split())
            return modified, size, inode

    def set_stamp(self, notebook_id: int, stamp: tuple[int, int, int]) -> None:
        """Remember what the file looked like when it held the head: it need not be read if it still does."""
        if self.stamp(notebook_id) != stamp:
            with self._database.writing():
                text = " ".join(map(str, stamp))
                self._database.run("UPDATE book SET glance = ? WHERE id = ?", text, notebook_id)

    def _new(self, path: str) -> int:
        return self._database.run("INSERT INTO book (path) VALUES (?)", os.fsencode(path))

    def _of(self, notebook_id: int, column: str) -> Any:
        row = self._database.row(f"SELECT {column} FROM book WHERE id = ?", notebook_id)
        if row is None:
            raise NotebookError(
                f"notebook {notebook_id}: there is no such notebook in the store; adopt its path first"
            )
        return row[0]


LIMIT = 16 << 20  # bytes of all together


class Recent:
    """The newest version of each of the notebooks that were saved last, so that what a save did
    not change need not be cut, hashed and looked up again."""

    def __init__(self) -> None:
        self._contents: dict[
            int, tuple[int, StoredContent, int]
        ] = {}  # the last one that was put stands last
        self._size = 0
        self._undone = 0

    def take(self, notebook_id: int, number: int, undone: int) -> StoredContent | None:
        """The content of this version if it is known.  It is forgotten here: whoever took it may fail."""
        if undone != self._undone:
            self._contents.clear()
            self._size, self._undone = 0, undone
        known, content, size = self._contents.pop(notebook_id, (0, None, 0))
        self._size -= size
        return content if known == number else None

    def put(self, notebook_id: int, number: int, content: StoredContent) -> None:
        """Remember a content that was just recorded."""
        size = sum(map(len, content.pieces))
        self._contents[notebook_id] = number, content, size
        self._size += size
        while self._size > LIMIT:
            _, _, size = self._contents.pop(next(iter(self._contents)))
            self._size -= size


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

    def versions(self, notebook_id: int, last: int | None = None) -> tuple[Version, ...]:
        """The versions that are kept, ascending; at most the `last` newest ones."""
        rows = self._database.rows(
            f"SELECT {COLUMNS} FROM version WHERE book = ? AND {KEPT} ORDER BY number DESC LIMIT ?",
            notebook_id,
            -1 if last is None else last,
        )
        return tuple(self._version(row) for row in reversed(rows))

    def version(self, notebook_id: int, number: int) -> Version:
        """One version, kept or not.  Raises NotebookError if it never was."""
        row = self._database.row(
            f"SELECT {COLUMNS} FROM version WHERE book = ? AND number = ?", notebook_id, number
        )
        if row is None:
            raise NotebookError(f"{self.path_of(notebook_id)}: there is no version {number}; see `log`")
        return self._version(row)

    def find(self, notebook_id: int, digest: str) -> Version | None:
        """The newest version that is kept and has exactly these bytes."""
        row = self._database.row(
            f"SELECT {COLUMNS} FROM version WHERE book = ? AND digest = ? AND {KEPT} "
            "ORDER BY number DESC LIMIT 1",
            notebook_id,
            bytes.fromhex(digest),
        )
        return self._version(row) if row else None

    def graph(self, notebook_id: int) -> Graph:
        """How all versions descend from each other, the dropped ones too."""
        rows = self._database.rows("SELECT number, parents FROM version WHERE book = ?", notebook_id)
        with self._database.sense("graph"):
            return Graph({number: read_parents(parents) for number, parents in rows})

    def data(self, notebook_id: int, number: int) -> bytes:
        """The exact bytes.  Raises NotebookError if the version is no longer kept, or never was."""
        with self._database.reading():
            version = self.version(notebook_id, number)
            recipe = self._recipe(notebook_id, number)
            if recipe is None:
                raise NotebookError(
                    f"{self.path_of(notebook_id)}: version {number} is no longer kept; see `log`"
                )
            with self._database.sense(f"version {number}"):
                data = fetch(self._database, recipe)
        if digest(data) != version.digest:
            raise self._database.damaged(f"version {number} has changed")
        return data

    def record(
        self,
        notebook_id: int,
        data: bytes,
        draft: Draft,
        heads: Callable[[Version], Heads] | None = None,
    ) -> Version:
        """Add a version and, with it or not at all, the standing that follows from it."""
        name = digest(data)
        with self._database.writing():
            last = self._of(notebook_id, "last")
            version = numbered(last + 1, name, len(data), draft)
            content = keep(self._database, notebook_id, data, last, self._content(notebook_id, last))
            self._database.run(
                f"INSERT INTO version (book, {COLUMNS}, recipe) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                notebook_id,
                *version_row(version),
                pack_ids(content.ids),
            )
            self._database.run("UPDATE book SET last = ? WHERE id = ?", version.number, notebook_id)
            if heads is not None:
                self.stand(notebook_id, heads(version))
            self._recent.put(notebook_id, version.number, content)
        return version

    def reparent(self, notebook_id: int, number: int, parents: tuple[int, ...]) -> None:
        """A version turns out to descend from others than was thought when it was recorded."""
        with self._database.writing():
            self._database.run(
                "UPDATE version SET parents = ? WHERE book = ? AND number = ?",
                parents_text(parents),
                notebook_id,
                number,
            )

    # Standing.

    def heads(self, notebook_id: int) -> Heads | None:
        """Where the notebook stands; None before its first."""
        text = self._of(notebook_id, "standing")
        with self._database.sense("standing"):
            return None if text is None else read_heads(text)

    def stand(self, notebook_id: int, heads: Heads) -> None:
        """Set where the notebook stands."""
        with self._database.writing():
            self._database.run(
                "UPDATE book SET standing = ?, open = ? WHERE id = ?",
                heads_text(heads),
                len(heads.open),
                notebook_id,
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

    def _needed(self, notebook_id: int) -> frozenset[int]:
        return needed(self.graph(notebook_id), self.heads(notebook_id))

    def _recipe(self, notebook_id: int, number: int) -> bytes | None:
        row = self._database.row(
            "SELECT recipe FROM version WHERE book = ? AND number = ?", notebook_id, number
        )
        return row[0] if row else None

    def _content(self, notebook_id: int, number: int) -> StoredContent:
        known = self._recent.take(notebook_id, number, self._database.undone)
        if known is not None:
            return known
        recipe = self._recipe(notebook_id, number)
        with self._database.sense(f"version {number}"):
            return StoredContent(unpack_ids(recipe)) if recipe else StoredContent()

    def _version(self, row: tuple[Any, ...]) -> Version:
        with self._database.sense("version"):
            return read_version(row)
