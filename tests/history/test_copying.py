"""A history is moved from one engine to the other, whole, and compared."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from nbmerge.errors import SystemFailure, UsageError
from nbmerge.history import copying
from nbmerge.history.copying import Copied, copy_history
from nbmerge.history.opening import open_store
from nbmerge.history.pieces import pack_ids
from nbmerge.history.store import Store
from nbmerge.history.values import Draft, Retention
from nbmerge.lineage.heads import Heads, OpenTip
from nbmerge.lineage.versions import Origin
from nbmerge.merge.values import Conflict
from tests.helpers.postgres import Server
from tests.history import stores
from tests.history.stores import DAY, NOON, PATH, contents, save, text

OTHER = "/home/ada/b\udcff.ipynb"
NAMES = ("sqlite", "postgresql")


@pytest.fixture
def make(server: Server, tmp_path: Path) -> dict[str, Store]:
    def opened(name: str, database: str | None) -> Store:
        folder = tmp_path / name
        folder.mkdir()
        store = open_store(str(folder), lambda: NOON, stores.FOREVER, database).store
        stores.OPEN.append(store)
        return store

    return {
        **{f"sqlite{end}": opened(f"sqlite{end}", None) for end in ("", "2")},
        **{
            f"postgresql{end}": opened(f"p{end}", server.address(f"c{abs(hash(tmp_path))}{end}"))
            for end in ("", "2")
        },
    }


def filled(store: Store) -> None:
    """Two notebooks with all that a store knows of one."""
    notebook_id = store.adopt(PATH)
    for number in range(1, 9):
        save(store, notebook_id, text(number), time=NOON + number * DAY)
    store.record(notebook_id, b"<<<<<<< merged", Draft(NOON + 9 * DAY, Origin.MERGED, (8, 7), why="why"))
    store.note_conflicts(notebook_id, 9, [Conflict(0, "a", "b", "c", "d", range(1, 5))])
    store.note_sent(notebook_id, "one \ud800", 9)
    store.set_heads(notebook_id, Heads(9, (8, 7), (OpenTip(6, 5, 8, NOON),)))
    store.set_stamp(notebook_id, (1, 2, (1 << 64) - 1))
    other = store.adopt(OTHER)
    save(store, other, text(3))
    save(store, other, b"")
    store.adopt("/never/saved.ipynb")
    store._retention = Retention(days=5)
    assert store.prune(NOON + 9 * DAY)


@pytest.mark.parametrize("target", NAMES)
@pytest.mark.parametrize("source", NAMES)
def test_all_that_is_known_comes_over(make: dict[str, Store], source: str, target: str) -> None:
    old, new = make[source], make[f"{target}2"]
    filled(old)
    told: list[str] = []
    done = copy_history(old, new, told.append)
    assert told == [OTHER, PATH]
    for path in (PATH, OTHER):
        before, after = old.notebook_id(path), new.notebook_id(path)
        assert before is not None
        assert after is not None
        assert contents(old, before) == contents(new, after)
        assert old.versions(before) == new.versions(after)
        assert old.graph(before).parents == new.graph(after).parents
        assert (old.heads(before), old.stamp(before)) == (new.heads(after), new.stamp(after))
        assert old.conflicts(before, 9) == new.conflicts(after, 9)
        assert old.sent(before, "one \ud800") == new.sent(after, "one \ud800")
        assert old.merge_of(before, (7, 8)) == new.merge_of(after, (7, 8))
    counts = old.totals(), new.totals()
    assert [one.versions for one in counts] == [done.versions] * 2
    assert [(one.merges, one.open_tips) for one in counts] == [(1, 1)] * 2
    after = new.adopt(PATH)
    assert save(new, after, text(8) + b"more").number == 10
    assert new.data(after, 10) == text(8) + b"more"
    new._retention = Retention(days=0)
    new.prune(NOON + 99 * DAY)
    new.check()


def test_what_was_copied_before_is_compared_and_not_copied_again(make: dict[str, Store]) -> None:
    old, new = make["sqlite"], make["postgresql"]
    filled(old)
    first = copy_history(old, new, lambda path: None)
    assert copy_history(old, new, pytest.fail) == Copied(2, first.versions, 2)


def test_an_interrupted_copy_goes_on(make: dict[str, Store]) -> None:
    old, new = make["sqlite"], make["postgresql"]
    filled(old)

    def interrupt(path: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy_history(old, new, interrupt)
    assert copy_history(old, new, lambda path: None).before == 1


def test_another_history_of_a_notebook_stops_the_copy_before_it_begins(make: dict[str, Store]) -> None:
    old, new = make["sqlite"], make["postgresql"]
    filled(old)
    save(new, new.adopt(OTHER), b"something else")
    with pytest.raises(UsageError, match="another history of it; nothing was copied"):
        copy_history(old, new, pytest.fail)
    assert new.notebook_id(PATH) is None


def test_what_did_not_come_over_right_is_told(
    make: dict[str, Store], monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = make["sqlite"], make["postgresql"]
    filled(old)
    monkeypatch.setattr(copying, "pack_ids", first_piece_twice)
    with pytest.raises(SystemFailure, match="is not what was read"):
        copy_history(old, new, lambda path: None)


def first_piece_twice(ids: list[int]) -> bytes:
    return pack_ids([*ids[:1], *ids])


def test_a_damaged_source_is_told_and_the_target_stays_without_that_notebook(make: dict[str, Store]) -> None:
    old, new = make["sqlite"], make["postgresql"]
    filled(old)
    assert isinstance(stores.sqlite_of(old)._connection, sqlite3.Connection)
    old._database.run("DELETE FROM piece WHERE id = (SELECT min(piece) FROM use)")
    with pytest.raises(SystemFailure, match="damaged"):
        copy_history(old, new, lambda path: None)
    assert new.versions(new.adopt(PATH)) == ()
