"""Owns: the threads that watch, and what each event of the system leads to.

Must not know: how changes are noticed, what events are for.  Invariant: one event of the system is
dealt with completely before the next; the thread that receives them reads a save at once, and whatever
takes long (walks, looks at everything) happens in another one.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence

from nbmerge.environment.conflict_copies import receiving
from nbmerge.observe.backend import FileChange, SystemEvent, backend_for
from nbmerge.observe.capture import Capture, Timer
from nbmerge.observe.events import Event, FileStamp, FileWatcherOptions, Overflowed, Syncing, Trouble
from nbmerge.observe.names import RULES_NAME, copied, is_ours, matters
from nbmerge.observe.watched_tree import FolderToEnter, Roots, WatchedTree, leaves_out


class EventHandler:
    """Handles events of the system.  `rescan()` is called when anything may have changed; `later(path)` to
    have a notebook looked at by the thread that has time."""

    def __init__(
        self,
        tree: WatchedTree,
        clock: Callable[[], float],
        rescan: Callable[[], None],
        later: Callable[[str], None],
    ) -> None:
        self.tree = tree
        self.busy = False
        self.later = later
        self.capture = tree.capture
        self.clock = clock
        self.rescan = rescan

    def handle(self, event: SystemEvent) -> list[FolderToEnter]:
        """Deal with one event; folders that are new, to be explored, are returned."""
        match event.change:
            case FileChange.OVERFLOW:
                self.capture.tell(Overflowed(self.clock()))
                self.rescan()
                return []
            case FileChange.LOST:
                return self.tree.lost(event.path)
            case _:
                return self._folder(event) if event.is_folder else self._file(event)

    def _folder(self, event: SystemEvent) -> list[FolderToEnter]:
        path = event.to or event.path
        match event.change:
            case FileChange.DELETED:  # reported late if it was moved away: another may have its name
                return self.tree.lost(path)
            case FileChange.MOVED if event.path in self.tree.folders:
                return self.tree.moved(event.path, path)
            case FileChange.CREATED | FileChange.MOVED:
                above = self.tree.folder_of(path)
                if above is not None and above.whole and not leaves_out(above.rules, path):
                    return [(path, above.rules)]
        return []

    def _file(self, event: SystemEvent) -> list[FolderToEnter]:
        path = event.to or event.path
        folder = self.tree.folder_of(path)
        if (
            event.change is FileChange.DELETED and path in self.tree.folders
        ):  # Windows: files and folders alike
            return self.tree.lost(path)
        if folder is not None and RULES_NAME in (os.path.basename(path), os.path.basename(event.path)):
            todo = self.tree.with_new_rules(folder)
            if todo:
                self.rescan()  # links from elsewhere may lead into it
            return todo
        if folder is not None and folder.wants(path) and not self._is_new_link(event, path):
            self._notebook(event, path)
            return []
        self._left(event)
        if folder is not None and self._is_new_link(event, path):
            return self.tree.follow(path, folder)
        if folder is not None:
            self._beside(event, path)
        return []

    def _is_new_link(self, event: SystemEvent, path: str) -> bool:
        return event.change in (FileChange.CREATED, FileChange.MOVED) and os.path.islink(path)

    def _notebook(self, event: SystemEvent, path: str) -> None:
        match event.change:
            case FileChange.CREATED | FileChange.WRITTEN | FileChange.CLOSED if self._can_wait(path):
                self.later(path)
            case FileChange.CREATED:
                self.capture.created(path)
            case FileChange.WRITTEN:
                self.capture.written(path)
            case FileChange.CLOSED:
                self.capture.closed(path)
            case FileChange.DELETED:
                self._deleted(path)
            case FileChange.MOVED if self.tree.wants(event.path):
                self.capture.renamed(event.path, path)
            case FileChange.MOVED:
                self.capture.moved_in(path, ours=is_ours(os.path.basename(event.path)))

    def _can_wait(self, path: str) -> bool:
        """Of very many events those of files that are new: saves of known ones are behind them."""
        return self.busy and self.capture.is_new(path)

    def _left(self, event: SystemEvent) -> None:
        """A file moved to where nothing is watched, or to a name that is no notebook's."""
        old = event.path if event.change is FileChange.MOVED else ""
        if old in self.tree.links or (old and self.tree.wants(old)):
            self._deleted(old)

    def _deleted(self, path: str) -> None:
        if path in self.tree.links:
            self.tree.unlinked(path)
            self.rescan()
        else:
            self.capture.deleted(path)

    def _beside(self, event: SystemEvent, path: str) -> None:
        """A file that is no notebook can say something of one beside it."""
        folder, name = os.path.split(path)
        match event.change:
            case FileChange.DELETED if path in self.tree.links:
                self._deleted(path)
            case FileChange.CLOSED if (original := copied(name)) is not None:
                notebook = os.path.join(folder, original)
                if self.tree.wants(notebook):
                    self.capture.copied(path, notebook)
            case FileChange.CREATED | FileChange.MOVED if (arriving := receiving(name)) is not None:
                notebook, client = arriving
                self.capture.tell(Syncing(os.path.join(folder, notebook), client, self.clock()))


_AT_ONCE = 64  # so many new folders are walked right where they are noticed
_MANY = 256  # events that wait
_ROOT_INTERVAL = 2.0  # seconds between looks whether what was asked for is (still, again) there


class FileWatcher:
    """Watches notebooks in folders and reports what happens to them.

    `roots` are folders or notebooks.  Events name real absolute paths.  `put` gets every event,
    from several threads, one at a time; it has to be quick, for while it runs nothing is read.
    `clock` gives the seconds for events' `at`.

    Two hooks, to be set before `start`: `known(path, stamp)` says whether a file with this stamp
    need not be read at the start; `is_busy()` whether looks that are not urgent had better wait.
    """

    def __init__(
        self,
        roots: Sequence[str],
        put: Callable[[Event], None],
        clock: Callable[[], float],
        options: FileWatcherOptions,
    ) -> None:
        self.known: Callable[[str, FileStamp], bool] = lambda path, stamp: False
        self.is_busy: Callable[[], bool] = lambda: False
        self._warned: set[tuple[str, str]] = set()
        self._todo: list[FolderToEnter] = []
        self._new: dict[str, None] = {}  # notebooks to be looked at
        self._rescan_due = self._stopped = False
        self._next_poll = 0.0
        self._woken = threading.Condition()
        self._ready = threading.Event()
        self._clock = clock
        self._options = options
        self._timer = Timer(self._failed)
        self._capture = Capture(put, clock, self._timer)
        self._backend = None if options.poll else backend_for(sys.platform, self._matters, self._warn)
        self._tree = WatchedTree(self._capture, self._backend, options, self._warn)
        self._roots = Roots(roots, self._tree, self._trouble)
        self._handler = EventHandler(self._tree, clock, self.rescan, self._later)
        self._threads = [threading.Thread(target=self._walk, name="nbmerge-walk", daemon=True)]
        if self._backend is not None:
            self._capture.is_written_again = self._backend.is_written_again
            self._capture.reports_closing = self._backend.reports_closing
            self._threads.append(threading.Thread(target=self._receive, name="nbmerge-receive", daemon=True))
        self._capture.is_known = self._is_known
        self._tree.pause = self._pause_if_busy

    @property
    def notebooks(self) -> int:
        """How many are watched."""
        with self._capture.lock:
            return len(self._capture.records)

    @property
    def ready(self) -> bool:
        """Whether everything is watched, and everything that was there at the start was reported."""
        return self._ready.is_set()

    @property
    def shown(self) -> dict[str, str]:
        """What people call real paths, for roots and what links lead to: see `shown_path`."""
        with self._capture.lock:
            return dict(self._tree.shown)

    def start(self) -> None:
        """Begin; returns when `ready`, or when `stop` was called.

        Every notebook that is there is put as `FileRead`, unless it is `known`.
        """
        self._timer.start()
        for thread in self._threads:
            thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """End; what was read is put before this returns."""
        self._stopped = True
        self._ready.set()
        self._tree.halted = True
        self._wake()
        if self._backend is not None:
            self._backend.wake()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()
        self._capture.ending = True
        self._timer.stop()
        if self._backend is not None:
            self._backend.close()

    def rescan(self) -> None:
        """Look at everything again, soon: folders are listed, what looks different is read."""
        self._rescan_due = True
        self._wake()

    def look(self, path: str, *, only_watched: bool = False) -> None:
        """Read a notebook now; it is reported even if nothing changed, or as `Vanished`."""
        if not only_watched or self._tree.wants(path):
            self._capture.asked(path)

    def _receive(self) -> None:
        backend = self._backend
        while backend is not None and not self._stopped:
            try:
                events = backend.events(60.0)
                self._handler.busy = backend.waiting() > _MANY
                for event in events:
                    todo = self._tree.explore(self._handler.handle(event), _AT_ONCE)
                    if todo:
                        self._wake(todo)
            except Exception as error:  # whatever it was: the watcher goes on, and looks at everything
                self._failed(error)
                self.rescan()
                time.sleep(0.1)

    def _walk(self) -> None:
        rescanned = time.monotonic()
        while not self._stopped:
            try:
                self._tree.explore(self._roots.look() + self._take_todo())
                self._look_at_new()
                self._capture.complete = True
                self._ready.set()
                if self._rescan_due or time.monotonic() - rescanned >= self._options.rescan_interval:
                    self._look_at_all()
                    rescanned = time.monotonic()
                else:
                    self._poll()
            except Exception as error:  # as above
                self._failed(error)
            with self._woken:
                if not (self._stopped or self._rescan_due or self._todo or self._new):
                    self._woken.wait(self._interval)

    def _take_todo(self) -> list[FolderToEnter]:
        with self._woken:
            todo, self._todo = self._todo, []
            return todo

    def _later(self, path: str) -> None:
        with self._woken:
            self._new[path] = None
            self._woken.notify()

    def _look_at_new(self) -> None:
        while self._new and not self._stopped:
            with self._woken:
                new, self._new = self._new, {}
            for path in new:
                self._pause_if_busy()
                self._capture.check(path)

    def _look_at_all(self) -> None:
        thorough, self._rescan_due = self._rescan_due, False
        for path in self._capture.recently_saved():  # people work on these
            if self._tree.wants(path):
                self._capture.check(path)
        self._tree.check(list(self._tree.folders.values()), thorough)
        self._tree.explore(self._tree.follow_again())

    def _poll(self) -> None:
        """Look where nothing is reported: at everything, if that is soon done; else in between at the
        notebooks that people work on."""
        if not self._tree.polls:
            return
        started = time.monotonic()
        if started >= self._next_poll:
            self._tree.check([folder for folder in list(self._tree.folders.values()) if folder.polled])
            now = time.monotonic()
            self._next_poll = now + 20 * (now - started)  # a twentieth of the time at most
            return
        for path in self._capture.recently_saved():
            folder = self._tree.folder_of(path)
            if folder is not None and folder.polled:
                self._capture.check(path)

    @property
    def _interval(self) -> float:
        """Seconds until the next look."""
        often = self._options.poll_interval if self._tree.polls else self._options.rescan_interval
        return min(_ROOT_INTERVAL, often)

    def _matters(self, name: str) -> bool:
        return matters(name) or name in self._tree.odd_names

    def _pause_if_busy(self) -> None:
        while self._is_walking and self.is_busy() and not self._stopped:
            time.sleep(0.002)

    def _is_known(self, path: str, stamp: FileStamp) -> bool:
        return self._is_walking and not self.ready and self.known(path, stamp)

    @property
    def _is_walking(self) -> bool:
        """Whether the thread that calls has time: the one that receives events has none."""
        return threading.get_ident() == self._threads[0].ident

    def _wake(self, todo: Sequence[FolderToEnter] = ()) -> None:
        with self._woken:
            self._todo.extend(todo)
            self._woken.notify()

    def _warn(self, path: str, message: str) -> None:
        """Tell people something, once."""
        if (path, message) not in self._warned:
            self._warned.add((path, message))
            self._trouble(path, message)

    def _trouble(self, path: str, message: str) -> None:
        self._capture.tell(Trouble(path, message, self._clock()))

    def _failed(self, error: Exception) -> None:
        self._warn("", f"a fault in the file watcher, which goes on: {type(error).__name__}: {error}")
