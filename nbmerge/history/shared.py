"""Owns: opening the store in a database that machines share, and how such a database is.

Must not know: what is in the store.  Invariant: nothing else imports what speaks to PostgreSQL, and whoever
uses none needs no package for it.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import replace

from nbmerge.history.lock import DirectoryLock
from nbmerge.history.notebook_locks import NotebookLocks
from nbmerge.history.opening import SharedHealth
from nbmerge.history.places import shared_places
from nbmerge.history.postgres import PostgresDatabase
from nbmerge.history.postgres_schema import CHANNEL, STEPS, brought_up, stage_of
from nbmerge.history.recent import RecentNotebooks
from nbmerge.history.store import Store
from nbmerge.history.values import Retention, Totals


def open_shared(address: str, local: DirectoryLock, retention: Retention) -> Store:
    """The store at an address, made or brought to today's stage if need be; `local`: this machine's lock.

    Raises SystemFailure if it is from a newer nbmerge or cannot be used, StoreAway if it cannot be reached.
    """
    places = shared_places()
    database = PostgresDatabase(address)
    try:
        name = brought_up(database)
    except BaseException:
        database.close()
        raise
    recent = RecentNotebooks()
    database.forget = recent.forget_all
    database.channel = CHANNEL.format(name)
    locks = NotebookLocks(database, recent, local, name, shown=lambda one: places.path_of(one) or one)
    return Store(database, locks, retention, recent, replace(places, secret=name))


_TRIES = 5
_WHO = """
    SELECT current_setting('server_version'), current_setting('server_version_num')::int, current_user::text,
    coalesce(current_schema()::text, ''), NOT pg_is_in_recovery()
    AND coalesce(has_schema_privilege(current_schema()::text, 'CREATE'), false)
"""
_MAY_WRITE = """
    SELECT NOT pg_is_in_recovery() AND bool_and(has_table_privilege(name, 'SELECT, INSERT, UPDATE, DELETE'))
    FROM unnest(ARRAY['book', 'version', 'piece', 'use', 'sent', 'conflicts']) AS name
"""


def health_of(address: str, clock: Callable[[], float]) -> SharedHealth:
    """How a database is, in which nothing is changed; raises as `open_shared`."""
    database = PostgresDatabase(address)
    try:
        [(server, number, role, schema, may_write)] = database.rows(_WHO)
        stage = stage_of(database) if schema else -1
        totals = None
        if stage == len(STEPS):
            [[may_write]] = database.rows(_MAY_WRITE)
            totals = Totals(*database.counts(), database.size())
        away, skew = _distance(database, clock)
        is_old = 0 <= stage < len(STEPS)
        return SharedHealth(
            database.path, server, number, role, schema, may_write, away, skew, is_old, totals
        )
    finally:
        database.close()


def _distance(database: PostgresDatabase, clock: Callable[[], float]) -> tuple[float, float]:
    """Seconds there and back, and by how many the other clock is ahead."""
    found = []
    for _ in range(_TRIES):
        began, here = time.perf_counter(), clock()
        [[there]] = database.rows("SELECT extract(epoch FROM clock_timestamp())::float8")
        away = time.perf_counter() - began
        found.append((away, there - here - away / 2))
    return statistics.median(away for away, _ in found), min(found)[1]
