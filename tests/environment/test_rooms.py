"""When a room of jupyter-collaboration is in use, by the databases that it keeps."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nbmerge.environment.jupyter import JupyterServers
from nbmerge.environment.rooms import QUIET, STORE, Rooms
from tests.environment.clock import Clock
from tests.environment.jupyter import FakeServer, announce, fake_server


class Hall:
    """A server with rooms for the notebooks below its root, fake_server by its files."""

    def __init__(self, folder: Path, clock: Clock, port: int = 8888, root: str = "root") -> None:
        self.root, self.data, self.clock = folder / root, folder / "data", clock
        self.root.mkdir(exist_ok=True)
        self.data.mkdir()
        announce(folder / "run", self.root, port)
        self.rooms = Rooms(JupyterServers(str(folder / "run"), clock), str(self.data), clock)
        self.store = self.root / STORE
        self.ids = self.data / "file_id_manager.db"

    def build(self) -> None:
        """The tables of jupyter-server-fileid 0.10 and pycrdt-store 0.1."""
        with contextlib.closing(sqlite3.connect(self.ids)) as ids, ids:
            ids.execute("CREATE TABLE Files(id TEXT PRIMARY KEY NOT NULL, path TEXT NOT NULL UNIQUE)")
        with contextlib.closing(sqlite3.connect(self.store)) as store, store:
            store.execute(
                "CREATE TABLE yupdates "
                "(path TEXT NOT NULL, yupdate BLOB, metadata BLOB, timestamp REAL NOT NULL)"
            )

    def type(self, name: str, at: float) -> None:
        """Somebody types into a notebook."""
        with contextlib.closing(sqlite3.connect(self.ids)) as ids, ids:
            ids.execute("INSERT OR IGNORE INTO Files VALUES (?, ?)", (f"id-{name}", str(self.root / name)))
        with contextlib.closing(sqlite3.connect(self.store)) as store, store:
            store.execute(
                "INSERT INTO yupdates VALUES (?, ?, ?, ?)", (f".notebook:id-{name}.y", b"", b"", at)
            )

    def path(self, name: str = "nb.ipynb") -> str:
        return str(self.root / name)

    def wait(self, name: str = "nb.ipynb", saved: float = 0.0) -> float:
        return round(self.rooms.wait(self.path(name), saved))

    def shared(self, name: str = "nb.ipynb") -> bool:
        [server] = self.rooms.servers.running()
        return self.rooms.is_shared(server, self.path(name))


@pytest.fixture
def hall(tmp_path: Path, clock: Clock) -> Hall:
    made = Hall(tmp_path, clock)
    made.build()
    return made


def test_typing_keeps_writes_away_until_it_is_quiet(hall: Hall, clock: Clock) -> None:
    """Also while nothing is saved: a room saves only when the keys pause."""
    now = time.time()
    hall.type("nb.ipynb", now - 100)
    hall.type("nb.ipynb", now)
    assert hall.wait() == QUIET
    clock.passed = QUIET - 1
    assert hall.wait() == 1
    clock.passed = QUIET + 1
    assert hall.wait() == 0
    assert hall.wait(saved=clock()) == QUIET  # somebody saved, perhaps the room


def test_a_busy_room_is_no_reason_to_leave_other_notebooks_alone(hall: Hall) -> None:
    hall.type("other.ipynb", time.time())
    assert hall.wait() == 0
    assert hall.rooms.room(hall.path()) is None
    assert hall.wait("other.ipynb") == QUIET


def test_a_room_that_nobody_uses(hall: Hall, clock: Clock) -> None:
    hall.type("nb.ipynb", time.time())
    clock.passed = 61.0
    assert hall.rooms.room(hall.path()) is None


def test_a_notebook_outside_of_every_server(hall: Hall, tmp_path: Path) -> None:
    hall.type("nb.ipynb", time.time())
    assert hall.rooms.wait(str(tmp_path / "nb.ipynb"), time.time()) == 0


def test_a_root_behind_a_link(tmp_path: Path, clock: Clock) -> None:
    """Ids are kept under the name that the server was given."""
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    hall = Hall(tmp_path, clock, root="link")
    hall.build()
    hall.type("nb.ipynb", time.time())
    assert round(hall.rooms.wait(str(tmp_path / "real/nb.ipynb"), 0.0)) == QUIET


def test_front_ends_share_what_was_typed_since_the_server_began(hall: Hall) -> None:
    assert not hall.shared()
    hall.type("nb.ipynb", time.time() - 3600)
    assert not hall.shared()
    hall.type("nb.ipynb", time.time() + 1)
    assert hall.shared()
    assert not hall.shared("other.ipynb")


def damaged(hall: Hall) -> None:
    hall.store.write_bytes(b"no database")


def of_another_version(hall: Hall) -> None:
    with contextlib.closing(sqlite3.connect(hall.store)) as store, store:
        store.execute("ALTER TABLE yupdates RENAME TO updates")


def without_ids(hall: Hall) -> None:
    hall.ids.unlink()


@contextlib.contextmanager
def locked(path: Path) -> Iterator[None]:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


@pytest.mark.parametrize("spoil", [damaged, of_another_version, without_ids])
def test_where_the_database_does_not_tell_its_time_does(
    hall: Hall, clock: Clock, spoil: Callable[[Hall], None]
) -> None:
    hall.type("nb.ipynb", time.time() - 3600)
    spoil(hall)
    os.utime(hall.store)
    assert hall.wait() == QUIET
    clock.passed = 61.0
    assert hall.wait() == 0


def test_a_room_that_writes_is_not_disturbed(hall: Hall) -> None:
    hall.type("nb.ipynb", time.time())
    with locked(hall.store):
        begun = time.monotonic()
        assert hall.wait() == QUIET
        assert time.monotonic() - begun < 1.0


@pytest.fixture
def server() -> Iterator[FakeServer]:
    with fake_server() as one:
        yield one


@pytest.mark.parametrize("rooms", [True, False])
def test_rooms_that_keep_no_such_database(
    tmp_path: Path, clock: Clock, server: FakeServer, rooms: bool
) -> None:
    """The server is asked, once, whether it has rooms; then saves are all that can be seen."""
    server.rooms = rooms
    hall = Hall(tmp_path, clock, server.port)
    assert hall.wait(saved=clock()) == (QUIET if rooms else 0)
    assert hall.wait(saved=clock() - 10) == 0
    assert hall.wait("other.ipynb") == 0
    assert server.asked == ["OPTIONS /base/api/collaboration/session/?no_track_activity=1"]
