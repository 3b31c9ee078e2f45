"""Owns: noting when a process of a host puts something in the place of a notebook, with what came of it.

Must not know: why.  The clock is one for all hosts, since they are one machine.

    python -m tests.hosts.logged MODULE [ARGUMENT ...]
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import time
from pathlib import Path

from nbmerge.disk.disk import Disk
from nbmerge.disk.values import Placed, PlaceResult
from nbmerge.history.store import Store

WRITES = "HOSTS_WRITES"
BEFORE, AFTER = "hold-before-asking", "hold-after-asking"  # beside the file of writes; STOPPED: so it is
STOPPED = "stopped"


def note_writes() -> None:
    """From now on each write of nbmerge's to a notebook is a line in the host's file of writes."""
    place = Disk.place

    def noted(disk: Disk, path: str, data: bytes, expected: str) -> PlaceResult:
        with open(path, "rb") as file:
            before = file.read()
        result = place(disk, path, data, expected)
        if isinstance(result, Placed) and before != data:
            line = {"at": time.monotonic(), "path": os.path.basename(path), "process": os.getpid()}
            with open(os.environ[WRITES], "a") as log:
                log.write(json.dumps(line) + "\n")
        return result

    Disk.place = noted  # type: ignore[method-assign, assignment]


def stop_where_told() -> None:
    """Whoever is about to write to a notebook stops while there is a file of this name: before the database
    is asked whether the lock is still held, or after it."""
    confirm = Store.confirm_lock

    def confirmed(store: Store) -> None:
        _stop(BEFORE)
        confirm(store)
        _stop(AFTER)

    Store.confirm_lock = confirmed  # type: ignore[method-assign, assignment]


def _stop(name: str) -> None:
    folder = Path(os.environ[WRITES]).parent
    while (folder / name).exists():
        (folder / STOPPED).touch()
        time.sleep(0.02)


def main() -> None:
    """Run a module as `python -m` does."""
    note_writes()
    stop_where_told()
    sys.argv = sys.argv[1:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
