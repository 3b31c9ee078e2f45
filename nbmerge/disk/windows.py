"""Owns: what Windows has for replacing files safely: ReplaceFileW with a backup, share modes.

Must not know: what it is used for.  Invariant: whatever ReplaceFileW reports, either nothing has
changed or the displaced file stands under the backup's name.  Written from the documentation of
Windows (ReplaceFileW, CreateFileW, ReOpenFile, LockFile); it has not run there.
"""

from __future__ import annotations

import ctypes
import errno
import os
import time
from ctypes import c_ulong as dword
from ctypes import c_void_p, c_wchar_p

from nbmerge.disk.system import BusyError, NoExchangeError, System

_OPEN_EXISTING, _NORMAL = 3, 0x80
_INVALID = c_void_p(-1).value
_QUERY = 0x1000  # PROCESS_QUERY_LIMITED_INFORMATION
_STILL_ACTIVE = 259
_ACCESS_DENIED = 5
_FAR = 1 << 40  # a byte that no file has: locks on Windows keep others from reading what is locked


class Kernel32:
    """The calls of kernel32 that Python does not have.  Errors are numbers, 0 is success."""

    def __init__(self) -> None:
        self._dll = ctypes.__dict__["WinDLL"]("kernel32", use_last_error=True)
        self._error = ctypes.__dict__["get_last_error"]
        self._dll.ReplaceFileW.argtypes = [c_wchar_p, c_wchar_p, c_wchar_p, dword, c_void_p, c_void_p]
        self._dll.CreateFileW.argtypes = [c_wchar_p, dword, dword, c_void_p, dword, dword, c_void_p]
        self._dll.CreateFileW.restype = c_void_p
        self._dll.ReOpenFile.argtypes = [c_void_p, dword, dword, dword]
        self._dll.ReOpenFile.restype = c_void_p
        self._dll.CloseHandle.argtypes = [c_void_p]
        self._dll.LockFile.argtypes = [c_void_p, dword, dword, dword, dword]
        self._dll.OpenProcess.argtypes = [dword, ctypes.c_int, dword]
        self._dll.OpenProcess.restype = c_void_p
        self._dll.GetExitCodeProcess.argtypes = [c_void_p, c_void_p]

    def replace_file(self, replaced: str, replacement: str, backup: str) -> int:
        done = self._dll.ReplaceFileW(replaced, replacement, backup, 0, None, None)
        return 0 if done else int(self._error())

    def open(self, path: str, access: int, share: int) -> tuple[int, int]:
        """A file descriptor, and the error."""
        import msvcrt

        handle = self._dll.CreateFileW(path, access, share, None, _OPEN_EXISTING, _NORMAL, None)
        if handle == _INVALID:
            return -1, int(self._error())
        flags = os.O_RDWR if access & 0x40000000 else os.O_RDONLY
        fd: int = msvcrt.__dict__["open_osfhandle"](handle, flags | getattr(os, "O_NOINHERIT", 0))
        return fd, 0

    def reopen(self, fd: int, access: int, share: int) -> int:
        """Whether an open file could also be opened like this."""
        handle = self._dll.ReOpenFile(_handle(fd), access, share, 0)
        if handle == _INVALID:
            return int(self._error())
        self._dll.CloseHandle(handle)
        return 0

    def lock(self, fd: int) -> bool:
        return bool(self._dll.LockFile(_handle(fd), _FAR & 0xFFFFFFFF, _FAR >> 32, 1, 0))

    def alive(self, pid: int) -> bool:
        process = self._dll.OpenProcess(_QUERY, False, pid)
        if not process:
            return bool(self._error() == _ACCESS_DENIED)
        code = dword()
        self._dll.GetExitCodeProcess(process, ctypes.byref(code))
        self._dll.CloseHandle(process)
        return code.value == _STILL_ACTIVE


def _handle(fd: int) -> int:
    import msvcrt

    handle: int = msvcrt.__dict__["get_osfhandle"](fd)
    return handle


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


class Windows(System):
    """ReplaceFileW keeps attributes and access control lists, and hands out the displaced file."""

    how = "replaced with a backup (ReplaceFileW); writers are seen by share modes"
    unlinks_open = False

    def __init__(self, kernel: Kernel32 | None = None) -> None:
        self._kernel = kernel or Kernel32()

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
