"""Owns: the calls of kernel32 that Python has no name for.

Must not know: why they are called.  Invariant: an error is returned as its number, never raised.
"""

from __future__ import annotations

import ctypes
import os
from ctypes import c_ulong as dword
from ctypes import c_void_p, c_wchar_p

_OPEN_EXISTING, _NORMAL = 3, 0x80
_INVALID = c_void_p(-1).value
_QUERY = 0x1000  # PROCESS_QUERY_LIMITED_INFORMATION
_STILL_ACTIVE = 259
_DENIED = 5
_FAR = 1 << 40  # a byte that no file has: locks on Windows keep others from reading what is locked


class Kernel32:
    """See nbmerge.disk.windows.Kernel."""

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
        import msvcrt

        handle = self._dll.CreateFileW(path, access, share, None, _OPEN_EXISTING, _NORMAL, None)
        if handle == _INVALID:
            return -1, int(self._error())
        flags = os.O_RDWR if access & 0x40000000 else os.O_RDONLY
        fd: int = msvcrt.__dict__["open_osfhandle"](handle, flags | getattr(os, "O_NOINHERIT", 0))
        return fd, 0

    def reopen(self, fd: int, access: int, share: int) -> int:
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
            return bool(self._error() == _DENIED)
        code = dword()
        self._dll.GetExitCodeProcess(process, ctypes.byref(code))
        self._dll.CloseHandle(process)
        return code.value == _STILL_ACTIVE


def _handle(fd: int) -> int:
    import msvcrt

    handle: int = msvcrt.__dict__["get_osfhandle"](fd)
    return handle
