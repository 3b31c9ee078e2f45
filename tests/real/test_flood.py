"""Content first: what stood in a file for a moment is kept, whatever else goes on, a kill included."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nbmerge.errors import NotebookError
from nbmerge.files import digest
from nbmerge.observe.arrivals import ArrivalJournal, journal_directory, left_over, read_journal
from nbmerge.observe.events import FileRead, FileStamp, WallTime
from tests.daemon.machine import busyness
from tests.real import flood as flooding
from tests.real.flood import content
from tests.real.place import Place, children

WRITERS = 20
STOOD = 0.2  # seconds for which a save stands
AFTER = 0.5  # seconds after that, in which it is kept


def is_kept(place: Place, path: Path, data: bytes) -> bool:
    """Whether a save is in the store or in a journal."""
    for journal in left_over(str(place.machine.state / "arrivals")):
        try:
            if any(one.data == data for one in read_journal(journal).saves):
                return True
        except NotebookError:
            pass  # it is in the store now
    with place.store() as store:
        return store.find(store.adopt(str(path)), digest(data)) is not None


def time_until_kept(place: Place, path: Path, data: bytes) -> float:
    """Save, and wait; in seconds from when the save has stood for a moment."""
    path.write_bytes(data)
    stood = time.monotonic() + STOOD
    time.sleep(STOOD)
    while not is_kept(place, path, data):
        assert time.monotonic() < stood + 60
        time.sleep(0.01)
    return time.monotonic() - stood


def start_with(place: Place, *paths: Path) -> None:
    for path in paths:
        path.write_bytes(content("begin"))
    place.start()


def flood(place: Place, path: Path, seconds: int) -> subprocess.Popen[bytes]:
    """Twenty writers who save this notebook."""
    return place.machine.started_by(sys.executable, flooding.__file__, str(path), str(WRITERS), str(seconds))


@pytest.mark.parametrize("seconds", [3, pytest.param(60, marks=pytest.mark.slow)])
def test_twenty_writers_keep_no_save_of_another_notebook_waiting(place: Place, seconds: int) -> None:
    busy, calm = place.machine.folder / "busy.ipynb", place.machine.folder / "calm.ipynb"
    start_with(place, busy, calm)
    writers = flood(place, busy, seconds)
    saved: list[bytes] = []
    waits = []
    while writers.poll() is None:
        saved.append(content(f"calm save {len(saved)}"))
        waits.append(time_until_kept(place, calm, saved[-1]))
    place.kill()
    assert max(waits) < AFTER * busyness()
    place.start()
    place.wait()
    with place.store() as store:
        calm_id, busy_id = store.adopt(str(calm)), store.adopt(str(busy))
        assert all(store.find(calm_id, digest(data)) is not None for data in saved)
        assert store.find(busy_id, digest(busy.read_bytes())) is not None
    place.stop()
    assert os.listdir(place.machine.state / "arrivals") == []


def test_a_command_takes_in_what_a_killed_watcher_had_read(place: Place) -> None:
    calm = place.machine.folder / "calm.ipynb"
    start_with(place, calm)
    place.kill()
    journal = ArrivalJournal(journal_directory(str(place.machine.state)))
    lost = content("read, and the watcher was killed")
    journal.keep(FileRead(str(calm), lost, FileStamp(1, len(lost), 1), WallTime(time.time()), "in place"))
    journal.close()
    assert "@2" in place.machine.run("log", str(calm)).stdout
    with place.store() as store:
        assert store.find(store.adopt(str(calm)), digest(lost)) is not None
    assert left_over(journal_directory(str(place.machine.state))) == []


def kept(place: Place, data: bytes) -> None:
    """Put a save into a journal of its own, as if it had not been told of before its reader died."""
    journal = ArrivalJournal(journal_directory(str(place.machine.state)))
    stamp = FileStamp(1, len(data), 1)
    journal.keep(FileRead(str(place.paper.path), data, stamp, WallTime(time.time()), "in place"))
    journal.close()


def test_what_a_killed_reader_had_kept_is_taken_in_at_the_end(place: Place) -> None:
    place.start()
    assert place.watch is not None
    [reader] = children(place.watch.process.pid)
    kept(place, content("read, and the reader was killed"))
    os.kill(reader, signal.SIGKILL)
    assert "it is started again" in place.watch.line()
    place.stop()
    assert place.holds(content("read, and the reader was killed"))
    assert left_over(journal_directory(str(place.machine.state))) == []


def test_what_was_read_half_written_is_forgotten_at_an_end_in_order(place: Place) -> None:
    place.start()
    kept(place, b'{"cells": [')
    place.stop()
    assert not place.holds(b'{"cells": [')
    assert left_over(journal_directory(str(place.machine.state))) == []


def test_a_flood_is_over_soon_after_its_end_and_so_is_the_watcher(place: Place) -> None:
    busy = place.machine.folder / "busy.ipynb"
    start_with(place, busy)
    flood(place, busy, 3).wait(60)
    over = time.monotonic()
    place.wait()
    assert time.monotonic() - over < 10 * busyness()
    asked = time.monotonic()
    place.stop()
    assert time.monotonic() - asked < 5 * busyness()


@pytest.mark.parametrize("files", [2_000, pytest.param(50_000, marks=pytest.mark.slow)])
def test_many_new_files_keep_no_save_waiting(place: Place, files: int) -> None:
    calm = place.machine.folder / "calm.ipynb"
    start_with(place, calm)
    data = content("new")
    for number in range(files):
        folder = place.machine.folder / f"folder{number // 1000}"
        folder.mkdir(exist_ok=True)
        (folder / f"{number}.ipynb").write_bytes(data)
    waits = [time_until_kept(place, calm, content(f"calm save {number}")) for number in range(3)]
    assert max(waits) < AFTER * busyness()
    place.kill()
