"""Conflicts that the watcher shows, and what closes them: editing, restoring, saving on."""

from __future__ import annotations

from tests.scenarios.notation import play

CLASH = """
    busy
    file a1 | b1 | C1
    A opens
    B opens
    A edits a2
    A edits b12
    A saves
    B edits a3
    B edits C2
    B saves
    quiet
    expect a2~a3 | b12 | C2
"""


def test_a_conflict_is_updated_and_not_nested() -> None:
    play(
        CLASH
        + """
        A edits a4
        A saves
        quiet
        expect a4~a3 | b12 | C2
        B edits a5
        B edits C22
        B saves
        quiet
        expect a4~a5 | b12 | C22
        expect open nothing
        """
    )


def test_a_conflict_goes_when_both_agree() -> None:
    play(
        CLASH
        + """
        A edits a3
        A saves
        quiet
        expect a3 | b12 | C2
        """
    )


def test_resolving_by_hand_closes_it() -> None:
    play(
        CLASH
        + """
        A reloads
        A edits a22
        A saves
        quiet
        expect a22 | b12 | C2
        expect open nothing
        expect writes 1
        """
    )


def test_after_it_was_resolved_the_other_editor_brings_only_what_it_changes() -> None:
    play(
        CLASH
        + """
        A reloads
        A edits a2
        A saves
        quiet
        expect a2 | b12 | C2
        B edits C22
        B saves
        quiet
        expect a2 | b12 | C22
        """
    )


def test_deleted_and_edited() -> None:
    play("""
        busy
        file a1 | b1 | C1
        A opens
        B opens
        A deletes b
        A edits a2
        A saves
        B edits b2
        B saves
        quiet
        expect a2 | -~b2 | C1
    """)


def test_restoring_closes_what_it_replaces() -> None:
    """A later save of a lineage that was replaced brings only what it changed since."""
    play(
        CLASH
        + """
        restore 1
        quiet
        expect a1 | b1 | C1
        expect open nothing
        expect told merged
        B edits C22
        B saves
        quiet
        expect a1 | b1 | C12
        expect open nothing
        """
    )


def test_restoring_an_open_tip() -> None:
    play("""
        busy
        file a1 | b1 | C1
        A opens
        B opens
        A edits a2
        A saves
        B edits b2
        B saves
        quiet
        B saves
        quiet
        B saves
        quiet
        expect open a2 | b1 | C1
        restore 2
        quiet
        expect a2 | b1 | C1
        expect open nothing
        B edits b22
        B saves
        quiet
        expect a2 | b12 | C1
    """)
