"""What only the engine that many machines share promises: each notebook's lock, what a lost connection
undoes, whose schema it is, and that no password is shown."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier, Event

import psycopg
import pytest

from nbmerge.errors import SystemFailure
from nbmerge.history import notebook_locks, postgres_schema
from nbmerge.history.address import password_in, without_password
from nbmerge.history.opening import database_of, open_store, place_of, state_directory
from nbmerge.history.store import Store
from nbmerge.history.values import NotebookHeld, StoreAway, StoreLost
from tests.helpers.postgres import Server
from tests.history import stores
from tests.history.stores import (
    PATH,
    contents,
    cut_off,
    engine_of,
    filled,
    fresh,
    impatient,
    on_another_machine,
    opened,
    process,
    save,
    text,
)

OTHER = "/home/ada/other.ipynb"


@pytest.fixture(autouse=True, scope="module")
def _shared(server: Server) -> Iterator[None]:
    stores.use(server)
    yield
    stores.use(None)


# Locks.


def test_who_works_on_one_notebook_keeps_nobody_from_another_one(tmp_path: Path) -> None:
    here, there = fresh(tmp_path), impatient(fresh(tmp_path))
    on_another_machine(there)
    with here.lock(PATH):
        with there.lock(OTHER):
            save(there, there.adopt(OTHER), b"one")
        with pytest.raises(SystemFailure, match=r"plot.ipynb: another machine or process has held"):
            there.lock(PATH).__enter__()
    with there.lock(PATH):
        save(there, there.adopt(PATH), b"two")


def test_who_is_in_a_hurry_does_not_wait_for_a_notebook_of_another_machine(tmp_path: Path) -> None:
    here, there = fresh(tmp_path), fresh(tmp_path)
    on_another_machine(there)
    with there.lock(PATH):
        began = time.monotonic()
        with here.locks.hurrying(), pytest.raises(NotebookHeld):
            here.lock(PATH).__enter__()
        assert time.monotonic() - began < 5
        with here.locks.hurrying(), here.lock(OTHER):
            save(here, here.adopt(OTHER), b"one")
    with here.locks.hurrying(), here.lock(PATH):
        save(here, here.adopt(PATH), b"two")


def test_a_lock_ends_with_its_process(tmp_path: Path) -> None:
    store = impatient(fresh(tmp_path))
    holder = process(HOLDING, tmp_path)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    holder.send_signal(signal.SIGKILL)
    holder.communicate()
    with store.lock(PATH):
        save(store, store.adopt(PATH), b"one")


HOLDING = """
import sys, time
from pathlib import Path
from tests.history.stores import cut_off, engine_of, impatient, locks_of, on_another_machine, PATH, fresh
store = fresh(Path(sys.argv[1]))
with store.lock(PATH):
    print("held", flush=True)
    time.sleep(60)
"""


def test_who_was_stopped_for_long_has_lost_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebook_locks, "SILENCE", 1)
    stopped, other = fresh(tmp_path), fresh(tmp_path)
    with stopped.lock(PATH):
        notebook_id = stopped.adopt(PATH)
        save(stopped, notebook_id, b"one")
        time.sleep(1.3)
        with pytest.raises(StoreAway):
            stopped.confirm_lock()
        with pytest.raises(StoreAway):
            save(stopped, notebook_id, b"two")
    save(other, notebook_id, b"three")
    assert contents(stopped, notebook_id) == {1: b"one", 2: b"three"}


def test_threads_wait_for_a_notebook_of_another_machine_and_not_for_each_other(tmp_path: Path) -> None:
    away, here = fresh(tmp_path), fresh(tmp_path)
    on_another_machine(away)
    saved = Event()

    def wait() -> None:
        with here.lock(PATH):
            assert saved.is_set()

    with ExitStack() as held, ThreadPoolExecutor(1) as threads:
        held.enter_context(away.lock(PATH))
        waiting = threads.submit(wait)
        time.sleep(0.05)
        with here.lock(OTHER):
            save(here, here.adopt(OTHER), b"one")
        saved.set()
        held.close()
        waiting.result(10)


# A connection that was lost.


def test_who_was_cut_off_writes_nothing_until_the_lock_is_taken_anew(tmp_path: Path) -> None:
    slow, other = fresh(tmp_path), fresh(tmp_path)
    notebook_id = slow.adopt(PATH)
    save(slow, notebook_id, b"one")
    with slow.lock(PATH):
        cut_off(slow)
        on_another_machine(other)
        with other.lock(PATH):
            save(other, notebook_id, b"two")
        with pytest.raises(StoreAway):
            slow.confirm_lock()
        with pytest.raises(StoreAway, match="the connection was lost; nothing was recorded"):
            save(slow, notebook_id, b"three")
    assert contents(slow, notebook_id) == {1: b"one", 2: b"two"}
    assert save(slow, notebook_id, b"three").number == 3


def test_a_transaction_that_was_cut_off_came_to_nothing(tmp_path: Path) -> None:
    store = fresh(tmp_path)
    notebook_id = store.adopt(PATH)
    save(store, notebook_id, text(1))
    with pytest.raises(StoreAway):
        _cut_off_between_two_saves(store, notebook_id)
    assert contents(store, notebook_id) == {1: text(1)}
    assert save(store, notebook_id, text(4)).number == 2
    assert contents(store, notebook_id) == {1: text(1), 2: text(4)}


def _cut_off_between_two_saves(store: Store, notebook_id: int) -> None:
    with store.together():
        save(store, notebook_id, text(2))
        cut_off(store)
        save(store, notebook_id, text(3))


def test_the_generation_refuses_what_another_machine_was_faster_with(tmp_path: Path) -> None:
    """Where something between here and there shares out connections, a lock may be no lock."""
    store, other = fresh(tmp_path), fresh(tmp_path)
    notebook_id = store.adopt(PATH)
    save(store, notebook_id, b"one")
    with store.lock(PATH):
        with engine_of(other).writing():
            engine_of(other).changed(notebook_id)
        with pytest.raises(StoreAway, match="another machine has taken over the notebook"):
            save(store, notebook_id, b"two")
    assert contents(store, notebook_id) == {1: b"one"}
    assert save(store, notebook_id, b"two").number == 2


def test_an_idle_connection_that_ended_is_made_anew_unseen(tmp_path: Path) -> None:
    store = fresh(tmp_path)
    notebook_id = store.adopt(PATH)
    save(store, notebook_id, b"one")
    cut_off(store)
    assert contents(store, notebook_id) == {1: b"one"}
    cut_off(store)
    with store.lock(PATH):
        save(store, notebook_id, b"two")
    assert contents(store, notebook_id) == {1: b"one", 2: b"two"}


def test_what_is_remembered_is_what_others_left(tmp_path: Path) -> None:
    here, there = fresh(tmp_path), fresh(tmp_path)
    notebook_id = here.adopt(PATH)
    for number in range(1, 160):
        one, other = (here, there) if number % 3 else (there, here)
        with one.lock(PATH):
            save(one, notebook_id, b"%d" % number)
            assert one.versions(notebook_id, last=3)[-1].number == number
        if number % 40 == 0:
            with other.lock(PATH):
                assert other.versions(notebook_id) == one.versions(notebook_id)
                assert other.heads(notebook_id) == one.heads(notebook_id)
                graph = other.graph(notebook_id)
                assert graph.parents == {n: (n - 1,) if n > 1 else () for n in range(1, number + 1)}
                assert other.version(notebook_id, 1).number == 1


# The schema.


def test_a_store_from_a_newer_nbmerge_is_refused_and_left_alone(tmp_path: Path) -> None:
    filled(tmp_path, b"one")
    database = engine_of(fresh(tmp_path))
    database.run("UPDATE nbmerge_store SET stage = 99")
    with pytest.raises(SystemFailure, match="from a newer nbmerge; update this one, or name another schema"):
        opened(tmp_path)
    assert database.rows("SELECT stage FROM nbmerge_store") == [(99,)]


def test_of_many_that_come_at_once_one_makes_the_tables(tmp_path: Path) -> None:
    for round in range(4):
        folder = tmp_path / str(round)
        folder.mkdir()
        address = stores.database_of(folder)
        start = Barrier(6)

        def first_seen(address: str | None = address, start: Barrier = start) -> str:
            start.wait()
            store = open_store(None, time.time, database=address).store
            store.close()
            return engine_of(store).channel

        with ThreadPoolExecutor(6) as threads:
            channels = {one.result() for one in [threads.submit(first_seen) for _ in range(6)]}
        assert len(channels) == 1


LATER = (
    *postgres_schema.STEPS,
    ("ALTER TABLE book ADD COLUMN colour text", "UPDATE book SET colour = 'blue'"),
    ("CREATE INDEX book_colour ON book (colour)",),
)


def test_a_store_from_an_older_nbmerge_is_migrated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook_id = filled(tmp_path, b"one", b"two")
    monkeypatch.setattr(postgres_schema, "STEPS", LATER)
    store = fresh(tmp_path)
    assert contents(store, notebook_id) == {1: b"one", 2: b"two"}
    assert store._database.rows("SELECT colour FROM book") == [("blue",)]
    assert save(store, notebook_id, b"three").number == 3


def test_a_migration_that_fails_leaves_the_store_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook_id = filled(tmp_path, b"one")
    with monkeypatch.context() as patch:
        patch.setattr(postgres_schema, "STEPS", (*LATER, ("SELECT a statement that cannot be",)))
        with pytest.raises(SystemFailure):
            opened(tmp_path)
    assert contents(fresh(tmp_path), notebook_id) == {1: b"one"}


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM piece",
        r"UPDATE piece SET data = '\x01ffff'",
        r"UPDATE version SET recipe = '\xffff'",
        "UPDATE version SET note = '{'",
        "UPDATE version SET origin = 'somehow'",
        "UPDATE book SET standing = '{}'",
    ],
)
def test_what_makes_no_sense_is_told_and_nothing_is_set_aside(tmp_path: Path, statement: str) -> None:
    notebook_id = filled(tmp_path, b"one")
    store = fresh(tmp_path)
    store._database.run(statement)
    with pytest.raises(SystemFailure, match="the store is damaged") as told:
        assert not contents(store, notebook_id) or store.heads(notebook_id)
    assert not isinstance(told.value, StoreLost)


def test_a_missing_piece_is_found_when_all_is_read(tmp_path: Path) -> None:
    filled(tmp_path, text(1), text(2))
    store = fresh(tmp_path)
    store.check()
    store._database.run("DELETE FROM piece WHERE id = (SELECT max(id) FROM piece)")
    with pytest.raises(SystemFailure, match="damaged"):
        store.check()


def test_a_role_sees_its_own_schema_and_no_other(server: Server, tmp_path: Path) -> None:
    mine, others = server.address("ann_s"), server.address("bob_s")
    with psycopg.connect(mine, autocommit=True) as admin:
        for role in ("ann", "bob"):
            admin.execute(f"CREATE ROLE {role} LOGIN")
            admin.execute(f"GRANT ALL ON SCHEMA {role}_s TO {role}")
    for role, address in (("ann", mine), ("bob", others)):
        store = open_store(str(tmp_path), time.time, database=address.replace("tests@", f"{role}@")).store
        save(store, store.adopt(f"/{role}.ipynb"), b"secret")
        assert [one.path for one in store.notebooks()] == [f"/{role}.ipynb"]
        store.close()
    with pytest.raises(SystemFailure, match="this role may not use it"):
        open_store(str(tmp_path), time.time, database=others.replace("tests@", "ann@"))


# What is shown, and where the machine's own things are.


@pytest.mark.parametrize(
    ("address", "shown", "password"),
    [
        ("postgresql://h/d", "postgresql://h/d", None),
        ("postgres://ann@h:5/d", "postgres://ann@h:5/d", None),
        ("postgresql://ann:s%20x@h,g/d?a=b", "postgresql://ann@h,g/d?a=b", "s x"),
        ("postgresql://:pw@h", "postgresql://h", "pw"),
        ("postgresql://ann:p@ss@h/d", "postgresql://ann@h/d", "p@ss"),
        ("postgresql://h/d?password=x%26&sslmode=require", "postgresql://h/d?sslmode=require", "x&"),
        ("postgresql:///d?a=1&PassWord=x&b=2&sslpassword=y", "postgresql:///d?a=1&b=2", None),
        ("postgresql://ann:secret@h/d?password=", "postgresql://ann@h/d", "secret"),
        ("postgresql://ann:p#w@h/d", "postgresql://ann@h/d", "p#w"),
        ("postgresql://ann:p?x=y@h/d", "postgresql://ann@h/d", "p?x=y"),
        ("postgresql://ann:p/w@h/d", "postgresql://ann@h/d", "p/w"),
        ("postgresql://h/d?pass%77ord=x&a=b", "postgresql://h/d?a=b", "x"),
        ("postgresql://h:5/d?user=ann@work", "postgresql://h:5/d?user=ann@work", None),
    ],
)
def test_the_password_of_an_address_is_not_shown(address: str, shown: str, password: str | None) -> None:
    assert without_password(address) == shown
    assert password_in(address) == password


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://ann:geheim@127.0.0.1:1/d",
        "postgresql://ann:geheim@h:port/d",
        "postgresql://ann:p@geheim@127.0.0.1:1/d",
        "postgresql://ann:p/geheim@127.0.0.1:1/d",
        "postgresql://ann:geheim@[::/d",
        "postgresql://ann:geheim@h/d?what=geheim",
        "postgresql://ann@127.0.0.1:1/d?password=geheim",
    ],
)
def test_no_failure_to_connect_tells_the_password(address: str) -> None:
    with pytest.raises(SystemFailure) as told:
        open_store(None, time.time, database=address)
    assert "geheim" not in str(told.value).replace("what=geheim", "")
    assert "\n" not in str(told.value)


def test_each_database_has_a_directory_of_its_own_on_this_machine(tmp_path: Path) -> None:
    known = {"NBMERGE_STATE_DIR": str(tmp_path / "d")}
    one = place_of("postgresql://ann:x@h/d", known)
    assert os.path.dirname(one) == place_of(None, known) == str(tmp_path / "d")
    assert one == place_of("postgresql://ann:y@h/d", known)
    assert one == place_of(None, {**known, "NBMERGE_STATE": "postgresql://ann@h/d"})
    assert one != place_of("postgresql://ann@h/other", known)
    assert place_of(str(tmp_path), {"NBMERGE_STATE": "postgresql://h/d"}) == str(tmp_path)
    assert database_of(str(tmp_path), {"NBMERGE_STATE": "postgresql://h/d"}) is None
    assert database_of(None, {"NBMERGE_STATE": str(tmp_path)}) is None
    made = state_directory("postgresql://ann@h/d", known)
    if sys.platform != "win32":
        assert {os.stat(path).st_mode & 0o77 for path in (made, os.path.dirname(made))} == {0}


def test_text_that_no_database_takes_is_taken(tmp_path: Path) -> None:
    store = fresh(tmp_path)
    strange = os.fsdecode(b"/home/ada/\xff\\x00.ipynb")
    notebook_id = store.adopt(strange)
    save(store, notebook_id, b"\0\xff")
    for save_id in ("\0", "\ud800", "\\x00", "plain"):
        assert store.sent(notebook_id, save_id) is None
        store.note_sent(notebook_id, save_id, 1)
        assert store.sent(notebook_id, save_id) is not None
    assert store.path_of(notebook_id) == strange
    assert store.data(notebook_id, 1) == b"\0\xff"


def held_locks(store: Store) -> int:
    with psycopg.connect(engine_of(store)._address) as other:
        row = other.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'").fetchone()
    assert row is not None
    return int(row[0])


def test_a_notebook_is_free_again_although_a_note_was_refused(tmp_path: Path) -> None:
    store = fresh(tmp_path)
    save(store, store.adopt(PATH), b"one")
    with store.lock(PATH):
        engine_of(store).note("UPDATE book SET glance = 1 / 0")
    assert engine_of(store).rows("SELECT 1") == [(1,)]
    assert (engine_of(store).locks, held_locks(store)) == (0, 0)


@pytest.mark.parametrize("how", ["refused", "damaged"])
def test_a_notebook_is_free_again_although_what_is_read_with_the_lock_is_not_to_be_had(
    tmp_path: Path, how: str
) -> None:
    store = fresh(tmp_path)
    save(store, store.adopt(PATH), b"one")
    with psycopg.connect(engine_of(store)._address) as other:
        broken = {
            "refused": "ALTER TABLE book RENAME COLUMN glance TO gone",
            "damaged": "UPDATE book SET standing = 'no JSON', generation = generation + 1",
        }
        other.execute(broken[how])
    with pytest.raises(SystemFailure), store.lock(PATH):
        pass
    assert engine_of(store).rows("SELECT 1") == [(1,)]
    assert (engine_of(store).locks, held_locks(store)) == (0, 0)
