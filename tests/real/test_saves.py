"""Hundreds of saves back to back: all are recorded; where they come too fast, what was missed is counted."""

from __future__ import annotations

import json
import re
import time
from random import Random

import pytest

from nbmerge.files import digest
from tests.daemon.machine import BASE, CELLS, busyness, until
from tests.helpers.build import code, notebook
from tests.helpers.spelling import JUPYTER
from tests.real.people import WRITE
from tests.real.place import Place

SAVES = 120
LINES = [f"rows_{number} = load({number})" for number in range(SAVES)]
GROWING = [
    JUPYTER.spell(notebook(*CELLS, code("\n".join(LINES[: turn + 1]), id="end"))) for turn in range(SAVES)
]


def recorded_and_missed(place: Place, way: str, pause: float) -> tuple[int, int]:
    """How many of the saves of one writer have a version, and of how many it was told that they have none."""
    place.paper.path.write_bytes(JUPYTER.spell(BASE))
    place.start()
    for data in GROWING:
        WRITE[way](place.paper.path, data, Random(0))
        time.sleep(pause)
    until(lambda: place.holds(GROWING[-1]), "the last one is recorded")
    place.wait()
    assert place.paper.path.read_bytes() == GROWING[-1]
    place.stop()
    with place.store() as store:
        notebook_id = store.adopt(str(place.paper.path))
        have = {version.digest for version in store.versions(notebook_id)}
    told = [line for line in map(json.loads, place.printed) if line["event"] == "missed"]
    counts = [re.findall(r"^\d+", line["message"]) or ["1"] for line in told]
    return sum(digest(data) in have for data in GROWING), sum(int(number) for [number] in counts)


# Jupyter writes two files for each: beside browsers, in CI, one of 120 was gone before anybody could read it.
@pytest.mark.parametrize("way", ["script", "rename", pytest.param("jupyter", marks=pytest.mark.slow)])
def test_saves_that_are_10_ms_apart(place: Place, way: str) -> None:
    """As much later where other programs want to run, too."""
    recorded, missed = recorded_and_missed(place, way, 0.01 * busyness())
    assert recorded + missed >= SAVES
    assert recorded >= 0.9 * SAVES


@pytest.mark.parametrize("way", ["script", "rename"])
def test_saves_without_a_pause(place: Place, way: str) -> None:
    recorded, missed = recorded_and_missed(place, way, 0)
    assert recorded + missed >= 0.9 * SAVES
