"""Owns: the versions of notebooks, and where each notebook is and stands.

Must not know: any engine, how bytes are cut and packed, rules of merging.  Invariant: a version is there with
its exact bytes and the heads that it brought, or not at all; numbers count from 1 for each notebook and
none is given twice; a path has at most one notebook and a notebook one path.

Every method of the store raises SystemFailure if the system refuses (nothing was changed then, and the
store can be used again), StoreLost if the store must be opened anew.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial

from nbmerge.conflicts.signs import may_hold_conflicts
from nbmerge.errors import NotebookError
from nbmerge.files import digest
from nbmerge.history.database import Database, Growth, Hearing
from nbmerge.history.hearing import told_paths
from nbmerge.history.lock import StoreLocks
from nbmerge.history.parents import StoredParents
from nbmerge.history.pieces import PieceReader, StoredContent, fetch, keep, pack_ids, unpack_ids
from nbmerge.history.places import OneMachine, Places, here, stored
from nbmerge.history.pruning import KEPT, needed, prune
from nbmerge.history.recent import WINDOW, NewestContents, RecentNotebooks
from nbmerge.history.spelling import (
    COLUMNS,
    conflicts_packed,
    digests_from,
    heads_text,
    note_text,
    parents_text,
    read_conflicts,
    read_heads,
    read_parents,
    read_stamp,
    read_version,
    spelled,
    version_row,
)
from nbmerge.history.values import Draft, LastSeen, Retention, StoredNotebook, Totals
from nbmerge.lineage.heads import Heads
from nbmerge.lineage.versions import Graph, Origin, Version, Writer
from nbmerge.merge.values import Conflict

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from nbmerge.history.hearing import Spoken, Told

TOGETHER = 200  # versions that are asked for in one question
ALL = 1 << 60  # versions: more than there are
_BEGINNING = f"""
    SELECT {COLUMNS} FROM version WHERE book = ? AND digest >= ? AND digest < ? AND {KEPT} ORDER BY number
"""
_UP_TO = "book = ? AND number <= ? AND number > ? ORDER BY number DESC LIMIT ?"
_SENT = f"""
    SELECT {COLUMNS} FROM version
    WHERE number = (SELECT number FROM sent WHERE book = ? AND save_id = ?) AND book = ? AND {KEPT}
"""


class Store:
    """An open store; any thread may use it.  A notebook is named by the id that `adopt` gives."""

    def __init__(
        self,
        database: Database,
        locks: StoreLocks,
        retention: Retention,
        recent: RecentNotebooks | None = None,
        places: Places = OneMachine(),
    ) -> None:
        self._database = database
        self.places = places
        self.locks = locks
        self._retention = retention
        self._newest = NewestContents()
        self._recent = recent or RecentNotebooks()

    # Notebooks.

    def adopt(self, path: str) -> int:
        """The id of the notebook at this path; a new one if there is none."""
        if (known := self.notebook_id(path)) is not None:
            return known
        with self._database.writing():
            name = stored(self.places, path)
            self._database.run("INSERT INTO book (path) VALUES (?) ON CONFLICT (path) DO NOTHING", name)
            known = self.notebook_id(path)  # another process may have been faster
        assert known is not None
        return known

    def notebook_id(self, path: str) -> int | None:
        """The id of the notebook at this path, if it has one."""
        name = stored(self.places, path)
        if (known := self._recent.named(name)) is not None:
            return known.notebook_id
        row = self._database.row("SELECT id FROM book WHERE path = ?", name)
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
        """Where the notebook is now; if it is on other machines only, what the store calls it.  Raises
        NotebookError if there is no such notebook."""
        name = self._column(notebook_id, "path")
        return here(self.places, name) or os.fsdecode(name)

    def notebooks(self) -> tuple[StoredNotebook, ...]:
        """All notebooks that this machine has, by path."""
        rows = self._database.rows("SELECT id, path FROM book ORDER BY path")
        with self._database.decoding("paths"):
            found = [(number, here(self.places, name)) for number, name in rows]
        return tuple(StoredNotebook(number, path) for number, path in found if path is not None)

    def standings(self) -> Iterator[tuple[StoredNotebook, Heads]]:
        """All notebooks that have a version and that this machine has, by path, and where each stands."""
        rows = self._database.rows("SELECT id, path, standing FROM book WHERE last > 0 ORDER BY path")
        with self._database.decoding("heads"):
            for notebook_id, name, text in rows:
                if text is not None and (path := here(self.places, name)) is not None:
                    yield StoredNotebook(notebook_id, path), read_heads(text)

    def seen(self, path: str) -> LastSeen | None:
        """What is known of the notebook at this path, in one question; None: nothing."""
        query = "SELECT id, glance, standing FROM book WHERE path = ?"
        row = self._database.row(query, stored(self.places, path))
        if row is None:
            return None
        notebook_id, glance, text = row
        with self._database.decoding("notebook"):
            stamp = None if glance is None else read_stamp(glance)
            return LastSeen(notebook_id, stamp, None if text is None else read_heads(text))

    def moved(self, old: str, new: str) -> None:
        """The history follows the file; if both have one, both stay, and `new` goes on with its own."""
        names = partial(stored, self.places, old), partial(stored, self.places, new)
        with self.locks.owning(*names), self._database.writing():
            source, target = self.notebook_id(old), self.notebook_id(new)
            if source is None or source == target or (target is not None and self._column(target, "last")):
                return
            self._recent.forget(source, target)
            self._database.run("DELETE FROM book WHERE id = ?", target)
            self._database.run("UPDATE book SET path = ? WHERE id = ?", stored(self.places, new), source)
            self._database.changed(source)

    @property
    def is_shared(self) -> bool:
        """Whether other machines use it, too."""
        return self.places.shared

    def stamp(self, notebook_id: int) -> tuple[int, int, int] | None:
        """What was last set: (modified, size, inode)."""
        if (known := self._recent.of(notebook_id)) is not None:
            return known.glance
        row = self._database.row("SELECT glance FROM book WHERE id = ?", notebook_id)
        if row is None or row[0] is None:
            return None
        with self._database.decoding("file stamp"):
            return read_stamp(row[0])

    def set_stamp(self, notebook_id: int, stamp: tuple[int, int, int]) -> None:
        """Remember what the file looked like when it held the head: it need not be read if it still does."""
        if self.stamp(notebook_id) != stamp:
            if (known := self._recent.of(notebook_id)) is not None:
                known.glance = stamp
            text = " ".join(map(str, stamp))
            self._database.note("UPDATE book SET glance = ? WHERE id = ?", text, notebook_id)

    def heads(self, notebook_id: int) -> Heads | None:
        """Where the notebook stands; None before its first version."""
        if (known := self._recent.of(notebook_id)) is not None:
            return known.heads
        text = self._column(notebook_id, "standing")
        with self._database.decoding("heads"):
            return None if text is None else read_heads(text)

    def set_heads(self, notebook_id: int, heads: Heads) -> None:
        """Set where the notebook stands."""
        known = self._recent.of(notebook_id)
        if known is not None and known.heads == heads:
            return
        statement = "UPDATE book SET standing = ?, open = ? WHERE id = ?"
        with self._changing(notebook_id):
            self._database.run(statement, heads_text(heads), len(heads.open), notebook_id)
            if (known := self._recent.of(notebook_id)) is not None:
                known.heads = heads

    # Versions.

    def versions(self, notebook_id: int, last: int | None = None) -> tuple[Version, ...]:
        """The versions that are kept, ascending; at most the `last` newest ones."""
        known = self._recent.of(notebook_id)
        if known is not None and (found := known.newest(last)) is not None:
            return found
        newest_first = f"book = ? AND {KEPT} ORDER BY number DESC LIMIT ?"
        return self._versions(newest_first, notebook_id, ALL if last is None else last)[::-1]

    def version(self, notebook_id: int, number: int) -> Version:
        """One version, kept or not.  Raises NotebookError if it never was."""
        known = self._recent.of(notebook_id)
        if known is not None and (one := known.version(number)) is not None:
            return one
        near = 1 if known is None else WINDOW  # others that are as old are asked for next
        found = self._versions(_UP_TO, notebook_id, number, number - near, near)
        if not found or found[0].number != number:
            raise NotebookError(f"{self.path_of(notebook_id)}: there is no version {number}; see `log`")
        if known is not None:
            known.older |= {one.number: one for one in found}
        return found[0]

    def find(self, notebook_id: int, digest: str) -> Version | None:
        """The newest version that is kept and has exactly these bytes."""
        if (known := self._recent.of(notebook_id)) is not None:
            found = known.with_digest(digest)
            if found is not None or known.floor == 0:
                return found
            if digest in known.sought:
                return known.sought[digest]
        newest = f"book = ? AND digest = ? AND {KEPT} ORDER BY number DESC LIMIT 1"
        return next(iter(self._versions(newest, notebook_id, bytes.fromhex(digest))), None)

    def beginning(self, notebook_id: int, digits: str) -> tuple[Version, ...]:
        """The versions that are kept whose digest begins with these digits, an even number; ascending."""
        return self._read(_BEGINNING, notebook_id, *digests_from(digits))

    def merges(self, notebook_id: int, before: int, last: int) -> tuple[Version, ...]:
        """The newest merges of a notebook that are kept and older than a version, newest first."""
        newest = f"book = ? AND origin = 'merged' AND number < ? AND {KEPT} ORDER BY number DESC LIMIT ?"
        return self._versions(newest, notebook_id, before, last)

    def merge_of(self, notebook_id: int, tips: Collection[int]) -> int | None:
        """The newest version that is kept and whose content is the merge of exactly these tips."""
        made = f"SELECT max(number) FROM version WHERE book = ? AND made_of = ? AND {KEPT}"
        row = self._database.row(made, notebook_id, parents_text(sorted(tips)))
        return row[0] if row else None

    def sent(self, notebook_id: int, save_id: str) -> Version | None:
        """The version that a save became, if it is kept, by the name that its writer gave the save."""
        return next(iter(self._read(_SENT, notebook_id, spelled(save_id), notebook_id)), None)

    def foresee(self, notebook_id: int, save_id: str, digits: Collection[str]) -> None:
        """It will be asked soon which version a save became, and which versions begin with these digits: who
        is far from the database asks all at once."""
        asked: list[tuple[str, Sequence[object]]] = [
            (_SENT, (notebook_id, spelled(save_id), notebook_id)),
            *((_BEGINNING, (notebook_id, *digests_from(one))) for one in digits),
        ]
        self._database.foresee(asked)

    def note_sent(self, notebook_id: int, save_id: str, number: int) -> None:
        """Remember which version a save became."""
        statement = (
            "INSERT INTO sent (book, save_id, number) VALUES (?, ?, ?)"
            " ON CONFLICT (book, save_id) DO UPDATE SET number = excluded.number"
        )
        with self._database.writing():
            self._database.run(statement, notebook_id, spelled(save_id), number)

    def conflicts(self, notebook_id: int, number: int) -> tuple[Conflict, ...] | None:
        """The conflicts that a merge made; None if nobody noted them."""
        query = "SELECT made FROM conflicts WHERE book = ? AND number = ?"
        row = self._database.row(query, notebook_id, number)
        with self._database.decoding("conflicts"):
            return None if row is None else read_conflicts(row[0])

    def note_conflicts(self, notebook_id: int, number: int, made: Sequence[Conflict]) -> None:
        """Remember the conflicts that a merge made: to make it once more takes as long as a merge."""
        statement = (
            "INSERT INTO conflicts (book, number, made) VALUES (?, ?, ?)"
            " ON CONFLICT (book, number) DO UPDATE SET made = excluded.made"
        )
        with self._database.writing():
            self._database.run(statement, notebook_id, number, conflicts_packed(made))

    def graph(self, notebook_id: int) -> Graph:
        """How all versions descend from each other, the dropped ones too."""
        known = self._recent.of(notebook_id)
        return Graph(StoredParents(self._database, notebook_id, known.parents() if known else {}))

    def may_show_conflicts(self, wanted: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
        """The versions, each a notebook and a number, that are worth reading for the conflicts in them; that
        the others show none is certain."""
        found: set[tuple[int, int]] = set()
        for start in range(0, len(wanted), TOGETHER):
            pairs = ",".join(
                f"({int(book)},{int(number)})" for book, number in wanted[start : start + TOGETHER]
            )
            query = f"SELECT book, number, marked FROM version WHERE (book, number) IN (VALUES {pairs})"
            found |= {(book, number) for book, number, marked in self._database.rows(query) if marked != 0}
        return found

    def data(self, notebook_id: int, number: int) -> bytes:
        """The exact bytes.  Raises NotebookError if the version is no longer kept, or never was."""
        if (newest := self._newest.look(notebook_id, number, self._database.undone)) is not None:
            return newest
        if (known := self._recent.of(notebook_id)) is not None and number in known.read:
            return known.read[number]
        with self._database.reading():
            version = self.version(notebook_id, number)
            recipe = self._recipe(notebook_id, number)
            if recipe is None:
                path = self.path_of(notebook_id)
                raise NotebookError(f"{path}: version {number} is no longer kept; see `log`")
            with self._database.decoding(f"version {number}"):
                data = fetch(self._database, recipe)
        if digest(data) != version.digest:
            raise self._database.damaged(f"version {number} has changed")
        if known is not None:
            known.was_read(number, data)
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
        with self._changing(notebook_id):
            last = self._last(notebook_id)
            version = Version(
                last + 1, name, draft.time, draft.origin, draft.parents, draft.writer, len(data), draft.why
            )
            content = keep(self._database, notebook_id, data, last, self._content(notebook_id, last))
            self._database.run(
                f"INSERT INTO version (book, {COLUMNS}, recipe, made_of, marked) VALUES (?{', ?' * 10})",
                notebook_id,
                *version_row(version),
                pack_ids(content.ids),
                parents_text(sorted(version.parents)) if version.origin is Origin.MERGED else None,
                may_hold_conflicts(data),
            )
            self._database.run("UPDATE book SET last = ? WHERE id = ?", version.number, notebook_id)
            is_merge = version.origin is Origin.MERGED
            self._database.changed(notebook_id, Growth(1, int(is_merge), content.added))
            if (known := self._recent.of(notebook_id)) is not None:
                known.add(version)
            if heads is not None:
                self.set_heads(notebook_id, heads(version))
            self._newest.put(notebook_id, version.number, content)
        return version

    def reparent(self, notebook_id: int, number: int, parents: tuple[int, ...]) -> None:
        """A version turns out to descend from others than was thought when it was recorded."""
        statement = "UPDATE version SET parents = ?, made_of = NULL WHERE book = ? AND number = ?"
        with self._changing(notebook_id):
            self._database.run(statement, parents_text(parents), notebook_id, number)
            if (known := self._recent.of(notebook_id)) is not None:
                known.reparented(number, parents)

    def explain(self, notebook_id: int, number: int, why: str, writer: Writer | None = None) -> None:
        """Why a version is taken to descend from its parents turns out when they do, as may who wrote it."""
        before = self.version(notebook_id, number)
        after = replace(before, writer=writer or before.writer, why=why)
        statement = "UPDATE version SET note = ? WHERE book = ? AND number = ?"
        with self._changing(notebook_id):
            self._database.run(statement, note_text(after), notebook_id, number)
            if (known := self._recent.of(notebook_id)) is not None:
                known.change(number, lambda _: after)

    # The whole.

    def lock(self, *paths: str, seeking: Callable[[], str] | None = None) -> AbstractContextManager[None]:
        """While it is held no other process, and no other thread, changes these notebooks, or the state
        directory; on one machine, any notebook.  `seeking`: the digest of bytes that will be looked for in
        the first one, which is asked for together with the lock."""
        return self.locks.on(*(stored(self.places, path) for path in paths), seeking=seeking)

    def confirm_lock(self) -> None:
        """To be called just before something is written to a file.  Raises SystemFailure if somebody else
        may hold the lock by now, because the database could not be reached for a while."""
        self._database.confirm()

    def hear(self, told: Told, spoken: Spoken | None = None) -> Hearing | None:
        """Have it told, in another thread, which notebooks others have changed and what they say."""
        return self._database.hear(told_paths(self._database, self.places, told), spoken)

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
        return prune(self._database, self._retention, now, self)

    def totals(self) -> Totals:
        """How much there is."""
        notebooks, versions, merges, open_tips = self._database.counts()
        return Totals(notebooks, versions, merges, open_tips, self._database.size())

    def check(self) -> None:
        """Read the whole file, some seconds for each gigabyte.  Raises StoreLost if it is damaged."""
        self._database.check()

    @contextmanager
    def pruning(self, notebook_id: int) -> Iterator[bool]:
        """While some versions of a notebook are dropped nobody else changes it; False: somebody does now."""
        with self.locks.unless_busy(partial(self._name, notebook_id)) as is_free:
            try:
                yield is_free
            finally:
                self._recent.forget(notebook_id)

    def needed(self, notebook_id: int) -> frozenset[int]:
        """What pruning spares; also merges of what it spares, which are what those have in common."""
        spared = needed(self.graph(notebook_id), self.heads(notebook_id))
        made = "SELECT number, made_of FROM version WHERE book = ? AND made_of IS NOT NULL"
        rows = self._database.rows(made, notebook_id)
        return spared | {number for number, tips in rows if spared.issuperset(read_parents(tips))}

    @contextmanager
    def _changing(self, notebook_id: int) -> Iterator[None]:
        """In a transaction, and with the notebook's lock where each has its own."""
        names = () if self._recent.of(notebook_id) is not None else (partial(self._name, notebook_id),)
        with self.locks.owning(*names), self._database.writing():
            yield
            self._database.changed(notebook_id)

    def _name(self, notebook_id: int) -> bytes:
        """Under which name the notebook is locked."""
        return bytes(self._column(notebook_id, "path"))

    def _last(self, notebook_id: int) -> int:
        known = self._recent.of(notebook_id)
        return int(self._column(notebook_id, "last")) if known is None else known.last

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
        return self._read(f"SELECT {COLUMNS} FROM version WHERE {condition}", *values)

    def _read(self, query: str, *values: object) -> tuple[Version, ...]:
        rows = self._database.rows(query, *values)
        with self._database.decoding("version"):
            return tuple(map(read_version, rows))

    def _column(self, notebook_id: int, column: str) -> Any:
        row = self._database.row(f"SELECT {column} FROM book WHERE id = ?", notebook_id)
        if row is None:
            why = "there is no such notebook in the store; adopt its path first"
            raise NotebookError(f"notebook {notebook_id}: {why}")
        return row[0]
