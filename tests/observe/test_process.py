"""The process that watches: it outlives nobody, nobody waits for it, and its death is made good."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from nbmerge.errors import SystemFailure
from nbmerge.observe import client as module
from nbmerge.observe.client import WatcherClient
from nbmerge.observe.events import FileRead, FileStamp, Overflowed
from tests.observe.world import DEADLINE, World, notebook


def is_there(pid: int) -> bool:
    """Whether a process runs; one that has ended may wait for its parent to ask."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def pid_of(client: WatcherClient) -> int:
    assert client._process is not None
    return client._process.pid


def test_it_tells_what_a_lookout_tells(world: World) -> None:
    data = world.save("a/nb.ipynb")
    client = world.observe()
    assert world.seen("a/nb.ipynb") == [data]
    assert (client.notebooks, client.ready) == (1, True)
    world.until_seen("b/new.ipynb", world.save("b/new.ipynb"))
    world.wait(lambda: client.notebooks == 2)
    os.unlink(world.path("b/new.ipynb"))
    world.until_vanished("b/new.ipynb")


def test_looking_again_and_what_people_call_it(world: World) -> None:
    target = world.outside / "nb.ipynb"
    target.write_bytes(notebook("text"))
    os.symlink(target, world.root / "link.ipynb")
    client = world.observe()
    client.look(str(target))
    world.until(lambda: len(world.seen(target)) == 2)
    client.rescan()
    assert client.shown(str(target)) == world.path("link.ipynb")
    assert client.shown("/elsewhere") == "/elsewhere"


def test_what_is_heard_of_is_read_whatever_its_times_say_if_it_is_watched(world: World) -> None:
    world.save("nb.ipynb")
    world.save("left/out.ipynb")
    (world.root / ".nbmergeignore").write_text("left/\n")
    (world.outside / "nb.ipynb").write_bytes(notebook("text"))
    client = world.observe()
    client.heard([str(world.outside / "nb.ipynb"), world.path("left/out.ipynb"), world.path("nb.ipynb")])
    world.until(lambda: len(world.seen("nb.ipynb")) == 2)
    assert world.seen(world.outside / "nb.ipynb") == world.seen("left/out.ipynb") == []


def test_what_is_known_is_asked_of_this_process(world: World) -> None:
    world.save("old.ipynb")
    new = world.save("new.ipynb")
    client = WatcherClient([str(world.root)], world.put, time.time)
    world.watching = client
    asked: list[str] = []

    def known(path: str, stamp: FileStamp) -> bool:
        asked.append(path)
        return path.endswith("old.ipynb") and stamp.size > 0

    client.known = known
    client.start()
    assert (world.seen("old.ipynb"), world.seen("new.ipynb")) == ([], [new])
    assert sorted(asked) == [world.path("new.ipynb"), world.path("old.ipynb")]


def moved_in(world: World, name: str) -> bytes:
    """A large notebook, written elsewhere."""
    data = notebook(f"{name} {'x' * 100_000}")
    elsewhere = world.outside / name
    elsewhere.write_bytes(data)
    elsewhere.rename(world.root / name)
    return data


def test_saves_are_read_while_nobody_takes_them(world: World) -> None:
    """They wait in the other process, however many there are."""
    client = WatcherClient([str(world.root)], world.put, time.time)
    world.watching = client
    pressed = [False]
    client.is_busy = lambda: pressed[0]
    client.start()
    pressed[0] = True
    # Of notebooks of their own: saves of one that nobody had the time to read would be one.  Moved there
    # whole: while one is being written, a part of it can be read, and is reported before the whole.
    saved = {name: moved_in(world, name) for name in map("nb{}.ipynb".format, range(30))}
    assert sum(len(world.seen(name)) for name in saved) <= 1  # the one that was being waited for
    pressed[0] = False
    world.until(lambda: all(map(world.seen, saved)))
    assert {name: world.seen(name) for name in saved} == {name: [data] for name, data in saved.items()}


def test_its_time_is_the_clocks(world: World) -> None:
    world.save("nb.ipynb")
    world.watching = client = WatcherClient([str(world.root)], world.put, lambda: 1000.0)
    client.start()
    [looked] = world.all(FileRead)
    assert 990.0 < looked.at <= 1001.0


def test_a_watching_process_that_dies_is_replaced(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_RESTART", 0.01)
    world.save("nb.ipynb")
    client = world.observe()
    first = pid_of(client)
    os.kill(first, signal.SIGKILL)
    data = world.save("nb.ipynb", "while nobody watched")
    world.until_seen("nb.ipynb", data)
    assert world.troubles() == [module._DIED]
    assert world.all(Overflowed)
    world.until_seen("nb.ipynb", world.save("nb.ipynb", "and after"))
    client.stop()
    assert not client.all_came
    assert not is_there(first)
    assert not is_there(pid_of(client))


def test_a_watching_process_that_does_not_answer_is_replaced(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in (("_RESTART", 0.01), ("_QUESTION", 0.05), ("_SILENCE", 1.0)):
        monkeypatch.setattr(module, name, seconds)
    client = world.observe()
    first = pid_of(client)
    time.sleep(1.5)  # nothing happens in the folder; it answers all the same
    assert pid_of(client) == first
    os.kill(first, signal.SIGSTOP)
    world.wait(lambda: Path(f"/proc/{first}/stat").read_text().rpartition(")")[2].split()[0] == "T")
    data = world.save("nb.ipynb", "while nobody watched")
    world.until_seen("nb.ipynb", data)
    assert world.troubles() == [module._DIED]
    assert not is_there(first)


def test_a_watching_process_that_waits_for_us_is_not_stuck(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in (("_QUESTION", 0.05), ("_SILENCE", 0.5)):
        monkeypatch.setattr(module, name, seconds)
    client = world.observe()
    first, pressed = pid_of(client), [True]
    client.is_busy = lambda: pressed[0]
    data = world.save("nb.ipynb", "while nobody takes it")
    time.sleep(1.0)
    pressed[0] = False
    world.until_seen("nb.ipynb", data)
    assert (pid_of(client), world.troubles()) == (first, [])
    client.stop()
    assert client.all_came


STUCK_SCRIPT = """
import re
from nbmerge.observe import process
process.STUCK = 0.5
process.end_if_stuck(2)
re.match("(a*)*b", "a" * 64)
"""


def test_a_process_that_is_stuck_in_python_ends(world: World) -> None:
    """Such as in a search that takes ages: no thread of Python runs then, to notice anything."""
    command = [sys.executable, "-c", STUCK_SCRIPT]
    ran = subprocess.run(
        command, stderr=subprocess.DEVNULL, cwd=Path(__file__).parents[2], timeout=DEADLINE, check=False
    )
    assert ran.returncode == 1


def test_it_cannot_be_started(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", str(world.root / "no python"))
    client = WatcherClient([str(world.root)], world.put, time.time)
    with pytest.raises(SystemFailure, match="the process that watches cannot be started: no such file"):
        client.start()
    client.stop()


def test_stopping_while_it_starts_and_twice(world: World) -> None:
    for number in range(200):
        world.save(f"{number}.ipynb")
    world.watching = client = WatcherClient([str(world.root)], world.put, time.time)
    starting = threading.Thread(target=client.start)
    starting.start()
    world.until(lambda: len(world.events) > 3)
    client.stop()
    starting.join(DEADLINE)
    assert not starting.is_alive()
    client.stop()
    assert not is_there(pid_of(client))


SCRIPT = """
import sys, time
from nbmerge.observe.client import WatcherClient
client = WatcherClient([sys.argv[1]], lambda event: None, time.time)
client.start()
print(client._process.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_the_process_that_it_serves(world: World, number: signal.Signals) -> None:
    command = [sys.executable, "-c", SCRIPT, str(world.root)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=Path(__file__).parents[2]
    ) as server:
        assert server.stdout is not None
        pid = int(server.stdout.readline())
        assert is_there(pid)
        server.send_signal(number)
    world.wait(lambda: not is_there(pid))


def test_signals_for_all_leave_it_alone(world: World) -> None:
    """A service manager signals every process; this one is told by ours when to end."""
    client = world.observe()
    for number in (signal.SIGTERM, signal.SIGINT):
        os.kill(pid_of(client), number)
    world.until_seen("nb.ipynb", world.save("nb.ipynb"))
    assert not world.troubles()


def test_modules_in_the_users_folder_are_not_loaded(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of notebooks may well have a `random.py`."""
    (world.root / "pickle.py").write_text("raise SystemExit('wrong module')")
    monkeypatch.chdir(world.root)
    world.observe()
    world.until_seen("nb.ipynb", world.save("nb.ipynb"))
