"""Owns: what Linux has for replacing files safely: exchange of two names, leases, extended attributes.
what macOS has for replacing files safely: the swap of two names, copies of all attributes.
which system this is.

Must not know: what they are used for.
what it is used for.
what is done with it.
Invariant: a lease is held for as long as one call or one
small write, never across a merge; its signal is one that the system ignores, since the usual
one (SIGIO) would end the process.
a file system that cannot swap says so before anything
has changed.  Written from rename(2), copyfile(3) and fcntl(2) of macOS; it has not run there.
there is always an answer; where the platform is
not known, the weakest one.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import signal
import sys

from nbmerge.disk.system import NOT_SUPPORTED, NoExchangeError, System

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Library(Protocol):
        """The two calls that Python does not have; they set errno."""

        def renamex_np(self, old: bytes, new: bytes, flags: int, /) -> int: ...

        def fcopyfile(self, source: int, to: int, state: None, flags: int, /) -> int: ...


_AT_FDCWD = -100
_RENAME_NOREPLACE = 1  # renameat2(2)
_RENAME_EXCHANGE = 2
_REMOTE = (
    "nfs",
    "cifs",
    "smb",
    "9p",
    "afs",
    "ceph",
    "fuse",
    "virtiofs",
    "lustre",
    "glusterfs",
    "gfs2",
    "ocfs2",
)


class Linux(System):
    """renameat2(2) and fcntl(2) F_SETLEASE."""

    how = "exchanged in one step (renameat2); writers are seen by leases"

    def __init__(self) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._local: dict[int, bool] = {}
        self._renameat2 = getattr(libc, "renameat2", None)

    def rename(self, old: str, new: str) -> None:
        self._rename(old, new, _RENAME_NOREPLACE)

    def swap(self, temporary: str, target: str, aside: str) -> None:
        """Two names change places in one step; before it, the new file waits under the name `aside`."""
        self.rename(temporary, aside)
        self._rename(aside, target, _RENAME_EXCHANGE)

    def swap_back(self, target: str, aside: str) -> None:
        self._rename(aside, target, _RENAME_EXCHANGE)

    def _rename(self, old: str, new: str, flags: int) -> None:
        if self._renameat2 is None:
            raise NoExchangeError(errno.ENOSYS, os.strerror(errno.ENOSYS))
        if self._renameat2(_AT_FDCWD, os.fsencode(old), _AT_FDCWD, os.fsencode(new), flags) == 0:
            return
        code = ctypes.get_errno()
        if code in NOT_SUPPORTED:
            raise NoExchangeError(code, os.strerror(code))
        raise OSError(code, os.strerror(code), old, None, new)

    def pass_on(self, source: int, fd: int) -> None:
        super().pass_on(source, fd)
        for name in _attributes(source):  # access control lists are among them
            value = os.getxattr(source, name)
            if name not in _attributes(fd) or os.getxattr(fd, name) != value:
                os.setxattr(fd, name, value)

    def writer(self, fd: int) -> bool | None:
        try:
            _lease(fd, fcntl.F_RDLCK)
        except BlockingIOError:
            return True if _is_local(os.fstat(fd).st_dev) else None
        except OSError:  # not our file, or a file system without leases
            return None
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        device = os.fstat(fd).st_dev
        if device not in self._local:
            self._local[device] = _is_local(device)
        return False if self._local[device] else None

    def exclude(self, fd: int) -> bool:
        try:
            _lease(fd, fcntl.F_WRLCK)
        except OSError:
            return False
        return True

    def admit(self, fd: int) -> None:
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)


def _is_local(device: int) -> bool:
    """Whether leases tell about every writer: a server may refuse one for its own reasons (NFS, SMB)."""
    number = f"{os.major(device)}:{os.minor(device)}"
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as mounts:
            for line in mounts:  # proc(5): the third field is the device; the type comes after " - "
                if line.split(" ", 3)[2] == number:
                    return not line.partition(" - ")[2].startswith(_REMOTE)
    except OSError:
        return False
    return True  # a btrfs subvolume has a number of its own


def _lease(fd: int, kind: int) -> None:
    fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGURG)
    fcntl.fcntl(fd, fcntl.F_SETLEASE, kind)


def _attributes(fd: int) -> list[str]:
    try:
        return os.listxattr(fd)
    except OSError as error:
        if error.errno in NOT_SUPPORTED:
            return []
        raise


_RENAME_SWAP = 2  # sys/stdio.h; APFS can, HFS+ cannot
_RENAME_EXCL = 4
_COPYFILE_METADATA = 7  # copyfile.h: access control list, stat, extended attributes
_F_FULLFSYNC = 51  # fcntl.h: fsync alone leaves the bytes in the drive


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


def this_system() -> System:
    """The best that this platform has."""
    match sys.platform:
        case "linux":
            return Linux()
        case "darwin":
            return MacOS()
        case "win32":
            from nbmerge.disk.windows import Windows

            return Windows()
    return System()
