"""Owns: the versions of notebooks, and where each notebook is and stands.

Must not know: SQLite, how bytes are cut and packed, rules of merging.  Invariant: a version is there with
its exact bytes and the heads that it brought, or not at all; numbers count from 1 for each notebook and
none is given twice; a path has at most one notebook and a notebook one path.  What was written is read
back equal, and of anything else no sense is made; its text is ASCII, for paths and sources may hold what
UTF-8 cannot.

Every method of the store raises SystemFailure if the system refuses (nothing was changed then, and the
store can be used again), StoreLost if the store must be opened anew.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import asdict, astuple

from nbmerge.conflicts.signs import may_hold_conflicts
from nbmerge.errors import NotebookError
from nbmerge.files import digest
from nbmerge.history.database import Database
from nbmerge.history.lock import DirectoryLock
from nbmerge.history.pieces import (
    THOROUGH,
    PieceReader,
    StoredContent,
    fetch,
    keep,
    pack,
    pack_ids,
    unpack,
    unpack_ids,
)
from nbmerge.history.pruning import KEPT, needed, prune
from nbmerge.history.values import Draft, Retention, StoredNotebook, Totals
from nbmerge.lineage.heads import Heads, OpenTip
from nbmerge.lineage.versions import Graph, Origin, Version, Writer
from nbmerge.merge.values import Conflict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

COLUMNS = "number, digest, time, origin, parents, size, note"
HELD = 16 << 20  # bytes of all contents that are held in memory
AT_ONCE, MOST_AT_ONCE = 32, 4096  # versions whose parents are read together: a save mostly asks for few


class Store:
    """An open store; any thread may use it.  A notebook is named by the id that `adopt` gives."""

    def __init__(self, database: Database, lock: DirectoryLock, retention: Retention) -> None:
        self._database = database
        self._lock = lock
        self._retention = retention
        self._newest = NewestContents()

    # Notebooks.

    def adopt(self, path: str) -> int:
        """The id of the notebook at this path; a new one if there is none."""
        if (known := self.notebook_id(path)) is not None:
            return known
        with self._database.writing():
            known = self.notebook_id(path)  # another process may have been faster
            if known is not None:
                return known
            return self._database.run("INSERT INTO book (path) VALUES (?)", os.fsencode(path))

    def notebook_id(self, path: str) -> int | None:
        """The id of the notebook at this path, if it has one."""
        row = self._database.row("SELECT id FROM book WHERE path = ?", os.fsencode(path))
        return row[0] if row else None

    def had(self, path: str, digest: str | None = None) -> bool:
        """Whether there is a notebook at this path and, with a digest, whether those bytes are or were a
        version of it, kept or not."""
        notebook_id = self.notebook_id(path)
        if notebook_id is None or digest is None:
            return notebook_id is not None
        try:
            name = bytes.fromhex(digest)
        except ValueError:
            return False
        statement = "SELECT 1 FROM version WHERE book = ? AND digest = ? LIMIT 1"
        return self._database.row(statement, notebook_id, name) is not None

    def path_of(self, notebook_id: int) -> str:
        """Where the notebook is now.  Raises NotebookError if there is no such notebook."""
        return os.fsdecode(self._column(notebook_id, "path"))

    def notebooks(self) -> tuple[StoredNotebook, ...]:
        """All notebooks, by path."""
        rows = self._database.rows("SELECT id, path FROM book ORDER BY path")
        with self._database.decoding("paths"):
            return tuple(StoredNotebook(notebook_id, os.fsdecode(path)) for notebook_id, path in rows)

    def moved(self, old: str, new: str) -> None:
        """The history follows the file; if both have one, both stay, and `new` goes on with its own."""
        with self._database.writing():
            source, target = self.notebook_id(old), self.notebook_id(new)
            if source is None or source == target or (target is not None and self._column(target, "last")):
                return
            self._database.run("DELETE FROM book WHERE id = ?", target)
            self._database.run("UPDATE book SET path = ? WHERE id = ?", os.fsencode(new), source)

    def stamp(self, notebook_id: int) -> tuple[int, int, int] | None:
        """What was last set: (modified, size, inode)."""
        row = self._database.row("SELECT glance FROM book WHERE id = ?", notebook_id)
        if row is None or row[0] is None:
            return None
        with self._database.decoding("file stamp"):
            modified, size, inode = map(int, row[0].split())
            return modified, size, inode

    def set_stamp(self, notebook_id: int, stamp: tuple[int, int, int]) -> None:
        """Remember what the file looked like when it held the head: it need not be read if it still does."""
        if self.stamp(notebook_id) != stamp:
            with self._database.writing():
                text = " ".join(map(str, stamp))
                self._database.run("UPDATE book SET glance = ? WHERE id = ?", text, notebook_id)

    def heads(self, notebook_id: int) -> Heads | None:
        """Where the notebook stands; None before its first version."""
        text = self._column(notebook_id, "standing")
        with self._database.decoding("heads"):
            return None if text is None else read_heads(text)

    def set_heads(self, notebook_id: int, heads: Heads) -> None:
        """Set where the notebook stands."""
        statement = "UPDATE book SET standing = ?, open = ? WHERE id = ?"
        with self._database.writing():
            self._database.run(statement, heads_text(heads), len(heads.open), notebook_id)

    # Versions.

    def versions(self, notebook_id: int, last: int | None = None) -> tuple[Version, ...]:
        """The versions that are kept, ascending; at most the `last` newest ones."""
        newest_first = f"book = ? AND {KEPT} ORDER BY number DESC LIMIT ?"
        return self._versions(newest_first, notebook_id, -1 if last is None else last)[::-1]

    def version(self, notebook_id: int, number: int) -> Version:
        """One version, kept or not.  Raises NotebookError if it never was."""
        found = self._versions("book = ? AND number = ?", notebook_id, number)
        if not found:
            raise NotebookError(f"{self.path_of(notebook_id)}: there is no version {number}; see `log`")
        return found[0]

    def find(self, notebook_id: int, digest: str) -> Version | None:
        """The newest version that is kept and has exactly these bytes."""
        newest = f"book = ? AND digest = ? AND {KEPT} ORDER BY number DESC LIMIT 1"
        return next(iter(self._versions(newest, notebook_id, bytes.fromhex(digest))), None)

    def beginning(self, notebook_id: int, digits: str) -> tuple[Version, ...]:
        """The versions that are kept whose digest begins with these digits, an even number; ascending."""
        first = bytes.fromhex(digits)
        begins = f"book = ? AND digest >= ? AND digest < ? AND {KEPT} ORDER BY number"
        return self._versions(begins, notebook_id, first, first + b"\xff" * 32)

    def merges(self, notebook_id: int, before: int, last: int) -> tuple[Version, ...]:
        """The newest merges of a notebook that are kept and older than a version, newest first."""
        newest = f"book = ? AND origin = 'merged' AND number < ? AND {KEPT} ORDER BY number DESC LIMIT ?"
        return self._versions(newest, notebook_id, before, last)

    def merge_of(self, notebook_id: int, tips: Collection[int]) -> int | None:
        """The newest version that is kept and whose content is the merge of exactly these tips."""
        made = f"SELECT max(number) FROM version WHERE book = ? AND made_of = ? AND {KEPT}"
        row = self._database.row(made, notebook_id, parents_text(tuple(sorted(tips))))
        return row[0] if row else None

    def sent(self, notebook_id: int, save_id: str) -> Version | None:
        """The version that a save became, if it is kept, by the name that its writer gave the save."""
        named = f"number = (SELECT number FROM sent WHERE book = ? AND save_id = ?) AND book = ? AND {KEPT}"
        return next(iter(self._versions(named, notebook_id, save_id, notebook_id)), None)

    def note_sent(self, notebook_id: int, save_id: str, number: int) -> None:
        """Remember which version a save became."""
        statement = "INSERT OR REPLACE INTO sent (book, save_id, number) VALUES (?, ?, ?)"
        with self._database.writing():
            self._database.run(statement, notebook_id, save_id, number)

    def conflicts(self, notebook_id: int, number: int) -> tuple[Conflict, ...] | None:
        """The conflicts that a merge made; None if nobody noted them."""
        query = "SELECT made FROM conflicts WHERE book = ? AND number = ?"
        row = self._database.row(query, notebook_id, number)
        with self._database.decoding("conflicts"):
            return None if row is None else read_conflicts(row[0])

    def note_conflicts(self, notebook_id: int, number: int, made: Sequence[Conflict]) -> None:
        """Remember the conflicts that a merge made: to make it once more takes as long as a merge."""
        statement = "INSERT OR REPLACE INTO conflicts (book, number, made) VALUES (?, ?, ?)"
        with self._database.writing():
            self._database.run(statement, notebook_id, number, conflicts_packed(made))

    def graph(self, notebook_id: int) -> Graph:
        """How all versions descend from each other, the dropped ones too."""
        return Graph(StoredParents(self._database, notebook_id))

    def may_show_conflicts(self, notebook_id: int, number: int) -> bool:
        """Whether a version is worth reading for the conflicts in it; False is certain."""
        query = "SELECT marked FROM version WHERE book = ? AND number = ?"
        row = self._database.row(query, notebook_id, number)
        return row is not None and row[0] != 0

    def data(self, notebook_id: int, number: int) -> bytes:
        """The exact bytes.  Raises NotebookError if the version is no longer kept, or never was."""
        with self._database.reading():
            version = self.version(notebook_id, number)
            recipe = self._recipe(notebook_id, number)
            if recipe is None:
                raise NotebookError(
                    f"{self.path_of(notebook_id)}: version {number} is no longer kept; see `log`"
                )
            with self._database.decoding(f"version {number}"):
                data = fetch(self._database, recipe)
        if digest(data) != version.digest:
            raise self._database.damaged(f"version {number} has changed")
        return data

    def contents(
        self, notebook_id: int, wanted: Collection[int] | None = None
    ) -> Iterator[tuple[Version, list[bytes]]]:
        """The versions that are kept (of them those that are `wanted`), newest first, each with the pieces of
        its bytes; a piece that the one before it had, too, is the same object."""
        reader = PieceReader(self._database)
        recipes = "SELECT number, recipe FROM version WHERE book = ? AND recipe IS NOT NULL"
        with self._database.reading():
            found = dict(self._database.rows(recipes, notebook_id))
            for version in reversed(self.versions(notebook_id)):
                if wanted is not None and version.number not in wanted:
                    continue
                with self._database.decoding(f"version {version.number}"):
                    yield version, reader.pieces(found[version.number])

    def record(
        self,
        notebook_id: int,
        data: bytes,
        draft: Draft,
        heads: Callable[[Version], Heads] | None = None,
        name: str = "",
    ) -> Version:
        """Add a version and, with it or not at all, the heads that follow from it; `name` is the digest of
        the bytes, if it is known."""
        name = name or digest(data)
        with self._database.writing():
            last = self._column(notebook_id, "last")
            version = Version(
                last + 1, name, draft.time, draft.origin, draft.parents, draft.writer, len(data), draft.why
            )
            content = keep(self._database, notebook_id, data, last, self._content(notebook_id, last))
            self._database.run(
                f"INSERT INTO version (book, {COLUMNS}, recipe, made_of, marked) VALUES (?{', ?' * 10})",
                notebook_id,
                *version_row(version),
                pack_ids(content.ids),
                parents_text(tuple(sorted(version.parents))) if version.origin is Origin.MERGED else None,
                may_hold_conflicts(data),
            )
            self._database.run("UPDATE book SET last = ? WHERE id = ?", version.number, notebook_id)
            if heads is not None:
                self.set_heads(notebook_id, heads(version))
            self._newest.put(notebook_id, version.number, content)
        return version

    def reparent(self, notebook_id: int, number: int, parents: tuple[int, ...]) -> None:
        """A version turns out to descend from others than was thought when it was recorded."""
        statement = "UPDATE version SET parents = ?, made_of = NULL WHERE book = ? AND number = ?"
        with self._database.writing():
            self._database.run(statement, parents_text(parents), notebook_id, number)

    def explain(self, notebook_id: int, number: int, why: str, writer: Writer | None = None) -> None:
        """Why a version is taken to descend from its parents turns out when they do, as may who wrote it."""
        note = json.dumps([astuple(writer or self.version(notebook_id, number).writer), why])
        with self._database.writing():
            self._database.run(
                "UPDATE version SET note = ? WHERE book = ? AND number = ?", note, notebook_id, number
            )

    # The whole.

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

    def prune(self, now: float) -> int:
        """Drop versions that are too old or too many, oldest first; returns how many.  None that
        is a notebook's newest, that it stands on, or that an open conflict is made of."""
        return prune(self._database, self._retention, now, self._needed)

    def totals(self) -> Totals:
        """How much there is."""
        with self._database.reading():
            [[notebooks, open_tips]] = self._database.rows(
                "SELECT count(*), total(open) FROM book WHERE last > 0"
            )
            [[versions]] = self._database.rows(f"SELECT count(*) FROM version WHERE {KEPT}")
            merged = f"SELECT count(*) FROM version WHERE origin = 'merged' AND {KEPT}"
            [[merges]] = self._database.rows(merged)
            return Totals(notebooks, versions, merges, int(open_tips), self._database.size())

    def check(self) -> None:
        """Read the whole file, some seconds for each gigabyte.  Raises StoreLost if it is damaged."""
        self._database.check()

    def _needed(self, notebook_id: int) -> frozenset[int]:
        """What pruning spares; also merges of what it spares, which are what those have in common."""
        spared = needed(self.graph(notebook_id), self.heads(notebook_id))
        made = "SELECT number, made_of FROM version WHERE book = ? AND made_of IS NOT NULL"
        rows = self._database.rows(made, notebook_id)
        return spared | {number for number, tips in rows if spared.issuperset(read_parents(tips))}

    def _recipe(self, notebook_id: int, number: int) -> bytes | None:
        query = "SELECT recipe FROM version WHERE book = ? AND number = ?"
        row = self._database.row(query, notebook_id, number)
        return row[0] if row else None

    def _content(self, notebook_id: int, number: int) -> StoredContent:
        known = self._newest.take(notebook_id, number, self._database.undone)
        if known is not None:
            return known
        recipe = self._recipe(notebook_id, number)
        with self._database.decoding(f"version {number}"):
            return StoredContent(unpack_ids(recipe)) if recipe else StoredContent()

    def _versions(self, condition: str, *values: object) -> tuple[Version, ...]:
        rows = self._database.rows(f"SELECT {COLUMNS} FROM version WHERE {condition}", *values)
        with self._database.decoding("version"):
            return tuple(map(read_version, rows))

    def _column(self, notebook_id: int, column: str) -> Any:
        row = self._database.row(f"SELECT {column} FROM book WHERE id = ?", notebook_id)
        if row is None:
            raise NotebookError(
                f"notebook {notebook_id}: there is no such notebook in the store; adopt its path first"
            )
        return row[0]


class StoredParents(Mapping[int, tuple[int, ...]]):
    """The parents of a notebook's versions by number, read as far back as somebody asks."""

    def __init__(self, database: Database, notebook_id: int) -> None:
        self._database = database
        self._notebook_id = notebook_id
        self._known: dict[int, tuple[int, ...]] = {}
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


class NewestContents:
    """The newest version of each of the notebooks that were saved last, in memory, so that what a save
    did not change need not be cut, hashed and looked up again.

    It gives what the store holds: a transaction that came to nothing, of which `undone` is the count,
    empties it.
    """

    def __init__(self) -> None:
        # by notebook: version, content, its size; the one that was put last stands last
        self._contents: dict[int, tuple[int, StoredContent, int]] = {}
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
        while self._size > HELD:
            _, _, size = self._contents.pop(next(iter(self._contents)))
            self._size -= size


# How values are spelled in the tables.


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


def conflicts_packed(made: Sequence[Conflict]) -> bytes:
    """Conflicts as JSON, deflated."""
    return pack(json.dumps([one.as_json() for one in made]).encode("ascii"), THOROUGH)


def read_conflicts(packed: bytes) -> tuple[Conflict, ...]:
    """The conflicts that were packed."""
    found: list[dict[str, Any]] = json.loads(unpack(packed))
    return tuple(
        Conflict(**{**fields, "lines": range(*fields["lines"])} if "lines" in fields else fields)
        for fields in found
    )


def heads_text(heads: Heads) -> str:
    """Heads as JSON."""
    return json.dumps(asdict(heads))


def read_heads(text: str) -> Heads:
    """The heads that the JSON says."""
    fields: dict[str, Any] = json.loads(text)
    fields["open"] = [OpenTip(**tip) for tip in fields["open"]]
    lists = {name: tuple(value) for name, value in fields.items() if isinstance(value, list)}
    return Heads(**{**fields, **lists})
