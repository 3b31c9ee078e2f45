"""What stands behind the markers of a conflict: who wrote the text that each side shows."""

from __future__ import annotations

import json
import re

import pytest

from tests.helpers.build import source_of
from tests.scenarios.notation import Play, play

AGENT = "a program, in place (sources as one string, indented by 1)"
TIME = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"

JUPYTER_AND_AGENT = """
    busy
    file a1 | b1 | c1
    A opens
    B opens
    B uses agent
    A edits a2
    A edits b12
    A saves
    B edits a3
    B edits c2
    B saves
    quiet
    expect a2~a3 | b12 | c2
"""


def labels(stage: Play) -> list[str]:
    """Those of the first conflict: above the one side, and below the other."""
    sources = (source_of(cell) for cell in json.loads(stage.world.disk.files[stage.path])["cells"])
    lines = next(text for text in sources if "<<<<<<< " in text).split("\n")
    return [line[8:] for line in lines if line[:8] in ("<<<<<<< ", ">>>>>>> ")]


def test_a_label_says_whose_text_it_is() -> None:
    assert labels(play(JUPYTER_AND_AGENT)) == ["Jupyter", AGENT]


@pytest.mark.parametrize("updates", ["A", "B", "AB", "BA", "ABAB", "BBBB"])
def test_labels_stay_true_however_often_the_sides_are_saved(updates: str) -> None:
    lines = [f"{who} edits a{4 + n}\n{who} saves\nquiet" for n, who in enumerate(updates)]
    assert labels(play("\n".join([JUPYTER_AND_AGENT, *lines]))) == ["Jupyter", AGENT]


def test_who_only_went_on_from_a_side_did_not_write_its_text() -> None:
    stage = play(
        """
        busy
        file a1 | b1 | c1
        A opens
        B opens
        C uses script
        A edits a2
        A saves
        C opens
        C edits b12
        C saves
        B edits a3
        B edits c2
        B uses agent
        the judge says stale 1
        B saves
        quiet
        expect a2~a3 | b12 | c2
        """
    )
    assert labels(stage) == ["Jupyter", AGENT]


def test_the_time_tells_two_of_one_name_apart() -> None:
    stage = play(JUPYTER_AND_AGENT.replace("B uses agent", ""))
    one, other = labels(stage)
    assert re.fullmatch(f"Jupyter, {TIME}", one)
    assert re.fullmatch(f"Jupyter, {TIME}", other)
    assert one < other


def test_a_side_without_the_cell_is_of_whoever_deleted_it() -> None:
    stage = play(
        """
        busy
        file a1 | b1 | c1
        A opens
        B opens
        B uses agent
        A deletes a
        A edits b12
        A saves
        B edits a3
        B edits c2
        B saves
        quiet
        expect -~a3 | b12 | c2
        """
    )
    assert labels(stage) == ["Jupyter (deleted)", AGENT]
