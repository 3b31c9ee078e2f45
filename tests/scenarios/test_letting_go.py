"""Of large notebooks less is held between saves, and what becomes of them is the same."""

from __future__ import annotations

from random import Random

import pytest

from nbmerge.service import judging
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
