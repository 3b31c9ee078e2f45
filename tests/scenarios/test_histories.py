"""Histories at random: nothing that was saved gets lost, nothing that was removed comes back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.helpers.examples import tried
from tests.helpers.judged import judged_by
from tests.scenarios.histories import CHANGES, OTHERS, SAVES, History, Step, begin, oracle

SHORT, NEVER = 6, 10**9  # bytes from which on a text is a long one


def steps(writers: int, kinds: tuple[str, ...], most: int = 50) -> st.SearchStrategy[list[Step]]:
    one = st.tuples(
        st.sampled_from(kinds), st.integers(0, writers - 1), st.integers(0, 40), st.integers(0, 40)
    )
    return st.lists(one, min_size=12, max_size=most)


KINDS = CHANGES + SAVES + OTHERS


@tried(60)
@given(given_steps=st.integers(1, 3).flatmap(lambda n: st.tuples(st.just(n), steps(n, KINDS), st.booleans())))
def test_nothing_is_lost_and_nothing_comes_back(given_steps: tuple[int, list[Step], bool]) -> None:
    writers, todo, ids = given_steps
    history = known_history(writers, todo, ids)
    assert history.lost() == set()
    assert history.back() == set()


def known_history(writers: int, todo: list[Step], ids: bool) -> History:
    """A history in which the watcher knows what each save was made from."""
    history = begin(writers, ids, ("jupyter", "script", "agent"))
    with judged_by(oracle(history)):
        history.run(todo)
    return history


@tried(10)
@given(todo=steps(3, KINDS))
def test_the_same_history_gives_the_same_bytes(todo: list[Step]) -> None:
    assert known_history(3, todo, True).told() == known_history(3, todo, True).told()


@tried(10)
@given(todo=steps(3, KINDS), ids=st.booleans())
def test_that_long_texts_stay_bytes_changes_no_decision(todo: list[Step], ids: bool) -> None:
    found = []
    for least in (SHORT, NEVER):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("nbmerge.notebook.longtext.LEAST", least)
            history = begin(3, ids, ("jupyter", "script", "agent"))
            history.run(todo)
            found.append(history.told())
    assert found[0] == found[1]
