"""Owns: what a lock on notebooks is, and the lock on the state directory: one process, and in it one thread,
changes it at a time.

Must not know: what is changed.  Invariant: the system frees the lock of a process that
dies; a thread that holds the lock may take it again, through whichever object.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from threading import Lock, RLock
from typing import Protocol

from nbmerge.errors import SystemFailure
from nbmerge.files import reason
from nbmerge.history.values import StoreLost

NAME = "lock"
PATIENCE = 60.0  # seconds; a merge of the largest notebooks takes a few
PAUSE = 0.005

if sys.platform == "win32":
    import msvcrt

    def _try(descriptor: int) -> None:
        os.lseek(descriptor, 0, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def _try(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


class StoreLocks(Protocol):
    """What keeps others from changing a notebook, which is named by the bytes of its path."""

    def on(self, *names: bytes, seeking: Callable[[], str] | None = None) -> AbstractContextManager[None]:
        """While it lasts only this thread changes these notebooks, and the state directory; `seeking`: the
        digest of what will be looked for in the first."""

    def owning(self, *names: Callable[[], bytes]) -> AbstractContextManager[None]:
        """The same for a single change by somebody who may not hold the lock; it need not be held where the
        transaction itself keeps others away."""

    def unless_busy(self, name: Callable[[], bytes]) -> AbstractContextManager[bool]:
        """The same for who can do without; False: somebody else holds it."""

    def hurrying(self) -> AbstractContextManager[None]:
        """While it lasts this thread does not wait for a notebook that another machine holds: NotebookHeld is
        raised soon."""


class DirectoryLock(AbstractContextManager[None]):
    """The lock of one directory in this process; None: nothing on disk, threads only."""

    def __init__(self, directory: str | None, patience: float = PATIENCE) -> None:
        self._directory = directory
        self._patience = patience
        self._thread = RLock()
        self._depth = 0
        self._descriptor: int | None = None

    def __enter__(self) -> None:
        if not self._thread.acquire(timeout=self._patience):
            raise SystemFailure(self._complaint("another thread of this process"))
        try:
            if self._depth == 0 and self._directory is not None:
                self._descriptor = self._taken(os.path.join(self._directory, NAME))
            self._depth += 1
        except BaseException:
            self._thread.release()
            raise

    def __exit__(self, *_: object) -> None:
        self._depth -= 1
        if self._depth == 0 and self._descriptor is not None:
            os.close(self._descriptor)  # frees the lock; nobody inherits the descriptor
            self._descriptor = None
        self._thread.release()

    @property
    def depth(self) -> int:
        """How often the thread that holds the lock has taken it."""
        return self._depth

    def on(self, *_: bytes, seeking: Callable[[], str] | None = None) -> AbstractContextManager[None]:
        """All notebooks are locked together."""
        return self

    def owning(self, *_: Callable[[], bytes]) -> AbstractContextManager[None]:
        """Nothing: only one transaction at a time writes."""
        return nullcontext()

    def unless_busy(self, name: Callable[[], bytes]) -> AbstractContextManager[bool]:
        """Nothing, likewise."""
        return nullcontext(True)

    def hurrying(self) -> AbstractContextManager[None]:
        """Nothing: there is no other machine."""
        return nullcontext()

    def _taken(self, path: str) -> int:
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError as error:
            message = f"{self._directory}: the state directory was removed; start nbmerge again"
            raise StoreLost(message) from error
        except OSError as error:
            raise SystemFailure(f"{path}: cannot be opened: {reason(error)}; see who owns it") from error
        try:
            self._wait(descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor

    def _wait(self, descriptor: int) -> None:
        end = time.monotonic() + self._patience
        while True:
            try:
                return _try(descriptor)
            except (BlockingIOError, PermissionError):  # Windows says the latter
                if time.monotonic() > end:
                    raise SystemFailure(self._complaint("another nbmerge process")) from None
            except OSError as error:
                raise SystemFailure(f"{self._directory}: cannot be locked: {reason(error)}") from error
            time.sleep(PAUSE)

    def _complaint(self, holder: str) -> str:
        return (
            f"{self._directory}: {holder} has held the lock for {self._patience:.0f} s; end it and try again"
        )


_known: dict[str, DirectoryLock] = {}
_guard = Lock()


def lock_of(directory: str | None) -> DirectoryLock:
    """The one lock that this process has for the directory: whoever holds it may open the store anew
    without waiting for themselves."""
    if directory is None:
        return DirectoryLock(None)
    with _guard:
        return _known.setdefault(os.path.realpath(directory), DirectoryLock(directory))
