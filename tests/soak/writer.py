"""Owns: programs that take part: each saves one line more, over and over, and notes what was saved.

Must not know: who else saves, when they are killed.

    python -m tests.soak.writer NOTEBOOK LOGS STATE

For each line "NAME LIFE" on its standard input a writer begins, and the number of its process is printed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from itertools import count

from nbmerge.errors import NbmergeError
from nbmerge.sync import Timing, apply, open_notebook, save
from tests.helpers.build import lines, source_of
from tests.helpers.spelling import JUPYTER


def write(path: str, name: str, life: str, log: str, state: str) -> None:
    """Until somebody kills it.  A save that could not be made in time is sent again."""
    opened = open_notebook(path, name, state)
    copy, version = json.loads(opened.content), opened.version
    for number in count():
        line = f"{name}_{life}_{number} = 1"
        [cell] = [one for one in copy["cells"] if one["id"] == name]
        cell["source"] = lines(f"{source_of(cell)}\n{line}")
        while True:
            try:
                answer = save(path, JUPYTER.spell(copy), version, name, state, Timing(settle=0.0))
                break
            except NbmergeError:
                continue
        copy = apply(copy, [one.as_json() for one in answer.operations])
        version = answer.version
        with open(log, "a") as said:
            said.write(line + "\n")


def main(path: str, logs: str, state: str) -> None:
    """One process for each line that comes in."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for given in sys.stdin:
        name, life = given.split()
        child = os.fork()
        if child == 0:
            write(path, name, life, os.path.join(logs, name), state)
        print(child, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
