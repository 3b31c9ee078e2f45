"""A save whose answer did not arrive: it is sent again, as it was or with what was typed since."""

from __future__ import annotations

from pathlib import Path

import pytest

from nbmerge.errors import UsageError
from nbmerge.sync import Answer, save
from tests.helpers.build import code, notebook
from tests.helpers.spelling import JUPYTER
from tests.sync.writers import AT_ONCE, Desk, FrontEnd

START = notebook(code("one = 1", id="one"), code("two = 2", id="two"))


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "desk").mkdir()
    found = Desk(tmp_path / "desk", str(tmp_path / "state"))
    found.put(START)
    return found


def sent(writer: FrontEnd, save_id: str, base: str | None = None) -> Answer:
    """A save whose answer the writer does not get: it goes on as if nothing had come back."""
    return save(
        str(writer.desk.path),
        JUPYTER.spell(writer.copy),
        writer.version if base is None else base,
        writer.name,
        writer.desk.state,
        AT_ONCE,
        save_id=save_id,
    )


def test_the_same_save_sent_again_counts_once(desk: Desk) -> None:
    ann = desk.writer("Ann")
    ann.type("one", "one = 11")
    first, again = sent(ann, "a"), sent(ann, "a")
    assert (first.version, first.sent, first.operations) == (again.version, again.sent, again.operations)
    assert len(desk.versions()) == 2


def test_it_is_told_what_came_in_between_when_it_is_sent_again(desk: Desk) -> None:
    ann, bob = desk.writer("Ann"), desk.writer("Bob")
    ann.type("one", "one = 11")
    sent(ann, "a")
    bob.type("two", "two = 22")
    bob.save()
    again = sent(ann, "a")
    assert [operation.as_json()["cell"] for operation in again.operations] == ["two"]
    assert again.came[0].writer == "Bob"
    assert desk.sources() == ["one = 11", "two = 22"]


@pytest.mark.parametrize("named", ["the same save_id", "as the base"])
def test_what_was_typed_since_is_no_conflict_with_oneself(desk: Desk, named: str) -> None:
    ann, bob = desk.writer("Ann"), desk.writer("Bob")
    bob.type("two", "two = 22")
    bob.save()
    ann.type("one", "one = 11")
    sent(ann, "a")
    ann.type("one", "one = 11 * 3")
    answer = sent(ann, "a") if named == "the same save_id" else sent(ann, "b", base="a")
    assert not answer.conflicts
    assert desk.sources() == ["one = 11 * 3", "two = 22"]


def test_without_a_name_it_would_be(desk: Desk) -> None:
    ann = desk.writer("Ann")
    ann.type("one", "one = 11")
    sent(ann, "")
    ann.type("one", "one = 11 * 3")
    assert sent(ann, "").conflicts


def test_a_save_that_changed_nothing_can_be_a_base(desk: Desk) -> None:
    ann = desk.writer("Ann")
    sent(ann, "a")
    ann.type("one", "one = 11")
    assert sent(ann, "b", base="a").sent != ann.version
    assert desk.sources() == ["one = 11", "two = 2"]


def test_the_name_of_a_save_with_an_unknown_base_makes_it_none(desk: Desk) -> None:
    """Else its writer would be told, the second time, to take out what was never merged."""
    ann = desk.writer("Ann")
    ann.type("one", "one = 11")
    for _ in range(2):
        with pytest.raises(UsageError, match="not known here"):
            sent(ann, "a", base="7.00000000000000000000")
    assert desk.sources() == ["one = 1", "two = 2"]
    assert len(desk.versions()) == 2


def test_sent_is_a_base_for_who_cannot_follow_the_operations_yet(desk: Desk) -> None:
    ann, bob = desk.writer("Ann"), desk.writer("Bob")
    bob.type("two", "two = 22")
    bob.save()
    ann.type("one", "one = 11")
    answer = sent(ann, "a")
    assert answer.sent != answer.version
    ann.type("one", "one = 11 + 5")
    later = sent(ann, "b", base=answer.sent)
    assert not later.conflicts
    assert desk.sources() == ["one = 11 + 5", "two = 22"]


def test_what_is_no_longer_kept_is_no_base(desk: Desk) -> None:
    ann = desk.writer("Ann")
    ann.type("one", "one = 11")
    sent(ann, "a")
    with desk.history() as (store, notebook_id):
        known = store.sent(notebook_id, "a")
        assert known is not None
        store._database.run("UPDATE version SET recipe = NULL WHERE number = ?", known.number)
        assert store.sent(notebook_id, "a") is None
