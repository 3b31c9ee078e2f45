"""Owns: the log file of a watcher in the background.

Must not know: what is logged.  Invariant: all log files together stay below a few megabytes;
a log that cannot be written is given up, never a reason to stop.
"""

from __future__ import annotations

import contextlib
import os
import time

NAME = "watcher.log"
LIMIT = 1_000_000  # bytes
KEPT = 3  # older logs


def log_path(directory: str) -> str:
    """Where the log of the watcher of this state directory is."""
    return os.path.join(directory, NAME)


def open_log(directory: str) -> int:
    """A descriptor that appends to the log; only its owner may read it."""
    return os.open(log_path(directory), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


class Log:
    """Takes over standard output and standard error of this process, so that nothing gets lost."""

    def __init__(self, directory: str, limit: int = LIMIT) -> None:
        self._directory = directory
        self._limit = limit
        self._redirect()

    def write(self, line: str) -> None:
        """Add a line, with the time."""
        stamp = time.strftime("%Y-%m-%d %H:%M:%S")
        with contextlib.suppress(OSError):
            if not os.fstat(1).st_nlink:  # somebody removed it
                self._redirect()
            os.write(1, f"{stamp} {line}\n".encode("utf-8", "backslashreplace"))
            if os.fstat(1).st_size > self._limit:
                self._rotate()

    def _rotate(self) -> None:
        path = log_path(self._directory)
        for number in range(KEPT - 1, 0, -1):
            with contextlib.suppress(FileNotFoundError):
                os.replace(f"{path}.{number}", f"{path}.{number + 1}")
        os.replace(path, f"{path}.1")
        self._redirect()

    def _redirect(self) -> None:
        with contextlib.suppress(OSError):
            descriptor = open_log(self._directory)
            os.dup2(descriptor, 1)
            os.dup2(descriptor, 2)
            os.close(descriptor)
