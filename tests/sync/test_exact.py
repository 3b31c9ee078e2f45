"""A save that is exact to the byte: an editor that writes the same bytes itself then changes nothing."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbmerge.lineage.versions import Origin
from nbmerge.sync import Answer, apply, save
from tests.helpers.build import code, notebook
from tests.helpers.examples import tried
from tests.helpers.spelling import JUPYTER, Spelling
from tests.helpers.strategies import spellings
from tests.sync.writers import AT_ONCE, Desk, FrontEnd

START = notebook(*(code(f"{name} = 1\nprint({name})", id=name) for name in "abc"))
OTHER = Spelling(indent=None, ascii=True, tail="")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path, str(tmp_path / "state"))
    made.put(START)
    return made


def exactly(front: FrontEnd) -> Answer:
    """Save exactly, and follow the operations."""
    content = front.spelling.spell(front.copy)
    answer = save(
        str(front.desk.path), content, front.version, state=front.desk.state, timing=AT_ONCE, exact=True
    )
    assert front.desk.path.read_bytes() == (answer.content if answer.merged else content)
    front.copy = apply(front.copy, [one.as_json() for one in answer.operations])
    front.version = answer.version
    return answer


def test_another_spelling_is_written_too(desk: Desk) -> None:
    editor = desk.writer("editor", OTHER)
    answer = exactly(editor)
    assert (answer.merged, answer.operations, answer.version) == (False, (), answer.sent)
    assert len(desk.versions()) == 2


def test_equal_bytes_are_recorded_once(desk: Desk) -> None:
    editor = desk.writer("editor", OTHER)
    exactly(editor)
    count, written = len(desk.versions()), desk.path.stat().st_mtime_ns
    base = desk.writer("late").version
    for version in (editor.version, base, "1" + base[1:]):
        editor.version = version
        exactly(editor)
    assert (len(desk.versions()), desk.path.stat().st_mtime_ns) == (count, written)


def test_without_it_a_spelling_is_nothing_to_save(desk: Desk) -> None:
    editor = desk.writer("editor", OTHER)
    held = desk.path.read_bytes()
    editor.save()
    assert desk.path.read_bytes() == held


def test_somebody_else_has_respelled_the_file(desk: Desk) -> None:
    """What they saved holds nothing new, and the file holds not what was sent."""
    editor, other = desk.writer("editor"), desk.writer("other", OTHER)
    exactly(other)
    assert not exactly(editor).merged
    editor.add("a", "a = 2")
    other.add("a", "a = 2")
    exactly(other)
    assert not exactly(editor).merged


def test_the_work_of_others_comes_first_and_then_the_bytes(desk: Desk) -> None:
    editor, other = desk.writer("editor", OTHER), desk.writer("other")
    other.add("c", "c = 2")
    other.save()
    editor.add("a", "a = 2")
    assert exactly(editor).merged
    assert not exactly(editor).merged


def test_a_conflict_that_was_respelled_is_updated_and_not_nested(desk: Desk) -> None:
    one, two = desk.writer("one"), desk.writer("two", OTHER)
    one.type("a", "a = 2")
    two.type("a", "a = 3")
    one.save()
    assert len(exactly(two).conflicts) == 1
    two.spelling = JUPYTER
    assert [each.id for each in exactly(two).conflicts] == ["a"]
    one.type("a", "a = 22")
    [conflict] = one.save().conflicts
    assert (conflict.base, conflict.local, conflict.remote) == ("a = 1\nprint(a)", "a = 22", "a = 3")
    assert desk.sources()[0].count("<<<<<<<") == 1
    assert exactly(two).conflicts == (conflict,)
    two.type("a", "a = 4")
    assert exactly(two).conflicts == ()


def test_a_save_that_is_written_is_what_was_sent(desk: Desk) -> None:
    editor = desk.writer("editor", OTHER)
    editor.add("a", "a = 2")
    exactly(editor)
    assert [version.origin for version in desk.versions()] == [Origin.FIRST, Origin.SAVED]


@tried(8)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.booleans(), st.booleans()), max_size=5),
    spellings(),
    spellings(),
)
def test_once_the_operations_are_followed_the_next_save_is_as_it_is(
    steps: list[tuple[str, bool, bool]], mine: Spelling, theirs: Spelling
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        desk = Desk(Path(folder), str(Path(folder) / "state"))
        desk.put(START)
        editor, other = desk.writer("editor", mine), desk.writer("other", theirs)
        for number, (cell, editor_types, other_is_exact) in enumerate(steps):
            other.add(cell, f"other_{number} = 1")
            exactly(other) if other_is_exact else other.save()
            if editor_types:
                editor.add("a", f"editor_{number} = 1")
            exactly(editor)
            editor.copy = json.loads(JUPYTER.spell(editor.copy))
            assert not exactly(editor).merged
