"""What is not decided by contents: how often nbmerge writes, and what the observer could not read."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from nbmerge.disk import LateSave
from nbmerge.files import digest
from nbmerge.lineage.judge import BaseJudgement, Save, VersionContent, judge
from nbmerge.lineage.versions import Context, Origin
from nbmerge.notebook.reader import read
from nbmerge.observe import events as was
from nbmerge.service.record import DeclaredSave
from nbmerge.watch import actions as do
from tests.helpers import build
from tests.helpers.spelling import JUPYTER
from tests.scenarios import cells
from tests.scenarios.editor import jupyter
from tests.scenarios.notation import Play, play
from tests.scenarios.world import NOTEBOOK, World

TWO = """
    busy
    file a1 | b1 | C1
    A opens
    B opens
    A edits a222
    A runs a
    A inserts D1 after a
    A saves
    B edits b2
    B saves
    quiet
"""


def test_what_a_writer_tells_after_its_save_is_written_once_the_file_is_quiet() -> None:
    """Nothing happens to the file by that, so nothing else would make the watcher look again."""
    world = World()
    first, second, third = (
        JUPYTER.spell(build.notebook(*(build.code(text, id=text[0]) for text in texts)))
        for texts in (["a = 1", "b = 1"], ["a = 1", "b = 2"], ["a = 1\na = 2", "b = 2\nb = 3"])
    )
    for data in (first, second, third):
        world.write(NOTEBOOK, data)
        world.advance(0.1)
    notebook_id = world.store.adopt(NOTEBOOK)
    base = world.store.version(notebook_id, 1)
    told = DeclaredSave(NOTEBOOK, third, read(third), lambda _: None, "")
    world.service.recorder.record_written(notebook_id, told, base, world.now, in_file=True)
    assert world.service.recorder.is_due(notebook_id)
    world.quiet()
    assert not world.service.recorder.is_due(notebook_id)


def answering(stage: Play, times: int, every: float) -> None:
    """A program that saves its own, with something new, as soon as something was written."""
    world, editor = stage.world, stage.editors["B"]
    for _ in range(times):
        number = len(editor.cells)
        source = f"result_{number} = step_{number}(result_{number - 1})\nprint(result_{number})"
        editor.cells.append(build.code(source, id=f"{digest(source.encode())[:8]}"))
        world.write(NOTEBOOK, editor.saved())
        world.advance(every)


def test_people_are_not_slowed_down() -> None:
    """A save every three seconds, each merged within two."""
    stage = play(TWO)
    before = len(stage.world.disk.placed)
    answering(stage, 10, every=3.0)
    assert len(stage.world.disk.placed) == before + 10


@pytest.mark.slow
def test_programs_that_answer_each_write_are() -> None:
    stage = play(TWO)
    answering(stage, 200, every=1.5)  # five minutes
    writes = len(stage.world.disk.placed)
    assert writes < 5 * 35
    stage.world.quiet()
    words = cells.told(stage.world.disk.files[NOTEBOOK]).split(" | ")
    assert words[:4] == ["a222", "D1", "b2", "C1"]
    assert len(words) == 4 + 200


def test_after_a_while_it_is_forgiven() -> None:
    stage = play(TWO)
    answering(stage, 100, every=1.5)
    stage.world.quiet()
    stage.world.advance(300)
    before = len(stage.world.disk.placed)
    answering(stage, 5, every=3.0)
    assert len(stage.world.disk.placed) == before + 5


def test_a_room_may_hold_it_for_long_and_is_then_looked_at_again() -> None:
    play(
        TWO
        + """
        B edits b22
        held somebody types in its room
        B saves
        wait 3600
        expect a1 | b22 | C1
        expect told merged
        released
        wait 15
        expect a222 | D1 | b22 | C1
        """
    )


def test_a_save_of_which_only_the_copy_was_seen() -> None:
    """jupyter_server keeps what it is about to overwrite: the save that was missed is known all the same."""
    stage = play("busy\nfile a1 | b1 | C1\nA opens\nB opens")
    world = stage.world
    missed, later = (jupyter(cells.notebook(words)) for words in ("a2 | b1 | C1", "a1 | b2 | C1"))
    world.disk.write(NOTEBOOK, later)
    world.handle(was.Previous(NOTEBOOK, missed, was.WallTime(world.now)))
    world.quiet()
    assert cells.told(world.disk.files[NOTEBOOK]) == "a2 | b2 | C1"


def test_a_copy_of_a_version_that_is_known_changes_nothing() -> None:
    stage = play("file a1 | b1 | C1\nA opens\nA edits a2\nA saves\nquiet")
    world = stage.world
    world.handle(was.Previous(NOTEBOOK, jupyter(cells.notebook("a1 | b1 | C1")), was.WallTime(world.now)))
    world.quiet()
    assert [version.number for version in world.store.versions(world.store.adopt(NOTEBOOK))] == [1, 2]
    assert world.heads().head == 2


def test_events_that_the_system_dropped() -> None:
    stage = play(
        "busy\nfile a1 | b1 | C1\nA opens\nB opens\nA edits a2\nA saves\nB edits b2\nexpect told nothing"
    )
    world = stage.world
    world.disk.write(NOTEBOOK, stage.editors["B"].saved())
    world.handle(was.Overflowed(world.now))
    world.quiet()
    assert cells.told(world.disk.files[NOTEBOOK]) == "a2 | b2 | C1"
    assert [notice.kind for notice in world.notices] == ["overflow", "merged"]


def test_saves_that_nobody_could_read_are_counted_and_told() -> None:
    stage = play("file a1")
    stage.world.handle(was.Missed(NOTEBOOK, 2, stage.world.now))
    [notice] = stage.world.told("missed")
    assert "2 saves" in notice.message


def test_many_saves_that_nobody_could_read_are_told_of_together() -> None:
    stage = play("file a1")
    for _ in range(13):
        stage.world.handle(was.Missed(NOTEBOOK, 1, stage.world.now))
        stage.world.advance(0.25)
    assert len(stage.world.told("missed")) == 1
    stage.world.advance(60)
    _, notice = stage.world.told("missed")
    assert notice.message.startswith("12 saves in 3 s were overwritten")


def test_what_was_missed_last_is_told_before_the_watcher_ends() -> None:
    stage = play("file a1")
    for count in (1, 2):
        stage.world.handle(was.Missed(NOTEBOOK, count, stage.world.now))
    [last] = stage.world.coordinator.last_words()
    assert isinstance(last, do.Tell)
    assert last.message.startswith("2 saves were")
    assert stage.world.coordinator.last_words() == []


def test_a_late_save_that_is_told_again_brings_nothing_back() -> None:
    """It was taken, and then the disk was not told so."""
    stage = play(TWO + "B edits b22\nlate B saves\nquiet")
    late = LateSave(NOTEBOOK, stage.editors["B"].saved())
    for line in ("B edits b222", "B saves", "quiet"):
        stage.line(line)
    stage.world.disk.displaced.append(late)
    for line in ("quiet", "expect a222 | D1 | b222 | C1", "expect open nothing"):
        stage.line(line)
    assert stage.world.disk.displaced == []


def test_a_merge_that_has_not_reached_the_file_is_offered_to_no_save() -> None:
    offered: list[VersionContent] = []

    def spy(
        save: Save, head: VersionContent, older: Sequence[VersionContent], context: Context
    ) -> BaseJudgement:
        offered.extend(older)
        return judge(save, head, older, context)

    stage = play(TWO + "A edits a223\nB edits b22\nB saves")
    head = stage.world.heads().head
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nbmerge.lineage.derivation.judge", spy)
        stage.line("meanwhile A saves")
        stage.line("quiet")
    merges = [shown.version.number for shown in offered if shown.version.origin is Origin.MERGED]
    assert merges
    assert max(merges) < head
