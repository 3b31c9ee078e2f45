"""Versions, where a notebook stands, and which file has which history."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from nbmerge.errors import NotebookError
from nbmerge.files import digest
from nbmerge.history.spelling import heads_text, read_heads, read_version, version_row
from nbmerge.history.values import Draft, LastSeen, Retention, StoredNotebook
from nbmerge.lineage.heads import Heads, OpenTip
from nbmerge.lineage.versions import Origin, Version, Writer
from nbmerge.merge.values import Conflict
from tests.helpers.examples import tried
from tests.history.stores import DAY, NOON, PATH, alone, contents, fresh, opened, save

pytestmark = pytest.mark.usefixtures("engine")

NUMBERS = st.integers(1, 1 << 40)
MANY = st.lists(NUMBERS, max_size=4).map(tuple)
TIMES = st.floats(0, 4e9)
TEXTS = st.text(max_size=20) | st.just("a\udcffb\ud800")  # what JSON and paths may hold, UTF-8 not
OPEN_TIPS = st.lists(st.builds(OpenTip, NUMBERS, st.none() | NUMBERS, NUMBERS, TIMES), max_size=3).map(tuple)
STANDINGS = st.builds(Heads, NUMBERS, MANY, OPEN_TIPS, MANY)
WRITERS = st.builds(Writer, TEXTS, TEXTS, st.none() | st.integers(0, 1 << 40), TEXTS)
DIGESTS = st.binary(min_size=32, max_size=32).map(bytes.hex)
VERSIONS = st.builds(
    Version, NUMBERS, DIGESTS, TIMES, st.sampled_from(Origin), MANY, WRITERS, st.integers(0), TEXTS
)


@given(VERSIONS)
def test_a_version_is_spelled_and_read(version: Version) -> None:
    assert read_version(version_row(version)) == version


@given(STANDINGS)
def test_a_standing_is_spelled_and_read(heads: Heads) -> None:
    assert read_heads(heads_text(heads)) == heads


@given(STANDINGS, WRITERS, TEXTS)
@tried(30)
def test_what_is_recorded_comes_back_whole(heads: Heads, writer: Writer, why: str) -> None:
    store = fresh()
    notebook_id = store.adopt(PATH)
    draft = Draft(NOON, Origin.COPY, (), writer, why)
    version = store.record(notebook_id, b"{}", draft, lambda _: heads)
    assert version == Version(1, digest(b"{}"), NOON, Origin.COPY, (), writer, 2, why)
    assert store.versions(notebook_id) == (version,)
    assert store.version(notebook_id, 1) == version
    assert store.heads(notebook_id) == heads
    store.close()


class Histories(RuleBasedStateMachine):
    """Two notebooks in a store that is closed and opened, pruned, and disturbed by failures,
    beside a dict of what it must hold."""

    books = st.integers(0, 1)
    texts = st.sampled_from([b"", b"a", b'{"cells": [1, 2]},\n  {' * 700, b"line\n" * 3000]) | st.binary(
        max_size=9
    )

    @initialize()
    def start(self) -> None:
        self.store = fresh()
        self.ids = [self.store.adopt(PATH), self.store.adopt("/b.ipynb")]
        self.kept: list[dict[int, bytes]] = [{}, {}]
        self.last = [0, 0]

    @rule(which=books, data=texts, again=st.booleans())
    def record(self, which: int, data: bytes, again: bool) -> None:
        known = self.kept[which]
        if again and known:
            data = known[min(known)] + data  # shares pieces with an older version
        time = NOON + self.last[which] * DAY
        version = save(self.store, self.ids[which], data, time=time)
        self.last[which] += 1
        assert version.number == self.last[which]
        known[version.number] = data

    @rule(which=books, data=texts)
    def fail(self, which: int, data: bytes) -> None:
        def failing(version: Version) -> Heads:
            raise RuntimeError

        with pytest.raises(RuntimeError):
            self.store.record(self.ids[which], data, Draft(NOON, Origin.SAVED), failing)

    @rule(which=books, data=texts)
    def fail_later(self, which: int, data: bytes) -> None:
        """What was recorded together with something that failed is not there either."""
        with contextlib.suppress(RuntimeError), self.store.together():
            save(self.store, self.ids[which], data)
            save(self.store, self.ids[which], data + b"more")
            raise RuntimeError

    @rule(days=st.integers(0, 6))
    def prune(self, days: int) -> None:
        now = NOON + max(self.last) * DAY
        self.store._retention = Retention(days, 1 << 50)
        self.store.prune(now)
        for known, last in zip(self.kept, self.last, strict=True):
            for number in [one for one in known if one != last and NOON + (one - 1) * DAY < now - days * DAY]:
                del known[number]

    @invariant()
    def holds_what_it_must(self) -> None:
        for notebook_id, known, last in zip(self.ids, self.kept, self.last, strict=True):
            assert contents(self.store, notebook_id) == known
            assert set(self.store.graph(notebook_id).parents) == set(range(1, last + 1))
        loose = "SELECT count(*) FROM piece WHERE id NOT IN (SELECT piece FROM use)"
        assert self.store._database.row(loose) == (0,)

    def teardown(self) -> None:
        self.store.close()


def test_a_store_holds_what_it_must_whatever_happens_to_it(engine: str) -> None:
    times, steps = (
        (25, 50) if engine == "sqlite" else (6, 25)
    )  # which takes a way to the server for each step
    run_state_machine_as_test(Histories, settings=settings(tried(times), stateful_step_count=steps))


def test_a_version_is_found_by_its_bytes_the_newest_first() -> None:
    store = fresh()
    notebook_id = store.adopt(PATH)
    for data in (b"one", b"two", b"one"):
        save(store, notebook_id, data)
    found = store.find(notebook_id, digest(b"one"))
    assert found is not None
    assert found.number == 3
    assert store.find(notebook_id, digest(b"three")) is None
    assert store.find(store.adopt("/other.ipynb"), digest(b"one")) is None


def test_the_newest_versions_in_ascending_order() -> None:
    store = fresh()
    notebook_id = store.adopt(PATH)
    for number in range(5):
        save(store, notebook_id, b"%d" % number)
    assert [version.number for version in store.versions(notebook_id)] == [1, 2, 3, 4, 5]
    assert [version.number for version in store.versions(notebook_id, last=2)] == [4, 5]


def test_a_version_can_be_given_other_parents() -> None:
    store = fresh()
    notebook_id = store.adopt(PATH)
    for number in range(3):
        save(store, notebook_id, b"%d" % number)
    store.reparent(notebook_id, 3, (1,))
    assert store.graph(notebook_id).parents == {1: (), 2: (1,), 3: (1,)}
    assert store.version(notebook_id, 3).parents == (1,)


def test_what_never_was_is_said_to_be_nowhere() -> None:
    store = fresh()
    notebook_id = store.adopt(PATH)
    assert store.heads(notebook_id) is None
    assert store.versions(notebook_id) == ()
    for asked in (store.version, store.data):
        with pytest.raises(NotebookError, match=r"plot\.ipynb: there is no version 7; see `log`"):
            asked(notebook_id, 7)
    with pytest.raises(NotebookError, match="no such notebook"):
        store.record(1 << 40, b"", Draft(NOON, Origin.SAVED))


def test_a_path_has_one_book() -> None:
    store = fresh()
    strange = os.fsdecode(b"/home/ada/\xff.ipynb")
    first, second = store.adopt(PATH), store.adopt(strange)
    assert store.adopt(PATH) == first == store.notebook_id(PATH)
    assert store.notebook_id("/nowhere.ipynb") is None
    assert store.path_of(second) == strange
    assert store.notebooks() == (StoredNotebook(first, PATH), StoredNotebook(second, strange))


def test_the_history_follows_the_file() -> None:
    store = fresh()
    notebook_id = store.adopt(PATH)
    save(store, notebook_id, b"one")
    store.adopt("/new.ipynb")  # seen there, but nothing was recorded yet
    store.moved(PATH, "/new.ipynb")
    assert store.notebook_id("/new.ipynb") == notebook_id
    assert store.notebook_id(PATH) is None
    store.moved("/unknown.ipynb", "/new.ipynb")
    store.moved("/new.ipynb", "/new.ipynb")
    assert store.notebook_id("/new.ipynb") == notebook_id
    assert contents(store, notebook_id) == {1: b"one"}


def test_a_file_moved_over_another_goes_on_with_the_history_of_that_place() -> None:
    store = fresh()
    old, new = store.adopt(PATH), store.adopt("/new.ipynb")
    save(store, old, b"old")
    save(store, new, b"new")
    store.moved(PATH, "/new.ipynb")
    assert (store.notebook_id(PATH), store.notebook_id("/new.ipynb")) == (old, new)


def test_a_glance_is_remembered(tmp_path: Path) -> None:
    store = fresh(tmp_path)
    notebook_id = store.adopt(PATH)
    assert store.stamp(notebook_id) is None
    huge = (1 << 62, 5, (1 << 64) - 1)  # the number of an inode may have 64 bits
    store.set_stamp(notebook_id, huge)
    store.close()
    assert fresh(tmp_path).stamp(notebook_id) == huge


def test_totals_count_what_is_there(tmp_path: Path) -> None:
    store = fresh(tmp_path)
    notebook_id = store.adopt(PATH)
    store.adopt("/empty.ipynb")
    save(store, notebook_id, b"one")
    save(store, notebook_id, b"two", 1)
    merge = store.record(notebook_id, b"merge", Draft(NOON, Origin.MERGED, (1, 2)), alone)
    store.set_heads(notebook_id, Heads(merge.number, (3,), (OpenTip(2, 1, 3, NOON),)))
    totals = store.totals()
    assert (totals.notebooks, totals.versions, totals.merges, totals.open_tips) == (1, 3, 1, 1)
    assert 0 < totals.bytes < 100_000


def test_what_was_recorded_is_there_after_opening_again(tmp_path: Path) -> None:
    store = fresh(tmp_path)
    notebook_id = store.adopt(PATH)
    save(store, notebook_id, b"one")
    store.close()
    found = opened(tmp_path)
    assert found.set_aside is None
    assert contents(found.store, notebook_id) == {1: b"one"}
    assert found.store.heads(notebook_id) == Heads(1, (1,))


@tried(30)
@given(st.lists(st.tuples(st.integers(0, 99), *[st.none() | TEXTS] * 4, st.booleans())))
def test_conflicts_of_a_merge_are_noted_and_read(made: list[tuple[int, Any, Any, Any, Any, bool]]) -> None:
    conflicts = tuple(
        Conflict(cell, id, base, local, remote, range(1, 7) if shown else None)
        for cell, id, base, local, remote, shown in made
    )
    store = fresh()
    notebook_id = store.adopt(PATH)
    save(store, notebook_id, b"one")
    assert store.conflicts(notebook_id, 1) is None
    store.note_conflicts(notebook_id, 1, conflicts)
    assert store.conflicts(notebook_id, 1) == conflicts


def test_how_all_notebooks_stand_and_which_may_show_conflicts() -> None:
    store = fresh()
    first, second = store.adopt(PATH), store.adopt("/b.ipynb")
    store.adopt("/empty.ipynb")
    save(store, first, b"<<<<<<< a")
    save(store, second, b"plain")
    store.set_stamp(second, (1, 2, 3))
    one, other = Heads(1, (1,)), Heads(1, (1,))
    assert list(store.standings()) == [
        (StoredNotebook(second, "/b.ipynb"), other),
        (StoredNotebook(first, PATH), one),
    ]
    assert store.may_show_conflicts([(first, 1), (second, 1), (second, 7)]) == {(first, 1)}
    assert store.may_show_conflicts([]) == set()
    assert store.seen("/b.ipynb") == LastSeen(second, (1, 2, 3), other)
    assert store.seen("/nowhere.ipynb") is None
