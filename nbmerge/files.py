"""Owns: reading a file whole, and replacing one in one step.

Must not know: what is in the files.  Invariant: whoever looks at the path sees the old
bytes or the new ones, complete; a failure leaves the old ones and nothing beside them.
"""

from __future__ import annotations

import contextlib
import os
import stat

from nbmerge.errors import NotebookError, SystemFailure


def read_file(path: str) -> bytes:
    """The bytes of a file.  Raises NotebookError that names the path."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError as error:
        raise NotebookError(f"{path}: cannot be read: {reason(error)}") from error


def replace_file(path: str, data: bytes) -> None:
    """Write the file beside its place, then rename it there; mode and links are kept.

    Raises SystemFailure that names the path.
    """
    target = os.path.realpath(path)
    beside = f"{target}.nbmerge-{os.getpid()}"
    try:
        mode = stat.S_IMODE(os.stat(target).st_mode)
    except OSError:
        mode = None
    try:
        if (mode is None and os.path.lexists(target)) or _is_special(target):
            return _write_through(target, data)
        with open(beside, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if mode is not None:
            os.chmod(beside, mode)
        os.replace(beside, target)
    except OSError as error:
        with contextlib.suppress(OSError):
            os.unlink(beside)
        raise SystemFailure(f"{path}: cannot be written: {reason(error)}") from error


def reason(error: OSError) -> str:
    """What the system said, in a few words."""
    return (error.strerror or str(error)).lower()


def _is_special(path: str) -> bool:
    """Devices and pipes (/dev/stdout) are written to, never replaced."""
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)
    except OSError:
        return False


def _write_through(path: str, data: bytes) -> None:
    with open(path, "wb") as file:
        file.write(data)
