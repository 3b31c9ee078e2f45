"""Owns: who is just writing a notebook's file by themselves, so that others wait with theirs for a moment.

Must not know: what is written.  Invariant: a courtesy and no lock: nothing that is in the file or the history
depends on it, and whoever forgets it, or is killed, is waited for no longer than `LONGEST`.

An editor that writes its file itself looks at it first, and asks people what to do if it has changed; what
others write between its look and its write makes it ask.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4

from nbmerge.files import digest

LONGEST = 2.0  # seconds; VS Code waits 1.5 for what is to happen before it writes
_PAUSE = 0.02


@dataclass(frozen=True, slots=True)
class Holds:
    """Those of the processes that share a state directory; None: there is nobody else.

    `own` is what this process is known by.
    """

    directory: str | None = None
    own: str = field(default_factory=lambda: uuid4().hex)

    def take(self, path: str, patience: float, sleep: Callable[[float], None] = time.sleep) -> bool:
        """Have others wait; whether nobody else had, or has finished within `patience` seconds."""
        file = self._file(path)
        end = time.monotonic() + patience
        while file is not None and self.is_held(path):
            if time.monotonic() >= end:
                return False
            sleep(_PAUSE)
        with contextlib.suppress(OSError):
            if file is not None:
                os.makedirs(os.path.dirname(file), mode=0o700, exist_ok=True)
                with open(file, "w", encoding="ascii") as made:
                    made.write(self.own)
        return True

    def release(self, path: str) -> None:
        """Have nobody wait any more, unless it is somebody else's by now."""
        file = self._file(path)
        if file is not None and self._holder(file) == self.own:
            with contextlib.suppress(OSError):
                os.unlink(file)

    def is_held(self, path: str) -> bool:
        """Whether somebody else is writing just now."""
        file = self._file(path)
        if file is None or self._holder(file) in ("", self.own):
            return False
        try:
            age = time.time() - os.stat(file).st_mtime
        except OSError:
            return False
        return 0 <= age < LONGEST

    def _file(self, path: str) -> str | None:
        if self.directory is None:
            return None
        return os.path.join(self.directory, "holds", digest(os.fsencode(os.path.realpath(path)))[:32])

    @staticmethod
    def _holder(file: str) -> str:
        try:
            with open(file, encoding="ascii", errors="replace") as found:
                return found.read(64)
        except OSError:
            return ""
