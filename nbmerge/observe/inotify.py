"""Owns: Linux's inotify: which folders it watches, and what it says of them.

Must not know: notebooks, patterns, what follows.  Invariant: nothing waits: a file that is moved out
of the watched folders holds up no other event.

Why not through watchdog, which serves the other systems: it keeps back everything behind a file that
left the tree for half a second (220 of 300 saves 10 ms apart were overwritten before they could be
read while another program moved a file away now and then), it watches folders that are to be ignored,
and its recovery from an overflow can go on for ever (7.1) or does not happen (6.0).  See inotify(7).
"""

from __future__ import annotations

import contextlib
import os
import select
import struct
import threading
import time
from collections import Counter, deque
from collections.abc import Callable

from nbmerge.observe.backend import FileChange, SystemEvent

_MODIFY, _CLOSE_WRITE = 0x2, 0x8
_MOVED_FROM, _MOVED_TO, _CREATE, _DELETE = 0x40, 0x80, 0x100, 0x200
_DELETE_SELF, _MOVE_SELF, _UNMOUNT, _OVERFLOW, _IGNORED = 0x400, 0x800, 0x2000, 0x4000, 0x8000
_ONLYDIR, _ISDIR = 0x1000000, 0x40000000
_FILES = _MODIFY | _CLOSE_WRITE | _MOVED_FROM | _MOVED_TO | _CREATE | _DELETE
_MASK = _FILES | _DELETE_SELF | _MOVE_SELF | _ONLYDIR

_HEAD = struct.Struct("iIII")
_BUFFER = 1 << 16
_UNPAIRED = 0.05  # seconds until the second half of a move is no longer expected

Raw = tuple[int, int, int, bytes]


class Inotify:
    """One inotify instance; a `Backend`.  Raises OSError where there is none to be had.

    `matters` says whether anybody cares that a file of that name is written.
    """

    reports_closing = True

    def __init__(self, matters: Callable[[str], bool]) -> None:
        import ctypes

        self._matters = matters
        self._libc = ctypes.CDLL(None, use_errno=True)
        self._errno: Callable[[], int] = ctypes.get_errno
        self._fd = self._checked(self._libc.inotify_init1(os.O_NONBLOCK | os.O_CLOEXEC))
        self._wake_out, self._wake_in = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self._poll = select.poll()
        self._poll.register(self._fd, select.POLLIN)
        self._poll.register(self._wake_out, select.POLLIN)
        self._lock = threading.Lock()
        self._folders: dict[int, str] = {}
        self._watches: dict[str, int] = {}
        self._moved_watches: set[int] = set()  # whose own report of the move is still to come
        self._queue: deque[Raw] = deque()
        self._pending_writes: Counter[tuple[int, bytes]] = Counter()  # writes in the queue
        self._unpaired: dict[int, tuple[str, bool, float]] = {}  # by cookie

    def watch(self, folder: str, below: bool) -> None:
        with self._lock:
            watch = self._checked(self._libc.inotify_add_watch(self._fd, os.fsencode(folder), _MASK))
            former = self._folders.get(watch)
            if former is not None and self._watches.get(former) == watch:  # the same folder by another name
                del self._watches[former]
            self._folders[watch] = folder
            self._watches[folder] = watch

    def unwatch(self, folder: str) -> None:
        with self._lock:
            watch = self._watches.pop(folder, None)
            if watch is not None:
                self._folders.pop(watch, None)
                self._libc.inotify_rm_watch(self._fd, watch)  # fails where the folder is gone: so be it

    def renamed(self, old: str, new: str) -> None:
        with self._lock:
            for folder, watch in list(self._watches.items()):
                if folder == old or folder.startswith(old + os.sep):
                    del self._watches[folder]
                    moved = new + folder[len(old) :]
                    self._watches[moved] = watch
                    self._folders[watch] = moved
            self._moved_watches.add(self._watches.get(new, 0))

    def events(self, timeout: float) -> list[SystemEvent]:
        if not self._queue:
            self._wait(timeout)
            self._drain()
        found: list[SystemEvent] = []
        if self._queue:
            found.extend(self._translated(*self._take()))
        if self._unpaired and not self._queue:
            found.extend(self._moved_away())
        return found

    def waiting(self) -> int:
        return len(self._queue)

    def is_written_again(self, path: str) -> bool:
        self._drain()
        folder, name = os.path.split(path)
        return (self._watches.get(folder, 0), os.fsencode(name)) in self._pending_writes

    def wake(self) -> None:
        with contextlib.suppress(OSError):  # full: it will wake anyway
            os.write(self._wake_in, b"!")

    def close(self) -> None:
        with self._lock:
            for descriptor in (self._fd, self._wake_in, self._wake_out):
                with contextlib.suppress(OSError):
                    os.close(descriptor)
            self._fd = -1
            self._watches.clear()
            self._folders.clear()

    def _checked(self, answer: int) -> int:
        if answer < 0:
            number = self._errno()
            raise OSError(number, os.strerror(number))
        return answer

    def _wait(self, timeout: float) -> None:
        if self._unpaired:
            timeout = min(timeout, _UNPAIRED)
        for descriptor, _ in self._poll.poll(timeout * 1000):
            if descriptor == self._wake_out:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._wake_out, 512)

    def _drain(self) -> None:
        """Move what the kernel has into the queue, so that it does not overflow there."""
        while len(self._queue) < 100_000:
            try:
                data = os.read(self._fd, _BUFFER)
            except (BlockingIOError, InterruptedError):
                return
            place = 0
            while place < len(data):
                watch, mask, cookie, length = _HEAD.unpack_from(data, place)
                place += _HEAD.size + length
                self._enqueue((watch, mask, cookie, data[place - length : place].rstrip(b"\0")))

    def _enqueue(self, raw: Raw) -> None:
        if raw[1] & (_MODIFY | _CLOSE_WRITE) and not self._matters(os.fsdecode(raw[3])):
            return
        if raw[1] & _MODIFY:
            if self._queue and self._queue[-1] == raw:
                return
            self._pending_writes[(raw[0], raw[3])] += 1
        self._queue.append(raw)

    def _take(self) -> Raw:
        raw = self._queue.popleft()
        if raw[1] & _MODIFY:
            key = (raw[0], raw[3])
            self._pending_writes[key] -= 1
            if not self._pending_writes[key]:
                del self._pending_writes[key]
        return raw

    def _translated(self, watch: int, mask: int, cookie: int, name: bytes) -> list[SystemEvent]:
        if mask & _OVERFLOW:
            return [SystemEvent(FileChange.OVERFLOW, "")]
        with self._lock:
            folder = self._folders.get(watch)
            if mask & _IGNORED and folder is not None:
                del self._folders[watch]
                if self._watches.get(folder) == watch:
                    del self._watches[folder]
        if folder is None or (mask & _MOVE_SELF and watch in self._moved_watches):
            self._moved_watches.discard(watch)
            return []
        if mask & (_DELETE_SELF | _MOVE_SELF | _UNMOUNT | _IGNORED):
            return [SystemEvent(FileChange.LOST, folder, is_folder=True)]
        is_folder = bool(mask & _ISDIR)
        path = os.path.join(folder, os.fsdecode(name))
        if mask & (_MOVED_FROM | _MOVED_TO):
            return self._moved(path, is_folder, cookie, arrived=bool(mask & _MOVED_TO))
        return [SystemEvent(_change(mask), path, is_folder)]

    def _moved(self, path: str, is_folder: bool, cookie: int, arrived: bool) -> list[SystemEvent]:
        if not arrived:
            self._unpaired[cookie] = (path, is_folder, time.monotonic() + _UNPAIRED)
            return []
        origin, _, _ = self._unpaired.pop(cookie, ("", False, 0.0))
        return [SystemEvent(FileChange.MOVED, origin, is_folder, to=path)]

    def _moved_away(self) -> list[SystemEvent]:
        """What left for a place that is not watched."""
        now = time.monotonic()
        late = [cookie for cookie, (_, _, until) in self._unpaired.items() if until <= now]
        return [SystemEvent(FileChange.DELETED, *self._unpaired.pop(cookie)[:2]) for cookie in late]


def _change(mask: int) -> FileChange:
    if mask & _CLOSE_WRITE:
        return FileChange.CLOSED
    if mask & _MODIFY:
        return FileChange.WRITTEN
    return FileChange.CREATED if mask & _CREATE else FileChange.DELETED
