"""Owns: reading a file whole, and replacing one in one step.

Must not know: what is in the files.  Invariant: whoever looks at the path sees the old
bytes or the new ones, complete; a failure leaves the old ones and nothing beside them.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from itertools import count

from nbmerge.errors import NotebookError, SystemFailure
from nbmerge.frozen import frozen


def digest(data: bytes) -> str:
    """The name of these exact bytes: SHA-256 in hexadecimal."""
    from hashlib import sha256

    return sha256(data).hexdigest()


def read_file(path: str) -> bytes:
    """The bytes of a file.  Raises NotebookError that names the path."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise NotebookError(f"{path}: cannot be read: {reason(error)}") from error


def read_ordinary_file(path: str) -> bytes:
    """The same for what only an ordinary file can be: from a pipe one could wait for ever."""
    if is_special(path):
        raise NotebookError(f"{path}: is no ordinary file")
    return read_file(path)


TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Protocol

    class Readable(Protocol):
        """What bytes can be compared with."""

        def read(self) -> bytes: ...


@frozen
class FileSource:
    """A file that is read when its turn comes, and again if need be."""

    path: str
    name: str

    def read(self) -> bytes:
        """The bytes.  Raises NotebookError that names the path."""
        return read_file(self.path)

    def consists_of(self, data: bytes) -> bool:
        """Whether these are its bytes; most files differ in size already."""
        with contextlib.suppress(OSError):
            if os.path.getsize(self.path) != len(data):
                return False
        return self.read() == data

    def holds(self, other: Readable) -> bool:
        """Whether the other one has the very same bytes; most files differ in size already."""
        with contextlib.suppress(OSError):
            if isinstance(other, FileSource) and os.path.getsize(self.path) != os.path.getsize(other.path):
                return False
        return self.read() == other.read()


def for_this_user_only(path: str, flags: int) -> int:
    """An opener for `open`: a file that this makes is nobody else's to read, whatever the umask."""
    return os.open(path, flags | getattr(os, "O_CLOEXEC", 0), 0o600)


def is_special(path: str) -> bool:
    """Whether the path is there and no ordinary file: a device or a pipe."""
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return False


def replace_scratch(path: str, data: bytes) -> None:
    """Replace another program's temporary file, which it reads at once: no wait for the disk.

    The new bytes stand in PATH.nbmerge until they are whole; whoever started this process
    knows what to remove if it is killed.  Raises SystemFailure that names the path.
    """
    beside = f"{path}.nbmerge"
    try:
        with open(beside, "wb") as file:
            file.write(data)
        os.replace(beside, path)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(beside)
        raise SystemFailure(f"{path}: cannot be written: {reason(error)}") from error


def replace_file(path: str, data: bytes) -> None:
    """Write the file beside its place, then rename it there; mode, owner and links are kept.

    Devices and pipes are written to.  Raises SystemFailure that names the path.
    """
    try:
        if path.endswith(os.sep) or is_special(path):
            _write_through(path, data)
        else:
            _replace(os.path.realpath(path), data)
    except OSError as error:
        raise SystemFailure(f"{path}: cannot be written: {reason(error)}") from error


def read_small_file(path: str, most: int, links: bool = False) -> bytes:
    """The bytes of a file that others may have put there: an ordinary one of at most so many, no link unless
    `links` are followed.  From a pipe one could wait for ever.

    Raises OSError or ValueError.
    """
    data = _beginning(path, most + 1, links)
    if len(data) > most:
        raise ValueError(f"{path} is larger than {most} bytes")
    return data


def beginning_of(path: str, most: int) -> bytes:
    """The first bytes of such a file, however long it is.  Raises OSError or ValueError."""
    return _beginning(path, most, links=True)


def _beginning(path: str, most: int, links: bool) -> bytes:
    if not stat.S_ISREG(os.stat(path, follow_symlinks=links).st_mode):
        raise ValueError(f"{path} is no ordinary file")
    flags = os.O_RDONLY
    for name in ("O_NONBLOCK", "O_CLOEXEC", "O_BINARY", *(() if links else ("O_NOFOLLOW",))):
        flags |= getattr(os, name, 0)
    with open(os.open(path, flags), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):  # put there just now
            raise ValueError(f"{path} is no ordinary file")
        return file.read(most)


def replace_beside(path: str, data: bytes) -> None:
    """Put a new file, which is this user's alone, in the place of what has this name: without a wait for
    the disk, and never through a link.

    Raises SystemFailure that names the path.
    """
    try:
        beside, descriptor = _create_beside(path, 0o600)
        with _unless_whole(beside):
            _fill(descriptor, data)
            os.replace(beside, path)
    except OSError as error:
        raise SystemFailure(f"{path}: cannot be written: {reason(error)}") from error


def create_file(path: str, data: bytes) -> bool:
    """Write a file where there is none, in one step; False if there is one by now.

    Raises SystemFailure that names the path.
    """
    try:
        return _create(os.path.realpath(path), data)
    except OSError as error:
        raise SystemFailure(f"{path}: cannot be written: {reason(error)}") from error


def reason(error: OSError) -> str:
    """What the system said, in a few words."""
    return (error.strerror or str(error)).lower()


def _write_through(path: str, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)


def _replace(target: str, data: bytes) -> None:
    old = os.stat(target) if os.path.lexists(target) else None
    if old is not None and not os.access(target, os.W_OK):
        raise PermissionError(errno.EACCES, "it is write-protected")  # a rename would not ask
    beside, descriptor = _create_beside(target, 0o666 if old is None else 0o600)
    with _unless_whole(beside):
        _fill(descriptor, data, flush=True)
        if old is not None:
            _pass_on(old, beside)
        os.replace(beside, target)


@contextlib.contextmanager
def _unless_whole(beside: str) -> Iterator[None]:
    """Whatever goes wrong, the file beside goes."""
    try:
        yield
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(beside)
        raise


def _fill(descriptor: int, data: bytes, flush: bool = False) -> None:
    """Write and close it; `flush`: once it is on the disk."""
    with open(descriptor, "wb") as file:
        file.write(data)
        if flush:
            file.flush()
            os.fsync(descriptor)


def _create(target: str, data: bytes) -> bool:
    if os.path.lexists(target):
        return False
    beside, descriptor = _create_beside(target, 0o666)
    try:
        _fill(descriptor, data, flush=True)
        try:
            os.link(beside, target)
        except FileExistsError:
            return False
        except OSError:  # no links here; then nobody can be kept from writing there just now
            os.rename(beside, target)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(beside)
    return True


BESIDE = r"\.nbmerge-[0-9]+-[0-9]+\.tmp"  # the names of files that are not whole yet


def _create_beside(target: str, mode: int) -> tuple[str, int]:
    """A new file in the same folder.  A killed process may have left one: names are counted."""
    folder = os.path.dirname(target)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    for number in count():
        beside = os.path.join(folder, f".nbmerge-{os.getpid()}-{number}.tmp")
        with contextlib.suppress(FileExistsError):
            return beside, os.open(beside, flags, mode)
    raise AssertionError("count() does not end")


def _pass_on(old: os.stat_result, path: str) -> None:
    """Give a file the owner and mode of the one that it replaces."""
    new = os.stat(path)
    if (new.st_uid, new.st_gid) != (old.st_uid, old.st_gid):
        with contextlib.suppress(OSError):  # only root may give files away
            os.chown(path, old.st_uid, old.st_gid)
    os.chmod(path, stat.S_IMODE(old.st_mode))
