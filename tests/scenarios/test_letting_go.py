"""Of large notebooks less is held between saves, and what becomes of them is the same."""

from __future__ import annotations

from random import Random

import pytest

from nbmerge.history.opening import open_store
from nbmerge.service import judging
from nbmerge.service.cache import NotebookCache
from nbmerge.service.record import Recorder, Saved
from tests.helpers.build import code, notebook
from tests.helpers.spelling import JUPYTER
from tests.scenarios.histories import CHANGES, OTHERS, SAVES, History, begin


def lived(seed: int) -> History:
    chance, history = Random(seed), begin(2)
    names = [*CHANGES, *SAVES, *OTHERS]
    history.run(
        (chance.choice(names), chance.randrange(2), chance.randrange(100), chance.randrange(100))
        for _ in range(25)
    )
    return history


@pytest.mark.parametrize("seed", range(3))
def test_what_is_let_go_changes_nothing(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    told = lived(seed).told()
    monkeypatch.setattr(judging, "_KEPT", 0)
    large = lived(seed)
    assert large.told() == told
    thoughts = large.world.service.recorder.judging._thoughts
    contents = [one.contents[number] for one in thoughts.values() for number in one.contents]
    assert contents
    assert not any("lines" in vars(one) or "order" in vars(one) for one in contents)


@pytest.mark.parametrize("seed", range(3))
def test_comparisons_that_are_forgotten_change_nothing(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    told = lived(seed).told()
    monkeypatch.setattr(judging, "_COMPARISONS", 0)
    forgetful = lived(seed)
    assert forgetful.told() == told


def test_of_many_notebooks_the_ones_that_rest_are_compared_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judging, "_COMPARISONS", 100_000)
    store = open_store(None, lambda: 0.0).store
    recorder = Recorder(store, NotebookCache(store))
    ids = [store.adopt(f"{number}.ipynb") for number in range(4)]
    for turn in range(24):
        cells = [code(f"a = {turn}\nb = {turn}", id=f"c{number}") for number in range(20)]
        recorder.record_save(ids[turn % 4], Saved(JUPYTER.spell(notebook(*cells)), 60.0 * turn))
    *resting, latest = (one.contents.compared for one in recorder.judging._thoughts.values())
    assert latest > 100_000
    assert resting == [0, 0, 0]
