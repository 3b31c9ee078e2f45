"""Owns: `nbmerge demo`.

Must not know: how the watcher works: it is the real one, in a process of its own.
Invariant: everything stands in one temporary folder, which is gone afterwards; what is
printed is what happened.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from tempfile import TemporaryDirectory

from nbmerge.cli.arguments import Arguments, CommandParser, command
from nbmerge.cli.log_command import log_parser, run_log
from nbmerge.cli.program import program_name
from nbmerge.cli.streams import printable, write_text
from nbmerge.errors import EXIT_CLEAN, SystemFailure
from nbmerge.files import read_file
from nbmerge.watch.daemon import launch
from nbmerge.watch.status import read_status

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_WHAT = """
See what the watcher does: in a temporary folder two simulated editors have the same notebook open and
save it over each other, under a real watcher. Nothing is left behind.
"""
_NAME = "savings.ipynb"
_CELLS = (
    ("plan", "markdown", "# How much will it be?\nWhat we put aside each month, and what it becomes.", None),
    ("numbers", "code", "monthly = 100\nyears = 20\nrate = 0.03", None),
    ("sum", "code", "total = 0\nfor month in range(12 * years):\n    total += monthly", None),
    ("show", "code", "print(round(total))", "24000\n"),
)
_LONGEST = 20.0  # seconds for the watcher to start or to merge; it takes one


def demo_parser() -> CommandParser:
    """The parser of `demo`."""
    return command("demo", _WHAT)


def run_demo(_: Arguments) -> int:
    """Run the command; its exit code.  Raises NbmergeError."""
    with TemporaryDirectory(prefix="nbmerge-demo-", ignore_cleanup_errors=True) as scratch:
        folder, state = os.path.join(scratch, "notebooks"), os.path.join(scratch, "state")
        os.mkdir(folder)
        path = os.path.join(folder, _NAME)
        _write(path, [_cell(*cell) for cell in _CELLS])
        with _watching(folder, state) as told:
            _play(path, state, told)
        _say(f"Every save is kept (`{program_name()} log {_NAME}`):")
        run_log(log_parser().parse([path, f"--state={state}"]))
    _say("", "Nothing was lost. Watch your own notebooks, from the folder that they are in:")
    _say(f"  {program_name()} watch", "")
    return EXIT_CLEAN


@dataclass(slots=True)
class _Editor:
    """Somebody's editor: shows what it once read, and saves what it shows."""

    path: str
    cells: list[dict[str, Any]] = field(default_factory=list)

    def open(self) -> None:
        self.cells = json.loads(read_file(self.path))["cells"]

    def change(self, cell: str, old: str, new: str) -> None:
        for one in self.cells:
            if one["id"] == cell:
                one["source"] = [line.replace(old, new) for line in one["source"]]

    def save(self) -> None:
        _write(self.path, self.cells)


def _play(path: str, state: str, told: SimpleQueue[dict[str, Any]]) -> None:
    ada, ben = _Editor(path), _Editor(path)
    ada.open()
    ben.open()
    _say("", f"Ada and Ben have {_NAME} open, each in an editor of their own; nbmerge watches the file.", "")
    _show(path)
    ada.change("numbers", "rate = 0.03", "rate = 0.05")
    ada.change("sum", "    total += monthly", "    total = total * (1 + rate / 12) + monthly")
    _say("Ada lets the money earn interest (cells 2 and 3), and saves.")
    ada.save()
    _recorded(state, 2)
    ben.change("numbers", "years = 20", "years = 30")
    ben.change("plan", "How much will it be?", "Will it be enough?")
    _say("Ben still sees the old notebook. He makes it 30 years (cells 1 and 2), and saves over Ada's work.")
    ben.save()
    _merged(told)
    _show(path)
    ada.cells.append(_cell("more", "code", "total / (12 * years)", None))
    _say("Neither has reloaded. Ada adds a cell and saves, over the merge.")
    ada.save()
    _merged(told)
    _show(path)


def _recorded(state: str, versions: int) -> None:
    """Wait until the watcher has recorded so many versions, and all is quiet."""
    end = time.monotonic() + _LONGEST
    while time.monotonic() < end:
        status = read_status(state)
        if status is not None and status.idle and status.versions >= versions:
            return
        time.sleep(0.05)
    raise SystemFailure(f"the watcher did not record a save within {_LONGEST:.0f} s")


def _merged(told: SimpleQueue[dict[str, Any]]) -> None:
    notice = _wait(told, "merged")
    sides = " and ".join(f"version {number}" for number in notice["tips"])
    _say("", f"  nbmerge: merged {sides}: version {notice['version']}", "")


def _wait(told: SimpleQueue[dict[str, Any]], kind: str) -> dict[str, Any]:
    """The next notice of a kind; others are shown."""
    while True:
        try:
            notice = told.get(timeout=_LONGEST)
        except Empty:
            raise SystemFailure(f"the watcher did not report {kind!r} within {_LONGEST:.0f} s") from None
        if notice["event"] == kind:
            return notice
        if notice["event"] == "ended":
            raise SystemFailure(f"the watcher ended: {notice['message']}")
        _say(f"  nbmerge: {notice['message']}")


@contextmanager
def _watching(folder: str, state: str) -> Iterator[SimpleQueue[dict[str, Any]]]:
    """A real watcher, ready; what it tells arrives in the queue."""
    arguments = ("watch", "--json", f"--state={state}", "--settle=0.5", folder)
    process = subprocess.Popen(
        launch(program_name(), arguments),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C is for the demo, which ends it
    )
    told: SimpleQueue[dict[str, Any]] = SimpleQueue()
    listener = threading.Thread(target=_listen, args=(process, told), daemon=True)
    listener.start()
    try:
        _wait(told, "ready")
        yield told
    finally:
        process.terminate()
        process.wait()
        listener.join()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                stream.close()


def _listen(process: subprocess.Popen[bytes], told: SimpleQueue[dict[str, Any]]) -> None:
    assert process.stdout is not None
    assert process.stderr is not None
    for line in process.stdout:
        told.put(json.loads(line))
    last = (process.stderr.read().decode(errors="replace").splitlines() or [""])[-1]
    told.put({"event": "ended", "message": last.removeprefix("nbmerge: ")})


def _cell(name: str, kind: str, source: str, printed: str | None) -> dict[str, Any]:
    cell: dict[str, Any] = {"cell_type": kind, "id": name, "metadata": {}, "source": source.splitlines(True)}
    if kind == "code":
        output = {"name": "stdout", "output_type": "stream", "text": [printed]}
        cell |= {"execution_count": 1 if printed else None, "outputs": [output] if printed else []}
    return cell


def _write(path: str, cells: list[dict[str, Any]]) -> None:
    """Save as editors do: the file is written over."""
    notebook = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    with open(path, "w", encoding="utf-8") as file:
        file.write(json.dumps(notebook, indent=1) + "\n")


def _show(path: str) -> None:
    """What the file holds."""
    _say(f"  {_NAME} holds:")
    for number, cell in enumerate(json.loads(read_file(path))["cells"], 1):
        for line in "".join(cell["source"]).splitlines():
            _say(f"  {number:>4} | {line}")
    _say("")


def _say(*lines: str) -> None:
    write_text("".join(f"{printable(line)}\n" for line in lines))
    if sys.stdout is not None:
        sys.stdout.flush()
