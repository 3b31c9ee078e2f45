"""The loop of the watcher, with everything around it played."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

from nbmerge.history.values import StoreLost
from nbmerge.observe.events import FileRead, FileStamp, WallTime
from nbmerge.watch import actions as do
from nbmerge.watch.inbox import Inbox
from nbmerge.watch.runner import ActionRunner
from nbmerge.watch.watcher import Watcher


class Heard:
    """A coordinator that only notes what it is fed, and when."""

    def __init__(self) -> None:
        self.pending: tuple[str, ...] = ()
        self.holds_unrecorded = False
        self.fed: list[tuple[do.Input, float]] = []
        self.asked = 0

    def next_time(self) -> None:
        self.asked += 1

    def last_words(self) -> list[do.Action]:
        return []

    def feed(self, event: do.Input, now: float) -> list[do.Action]:
        self.fed.append((event, now))
        return [do.Look("n.ipynb")] if isinstance(event, FileRead) else []


def loop(coordinator: Heard) -> Watcher:
    played: Any = SimpleNamespace(
        now=time.time, perform=lambda action: [do.UpToDate("n.ipynb", wrote=False)], lingers=lambda: False
    )
    heard: Any = coordinator
    return Watcher(heard, played, Inbox(), lambda pending: None, list)


def looked(ago: float, path: str = "n.ipynb") -> FileRead:
    return FileRead(path, b"{}", FileStamp(0, 2, 1), WallTime(time.time() - ago))


def test_the_wait_begins_when_the_file_was_read_not_when_that_is_heard() -> None:
    coordinator = Heard()
    watcher = loop(coordinator)
    begun = time.monotonic()
    watcher.inbox.put(looked(ago=0.75))
    before = time.monotonic()
    watcher.drain()
    (_, read), (_, settled) = coordinator.fed
    assert begun - 0.8 < read < settled - 0.7
    assert settled >= before


def test_a_clock_that_is_set_back_or_forth_does_little_harm() -> None:
    coordinator = Heard()
    watcher = loop(coordinator)
    for ago in (-3600.0, 3600.0):
        watcher.inbox.put(looked(ago))
    before = time.monotonic()
    watcher.drain()
    assert all(before - 61 < now < before + 60 for _, now in coordinator.fed)


def test_what_was_read_is_recorded_after_the_loop_has_ended() -> None:
    coordinator = Heard()
    watcher = loop(coordinator)
    watcher.stop()
    watcher.run()
    watcher.inbox.put(looked(ago=0))
    watcher.drain()
    assert isinstance(coordinator.fed[0][0], FileRead)


def test_how_long_to_wait_is_not_asked_while_nobody_has_to_wait() -> None:
    """It takes a look at all notebooks: a thousand times a thousand at the start with so many."""
    coordinator = Heard()
    watcher = loop(coordinator)
    for number in range(20):
        watcher.inbox.put(looked(0, f"{number}.ipynb"))
    watcher.inbox.put(do.Ready())

    def when_pending(pending: bool) -> None:
        if (do.Ready() in [event for event, _ in coordinator.fed]) and not watcher.inbox:
            watcher.stop()

    watcher.when_pending = when_pending
    watcher.run()
    assert len(coordinator.fed) == 41
    assert coordinator.asked <= 1


def test_a_file_is_not_known_while_the_store_fails() -> None:
    """It is asked by the thread that watches, and nobody else would notice if that ended."""

    def fails(path: str) -> int:
        raise StoreLost("the store is damaged")

    played: Any = SimpleNamespace(store=SimpleNamespace(seen=fails, is_shared=False))
    nobody: Any = None
    runner = ActionRunner(played, nobody, nobody, nobody, nobody)
    assert not runner.known("n.ipynb", FileStamp(0, 2, 1))
