"""A folder, an client that watches it, and what it told."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from nbmerge.observe.client import WatcherClient
from nbmerge.observe.events import (
    Event,
    FileRead,
    FileWatcherOptions,
    Missed,
    Previous,
    Renamed,
    Trouble,
    Vanished,
)
from nbmerge.observe.file_watcher import FileWatcher

DEADLINE = 10.0  # seconds; nothing here takes a tenth of it on an idle machine

QUICK = FileWatcherOptions()

E = TypeVar("E")


def notebook(text: str, size: int = 0) -> bytes:
    """A notebook that says `text`, padded to about so many bytes."""
    padding = "x" * size
    return (
        '{\n "cells": [\n  {\n   "cell_type": "raw",\n   "metadata": {},\n'
        f'   "source": "{text} {padding}"\n  }}\n ],\n'
        ' "metadata": {},\n "nbformat": 4,\n "nbformat_minor": 4\n}\n'
    ).encode()


class World:
    """`tmp/root` is watched; `tmp/outside` is not."""

    def __init__(self, tmp: Path) -> None:
        self.root = Path(os.path.realpath(tmp)) / "root"
        self.outside = self.root.parent / "outside"
        self.root.mkdir()
        self.outside.mkdir()
        self.events: list[Event] = []
        self.changed = threading.Condition()
        self.watching: FileWatcher | WatcherClient | None = None

    def put(self, event: Event) -> None:
        with self.changed:
            self.events.append(event)
            self.changed.notify_all()

    def watch(self, options: FileWatcherOptions = QUICK, roots: Sequence[Path] = ()) -> FileWatcher:
        """Start to watch; what is there at the start is told before this returns."""
        watcher = self.watcher(options, roots)
        watcher.start()
        return watcher

    def watcher(self, options: FileWatcherOptions = QUICK, roots: Sequence[Path] = ()) -> FileWatcher:
        """One that is not started yet."""
        self.watching = FileWatcher(self.paths(roots), self.put, time.time, options)
        return self.watching

    def observe(self, options: FileWatcherOptions = QUICK, roots: Sequence[Path] = ()) -> WatcherClient:
        """The same in a process of its own."""
        self.watching = client = WatcherClient(self.paths(roots), self.put, time.time, options)
        client.start()
        return client

    def paths(self, roots: Sequence[Path]) -> list[str]:
        return [str(root) for root in roots or [self.root]]

    def close(self) -> None:
        if self.watching is not None:
            self.watching.stop()

    def path(self, name: str) -> str:
        return str(self.root / name)

    def save(self, name: str, text: str = "text") -> bytes:
        """Write a notebook in place, in one go."""
        data = notebook(text)
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return data

    def until(self, wanted: Callable[[], bool], why: str = "") -> None:
        """Wait until something holds of what was told; not longer than the deadline."""
        with self.changed:
            assert self.changed.wait_for(wanted, DEADLINE), (
                f"{why}: {[brief(event) for event in self.events]}"
            )

    def all(self, kind: type[E]) -> list[E]:
        return [event for event in self.events if isinstance(event, kind)]

    def seen(self, name: str | Path) -> list[bytes]:
        """The contents of a notebook that were read, in order."""
        path = str(self.root / name)
        return [event.data for event in self.events if isinstance(event, FileRead) and event.path == path]

    def until_seen(self, name: str | Path, data: bytes) -> FileRead:
        """Wait until this content of a notebook was read."""
        self.until(lambda: data in self.seen(name), f"{name}")
        path = str(self.root / name)
        return next(one for one in self.all(FileRead) if one.path == path and one.data == data)

    def until_vanished(self, name: str) -> None:
        self.until(lambda: self.vanished(name), name)

    def vanished(self, name: str | Path) -> bool:
        return any(one.path == str(self.root / name) for one in self.all(Vanished))

    def wait(self, wanted: Callable[[], bool]) -> None:
        """Wait until something holds that no event tells."""
        deadline = time.monotonic() + DEADLINE
        while not wanted():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def settle(self) -> None:
        """Wait until the client has dealt with all that happened, second thoughts included."""
        marks = [name for name in os.listdir(self.root) if name.startswith("mark-")]
        mark = f"mark-{len(marks)}.ipynb"
        self.until_seen(mark, self.save(mark, mark))
        (self.root / mark).rename(self.root / f"mark-{len(marks)}")
        self.until_vanished(mark)

    def settle_events(self) -> None:
        """Wait until all that happened so far was noticed; not for second thoughts."""
        marks = [name for name in os.listdir(self.root) if name.startswith("note-")]
        self.until_seen(f"note-{len(marks)}.ipynb", self.save(f"note-{len(marks)}.ipynb"))

    def about(self, name: str) -> list[Event]:
        """All events of a notebook."""
        path = self.path(name)
        return [event for event in self.events if path in _paths(event)]

    def troubles(self) -> list[str]:
        return [one.message for one in self.all(Trouble)]

    def missed(self) -> int:
        return sum(one.count for one in self.all(Missed))


def _paths(event: Event) -> tuple[str, ...]:
    match event:
        case Renamed(old, new):
            return old, new
        case FileRead() | Vanished() | Previous() | Missed() | Trouble():
            return (event.path,)
        case _:
            return ()


def brief(event: Event) -> str:
    match event:
        case FileRead(path, data):
            return f"FileRead({os.path.basename(path)}, {len(data)}, {event.way!r}, {event.closed})"
        case _:
            return repr(event)[:160]
