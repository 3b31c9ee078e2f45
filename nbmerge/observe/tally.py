"""Owns: whether every save of a notebook was read, by what was told and read of it.

Must not know: files, events.  Invariant: a save that nobody read is counted once, at the latest
when the next one is closed; where the same bytes are saved again, none is missing.

Two things betray a save that was written over before it was read: what was read for it is
read once more, unchanged, for the next one (so it was that one's already); or it is torn, and
the next one was being written.
"""

from __future__ import annotations

import time

from nbmerge.observe.reading import Reading

_LATE = 1.0  # seconds that the news of a write can take longer than the write


class Tally:
    """Of one notebook.  `dirty`: written to since a writer last closed it."""

    __slots__ = ("_ahead", "_doubtful", "_read_at", "_torn", "dirty")

    def __init__(self) -> None:
        self.dirty = False
        self._ahead = False  # one more save was read whole than was closed
        self._torn = False  # what was read for the last save is not all of a notebook
        self._doubtful = False  # and the next one was being written
        self._read_at = 0.0

    def written(self) -> None:
        """Somebody writes.  While a file is being truncated it can be empty before the system says so."""
        self.dirty = True
        if self._torn and time.monotonic() - self._read_at < _LATE:
            self._doubtful = True

    def glimpsed(self, reading: Reading, made: bool) -> None:
        """Something new was read that no writer has closed yet; `made`: of a file that was just made."""
        self._ahead = (self.dirty or made) and reading.seems_whole

    def closed(self, reading: Reading, again: bool, overtaken: bool) -> bool:
        """A writer closed the file, and this was read; `again`: as it had been read before.

        `overtaken`: somebody writes again already.  Returns whether a save was missed.
        """
        missed = self._doubtful
        whole = reading.is_whole() if overtaken else reading.seems_whole
        if self._ahead and (again or not whole):
            self._ahead, self._torn = False, False
        elif self.dirty:
            missed = missed or (again and whole)
            self._torn = not whole
        self._doubtful = self._torn and overtaken
        self._read_at = time.monotonic()
        self.dirty = False
        return missed

    def kept(self) -> None:
        """What the last save was is known after all, or nobody wants to know."""
        self._torn = self._doubtful = False

    def ours(self) -> None:
        """The file was replaced by one of ours."""
        self.kept()
        self._ahead = self.dirty = False
