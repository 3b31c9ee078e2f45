"""Owns: a connection to SQLite that fails, or kills its process, at a chosen statement.

Must not know: what the statements do.  Invariant: up to that statement, and from the next
one on, it is the real one.
"""

from __future__ import annotations

import os
import signal
import sqlite3
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import pytest

from nbmerge.history import sqlite as database

MESSAGES = {sqlite3.SQLITE_FULL: "database or disk is full", sqlite3.SQLITE_IOERR: "disk I/O error"}


@dataclass
class Plan:
    """What is to go wrong: `code` at statement `at`, counted from 1, before it or only after it took
    effect; None: the process is killed."""

    at: int
    code: int | None = sqlite3.SQLITE_FULL
    after: bool = False
    count: int = 0

    @property
    def struck(self) -> bool:
        return self.count >= self.at

    def strike(self) -> None:
        if self.code is None:
            os.kill(os.getpid(), signal.SIGKILL)
        else:
            error = sqlite3.OperationalError(MESSAGES[self.code])
            error.sqlite_errorcode = self.code
            raise error


class Faulty:
    """Stands for a sqlite3.Connection."""

    def __init__(self, connection: sqlite3.Connection, plan: Plan) -> None:
        self._connection = connection
        self._plan = plan

    def execute(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        with self._counted():
            return self._connection.execute(sql, values)

    def executemany(self, sql: str, many: Sequence[Any]) -> sqlite3.Cursor:
        with self._counted():
            return self._connection.executemany(sql, many)

    def executescript(self, sql: str) -> sqlite3.Cursor:
        with self._counted():
            return self._connection.executescript(sql)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def _counted(self) -> AbstractContextManager[None]:
        return _Statement(self._plan)


class _Statement(AbstractContextManager[None]):
    def __init__(self, plan: Plan) -> None:
        plan.count += 1
        self._due = plan.count == plan.at
        self._plan = plan

    def __enter__(self) -> None:
        if self._due and not self._plan.after:
            self._plan.strike()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if self._due and self._plan.after and kind is None:
            self._plan.strike()


def install(patch: pytest.MonkeyPatch, plan: Plan) -> None:
    """From now on new connections follow the plan."""
    real = database.connect
    patch.setattr(database, "connect", lambda path: Faulty(real(path), plan))
