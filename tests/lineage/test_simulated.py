"""The figures that are promised, on simulated editors: a few seeds here, as many as wanted by hand."""

from __future__ import annotations

import pytest

from tests.simulation.judgement import measured

SEEDS = range(12)


@pytest.mark.parametrize("second_writer", [False, True])
def test_no_work_is_lost_without_a_word(second_writer: bool) -> None:
    figures = measured(SEEDS, second_writer)
    assert figures.risky >= 8
    assert figures.right >= 0.7 * figures.risky
    assert figures.lost <= 0.1 * figures.risky
    assert figures.ambiguous + figures.false_merges < figures.saves / 3
