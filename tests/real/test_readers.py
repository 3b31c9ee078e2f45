"""Whoever reads what a watcher prints may be slow, stuck or gone: merging goes on."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from nbmerge.cli import watch_commands
from nbmerge.cli.watch_commands import Printer
from nbmerge.errors import SystemFailure
from tests.daemon.machine import ADA, BASE, BEN, BOTH, LONGEST, until
from tests.helpers.spelling import JUPYTER
from tests.real.place import Place


@contextmanager
def full_pipe() -> Iterator[tuple[int, int]]:
    """A pipe that takes nothing more until somebody reads: its two ends."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    try:
        while True:
            os.write(writing, b"-" * 4096)
    except BlockingIOError:
        os.set_blocking(writing, True)
    try:
        yield reading, writing
    finally:
        os.close(reading)
        os.close(writing)


def rest_of(reading: int) -> bytes:
    """All that comes until nobody can write any more, or nothing does for a while."""
    os.set_blocking(reading, False)
    found = b""
    end = time.monotonic() + 1
    while time.monotonic() < end:
        try:
            found += os.read(reading, 1 << 16)
        except BlockingIOError:
            time.sleep(0.01)
    return found


def watch_into(place: Place, output: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "nbmerge", "watch", "--settle=0.2", "--json"]
    machine = place.machine
    process = subprocess.Popen(
        command, cwd=machine.folder, env=machine.environment, stdout=output, stdin=subprocess.DEVNULL
    )
    machine.started.append(process)
    until(lambda: machine.status.ready, "the watcher is ready")
    return process


def merge_once(place: Place) -> None:
    place.machine.save(ADA)
    place.machine.save(BEN)
    assert place.machine.sources[:6] == BOTH


def test_a_reader_that_does_not_read_holds_nothing_up(place: Place) -> None:
    place.machine.path.write_bytes(JUPYTER.spell(BASE))
    with full_pipe() as (reading, writing):
        process = watch_into(place, writing)
        merge_once(place)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=LONGEST) == 0
        assert time.monotonic() - began < 5
        assert rest_of(reading).strip(b"-") == b""


def test_a_reader_that_comes_late_gets_every_line_in_order(place: Place) -> None:
    place.machine.path.write_bytes(JUPYTER.spell(BASE))
    with full_pipe() as (reading, writing):
        process = watch_into(place, writing)
        merge_once(place)
        lines = rest_of(reading).lstrip(b"-").splitlines()
        assert [json.loads(line)["event"] for line in lines] == ["ready", "merged"]
        process.terminate()
        assert process.wait(timeout=LONGEST) == 0


def test_what_is_left_out_is_counted_where_it_is_missing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watch_commands, "LIMIT", 40)
    with full_pipe() as (reading, writing), open(os.dup(writing), "w") as stream:
        monkeypatch.setattr(sys, "stdout", stream)
        printer = Printer(lambda number: f"{number} left out", lambda: None)
        for number in range(100):
            printer.line(f"line {number:02}")
        found = rest_of(reading).lstrip(b"-").decode().splitlines()
        printer.line("the last")
        printer.finish()
        shown = [line for line in found if line.startswith("line")]
        assert 4 <= len(shown) <= 6
        assert shown == [f"line {number:02}" for number in range(len(shown))]
        assert found[len(shown) :] == [f"{100 - len(shown)} left out"]
        assert rest_of(reading) == b"the last\n"


def test_a_reader_who_is_gone_is_told_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told: list[str] = []
    monkeypatch.setattr(sys, "stdout", None)
    printer = Printer(str, lambda: told.append("gone"))
    for _ in range(3):
        printer.line("anything")
    until(lambda: told == ["gone"], "it is told")
    with pytest.raises(SystemFailure, match=r"^standard output: cannot be written: it is closed$"):
        printer.finish()
    assert told == ["gone"]
