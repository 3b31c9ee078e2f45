"""A save of which nobody can tell whether it overwrote something: accepted, told, and settled later."""

from __future__ import annotations

from tests.scenarios.notation import play

DOUBT = """
    file a1 | b1 | C1
    A opens
    B opens
    A edits a2
    A saves
    B edits b2
    the judge says unsure 1
    B saves
    quiet
    expect first, accept, ambiguous
    expect told ambiguous
    expect writes 0
    expect a1 | b2 | C1
    expect open a2 | b1 | C1
"""


def test_it_stays_open_while_only_the_later_lineage_goes_on() -> None:
    play(
        DOUBT
        + """
        B edits b22
        the judge says sequential
        B saves
        B edits b222
        the judge says sequential
        B saves
        later
        expect writes 0
        expect told nothing
        expect a1 | b222 | C1
        expect open a2 | b1 | C1
        """
    )


def test_the_next_save_of_the_other_lineage_settles_it() -> None:
    """The base of the two is what both of them had."""
    play(
        DOUBT
        + """
        A edits a22
        the judge says stale 2
        A saves
        quiet
        expect merge
        expect a22 | b2 | C1
        expect open nothing
        """
    )


def test_also_after_the_later_lineage_went_on() -> None:
    play(
        DOUBT
        + """
        B edits C2
        the judge says sequential
        B saves
        A edits a22
        the judge says stale 2
        A saves
        quiet
        expect a22 | b2 | C2
        expect open nothing
        """
    )


def test_a_doubt_about_a_merge() -> None:
    """What was put in doubt was a merge: its sides are in the notebook again."""
    play("""
        file a1 | b1 | C1 | D1
        A opens
        B opens
        C opens
        A edits a2
        A saves
        B edits b2
        the judge says stale 1
        B saves
        quiet
        expect a2 | b2 | C1 | D1
        C edits C2
        the judge says unsure 1
        C saves
        quiet
        expect a1 | b1 | C2 | D1
        expect open a2 | b2 | C1 | D1
        B edits b22
        the judge says stale 3
        B saves
        quiet
        expect a2 | b22 | C2 | D1
        expect open nothing
    """)


def test_a_doubt_upon_a_doubt() -> None:
    play(
        DOUBT
        + """
        A edits a22
        the judge says unsure 2
        A saves
        quiet
        expect a22 | b1 | C1
        B edits b22
        the judge says stale 3
        B saves
        quiet
        expect a22 | b22 | C1
        expect open nothing
        """
    )


def test_restoring_ends_the_doubt() -> None:
    play(
        DOUBT
        + """
        restore 2
        quiet
        expect a2 | b1 | C1
        expect open nothing
        B edits b22
        the judge says stale 3
        B saves
        quiet
        expect a2 | b12 | C1
        """
    )


def test_git_ends_the_doubt() -> None:
    play(
        DOUBT
        + """
        git checkout a3 | b3 | C3
        quiet
        expect open nothing
        expect writes 0
        """
    )


def test_a_restart_does_not_forget_the_doubt() -> None:
    play(
        DOUBT
        + """
        restart
        expect open a2 | b1 | C1
        A edits a22
        the judge says stale 2
        A saves
        quiet
        expect a22 | b2 | C1
        """
    )
