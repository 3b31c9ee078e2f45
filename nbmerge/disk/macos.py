"""Owns: what macOS has for replacing files safely: the swap of two names, copies of all attributes.

Must not know: what it is used for.  Invariant: a file system that cannot swap says so before anything
has changed.  Written from rename(2), copyfile(3) and fcntl(2) of macOS; it has not run there.
"""

from __future__ import annotations

import ctypes
import fcntl
import os

from nbmerge.disk.system import SwappingSystem

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Library(Protocol):
        """The two calls that Python does not have; they set errno."""

        def renamex_np(self, old: bytes, new: bytes, flags: int, /) -> int: ...

        def fcopyfile(self, source: int, to: int, state: None, flags: int, /) -> int: ...


_COPYFILE_METADATA = 7  # copyfile.h: access control list, stat, extended attributes
_F_FULLFSYNC = 51  # fcntl.h: fsync alone leaves the bytes in the drive


class MacOS(SwappingSystem):
    """renamex_np(2).  There is no way to see whether a writer has a file open."""

    keep_new, exchange = 4, 2  # sys/stdio.h: RENAME_EXCL, RENAME_SWAP; APFS can, HFS+ cannot
    how = "swapped in one step (renamex_np); writers are not seen, old files are kept for 10 s"

    def __init__(self, library: Library | None = None) -> None:
        self._library: Library = library or ctypes.CDLL(None, use_errno=True)

    def rename_with(self, flags: int, old: bytes, new: bytes) -> int:
        return ctypes.get_errno() if self._library.renamex_np(old, new, flags) else 0

    def sync(self, fd: int) -> None:
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
