"""What goes on around a notebook: torn reads, renames, deletion, git, restarts, a store that refuses."""

from __future__ import annotations

import pytest

from nbmerge.lineage.derivation import drops_beside_conflicts
from nbmerge.notebook.reader import read
from tests.helpers import build
from tests.helpers.spelling import JUPYTER
from tests.scenarios.notation import play

TWO = """
    busy
    file a1 | b1 | C1
    A opens
    B opens
"""


def test_a_torn_file_is_neither_taken_nor_replaced() -> None:
    play(
        TWO
        + """
        A edits a2
        A saves
        B edits b2
        B saves torn 0.5
        expect first, accept, merge
        expect writes 0
        quiet
        expect a2 | b2 | C1
        expect told merged
        """
    )


def test_a_merge_waits_while_the_next_save_is_torn() -> None:
    play(
        TWO
        + """
        A edits a2
        A saves
        A edits a22
        B edits b2
        B saves
        wait 0.5
        A saves torn 4
        expect writes 0
        quiet
        expect a22 | b2 | C1
        expect writes 1
        expect told merged
        """
    )


def test_a_file_that_stays_torn_is_kept_and_told_once() -> None:
    play(
        TWO
        + """
        A edits a2
        A saves
        B breaks the file
        quiet
        wait 60
        expect writes 0
        expect told unreadable
        B edits b2
        B saves
        quiet
        expect a2 | b2 | C1
        """
    )


def test_a_torn_file_that_is_broken_again_and_again_is_waited_for() -> None:
    play(
        TWO
        + """
        B edits b2
        B saves torn 12 30
        quiet
        expect a1 | b2 | C1
        expect told nothing
        """
    )


def test_renamed_while_a_merge_is_due() -> None:
    play(
        TWO
        + """
        A edits a2
        A saves
        B edits b2
        B saves
        rename other.ipynb
        quiet
        expect a2 | b2 | C1
        expect first, accept, merge
        A edits a22
        A saves
        quiet
        expect a22 | b2 | C1
        """
    )


def test_renamed_in_the_middle_of_a_save() -> None:
    play(
        TWO
        + """
        A edits a2
        A saves
        B edits b2
        B begins to save
        rename other.ipynb
        B saves
        quiet
        expect a2 | b2 | C1
        expect told merged
        """
    )


def test_saved_under_the_old_name_after_a_rename() -> None:
    """An editor that still has the old name makes a notebook of its own; neither touches the other."""
    play(
        TWO
        + """
        A edits a2
        A saves
        rename other.ipynb
        expect a2 | b1 | C1
        now notebook.ipynb
        B edits b2
        B saves
        quiet
        expect a1 | b2 | C1
        now other.ipynb
        expect a2 | b1 | C1
        expect writes 0
        """
    )


def test_deleted_while_a_merge_is_due() -> None:
    play(
        TWO
        + """
        A edits a2
        A saves
        B edits b2
        B saves
        remove
        wait 60
        expect writes 0
        expect gone
        expect told nothing
        """
    )


def test_deleted_and_made_again_by_an_editor() -> None:
    """JupyterLab saves without asking where the file is gone."""
    play(
        TWO
        + """
        A edits a2
        A saves
        remove
        wait 5
        B edits b2
        B saves
        quiet
        expect a2 | b2 | C1
        """
    )


def test_deleted_and_made_anew() -> None:
    play("""
        file a1 | b1 | C1
        A opens
        A edits a2
        A saves
        remove
        wait 60
        A puts x1 | y1
        A saves
        quiet
        A edits x2
        A saves
        quiet
        expect x2 | y1
        expect writes 0
        expect told ambiguous
    """)


def test_git_replaces_what_it_likes() -> None:
    play(
        TWO
        + """
        A edits a2
        A saves
        git checkout a1 | b1 | C1 | d1
        quiet
        expect writes 0
        expect open nothing
        expect first, accept, restore
        expect a1 | b1 | C1 | d1
        """
    )


def test_git_at_work_is_not_disturbed() -> None:
    play(
        TWO
        + """
        A edits a2
        A saves
        B edits b2
        B saves
        git works
        held git writes in its repository
        git checkout a1 | b1 | C1
        wait 1
        git checkout a2 | b1 | C1 | d1
        wait 60
        git done
        released
        quiet
        expect writes 0
        expect open nothing
        expect a2 | b1 | C1 | d1
        """
    )


IN_A_MERGE = """
        file a1 | b1 | c1
        A opens
        later
        git works
        git checkout a1 | b2 | c1 | d1
        wait 60
        git waits
"""


def test_a_page_that_was_opened_before_a_merge_and_saves_in_it() -> None:
    """It undoes the other branch's part: git waits, so nothing is merged, but it is named."""
    play(
        IN_A_MERGE
        + """
        A edits a2
        A saves
        quiet
        expect writes 0
        expect first, restore, ambiguous
        expect a2 | b1 | c1
        expect open a1 | b2 | c1 | d1
        """
    )


@pytest.mark.parametrize("mine", ["x = 1", "x = 3"])
@pytest.mark.parametrize("beside", ["y = 5", "y = 4"])
def test_to_settle_a_conflict_is_to_undo_nothing(mine: str, beside: str) -> None:
    """For one side or for neither; but to take back a cell that shows none is."""
    head, now = (
        read(JUPYTER.spell(build.notebook(build.code(source, id="one"), build.code(other, id="two"))))
        for source, other in ((build.conflict(["x = 1"], ["x = 2"]), "y = 5"), (mine, beside))
    )
    assert drops_beside_conflicts(head, now) is (beside != "y = 5")


def test_what_somebody_changes_in_a_merge_is_accepted() -> None:
    """A page that was opened in it; also one that takes out what it sees."""
    play(
        IN_A_MERGE
        + """
        B opens
        B edits b3
        B saves
        wait 60
        B deletes d
        B saves
        quiet
        expect writes 0
        expect first, restore, accept, accept
        expect open nothing
        expect a1 | b3 | c1
        """
    )


def test_an_editor_that_saves_over_a_checkout() -> None:
    """Git's word counts for what was before it; an editor that has not seen it brings what it changes."""
    play(
        TWO
        + """
        A edits a2
        A saves
        git checkout a1 | b2 | C1 | d1
        A edits a22
        A saves
        quiet
        expect a12 | b2 | C1 | d1
        expect writes 1
        """
    )


@pytest.mark.parametrize("when", ["A saves", "B saves"])
def test_a_restart_finds_what_was_due(when: str) -> None:
    scenario = """
        A edits a2
        B edits b2
        A saves
        B saves
        quiet
        expect a2 | b2 | C1
        A edits a22
        A saves
        quiet
        expect a22 | b2 | C1
        expect open nothing
    """
    play(TWO + scenario.replace(f"{when}\n", f"{when}\n restart\n", 1))


def test_a_save_while_no_watcher_runs() -> None:
    play(
        TWO
        + """
        A edits a2
        B edits b2
        A saves
        stopped
        B saves
        started
        quiet
        expect a2 | b2 | C1
        """
    )


def test_a_store_that_refuses() -> None:
    """Nothing is written to any notebook; it is said once; and when it works again, all is merged."""
    play(
        TWO
        + """
        A edits a2
        A saves
        B edits b2
        the store refuses
        B saves
        wait 100
        expect writes 0
        expect a1 | b2 | C1
        expect told error
        the store works
        quiet
        expect a2 | b2 | C1
        expect told recovered, merged
        """
    )


def test_a_store_that_refuses_while_two_save() -> None:
    """What was read and could not be recorded is not forgotten when the next save covers it."""
    play(
        TWO
        + """
        A edits a2
        B edits b2
        the store refuses
        A saves
        wait 2
        B saves
        wait 100
        expect writes 0
        expect told error
        the store works
        quiet
        expect a2 | b2 | C1
        expect told recovered, merged
        """
    )


def test_a_store_that_refuses_when_a_merge_is_due() -> None:
    play(
        TWO
        + """
        A edits a2
        B edits b2
        A saves
        B saves
        the store refuses
        wait 100
        expect writes 0
        expect told error
        the store works
        quiet
        expect a2 | b2 | C1
        """
    )


def test_a_broken_file_while_the_store_refuses() -> None:
    play(
        TWO
        + """
        the store refuses
        B breaks the file
        wait 100
        expect told error
        the store works
        quiet
        expect told unreadable
        expect writes 0
        """
    )


def test_a_disk_that_refuses() -> None:
    play(
        TWO
        + """
        A edits a2
        B edits b2
        A saves
        B saves
        the disk refuses
        wait 100
        expect writes 0
        expect told error
        the disk works
        quiet
        expect a2 | b2 | C1
        """
    )
