"""Owns: the engine that many machines share, PostgreSQL: the connection, transactions, its failures in words.

Must not know: what the tables mean, which notebook is locked by whom.  Invariant: after a failure nothing of
the transaction is there and the database can be used again; any thread may use it.  A connection that was
lost is made anew only when nothing depends on the old one: no transaction, and no lock, which ended with it.
No password is in anything that it says.

What counts is the way there and back, 1 to 20 ms, so statements whose answer nobody needs wait in a queue,
and go with the next question or with the end of the transaction; what is sent together is answered together
(libpq's pipeline mode).  A commit waits for the database's disk.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from threading import RLock

from nbmerge.errors import SystemFailure
from nbmerge.history.address import without_password
from nbmerge.history.connecting import PATIENCE, connection_to
from nbmerge.history.database import NO_GROWTH, Growth, Hearing, read_as_written
from nbmerge.history.values import StoreAway
from nbmerge.history.wire import ConnectionLost, NotCarriedOut, Rows, Statement, Wire

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    import psycopg


FEW = 32  # pieces that are sent at once, known or not: a question first would be another way there and back
FRESH = 0.5  # seconds: the other side waits many times longer before it gives up on us
SETTINGS = (  # the same for the other side: the locks of a machine that is cut off are freed
    "SET tcp_keepalives_idle = 5",
    "SET tcp_keepalives_interval = 3",
    "SET tcp_keepalives_count = 3",
    f"SET tcp_user_timeout = {PATIENCE * 1000}",
    "SET idle_in_transaction_session_timeout = '60s'",
    "SET client_min_messages = 'warning'",
)
BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"
AWAY = {"57P01", "57P02", "57P03", "57P05", "53300", "08000", "08003", "08006", "25P03"}
ADVICE = {
    "53100": "its disk is full; free some space there",
    "53200": "it has no memory left; see what it does",
    "25006": "it takes no writes (a standby?); name the primary server",
    "42501": "this role may not; have its rights granted (docs/hub.md names them)",
    "3F000": "the schema is not there, or this role may not use it (docs/hub.md names its rights)",
    "40P01": "two writers waited for each other; nothing was recorded, try again",
    "40001": "another writer was faster; nothing was recorded, try again",
    "42P01": "its tables are not all there; restore a backup, or name another schema",
    "42703": "its tables are not what they should be; restore a backup, or name another schema",
}
_RECOUNT = """
    UPDATE book SET
    kept = (SELECT count(*) FROM version WHERE book = ? AND recipe IS NOT NULL),
    merges = (SELECT count(*) FROM version WHERE book = ? AND recipe IS NOT NULL AND origin = 'merged'),
    bytes = (
        SELECT coalesce(sum(octet_length(piece.data)), 0) FROM use JOIN piece ON piece.id = use.piece
        WHERE use.book = ?
    )
    WHERE id = ?
"""
_COUNT_SHARE = 50  # counting takes one part in so many of the time


@dataclass(frozen=True, slots=True)
class _Counted:
    """Notebooks, versions, merges, open tips, bytes; `until`: when it is to be counted anew."""

    figures: tuple[int, int, int, int, int]
    until: float


class PostgresDatabase:
    """One schema of one database.  Raises SystemFailure; StoreAway if it cannot be reached."""

    usual_size = 1 << 62

    def __init__(self, address: str) -> None:
        self.path = without_password(address)
        self.undone = 0
        self.channel = ""  # on which changes are told
        self.generations: dict[int, int] = {}  # of the notebooks that are locked here
        self.locks = 0  # that are held here, and end with the connection
        self.forget: Callable[[], None] = lambda: None  # what to do when something came to nothing
        self._address = address
        self._mutex = RLock()
        self._depth = 0
        self._begun = False
        self._sent = 0  # statements of this transaction
        self._queue: list[Statement] = []
        self._notes: list[Statement] = []
        self._to_free: list[int] = []
        self._foreseen: dict[tuple[str, tuple[object, ...]], Rows] = {}
        self._changed: dict[int, Growth] = {}
        self._counted: _Counted | None = None
        self._connection: Wire | None = None
        with self._mutex:
            self._live()

    # Questions.

    def rows(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        with self._mutex:
            foreseen = self._foreseen.pop((sql, values), None)
            return self.ask((sql, values))[0] if foreseen is None else foreseen

    def foresee(self, asked: Sequence[Statement]) -> None:
        """These questions come next: ask them together, if nobody else can change the answers meanwhile."""
        with self._mutex:
            if self.locks:
                answers = self.ask(*asked)
                keys = ((sql, tuple(values)) for sql, values in asked)
                self._foreseen = dict(zip(keys, answers, strict=True))

    def row(self, sql: str, *values: object) -> tuple[Any, ...] | None:
        """The first row, if there is one."""
        return next(iter(self.rows(sql, *values)), None)

    def ask(self, *statements: Statement) -> list[Rows]:
        """The rows of each statement, all in one way there and back.

        It may be the first that meets a connection which has ended: where nothing depended on that, it is
        asked once more.
        """
        with self._mutex:
            depends = self._depth > 0 or self.locks > 0
            self._live()
            waiting, self._queue = self._queue, []
            self._begun = self._depth > 0
            self._sent += len(waiting) + len(statements)
            try:
                return self._exchange([*waiting, *statements])[len(waiting) :]
            except StoreAway:
                if depends:
                    raise
            return self._exchange(statements)

    # Changes.

    def run(self, sql: str, *values: object) -> None:
        """Execute a statement; within a transaction it may fail as late as at its end."""
        with self._mutex:
            if self._depth:
                self._queue.append((sql, values))
            else:
                self._exchange([(sql, values)])

    def run_all(self, sql: str, many: Sequence[Sequence[object]]) -> None:
        """Execute a statement for each sequence of values."""
        with self.writing():
            self._queue += [(sql, values) for values in many]

    def note(self, sql: str, *values: object) -> None:
        """Execute a statement that may come to nothing: it goes when the lock is given back."""
        with self._mutex:
            if self._depth or self.locks == 0:
                self.run(sql, *values)
            else:
                self._notes.append((sql, values))

    def insert(self, sql: str, *values: object) -> int:
        """Execute a statement; the id of the row that it inserted."""
        return int(self.rows(f"{sql} RETURNING id", *values)[0][0])

    def pieces(self, wanted: Mapping[bytes, Callable[[], bytes]]) -> Mapping[bytes, int]:
        """The ids of pieces by their names; one that is not there is added, as what is given for it."""
        if not wanted:
            return {}
        known: dict[bytes, int] = {}
        if len(wanted) > FEW:
            known |= self.ask(("SELECT hash, id FROM piece WHERE hash = ANY(?)", (list(wanted),)))[0]
        new = [name for name in wanted if name not in known]
        insert = (
            "INSERT INTO piece (hash, data) VALUES (?, ?) ON CONFLICT (hash) DO NOTHING RETURNING hash, id"
        )
        with self.writing():
            added = self.ask(
                ("SELECT hash, id FROM piece WHERE hash = ANY(?)", (new,)),
                *((insert, (name, wanted[name]())) for name in new),
            )
        return known | {name: number for rows in added for name, number in rows}

    def piece_name(self, notebook_id: int, name: bytes) -> bytes:
        """The name after that of the notebook: notebooks share no pieces, so none waits for another one,
        and what belongs together stands together in the index."""
        return notebook_id.to_bytes(8, "big") + name[:16]

    @contextlib.contextmanager
    def writing(self) -> Iterator[None]:
        """All or nothing.  Within another transaction: a part of it that may fail by itself."""
        with self._mutex:
            is_part = self._depth > 0
            place, changed = self._sent + len(self._queue), dict(self._changed)
            self._depth += 1
            self._queue.append(("SAVEPOINT part" if is_part else BEGIN, ()))
            try:
                yield
                if is_part:
                    self._queue.append(("RELEASE part", ()))
                else:
                    self._commit()
            except BaseException:
                self.undone += 1
                self._changed = changed
                if is_part:
                    self._undo_part(place)
                else:
                    self._undo()
                self.forget()
                raise
            finally:
                self._depth -= 1
                if not is_part:
                    self._begun, self._sent = False, 0
                    self._queue.clear()
                    self._changed.clear()
                    if self._to_free:
                        self._free()

    def changed(self, notebook_id: int, growth: Growth = NO_GROWTH) -> None:
        """Its generation is counted up at the end of the transaction, and all others are told."""
        self._foreseen.clear()
        known = self._changed.get(notebook_id, NO_GROWTH)
        self._changed[notebook_id] = known + growth

    def _commit(self) -> None:
        if not self._begun and len(self._queue) == 1 and not self._changed:
            return  # nothing was asked and nothing changed
        told: list[Statement] = []
        for notebook_id, growth in sorted(self._changed.items()):
            told.append(self._counted_up(notebook_id, growth))
            told.append(("SELECT pg_notify(?, ?)", (self.channel, str(notebook_id))))
        self._queue += told if self.channel else told[::2]
        self._live()
        waiting, self._queue = [*self._queue, ("COMMIT", ())], []
        self._begun = True
        if self._exchange(waiting)[-1]:  # it was rolled back: a part of it had failed
            raise SystemFailure(f"{self.path}: the store cannot be used: a part of the transaction failed")
        for notebook_id, growth in self._changed.items():
            if notebook_id in self.generations:
                self.generations[notebook_id] += 1
            self._add_to_count(growth)

    def _counted_up(self, notebook_id: int, growth: Growth) -> Statement:
        """One generation more; of a notebook that is locked here only if nobody else has changed it: else
        the NULL makes the whole transaction fail."""
        figures = growth.versions, growth.merges, growth.bytes
        sets = "kept = kept + ?, merges = merges + ?, bytes = bytes + ?"
        expected = self.generations.get(notebook_id)
        if expected is None:
            sql = f"UPDATE book SET generation = generation + 1, {sets} WHERE id = ?"
            return sql, (*figures, notebook_id)
        count = "generation = CASE WHEN generation = ? THEN generation + 1 END"
        return f"UPDATE book SET {count}, {sets} WHERE id = ?", (expected, *figures, notebook_id)

    def _undo(self) -> None:
        self._queue.clear()
        if self._begun:
            try:
                self._exchange([("ROLLBACK", ())])
            except SystemFailure:
                self._drop()  # with the connection the transaction ends

    def _undo_part(self, place: int) -> None:
        if place >= self._sent:
            del self._queue[place - self._sent :]
        else:
            self._queue[:] = [("ROLLBACK TO part", ()), ("RELEASE part", ())]

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """What is read within is of one moment; of what is locked here that is so anyway."""
        with self._mutex:
            if self._depth or self.locks:
                yield
                return
            self._depth += 1
            self._queue.append(("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", ()))
            try:
                yield
            finally:
                self._queue.clear()
                self._depth -= 1
                was_begun, self._begun, self._sent = self._begun, False, 0
                if was_begun and self._connection is not None and self._connection.is_open:
                    with contextlib.suppress(ConnectionLost):  # with the connection it ended
                        self._connection.tell([("COMMIT", ())])

    # Locks, which belong to the connection.

    def confirm(self) -> None:
        """Raises StoreAway if the connection to which the locks belong has ended."""
        with self._mutex:
            connection = self._live()
            if not connection.is_quiet() or time.monotonic() - connection.heard > FRESH:
                self.ask(("SELECT 1", ()))

    def try_locks(self, keys: Sequence[int], silence: int, *statements: Statement) -> list[Rows] | None:
        """Take the locks with these numbers, and what statements find then; None: some are held by others.

        They end also if nothing is asked for so many seconds: their holder may have been stopped.
        """
        with self._mutex:
            asked = [("SELECT pg_try_advisory_lock(?)", (key,)) for key in keys]
            try:
                found = self.ask(*asked, (f"SET idle_session_timeout = '{silence}s'", ()), *statements)
            except BaseException:  # they may have been taken before something else failed
                self.locks += len(keys)
                self.unlock(keys)
                raise
            locked = [key for key, rows in zip(keys, found, strict=False) if rows == [(True,)]]
            self.locks += len(locked)
            if len(locked) == len(keys):
                return found[len(keys) + 1 :]
            self.unlock(locked)
            return None

    def unlock(self, keys: Sequence[int]) -> None:
        """Free the locks with these numbers, at the end of the transaction if there is one; nobody waits for
        the answer."""
        with self._mutex:
            self._to_free += keys
            self._foreseen.clear()
            if not self._depth:
                self._free()

    def _free(self) -> None:
        keys, self._to_free = self._to_free, []
        notes, self._notes = self._notes, []
        self.locks -= len(keys)
        connection = self._connection
        if connection is None or not connection.is_open:
            return  # with the connection they ended
        last: list[Statement] = [("SELECT pg_advisory_unlock(?)", (key,)) for key in keys]
        last += [] if self.locks else [("SET idle_session_timeout = 0", ())]
        with contextlib.suppress(ConnectionLost):
            if notes:  # by themselves: one that is refused must not keep the locks
                connection.tell(notes)
            connection.tell(last)

    # The whole.

    def flush(self) -> None:
        """A commit waits for the disk: nothing is left to wait for."""

    def counts(self) -> tuple[int, int, int, int]:
        """How many notebooks with versions, kept versions, merges among them and open tips there are."""
        notebooks, versions, merges, open_tips, _ = self._figures()
        return notebooks, versions, merges, open_tips

    def size(self) -> int:
        """Bytes that are in use, about; not what is free in between, which only PostgreSQL's own
        housekeeping gives back."""
        return self._figures()[-1]

    def recount(self, notebook_id: int) -> None:
        """Versions of a notebook were dropped in this transaction."""
        self._counted = None
        self.run(_RECOUNT, notebook_id, notebook_id, notebook_id, notebook_id)

    def shrink(self) -> None:
        """PostgreSQL does that by itself (autovacuum)."""

    def check(self) -> None:
        """Read all of it and see whether it is sound.  Raises SystemFailure if it is not."""
        self.rows("SELECT count(book.*::text), max(length(standing)) FROM book")
        self.rows("SELECT count(note), sum(length(recipe)) FROM version")
        self.rows("SELECT sum(length(data || ''::bytea)) FROM piece")
        missing = "SELECT piece FROM use WHERE NOT EXISTS (SELECT 1 FROM piece WHERE id = use.piece) LIMIT 1"
        if self.rows(missing):
            raise self.damaged("a piece is missing")

    def decoding(self, what: str) -> AbstractContextManager[None]:
        """What is read within was written by nbmerge: if no sense can be made of it, it is damaged."""
        return read_as_written(what, self.damaged)

    def damaged(self, what: str) -> SystemFailure:
        """The failure to raise for what cannot be.  Nothing is set aside: it is not this machine's alone."""
        return SystemFailure(f"{self.path}: the store is damaged ({what}); restore a backup of the database")

    def hear(
        self,
        told: Callable[[Collection[int] | None], None],
        spoken: Callable[[str | None], None] | None = None,
    ) -> Hearing:
        """Have it told which notebooks others have changed, and what they say; see
        `nbmerge.history.listening`."""
        from nbmerge.history.listening import Listener

        listener = Listener(self._connection_made, self.channel, told, self._number, spoken)
        listener.start()
        return listener

    def _number(self) -> int:
        """By which number the database calls the connection."""
        found = self._connection
        return -1 if found is None or not found.is_open else found.number

    def close(self) -> None:
        """End the connection."""
        with self._mutex:
            self._drop()
            self._address = ""

    def _figures(self) -> tuple[int, int, int, int, int]:
        with self._mutex:
            begun = time.monotonic()
            if self._counted is None or begun > self._counted.until:
                [row] = self.rows(
                    "SELECT count(*), coalesce(sum(kept), 0)::bigint, coalesce(sum(merges), 0)::bigint,"
                    " coalesce(sum(open), 0)::bigint, coalesce(sum(bytes + 300 * last), 0)::bigint"
                    " FROM book WHERE last > 0"
                )
                now = time.monotonic()
                figures = row[0], row[1], row[2], row[3], row[4]
                self._counted = _Counted(figures, now + _COUNT_SHARE * (now - begun))
            return self._counted.figures

    def _add_to_count(self, growth: Growth) -> None:
        if self._counted is not None:
            notebooks, versions, merges, open_tips, size = self._counted.figures
            versions, merges = versions + growth.versions, merges + growth.merges
            figures = notebooks, versions, merges, open_tips, size + growth.bytes
            self._counted = replace(self._counted, figures=figures)

    # The connection.

    def _live(self) -> Wire:
        """The connection, made anew if it was lost and nothing depended on it."""
        found = self._connection
        if found is not None and found.is_open:
            return found
        if self._begun or self.locks:
            raise StoreAway(f"{self.path}: the connection was lost; nothing was recorded, try again")
        self._connection = found = self._connected()
        return found

    def _connected(self) -> Wire:
        wire = Wire(self._connection_made())
        try:
            self._answers(wire, [(setting, ()) for setting in SETTINGS])
        except BaseException:
            wire.close()
            raise
        return wire

    def _connection_made(self) -> psycopg.Connection[tuple[Any, ...]]:
        if not self._address:
            raise SystemFailure(f"{self.path}: the store is closed")
        return connection_to(self._address)

    def _drop(self) -> None:
        found, self._connection = self._connection, None
        if found is not None:
            found.close()

    def _exchange(self, statements: Sequence[Statement]) -> list[Rows]:
        """Send them all, and then wait for all answers."""
        return self._answers(self._live(), statements)

    def _answers(self, wire: Wire, statements: Sequence[Statement]) -> list[Rows]:
        try:
            return wire.ask(statements)
        except ConnectionLost as lost:
            self._drop()
            raise StoreAway(f"{self.path}: the database cannot be reached: {lost}") from lost
        except NotCarriedOut as refused:
            raise self._failure(refused) from refused

    def _failure(self, refused: NotCarriedOut) -> SystemFailure:
        if refused.state in AWAY:
            self._drop()
            return StoreAway(f"{self.path}: the database cannot be reached: {refused.said}")
        if (refused.state, refused.column) == ("23502", "generation"):
            return StoreAway(
                f"{self.path}: another machine has taken over the notebook; nothing was recorded, try again"
            )
        advice = ADVICE.get(refused.state, f"PostgreSQL says: {refused.said}")
        return SystemFailure(f"{self.path}: the store cannot be used: {advice}")
