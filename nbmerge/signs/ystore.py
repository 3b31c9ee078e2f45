"""Owns: reading when somebody last typed in a room, from the databases of jupyter-collaboration.

Must not know: servers, what follows.  Invariant: read-only, and out of the way at once when
somebody else writes; whatever is not as expected is None.
"""

from __future__ import annotations

import contextlib

_PATIENCE = 0.1  # seconds to wait for another one's write


def file_id(database: str, path: str) -> str | None:
    """What jupyter_server_fileid calls a file."""
    found = _asked(database, "SELECT id FROM Files WHERE path = ?", path)
    return found if isinstance(found, str) else None


def last_typed(database: str, id: str) -> float | None:
    """The time of the newest update to a notebook's shared document, in seconds since the epoch."""
    found = _asked(database, "SELECT MAX(timestamp) FROM yupdates WHERE path = ?", f".notebook:{id}.y")
    return float(found) if isinstance(found, int | float) else None


def _asked(database: str, question: str, about: str) -> object:
    import sqlite3
    from urllib.parse import quote

    try:
        with contextlib.closing(
            sqlite3.connect(f"file:{quote(database)}?mode=ro", uri=True, timeout=_PATIENCE)
        ) as connection:
            row: tuple[object, ...] | None = connection.execute(question, (about,)).fetchone()
            return row[0] if row else None
    except sqlite3.Error:
        raise UnreadableError from None


class UnreadableError(Exception):
    """The database could not be asked: locked, of another version, gone."""
