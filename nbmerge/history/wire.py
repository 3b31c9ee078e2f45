"""Owns: one connection to PostgreSQL, and how statements and their answers go over it.

Must not know: what statements mean, when a lost connection may be made anew.  Invariant: answers belong to
their statements, in order; one that nobody waits for is taken off the line before the next; values are never
spelled into a statement.

It speaks to libpq itself, always in pipeline mode: what is sent together is answered together, and the next
statements can be sent before the last answers are there.  psycopg's own pipeline ends each time with a
message after which the server no longer counts how long its session is silent, and waits once more where
this does not.  psycopg connects, for it knows all that an address can say.
"""

from __future__ import annotations

import selectors
import struct
import time
from collections.abc import Callable, Sequence
from functools import lru_cache

import psycopg
from psycopg import pq

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

Statement = tuple[str, Sequence[object]]
Rows = list[tuple["Any", ...]]

PREPARED, LONG = 16, 1000  # values, characters: a longer statement differs each time, and is not kept
KEPT = 300  # statements that are kept by the server
TEXT, BINARY = pq.Format.TEXT, pq.Format.BINARY
_READ, _WRITE = selectors.EVENT_READ, selectors.EVENT_WRITE


class NotCarriedOut(Exception):
    """The server refused a statement: the code of its reason, and the reason in words."""

    def __init__(self, state: str, said: str, column: str = "") -> None:
        super().__init__(said)
        self.state = state
        self.said = said
        self.column = column


class ConnectionLost(Exception):
    """The connection has ended; what was sent last may have been carried out or not."""


def _text(data: bytes) -> str:
    return data.decode("utf-8")


def _integer(data: bytes) -> int:
    return int.from_bytes(data, "big", signed=True)


def _float(data: bytes) -> float:
    [found] = struct.unpack("!d", data)
    return float(found)


def _boolean(data: bytes) -> bool:
    return data != b"\0"


# How values of the server's types come over the line, by the numbers of the types.
_READERS: dict[int, Callable[[bytes], object]] = {
    16: _boolean,
    17: bytes,
    20: _integer,
    21: _integer,
    23: _integer,
    26: _integer,
    701: _float,
}


class Wire:
    """A connection, open until `close` or until it is lost.  Raises ConnectionLost and NotCarriedOut."""

    def __init__(self, connection: psycopg.Connection[tuple[Any, ...]]) -> None:
        self._connection = connection
        self._line = connection.pgconn
        self._line.enter_pipeline_mode()
        self.heard = time.monotonic()  # when an answer last came
        self._names: dict[str, bytes] = {}
        self._owed = 0  # syncs whose answers nobody waits for
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._line.socket, _READ)

    @property
    def is_open(self) -> bool:
        """Whether nothing is known of its end."""
        return not self._connection.closed and self._line.status == pq.ConnStatus.OK

    @property
    def number(self) -> int:
        """By which number the database calls it."""
        return self._line.backend_pid

    def is_quiet(self) -> bool:
        """Whether the other side has said nothing unasked, as it does when it ends the connection."""
        return not self._selector.select(0)

    def ask(self, statements: Sequence[Statement]) -> list[Rows]:
        """Send them together, and wait for the rows of each; () where it has none."""
        try:
            new = self._send(statements)
            for _ in range(self._owed):
                self._skip()
            self._owed = 0
            found = self._answers(statements, new)
            self.heard = time.monotonic()
            return found
        except (psycopg.Error, OSError) as error:
            raise self._lost(error) from error
        except NotCarriedOut:
            raise
        except BaseException:  # the next answers would be taken for others
            self.close()
            raise

    def tell(self, statements: Sequence[Statement]) -> None:
        """Send them together; nobody waits for the answers."""
        try:
            self._send(statements, named=False)
        except (psycopg.Error, OSError) as error:
            raise self._lost(error) from error
        except BaseException:
            self.close()
            raise
        self._owed += 1

    def close(self) -> None:
        """End it."""
        self._selector.close()
        self._connection.close()

    def _lost(self, error: BaseException) -> ConnectionLost:
        said = next(iter(str(error).strip().splitlines()), "it was closed")
        self.close()
        return ConnectionLost(said)

    # Sending.

    def _send(self, statements: Sequence[Statement], *, named: bool = True) -> dict[int, str]:
        """By their places the statements that the server is to remember."""
        new: dict[int, str] = {}
        for place, (sql, values) in enumerate(statements):
            given, formats = [], []
            for value in values:
                data, form = _spelled(value)
                given.append(data)
                formats.append(form)
            if not named or not self._is_kept(sql, values):
                self._line.send_query_params(_marked(sql), given, None, formats, BINARY)
                continue
            if sql not in self._names and sql not in new.values():
                new[place] = sql
                self._line.send_prepare(b"n%d" % (len(self._names) + len(new)), _marked(sql))
            name = self._names.get(sql) or b"n%d" % (len(self._names) + list(new.values()).index(sql) + 1)
            self._line.send_query_prepared(name, given, formats, BINARY)
        self._line.pipeline_sync()
        while self._line.flush():
            self._wait(_READ | _WRITE)
        return new

    def _is_kept(self, sql: str, values: Sequence[object]) -> bool:
        """Whether the server is to remember a statement: it comes again."""
        return sql in self._names or (len(values) <= PREPARED and len(sql) < LONG and len(self._names) < KEPT)

    # Answers.

    def _answers(self, statements: Sequence[Statement], new: dict[int, str]) -> list[Rows]:
        found: list[Rows] = []
        refused: NotCarriedOut | None = None
        for place in range(len(statements)):
            if place in new:
                refused = refused or self._refusal(self._one())
                if refused is None:
                    self._names[new[place]] = b"n%d" % (len(self._names) + 1)
            answer = self._one()
            refused = refused or self._refusal(answer)
            if refused is None:
                found.append(_rows(answer))
        self._skip()
        if refused is not None:
            raise refused
        return found

    def _one(self) -> pq.abc.PGresult:
        """The answer to the next statement."""
        answer = self._next()
        if answer is None or self._next() is not None:
            raise psycopg.OperationalError("an answer is missing")
        return answer

    def _skip(self) -> None:
        """Take all off the line up to the next sync."""
        while True:
            answer = self._next()
            if answer is not None and answer.status == pq.ExecStatus.PIPELINE_SYNC:
                return

    def _next(self) -> pq.abc.PGresult | None:
        while self._line.is_busy():
            self._wait(_READ)
        answer = self._line.get_result()
        if self._line.status != pq.ConnStatus.OK:
            raise psycopg.OperationalError(_said(self._line.error_message))
        return answer

    def _refusal(self, answer: pq.abc.PGresult) -> NotCarriedOut | None:
        if answer.status in (pq.ExecStatus.TUPLES_OK, pq.ExecStatus.COMMAND_OK, pq.ExecStatus.EMPTY_QUERY):
            return None
        state, said, column = (
            _said(answer.error_field(field))
            for field in (
                pq.DiagnosticField.SQLSTATE,
                pq.DiagnosticField.MESSAGE_PRIMARY,
                pq.DiagnosticField.COLUMN_NAME,
            )
        )
        return NotCarriedOut(state, said, column)

    def _wait(self, events: int) -> None:
        self._selector.modify(self._line.socket, events)
        self._selector.select()
        self._line.consume_input()


def _rows(answer: pq.abc.PGresult) -> Rows:
    columns = range(answer.nfields)
    readers = [_READERS.get(answer.ftype(column), _text) for column in columns]
    if not readers:
        done = answer.command_status
        return [(done.decode("ascii"),)] if done == b"ROLLBACK" else []
    return [
        tuple(
            None if (data := answer.get_value(row, column)) is None else readers[column](data)
            for column in columns
        )
        for row in range(answer.ntuples)
    ]


def _spelled(value: object) -> tuple[bytes | None, pq.Format]:
    """A value as it goes over the line; of which type it is the server sees from where it stands."""
    match value:
        case None:
            return None, TEXT
        case bytes():
            return value, BINARY
        case bool():
            return b"t" if value else b"f", TEXT
        case int() | float():
            return repr(value).encode("ascii"), TEXT
        case str():
            return value.encode("utf-8"), TEXT
        case list():
            return f"{{{','.join(map(_element, value))}}}".encode("ascii"), TEXT
    raise TypeError(f"no value of a statement: {type(value)}")


def _element(value: object) -> str:
    """A value in a list, bytes or a number."""
    return f'"\\\\x{value.hex()}"' if isinstance(value, bytes) else repr(value)


@lru_cache(maxsize=KEPT)
def _marked(sql: str) -> bytes:
    """The same with the server's marks for values."""
    first, *rest = sql.split("?")
    return (first + "".join(f"${number}{part}" for number, part in enumerate(rest, 1))).encode("ascii")


def _said(text: bytes | str | None) -> str:
    words = text.decode("utf-8", "replace") if isinstance(text, bytes) else text or ""
    return next(iter(words.strip().splitlines()), "")
