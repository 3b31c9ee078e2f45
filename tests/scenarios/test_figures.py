"""The judgement on writers that are made up: bounds, with room for what contents cannot tell."""

from __future__ import annotations

import pytest

from tests.helpers import examples
from tests.scenarios.figures import alone, together


def test_one_writer_is_seldom_disturbed() -> None:
    found = alone(15 * examples.FACTOR, ids=True)
    assert found.saves > 300
    assert found.merges <= 0.008 * found.saves, found
    assert found.ambiguous <= 0.05 * found.saves, found
    assert found.lost == 0, found


@pytest.mark.parametrize("writers", [2, 3])
@pytest.mark.parametrize("known", [True, False])
def test_hardly_anything_is_lost_silently(writers: int, known: bool) -> None:
    found = together(8 * examples.FACTOR, writers, known, ids=True)
    assert found.words > 400
    assert found.lost <= 0.005 * found.words, found
    assert found.back <= 0.02 * found.words, found
