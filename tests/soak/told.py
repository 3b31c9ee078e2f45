"""Owns: the save of a writer that takes part, in this process, which dies at a chosen call of it.

Must not know: how tries are counted.  Invariant: the same number and seed give the same try.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random
from typing import Any
from unittest.mock import patch

from nbmerge.disk import disk
from nbmerge.history import sqlite as database
from nbmerge.service import notebook_service
from nbmerge.sync import save
from tests.daemon.machine import ADA, BASE, BEN, BOTH
from tests.helpers.faulty_system import Faulty, Killed
from tests.helpers.spelling import JUPYTER
from tests.soak.figures import Attempt
from tests.soak.mortal import CountedConnection
from tests.sync.writers import AT_ONCE, Desk

CALLS = 200  # a save that is merged has fewer


def told_save(seed: str, number: int, home: Path) -> Attempt:
    """Somebody else has saved; death at the call of this number, often at another; then it is sent again."""
    chance, done = Random(seed), Attempt(saves=2)
    (home / "notebooks").mkdir(parents=True)
    desk = Desk(home / "notebooks", str(home / "state"))
    desk.put(BASE)
    version = desk.writer("writer").version
    desk.put(ADA)

    def send() -> None:
        save(str(desk.path), JUPYTER.spell(BEN), version, "writer", desk.state, AT_ONCE)

    for call in (1 + number % CALLS, *(chance.randint(1, CALLS) for _ in range(chance.randint(0, 2)))):
        try:
            with dying_at(call):
                send()
        except Killed:
            done.kills += 1
        done.expect("cells" in json.loads(desk.path.read_bytes()), f"call {call}: half a file")
    send()
    done.expect(desk.sources()[:6] == BOTH, f"the notebook says {desk.sources()}")
    done.expect(desk.open_tips() == [], "a version is left open")
    left = os.listdir(desk.folder)
    done.expect(left == ["nb.ipynb"], f"left behind: {left}")
    return done


@contextmanager
def dying_at(call: int) -> Iterator[None]:
    """Within, whatever is opened is opened by a process that dies at this one of its calls."""
    system = Faulty(at=call)
    connections: list[CountedConnection] = []
    connect = database.connect

    def counted(path: str) -> Any:
        connections.append(CountedConnection(connect(path), system))
        return connections[-1]

    with ExitStack() as patches:
        patches.enter_context(patch.object(disk, "this_system", lambda: system.system))
        patches.enter_context(patch.object(database, "connect", counted))
        patches.enter_context(patch.object(notebook_service, "_LINGER", 0.0))
        try:
            yield
        finally:
            system.bury()
            for connection in connections:
                connection.real.close()
