"""Owns: what Linux has for replacing files safely: the exchange of two names, leases, extended attributes.

Must not know: what it is used for.  Invariant: a lease is held for as long as one call or one small
write, never across a merge; its signal is one that the system ignores, since the usual one (SIGIO)
would end the process.
"""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import signal

from nbmerge.disk.system import NOT_SUPPORTED, SwappingSystem

_AT_FDCWD = -100
_ACCESS = "system.posix_acl_access"
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
    "gluster",
    "gfs2",
    "ocfs2",
)


class Linux(SwappingSystem):
    """renameat2(2) and fcntl(2) F_SETLEASE."""

    keep_new, exchange = 1, 2  # renameat2(2): RENAME_NOREPLACE, RENAME_EXCHANGE
    how = "exchanged in one step (renameat2); writers are seen by leases"

    def __init__(self) -> None:
        libc = ctypes.CDLL(None, use_errno=True)
        self._local: dict[int, bool] = {}
        self._renameat2 = getattr(libc, "renameat2", None)

    def rename_with(self, flags: int, old: bytes, new: bytes) -> int:
        if self._renameat2 is None:
            return errno.ENOSYS
        return ctypes.get_errno() if self._renameat2(_AT_FDCWD, old, _AT_FDCWD, new, flags) else 0

    def pass_on(self, source: int, fd: int) -> None:
        super().pass_on(source, fd)
        kept, given = _attributes(source), _attributes(fd)
        if _ACCESS in given and _ACCESS not in kept:  # by its folder: it lets others in
            os.removexattr(fd, _ACCESS)
        for name in kept:  # access control lists are among them
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
