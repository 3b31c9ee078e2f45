"""Owns: opening the store in a database that machines share.

Must not know: what is in the store.  Invariant: nothing else imports what speaks to PostgreSQL, and whoever
uses none needs no package for it.
"""

from __future__ import annotations

from nbmerge.history.lock import DirectoryLock
from nbmerge.history.notebook_locks import NotebookLocks
from nbmerge.history.postgres import PostgresDatabase
from nbmerge.history.postgres_schema import CHANNEL, brought_up
from nbmerge.history.recent import RecentNotebooks
from nbmerge.history.store import Store
from nbmerge.history.values import Retention


def open_shared(address: str, local: DirectoryLock, retention: Retention) -> Store:
    """The store at an address, made or brought to today's stage if need be; `local`: this machine's lock.

    Raises SystemFailure if it is from a newer nbmerge or cannot be used, StoreAway if it cannot be reached.
    """
    database = PostgresDatabase(address)
    try:
        name = brought_up(database)
    except BaseException:
        database.close()
        raise
    recent = RecentNotebooks()
    database.forget = recent.forget_all
    database.channel = CHANNEL.format(name)
    return Store(database, NotebookLocks(database, recent, local, name), retention, recent)
