"""Minutes of work without a pause: nothing is lost, and nothing piles up."""

from __future__ import annotations

import os
import time
from random import Random

import pytest

from tests.real.place import Place, children
from tests.real.test_kills import people, people_at_work
from tests.real.test_memory import MOST, memory

MINUTES = 4


@pytest.mark.slow
def test_minutes_of_work(place: Place) -> None:
    chance = Random(0)
    place.paper.truth = place.machine.home / "truth"
    place.start()
    assert place.watch is not None
    pids = [place.watch.process.pid, *children(place.watch.process.pid)]
    with place.reader():
        with people_at_work(place, people(place, chance, 3)):
            time.sleep(60)
            before = [len(os.listdir(f"/proc/{pid}/fd")) for pid in pids]
            time.sleep((MINUTES - 1) * 60)
        place.wait()
    assert memory(pids) < MOST
    after = [len(os.listdir(f"/proc/{pid}/fd")) for pid in pids]
    assert all(now <= then + 4 for now, then in zip(after, before, strict=True))
    place.prove()
    place.stop()
