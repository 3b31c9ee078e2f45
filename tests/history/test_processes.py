"""A watcher and commands, and several threads, use one store at the same time."""

from __future__ import annotations

import contextlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nbmerge.errors import NotebookError
from nbmerge.history.pieces import fetch, unpack_ids
from nbmerge.history.sqlite import SqliteDatabase
from nbmerge.history.values import Retention
from tests.history.stores import DAY, NOON, PATH, contents, fresh, process, save, text

pytestmark = pytest.mark.usefixtures("engine")
WRITING = """
import sys
from pathlib import Path
from tests.history.stores import PATH, fresh, save, text
store = fresh(Path(sys.argv[1]))
name = sys.argv[2].encode()
for number in range(30):
    version = save(store, store.adopt(PATH), name + text(number))
    assert store.data(store.adopt(PATH), version.number) == name + text(number)
    store.prune(0)
store.close()
"""
OPENING = """
import sys
from pathlib import Path
from tests.history.stores import opened

found = opened(Path(sys.argv[1]))
book = found.store.adopt("/" + sys.argv[2])
print(found.set_aside is not None)
found.store.close()
"""


def test_two_processes_record_at_once_while_a_third_reads(tmp_path: Path) -> None:
    store = fresh(tmp_path)
    notebook_id = store.adopt(PATH)
    writers = [process(WRITING, tmp_path, name) for name in "ab"]
    seen: dict[int, bytes] = {}
    while any(writer.poll() is None for writer in writers):
        now = contents(store, notebook_id)
        assert now.items() >= seen.items()
        seen = now
    assert [writer.communicate() and writer.returncode for writer in writers] == [0, 0]
    kept = contents(store, notebook_id)
    assert sorted(kept) == list(range(1, 61))
    assert sorted(kept.values()) == sorted(
        name + text(number) for name in (b"a", b"b") for number in range(30)
    )
    store.check()


def test_several_processes_make_one_store(tmp_path: Path) -> None:
    for opener in [process(OPENING, tmp_path, name) for name in "abcd"]:
        assert opener.communicate()[0] == "False\n"
    assert [notebook_id.path for notebook_id in fresh(tmp_path).notebooks()] == ["/a", "/b", "/c", "/d"]


def test_what_another_process_recorded_in_between_is_seen(tmp_path: Path) -> None:
    """What is remembered of the version before is not taken for a newer one, or one that was dropped."""
    stores = [fresh(tmp_path, Retention(days=0)) for _ in range(2)]
    notebook_id = stores[0].adopt(PATH)
    for number in range(1, 12):
        store = stores[number // 2 % 2]
        save(store, notebook_id, text(number))
        stores[number // 3 % 2].prune(NOON + DAY)
        assert contents(store, notebook_id) == {number: text(number)}
    [[used], [pieces]] = (store._database.rows(f"SELECT count(*) FROM {name}") for name in ("use", "piece"))
    assert used == pieces == (len(unpack_ids(store._recipe(notebook_id, 11) or b"")),)


def test_what_came_to_nothing_is_not_remembered(tmp_path: Path) -> None:
    """Its pieces had ids that others have now."""
    store, other = fresh(tmp_path), fresh(tmp_path)
    notebook_id = store.adopt(PATH)
    with contextlib.suppress(RuntimeError), store.together():
        save(store, notebook_id, text(1))
        raise RuntimeError
    save(other, other.adopt("/other.ipynb"), text(2))
    save(other, notebook_id, text(1))
    save(store, notebook_id, text(1) + b"more")
    assert contents(store, notebook_id) == {1: text(1), 2: text(1) + b"more"}


def test_what_is_read_is_of_one_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process drops the version while it is being read."""
    store, other = fresh(tmp_path), fresh(tmp_path, Retention(days=0))
    notebook_id = store.adopt(PATH)
    save(store, notebook_id, text(1))
    save(store, notebook_id, text(2))

    def late(database: SqliteDatabase, recipe: bytes) -> bytes:
        assert other.prune(NOON + DAY) == 1
        return fetch(database, recipe)

    monkeypatch.setattr("nbmerge.history.store.fetch", late)
    assert store.data(notebook_id, 1) == text(1)
    monkeypatch.undo()
    with pytest.raises(NotebookError, match="no longer kept"):
        store.data(notebook_id, 1)


def test_threads_may_share_a_store(tmp_path: Path) -> None:
    store = fresh(tmp_path)
    books = [store.adopt(f"/{name}.ipynb") for name in "abc"]

    def work(notebook_id: int) -> bool:
        for number in range(10):
            save(store, notebook_id, b"%d" % notebook_id + text(number))
        return contents(store, notebook_id) == {
            number + 1: b"%d" % notebook_id + text(number) for number in range(10)
        }

    with ThreadPoolExecutor(len(books)) as threads:
        assert all(threads.map(work, books))
    store.check()
