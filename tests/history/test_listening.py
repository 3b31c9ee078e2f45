"""What those who share a store are told of each other: what changed, and what they say."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from threading import enumerate as threads_that_run

import psycopg
import pytest

from nbmerge.errors import SystemFailure
from nbmerge.history import listening
from nbmerge.history.values import StoreAway
from nbmerge.sync.standing import StandingStore
from tests.helpers.postgres import Server
from tests.history import stores
from tests.history.stores import NOON, PATH, end_connection, engine_of, fresh, save

OTHER = "/home/ada/other.ipynb"


@pytest.fixture(autouse=True, scope="module")
def _shared(server: Server) -> Iterator[None]:
    stores.use(server)
    yield
    stores.use(None)


class Heard:
    """What a listener was told."""

    def __init__(self) -> None:
        self.told: list[object] = []

    def __call__(self, numbers: object) -> None:
        self.told.append(numbers)

    def wait(self, *wanted: object) -> None:
        end = time.monotonic() + 20
        while self.told != list(wanted):
            assert time.monotonic() < end, self.told
            time.sleep(0.01)


def test_who_hears_is_told_of_what_others_change_and_after_a_gap_of_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there, heard = fresh(tmp_path), fresh(tmp_path), Heard()
    notebook_id = there.adopt(PATH)
    hearing = engine_of(here).hear(heard)
    try:
        heard.wait(None)
        save(there, notebook_id, b"one")
        heard.wait(None, {notebook_id})
        save(here, notebook_id, b"own")  # one's own is no news
        refused = Event()
        connected = engine_of(here)._connection_made

        def not_yet() -> psycopg.Connection[tuple[object, ...]]:
            if not refused.is_set():
                refused.set()
                raise StoreAway("away")
            return connected()

        monkeypatch.setattr(hearing, "_connected", not_yet)
        [[pid]] = engine_of(there).rows(
            "SELECT pid FROM pg_stat_activity WHERE query LIKE '%LISTEN%' AND pid <> pg_backend_pid()"
        )
        end_connection(there, pid)
        heard.wait(None, {notebook_id}, None)
        save(there, notebook_id, b"two")
        heard.wait(None, {notebook_id}, None, {notebook_id})
    finally:
        hearing.stop()


def test_what_one_says_is_heard_by_the_others_who_listen_for_that_and_not_by_oneself(tmp_path: Path) -> None:
    here, there, watcher = fresh(tmp_path), fresh(tmp_path), fresh(tmp_path)
    notebook_id = here.adopt(PATH)
    told, spoken, own, seen = Heard(), list[str | None](), list[str | None](), Heard()
    hearings = [
        engine_of(here).hear(told, own.append),
        engine_of(there).hear(told, spoken.append),
        engine_of(watcher).hear(seen),
    ]
    try:
        told.wait(None, None)
        seen.wait(None)
        longest = "x" * 7999
        for text in ("one", longest, "three"):
            hearings[0].say(text)
        save(watcher, notebook_id, b"one")
        end = time.monotonic() + 20
        while len(spoken) < 4 or len(told.told) < 4:
            assert time.monotonic() < end, (spoken, told.told)
            time.sleep(0.01)
        assert spoken == [None, "one", longest, "three"]
        assert told.told[2:] == [{notebook_id}, {notebook_id}]
        assert (own, seen.told) == ([None], [None])
        hearings[0].say("the last thing")
        hearings[0].stop()
        while len(spoken) < 5:
            assert time.monotonic() < end, spoken
            time.sleep(0.01)
        hearings[0].say("too late")
    finally:
        for hearing in hearings:
            hearing.stop()
    assert spoken[4:] == ["the last thing"]


def test_a_listener_that_was_stopped_while_it_connects_tells_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, heard = fresh(tmp_path), Heard()
    connected, connecting, stopped = engine_of(store)._connection_made, Event(), Event()

    def slowly() -> psycopg.Connection[tuple[object, ...]]:
        connecting.set()
        stopped.wait(20)
        return connected()

    monkeypatch.setattr(engine_of(store), "_connection_made", slowly)
    monkeypatch.setattr(listening, "_WAIT", 0.05)
    hearing = engine_of(store).hear(heard, heard.told.append)
    connecting.wait(20)
    hearing.stop()
    stopped.set()
    hearing._thread.join(20)  # type: ignore[attr-defined]
    assert heard.told == []


def listeners() -> list[Thread]:
    return [one for one in threads_that_run() if one.name == "nbmerge-listening"]


def test_nobody_listens_once_a_program_has_closed_its_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBMERGE_STATE_DIR", str(tmp_path))
    heard = Heard()
    store = StandingStore(stores.database_of(tmp_path))
    store.hear(heard, heard)
    first = store.ask(lambda calls: calls)
    heard.wait(None, None)
    store.forget(first)
    store.ask(lambda calls: calls)  # it was opened anew
    heard.wait(None, None, None, None)
    assert len(listeners()) == 1
    store.close()
    assert listeners() == []
    with pytest.raises(SystemFailure, match="just ending"):
        store.ask(lambda calls: calls)


def test_all_machines_call_a_notebook_the_same_and_other_stores_do_not(tmp_path: Path) -> None:
    one, same, other = (fresh(tmp_path / name).places for name in ("one", "one", "other"))
    assert one.alias(PATH) == same.alias(PATH) != one.alias(OTHER)
    assert other.alias(PATH) not in ("", one.alias(PATH))
    assert PATH not in one.alias(PATH)


def test_each_change_of_a_notebook_is_told_to_those_who_listen(tmp_path: Path) -> None:
    store = fresh(tmp_path)
    database = engine_of(store)
    with psycopg.connect(database._address, autocommit=True) as listener:
        listener.execute(f"LISTEN {database.channel}")
        notebook_id = store.adopt(PATH)
        with suppress(RuntimeError), store.together():
            save(store, notebook_id, b"nothing")
            raise RuntimeError
        with store.together():
            save(store, notebook_id, b"one")
            save(store, notebook_id, b"two")
        told = [one.payload for one in listener.notifies(timeout=5, stop_after=1)]
        assert told == [str(notebook_id)]
        assert list(listener.notifies(timeout=0.05)) == []
    assert store.versions(notebook_id)[-1].time == NOON
