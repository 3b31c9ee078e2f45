"""Owns: the lock on each notebook where many machines share the store, and taking in with it what the store
says of the notebook.

Must not know: how statements reach the database, what the lock is for.  Invariant: at most one thread of all
machines holds a notebook's lock; it ends with the connection, at the latest when nothing was heard of its
holder for a while, and then nothing that the holder still sends is carried out.  The clock of a machine plays
no part in who holds it.  Who waits for a notebook keeps nobody on their own machine from another one.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from hashlib import blake2b
from threading import local as by_thread

from nbmerge.history.lock import DirectoryLock
from nbmerge.history.postgres import PostgresDatabase
from nbmerge.history.recent import WINDOW, KnownNotebook, RecentNotebooks
from nbmerge.history.spelling import COLUMNS, read_heads, read_stamp, read_version
from nbmerge.history.values import NotebookHeld
from nbmerge.history.wire import Statement

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

PATIENCE = 60.0  # seconds; a merge of the largest notebooks takes a few
_HURRY = 0.1  # seconds for who is in a hurry: that somebody frees a lock is on its way for a while
SILENCE = 45  # seconds for which a holder may ask the database nothing
PAUSES = (0.002, 0.005, 0.01, 0.02, 0.05)  # seconds between tries; the last one from then on
_BOOK = "SELECT id, generation, last, standing, glance FROM book WHERE path = ?"
_VERSIONS = f"""
    SELECT {COLUMNS}, recipe IS NOT NULL FROM version
    WHERE book = (SELECT id FROM book WHERE path = ? AND generation <> ?) ORDER BY number DESC LIMIT {WINDOW}
"""
_SOUGHT = f"""
    SELECT {COLUMNS} FROM version WHERE book = (SELECT id FROM book WHERE path = ?) AND digest = ?
    AND recipe IS NOT NULL ORDER BY number DESC LIMIT 1
"""


class NotebookLocks:
    """The locks of one store; `local` is that of the state directory on this machine."""

    def __init__(
        self,
        database: PostgresDatabase,
        recent: RecentNotebooks,
        local: DirectoryLock,
        store: str,
        patience: float = PATIENCE,
        shown: Callable[[str], str] = str,
    ) -> None:
        self._database = database
        self._recent = recent
        self._local = local
        self._store = store.encode("ascii")
        self._patience = patience
        self._waits = by_thread()  # by thread
        self._shown = shown  # what people call a notebook
        self._held: dict[bytes, int] = {}  # how often, by name

    @contextlib.contextmanager
    def on(self, *names: bytes, seeking: Callable[[], str] | None = None) -> Iterator[None]:
        """While it lasts only this thread changes these notebooks, and the state directory; `seeking`: the
        digest of what will be looked for in the first."""
        self._acquire(names, "" if seeking is None else seeking())
        try:
            yield
        finally:
            self._release(names)

    @contextlib.contextmanager
    def owning(self, *names: Callable[[], bytes]) -> Iterator[None]:
        """The same for a single change by somebody who may not hold the lock."""
        with self.on(*(name() for name in names)) if names else contextlib.nullcontext():
            yield

    @contextlib.contextmanager
    def unless_busy(self, name: Callable[[], bytes]) -> Iterator[bool]:
        """The same for who can do without; False: somebody else holds it."""
        with self._local:
            names = (name(),)
            if not self._soon_taken(names):
                yield False
                return
            try:
                yield True
            finally:
                self._give_back(names)

    @contextlib.contextmanager
    def hurrying(self) -> Iterator[None]:
        """While it lasts this thread does not wait for a notebook that another machine holds."""
        before, self._waits.patience = self._waiting(), _HURRY
        try:
            yield
        finally:
            self._waits.patience = before

    def _waiting(self) -> float:
        """For how many seconds this thread waits."""
        return float(getattr(self._waits, "patience", self._patience))

    def _soon_taken(self, names: Sequence[bytes]) -> bool:
        """The same as `_taken`, but for a moment: that somebody frees a lock is on its way for a while."""
        for pause in PAUSES:
            if self._taken(names):
                return True
            time.sleep(pause)
        return self._taken(names)

    def _acquire(self, names: Sequence[bytes], seeking: str) -> None:
        patience = self._waiting()
        end, pauses = time.monotonic() + patience, iter(PAUSES)
        while True:
            self._local.__enter__()
            try:
                if self._taken(names, seeking):
                    return
                if time.monotonic() > end:
                    path = self._shown(os.fsdecode(names[0]))
                    raise NotebookHeld(
                        f"{path}: another machine or process has held the notebook for"
                        f" {patience:.0f} s; see what it does and try again"
                    )
            except BaseException:
                self._local.__exit__()
                raise
            self._local.__exit__()
            time.sleep(next(pauses, PAUSES[-1]))

    def _release(self, names: Sequence[bytes]) -> None:
        try:
            self._give_back(names)
        finally:
            self._local.__exit__()

    def _taken(self, names: Sequence[bytes], seeking: str = "") -> bool:
        """Whether these are locked now, all of them or none."""
        new = [name for name in dict.fromkeys(names) if not self._held.get(name)]
        if new and not self._all_locked(new, seeking):
            return False
        for name in names:
            self._held[name] = self._held.get(name, 0) + 1
        return True

    def _give_back(self, names: Sequence[bytes]) -> None:
        for name in names:
            self._held[name] -= 1
        free = [name for name in dict.fromkeys(names) if not self._held[name]]
        for name in free:
            del self._held[name]
            self._forget(name)
        if free:
            self._database.unlock([self._key(name) for name in free])

    def _forget(self, name: bytes) -> None:
        known = self._recent.known(name)
        if known is not None:
            known.forget_what_was_asked()
            known.generation = self._database.generations.pop(known.notebook_id, -1)
        self._recent.unlock(name)

    def _all_locked(self, names: Sequence[bytes], seeking: str) -> bool:
        """Lock them, and take in what the store says of them, in one way there and back."""
        database, keys = self._database, [self._key(name) for name in names]
        asked: list[Statement] = []
        for name in names:
            asked += [(_BOOK, (name,)), (_VERSIONS, (name, self._recent.generation(name)))]
        if seeking:
            asked.append((_SOUGHT, (names[0], bytes.fromhex(seeking))))
        told = database.try_locks(keys, SILENCE, *asked)
        if told is None:
            return False
        found = told[2 * len(names) :]
        told = told[: 2 * len(names)]
        try:
            for name, book, versions in zip(names, told[::2], told[1::2], strict=True):
                with database.decoding("notebook"):
                    known = self._known(name, book, versions)
                self._recent.lock(name, known)
                if known is not None:
                    database.generations[known.notebook_id] = known.generation
                    if name == names[0] and found:
                        known.sought[seeking] = next(map(read_version, found[0]), None)
        except BaseException:
            for name in names:
                self._forget(name)
            database.unlock(keys)
            raise
        return True

    def _known(
        self, name: bytes, book: Sequence[tuple[Any, ...]], versions: Sequence[tuple[Any, ...]]
    ) -> KnownNotebook | None:
        if not book:
            return None
        notebook_id, generation, last, standing, glance = book[0]
        stamp = None if glance is None else read_stamp(glance)
        before = self._recent.known(name)
        if before is not None and (before.notebook_id, before.generation) == (notebook_id, generation):
            before.glance = stamp
            return before
        heads = None if standing is None else read_heads(standing)
        known = KnownNotebook(notebook_id, name, generation, last, heads, stamp)
        known.fill((read_version(row[:-1]), row[-1]) for row in versions)
        return known

    def _key(self, name: bytes) -> int:
        """The number of the lock, which all stores of the database share."""
        chosen = blake2b(name, digest_size=8, key=self._store).digest()
        return int.from_bytes(chosen, "big", signed=True)
