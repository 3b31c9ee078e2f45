"""Owns: tries with real processes: watchers and writers that are killed, also at a chosen system call.

Must not know: how tries are counted.  Invariant: what is owed is told by the files alone, by what stood in
one while a watcher ran, and by what a writer was told to be saved.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from random import Random

from tests.daemon.machine import ADA, BASE, BEN, BOTH, LONGEST, ROOT, Machine, until
from tests.helpers.build import code, notebook
from tests.helpers.spelling import JUPYTER
from tests.real.people import Paper, Person, first_notebook
from tests.real.place import Place
from tests.real.test_kills import PLACES, people, people_at_work, wait_for_a_bad_moment
from tests.soak.figures import Attempt
from tests.sync.writers import Desk

WRITERS = 20
_KILLS = 4
_CALL = re.compile(r"\d+ +(\w+)\(")
# The system calls by which something on the disk changes; each is tried each time that it is made.
CHANGING = (
    "write",
    "pwrite64",
    "openat",
    "renameat2",
    "rename",
    "link",
    "unlink",
    "ftruncate",
    "fsync",
    "fdatasync",
    "fchmod",
    "utimensat",
    "mkdir",
    "fcntl",
    "flock",
)


@contextmanager
def machine_in(home: Path) -> Iterator[Machine]:
    machine = Machine(home)
    machine.folder.mkdir(parents=True)
    try:
        yield machine
    finally:
        machine.clean_up()


def watchers(seed: str, number: int, home: Path) -> Attempt:
    """People save all the time; their watcher is killed, and the next one as well."""
    chance, done = Random(seed), Attempt()
    with machine_in(home) as machine:
        machine.path.write_bytes(first_notebook(chance))
        place = Place(machine, Paper(machine.path, home / "truth"))
        if number % 8 == 7:
            PLACES[chance.choice(("large", "linked"))](place)
        place.start()
        with place.reader():
            with people_at_work(place, people(place, chance, chance.choice((2, 2, 3)))):
                for _ in range(_KILLS):
                    wait_for_a_bad_moment(place, chance)
                    place.kill()
                    done.kills += 1
                    if chance.random() < 0.3:
                        place.start_and_kill(chance.uniform(0.05, 0.6))
                        done.kills += 1
                    place.start()
            place.wait()
        place.prove()
        place.stop()
        done.saves = len(place.paper.saves)
    return done


def system_calls(seed: str, number: int, home: Path) -> Attempt:
    """A writer's save, which is merged, killed at one of its system calls: the next one at each try."""
    calls = _calls()
    name, nth = calls[number % len(calls)]
    done = Attempt(saves=3)
    with _save_of_a_merge(home) as (desk, save, data):
        status = under_strace(f"inject={name}:signal=KILL:when={nth}", *save, cwd=desk.folder, given=data)
        done.kills = int(status in (-signal.SIGKILL, 128 + signal.SIGKILL))
        where = f"{name} {nth} of {seed}"
        done.expect(_is_notebook(desk.path.read_bytes()), f"{where}: half a file")
        again = [sys.executable, "-m", "nbmerge", *save]
        ran = subprocess.run(
            again, cwd=desk.folder, env=_environment(), input=data, capture_output=True, check=False
        )
        done.expect(ran.returncode == 0, f"{where}: {ran.stderr.decode()}")
        done.expect(desk.sources()[:6] == BOTH, f"{where}: {desk.sources()}")
        left = os.listdir(desk.folder)
        done.expect(left == ["nb.ipynb"], f"{where}: {left}")
    return done


@contextmanager
def _save_of_a_merge(home: Path) -> Iterator[tuple[Desk, tuple[str, ...], bytes]]:
    """What a writer calls after somebody else saved, and what it saves."""
    (home / "notebooks").mkdir(parents=True)
    desk = Desk(home / "notebooks", str(home / "state"))
    desk.put(BASE)
    writer = desk.writer("writer")
    desk.put(ADA)
    yield desk, ("save", "nb.ipynb", "--base", writer.version, "--state", desk.state), JUPYTER.spell(BEN)


@cache
def _calls() -> list[tuple[str, int]]:
    """The calls of such a save, as name and how often it was made before: from the first change on."""
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log"
        with _save_of_a_merge(Path(folder) / "home") as (desk, save, data):
            under_strace(f"trace={','.join(CHANGING)}", *save, cwd=desk.folder, given=data, log=log)
        names = [match[1] for line in log.read_text().splitlines() if (match := _CALL.match(line))]
        places = [line for line in log.read_text().splitlines() if _CALL.match(line)]
    seen: Counter[str] = Counter()
    found = []
    begun = False
    for name, line in zip(names, places, strict=True):
        seen[name] += 1
        begun = begun or "history-" in line
        if begun:
            found.append((name, seen[name]))
    return found


def under_strace(what: str, *arguments: str, cwd: Path, given: bytes, log: Path = Path("/dev/null")) -> int:
    """The exit code of a command whose system calls are noted or tampered with."""
    strace = ["strace", "-f", "--seccomp-bpf", "-qqq", "-o", str(log), "-e", what]
    call = [*strace, sys.executable, "-m", "nbmerge", *arguments]
    ran = subprocess.run(
        call, cwd=cwd, env=_environment(), input=given, capture_output=True, check=False, timeout=LONGEST
    )
    return ran.returncode


def _environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def _is_notebook(data: bytes) -> bool:
    with contextlib.suppress(ValueError):
        return "cells" in json.loads(data)
    return False


def told_writers(seed: str, _: int, home: Path) -> Attempt:
    """Twenty programs that take part save all the time; they and the watcher are killed one by one."""
    chance, done = Random(seed), Attempt()
    with machine_in(home) as machine, writers_in(machine) as begin:
        names = [f"writer{n}" for n in range(WRITERS)]
        machine.path.write_bytes(JUPYTER.spell(notebook(*(code(f"# {name}", id=name) for name in names))))
        watch = machine.watch()
        programs = [begin(name, 0) for name in names]
        until(lambda: any(_acknowledged(home / name) for name in names), "somebody has saved")
        while done.kills < WRITERS:
            time.sleep(chance.uniform(0.05, 0.4))
            at = chance.randrange(WRITERS + 2)
            done.kills += 1
            if at < WRITERS:
                os.kill(programs[at], signal.SIGKILL)
                programs[at] = begin(names[at], done.kills)
            else:
                watch.end(signal.SIGKILL)
                watch = machine.watch()
        for program in programs:
            os.kill(program, signal.SIGKILL)
            done.kills += 1
        until(lambda: machine.status.ready and machine.status.idle, "nothing is pending")
        held = machine.path.read_text()
        said = [line for name in names for line in _acknowledged(home / name)]
        done.saves = len(said)
        missing = [line for line in said if line not in held]
        done.expect(not missing, f"saved, and not there: {missing}")
        until(lambda: os.listdir(machine.folder) == [machine.path.name], "nothing is left behind")
        status, _out, err = watch.end()
        done.expect((status, err) == (0, ""), f"the watcher ended with {status}: {err}")
    return done


@contextmanager
def writers_in(machine: Machine) -> Iterator[Callable[[str, int], int]]:
    """Begins a writer of this name; gives its process."""
    arguments = str(machine.path), str(machine.home), str(machine.state)
    nursery = subprocess.Popen(
        [sys.executable, "-m", "tests.soak.writer", *arguments],
        env=machine.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    begun: list[int] = []

    def begin(name: str, life: int) -> int:
        assert nursery.stdin is not None
        assert nursery.stdout is not None
        nursery.stdin.write(f"{name} {life}\n")
        nursery.stdin.flush()
        begun.append(int(nursery.stdout.readline()))
        return begun[-1]

    try:
        yield begin
    finally:
        for process in begun:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        nursery.kill()
        nursery.communicate()


def _acknowledged(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


def twenty_writers(seed: str, _: int, home: Path) -> Attempt:
    """Twenty people at one notebook with programs that know nothing of each other; a kill now and then."""
    chance, done = Random(seed), Attempt()
    with machine_in(home) as machine:
        machine.path.write_bytes(first_notebook(chance))
        place = Place(machine, Paper(machine.path))
        place.start()
        ways = [chance.choice(("jupyter", "script", "rename", "torn")) for _ in range(WRITERS)]
        crowd = [Person(f"P{n}", way, Random(chance.random())) for n, way in enumerate(ways)]
        for person in crowd:
            person.open(place.paper.read())
        with place.reader():
            with people_at_work(place, crowd):
                for _ in range(2):
                    time.sleep(chance.uniform(1, 3))
                    place.kill()
                    done.kills += 1
                    place.start()
                time.sleep(1)
            place.wait()
        place.prove(judged=False)
        place.stop()
        done.saves = len(place.paper.saves)
    return done
