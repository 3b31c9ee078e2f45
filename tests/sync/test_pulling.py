"""A copy that is not being saved gets what others saved; nothing is written, nothing of its own changed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbmerge.errors import NotebookError, UsageError
from nbmerge.history.store import Store
from nbmerge.merge.files import merge_bytes
from nbmerge.sync import Pulled, apply, came, participating, pull
from tests.helpers.build import Notebook, code, notebook, source_of
from tests.helpers.edits import trios
from tests.helpers.examples import tried
from tests.helpers.locks import is_free
from tests.helpers.spelling import JUPYTER
from tests.helpers.strategies import Ids
from tests.sync.copies import exact
from tests.sync.writers import Desk, FrontEnd

START = notebook(code("one = 1", id="one"), code("two = 2", id="two"), code("three = 3", id="three"))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return at(tmp_path, START)


def at(folder: Path, start: Notebook) -> Desk:
    (folder / "desk").mkdir()
    found = Desk(folder / "desk", str(folder / "state"))
    found.put(start)
    return found


def pulled(writer: FrontEnd) -> Pulled:
    """Pull, and follow the operations."""
    found = pull(str(writer.desk.path), writer.version, JUPYTER.spell(writer.copy), writer.desk.state)
    writer.copy = apply(writer.copy, [one.as_json() for one in found.operations])
    writer.version = found.version
    return found


def sources(writer: FrontEnd) -> list[str]:
    return [source_of(cell) for cell in writer.cells]


def test_what_others_saved_comes_and_what_was_typed_stays(desk: Desk) -> None:
    ann, bob = desk.writer("Ann"), desk.writer("Bob")
    bob.type("two", "two = 22")
    bob.save()
    ann.type("one", "one = 11")
    before = desk.path.read_bytes()
    found = pulled(ann)
    assert sources(ann) == ["one = 11", "two = 22", "three = 3"]
    assert (found.held, found.version) == ((), ann.version)
    assert [(came.writer, came.cells, came.lines) for came in found.came] == [("Bob", 1, 1)]
    assert desk.path.read_bytes() == before
    assert len(desk.versions()) == 2
    assert not ann.save().operations
    assert desk.sources() == ["one = 11", "two = 22", "three = 3"]


def test_an_outside_write_comes_too(desk: Desk) -> None:
    ann = desk.writer("Ann")
    desk.put(notebook(code("one = 1", id="one"), code("two = 22", id="two"), code("three = 3", id="three")))
    pulled(ann)
    assert sources(ann) == ["one = 1", "two = 22", "three = 3"]


def test_nothing_comes_where_there_is_nothing_new(desk: Desk) -> None:
    ann = desk.writer("Ann")
    ann.type("one", "one = 11")
    token = ann.version
    found = pulled(ann)
    assert (found.version, found.head, found.operations, found.held, found.came) == (token, token, (), (), ())
    ann.save()
    assert pulled(ann).operations == ()


def test_a_cell_that_both_changed_is_held_until_the_save(desk: Desk) -> None:
    ann, bob = desk.writer("Ann"), desk.writer("Bob")
    bob.type("one", "one = 100")
    bob.type("two", "two = 22")
    bob.save()
    ann.type("one", "one = 11")
    token = ann.version
    found = pulled(ann)
    assert (found.held, found.version) == (("one",), token)
    assert sources(ann) == ["one = 11", "two = 22", "three = 3"]
    answer = ann.save()
    assert [conflict.id for conflict in answer.conflicts] == ["one"]


def test_a_held_cell_that_is_settled_by_hand_is_no_conflict(desk: Desk) -> None:
    ann, bob = desk.writer("Ann"), desk.writer("Bob")
    bob.type("one", "one = 100")
    bob.save()
    ann.type("one", "one = 11")
    assert pulled(ann).held == ("one",)
    ann.type("one", "one = 100")
    assert pulled(ann).held == ()
    assert not ann.save().conflicts


def test_a_deleted_cell_that_another_changed_is_not_put_back_before_the_save(desk: Desk) -> None:
    ann, bob = desk.writer("Ann"), desk.writer("Bob")
    bob.type("two", "two = 22")
    bob.save()
    ann.delete("two")
    token = ann.version
    found = pulled(ann)
    assert (sources(ann), found.version) == (["one = 1", "three = 3"], token)
    assert ann.save().conflicts


def test_a_cell_that_is_being_typed_in_is_not_taken_away(desk: Desk) -> None:
    ann, bob = desk.writer("Ann"), desk.writer("Bob")
    bob.delete("two")
    bob.save()
    ann.type("two", "two = 22")
    assert pulled(ann).held == ("two",)
    assert sources(ann) == ["one = 1", "two = 22", "three = 3"]


def test_a_stale_write_over_ones_own_save_takes_nothing_away(desk: Desk) -> None:
    """The file lacks Ann's save for a moment; her copy does not."""
    ann = desk.writer("Ann")
    ann.type("one", "one = 11")
    ann.save()
    desk.put(notebook(code("one = 1", id="one"), code("two = 2", id="two"), code("three = 33", id="three")))
    assert pulled(ann).due
    assert sources(ann)[0] == "one = 11"
    ann.save(check=False)
    assert desk.sources() == ["one = 11", "two = 2", "three = 33"]
    assert not pulled(ann).due


def test_what_came_with_a_stale_write_is_no_conflict_later(desk: Desk) -> None:
    """Bob's copy holds Ann's line and the program's, and is said to come from both."""
    ann, bob = desk.writer("Ann"), desk.writer("Bob")
    ann.type("one", "one = 11")
    ann.save()
    pulled(bob)
    desk.put(notebook(code("one = 1", id="one"), code("two = 2", id="two"), code("three = 33", id="three")))
    assert pulled(bob).due
    assert sources(bob) == ["one = 11", "two = 2", "three = 33"]
    ann.type("one", "one = 111")
    ann.save()
    bob.type("two", "two = 22")
    assert not bob.save().conflicts
    assert desk.sources() == sources(bob) == ["one = 111", "two = 22", "three = 33"]


def test_what_cannot_be_pulled(desk: Desk) -> None:
    ann = desk.writer("Ann")
    with pytest.raises(UsageError, match="is not known here"):
        pull(str(desk.path), "9.00000000000000000000", JUPYTER.spell(ann.copy), desk.state)
    with pytest.raises(NotebookError):
        pull(str(desk.path), ann.version, b"no notebook", desk.state)
    desk.path.unlink()
    with pytest.raises(NotebookError):
        pull(str(desk.path), ann.version, JUPYTER.spell(ann.copy), desk.state)


@tried(25)
@given(data=st.data())
def test_a_save_after_a_pull_loses_nothing(tmp_path_factory: pytest.TempPathFactory, data: Any) -> None:
    """It conflicts where the save without the pull would have, and comes to the same notebook."""
    trio = data.draw(trios(Ids.OWN))
    desk = at(tmp_path_factory.mktemp("pull"), trio.base)
    ann, bob = desk.writer("Ann"), desk.writer("Bob")
    ann.copy, bob.copy = (json.loads(JUPYTER.spell(one)) for one in (trio.remote, trio.local))
    bob.save()
    base, local, remote = map(JUPYTER.spell, (trio.base, trio.local, trio.remote))
    direct = merge_bytes(base, local, remote)
    found = pulled(ann)
    shown = [cell.get("id") for cell in ann.cells]
    assert set(found.held) <= {*shown, *range(len(shown))}
    assert exact(desk.holds()) == exact(json.loads(JUPYTER.spell(bob.copy)))
    answer = ann.save()
    assert bool(answer.conflicts) == bool(direct.rendered.conflicts)
    if not answer.conflicts:
        assert sorted(desk.sources()) == sorted(source_of(cell) for cell in json.loads(direct.data)["cells"])


def test_nobody_who_saves_waits_for_the_figures(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, bob = desk.writer("Ann"), desk.writer("Bob")
    bob.type("two", "two = 22")
    bob.save()
    taken, real = [], came._figures
    with participating(desk.state) as participation:

        def figures(before: Any, after: Any) -> tuple[int, int]:
            taken.append(is_free(participation.service.store))
            return real(before, after)

        monkeypatch.setattr(came, "_figures", figures)
        participation.pull(str(desk.path), ann.version, JUPYTER.spell(ann.copy))
    assert taken == [True]


def test_what_was_read_already_is_not_read_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, bob = desk.writer("Ann"), desk.writer("Bob")
    bob.type("two", "two = 22")
    bob.save()
    read: list[int] = []
    with participating(desk.state) as participation:
        sent = str(desk.path), ann.version, JUPYTER.spell(ann.copy)
        first = participation.pull(*sent)
        monkeypatch.setattr(Store, "data", lambda _, notebook_id, number: read.append(number))
        assert participation.pull(*sent).came == first.came != ()
    assert read == []
