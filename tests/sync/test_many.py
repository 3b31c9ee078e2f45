"""Many writers that take part in one notebook: what each save costs, and that no word is lost or doubled."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from nbmerge.files import digest
from nbmerge.history.opening import open_store
from nbmerge.history.sqlite import SqliteDatabase
from nbmerge.history.store import Store
from nbmerge.history.values import Draft
from nbmerge.lineage.heads import Heads
from nbmerge.lineage.versions import Context, Origin
from nbmerge.merge.files import merge_sources
from nbmerge.notebook.reader import read as read_notebook
from nbmerge.service import tips
from nbmerge.service.cache import NotebookCache
from nbmerge.service.notebook_service import Timing, Waiting, open_service
from nbmerge.service.record import DeclaredSave, Recorder, Saved
from nbmerge.service.standing import waiting_in
from nbmerge.sync.tokens import version_in
from tests.helpers.build import code, notebook
from tests.helpers.spelling import JUPYTER
from tests.sync.writers import Desk

CELLS = [f"cell-{number}" for number in range(8)]
NOON = 1_700_000_000.0
IMPATIENT = Timing(settle=0.0, pause=0.01, merging=-1.0)
START = notebook(*(code(f"start = {id!r}", id=id) for id in CELLS))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path, str(tmp_path / "state"))
    made.put(START)
    return made


@contextmanager
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """How many merges were made for each save; the caller adds a zero before it."""
    merges = [0]
    made = merge_sources

    def merge(*words: Any) -> Any:
        merges[-1] += 1
        return made(*words)

    with monkeypatch.context() as patch:
        patch.setattr(tips, "merge_sources", merge)
        yield merges


def own_cell(chance: Random, writer: int) -> str:
    return CELLS[writer]


def any_cell(chance: Random, writer: int) -> str:
    return chance.choice(CELLS)


def saves(desk: Desk, writers: int, count: int, choose: Callable[[Random, int], str]) -> Iterator[str]:
    """Writers save in turn, by chance; each has what the notebook held after its own last save."""
    chance = Random(writers)
    all_of_them = [desk.writer(f"writer {number}") for number in range(writers)]
    for number in range(count):
        place = chance.randrange(writers)
        word = f"word_{number} = 1"
        all_of_them[place].add(choose(chance, place), word)
        all_of_them[place].save()
        yield word


def lines(desk: Desk) -> Counter[str]:
    return Counter(line for source in desk.sources() for line in source.split("\n"))


def test_a_save_costs_no_more_merges_after_many(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five writers, each in a cell of its own: their lineages are merged crosswise all the time."""
    words = []
    with counted(monkeypatch) as merges:
        for word in saves(desk, writers=5, count=60, choose=own_cell):
            words.append(word)
            merges.append(0)
    assert max(merges) <= 5
    assert sum(merges[30:]) <= sum(merges[:30]) + 30
    assert [word for word in words if lines(desk)[word] != 1] == []
    assert not any("<<<<<<<" in source for source in desk.sources())


@pytest.mark.parametrize("writers", [2, 5, 8])
def test_no_word_is_lost_or_doubled_where_all_type_everywhere(desk: Desk, writers: int) -> None:
    """Conflicts that nobody settles among them."""
    words = []
    for word in saves(desk, writers, count=40, choose=any_cell):
        words.append(word)
        found = lines(desk)
        assert [one for one in words if found[one] != 1] == []


def test_who_saved_first_makes_no_difference_to_what_is_there(tmp_path: Path) -> None:
    """The same saves from the same versions, in another order."""
    found = []
    for order in ((0, 1, 2), (2, 0, 1), (1, 2, 0)):
        folder = tmp_path / "".join(map(str, order))
        folder.mkdir()
        desk = Desk(folder, str(folder / "state"))
        desk.put(START)
        writers = [desk.writer(str(number)) for number in range(3)]
        for turn in range(4):
            for number in order:
                writers[number].add(CELLS[number], f"turn_{turn} = {number}")
                writers[number].save()
        found.append(desk.sources())
    assert found[0] == found[1] == found[2]


def test_a_merge_whose_bases_are_not_in_the_history_is_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They are made anew then, in bounded time, and give the same bytes."""
    for _ in saves(desk, writers=4, count=30, choose=own_cell):
        pass
    merges = [version for version in desk.versions() if len(version.parents) > 1]
    with desk.history() as (store, notebook_id), counted(monkeypatch) as made:
        monkeypatch.setattr(type(store), "merge_of", lambda *_: None)
        for merge in merges[-4:]:
            made.append(0)
            sides = Heads(merge.number, merge.parents)
            assert tips.merge_tips(store, notebook_id, sides).data == store.data(notebook_id, merge.number)
    assert max(made) <= 30


def test_a_conflict_is_updated_by_who_has_not_seen_it(desk: Desk) -> None:
    one, two, three = (desk.writer(name) for name in ("one", "two", "three"))
    [a, b, *_] = CELLS
    one.type(a, "a = 2")
    one.save()
    two.type(a, "a = 3")
    assert len(two.save().conflicts) == 1
    one.type(a, "a = 22")
    [updated] = one.save().conflicts
    assert (updated.base, updated.local, updated.remote) == ("start = 'cell-0'", "a = 22", "a = 3")
    assert desk.sources()[0].count("<<<<<<<") == 1
    three.type(b, "b = 2")
    assert three.save().conflicts == (updated,)
    assert two.save().conflicts == (updated,)
    two.type(a, "a = 5")
    assert two.save().conflicts == ()
    assert desk.sources()[:2] == ["a = 5", "b = 2"]


def test_what_takes_too_long_waits_until_there_is_time(desk: Desk) -> None:
    """4 and 5 each go on from 2 and 3, and nobody has merged these: their base has to be made."""
    one, two = desk.writer("one"), desk.writer("two")
    for writer, id in ((one, CELLS[0]), (two, CELLS[1])):
        writer.type(id, f"{writer.name} = 1")
    with open_service(desk.state, lambda: NOON, IMPATIENT) as service:
        path = os.path.realpath(desk.path)
        store = service.store
        notebook_id = store.adopt(path)
        both = notebook(*one.cells[:1], *two.cells[1:])
        for content, parents in ((one.copy, (1,)), (two.copy, (1,)), (both, (2, 3))):
            store.record(notebook_id, JUPYTER.spell(content), Draft(NOON, Origin.SAVED, parents))
        both["cells"].append(code("three = 1", id="three"))
        store.record(notebook_id, JUPYTER.spell(both), Draft(NOON, Origin.SAVED, (2, 3)))
        desk.put(json.loads(store.data(notebook_id, 4)))
        store.set_heads(notebook_id, Heads(4, (4, 5)))
        before = desk.path.read_bytes()
        assert service.write_due(notebook_id, path) == Waiting("too much was merged crosswise")
        assert (desk.path.read_bytes(), waiting_in(store)) == (before, [path])
        assert service.reopen(path) is not None
        assert (desk.sources()[-1], waiting_in(store)) == ("three = 1", [])
        assert store.prune(NOON) == 0


def test_a_save_reads_no_more_of_a_long_history() -> None:
    """Rows of the store that are read for a save after so many others, told and not, and after a merge."""
    costs = [rows_read(length) for length in (60, 3000)]
    assert costs[1] <= costs[0] + 20


def rows_read(length: int) -> int:
    with closing(open_store(None, lambda: NOON).store) as store:
        recorder = Recorder(store, NotebookCache(store))
        notebook_id = store.adopt("n.ipynb")
        data = [JUPYTER.spell(notebook(code(f"a = {number}", id="a"))) for number in range(4)]
        for number in range(1, length + 1):
            draft = Draft(NOON + number, Origin.SAVED, (number - 1,) if number > 1 else ())
            store.record(notebook_id, b"%d" % number if number < length else data[0], draft)
        store.set_heads(notebook_id, Heads(length, (length,)))
        rows: list[int] = []
        read = SqliteDatabase.rows
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(SqliteDatabase, "rows", lambda *words: noted(rows, read(*words)))
            recorder.record_save(notebook_id, Saved(data[1], NOON + length + 1))
            recorder.record_save(
                notebook_id, Saved(data[2], NOON + length + 2), Context(declared_base=length)
            )
            base = store.beginning(notebook_id, digest(data[0]))[0]
            token = f"{base.number}.{base.digest[:20]}"
            sent = DeclaredSave("n.ipynb", data[3], read_notebook(data[3]), partial(version_in, token), token)
            recorder.record_declared(notebook_id, sent, NOON + length + 3)
            assert len(recorder.heads(notebook_id).tips) == 3
            tips.merge_tips(store, notebook_id, recorder.heads(notebook_id), recorder.cache)
            store.totals()
        return sum(rows)


def noted(rows: list[int], found: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    rows.append(len(found))
    return found


def test_conflicts_are_told_alike_whether_the_merges_were_noted_or_are_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []
    for name in ("noted", "made again"):
        if name == "made again":
            monkeypatch.setattr(Store, "conflicts", lambda *_: None)
        (tmp_path / name).mkdir()
        desk = Desk(tmp_path / name, str(tmp_path / name / "state"))
        desk.put(notebook(*(code(f"start = {n}", id=f"c{n}") for n in range(2))))
        chance, writers = Random(3), [desk.writer(f"writer {n}") for n in range(3)]
        for number in range(12):
            writer = chance.choice(writers)
            writer.add(chance.choice(["c0", "c1"]), f"word_{number} = 1")
            writer.save()
        told.append(
            [one.as_json() for writer in writers for answer in writer.answers for one in answer.conflicts]
        )
    assert told[0] == told[1] != []
