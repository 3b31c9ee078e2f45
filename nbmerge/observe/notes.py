"""Owns: what a system says about files, before anybody has looked, and who can say it.

Must not know: notebooks, any one system.  Invariant: notes come in the order in which
things happened; paths are absolute and, unless something moved since, real.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class Eyes(Protocol):
        """Something that tells of changes in folders.  All may be called from any thread but `notes`.

        `tells_closing`: says when a writer has finished.
        """

        @property
        def tells_closing(self) -> bool: ...

        def watch(self, folder: str, below: bool) -> None:
            """Watch a folder; those `below` it will be, too.  Raises OSError."""

        def unwatch(self, folder: str) -> None: ...

        def renamed(self, old: str, new: str) -> None:
            """A watched folder is elsewhere now; what is below it too."""

        def notes(self, timeout: float) -> Sequence[Note]:
            """What happened; waits so many seconds at most for it."""

        def overtaken(self, path: str) -> bool:
            """Whether more was written to a file after what `notes` has told so far."""

        def wake(self) -> None:
            """Make `notes` return at once."""

        def close(self) -> None: ...


class What(Enum):
    """What happened to a path."""

    MADE = "made"
    WRITTEN = "written"
    CLOSED = "closed"  # by somebody who had it open for writing
    GONE = "gone"
    MOVED = "moved"  # `path` is where it was, "" if that is not watched; `to` is where it is
    LOST = "lost"  # this watched folder is gone, or stands for another one now
    OVERFLOW = "overflow"  # things happened that are not told; `path` is ""


@dataclass(frozen=True, slots=True)
class Note:
    """Something happened to a file, or to a folder."""

    what: What
    path: str
    is_folder: bool = False
    to: str = ""
