"""One writer is never disturbed: whatever they do, nbmerge writes nothing and asks nothing."""

from __future__ import annotations

import pytest

from tests.scenarios.notation import play

START = """
    file a1[1] | b1[2] | C1 | d1[3]
    A opens
"""
END = """
    quiet
    expect writes 0
    expect open nothing
    expect told nothing
"""
ALONE = {
    "saves in sequence": """
        A edits a2
        A saves
        A runs a
        A saves
        A edits b12
        A saves
        expect a2 | b12 | C1 | d1
    """,
    "move": """
        A moves d first
        A saves
        A moves a last
        A saves
        expect d1 | b1 | C1 | a1
    """,
    "clear outputs": """
        A clears
        A saves
        expect a1[] | b1[] | C1 | d1[]
    """,
    "run all again": """
        A runs a b d
        A saves
        A runs a b d
        A saves
        expect a1[4] | b1[5] | C1 | d1[6]
    """,
    "delete and write anew": """
        A deletes a b
        A saves
        A inserts e1 first
        A saves
        expect e1 | C1 | d1
    """,
    "the same once more": """
        A edits a2
        A saves
        A saves
        A saves
        expect a2 | b1 | C1 | d1
    """,
    "slow saves": """
        A edits a2
        A saves torn 4
        A edits a22
        A saves torn 0.2
        expect a22 | b1 | C1 | d1
    """,
}
BACK = {
    "undo": """
        A edits a222
        A saves
        A undoes
        A saves
        expect a1 | b1 | C1 | d1
    """,
    "redo": """
        A edits a222
        A edits b2
        A saves
        A undoes
        A undoes
        A saves
        A edits a222
        A edits b2
        A saves
        expect a222 | b2 | C1 | d1
    """,
}


@pytest.mark.parametrize("what", BACK)
@pytest.mark.parametrize("ids", [True, False])
def test_what_was_there_before_is_accepted_and_told(what: str, ids: bool) -> None:
    """Nothing tells an undo from an old tab that is saved unchanged.  What comes back is open no more."""
    stage = play(START + BACK[what] + "quiet\nexpect writes 0\nexpect told ambiguous", ids)
    stage.line("expect open " + ("a222 | b1 | C1 | d1" if what == "undo" else "nothing"))


@pytest.mark.parametrize("what", ALONE)
@pytest.mark.parametrize("ids", [True, False])
def test_one_writer_is_never_disturbed(what: str, ids: bool) -> None:
    play(START + ALONE[what] + END, ids)


@pytest.mark.parametrize("ids", [True, False])
def test_cut_save_and_paste_elsewhere(ids: bool) -> None:
    """The same bytes could be a stale save by somebody who only moved that cell: at most a doubt."""
    play(
        START
        + """
        A deletes b
        A saves
        A inserts b1[2] last
        A saves
        quiet
        expect a1 | C1 | d1 | b1
        expect writes 0
        """,
        ids,
    )


def test_running_everything_again_and_again_loses_nothing() -> None:
    """What a later run of the same cells replaces was not overwritten by mistake."""
    letters = "abcdefghijklmnop"
    again = f"A runs {' '.join(letters)}\nA saves\nquiet\nwait 90\n"
    play(f"file {' | '.join(letters)}\nA opens\n{6 * again}expect open nothing\nexpect writes 0")
