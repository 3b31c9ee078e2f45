"""Owns: tries whose watcher is in this process: death at every call of a merge, and at random in the work of
several people; disks that are full, known to have refused a write.

Must not know: how tries are counted.  Invariant: the same number and seed give the same try.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from random import Random

from tests.helpers.faulty_system import Faulty, Killed, error
from tests.helpers.judged import judged_by
from tests.real.test_trouble import fill, small_disk
from tests.scenarios import cells
from tests.scenarios.histories import CHANGES, OTHERS, Step, opened_by, oracle
from tests.scenarios.test_faults import Stage
from tests.scenarios.world import NOTEBOOK
from tests.soak.figures import Attempt
from tests.soak.mortal import MortalHistory, MortalWorld, mortal

MERGED = "a2 | b2 | C2"
CALLS = 240  # a merge and its write, with the save that comes in between, has fewer
_KINDS = (*CHANGES, "save", "save", "save", "slow save", *OTHERS)


def merge_and_write(seed: str, number: int, home: Path) -> Attempt:
    """Two people; a save comes in while their merge is written; death at the call of this number."""
    chance, done = Random(seed), Attempt()
    with staged(home) as stage:
        world = as_mortal(stage)
        call = 1 + number % CALLS
        save = chance.choice((world.files.write, world.files.replace))
        meanwhile = world.system.count + chance.randint(2, max(2, call))  # the first save is read by then
        world.system.before(meanwhile, partial(stage.save_rest, save))
        world.die_at(call)
        try:
            stage.b.edit("b2")
            world.write(NOTEBOOK, stage.b.saved())
            world.quiet()
        except Killed:
            world.come_back(*(chance.randint(1, 150) for _ in range(chance.randint(0, 2))))
        world.live()
        world.system.hooks.clear()
        if world.files.wrote != stage.b.saved() and stage.rest is not None:
            world.write(NOTEBOOK, stage.b.saved())  # it came no further than the save
        finish(stage, done)
        done.kills = world.kills
    return done


def people_at_work(seed: str, _: int, home: Path) -> Attempt:
    """Two to four people who edit, save and reload; the watcher dies every so many calls."""
    chance, done = Random(seed), Attempt()
    with mortal(home) as world:
        spellings = [chance.choice(("jupyter", "script", "agent")) for _ in range(3)]
        history = MortalHistory(world, [], chance.random() < 0.7, chance=chance)
        opened_by(chance.randint(2, 4), history, spellings)
        with judged_by(oracle(history)):
            history.run(list(steps(chance, chance.randint(6, 16))))
        done.saves, done.kills = world.files.writes, world.kills
        done.expect(not history.lost(), f"words that were saved: {sorted(history.lost())}")
        look_after(world, done)
    return done


def full_disk(seed: str, _: int, home: Path) -> Attempt:
    """So many bytes are left when a save is recorded and merged; room comes later."""
    chance, done = Random(seed), Attempt()
    room = chance.choice(("work", "journal", "state", ""))
    home.mkdir(exist_ok=True)
    (home / room).mkdir(exist_ok=True)
    with small_disk(home / room, "3m"), staged(home) as stage:
        world = as_mortal(stage)
        stage.b.edit("b2")
        world.files.write(NOTEBOOK, stage.b.saved())
        filler = fill(home / room)
        with open(filler, "r+b") as file:
            file.truncate(max(0, filler.stat().st_size - 4096 * chance.choice((0, 0, 1, 2, 3, 5, 8, 20, 40))))
        world.notice(NOTEBOOK, "in place")
        world.advance(chance.choice((5, 30)))
        done.refused = len([note for note in world.notices if is_full(note.message)])
        if chance.random() < 0.3:
            world.restart()
        filler.unlink()
        finish(stage, done)
    return done


def refused_write(seed: str, number: int, home: Path) -> Attempt:
    """The same by number: the disk is full, the quota used up, access denied, at one call or from it on."""
    chance, done = Random(seed), Attempt()
    code = chance.choice((errno.ENOSPC, errno.EDQUOT, errno.EACCES, errno.EIO, errno.EROFS))
    with staged(home) as stage:
        world = as_mortal(stage)
        stage.b.edit("b2")
        world.write(NOTEBOOK, stage.b.saved())
        faulty = Faulty(at=1 + number % 40, fault=error(code), lasting=chance.random() < 0.5)
        world.files.system = faulty
        world.files.__post_init__()
        world.advance(chance.choice((5, 30)))
        done.refused = int(faulty.hit)
        if chance.random() < 0.3:
            world.restart()
        world.live()
        finish(stage, done)
    return done


def is_full(message: str) -> bool:
    return "no space left" in message or "is full" in message


@contextmanager
def staged(home: Path) -> Iterator[Stage]:
    """Two editors; A has saved, and B is about to."""
    with mortal(home) as world:
        stage = Stage(world)
        stage.a.edit("C2")
        stage.rest = stage.a.saved()
        yield stage


def as_mortal(stage: Stage) -> MortalWorld:
    assert isinstance(stage.world, MortalWorld)
    return stage.world


def finish(stage: Stage, done: Attempt) -> None:
    """After all, everything is in the file."""
    world = as_mortal(stage)
    world.quiet()
    stage.save_rest(world.write)
    world.quiet()
    world.restart()
    world.quiet()
    done.saves = world.files.writes
    told = cells.told(world.disk.files[NOTEBOOK])
    done.expect(told == MERGED, f"the notebook says {told}")
    done.expect(world.open_data() == [], "a version is left open")
    look_after(world, done)


def look_after(world: MortalWorld, done: Attempt) -> None:
    """Nothing lies about, and the store is sound."""
    for _ in range(2):
        world.advance(30)
        world.chores()
    names = list(world.disk.files)
    done.expect(names == [NOTEBOOK], f"notebooks: {names}")
    left = [name for name in world.left_behind() if name != "filler"]
    done.expect(left == [], f"left behind: {left}")
    world.store.check()


def steps(chance: Random, number: int) -> Iterator[Step]:
    for _ in range(number):
        yield chance.choice(_KINDS), chance.randrange(4), chance.randrange(41), chance.randrange(41)
