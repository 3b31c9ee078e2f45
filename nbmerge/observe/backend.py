"""Owns: what an operating system says of changed files, who says it, and which file systems do not.

Must not know: notebooks, patterns, what follows.  Invariant: events come in the order in which things
happened, with absolute paths; watchdog is always given an event filter (7.1 can go in circles for ever
without one), and its versions 4 to 8 are understood alike.

Linux is served by `inotify` itself, which says why; watchdog serves macOS and Windows, and is tested on
Linux.
"""

from __future__ import annotations

import errno
import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from queue import Empty, SimpleQueue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    from watchdog.events import FileSystemEvent, FileSystemEventHandler
    from watchdog.observers.api import ObservedWatch

    class Backend(Protocol):
        """Reports changes in folders.  All but `events` may be called from any thread."""

        reports_closing: bool  # whether it says when a writer has closed a file

        def watch(self, folder: str, below: bool) -> None:
            """Watch a folder; those `below` it will be, too.  Raises OSError."""

        def unwatch(self, folder: str) -> None: ...

        def renamed(self, old: str, new: str) -> None:
            """A watched folder is elsewhere now, and so is all below it."""

        def events(self, timeout: float) -> Sequence[SystemEvent]:
            """What happened; waits so many seconds at most for it."""

        def waiting(self) -> int:
            """How many changes wait, as far as that is known."""

        def is_written_again(self, path: str) -> bool:
            """Whether a file was written to after what `events` has returned so far."""

        def wake(self) -> None:
            """Make `events` return at once."""

        def close(self) -> None: ...


class FileChange(Enum):
    """What happened to a path; the values are watchdog's names."""

    CREATED = "created"
    WRITTEN = "modified"
    CLOSED = "closed"  # by somebody who had it open for writing
    DELETED = "deleted"
    MOVED = "moved"  # from `path` ("" if that is not watched) to `to`
    LOST = "lost"  # this watched folder is gone, or another one has its name now
    OVERFLOW = "overflow"  # things happened that are not reported; `path` is ""


@dataclass(frozen=True, slots=True)
class SystemEvent:
    """Something happened to a file, or to a folder."""

    change: FileChange
    path: str
    is_folder: bool = False
    to: str = ""


_INSTANCES = "; raise the limit with: sudo sysctl fs.inotify.max_user_instances=1024"


def backend_for(
    system: str, matters: Callable[[str], bool], warn: Callable[[str, str], None]
) -> Backend | None:
    """What reports changes on a system (as `sys.platform` names it); None if nothing does.

    `matters` says whether anybody cares that a file of that name is written.
    """
    try:
        if system.startswith("linux"):
            from nbmerge.observe.inotify import Inotify

            return Inotify(matters)
        if system in ("darwin", "win32"):
            return Watchdog(matters)
    except (ImportError, OSError) as error:
        hint = _INSTANCES if isinstance(error, OSError) and error.errno == errno.EMFILE else ""
        warn("", f"the system does not report changes ({error}); looking every second instead{hint}")
    return None


_CHANGES = {change.value: change for change in FileChange}
_CHECK = 5.0  # seconds between looks whether watchdog is alive
# To look ourselves costs less than these: one lists everything, the other opens every file.
_WORSE = ("PollingObserver", "KqueueObserver")


class Watchdog:
    """watchdog as a `Backend`.  Raises ImportError or OSError where it has nothing to offer."""

    reports_closing = False

    def __init__(self, matters: Callable[[str], bool]) -> None:
        from watchdog.observers import Observer

        kind = getattr(Observer, "__name__", "")
        if kind in _WORSE:
            raise ImportError(f"watchdog has nothing better than {kind}")
        self._matters = matters
        self._observer = Observer()
        self._observer.start()
        self._handler = _handler(self._received)
        self._watches: dict[str, tuple[ObservedWatch, bool]] = {}
        self._events: SimpleQueue[SystemEvent | None] = SimpleQueue()

    def watch(self, folder: str, below: bool) -> None:
        if folder not in self._watches and not self._is_covered(folder):
            self._watches[folder] = (self._scheduled(folder, below), below)

    def unwatch(self, folder: str) -> None:
        watch, _ = self._watches.pop(folder, (None, False))
        if watch is not None:
            self._observer.unschedule(watch)

    def renamed(self, old: str, new: str) -> None:
        """What is watched is the folder far above, if not this one."""

    def events(self, timeout: float) -> list[SystemEvent]:
        try:
            event = self._events.get(timeout=min(timeout, _CHECK))
        except Empty:
            return self._revived()
        return [] if event is None else [event]

    def waiting(self) -> int:
        return self._events.qsize()

    def is_written_again(self, path: str) -> bool:
        return False

    def wake(self) -> None:
        self._events.put(None)

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

    def _revived(self) -> list[SystemEvent]:
        """Threads of watchdog can die of an error; then nothing is reported any more."""
        if all(emitter.is_alive() for emitter in self._observer.emitters):
            return []
        for folder, (watch, below) in list(self._watches.items()):
            self._observer.unschedule(watch)
            self._watches[folder] = (self._scheduled(folder, below), below)
        return [SystemEvent(FileChange.OVERFLOW, "")]

    def _received(self, event: FileSystemEvent) -> None:
        change = _CHANGES.get(event.event_type)
        if change is None:
            return
        path = os.fsdecode(event.src_path)
        to = os.fsdecode(event.dest_path) if change is FileChange.MOVED else ""
        if change is not FileChange.WRITTEN or self._matters(os.path.basename(path)):
            self._events.put(SystemEvent(change, path, event.is_directory, to))

    def _is_covered(self, folder: str) -> bool:
        return any(
            below and folder.startswith(os.path.join(one, ""))
            for one, (_, below) in list(self._watches.items())
        )


def _handler(received: Callable[[FileSystemEvent], None]) -> FileSystemEventHandler:
    from watchdog.events import FileSystemEventHandler

    class Handler(FileSystemEventHandler):
        def dispatch(self, event: FileSystemEvent) -> None:
            received(event)

    return Handler()


# Writes by other machines (or by the host of a virtual one) are not reported on these.
_SILENT_NAMES = """
    nfs nfs4 cifs smb smb2 smb3 smbfs ncpfs afs 9p v9fs drvfs vboxsf prl_fs vmhgfs virtiofs
    ceph glusterfs lustre gpfs beegfs orangefs pvfs2 ocfs2 gfs2 coda
    fuse fuse.sshfs fuse.rclone fuse.s3fs fuse.gcsfuse fuse.goofys fuse.davfs davfs davfs2
    fuse.glusterfs fuse.ceph fuse.vmhgfs-fuse fuse.gvfsd-fuse fuse.mergerfs fuse.osxfs fuse.grpcfuse
    fuse.blobfuse2 fuse.blobfuse fuse.juicefs fuse.seaweedfs fuse.moosefs fuse.seadrive
"""
_SILENT = frozenset(_SILENT_NAMES.split())
# Not made of files that anybody edits.
_PSEUDO_NAMES = """
    proc sysfs cgroup cgroup2 devtmpfs devpts debugfs tracefs securityfs pstore bpf configfs
    fusectl mqueue hugetlbfs binfmt_misc efivarfs autofs rpc_pipefs nsfs
"""
_PSEUDO = frozenset(_PSEUDO_NAMES.split())


class Mounts:
    """The mounted file systems, by the folder they are mounted on, as /proc/self/mountinfo lists them."""

    def __init__(self, table: str) -> None:
        self.kinds: dict[str, str] = {}
        for line in table.splitlines():
            fields, _, rest = line.partition(" - ")
            parts = fields.split()
            if len(parts) > 4 and rest:
                self.kinds[_unescaped(parts[4])] = rest.split()[0]  # a later mount hides an earlier one

    def kind(self, path: str) -> str:
        """The kind of file system an absolute real path lies on; "" if that is not known."""
        while path not in self.kinds:
            above = os.path.dirname(path)
            if above == path:
                return ""
            path = above
        return self.kinds[path]

    def silent(self, path: str) -> str | None:
        """The kind of file system, if it does not report changes by others; unknown ones count as local."""
        kind = self.kind(path)
        if not kind and path.startswith(("\\\\", "//")):
            return "a network share"
        return kind if kind in _SILENT else None

    def pseudo(self, path: str) -> bool:
        """Whether there are no ordinary files there."""
        return self.kind(path) in _PSEUDO


def mounts() -> Mounts:
    """What is mounted now; where the system has no such table, nothing."""
    if not sys.platform.startswith("linux"):
        return Mounts("")
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
            return Mounts(file.read())
    except OSError:
        return Mounts("")


def _unescaped(field: str) -> str:
    """Without the octal escapes of blanks and the like."""
    return re.sub(r"\\([0-7]{3})", lambda found: chr(int(found[1], 8)), field)
