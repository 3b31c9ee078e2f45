"""Owns: a watcher that gets files from somebody who means harm, between the saves of somebody who works.

Must not know: how tries are counted.  Invariant: whatever comes in between, what was saved and is whole is
recorded, byte for byte, the watcher goes on, and nothing outside of the folder is read or written.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from random import Random

from nbmerge.files import digest
from tests.daemon.machine import BASE, until
from tests.helpers.build import code, notebook
from tests.helpers.mutants import mutant
from tests.helpers.spelling import JUPYTER
from tests.real.people import Paper
from tests.real.place import Place
from tests.soak.figures import Attempt
from tests.soak.processes import machine_in

_FILES = 40
_NAMES = ("a", "\u0416", "-x", " ", "new\nline", "'\"$(x)")
_TEXT = JUPYTER.spell(BASE)


def _fifo(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as made:
        here = os.open(path.parent, os.O_RDONLY)
        made.bind(f"/proc/self/fd/{here}/{path.name}")
        os.close(here)


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _dangling(path: Path) -> None:
    path.symlink_to("/nowhere/at all.ipynb")


def _device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def _folder(path: Path) -> None:
    path.mkdir()
    (path / "up").symlink_to("..")


SPECIAL: tuple[Callable[[Path], None], ...] = (_fifo, _socket, _loop, _dangling, _device, _folder)


def hostile_files(seed: str, number: int, home: Path) -> Attempt:
    """Mutants over notebooks that somebody saves, special files beside them; the watcher is killed once."""
    chance, done = Random(seed), Attempt()
    with machine_in(home) as machine:
        machine.path.write_bytes(_TEXT)
        place = Place(machine, Paper(machine.path))
        place.start()
        written: list[tuple[Path, bytes]] = []
        for at in range(_FILES):
            path = machine.folder / f"{chance.choice(_NAMES)}{at}.ipynb"
            chance.choice(SPECIAL)(machine.folder / f"special{at}.ipynb")
            for content in (_made(at, 1), mutant(chance), _made(at, 2), mutant(chance), _made(at, 3)):
                path.write_bytes(content)
                written.append((path, content))
                time.sleep(chance.choice((0, 0, 0.03)))
            if at == _FILES // 2:
                place.kill()
                done.kills += 1
                place.start()
        done.saves = len(written)
        last = dict(written)
        known = partial(_knows, place)
        until(lambda: all(map(known, last, last.values())), "the last save of each is recorded")
        place.wait()
        for path in last:
            done.expect(b"edition_3" in path.read_bytes(), f"{path.name}: its last save")
        assert place.watch is not None
        status, _out, err = place.watch.end(signal.SIGTERM)
        place.watch = None
        done.expect((status, err) == (0, ""), f"the watcher ended with {status}: {err[-500:]}")
        with place.store() as store:
            store.check()
    return done


def _made(number: int, edition: int) -> bytes:
    return JUPYTER.spell(notebook(code(f"edition_{edition} = work({number})", id="a"), *BASE["cells"]))


def _knows(place: Place, path: Path, data: bytes) -> bool:
    with place.store() as store:
        notebook_id = store.notebook_id(str(path))
        return notebook_id is not None and store.find(notebook_id, digest(data)) is not None
