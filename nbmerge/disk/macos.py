"""Owns: what macOS has for replacing files safely: the swap of two names, copies of all attributes.

Must not know: what it is used for.  Invariant: a file system that cannot swap says so before anything
has changed.  Written from rename(2), copyfile(3) and fcntl(2) of macOS; it has not run there.
"""

from __future__ import annotations

import ctypes
import os

from nbmerge.disk.system import NOT_SUPPORTED, NoExchangeError, System

_RENAME_SWAP = 2  # sys/stdio.h; APFS can, HFS+ cannot
_RENAME_EXCL = 4
_COPYFILE_METADATA = 7  # copyfile.h: access control list, stat, extended attributes
_F_FULLFSYNC = 51  # fcntl.h: fsync alone leaves the bytes in the drive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Library(Protocol):
        """The two calls that Python does not have; they set errno."""

        def renamex_np(self, old: bytes, new: bytes, flags: int, /) -> int: ...

        def fcopyfile(self, source: int, to: int, state: None, flags: int, /) -> int: ...


class MacOS(System):
    """renamex_np(2).  There is no way to see whether a writer has a file open."""

    how = "swapped in one step (renamex_np); writers are not seen, old files are kept for 10 s"

    def __init__(self, library: Library | None = None) -> None:
        self._library: Library = library or ctypes.CDLL(None, use_errno=True)

    def rename(self, old: str, new: str) -> None:
        self._rename(old, new, _RENAME_EXCL)

    def swap(self, temporary: str, target: str, aside: str) -> None:
        """Two names change places in one step; before it, the new file waits under the name `aside`."""
        self.rename(temporary, aside)
        self._rename(aside, target, _RENAME_SWAP)

    def swap_back(self, target: str, aside: str) -> None:
        self._rename(aside, target, _RENAME_SWAP)

    def sync(self, fd: int) -> None:
        import fcntl

        try:
            fcntl.fcntl(fd, _F_FULLFSYNC)
        except OSError:  # a network file system
            os.fsync(fd)

    def pass_on(self, source: int, fd: int) -> None:
        super().pass_on(source, fd)
        if self._library.fcopyfile(source, fd, None, _COPYFILE_METADATA) < 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code))
        os.utime(fd)  # the times were copied too

    def _rename(self, old: str, new: str, flags: int) -> None:
        if self._library.renamex_np(os.fsencode(old), os.fsencode(new), flags) == 0:
            return
        code = ctypes.get_errno()
        if code in NOT_SUPPORTED:
            raise NoExchangeError(code, os.strerror(code))
        raise OSError(code, os.strerror(code), old, None, new)
