"""Owns: what Windows has for replacing files safely: ReplaceFileW with a backup, share modes.

Must not know: what it is used for.  Invariant: whatever ReplaceFileW reports, either nothing has changed
or the displaced file stands under the backup's name.  Written from the documentation of
Windows (ReplaceFileW, CreateFileW, ReOpenFile, LockFile); it has not run there.
"""

from __future__ import annotations

import errno
import os
import time

from nbmerge.disk.system import BusyError, NoExchangeError, System

_NOT_THERE, _NO_PATH, _DENIED, _OTHER_VOLUME = 2, 3, 5, 17
_SHARING, _LOCKED, _FULL, _DISK_FULL = 32, 33, 39, 112
_UNABLE_TO_REMOVE_REPLACED = 1175  # nothing has changed
_UNABLE_TO_MOVE_REPLACEMENT = 1176  # nothing has changed, where a backup was named
_UNSUPPORTED = {1, 50, 87, 120}  # invalid function, not supported, invalid parameter, not implemented
_ERRNO = {
    _NOT_THERE: errno.ENOENT,
    _NO_PATH: errno.ENOENT,
    _DENIED: errno.EACCES,
    _OTHER_VOLUME: errno.EXDEV,
    _FULL: errno.ENOSPC,
    _DISK_FULL: errno.ENOSPC,
}
_ATTEMPTS, _PAUSE = 5, 0.02  # a virus scanner or an indexer is done with a new file in a moment

READ, WRITE = 0x80000000, 0x40000000  # GENERIC_READ, GENERIC_WRITE
SHARE_READ, SHARE_WRITE, SHARE_DELETE = 1, 2, 4

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Kernel(Protocol):
        """The calls that Python does not have.  Errors are numbers, 0 is success."""

        def replace_file(self, replaced: str, replacement: str, backup: str) -> int: ...

        def open(self, path: str, access: int, share: int) -> tuple[int, int]:
            """A file descriptor, and the error."""

        def reopen(self, fd: int, access: int, share: int) -> int:
            """Whether an open file could also be opened like this."""

        def lock(self, fd: int) -> bool: ...

        def alive(self, pid: int) -> bool: ...


class Windows(System):
    """ReplaceFileW keeps attributes and access control lists, and hands out the displaced file."""

    how = "replaced with a backup (ReplaceFileW); writers are seen by share modes"
    unlinks_open = False

    def __init__(self, kernel: Kernel | None = None) -> None:
        if kernel is None:
            from nbmerge.disk.kernel32 import Kernel32

            kernel = Kernel32()
        self._kernel: Kernel = kernel

    def open(self, path: str) -> int:
        """For reading; others may write, rename and remove it meanwhile."""
        return self._open(path, READ, SHARE_READ | SHARE_WRITE | SHARE_DELETE)

    def open_both(self, path: str) -> int:
        """For reading and writing; nobody else can open it for writing until it is closed."""
        return self._open(path, READ | WRITE, SHARE_READ | SHARE_DELETE)

    def exclude(self, fd: int) -> bool:
        return True  # as it was opened

    def writer(self, fd: int) -> bool | None:
        match self._kernel.reopen(fd, READ, SHARE_READ | SHARE_DELETE):
            case 0:
                return False
            case 32:
                return True
        return None

    def rename(self, old: str, new: str) -> None:
        os.rename(old, new)  # fails on Windows if the new name is taken

    def swap(self, temporary: str, target: str, aside: str) -> None:
        for attempt in range(_ATTEMPTS):
            code = self._kernel.replace_file(target, temporary, aside)
            if code not in (_SHARING, _LOCKED, _UNABLE_TO_REMOVE_REPLACED, _UNABLE_TO_MOVE_REPLACEMENT):
                break
            time.sleep(_PAUSE * attempt)
        match code:
            case 0:
                return
            case 1177:
                _complete(temporary, target)  # ERROR_UNABLE_TO_MOVE_REPLACEMENT_2: the backup has been made
            case 32 | 33 | 1175 | 1176:
                raise BusyError("a program has it open and does not let it be replaced")
            case _ if code in _UNSUPPORTED:
                raise NoExchangeError(errno.ENOTSUP, f"Windows error {code}")
            case _:
                raise _error(code, target)

    def swap_back(self, target: str, aside: str) -> None:
        os.replace(aside, target)

    def pass_on(self, source: int, fd: int) -> None:
        """ReplaceFileW does it."""

    def freshen(self, fd: int, after: int) -> None:
        """The new file's time is kept by ReplaceFileW, and NTFS counts in 100 ns."""

    def lock(self, fd: int) -> bool | None:
        return self._kernel.lock(fd)

    def alive(self, pid: int) -> bool:
        return self._kernel.alive(pid)

    def _open(self, path: str, access: int, share: int) -> int:
        fd, code = self._kernel.open(path, access, share)
        if code in (_SHARING, _LOCKED):
            raise BusyError("a program has it open and does not share it")
        if code:
            raise _error(code, path)
        return fd


def _complete(temporary: str, target: str) -> None:
    """There is no file at the target: the new one goes there, if no editor was faster."""
    try:
        if not os.path.lexists(target):
            os.rename(temporary, target)
            return
    except FileExistsError:
        pass
    raise BusyError("another file took its name")


def _error(code: int, path: str) -> OSError:
    return OSError(_ERRNO.get(code, errno.EIO), f"Windows error {code}", path)
