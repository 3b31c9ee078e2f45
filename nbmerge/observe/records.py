"""Owns: whether every save of a notebook was read, by what was told and read of it.
what is known of each notebook: how its file looked when it was last read, which saves were read.
notebooks that may have been renamed, and what is to be told of them once that is clear.

Must not know: files, events.
where notes come from, when files are read.
files, time.
Invariant: a save that nobody read is counted once, at the latest
when the next one is closed; where the same bytes are saved again, none is missing.

Two things betray a save that was written over before it was read: what was read for it is
read once more, unchanged, for the next one (so it was that one's already); or it is torn, and
the next one was being written.
what is not certain to
have been told counts as not told.
pure; an event that was held back comes out once, after
the `Renamed` that it belongs to, and in its order.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from nbmerge.observe.events import Event, FileRead, FileStamp, Renamed
from nbmerge.observe.reading import FileReading, Sight

_LATE = 1.0  # seconds that the news of a write can take longer than the write


class MissedSaves:
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

    def glimpsed(self, reading: FileReading, made: bool) -> None:
        """Something new was read that no writer has closed yet; `made`: of a file that was just made."""
        self._ahead = (self.dirty or made) and reading.seems_whole

    def closed(self, reading: FileReading, again: bool, overtaken: bool) -> bool:
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


class FileRecord:
    """One notebook.  `glance` and `checksum` are of the last content that was told, None if none was.

    `touched`: as in Sight; `stable`: it did not change while it was read; `racy`: it may have
    changed since without looking different; `looks`: how often it was read; `awaited`: it will be
    read if no writer closes it soon; `copied`: jupyter_server's copy was there since the last
    save; `made`: the name was given to another file since; `saves`: which were read.
    """

    __slots__ = (
        "awaited",
        "checksum",
        "copied",
        "looks",
        "made",
        "racy",
        "saves",
        "stable",
        "stamp",
        "touched",
    )  # fmt: skip

    def __init__(self) -> None:
        self.saves = MissedSaves()
        self.stamp: FileStamp | None = None
        self.checksum: int | None = None
        self.touched: int | None = None
        self.looks = 0
        self.stable = True
        self.awaited = self.copied = self.made = self.racy = False

    def holds(self, reading: FileReading) -> bool:
        """Whether just this was told last, not the same bytes saved once more."""
        return self.checksum == reading.checksum and (not self.stable or self.stamp == reading.stamp)

    def looks_like(self, sight: Sight) -> bool:
        """Whether the file looks as it did when it was last read."""
        return self.stamp == sight.stamp and self.touched in (sight.touched, None) and not self.racy

    def read(self, reading: FileReading) -> None:
        """This was read, whether or not it is told."""
        self.looks += 1
        self.racy = reading.is_racy
        self.touched = reading.sight.touched

    def way(self, reading: FileReading, moved: bool) -> str:
        """How the save that was just read came into the file."""
        if self.stamp is None:
            return "renamed" if moved else ""
        if moved or self.made or self.stamp.inode != reading.stamp.inode:
            return "renamed"
        return "in place with a copy" if self.copied else "in place"

    def told(self, reading: FileReading) -> None:
        """This was told of it now."""
        self.stamp = reading.stamp
        self.checksum = reading.checksum
        self.stable = reading.stable
        self.copied = self.made = False


class FileRecords:
    """All notebooks, by folder and name."""

    def __init__(self) -> None:
        self._folders: dict[str, dict[str, FileRecord]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._folders.values()))

    def get(self, path: str) -> FileRecord | None:
        folder, name = os.path.split(path)
        return self._folders.get(folder, {}).get(name)

    def make(self, path: str) -> FileRecord:
        """The record of a notebook, a new one if need be."""
        folder, name = os.path.split(path)
        return self._folders.setdefault(folder, {}).setdefault(name, FileRecord())

    def path_of(self, stamp: FileStamp) -> str | None:
        """A notebook that looked just so when it was last read."""
        for folder, names in self._folders.items():
            for name, record in names.items():
                if record.stamp == stamp:
                    return os.path.join(folder, name)
        return None

    def put(self, path: str, record: FileRecord) -> None:
        folder, name = os.path.split(path)
        self._folders.setdefault(folder, {})[name] = record

    def drop(self, path: str) -> FileRecord | None:
        folder, name = os.path.split(path)
        record = self._folders.get(folder, {}).pop(name, None)
        if record is not None and not self._folders[folder]:
            del self._folders[folder]
        return record

    def inside(self, folder: str) -> list[str]:
        """The notebooks right in a folder."""
        return [os.path.join(folder, name) for name in list(self._folders.get(folder, ()))]

    def below(self, folder: str) -> Iterator[str]:
        """The notebooks in a folder and all that it holds."""
        start = os.path.join(folder, "")
        for one in [one for one in self._folders if one == folder or one.startswith(start)]:
            yield from self.inside(one)


@dataclass(slots=True)
class _Pending:
    """A notebook was moved; `held` is what happened under the new name since."""

    old: str
    held: list[Event] = field(default_factory=list)


class Renames:
    """Those that are not decided yet.

    A notebook that moved is renamed if nothing takes its old name for a while: many programs
    move the old file aside before they put the new one there.
    """

    def __init__(self) -> None:
        self._pending: dict[str, _Pending] = {}  # by new name
        self._leaving: dict[str, str] = {}  # old name -> new name

    def begin(self, old: str, new: str) -> None:
        """A notebook moved from a name to one that was free."""
        self._pending[new] = _Pending(old)
        self._leaving[old] = new

    def hold(self, path: str, event: Event) -> bool:
        """Whether the event waits for a decision."""
        pending = self._pending.get(path)
        if pending is not None:
            pending.held.append(event)
        return pending is not None

    def undone(self, old: str, new: str) -> list[Event] | None:
        """If moving `old` to `new` only takes back what is pending: what it held meanwhile."""
        if self._leaving.get(new) != old:
            return None
        del self._leaving[new]
        held = self._pending.pop(old).held
        return [replace(event, path=new) for event in held if isinstance(event, FileRead)]

    def taken(self, path: str) -> list[Event]:
        """Something has this name now: what moved away from it was not renamed."""
        new = self._leaving.pop(path, None)
        return [] if new is None else self._pending.pop(new).held

    def decide(self, old: str, new: str, at: float) -> list[Event]:
        """Long enough after `begin`: what is to be told, if nothing came in between."""
        if self._leaving.get(old) != new:
            return []
        del self._leaving[old]
        return [Renamed(old, new, at), *self._pending.pop(new).held]
