"""Owns: a folder with a notebook, a state directory, and commands as real processes.

Must not know: how a watcher works.  Invariant: whatever a test starts has ended after it; every wait has an
end, long enough for a machine that is busy with something else.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any

from nbmerge.watch.status import WatcherStatus, read_status
from tests.helpers.build import Notebook, code, notebook
from tests.helpers.spelling import JUPYTER

ROOT = Path(__file__).parents[2]
LONGEST = 60.0

SOURCES = (
    "import csv\nfrom pathlib import Path",
    "rows = list(csv.reader(Path('table.csv').open()))",
    "header, *body = rows\nlen(body)",
    "widths = [max(map(len, column)) for column in zip(*rows)]",
    "total = sum(float(row[2]) for row in body)",
    "print(f'{total:.2f}')",
)
CELLS = [code(source, id=f"cell{n}", count=n, out=f"result {n}\n") for n, source in enumerate(SOURCES)]
BASE = notebook(*CELLS)


def changed(sources: dict[int, str], last: str) -> Notebook:
    """The notebook as somebody saves it who had BASE, changed and ran some of its cells, and added one."""
    cells = [
        code(sources[n], id=f"cell{n}", count=n + 10, out=f"{sources[n]} is done\n") if n in sources else cell
        for n, cell in enumerate(CELLS)
    ]
    return notebook(*cells, code(last, id=f"last-{len(last)}"))


BY_ADA = {
    1: "with Path('table.csv').open(newline='') as file:\n    rows = list(csv.reader(file, delimiter=';'))",
    2: "header = rows[0]\nbody = [row for row in rows[1:] if any(row)]",
}
BY_BEN = {
    4: "from decimal import Decimal\ntotal = sum((Decimal(row[2]) for row in body), Decimal(0))",
    5: "print('The sum of all rows is', round(total, 2))",
}
ADA = changed(BY_ADA, "sorted(body, key=len)[:10]")
BEN = changed(BY_BEN, "assert total >= 0, 'no row may be negative'")
BOTH = [{**BY_ADA, **BY_BEN}.get(n, source) for n, source in enumerate(SOURCES)]


def until(true: Callable[[], bool], what: str) -> None:
    """Wait until something is true."""
    end = time.monotonic() + LONGEST
    while not true():
        assert time.monotonic() < end, f"not within {LONGEST:.0f} s: {what}"
        time.sleep(0.02)


def busyness() -> float:
    """How many programs want to run on each processor, over the last minute; 1 where all of them can."""
    return max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


@dataclass
class Machine:
    """`folder` holds nb.ipynb, `state` is the state directory of all commands."""

    home: Path
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def folder(self) -> Path:
        return self.home / "notebooks"

    @property
    def state(self) -> Path:
        return self.home / "state"

    @property
    def path(self) -> Path:
        return self.folder / "nb.ipynb"

    @property
    def environment(self) -> dict[str, str]:
        own = {"HOME": str(self.home), "NBMERGE_STATE_DIR": str(self.state), "PYTHONPATH": str(ROOT)}
        others = {"PYTHONWARNINGS": "error", "XDG_CONFIG_HOME": str(self.home / "config")}
        return {**os.environ, **own, **others}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command that ends by itself."""
        return subprocess.run(
            [sys.executable, "-m", "nbmerge", *arguments],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=LONGEST,
            stdin=subprocess.DEVNULL,
        )

    def watch(self, *arguments: str) -> Watch:
        """A watcher in the foreground, which is ready."""
        process = self.started_by(sys.executable, "-m", "nbmerge", "watch", "--settle=0.2", *arguments)
        found = Watch(process)
        found.ready = found.line()
        return found

    def started_by(self, *command: str) -> subprocess.Popen[bytes]:
        """Any command that a test talks to by itself; its output is a pipe."""
        process = subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.started.append(process)
        return process

    def save(self, content: Notebook) -> None:
        """An editor saves, and all that follows from it is done."""
        until(lambda: self.status.idle and self.status.ready, "nothing is pending")
        before = self.status.versions
        self.path.write_bytes(JUPYTER.spell(content))
        until(lambda: self.status.versions > before and self.status.idle, "the save is recorded")

    @property
    def status(self) -> WatcherStatus:
        return read_status(str(self.state)) or WatcherStatus()

    @property
    def sources(self) -> list[str]:
        return ["".join(cell["source"]) for cell in json.loads(self.path.read_bytes())["cells"]]

    def clean_up(self) -> None:
        """End whatever still runs."""
        status = self.status
        if status.running and status.pid is not None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(status.pid, signal.SIGKILL)
        for process in self.started:
            process.kill()
            process.wait()
            for stream in (process.stdout, process.stderr):
                if stream is not None:
                    stream.close()


class Watch:
    """A watcher in the foreground; `ready` is the first line that it printed."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.ready = ""
        self._lines: SimpleQueue[str] = SimpleQueue()
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line.decode())

    def line(self) -> str:
        """The next line."""
        line = self._lines.get(timeout=LONGEST)
        assert line.endswith("\n"), line
        return line[:-1]

    def object(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.line())
        return found

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        """Ask it to end: exit code, what it printed since, what it complained about."""
        self.process.send_signal(number)
        self.process.wait(timeout=LONGEST)
        self._reader.join()
        assert self.process.stderr is not None
        rest = "".join(iter(lambda: "" if self._lines.empty() else self._lines.get(), ""))
        return self.process.returncode, rest, self.process.stderr.read().decode()
