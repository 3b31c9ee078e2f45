"""Owns: whether people type into a notebook through jupyter-collaboration, and when they last did.

Must not know: what follows from it.  Invariant: the databases of the room are read, out of the way at
once when somebody else writes, and the room is never entered; where they do not tell, a room is assumed
as long as it may be typed into.

A room keeps the document in memory, saves it one second after the last key, and takes whatever
else comes into the file for the truth: what was typed and not yet saved is dropped.  While keys
follow one another it does not save at all, so the file does not show that somebody types;
the room's database, `.jupyter_ystore.db` in the server's working directory, does at once.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass

from nbmerge.environment.jupyter import JupyterServer, JupyterServers, ask

_PATIENCE = 0.1  # seconds to wait for another one's write


def file_id(database: str, path: str) -> str | None:
    """What jupyter_server_fileid calls a file."""
    found = _query(database, "SELECT id FROM Files WHERE path = ?", path)
    return found if isinstance(found, str) else None


def last_typed(database: str, id: str) -> float | None:
    """The time of the newest update to a notebook's shared document, in seconds since the epoch."""
    found = _query(database, "SELECT MAX(timestamp) FROM yupdates WHERE path = ?", f".notebook:{id}.y")
    return float(found) if isinstance(found, int | float) else None


def _query(database: str, sql: str, parameter: str) -> object:
    import sqlite3
    from urllib.parse import quote

    try:
        with contextlib.closing(
            sqlite3.connect(f"file:{quote(database)}?mode=ro", uri=True, timeout=_PATIENCE)
        ) as connection:
            row: tuple[object, ...] | None = connection.execute(sql, (parameter,)).fetchone()
            return row[0] if row else None
    except sqlite3.Error:
        raise UnreadableError from None


class UnreadableError(Exception):
    """The database could not be asked: locked, of another version, gone."""


QUIET = 4.0  # seconds without a key or a save: more than the room's save delay and poll interval
STORE = ".jupyter_ystore.db"
_RECENT = 60.0  # seconds after the last key in which a room counts as in use
_PROBED = 600.0  # seconds until a server is asked again whether it has rooms


@dataclass(frozen=True, slots=True)
class Room:
    """A room for a notebook, perhaps; `typed`: when something last changed in it, if that can be seen."""

    server: JupyterServer
    typed: float | None


class Rooms:
    """The rooms of this user's servers; `data` is Jupyter's data folder."""

    def __init__(self, servers: JupyterServers, data: str, clock: Callable[[], float]) -> None:
        self.servers = servers
        self.ids = os.path.join(data, "file_id_manager.db")
        self.clock = clock
        self._stores: dict[tuple[int, float], str] = {}
        self._collaborative: dict[tuple[int, float], tuple[bool, float]] = {}

    def room(self, path: str) -> Room | None:
        """The room in which the notebook was typed into in the last minute, or may be unseen."""
        for server in self.servers.serving(path):
            typed = self._typed(server, path)
            if typed is not None and self.clock() - typed < _RECENT:
                return Room(server, typed)
            if self._store(server) is None and self._has_rooms(server):
                return Room(server, None)
        return None

    def is_shared(self, server: JupyterServer, path: str) -> bool:
        """Whether all front ends of this server work on one document of this notebook."""
        typed = self._typed(server, path)
        return typed is not None and typed >= server.since

    def wait(self, path: str, saved: float) -> float:
        """Seconds to wait before a write that would not take somebody's keys away; 0: no need.

        `saved`: when the notebook was last saved, in seconds since the epoch.
        """
        room = self.room(path)
        if room is None:
            return 0.0
        now = self.clock()
        known = (time for time in (saved, room.typed) if time is not None and time < now + QUIET)
        return max(0.0, max(known, default=0.0) + QUIET - now)  # a clock that runs ahead says nothing

    def _typed(self, server: JupyterServer, path: str) -> float | None:
        """When the notebook was last typed into; where only the time of the whole store is known: that."""
        store = self._store(server)
        if store is None:
            return None
        try:
            touched = os.stat(store).st_mtime
            if self.clock() - touched >= _RECENT and touched < server.since:
                return None
        except OSError:
            return None
        try:
            names = {path, os.path.realpath(path)}
            names |= {os.path.join(server.root, name) for name in (server.name_of(path),) if name}
            ids = {found for name in names if (found := file_id(self.ids, name)) is not None}
            return max((time for id in ids if (time := last_typed(store, id)) is not None), default=None)
        except UnreadableError:
            return touched

    def _store(self, server: JupyterServer) -> str | None:
        """The database of a server's rooms, if it has any."""
        key = (server.pid, server.since)
        if key not in self._stores:
            found = next((place for place in _places(server) if os.path.exists(place)), None)
            if found is None:
                return None
            self._stores[key] = found
        return self._stores[key]

    def is_collaborative(self, server: JupyterServer) -> bool:
        """Whether the server keeps notebooks in rooms."""
        return self._store(server) is not None or self._has_rooms(server)

    def _has_rooms(self, server: JupyterServer) -> bool:
        key, now = (server.pid, server.since), self.clock()
        known = self._collaborative.get(key)
        if known is None or not known[1] <= now < known[1] + _PROBED:
            answer = ask(server, "OPTIONS", "api/collaboration/session/")
            known = (answer is not None and answer[0] < 300, now)
            self._collaborative[key] = known
        return known[0]


def _places(server: JupyterServer) -> tuple[str, ...]:
    """Where the database can be: what the server has open, else in its root."""
    found = []
    if os.path.isdir("/proc/self/fd"):
        held = f"/proc/{server.pid}/fd"
        try:
            links = [os.readlink(os.path.join(held, name)) for name in os.listdir(held)]
            found += [link for link in links if os.path.basename(link) == STORE]
        except OSError:
            pass  # somebody else's process, or it has just ended
    return (*found, os.path.join(server.root, STORE))
