"""What is old or too much is dropped; what a notebook stands on never is."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from nbmerge.errors import NotebookError
from nbmerge.history.store import Store
from nbmerge.history.values import Draft, Retention
from nbmerge.lineage.heads import Heads, OpenTip
from nbmerge.lineage.versions import Origin
from tests.history.stores import DAY, NOON, PATH, contents, fresh, save

pytestmark = pytest.mark.usefixtures("engine")

LATER = NOON + 1000 * DAY


def numbers(store: Store, notebook_id: int) -> list[int]:
    return [version.number for version in store.versions(notebook_id)]


def noise(seed: int) -> bytes:
    """Lines that do not shrink, 30 kB."""
    made = random.Random(seed)
    return b"".join(b'"%x",\n' % made.getrandbits(400) for _ in range(300))


def test_versions_older_than_so_many_days_are_dropped() -> None:
    store = fresh(retention=Retention(days=3))
    notebook_id = store.adopt(PATH)
    for day in range(8):
        save(store, notebook_id, b"day %d" % day, time=NOON + day * DAY)
    assert store.prune(NOON + 7 * DAY) == 4
    assert contents(store, notebook_id) == {number: b"day %d" % (number - 1) for number in (5, 6, 7, 8)}
    assert store.prune(NOON + 7 * DAY) == 0


def test_the_newest_version_of_a_notebook_is_kept_for_ever() -> None:
    store = fresh(retention=Retention(days=1, size=1))
    books = [store.adopt(f"/{name}.ipynb") for name in "ab"]
    for notebook_id in books:
        save(store, notebook_id, b"one")
        store.record(notebook_id, b"two", Draft(NOON, Origin.SAVED, (1,)))  # the file still holds the first
        store.record(notebook_id, b"three", Draft(NOON, Origin.SAVED, (1,)))
    store.prune(LATER)
    assert [contents(store, notebook_id) for notebook_id in books] == [{1: b"one", 3: b"three"}] * 2


def test_numbers_of_dropped_versions_are_not_given_again() -> None:
    store = fresh(retention=Retention(days=0))
    notebook_id = store.adopt(PATH)
    for number in range(4):
        save(store, notebook_id, b"%d" % number)
        store.prune(LATER)
    assert numbers(store, notebook_id) == [4]
    assert save(store, notebook_id, b"next").number == 5


def test_a_dropped_version_is_known_but_has_no_bytes() -> None:
    store = fresh(retention=Retention(days=0))
    notebook_id = store.adopt(PATH)
    for number in range(3):
        save(store, notebook_id, b"%d" % number)
    digest = store.version(notebook_id, 1).digest
    store.prune(LATER)
    assert store.graph(notebook_id).parents == {1: (), 2: (1,), 3: (2,)}
    assert store.version(notebook_id, 1).origin is Origin.SAVED
    assert store.find(notebook_id, digest) is None
    with pytest.raises(NotebookError, match="version 1 is no longer kept; see `log`"):
        store.data(notebook_id, 1)


def test_what_is_needed_to_merge_is_kept() -> None:
    """4 and 5 come from 3 and are merged in 8, after which 9 and 10 were saved; 7 may be lost under 9."""
    store = fresh(retention=Retention(days=0))
    notebook_id = store.adopt(PATH)
    for number, parents in enumerate([(), (1,), (2,), (3,), (3,), (2,), (6,), (4, 5), (8,), (9,)], 1):
        store.record(notebook_id, b"%d" % number, Draft(NOON, Origin.SAVED, parents))
    store.set_heads(notebook_id, Heads(10, (10,), (OpenTip(7, 1, 9, NOON),)))
    store.prune(LATER)
    # 10 stands; 8 is its last merge, made of 4 and 5 on top of 3; 7 and 9 have 2 in common,
    # but whoever opened the tip said that 1 is its base.
    assert numbers(store, notebook_id) == [1, 2, 3, 4, 5, 7, 8, 9, 10]


def test_the_tips_of_a_merge_that_is_not_yet_written_are_kept() -> None:
    store = fresh(retention=Retention(days=0))
    notebook_id = store.adopt(PATH)
    for number, parents in enumerate([(), (1,), (2,), (2,), (3,), (5,)], 1):
        store.record(notebook_id, b"%d" % number, Draft(NOON, Origin.SAVED, parents))
    store.set_heads(notebook_id, Heads(6, (6, 4)))
    store.prune(LATER)
    assert numbers(store, notebook_id) == [2, 4, 6]


def test_a_store_that_is_too_large_drops_the_oldest_first(tmp_path: Path) -> None:
    store = fresh(tmp_path, Retention(days=1e6, size=500_000))
    books = [store.adopt(f"/{name}.ipynb") for name in "ab"]
    for number in range(40):
        save(store, books[number % 2], noise(number), time=NOON + number)
    before = store.totals().bytes
    store.prune(NOON)
    kept = sorted(version.time - NOON for notebook_id in books for version in store.versions(notebook_id))
    assert before > 700_000
    assert 300_000 < store.totals().bytes <= 500_000
    assert kept == list(range(40 - len(kept), 40))
    assert store.prune(NOON) == 0
    for number in range(40 - len(kept), 40):
        assert store.data(books[number % 2], number // 2 + 1) == noise(number)


def test_pieces_that_another_version_or_notebook_needs_stay() -> None:
    store = fresh(retention=Retention(days=10))
    one, other = store.adopt(PATH), store.adopt("/other.ipynb")
    save(store, one, noise(1), time=NOON)
    save(store, one, noise(2), time=NOON + DAY)
    save(store, one, noise(1), time=NOON + 20 * DAY)  # back again
    save(store, other, noise(2), time=NOON)
    save(store, other, noise(3), time=NOON + 20 * DAY)
    store.prune(NOON + 25 * DAY)
    assert contents(store, one) == {3: noise(1)}
    assert contents(store, other) == {2: noise(3)}
    assert store.find(one, "00" * 32) is None
    assert save(store, one, noise(2)).number == 4
    assert store.data(one, 4) == noise(2)


def test_a_version_that_is_kept_between_dropped_ones_keeps_its_pieces() -> None:
    store = fresh(retention=Retention(days=0))
    notebook_id = store.adopt(PATH)
    for number in (1, 2, 1, 3):
        save(store, notebook_id, noise(number))
    store.set_heads(notebook_id, Heads(4, (4,), (OpenTip(1, None, 4, NOON),)))
    store.prune(LATER)
    assert contents(store, notebook_id) == {1: noise(1), 4: noise(3)}
    store.set_heads(notebook_id, Heads(4, (4,)))
    store.prune(LATER)
    assert contents(store, notebook_id) == {4: noise(3)}
    assert store.totals().bytes < 120_000


def test_what_was_noted_of_a_merge_goes_with_it() -> None:
    store = fresh(retention=Retention(days=0))
    notebook_id = store.adopt(PATH)
    for number in (1, 2):
        save(store, notebook_id, b"%d" % number)
        store.note_conflicts(notebook_id, number, ())
    store.prune(LATER)
    assert [store.conflicts(notebook_id, number) for number in (1, 2)] == [None, ()]
