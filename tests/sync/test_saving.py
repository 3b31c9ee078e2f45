"""Writers that take part, beside each other and beside editors that know nothing of it."""

from __future__ import annotations

import json
import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from nbmerge.disk.disk import Disk
from nbmerge.disk.values import LateSave
from nbmerge.errors import NotebookError, SystemFailure, UsageError
from nbmerge.lineage.judge import BaseJudgement, Sequential, Stale, Unsure
from nbmerge.lineage.versions import Origin
from nbmerge.merge.values import Conflict
from nbmerge.sync import Set, Timing, open_notebook, save
from tests.helpers.build import code, notebook
from tests.helpers.judged import judged_by
from tests.helpers.spelling import JUPYTER, Spelling
from tests.sync.writers import AT_ONCE, Desk, FrontEnd

CELLS = [code(f"{name} = 1\nprint({name})", id=name) for name in ("a", "b", "c")]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path, str(tmp_path / "state"))
    made.put(notebook(*CELLS))
    return made


def test_opening_gives_the_bytes_and_touches_nothing(desk: Desk) -> None:
    before = desk.path.read_bytes(), desk.path.stat().st_mtime_ns
    opened = open_notebook(str(desk.path), "editor", desk.state)
    assert opened.content == before[0]
    assert (desk.path.read_bytes(), desk.path.stat().st_mtime_ns) == before
    assert opened == open_notebook(str(desk.path), "editor", desk.state)


def test_a_save_that_nothing_came_before_is_written_as_it_is(desk: Desk) -> None:
    editor = desk.writer("editor", Spelling(indent=None))
    opened = editor.version
    editor.type("a", "a = 2")
    answer = editor.save()
    assert (answer.merged, answer.operations, answer.conflicts) == (False, (), ())
    assert answer.version != opened
    assert desk.path.read_bytes() == editor.spelling.spell(editor.copy)


def test_the_second_of_two_writers_is_merged_and_told_what_to_change(desk: Desk) -> None:
    one, two = desk.writer("one"), desk.writer("two")
    one.type("a", "a = 2")
    two.type("c", "c = 3")
    one.save()
    answer = two.save()
    assert desk.sources() == ["a = 2", "b = 1\nprint(b)", "c = 3"]
    assert answer.merged
    assert [(each.cell, each.field) for each in answer.operations if isinstance(each, Set)] == [
        ("a", "source")
    ]
    assert len(answer.operations) == 1


def test_writers_that_go_on_keep_everything(desk: Desk) -> None:
    one, two = desk.writer("one"), desk.writer("two")
    for number in range(4):
        one.add("a", f"one_{number} = 1")
        one.save()
        two.add("b", f"two_{number} = 1")
        two.save()
    text = "\n".join(desk.sources())
    assert all(f"{who}_{number} = 1" in text for who in ("one", "two") for number in range(4))
    assert not any(answer.conflicts for answer in one.answers + two.answers)


def test_what_a_writer_deletes_stays_deleted(desk: Desk) -> None:
    one, two = desk.writer("one"), desk.writer("two")
    one.type("a", "a = 2")
    one.save()
    two.save()
    two.delete("a")
    two.save()
    one.type("c", "c = 3")
    one.save()
    assert desk.sources() == ["b = 1\nprint(b)", "c = 3"]


def test_a_conflict_is_shown_told_and_resolved_by_the_next_save(desk: Desk) -> None:
    one, two = desk.writer("one"), desk.writer("two")
    one.type("a", "a = 2")
    two.type("a", "a = 3")
    one.save()
    answer = two.save()
    assert [(each.cell, each.id) for each in answer.conflicts] == [(0, "a")]
    assert desk.sources()[0].splitlines() == [
        "<<<<<<< one",
        "a = 2",
        "=======",
        "a = 3",
        ">>>>>>> two",
    ]
    two.type("a", "a = 5")
    assert two.save().conflicts == ()
    assert one.save().merged
    assert [each.sources()[0] for each in (desk,)] == ["a = 5"]


def test_a_conflict_is_told_again_to_who_saves_beside_it(desk: Desk) -> None:
    one, two = desk.writer("one"), desk.writer("two")
    one.type("a", "a = 2")
    two.type("a", "a = 3")
    one.save()
    two.save()
    one.type("c", "c = 3")
    assert [each.id for each in one.save().conflicts] == ["a"]
    assert desk.sources()[0].count("<<<<<<<") == 1


def test_a_conflict_that_was_saved_over_is_told_until_it_is_decided(desk: Desk) -> None:
    one, two, three = desk.writer("one"), desk.writer("two"), desk.writer("three")
    one.type("a", "a = 2\nprint(a)")
    two.type("a", "a = 3\nprint(a)")
    three.copy["cells"].insert(0, code("new = 1", id="new"))
    one.save()
    two.save()
    conflict = Conflict(1, "a", "a = 1", "a = 2", "a = 3", range(5))
    assert three.save().conflicts == (conflict,)  # one cell further down than where it arose
    three.add("b", "b = 2")
    assert three.save().conflicts == (conflict,)
    assert two.save().conflicts == (conflict,)
    two.type("a", "a = 5")
    two.type("c", "<<<<<<< mine\nnot ours\n=======\nanybody's\n>>>>>>> yours")
    assert two.save().conflicts == ()


def test_when_one_conflict_is_settled_the_other_is_told_with_its_own_terms(desk: Desk) -> None:
    one, two = desk.writer("one"), desk.writer("two")
    one.type("a", "a = 2")
    one.type("b", "print(b)")
    two.type("a", "v = 3\nw = 4")
    two.type("b", "v = 3\nprint(b)")
    one.save()
    assert [(each.id, each.local, each.remote) for each in two.save().conflicts] == [
        ("a", "a = 2", "v = 3\nw = 4"),
        ("b", "", "v = 3"),
    ]
    two.type("a", "a = 5")
    assert [(each.cell, each.id, each.local, each.remote) for each in two.save().conflicts] == [
        (1, "b", "", "v = 3")
    ]


def test_an_editor_that_knows_nothing_of_it_came_in_between(desk: Desk) -> None:
    editor = desk.writer("editor")
    desk.put(notebook(CELLS[0], code("b = 7", id="b"), CELLS[2]))
    editor.type("a", "a = 2")
    assert editor.save().merged
    assert desk.sources() == ["a = 2", "b = 7", "c = 1\nprint(c)"]


def test_a_save_of_nothing_new_only_tells_what_is_new(desk: Desk) -> None:
    editor = desk.writer("editor")
    desk.put(notebook(CELLS[0], code("b = 7", id="b"), CELLS[2]))
    written = desk.path.stat().st_mtime_ns
    assert editor.save().merged
    assert desk.path.stat().st_mtime_ns == written
    assert not editor.save().merged
    assert len(desk.versions()) == 2


def test_another_spelling_is_no_change(desk: Desk) -> None:
    """A front end that writes JSON its own way, and saves from time to time what nobody has touched."""
    one, two = desk.writer("one"), desk.writer("two", Spelling(indent=None, ascii=True))
    one.type("a", "a = 2")
    two.type("a", "a = 3")
    one.save()
    conflicts = two.save().conflicts
    count, held = len(desk.versions()), desk.path.read_bytes()
    assert two.save().conflicts == conflicts != ()
    assert (len(desk.versions()), desk.path.read_bytes()) == (count, held)


def test_a_save_that_is_sent_again_counts_once(desk: Desk) -> None:
    """The writer never heard the answer."""
    one, two = desk.writer("one"), desk.writer("two")
    one.copy["cells"].append(code("new = 1", id="n"))
    two.type("b", "b = 2")
    two.save()
    again = FrontEnd(desk, "one", json.loads(json.dumps(one.copy)), one.version)
    one.save()
    count = len(desk.versions())
    assert again.save().version == one.version
    assert len(desk.versions()) == count
    assert desk.sources().count("new = 1") == 1


@pytest.mark.parametrize(
    "verdict", [Sequential("it looks so"), Unsure(1, "it may be so"), Stale(1, "it is so")]
)
def test_who_wrote_the_file_itself_may_say_so_later(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, verdict: BaseJudgement
) -> None:
    """An agent writes its old copy over another one's save; whatever that was taken for, it is told then."""
    agent = desk.writer("agent")
    desk.put(notebook(CELLS[0], code("b = 7", id="b"), CELLS[2]))
    desk.writer("somebody")
    agent.type("a", "a = 2")
    with judged_by(lambda *_: verdict):
        desk.put(agent.copy)
        desk.writer("somebody")
    assert agent.save().merged
    assert desk.sources() == ["a = 2", "b = 7", "c = 1\nprint(c)"]
    assert desk.open_tips() == []


def test_a_save_that_came_too_late_for_a_killed_process_is_taken(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stood in the file that was replaced: `Disk.check_displaced` tells of it until it is confirmed."""
    editor = desk.writer("editor")
    late = LateSave(str(desk.path), JUPYTER.spell(notebook(*CELLS[:2], code("c = 9\nprint(c)", id="c"))))
    confirmed: list[LateSave] = []
    monkeypatch.setattr(Disk, "check_displaced", lambda disk: [] if confirmed else [late])
    monkeypatch.setattr(Disk, "confirm", lambda disk, save: confirmed.append(save))
    editor.type("a", "a = 2")
    editor.save()
    assert desk.sources() == ["a = 2", "b = 1\nprint(b)", "c = 9\nprint(c)"]
    assert confirmed == [late]


def test_a_token_of_another_state_directory_is_refused_and_nothing_is_lost(
    desk: Desk, tmp_path: Path
) -> None:
    editor = desk.writer("editor")
    shutil.rmtree(desk.state)
    desk.put(notebook(CELLS[0], code("b = 7", id="b"), CELLS[2]))
    editor.type("a", "a = 2")
    written = desk.path.read_bytes()
    for _ in range(2):
        with pytest.raises(
            UsageError, match="not known here, nothing was written; what you sent is version 2"
        ):
            editor.save()
    assert desk.path.read_bytes() == written
    assert desk.data(2) == JUPYTER.spell(editor.copy)
    assert desk.open_tips() == [2]
    assert desk.writer("editor").cells[1]["source"] == ["b = 7"]


def test_a_lost_history_that_has_seen_the_same_bytes_again_will_do(desk: Desk) -> None:
    editor = desk.writer("editor")
    shutil.rmtree(desk.state)
    desk.put(notebook(CELLS[0]))
    desk.writer("other")
    desk.put(notebook(*CELLS))
    desk.writer("other")
    editor.type("a", "a = 2")
    assert not editor.save().merged
    assert desk.sources() == ["a = 2", "b = 1\nprint(b)", "c = 1\nprint(c)"]


@pytest.mark.parametrize("token", ["", "1", "nonsense", "1.", "1.zz.x", "1." + "0" * 20])
def test_nonsense_for_a_token_is_refused(desk: Desk, token: str) -> None:
    editor = desk.writer("editor")
    editor.type("a", "a = 2")
    with pytest.raises(UsageError):
        editor.save(base=token)


@pytest.mark.parametrize("name", ["", "a", "my editor", "näme/.x y", "a.b.c", "'\"$(x)"])
def test_a_writer_is_known_by_the_name_it_opened_with(desk: Desk, name: str) -> None:
    opened = open_notebook(str(desk.path), name, desk.state)
    assert set(opened.version) <= set("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ._~%-")
    answer = save(
        str(desk.path), JUPYTER.spell(notebook(CELLS[0])), opened.version, state=desk.state, timing=AT_ONCE
    )
    assert desk.versions()[-1].writer.name == name
    assert answer.version.split(".")[2:] == opened.version.split(".")[2:]


def test_content_that_is_no_notebook_changes_nothing(desk: Desk) -> None:
    opened = open_notebook(str(desk.path), "editor", desk.state)
    written = desk.path.read_bytes()
    for content in (b"", b"{", b"[]", b'{"nbformat": 4}', b"\xff"):
        with pytest.raises(NotebookError, match=r"what was sent for .*nb\.ipynb: "):
            save(str(desk.path), content, opened.version, state=desk.state)
    assert desk.path.read_bytes() == written
    assert len(desk.versions()) == 1


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_text("<<<<<<< HEAD\n")])
def test_a_file_that_is_gone_or_broken_is_left_alone_and_the_save_is_kept(
    desk: Desk, harm: Callable[[Path], None]
) -> None:
    editor = desk.writer("editor")
    editor.type("a", "a = 2")
    harm(desk.path)
    left = os.path.exists(desk.path) and desk.path.read_bytes()
    with pytest.raises(NotebookError, match=r"; what you sent is version 2 \(see `log`\)"):
        editor.save()
    assert (os.path.exists(desk.path) and desk.path.read_bytes()) == left
    desk.put(notebook(CELLS[0], CELLS[1], code("c = 3", id="c")))
    assert editor.save().merged
    assert desk.sources() == ["a = 2", "b = 1\nprint(b)", "c = 3"]


def test_a_notebook_that_is_not_there_cannot_be_opened(desk: Desk) -> None:
    with pytest.raises(NotebookError, match="cannot be read"):
        open_notebook(str(desk.folder / "none.ipynb"), state=desk.state)


def test_a_file_that_cannot_be_written_keeps_the_save_in_the_history(desk: Desk) -> None:
    editor = desk.writer("editor")
    editor.type("a", "a = 2")
    held = desk.path.open("r+b")  # a program that has it open for writing
    content = JUPYTER.spell(editor.copy)
    short = Timing(settle=0.0, patience=0.1, pause=0.01)
    with held, pytest.raises(SystemFailure, match="open for writing; what you sent is version 2"):
        save(str(desk.path), content, editor.version, state=desk.state, timing=short)
    assert desk.sources()[0] == "a = 1\nprint(a)"
    assert not editor.save().merged
    assert [version.origin for version in desk.versions()] == [Origin.FIRST, Origin.SAVED]


def test_a_save_waits_until_another_programs_save_is_over(desk: Desk) -> None:
    """JupyterLab takes over whatever it finds a moment after its own save."""
    editor = desk.writer("editor")
    desk.put(notebook(CELLS[0], code("b = 7", id="b"), CELLS[2]))
    began = time.time()
    save(
        str(desk.path),
        JUPYTER.spell(notebook(*CELLS[:2])),
        editor.version,
        state=desk.state,
        timing=Timing(0.4),
    )
    assert time.time() - began >= 0.39
    assert desk.sources() == ["a = 1\nprint(a)", "b = 7"]


def test_a_writer_is_not_waited_for_by_the_next_one(desk: Desk) -> None:
    one, two = desk.writer("one"), desk.writer("two")
    one.type("a", "a = 2")
    one.save()
    began = time.time()
    save(
        str(desk.path),
        JUPYTER.spell(notebook(*CELLS[:2])),
        two.version,
        state=desk.state,
        timing=Timing(30.0),
    )
    assert time.time() - began < 10


def test_a_torn_file_is_waited_for(desk: Desk) -> None:
    whole = desk.path.read_bytes()
    file = desk.path.open("wb")
    file.write(whole[:50])
    file.flush()

    def finish() -> None:
        with file:
            file.write(whole[50:])

    timer = threading.Timer(0.2, finish)
    timer.start()
    assert open_notebook(str(desk.path), state=desk.state).content == whole
    timer.join()


def test_a_file_that_became_whole_since_it_was_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = desk.path.read_bytes()
    desk.path.write_bytes(whole[:50])

    def finished(*_: object) -> bool:
        desk.path.write_bytes(whole)
        return False

    monkeypatch.setattr(Disk, "being_written", finished)
    assert open_notebook(str(desk.path), state=desk.state).content == whole


def test_a_link_is_followed_and_stays(desk: Desk) -> None:
    link = desk.folder / "link.ipynb"
    link.symlink_to(desk.path)
    opened = open_notebook(str(link), state=desk.state)
    save(str(link), JUPYTER.spell(notebook(CELLS[0])), opened.version, state=desk.state, timing=AT_ONCE)
    assert link.is_symlink()
    assert desk.sources() == ["a = 1\nprint(a)"]


def test_nothing_is_left_beside_the_notebook(desk: Desk) -> None:
    one, two = desk.writer("one"), desk.writer("two")
    one.type("a", "a = 2")
    two.type("c", "c = 3")
    one.save()
    two.save()
    assert sorted(os.listdir(desk.folder)) == ["nb.ipynb", "state"]
    assert os.listdir(Path(desk.state) / "journal") == []
