"""Owns: watchdog, which tells of changes on macOS and Windows.

Must not know: notebooks, patterns.  Invariant: always with an event filter (watchdog 7.1 can
go in circles for ever without one); versions 4 to 8 are understood alike.

Linux is served by `inotify` itself, which says why.  There this works too, and is tested so.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from queue import Empty, SimpleQueue

from nbmerge.observe.events import Note, What

TYPE_CHECKING = False
if TYPE_CHECKING:
    from watchdog.events import FileSystemEvent, FileSystemEventHandler
    from watchdog.observers.api import ObservedWatch

_KINDS = {
    "created": What.MADE,
    "modified": What.WRITTEN,
    "closed": What.CLOSED,
    "deleted": What.GONE,
    "moved": What.MOVED,
}
_CHECK = 5.0  # seconds between looks whether watchdog is alive
# Looking ourselves costs less than these: one lists everything, the other opens every file.
_WORSE = ("PollingObserver", "KqueueObserver")


class Watchdog:
    """A watchdog observer; an `Eyes`.  Raises ImportError or OSError where there is none to be had."""

    tells_closing = False

    def __init__(self, matters: Callable[[str], bool]) -> None:
        from watchdog.observers import Observer

        kind = getattr(Observer, "__name__", "")
        if kind in _WORSE:
            raise ImportError(f"watchdog has nothing better than {kind}")
        self._matters = matters
        self._observer = Observer()
        self._observer.start()
        self._handler = _handler(self._heard)
        self._watches: dict[str, tuple[ObservedWatch, bool]] = {}
        self._notes: SimpleQueue[Note | None] = SimpleQueue()

    def watch(self, folder: str, below: bool) -> None:
        if folder not in self._watches and not self._is_covered(folder):
            self._watches[folder] = (self._scheduled(folder, below), below)

    def unwatch(self, folder: str) -> None:
        watch, _ = self._watches.pop(folder, (None, False))
        if watch is not None:
            self._observer.unschedule(watch)

    def renamed(self, old: str, new: str) -> None:
        """What is watched is the folder far above, if not this one."""

    def notes(self, timeout: float) -> list[Note]:
        try:
            note = self._notes.get(timeout=min(timeout, _CHECK))
        except Empty:
            return self._revived()
        return [] if note is None else [note]

    def overtaken(self, path: str) -> bool:
        return False

    def wake(self) -> None:
        self._notes.put(None)

    def close(self) -> None:
        self._observer.stop()
        self._observer.join()

    def _scheduled(self, folder: str, below: bool) -> ObservedWatch:
        from watchdog import events

        kinds = [
            events.FileCreatedEvent,
            events.FileModifiedEvent,
            events.FileDeletedEvent,
            events.FileMovedEvent,
            events.DirCreatedEvent,
            events.DirDeletedEvent,
            events.DirMovedEvent,
        ]
        return self._observer.schedule(self._handler, folder, recursive=below, event_filter=kinds)

    def _revived(self) -> list[Note]:
        """Where a thread of watchdog has died of an error, as they do, nothing is told any more."""
        if all(one.is_alive() for one in self._observer.emitters):
            return []
        for folder, (watch, below) in list(self._watches.items()):
            self._observer.unschedule(watch)
            self._watches[folder] = (self._scheduled(folder, below), below)
        return [Note(What.OVERFLOW, "")]

    def _heard(self, event: FileSystemEvent) -> None:
        what = _KINDS.get(event.event_type)
        if what is None:
            return
        path = os.fsdecode(event.src_path)
        to = os.fsdecode(event.dest_path) if what is What.MOVED else ""
        if what is not What.WRITTEN or self._matters(os.path.basename(path)):
            self._notes.put(Note(what, path, event.is_directory, to))

    def _is_covered(self, folder: str) -> bool:
        return any(
            below and folder.startswith(os.path.join(one, ""))
            for one, (_, below) in list(self._watches.items())
        )


def _handler(heard: Callable[[FileSystemEvent], None]) -> FileSystemEventHandler:
    from watchdog.events import FileSystemEventHandler

    class Handler(FileSystemEventHandler):
        def dispatch(self, event: FileSystemEvent) -> None:
            heard(event)

    return Handler()
