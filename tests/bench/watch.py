"""The watcher as a whole process: `python -m tests.bench.watch [part ...]`.

Every figure is of the real command on real files; times are of this machine, so each comes
with what it is to be compared with.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.bench.notebooks import Editor, megabyte, pictures, small

SETTLE = 1.0


class Running:
    """A watcher at work on one folder."""

    def __init__(self, folder: Path, state: Path) -> None:
        self.folder, self.state = folder, state
        command = [sys.executable, "-m", "nbmerge", "watch", str(folder), "--state", str(state)]
        began = time.monotonic()
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        until(lambda: bool(self.status().get("ready")))
        self.ready = time.monotonic() - began

    @property
    def processes(self) -> list[int]:
        """The watcher and the process that watches for it."""
        pid = self.process.pid
        return [pid, *map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]

    def cpu(self) -> float:
        """Seconds of processor time so far, of both processes."""
        found = 0
        for pid in self.processes:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            found += int(fields[11]) + int(fields[12])
        return found / os.sysconf("SC_CLK_TCK")

    def memory(self) -> float:
        """The most memory that the two ever had, in MB; what they share counts twice."""
        return sum(
            int(line.split()[1]) / 1024
            for pid in self.processes
            for line in Path(f"/proc/{pid}/status").read_text().splitlines()
            if line.startswith("VmHWM")
        )

    def status(self) -> dict[str, object]:
        try:
            found: dict[str, object] = json.loads((self.state / "watcher.json").read_text())
        except FileNotFoundError:
            return {}
        return found

    def wait(self, done: Callable[[dict[str, object]], bool], patience: float = 60) -> dict[str, object]:
        end = time.monotonic() + patience
        while not done(status := self.status()) or not status["idle"]:
            assert time.monotonic() < end, status
            time.sleep(0.02)
        return status


@contextmanager
def watching(folder: Path) -> Iterator[Running]:
    with tempfile.TemporaryDirectory() as state:
        running = Running(folder, Path(state))
        try:
            yield running
        finally:
            running.process.terminate()
            running.process.wait(30)


def sequential_saves(folder: Path) -> None:
    """One author saves a notebook of 1 MB again and again."""
    with watching(folder) as running:
        editor = Editor(folder / "n.ipynb", megabyte())
        editor.save()
        running.wait(lambda status: status["versions"] == 1)
        before, number = running.cpu(), 100
        for turn in range(number):
            editor.type(f"added_{turn} = {turn}")
            editor.save()
            time.sleep(0.1)
        running.wait(lambda status: status["versions"] == number + 1)
        cost = (running.cpu() - before) / number * 1000
        print(f"sequential save of 1 MB: {cost:.1f} ms of CPU each (target 20), {running.memory():.0f} MB")


def merges(folder: Path) -> None:
    """Two editors that never reload save in turn: from the end of a save to the merged file."""
    with watching(folder) as running:
        first = Editor(folder / "n.ipynb", megabyte())
        first.save()
        running.wait(lambda status: status["versions"] == 1)
        second = first.another()
        # More in a minute than people make are slowed down.
        times = [one_merge(first if turn % 2 else second, turn) for turn in range(29)]
        report("merge of 1 MB, beyond the settle time", times[1:])


def one_merge(editor: Editor, turn: int) -> float:
    """Save a line; seconds until the other's last line is beside it, less the settle time.

    The first save is nobody's rival: nothing comes of it.
    """
    for line in thoughts(turn):
        editor.type(line, cell=10 + 5 * (turn % 2))
    saved = editor.save()
    if turn == 0:
        time.sleep(2 * SETTLE)
        return 0.0
    last = thoughts(turn - 1)[0].encode()
    merged = until(lambda: last in editor.path.read_bytes())
    time.sleep(0.5)
    return merged - saved - SETTLE


def thoughts(turn: int) -> list[str]:
    """Three lines that nobody else writes."""
    chance = random.Random(turn)
    words = ["".join(chance.choices("aeioubcdfglmnprst", k=7)) for _ in range(9)]
    return [f"{one} = {two}({three})" for one, two, three in zip(*[iter(words)] * 3, strict=True)]


def until(done: Callable[[], bool], patience: float = 90) -> float:
    end = time.monotonic() + patience
    while not done():
        assert time.monotonic() < end
        time.sleep(0.001)
    return time.monotonic()


def report(what: str, times: list[float]) -> None:
    ordered = sorted(1000 * moment for moment in times)
    p99 = ordered[min(len(ordered) - 1, round(0.99 * len(ordered)))]
    print(f"{what}: p50 {statistics.median(ordered):.0f} ms, p99 {p99:.0f} ms of {len(ordered)}")


def large(folder: Path) -> None:
    """A merge of 100 MB of pictures, against json loading and dumping that file."""
    with watching(folder) as running:
        first = Editor(folder / "n.ipynb", pictures(100))
        first.save()
        running.wait(lambda status: status["versions"] == 1)
        second = first.another()
        for line in thoughts(1):
            first.type(line, cell=10)
        first.save()
        running.wait(lambda status: status["versions"] == 2)
        second.type("two = 2", cell=50)
        before = os.stat(second.path).st_ino
        saved = second.save()
        merged = until(lambda: os.stat(second.path).st_ino != before)
        running.wait(lambda status: status["merges"] == 1)
        began = time.monotonic()
        json.dumps(json.loads(first.path.read_bytes()), indent=1)
        plain = time.monotonic() - began
        beyond = merged - saved - SETTLE
        print(
            f"merge of 100 MB: {beyond:.2f} s beyond the settle time, {beyond / plain:.1f} times json "
            f"loading and dumping it ({plain:.2f} s; target 3), {running.memory():.0f} MB"
        )


def many(folder: Path) -> None:
    """1,000 notebooks in 10,000 folders: ready, idle, memory; then 50 saves a second."""
    editors = []
    for number in range(10_000):
        place = folder / f"{number // 100}" / f"{number % 100}"
        place.mkdir(parents=True)
        if number % 10 == 0:
            editors.append(Editor(place / "n.ipynb", small(number)))
            editors[-1].save()
    with watching(folder) as running:
        before = running.cpu()
        time.sleep(20)
        idle = (running.cpu() - before) / 20 * 100
        print(f"1,000 notebooks: ready in {running.ready:.1f} s (5), idle {idle:.2f} % (0.3), ", end="")
        print(f"{running.memory():.0f} MB (100)")
        began, number = time.monotonic(), 500
        for turn in range(number):
            editor = editors[random.Random(turn).randrange(len(editors))]
            editor.type(f"turn_{turn} = {turn}")
            editor.save()
            time.sleep(max(0.0, began + turn / 50 - time.monotonic()))
        rate = number / (time.monotonic() - began)
        status = running.wait(lambda status: status["versions"] == 1000 + number)
        print(
            f"{rate:.0f} saves a second: {status['versions']} of {1000 + number} versions recorded, ", end=""
        )
        print(f"{running.memory():.0f} MB")


PARTS = {part.__name__: part for part in (sequential_saves, merges, large, many)}


def main() -> None:
    for name in sys.argv[1:] or PARTS:
        with tempfile.TemporaryDirectory() as folder:
            PARTS[name](Path(folder))


if __name__ == "__main__":
    main()
