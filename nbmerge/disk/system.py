"""Owns: the file operations that a replacement is made of, one method each, and which system this is.

Must not know: in which order they are used.  Invariant: every touch of the disk by this room is one of
these calls, so that a test can let any of them fail.  `System` itself is what any POSIX system offers;
Linux, macOS and Windows know better ways and override them.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Iterator


class NoExchangeError(OSError):
    """This file system has no way to exchange two files; nothing was changed."""


class BusyError(OSError):
    """Another program keeps this file from being replaced just now; nothing was changed."""


class System:
    """The weakest case: files are replaced by renaming, so a save in the last microseconds can be lost."""

    # For people: how files are replaced, and what that cannot do.
    how = "renamed into place; a save in the same few microseconds can be lost, writers are not seen"
    unlinks_open = True  # whether a file can be removed while it is open

    def stat(self, path: str) -> os.stat_result:
        return os.lstat(path)

    def fstat(self, fd: int) -> os.stat_result:
        return os.fstat(fd)

    def writable(self, path: str) -> bool:
        """Whether this user may write; a file that nobody may write is protected from root as well."""
        return os.access(path, os.W_OK) and bool(os.stat(path).st_mode & 0o222)

    def open(self, path: str) -> int:
        return os.open(path, os.O_RDONLY | _COMMON)

    def open_both(self, path: str) -> int:
        return os.open(path, os.O_RDWR | _COMMON)

    def create(self, path: str) -> int:
        """A new file for reading and writing.  Raises FileExistsError."""
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | _COMMON, 0o600)

    def close(self, fd: int) -> None:
        os.close(fd)

    def read(self, fd: int) -> bytes:
        """All bytes, from the start."""
        os.lseek(fd, 0, os.SEEK_SET)
        with open(fd, "rb", buffering=0, closefd=False) as file:
            return file.readall()

    def write(self, fd: int, data: bytes | memoryview, offset: int) -> None:
        """All of data at the offset."""
        os.lseek(fd, offset, os.SEEK_SET)
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(fd, rest) :]

    def truncate(self, fd: int, size: int) -> None:
        os.ftruncate(fd, size)

    def sync(self, fd: int) -> None:
        os.fsync(fd)

    def sync_folder(self, path: str) -> None:
        """The names in a folder reach the disk, where the system can do that."""
        with contextlib.suppress(OSError):
            fd = os.open(path, os.O_RDONLY | _COMMON)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)

    def make_folder(self, path: str) -> None:
        os.makedirs(path, mode=0o700, exist_ok=True)

    def names(self, folder: str) -> list[str]:
        return sorted(os.listdir(folder))

    def unlink(self, path: str) -> bool:
        """Whether there was such a file."""
        try:
            os.unlink(path)
        except FileNotFoundError:
            return False
        return True

    def rename(self, old: str, new: str) -> None:
        """Raises FileExistsError if the new name is taken."""
        os.link(old, new)
        os.unlink(old)

    def move(self, old: str, new: str) -> None:
        """In one step; the new name is known to be free."""
        os.rename(old, new)

    def swap(self, temporary: str, target: str, aside: str) -> None:
        """The temporary file takes the target's name; what had it is at `aside` afterwards.

        Here in two steps: a file that another program renames to the target between them is lost.
        """
        with contextlib.suppress(PermissionError, NotImplementedError):
            os.link(target, aside)
        os.replace(temporary, target)

    def swap_back(self, target: str, aside: str) -> None:
        """Undo a swap; what stands at the target then goes to `aside`, where the system can do that."""
        os.replace(aside, target)

    def pass_on(self, source: int, fd: int) -> None:
        """Give a new file the owner, mode and attributes of another.  Raises OSError if it cannot."""
        old, new = os.fstat(source), os.fstat(fd)
        if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
            os.fchown(fd, old.st_uid, old.st_gid)
        os.fchmod(fd, stat.S_IMODE(old.st_mode))

    def freshen(self, fd: int, after: int) -> None:
        """See to it that the modification time is later than `after` (ns), also if that is in the future.

        Two seconds, since some file systems count in twos.
        """
        now = os.fstat(fd)
        if now.st_mtime_ns <= after and os.utime in os.supports_fd:
            os.utime(fd, ns=(now.st_atime_ns, after + 2_000_000_000))

    def writer(self, fd: int) -> bool | None:
        """Whether a program has the file (open here for reading) open for writing; None: cannot tell."""
        return None

    def exclude(self, fd: int) -> bool:
        """Make every other program that opens the file wait, for milliseconds; False: it cannot be done."""
        return False

    def admit(self, fd: int) -> None:
        """The end of `exclude`."""

    def lock(self, fd: int) -> bool | None:
        """Lock a file until it is closed; False: another process has it; None: there are no locks."""
        import fcntl

        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError:
            return None
        return True

    def pid(self) -> int:
        return os.getpid()

    def alive(self, pid: int) -> bool:
        try:
            os.kill(pid, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except PermissionError:
            return True
        return True


_COMMON = getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOINHERIT", 0)
NOT_SUPPORTED = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}


@contextlib.contextmanager
def opened(system: System, path: str) -> Iterator[int]:
    """The file, open for reading.  Raises OSError."""
    fd = system.open(path)
    try:
        yield fd
    finally:
        system.close(fd)


class SwappingSystem(System):
    """A system with a rename(2) that exchanges two names, or refuses to replace the new one."""

    keep_new, exchange = 0, 0  # the flags that make it do so

    def rename_with(self, flags: int, old: bytes, new: bytes) -> int:
        """Rename with these flags; the error as its number, 0 if there is none."""
        raise NotImplementedError

    def rename(self, old: str, new: str) -> None:
        self._rename(self.keep_new, old, new)

    def swap(self, temporary: str, target: str, aside: str) -> None:
        """Two names change places in one step; before it, the new file waits under the name `aside`."""
        self.rename(temporary, aside)
        self._rename(self.exchange, aside, target)

    def swap_back(self, target: str, aside: str) -> None:
        self._rename(self.exchange, aside, target)

    def _rename(self, flags: int, old: str, new: str) -> None:
        code = self.rename_with(flags, os.fsencode(old), os.fsencode(new))
        if code in NOT_SUPPORTED:
            raise NoExchangeError(code, os.strerror(code))
        if code:
            raise OSError(code, os.strerror(code), old, None, new)


def this_system() -> System:
    """The best that this platform has; the weakest one where it is not known."""
    match sys.platform:
        case "linux":
            from nbmerge.disk.linux import Linux

            return Linux()
        case "darwin":
            from nbmerge.disk.macos import MacOS

            return MacOS()
        case "win32":
            from nbmerge.disk.windows import Windows

            return Windows()
    return System()
