"""Owns: what each note of the system leads to.
the threads that watch, and what each note of the system leads to.

Must not know: threads, systems.
what events are for.
Invariant: one note is dealt with completely before the next,
so that what is known always is a state that the disk was in.
the thread that hears of a save reads it at
once; whatever takes long (walks, looks at everything) happens in another one.
"""

from __future__ import annotations

import errno
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence

from nbmerge.observe import events as told
from nbmerge.observe.capture import Capture, Later
from nbmerge.observe.events import Cause, Event, FileStamp, Note, ObserverOptions, Trouble, What
from nbmerge.observe.names import RULES_NAME, arriving, copied, is_ours, matters
from nbmerge.observe.tree import leaves_out
from nbmerge.observe.watched_tree import Roots, Todo, WatchedTree, poll

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.observe.events import Eyes


class EventHandler:
    """Takes notes.  `heed` returns folders that are new, to be explored.

    `rescan()` is called when anything may have changed.
    """

    def __init__(self, ground: WatchedTree, clock: Callable[[], float], rescan: Callable[[], None]) -> None:
        self.ground = ground
        self.tree = ground.tree
        self.capture = ground.capture
        self.clock = clock
        self.rescan = rescan

    def heed(self, note: Note) -> list[Todo]:
        """Deal with one note."""
        match note.what:
            case What.OVERFLOW:
                self.capture.tell(told.Overflowed(self.clock()))
                self.rescan()
            case What.LOST:
                return self._lost(note.path)
            case _ if note.is_folder:
                return self._folder(note)
            case _:
                return self._file(note)
        return []

    def _lost(self, path: str) -> list[Todo]:
        """A watched folder was deleted, moved or unmounted; or another one stands there now."""
        folder = self.tree.folders.get(path)
        if folder is None:
            return []
        if os.path.isdir(path) and folder.whole:
            self.ground.drop(folder)
            return [(path, folder.inherited)]
        self.ground.forget(path, gone=True)
        return []

    def _folder(self, note: Note) -> list[Todo]:
        path = note.to or note.path
        match note.what:
            case What.GONE:
                self.ground.forget(path, gone=True)
                return []
            case What.MOVED if note.path in self.tree.folders:
                return self.ground.moved(note.path, path)
            case What.MADE | What.MOVED:
                above = self.tree.of(path)
                if above is not None and above.whole and not leaves_out(above.rules, path):
                    return [(path, above.rules)]
        return []

    def _file(self, note: Note) -> list[Todo]:
        path = note.to or note.path
        folder = self.tree.of(path)
        name = os.path.basename(path)
        if note.what is What.GONE and path in self.tree.folders:  # Windows does not say that it was one
            self.ground.forget(path, gone=True)
            return []
        if folder is None:
            self._left(note)
            return []
        if RULES_NAME in (name, os.path.basename(note.path)):
            todo = self.ground.reread(folder)
            if todo:
                self.rescan()  # links from elsewhere may lead into it
            return todo
        if note.what in (What.MADE, What.MOVED) and os.path.islink(path):
            self._left(note)
            return self.ground.linked(path, folder)
        if folder.wants(path):
            self._notebook(note, path)
            return []
        self._left(note)
        self._beside(note, path)
        return []

    def _notebook(self, note: Note, path: str) -> None:
        match note.what:
            case What.MADE:
                self.capture.made(path)
            case What.WRITTEN:
                self.capture.written(path)
            case What.CLOSED:
                self.capture.closed(path)
            case What.GONE:
                self._gone(path)
            case What.MOVED if self.tree.wants(note.path):
                self.capture.renamed(note.path, path)
            case What.MOVED:
                self.capture.arrived(path, ours=is_ours(os.path.basename(note.path)))

    def _left(self, note: Note) -> None:
        """A file moved to where nothing is watched, or to a name that is no notebook's."""
        origin = note.path if note.what is What.MOVED else ""
        if origin in self.tree.links or (origin and self.tree.wants(origin)):
            self._gone(origin)

    def _gone(self, path: str) -> None:
        if path in self.tree.links:
            self.ground.unlinked(path)
            self.rescan()
        else:
            self.capture.gone(path)

    def _beside(self, note: Note, path: str) -> None:
        """A file that is no notebook can tell of one beside it."""
        folder, name = os.path.split(path)
        if note.what is What.GONE and path in self.tree.links:
            self._gone(path)
        original = copied(name)
        if original is not None and note.what is What.CLOSED:
            notebook = os.path.join(folder, original)
            if self.tree.wants(notebook):
                self.capture.copied(path, notebook)
        arrival = arriving(name) if note.what in (What.MADE, What.MOVED) else None
        if arrival is not None:
            self.capture.tell(told.Syncing(os.path.join(folder, arrival[0]), arrival[1], self.clock()))


_AT_ONCE = 64  # so many new folders are walked right where they are noticed
_ROOT_INTERVAL = 2.0  # seconds between looks whether what was asked for is (still, again) there


class FileWatcher:
    """Watches notebooks in folders and tells what happens to them.

    `roots` are folders or notebooks.  Events name real absolute paths.  `put` gets every event,
    from several threads, one at a time; it has to be quick, for while it runs nothing is read.
    `clock` gives the seconds for events' `at`.

    Two hooks, to be set before `start`: `known(path, glance)` says whether a file that looks so
    need not be read at the start; `pressed()` whether looks that are not urgent had better wait.
    """

    def __init__(
        self,
        roots: Sequence[str],
        put: Callable[[Event], None],
        clock: Callable[[], float],
        options: ObserverOptions,
    ) -> None:
        self._said: set[tuple[str, str]] = set()
        self._todo: list[Todo] = []
        self._deep = self._stopped = False
        self._next_sweep = 0.0
        self._woken = threading.Condition()
        self._ready = threading.Event()
        self._clock = clock
        self._options = options
        self._later = Later(self._failed)
        self._capture = Capture(put, clock, self._later)
        self._eyes = None if options.poll else backend_for(sys.platform, self._matters, self._tell)
        self._ground = WatchedTree(self._capture, self._eyes, options, self._tell)
        self._roots = Roots(roots, self._ground, self._report)
        self._hearing = EventHandler(self._ground, clock, self.rescan)
        self._threads = [threading.Thread(target=self._walk, name="nbmerge-walk", daemon=True)]
        if self._eyes is not None:
            self._capture.overtaken = self._eyes.overtaken
            self._capture.hears_closing = self._eyes.tells_closing
            self._threads.append(threading.Thread(target=self._hear, name="nbmerge-hear", daemon=True))
        self.known: Callable[[str, FileStamp], bool] = lambda path, stamp: False
        self.pressed: Callable[[], bool] = lambda: False
        self._capture.known = self._is_known
        self._ground.pace = self._pace

    @property
    def notebooks(self) -> int:
        """How many are watched."""
        with self._capture.lock:
            return len(self._capture.records)

    @property
    def ready(self) -> bool:
        """Whether everything is watched, and everything that was there at the start was told."""
        return self._ready.is_set()

    def start(self) -> None:
        """Begin; returns when `ready`, or when `stop` was called.

        Every notebook that is there is put as `Looked`, unless it is `known`.
        """
        self._later.start()
        for thread in self._threads:
            thread.start()
        self._ready.wait()

    def stop(self) -> None:
        """End; what was read is put before this returns."""
        self._stopped = True
        self._ready.set()
        self._ground.halted = True
        self._wake()
        if self._eyes is not None:
            self._eyes.wake()
        for thread in self._threads:
            if thread.is_alive():
                thread.join()
        self._capture.ending = True
        self._later.stop()
        if self._eyes is not None:
            self._eyes.close()

    def rescan(self) -> None:
        """Look at everything again, soon: folders are listed, what looks different is read."""
        self._deep = True
        self._wake()

    def look(self, path: str) -> None:
        """Read a notebook now; it is told even if it is what was told last, or as `Vanished`."""
        self._capture.look(path, Cause(asked=True))

    @property
    def names(self) -> dict[str, str]:
        """What people call real paths, where that differs from below roots and links: see `show`."""
        with self._capture.lock:
            return dict(self._ground.tree.shown)

    def _hear(self) -> None:
        eyes = self._eyes
        while eyes is not None and not self._stopped:
            try:
                for note in eyes.notes(60.0):
                    todo = self._ground.explore(self._hearing.heed(note), _AT_ONCE)
                    if todo:
                        self._todo.extend(todo)
                        self._wake()
            except Exception as error:  # whatever it was: the watcher goes on, and looks at everything
                self._failed(error)
                self.rescan()
                time.sleep(0.1)

    def _walk(self) -> None:
        swept = time.monotonic()
        while not self._stopped:
            try:
                self._ground.explore(self._roots.look() + self._taken())
                self._capture.complete = True
                self._ready.set()
                if self._deep or time.monotonic() - swept >= self._options.rescan_interval:
                    self._look_at_all()
                    swept = time.monotonic()
                else:
                    self._look_where_nothing_is_told()
            except Exception as error:  # as above
                self._failed(error)
            with self._woken:
                if not (self._stopped or self._deep or self._todo):
                    self._woken.wait(self._pause)

    def _taken(self) -> list[Todo]:
        todo, self._todo = self._todo, []
        return todo

    def _look_at_all(self) -> None:
        deep, self._deep = self._deep, False
        poll(self._ground, self._ground.tree.all(), deep)
        self._ground.explore(self._ground.relink())

    def _look_where_nothing_is_told(self) -> None:
        """At everything, if that is soon done; else in between at the notebooks that people work on."""
        if not self._ground.polls:
            return
        started = time.monotonic()
        if started >= self._next_sweep:
            poll(self._ground, [folder for folder in self._ground.tree.all() if folder.polled])
            now = time.monotonic()
            self._next_sweep = now + 20 * (now - started)  # a twentieth of the time at most
            return
        for path in self._capture.lively():
            folder = self._ground.tree.of(path)
            if folder is not None and folder.polled:
                self._capture.consider(path)

    @property
    def _pause(self) -> float:
        """Seconds until the next look."""
        often = self._options.poll_interval if self._ground.polls else self._options.rescan_interval
        return min(_ROOT_INTERVAL, often)

    def _matters(self, name: str) -> bool:
        return matters(name) or name in self._ground.odd

    def _pace(self) -> None:
        while self._is_walking and self.pressed() and not self._stopped:
            time.sleep(0.002)

    def _is_known(self, path: str, stamp: FileStamp) -> bool:
        return self._is_walking and not self.ready and self.known(path, stamp)

    @property
    def _is_walking(self) -> bool:
        """Whether the thread that calls has time: the one that hears of saves has none."""
        return threading.get_ident() == self._threads[0].ident

    def _wake(self) -> None:
        with self._woken:
            self._woken.notify()

    def _tell(self, path: str, message: str) -> None:
        """Say something to people, once."""
        if (path, message) not in self._said:
            self._said.add((path, message))
            self._report(path, message)

    def _report(self, path: str, message: str) -> None:
        self._capture.tell(Trouble(path, message, self._clock()))

    def _failed(self, error: Exception) -> None:
        self._tell("", f"the observer had a fault: {type(error).__name__}: {error}")


_INSTANCES = "; raise the limit with: sudo sysctl fs.inotify.max_user_instances=1024"


def backend_for(system: str, matters: Callable[[str], bool], tell: Callable[[str, str], None]) -> Eyes | None:
    """What tells of changes on a system (as `sys.platform` names it); None if nothing does."""
    try:
        if system.startswith("linux"):
            from nbmerge.observe.inotify import Inotify

            return Inotify(matters)
        if system in ("darwin", "win32"):
            from nbmerge.observe.watchdogs import Watchdog

            return Watchdog(matters)
    except (ImportError, OSError) as error:
        hint = _INSTANCES if isinstance(error, OSError) and error.errno == errno.EMFILE else ""
        tell("", f"the system gives no notice of changes ({error}); looking every second instead{hint}")
    return None
