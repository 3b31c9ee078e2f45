"""Two and three writers of one notebook: all of their work ends up in it, whoever saves when."""

from __future__ import annotations

import pytest

from tests.scenarios.notation import play


@pytest.mark.parametrize("ids", [True, False])
@pytest.mark.parametrize("known", ["busy", "calm"])
def test_a_stale_save_is_merged(known: str, ids: bool) -> None:
    scenario = """
        file a1[1] | b1[2] | c1[3]
        A opens
        B opens
        A edits a222
        A runs a
        A inserts D1 after a
        A saves
        B edits c2
        B saves
        expect merge
        quiet
        expect a222[1] | D1 | b1[2] | c2[3:c1]
        expect writes 1
        expect told merged
        quiet
        expect writes 0
    """
    play(f"{known}\n" + scenario.replace("expect merge\n", "expect first, accept, merge\n"), ids)


def test_both_go_on_without_reloading_for_many_rounds() -> None:
    begin = """
        busy
        file a1 | b1 | C1
        A opens
        B opens
    """
    rounds = """
        A edits a{0}
        A saves
        quiet
        expect a{0} | b{1} | C1
        B edits b{0}
        B saves
        quiet
        expect a{0} | b{0} | C1
        expect open nothing
    """
    play(begin + "".join(rounds.format(number, number - 1) for number in range(2, 9)))


def test_they_save_at_the_same_moment() -> None:
    play("""
        busy
        file a1 | b1 | C1
        A opens
        B opens
        A edits a2
        B edits b2
        A saves
        B saves
        quiet
        expect a2 | b2 | C1
        expect writes 1
    """)


def test_the_tab_that_took_over_our_hash() -> None:
    """It saves once more over the merge without having seen it: merged again.  A second time: it has."""
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
        expect a2 | b2 | C1
        expect writes 1
        B saves
        expect a1 | b2 | C1
        quiet
        expect a2 | b2 | C1
        expect writes 1
        expect open nothing
        B saves
        quiet
        expect a1 | b2 | C1
        expect writes 0
        expect open a2 | b1 | C1
        expect first, accept, merge, merge, accept
        expect told merged, merged, dropped
    """)


def test_it_goes_on_instead() -> None:
    """A save that drops the merge and brings something new is that editor's next one."""
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
        B edits b22
        B saves
        quiet
        expect a2 | b22 | C1
        expect open nothing
    """)


def test_a_tug_of_war_is_told() -> None:
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
        expect told merged
        A saves
        quiet
        B saves
        quiet
        expect a2 | b2 | C1
        A edits a3
        A saves
        quiet
        A saves
        quiet
        expect told merged, merged, merged, tug, merged
        expect a3 | b2 | C1
    """)


def test_a_save_that_comes_while_the_merge_is_written() -> None:
    play("""
        busy
        file a1 | b1 | C1
        A opens
        B opens
        A edits a2
        A saves
        B edits b2
        A edits a22
        B saves
        meanwhile A saves
        quiet
        expect a22 | b2 | C1
        expect open nothing
    """)


def test_a_save_into_the_file_that_was_displaced() -> None:
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
        B edits b22
        late B saves
        quiet
        expect a2 | b22 | C1
        expect open nothing
    """)


def test_saves_that_never_pause_are_merged_in_the_first_gap() -> None:
    saves = "\n".join(f"B edits b{number}\nB saves\nwait 0.4\nB saves\nwait 0.4" for number in range(2, 9))
    play(f"""
        busy
        file a1 | b1 | C1
        A opens
        B opens
        A edits a2
        A saves
        settle 3
        {saves}
        expect writes 0
        expect a1 | b8 | C1
        quiet
        expect writes 1
        expect a2 | b8 | C1
    """)


def test_it_is_held_while_something_asks_for_that() -> None:
    play("""
        busy
        file a1 | b1
        A opens
        B opens
        A edits a2
        A saves
        B edits b2
        B saves
        held a room is active
        wait 60
        expect a1 | b2
        expect writes 0
        released
        quiet
        expect a2 | b2
        expect writes 1
    """)


def test_three_writers() -> None:
    play("""
        busy
        file a1 | b1 | c1 | D1
        A opens
        B opens
        C opens
        A edits a2
        B edits b2
        C edits c2
        A saves
        quiet
        B saves
        C saves
        quiet
        expect a2 | b2 | c2 | D1
        A edits a22
        A inserts e1 last
        A saves
        C edits D2
        C saves
        quiet
        expect a22 | b2 | c2 | D2 | e1
        B edits b222
        B saves
        quiet
        expect a22 | b222 | c2 | D2 | e1
        expect open nothing
    """)


def test_an_editor_that_reloads_goes_on_from_the_merge() -> None:
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
        expect first, accept, merge
        A reloads
        A edits a22
        A saves
        quiet
        expect accept
        expect a22 | b2 | C1
        expect writes 1
        B edits b22
        B saves
        quiet
        expect merge
        expect a22 | b22 | C1
    """)


def test_what_was_deleted_after_a_reload_stays_deleted() -> None:
    """What else the merge brought shows that its author had seen it."""
    play("""
        busy
        file a1 | b1 | C1
        A opens
        B opens
        A edits C222
        A inserts d1 after a
        A saves
        B edits b2
        B saves
        quiet
        expect a1 | d1 | b2 | C222
        B reloads
        B deletes d
        B edits b22
        B saves
        quiet
        expect first, accept, merge, accept
        expect a1 | b22 | C222
        A edits a2
        A saves
        quiet
        expect a2 | b22 | C222
        expect open nothing
    """)


def test_different_spellings_keep_their_own_bytes() -> None:
    play("""
        busy
        file a1 | b1 | C1
        A opens
        B opens
        B uses agent
        A edits a2
        A saves
        B edits b2
        B saves
        quiet
        expect a2 | b2 | C1
        A edits a22
        A saves
        quiet
        expect a22 | b2 | C1
        B edits b22
        B saves
        quiet
        expect a22 | b22 | C1
    """)


@pytest.mark.parametrize("known", ["busy", "calm"])
def test_who_reloaded_an_earlier_merge_has_not_seen_the_next_one(known: str) -> None:
    play(f"""
        {known}
        file a1 | b1 | C1 | d1
        A opens
        B opens
        A edits a222
        A inserts f1 first
        A saves
        B edits b222
        B inserts g1 last
        B saves
        quiet
        A reloads
        B edits d222
        B inserts e1 last
        B saves
        quiet
        expect f1 | a222 | b222 | C1 | d222 | g1 | e1
        A edits C222
        A saves
        quiet
        expect f1 | a222 | b222 | C222 | d222 | g1 | e1
        expect open nothing
    """)


def test_who_takes_something_back_without_a_reload_goes_on_with_the_rest() -> None:
    play("""
        busy
        file a1 | b1 | C1 | D1
        A opens
        B opens
        A edits a222
        A inserts e1 after a
        A saves
        B edits b2
        B edits C222
        B saves
        quiet
        B edits b222
        B saves
        quiet
        expect a222 | e1 | b222 | C222 | D1
        B edits b2
        B edits D2
        B edits C223
        B saves
        quiet
        expect a222 | e1 | b2 | C223 | D2
        expect open a1 | b222 | C222 | D1
    """)


def test_a_page_that_never_reloads_goes_on_without_dropping_what_another_program_wrote() -> None:
    """However long that program has been silent: their habits tell them apart."""
    rounds = "\n".join(f"wait 100\nA edits c1{n}\nA saves\nquiet" for n in range(2, 8))
    play(
        f"""
        file a1 | b1 | c1 | d1
        A opens
        A edits c2
        A saves
        wait 20
        B uses agent
        B opens
        B edits b2
        B saves
        {rounds}
        expect a1 | b2 | c27 | d1
        expect open nothing
        """
    )


@pytest.mark.parametrize("known", ["busy", "calm"])
@pytest.mark.parametrize("gone", ["d", "e", "d e"])
def test_who_deletes_much_of_their_own_did_not_start_from_before_it_was_there(known: str, gone: str) -> None:
    """That is nearer in lines to a version from before those cells, of which nothing is back."""
    left = "".join(f" | {letter}1" for letter in "de" if letter not in gone)
    play(
        f"""
        file a1[1] | b1[2] | c1[3]
        A opens
        A edits a2
        A saves
        A edits b122
        A inserts d1 last
        A inserts e1 last
        A saves
        wait 60
        B opens
        {known}
        B edits b222
        B saves
        A runs c
        A saves
        quiet
        B edits b322
        B saves
        quiet
        expect a2 | b322 | c1 | d1 | e1
        B deletes {gone}
        B saves
        quiet
        expect a2 | b322 | c1{left}
        """
    )


@pytest.mark.parametrize("seconds", [20, 60, 300])
@pytest.mark.parametrize("ids", [True, False])
def test_a_merge_is_not_pressed_on_a_page_that_never_reloads_while_nobody_else_saves(
    seconds: int, ids: bool
) -> None:
    """It may have been one author all the time: who saved that often and is silent now is not there.  What
    leaves the file is named, and is part of the notebook again when its page goes on."""
    on_and_on = "\n".join(f"wait {seconds}\nB edits b{n}\nB saves\nquiet" for n in range(3, 10))
    play(
        f"""
        file a1[1] | b1[2] | c1[3] | d1[4] | e1[5]
        A opens
        B opens
        A edits d2
        A saves
        wait {seconds}
        A inserts f1 last
        A inserts g1 last
        A edits a22
        A edits c2
        A saves
        wait {seconds}
        B edits b2
        B edits e2
        B saves
        quiet
        expect a22 | b2 | c2 | d2 | e2 | f1 | g1
        {on_and_on}
        expect a1 | b9 | c1 | d1 | e2
        A edits g2
        A saves
        quiet
        expect a22 | b9 | c2 | d2 | e2 | f1 | g2
        """,
        ids,
    )


@pytest.mark.parametrize("ids", [True, False])
def test_who_undoes_what_they_saved_just_before_the_merge_has_not_seen_it(ids: bool) -> None:
    """Undo around a save, while somebody else works: the merge stood there for too short."""
    play(
        """
        busy
        file a1 | b1 | C1
        A opens
        B opens
        A edits a2
        A saves
        B edits b2
        B saves
        quiet
        expect a2 | b2 | C1
        B undoes
        B saves
        quiet
        expect a2 | b1 | C1
        expect open nothing
        """,
        ids,
    )
