"""Owns: putting a watcher together and running it in the foreground.

Must not know: options as people type them, how notices are shown.  Invariant: one watcher
for each state directory; a damaged store is set aside and watching goes on with a new one.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from nbmerge.disk.disk import Disk
from nbmerge.environment.conflict_copies import copy_of
from nbmerge.environment.environment import Environment
from nbmerge.errors import NbmergeError
from nbmerge.history.opening import OpenedStore, database_of, open_store, state_directory
from nbmerge.history.values import Retention, StoreAway, StoreLost
from nbmerge.observe.arrivals import doubts, journal_directory, left_over
from nbmerge.observe.client import WatcherClient
from nbmerge.observe.events import Event, FileWatcherOptions, Syncing
from nbmerge.observe.names import is_notebook
from nbmerge.observe.reading import take_copy
from nbmerge.owners import Distrust
from nbmerge.service.arrivals import LeftJournal, remove_journals, take_in_arrivals
from nbmerge.service.cache import NotebookCache
from nbmerge.service.notebook_service import NotebookService, Timing
from nbmerge.service.record import Recorder
from nbmerge.service.standing import waiting_in
from nbmerge.watch.actions import Input, Ready
from nbmerge.watch.coordinator import Coordinator
from nbmerge.watch.inbox import Inbox
from nbmerge.watch.notebook_state import WatchTiming
from nbmerge.watch.runner import ActionRunner, Notice
from nbmerge.watch.status import WatcherLock, WatcherStatus, last_words, write_status
from nbmerge.watch.waiting import keep_until, tell_away
from nbmerge.watch.watcher import Watcher

_TELL = 1.0  # seconds between what `status` is told while the watcher is busy
_PRUNE = 3600.0  # seconds between looks at what need not be kept any longer


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """What to watch and how; `state`: a directory or a database; `settle` in seconds, `poll` None: where the
    file system needs it; `version`: of this nbmerge, and whether it runs in the `background`, for those who
    ask; `roots`: as they were given, for a process that is started elsewhere."""

    paths: tuple[str, ...]
    state: str | None = None
    settle: float = 1.0
    poll: bool | None = None
    exclude: tuple[str, ...] = ()
    retention: Retention = field(default_factory=Retention)
    version: str | None = None
    background: bool = False
    roots: tuple[str, ...] = ()


class Stop:
    """How to have a watcher finish what is begun, at whatever moment, from any thread or signal handler."""

    def __init__(self) -> None:
        self._asked = False
        self._act: Callable[[], None] = lambda: None

    def ask(self) -> None:
        """End, now or as soon as watching has begun."""
        self._asked = True
        self._act()

    def by(self, act: Callable[[], None]) -> None:
        """What to do when it is asked for; at once if it was."""
        self._act = act
        if self._asked:
            act()


def run_watch(options: WatchOptions, report: Callable[[Notice], None], stop: Stop) -> None:
    """Watch until SIGINT, SIGTERM or `stop`; raises UsageError if another watcher runs.

    A notice of kind "ready" is the first that is reported once every notebook was looked at.
    """
    roots = tuple(os.path.abspath(path) for path in options.paths)
    news = ""
    with signals_heard(stop.ask):
        while True:
            directory = state_directory(options.state)  # which may have been removed
            with WatcherLock(directory, roots):
                if news:
                    report(Notice("store", directory, f"{news}; watching goes on with a new store"))
                try:
                    return _watch(options, roots, directory, report, stop)
                except StoreLost as lost:
                    news, _, _ = str(lost).partition(";")  # then comes what to do about it: that is done here
                except StoreAway as away:
                    news = ""
                    if _is_ended_before_back(options, roots, directory, report, stop, away):
                        return None


def _is_ended_before_back(
    options: WatchOptions,
    roots: tuple[str, ...],
    directory: str,
    report: Callable[[Notice], None],
    stop: Stop,
    away: StoreAway,
) -> bool:
    """Keep what is saved until the database is back; whether it is to end before that."""
    report(
        Notice("trouble", "", f"{away}; what is saved is kept on this machine, and merged when it is back")
    )
    tell_away(directory, roots, away)
    ended = threading.Event()
    stop.by(ended.set)
    watching = FileWatcherOptions(poll=options.poll, exclude=options.exclude)
    keep_until(
        lambda: _can_be_opened(options, directory), roots, journal_directory(directory), watching, ended
    )
    stop.by(lambda: None)
    return ended.is_set()


def _can_be_opened(options: WatchOptions, directory: str) -> bool:
    try:
        open_store(directory, time.time, options.retention, database_of(options.state)).store.close()
    except StoreAway:
        return False
    return True


def _watch(
    options: WatchOptions,
    roots: tuple[str, ...],
    directory: str,
    report: Callable[[Notice], None],
    stop: Stop,
) -> None:
    opened = open_store(directory, time.time, options.retention, database_of(options.state))
    try:
        if opened.set_aside is not None:
            message = f"the store was damaged and is now {opened.set_aside}; watching goes on with a new one"
            report(Notice("store", directory, message))
        _Assembly(options, roots, directory, report, opened).run(stop)
    finally:
        opened.store.close()


class _Assembly:
    """All parts of one watcher, and what they tell each other besides events."""

    def __init__(
        self,
        options: WatchOptions,
        roots: tuple[str, ...],
        directory: str,
        report: Callable[[Notice], None],
        opened: OpenedStore,
    ) -> None:
        self.store = opened.store
        self.directory = directory
        self.report = report
        before = last_words(directory) or WatcherStatus()
        self.status = WatcherStatus(
            running=True,
            pid=os.getpid(),
            paths=roots,
            idle=False,
            version=options.version,
            background=options.background,
            last_merge=before.last_merge,
        )
        self.disk = Disk(os.path.join(directory, "journal"), time.time, self.knows)
        self.roots = tuple(map(os.path.realpath, roots))
        self.arrivals = journal_directory(directory)
        self.inbox = Inbox()
        watching = FileWatcherOptions(poll=options.poll, exclude=options.exclude)
        self.observer = WatcherClient(roots, self.heard, time.time, watching, self.arrivals)
        self.observer.is_busy = self.inbox.is_full
        self.environment = Environment(time.time, os.environ, os.path.expanduser("~"))
        self.recorder = recorder = Recorder(self.store, NotebookCache(self.store, compared_only=True))
        # How long a file must be quiet is the coordinator's to see to, which hears of every save.
        timing = Timing(settle=0.0)
        service = NotebookService(recorder, self.disk, self.environment, time.time, timing=timing)
        runner = ActionRunner(service, self.observer, self.reported, self.disk.discard, take_copy)
        self.observer.known = runner.known
        coordinator = Coordinator(WatchTiming(settle=options.settle), copy_of)
        self.watcher = Watcher(coordinator, runner, self.inbox, self.note_pending, self.chores)
        self.errors: dict[str, str] = {}  # that are not over, by path, the latest last
        self.told_at = float("-inf")  # when `status` was last told, on the monotonic clock
        self.next_prune = time.monotonic() + _PRUNE
        self.failure: NbmergeError | None = None

    def run(self, stop: Stop) -> None:
        """Watch until it is to stop; what was begun is finished then."""
        stop.by(self.watcher.stop)
        self.disk.repair()
        self.tell_doubts(doubts(self.arrivals))
        self.tell_left(take_in_arrivals(self.recorder, left_over(self.arrivals)))
        starting = threading.Thread(target=self._start, name="nbmerge-start", daemon=True)
        starting.start()
        hearing = self.store.hear(self.told_by_others)
        try:
            self.watcher.run()
            self.observer.stop()
            if self.watcher.drain():
                self._clear_journals()
        finally:
            if hearing is not None:
                hearing.stop()
            self.observer.stop()
            starting.join()
            self.disk.close()
        self.note_pending(pending=False)
        if self.failure is not None:
            raise self.failure

    def _start(self) -> None:
        """Look at every notebook once; the loop takes in what is found meanwhile."""
        try:
            self.observer.start()
        except NbmergeError as error:
            self.failure = error
            self.watcher.stop()
            return
        self.inbox.put(Ready())

    def _clear_journals(self) -> None:
        """Once all that came is in the store, the journals can go.

        Where a process that reads was lost they may hold saves that never came, and are gone through.  Else
        they are not: what was only half written when it was read is in them as well.
        """
        journals = left_over(self.arrivals)
        if self.observer.all_came and not self.watcher.coordinator.has_forgotten:
            self.tell_left(remove_journals(journals))
        else:
            self.tell_left(take_in_arrivals(self.recorder, journals))

    def knows(self, path: str, name: str | None) -> bool:
        """Whether the journal may name this file: a notebook that has a history, or one that is watched,
        which may have moved away from its own; and with the name of bytes whether it ever held them."""
        if self.store.had(path, name):
            return True
        if name is not None or not is_notebook(os.path.basename(path)):
            return False
        return any(path == root or path.startswith(os.path.join(root, "")) for root in self.roots)

    def tell_doubts(self, found: Iterable[Distrust]) -> None:
        """Say what lies in the state directory that nbmerge has not put there."""
        for one in found:
            message = f"{one.why}, so it was left as it is; remove it if you know nothing of it"
            self.reported(Notice("trouble", one.path, message))

    def tell_left(self, journals: Iterable[LeftJournal]) -> None:
        """Say which journals are still there, and why."""
        for one in journals:
            self.reported(Notice("trouble", one.path, one.why))

    def heard(self, event: Event) -> None:
        """What the observer noticed."""
        if isinstance(event, Syncing):
            self.environment.note(event.path, f"{event.client} is receiving it")
        self.inbox.put(event)

    def told_by_others(self, paths: Collection[str] | None) -> None:
        """Other machines have recorded something about these notebooks; None: perhaps about any, and what
        they did not come to write is to be written here."""
        self.observer.heard(paths)
        if paths is None:
            with contextlib.suppress(NbmergeError):
                self.observer.heard(waiting_in(self.store))

    def reported(self, notice: Notice) -> None:
        """Pass a notice on; errors are remembered for `status`."""
        if notice.kind == "ready":
            self.status = replace(self.status, ready=True)
            number = self.observer.notebooks
            words = "1 notebook" if number == 1 else f"{number} notebooks"
            notice = Notice("ready", "", f"watching {words}", {"notebooks": number})
            self.note_pending(bool(self.watcher.coordinator.pending))
        elif notice.kind in ("error", "trouble", "recovered"):
            self._note_error(notice)
        elif notice.kind == "merged":
            told = f"{time.strftime('%Y-%m-%d %H:%M:%S')} {notice.path}: {notice.message}"
            self.status = replace(self.status, last_merge=told)
        self.report(notice)

    def _note_error(self, notice: Notice) -> None:
        self.errors.pop(notice.path, None)
        if notice.kind != "recovered":
            self.errors[notice.path] = f"{notice.path}: {notice.message}".removeprefix(": ")
        self.status = replace(self.status, last_error=next(reversed(self.errors.values()), None))
        write_status(self.directory, self.status)  # what is wrong may keep it from becoming idle

    def note_pending(self, pending: bool) -> None:
        """Write what `status` tells, when it is news; while something is pending, now and then."""
        now = time.monotonic()
        if pending and not self.status.idle and now - self.told_at < _TELL:
            return
        self.told_at = now
        try:
            totals = self.store.totals()
        except StoreLost:
            raise
        except NbmergeError:
            return  # whoever needs the store says so
        self.status = replace(
            self.status,
            notebooks=self.observer.notebooks,
            versions=totals.versions,
            merges=totals.merges,
            open_tips=totals.open_tips,
            idle=not pending and self.status.ready,
            backlog=len(self.inbox),
        )
        write_status(self.directory, self.status)

    def chores(self) -> Iterator[Input]:
        """Look after displaced files, and now and then drop what need not be kept."""
        yield from self.watcher.runner.tend()
        self.tell_doubts(self.disk.doubts())
        now = time.monotonic()
        if now >= self.next_prune:
            self.next_prune = now + _PRUNE
            with contextlib.suppress(NbmergeError):
                self.store.prune(time.time())


@contextmanager
def signals_heard(stop: Callable[[], None]) -> Iterator[None]:
    """While this lasts, SIGINT and SIGTERM ask the watcher to finish.

    Python runs a handler between two steps of the main thread, and that may just have begun to wait for the
    next event: then it would run a minute later.  So a thread waits for what the system writes down at once.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    written, read = socket.socketpair()
    written.setblocking(False)
    listener = threading.Thread(target=_listen, args=(read, stop), name="nbmerge-signals", daemon=True)
    listener.start()
    wakened = signal.set_wakeup_fd(written.fileno(), warn_on_full_buffer=False)
    before = {number: signal.signal(number, lambda *_: None) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(wakened)
        written.close()
        listener.join()
        read.close()


def _listen(read: socket.socket, stop: Callable[[], None]) -> None:
    """Pass on each signal; until the other end is closed."""
    while read.recv(1):
        stop()
