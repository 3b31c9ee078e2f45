"""What is not decided by contents: how often nbmerge writes, and what the observer could not read."""

from __future__ import annotations

from nbmerge.watch import events as was
from tests.scenarios import cells
from tests.scenarios.editor import jupyter
from tests.scenarios.notation import Play, play
from tests.scenarios.world import NOTEBOOK

TWO = """
    busy
    file a1 | b1 | C1
    A opens
    B opens
    A edits a2
    A saves
    B edits b2
    B saves
    quiet
"""


def edition(number: int) -> str:
    """One of 512 different ones."""
    return f"b{number % 8 + 2}{number // 8 % 8 + 2}{number // 64 % 8 + 2}"


def answering(stage: Play, times: int, every: float) -> None:
    """A program that saves its own, with something new, as soon as something was written."""
    world, editor = stage.world, stage.editors["B"]
    for number in range(times):
        editor.edit(edition(number))
        world.write(NOTEBOOK, editor.saved())
        world.advance(every)


def test_people_are_not_slowed_down() -> None:
    """A save every three seconds, each merged within two."""
    stage = play(TWO)
    before = len(stage.world.disk.placed)
    answering(stage, 10, every=3.0)
    assert len(stage.world.disk.placed) == before + 10


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
        expect a2 | b22 | C1
        """
    )


def test_a_save_of_which_only_the_copy_was_seen() -> None:
    """jupyter_server keeps what it is about to overwrite: the save that was missed is known all the same."""
    stage = play("busy\nfile a1 | b1 | C1\nA opens\nB opens")
    world = stage.world
    missed, later = (jupyter(cells.notebook(words)) for words in ("a2 | b1 | C1", "a1 | b2 | C1"))
    world.disk.write(NOTEBOOK, later)
    world.handle(was.Previous(NOTEBOOK, missed, world.now))
    world.quiet()
    assert cells.told(world.disk.files[NOTEBOOK]) == "a2 | b2 | C1"


def test_a_copy_of_a_version_that_is_known_changes_nothing() -> None:
    stage = play("file a1 | b1 | C1\nA opens\nA edits a2\nA saves\nquiet")
    world = stage.world
    world.handle(was.Previous(NOTEBOOK, jupyter(cells.notebook("a1 | b1 | C1")), world.now))
    world.quiet()
    assert [version.number for version in world.store.versions(world.store.adopt(NOTEBOOK))] == [1, 2]
    assert world.standing().head == 2


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
