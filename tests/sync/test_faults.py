"""Failures and kills in the middle of a save: the file is always whole, and what was sent is never lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from nbmerge.disk.disk import Disk
from nbmerge.errors import NbmergeError, SystemFailure
from nbmerge.history.sqlite import SqliteDatabase
from nbmerge.sync import open_notebook
from tests.helpers.build import Notebook, code, notebook, source_of
from tests.helpers.spelling import JUPYTER
from tests.sync.writers import Desk, FrontEnd

ROOT = Path(__file__).parents[2]
CELLS = [code(f"{name} = 1\nprint({name})", id=name) for name in ("a", "b", "c")]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    (tmp_path / "notebooks").mkdir()
    made = Desk(tmp_path / "notebooks", str(tmp_path / "state"))
    made.put(notebook(*CELLS))
    os.utime(made.path, (1e9, 1e9))
    return made


class Nth:
    """Lets the Nth operation fail, on the database or on the file."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.left = 0
        failing = ("row", "rows", "run", "insert")
        owners = [*((SqliteDatabase, name) for name in failing), (Disk, "place")]
        for owner, name in owners:
            monkeypatch.setattr(owner, name, self.failing(getattr(owner, name)))

    def failing(self, real: Any) -> Any:
        def call(*arguments: Any) -> Any:
            self.left -= 1
            if self.left == 0:
                raise SystemFailure("no space left on device")
            return real(*arguments)

        return call


def test_a_failure_at_any_operation_loses_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    nth = Nth(monkeypatch)
    for number in range(1, 1000):
        writer, other = desk.writer("writer"), desk.writer("other")
        other.add("a", f"other_{number} = 1")
        other.save()
        writer.add("b", f"writer_{number} = 1")
        before = desk.holds()
        after = sources(merged(before, f"writer_{number} = 1"))
        nth.left = number
        has_failed = failed(writer)
        is_over, nth.left = nth.left > 0, 0
        assert sources(desk.holds()) in (([sources(before)] if has_failed else []) + [after])
        if is_over:
            break
        writer.save()
        assert sources(desk.holds()) == after
    assert number > 20
    assert os.listdir(desk.folder) == ["nb.ipynb"]


def failed(writer: FrontEnd) -> bool:
    try:
        writer.save()
    except NbmergeError:
        return True
    return False


def merged(before: Notebook, line: str) -> Notebook:
    cells = [
        cell | {"source": f"{source_of(cell)}\n{line}"} if cell["id"] == "b" else cell
        for cell in before["cells"]
    ]
    return before | {"cells": cells}


def sources(content: Notebook) -> list[str]:
    return [source_of(cell) for cell in content["cells"]]


def nbmerge(desk: Desk, *arguments: str, given: bytes | None = None) -> subprocess.Popen[bytes]:
    """The command in a process of its own, with something on its standard input."""
    started = subprocess.Popen(
        [sys.executable, "-W", "error", "-m", "nbmerge", *arguments, "--state", desk.state],
        cwd=desk.folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    if given is not None and started.stdin is not None:
        started.stdin.write(given)
        started.stdin.close()
        started.stdin = None
    return started


@pytest.mark.parametrize("delay", [0.12, 0.18, 0.24, 0.3])
def test_a_killed_save_can_be_sent_again(desk: Desk, delay: float) -> None:
    writer, other = desk.writer("writer"), desk.writer("other")
    writer.copy["cells"].append(code("new = 1", id="new"))
    other.type("a", "a = 2")
    other.save()
    sent = JUPYTER.spell(writer.copy)
    call = ("save", "nb.ipynb", "--base", writer.version)
    killed = nbmerge(desk, *call, given=sent)
    time.sleep(delay)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert desk.sources()[:1] == ["a = 2"]
    out, err = nbmerge(desk, *call, given=sent).communicate(timeout=30)
    assert (json.loads(out)["merged"], err) == (True, b"")
    assert desk.sources() == ["a = 2", "b = 1\nprint(b)", "c = 1\nprint(c)", "new = 1"]
    assert os.listdir(desk.folder) == ["nb.ipynb"]


@pytest.fixture
def watched(desk: Desk) -> Iterator[Desk]:
    """The notebook with a watcher running, ready."""
    watcher = nbmerge(desk, "watch", ".", "--settle", "0.2")
    assert watcher.stdout is not None
    assert watcher.stdout.readline() == b"watching 1 notebook\n"
    yield desk
    watcher.terminate()
    assert watcher.communicate(timeout=30)[1] == b""


def test_a_watcher_and_a_writer_share_the_work(watched: Desk) -> None:
    """A tab that never heard of the writer's save overwrites it: the watcher merges, the writer is told."""
    agent = watched.writer("agent")
    agent.type("b", "rows = read_rows('measurements.csv')\nprint(len(rows))")
    agent.copy["cells"].append(code("plot(rows, color='red', title='Rows')", id="plot"))
    agent.save()
    watched.put(notebook(code("a = 1\nprint(a)\nprint('the tab')", id="a"), *CELLS[1:]))
    until(lambda: "plot(rows, color='red', title='Rows')" in watched.sources())
    assert agent.save().merged
    assert agent.cells[0]["source"] == ["a = 1\n", "print(a)\n", "print('the tab')"]
    assert len(agent.cells) == 4


def test_many_writers_at_once_all_get_their_saves_in(watched: Desk) -> None:
    ids = [f"{name}-cell" for name in "pqrs"]
    start = notebook(*(code(f"# the cell of {id}", id=id) for id in ids))
    watched.put(start)
    errors: list[BaseException] = []

    def write(id: str) -> None:
        try:
            writer = watched.writer(id)
            for number in range(5):
                writer.add(id, f"{id}_{number} = 1")
                writer.save(check=False)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(id,)) for id in ids]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    expected = [
        source_of(cell) + "".join(f"\n{cell['id']}_{n} = 1" for n in range(5)) for cell in start["cells"]
    ]
    assert watched.sources() == expected
    assert open_notebook(str(watched.path), state=watched.state).content == watched.path.read_bytes()


def until(true: Any, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.05)
