"""A watcher that is killed again and again while people save: promises 1 and 2 hold each time."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from random import Random
from threading import Event, Thread

import pytest

from tests.helpers import build
from tests.helpers.spelling import JUPYTER
from tests.real.people import WAYS, Person
from tests.real.place import Place

SETTLE = 0.2


@contextmanager
def people_at_work(place: Place, people: list[Person]) -> Iterator[None]:
    """They edit, save and now and then reload, until the end of the block."""
    end = Event()
    threads = [Thread(target=_work, args=(place, person, end), daemon=True) for person in people]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        end.set()
        for thread in threads:
            thread.join()


def _work(place: Place, person: Person, end: Event) -> None:
    while not end.wait(person.chance.choice((0.05, 0.3, 0.6, 1.0, 2.0))):
        if person.chance.random() < 0.2:
            person.open(place.paper.read())
        person.edit()
        place.paper.save(person)


def people(place: Place, chance: Random, number: int) -> list[Person]:
    ways = chance.sample([way for way in WAYS if way != "rename" or not place.in_place], number)
    found = [Person(name, way, Random(chance.random())) for name, way in zip("ABCD", ways, strict=False)]
    for person in found:
        person.open(place.paper.read())
    return found


def wait_for_a_bad_moment(place: Place, chance: Random) -> None:
    """Just after a save, when a merge is being written, or any time."""
    number = len(place.paper.saves)
    end = time.monotonic() + 3
    while len(place.paper.saves) == number and time.monotonic() < end:
        time.sleep(0.001)
    match chance.randrange(3):
        case 0:
            time.sleep(chance.choice((0, 0.001, 0.003, 0.01, 0.03)))
        case 1:
            time.sleep(SETTLE + chance.uniform(0, 0.15))
        case 2:
            time.sleep(chance.uniform(0, 1))


def killed(place: Place, seed: int, kills: int, truth: bool = True) -> None:
    """People at work, and so many kills; then the proof.

    `truth`: the watcher knows what each save was made from, so that only what it does is tried.
    """
    chance = Random(seed)
    place.paper.truth = place.machine.home / "truth" if truth else None
    place.start()
    with place.reader():
        with people_at_work(place, people(place, chance, chance.choice((2, 2, 3)))):
            for _ in range(kills):
                wait_for_a_bad_moment(place, chance)
                place.kill()
                time.sleep(chance.choice((0, 0, 0.3)))
                if chance.random() < 0.3:
                    place.start_and_kill(chance.uniform(0.1, 0.8))
                place.start()
        place.wait()
    place.prove()
    place.stop()


def make_large(place: Place) -> None:
    """So that reading and writing it take a while."""
    content = json.loads(place.paper.path.read_bytes())
    picture = "".join(Random(0).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=4_000_000))
    content["cells"].append(build.code("plot()", id="plot", outputs=[build.shown({"image/png": picture})]))
    place.paper.path.write_bytes(JUPYTER.spell(content))


def make_linked(place: Place) -> None:
    """So that it can only be written in place: another name would keep the old bytes."""
    (place.machine.home / "other name.ipynb").hardlink_to(place.paper.path)
    place.in_place = True


PLACES = {"": lambda place: None, "large": make_large, "linked": make_linked}


@pytest.mark.parametrize(("seed", "kind"), [(0, ""), pytest.param(1, "large", marks=pytest.mark.slow)])
def test_kills(place: Place, seed: int, kind: str) -> None:
    PLACES[kind](place)
    killed(place, seed, kills=2)


@pytest.mark.slow
@pytest.mark.parametrize("kind", PLACES)
@pytest.mark.parametrize("seed", range(100, 120))
def test_many_kills(place: Place, seed: int, kind: str) -> None:
    PLACES[kind](place)
    killed(place, seed, kills=8)
