"""A watcher and commands, and several threads, use one store at the same time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.history.stores import PATH, contents, fresh, process, save, text

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
    book = store.adopt(PATH)
    writers = [process(WRITING, tmp_path, name) for name in "ab"]
    seen: dict[int, bytes] = {}
    while any(writer.poll() is None for writer in writers):
        now = contents(store, book)
        assert now.items() >= seen.items()
        seen = now
    assert [writer.communicate() and writer.returncode for writer in writers] == [0, 0]
    kept = contents(store, book)
    assert sorted(kept) == list(range(1, 61))
    assert sorted(kept.values()) == sorted(
        name + text(number) for name in (b"a", b"b") for number in range(30)
    )
    store.check()


def test_several_processes_make_one_store(tmp_path: Path) -> None:
    for opener in [process(OPENING, tmp_path, name) for name in "abcd"]:
        assert opener.communicate()[0] == "False\n"
    assert [book.path for book in fresh(tmp_path).books()] == ["/a", "/b", "/c", "/d"]


def test_of_several_processes_one_sets_a_damaged_store_aside(tmp_path: Path) -> None:
    (tmp_path / "history-1.sqlite3").write_bytes(b"no database" * 1000)
    found = [opener.communicate()[0] for opener in [process(OPENING, tmp_path, name) for name in "abcd"]]
    assert sorted(found) == ["False\n"] * 3 + ["True\n"]
    assert [book.path for book in fresh(tmp_path).books()] == ["/a", "/b", "/c", "/d"]


def test_threads_may_share_a_store(tmp_path: Path) -> None:
    store = fresh(tmp_path)
    books = [store.adopt(f"/{name}.ipynb") for name in "abc"]

    def work(book: int) -> bool:
        for number in range(10):
            save(store, book, b"%d" % book + text(number))
        return contents(store, book) == {number + 1: b"%d" % book + text(number) for number in range(10)}

    with ThreadPoolExecutor(len(books)) as threads:
        assert all(threads.map(work, books))
    store.check()
