"""Owns: what watching costs: 1,000 notebooks in 10,000 folders, and saves in quick succession.

Must not know: how it is done.  Invariant: both processes count, this one less what Python itself takes.

    python -m tests.bench.observer [--poll] [SECONDS]

Idle cost is measured over so many seconds (20), with rescans as often as they come by default.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import threading
import time
from pathlib import Path

from nbmerge.observe.client import WatcherClient
from nbmerge.observe.events import Event, FileRead, FileWatcherOptions, Missed
from tests.bench.notebooks import small

FOLDERS, NOTEBOOKS, SAVES = 10_000, 1_000, 300


def main() -> None:
    """Print the figures."""
    seconds = float(next((word for word in sys.argv[1:] if word.isdigit()), "20"))
    options = FileWatcherOptions(poll=True if "--poll" in sys.argv else None)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        fill(root)
        time.sleep(2.1)  # what is younger than that is looked at twice
        events: list[Event] = []
        before = memory(os.getpid())
        observer = WatcherClient([folder], events.append, time.time, options)
        began = time.monotonic()
        observer.start()
        print(f"ready after {time.monotonic() - began:.2f} s, {observer.notebooks} notebooks")
        assert observer._process is not None
        both = [os.getpid(), observer._process.pid]
        events.clear()
        spent, began = sum(map(cpu, both)), time.monotonic()
        time.sleep(seconds)
        share = (sum(map(cpu, both)) - spent) / (time.monotonic() - began)
        print(f"idle for {seconds:.0f} s: {share:.2%} of a core")
        if not options.poll:
            save(root, events)
        here, there = (memory(pid) for pid in both)
        print(f"memory: {there:.0f} MB of its own, {here - before:.0f} MB more in this process")
        observer.stop()


def fill(root: Path) -> None:
    for number in range(FOLDERS):
        folder = root / f"{number // 100:03}" / f"{number % 100:02}"
        folder.mkdir(parents=True)
        if number % (FOLDERS // NOTEBOOKS) == 0:
            (folder / "nb.ipynb").write_text(json.dumps(small(number), indent=1) + "\n")


def save(root: Path, events: list[Event]) -> None:
    """Saves 10 ms apart, while this process counts as fast as it can."""
    writer = threading.Thread(target=write, args=(root / "000/00/nb.ipynb",))
    spinner = threading.Thread(target=spin, args=(writer,))
    writer.start()
    spinner.start()
    writer.join()
    time.sleep(0.5)
    read = {
        event.data[:30] for event in events if isinstance(event, FileRead) and event.data.endswith(b"}\n")
    }
    missed = sum(event.count for event in events if isinstance(event, Missed))
    print(f"{SAVES} saves 10 ms apart beside a busy thread: {len(read)} read, {missed} told as missed")


def write(path: Path) -> None:
    for number in range(SAVES):
        path.write_bytes(b'{"number": %10d,\n "text": "%s"\n}\n' % (number, b"x" * 20_000))
        time.sleep(0.01)


def spin(writer: threading.Thread) -> None:
    while writer.is_alive():
        sum(range(1000))


def cpu(pid: int) -> float:
    """Seconds of processor time so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> float:
    """MB that are in memory, shared libraries by share."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    [total] = [int(line.split()[1]) for line in lines if line.startswith("Pss:")]
    return total / 1000


if __name__ == "__main__":
    main()
