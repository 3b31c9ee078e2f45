"""While a second writer is known: what a save is worth that may not have seen the one before."""

from __future__ import annotations

import pytest

from tests.scenarios import cells
from tests.scenarios.notation import play
from tests.scenarios.world import NOTEBOOK

START = """
    busy
    file a1[1] | b1[2] | c1[3] | d1[4] | e1[5] | f1[6]
    A opens
    B opens
    A edits a2
    A saves
    wait 30
    B reloads
"""


@pytest.mark.parametrize(
    "changes", ["B edits b2", "B inserts g1 last", "B runs c d", "B edits b2\nB edits c2"]
)
def test_the_same_bytes_are_merged_where_another_program_saved_meanwhile(changes: str) -> None:
    play(f"{START}\nB uses agent\n{changes}\nB saves\nquiet\nA saves\nexpect first, accept, accept, merge")


@pytest.mark.parametrize("changes", ["B edits b2", "B inserts g1 last", "B runs c d"])
def test_the_same_bytes_are_named_where_nothing_tells_whose_they_are(changes: str) -> None:
    play(f"{START}\n{changes}\nB saves\nquiet\nA saves\nexpect first, accept, accept, ambiguous")


def test_results_that_nobody_can_type_were_there_before() -> None:
    play(
        f"""{START}
        B runs c d e
        B saves
        quiet
        A edits b2
        A saves
        quiet
        expect a2[1:a1] | b2[2:b1] | c1[1] | d1[2] | e1[3] | f1[6]
        """
    )


def test_a_move_is_not_undone_by_who_has_not_seen_it() -> None:
    play(
        f"""{START}
        B moves f first
        B saves
        quiet
        A edits b2
        A saves
        quiet
        expect f1 | a2 | b2 | c1 | d1 | e1
        """
    )


@pytest.mark.parametrize(
    "wiped", ["a1[1]", "a1[1] | b1[2] | c1[3]", "a1[1] | b1[2] | c1[3] | d1[4] | e1[5] | f1[6]"]
)
def test_a_page_is_not_stripped_of_what_the_file_lost(wiped: str) -> None:
    """A partial or an old notebook is put there; the page that shows everything goes on."""
    play(
        f"""{START}
        B puts {wiped}
        B saves
        quiet
        A edits b2
        A saves
        quiet
        expect a2 | b2 | c1 | d1 | e1 | f1
        A edits c2
        A saves
        quiet
        expect a2 | b2 | c2 | d1 | e1 | f1
        expect writes 0
        """
    )


def test_another_notebook_is_told_and_never_mixed_with_this_one() -> None:
    play(
        f"""{START}
        B puts q1 | r1 | s1 | t1 | u1
        B saves
        quiet
        expect first, accept, ambiguous
        B edits q2
        B saves
        quiet
        expect q2 | r1 | s1 | t1 | u1
        """
    )


@pytest.mark.parametrize("meanwhile", ["deletes c", "edits a011", "deletes b"])
def test_work_of_two_saves_is_work_also_if_the_second_one_only_took_something_out(meanwhile: str) -> None:
    """Whoever had an older version open saw neither: what the first one brought is no old thing."""
    stage = play(f"""
        busy
        file a1 | b1 | c1 | D1
        A opens
        B opens
        A inserts e1 last
        A saves
        wait 60
        A {meanwhile}
        A saves
        wait 60
        B edits D2
        B saves
        quiet
        expect first, accept, accept, merge
    """)
    assert " e1" in cells.told(stage.world.disk.files[NOTEBOOK])


@pytest.mark.parametrize("letter", ["a", "G"])
@pytest.mark.parametrize("runs", [True, False])
@pytest.mark.parametrize("further", [1, 3])
def test_who_tunes_a_value_again_and_again_is_believed(letter: str, runs: bool, further: int) -> None:
    """Two may set it to something else at a time: that is named.  After that one author tunes it."""
    run = f"A runs {letter}\n" if runs and letter.islower() else ""
    series = "".join(f"A edits {letter}{n}\n{run}A saves\nquiet\n" for n in range(2, 5 + further))
    play(
        f"""
        busy
        file {letter}1[1] | b1[2] | c1[3]
        A opens
        {series}
        expect first, accept, ambiguous, ambiguous{", accept" * further}
        """.replace("G1[1]", "G1")
    )


@pytest.mark.parametrize("value", [3, 4])
def test_a_value_that_somebody_else_changed_meanwhile_is_not_tuned_away(value: int) -> None:
    play(
        f"""
        busy
        file a1 | b1 | c1
        A opens
        B opens
        A edits a2
        A saves
        quiet
        B edits a{value}
        B saves
        quiet
        expect open a2 | b1 | c1
        """
    )
