"""A damaged store is set aside and named, and a new one goes on; what is not damage is left as it is."""

from __future__ import annotations

import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from nbmerge.errors import SystemFailure
from nbmerge.history import sqlite as schema
from nbmerge.history.store import Store
from nbmerge.history.values import Draft, Retention, StoreLost
from nbmerge.lineage.versions import Origin
from tests.helpers import examples
from tests.history import stores
from tests.history.stores import DAY, NOON, PATH, contents, file_of, filled, fresh, opened, save, text

VERSIONS = {number: text(number) * 3 for number in (1, 2, 3)}


def garbage_header(store: Path) -> None:
    store.write_bytes(b"\x13" * 200 + store.read_bytes()[200:])


def other_file(store: Path) -> None:
    store.write_bytes(b"this is no database\n" * 1000)


def emptied(store: Path) -> None:
    store.write_bytes(b"")


def first_page_only(store: Path) -> None:
    store.write_bytes(store.read_bytes()[:4096])


def half(store: Path) -> None:
    store.write_bytes(store.read_bytes()[: store.stat().st_size // 2])


def no_table(store: Path) -> None:
    database = fresh(store.parent)._database
    database.run("DROP TABLE piece")
    database.close()


AT_ONCE = [garbage_header, other_file, emptied, first_page_only, half, no_table]


@pytest.mark.parametrize("damage", AT_ONCE)
def test_a_damaged_store_is_set_aside_and_a_new_one_is_used(
    tmp_path: Path, damage: Callable[[Path], None]
) -> None:
    filled(tmp_path, *VERSIONS.values())
    damage(file_of(tmp_path))
    damaged = file_of(tmp_path).read_bytes()
    try:
        found = opened(tmp_path)
        found.store.check()
    except StoreLost:  # seen only when all is read
        found = opened(tmp_path)
    assert found.set_aside is not None
    assert Path(found.set_aside).parent == tmp_path
    assert Path(found.set_aside).read_bytes() == damaged
    notebook_id = found.store.adopt(PATH)
    assert found.store.versions(notebook_id) == ()
    save(found.store, notebook_id, b"on it goes")
    found.store.close()
    again = opened(tmp_path)
    assert again.set_aside is None
    assert contents(again.store, notebook_id) == {1: b"on it goes"}


def test_damage_that_is_met_later_makes_the_next_one_to_open_set_it_aside(tmp_path: Path) -> None:
    """Each page in turn is overwritten: what was recorded is read exactly, or the store is lost and
    says so; never are other bytes given."""
    filled(tmp_path, *VERSIONS.values())
    name, whole = file_of(tmp_path).name, file_of(tmp_path).read_bytes()
    noise = random.Random(7)
    lost = 0
    for page in range(len(whole) // 4096):
        folder = tmp_path / str(page)
        folder.mkdir()
        start = page * 4096
        (folder / name).write_bytes(whole[:start] + noise.randbytes(4096) + whole[start + 4096 :])
        found = opened(folder)
        if found.set_aside is None:
            with pytest.raises(StoreLost, match="the store is damaged"):
                read_and_write(folder)
            found.store.close()
            found = opened(folder)
            lost += 1
        assert found.set_aside is not None
        save(found.store, found.store.adopt(PATH), b"on it goes")
    assert lost > 10


def read_and_write(folder: Path) -> None:
    store = fresh(folder)
    notebook_id = store.adopt(PATH)
    assert contents(store, notebook_id) == VERSIONS
    assert save(store, notebook_id, b"more").number == 4
    assert store.data(notebook_id, 4) == b"more"
    store.check()


def test_any_changed_byte_is_harmless_or_damage(tmp_path: Path) -> None:
    filled(tmp_path, *VERSIONS.values())
    store, whole = file_of(tmp_path), file_of(tmp_path).read_bytes()
    chance = random.Random(11)
    told = 0
    for _ in range(150 * examples.FACTOR):
        place = chance.randrange(chance.choice([100, 8192, len(whole)]))
        store.write_bytes(whole[:place] + bytes([chance.randrange(256)]) + whole[place + 1 :])
        try:
            use(opened(tmp_path).store)
        except StoreLost:
            told += 1
        except SystemFailure:
            assert place < 100  # the header may say: from a newer nbmerge, or not to be written
        while stores.OPEN:
            stores.OPEN.pop().close()
        for path in tmp_path.iterdir():
            path.unlink()
    assert told > 3


def use(store: Store) -> None:
    """All that a watcher does."""
    for notebook_id in store.notebooks():
        for version in store.versions(notebook_id.id):
            assert store.data(notebook_id.id, version.number) in VERSIONS.values()
        store.heads(notebook_id.id)
        store.graph(notebook_id.id)
        store.find(notebook_id.id, "00" * 32)
        save(store, notebook_id.id, b"more")
    save(store, store.adopt(PATH), b"more")
    store._retention = Retention(days=0)
    store.prune(2 * NOON)
    store.totals()


def test_a_version_that_changed_in_the_store_is_not_given(tmp_path: Path) -> None:
    notebook_id = filled(tmp_path, b"the exact bytes")
    store = fresh(tmp_path)
    store._database.run("UPDATE piece SET data = CAST(x'00' || 'other bytes' AS BLOB)")
    with pytest.raises(StoreLost, match="version 1 has changed"):
        store.data(notebook_id, 1)
    assert opened(tmp_path).set_aside is not None


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM piece",
        "UPDATE piece SET data = x'01ffff'",
        "UPDATE version SET recipe = x'ffff'",
        "UPDATE version SET note = '{'",
        "UPDATE version SET origin = 'somehow'",
        "UPDATE book SET standing = '{}'",
    ],
)
def test_what_makes_no_sense_is_damage(tmp_path: Path, statement: str) -> None:
    notebook_id = filled(tmp_path, b"one")
    store = fresh(tmp_path)
    store._database.run(statement)
    with pytest.raises(StoreLost):
        assert not contents(store, notebook_id) or store.heads(notebook_id)


def test_a_store_without_its_log_is_as_old_as_it_is_or_set_aside(tmp_path: Path) -> None:
    filled(tmp_path, b"one")
    store = fresh(tmp_path)
    for number in range(50):
        save(store, 1, text(number))
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copy(file_of(tmp_path), copy)  # without the log, in which the last versions are
    found = opened(copy)
    notebook_id = found.store.adopt(PATH)
    assert found.set_aside is not None or found.store.versions(notebook_id)
    save(found.store, notebook_id, b"on it goes")
    found.store.check()


def test_a_store_that_was_removed_while_it_was_in_use_does_not_disturb_the_next_one(tmp_path: Path) -> None:
    """SQLite removes a log by its name when the last one closes a store, whosever log it is by then."""
    store = fresh(tmp_path)
    save(store, store.adopt(PATH), b"one")
    for path in tmp_path.iterdir():
        path.unlink()
    other = fresh(tmp_path)
    notebook_id = other.adopt(PATH)
    save(other, notebook_id, b"two")
    store.close()
    assert Path(f"{file_of(tmp_path)}-wal").exists()
    assert contents(fresh(tmp_path), notebook_id) == {1: b"two"}


def test_the_log_goes_aside_with_its_store(tmp_path: Path) -> None:
    store = fresh(tmp_path)
    notebook_id = store.adopt(PATH)
    save(store, notebook_id, b"one")
    failure = store._database.damaged("for a test")
    assert isinstance(failure, StoreLost)
    found = opened(tmp_path)
    assert found.set_aside is not None
    kept = tmp_path / "kept"
    kept.mkdir()
    for end in ("", "-wal"):
        shutil.copy(found.set_aside + end, kept / f"history-1.sqlite3{end}")
    assert contents(fresh(kept), notebook_id) == {1: b"one"}


def test_who_finds_damage_when_another_one_has_mended_it_does_no_harm(tmp_path: Path) -> None:
    filled(tmp_path, b"one")
    slow = fresh(tmp_path)
    garbage_header(file_of(tmp_path))
    assert opened(tmp_path).set_aside is not None
    slow._database.damaged("seen late")
    assert opened(tmp_path).set_aside is None


def test_each_damaged_store_has_its_own_name(tmp_path: Path) -> None:
    names = set()
    for _ in range(3):
        filled(tmp_path, b"one")
        garbage_header(file_of(tmp_path))
        found = opened(tmp_path)
        found.store.close()
        names.add(found.set_aside)
    assert None not in names
    assert len(names) == 3


def test_who_still_writes_to_a_store_that_was_set_aside_or_removed_is_told(tmp_path: Path) -> None:
    store = fresh(tmp_path)
    notebook_id = store.adopt(PATH)
    shutil.move(file_of(tmp_path), tmp_path / "elsewhere")
    with pytest.raises(StoreLost, match="was moved or removed"):
        save(store, notebook_id, b"one")
    other = opened(tmp_path).store
    with pytest.raises(StoreLost, match="was moved or removed"):
        save(store, notebook_id, b"one", 1)
    assert other.notebooks() == ()


def test_a_failure_to_open_is_no_damage(tmp_path: Path) -> None:
    store = tmp_path / "history-1.sqlite3"
    store.mkdir()
    with pytest.raises(SystemFailure, match="name another directory with --state") as failure:
        opened(tmp_path)
    assert not isinstance(failure.value, StoreLost)
    assert store.is_dir()


def test_a_store_from_a_newer_nbmerge_is_refused_and_left_alone(tmp_path: Path) -> None:
    filled(tmp_path, b"one")
    store = fresh(tmp_path)
    store._database.rows(f"PRAGMA user_version = {len(schema.STEPS) + 1}")
    store.close()
    before = file_of(tmp_path).read_bytes()
    with pytest.raises(SystemFailure, match="from a newer nbmerge; update this one") as failure:
        opened(tmp_path)
    assert not isinstance(failure.value, StoreLost)
    assert file_of(tmp_path).read_bytes() == before
    assert len(list(tmp_path.glob("history*"))) == 1


def test_a_store_from_an_older_nbmerge_is_migrated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notebook_id = filled(tmp_path, b"one", b"two")
    later = (
        *schema.STEPS,
        ("ALTER TABLE book ADD COLUMN colour TEXT", "UPDATE book SET colour = 'blue'"),
        ("CREATE INDEX book_colour ON book (colour)",),
    )
    monkeypatch.setattr(schema, "STEPS", later)
    found = opened(tmp_path)
    assert found.set_aside is None
    assert contents(found.store, notebook_id) == {1: b"one", 2: b"two"}
    assert found.store._database.rows("SELECT colour FROM book INDEXED BY book_colour") == [("blue",)]
    assert save(found.store, notebook_id, b"three").number == 3


def test_dates_of_another_clock_become_those_of_what_was_recorded_next_to_them(tmp_path: Path) -> None:
    """Stores of the first stage may hold seconds since the machine was started."""
    store = fresh(tmp_path)
    notebook_id, other = store.adopt(PATH), store.adopt("/home/ada/other.ipynb")
    for number, time in enumerate((81.5, NOON, 4000.0, 4001.0, NOON + 60)):
        save(store, other if number == 2 else notebook_id, b"%d" % number, time=time)
    back_to_the_first_stage(store)
    store = fresh(tmp_path, Retention(days=365 * 60))
    assert [version.time for version in store.versions(notebook_id)] == [NOON, NOON, NOON, NOON + 60]
    assert [version.time for version in store.versions(other)] == [NOON]
    assert store.prune(NOON + DAY) == 0


def test_merges_of_an_older_nbmerge_are_known_by_their_tips(tmp_path: Path) -> None:
    store = fresh(tmp_path)
    notebook_id = store.adopt(PATH)
    for data in (b"one", b"two", b"three"):
        save(store, notebook_id, data)
    words = "merged from version 3 and version 2"
    for parents, why in (((3, 2), words), ((3, 1), words), ((2, 1), "")):
        store.record(notebook_id, b"merged", Draft(NOON, Origin.MERGED, parents, why=why))
    back_to_the_first_stage(store)
    store = fresh(tmp_path)
    assert store.merge_of(notebook_id, (2, 3)) == 4
    assert store.merge_of(notebook_id, (1, 3)) is None
    store.reparent(notebook_id, 4, (2, 1))
    assert store.merge_of(notebook_id, (2, 3)) is store.merge_of(notebook_id, (1, 2)) is None


def back_to_the_first_stage(store: Store) -> None:
    for index in ("version_made_of", "version_merged"):
        store._database.rows(f"DROP INDEX {index}")
    for column in ("made_of", "marked"):
        store._database.rows(f"ALTER TABLE version DROP COLUMN {column}")
    for table in ("sent", "conflicts"):
        store._database.rows(f"DROP TABLE {table}")
    store._database.rows("PRAGMA user_version = 1")
    store.close()


def test_a_migration_that_fails_leaves_the_store_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook_id = filled(tmp_path, b"one")
    with monkeypatch.context() as patch:
        broken = ("CREATE TABLE more (id)", "SELECT a statement that cannot be")
        patch.setattr(schema, "STEPS", (*schema.STEPS, broken))
        with pytest.raises(SystemFailure):
            opened(tmp_path)
    found = opened(tmp_path)
    assert found.set_aside is None
    assert contents(found.store, notebook_id) == {1: b"one"}
