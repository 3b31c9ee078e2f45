"""Owns: what is known of each notebook: which content was reported last, which saves nobody read, and
renames that are not certain yet.

Must not know: where events come from, when files are read.  Invariant: a save that nobody read is
counted once, at the latest when the next one is closed (where the same bytes are saved again, none is
missing); an event that was held back comes out once, after the `Renamed` that it belongs to, in order.

Two things show that a save was overwritten before it was read: the content read for it is read once
more, unchanged, for the next save (so it was that one's already); or it is torn, and the next save
was being written.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from nbmerge.observe.events import Event, FileRead, FileStamp, Renamed
from nbmerge.observe.reading import FileReading, FileStatus

_LATE = 1.0  # seconds by which the report of a write can be later than the write


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
        """Somebody writes.  A file can be empty, being truncated, before the system says so."""
        self.dirty = True
        if self._torn and time.monotonic() - self._read_at < _LATE:
            self._doubtful = True

    def read_open(self, reading: FileReading, created: bool) -> None:
        """New content was read that no writer has closed yet; `created`: of a file that was just made."""
        self._ahead = (self.dirty or created) and reading.seems_whole

    def closed(self, reading: FileReading, again: bool, written_again: bool) -> bool:
        """A writer closed the file, and this was read; `again`: as it had been read before.

        `written_again`: somebody writes already.  Returns whether a save was missed.
        """
        missed = self._doubtful
        whole = reading.is_whole() if written_again else reading.seems_whole
        if self._ahead and (again or not whole):
            self._ahead, self._torn = False, False
        elif self.dirty:
            missed = missed or (again and whole)
            self._torn = not whole
        self._doubtful = self._torn and written_again
        self._read_at = time.monotonic()
        self.dirty = False
        return missed

    def recovered(self) -> None:
        """The content of the last save is known after all, or nobody wants to know it."""
        self._torn = self._doubtful = False

    def replaced_by_us(self) -> None:
        """The file was replaced by one of ours."""
        self.recovered()
        self._ahead = self.dirty = False


@dataclass(slots=True, eq=False)
class FileRecord:
    """One notebook.  `stamp` and `checksum` are of the content that was reported last, None if none was."""

    saves: MissedSaves = field(default_factory=MissedSaves)
    stamp: FileStamp | None = None
    checksum: int | None = None
    changed: int | None = None  # as in FileStatus
    times_read: int = 0
    stable: bool = True  # it did not change while it was read
    racy: bool = False  # it may have changed since without its stamp showing it
    awaiting_close: bool = False  # it will be read if no writer closes it soon
    copied: bool = False  # jupyter_server's copy was there since the last save
    created: bool = False  # the name was given to another file since the last save

    def holds(self, reading: FileReading) -> bool:
        """Whether just this was reported last, and it is not the same bytes saved once more."""
        return self.checksum == reading.checksum and (not self.stable or self.stamp == reading.stamp)

    def is_current(self, status: FileStatus) -> bool:
        """Whether the file is still as it was when it was last read, as far as its status tells."""
        return self.stamp == status.stamp and self.changed in (status.changed, None) and not self.racy

    def way(self, reading: FileReading, moved: bool) -> str:
        """How the save that was just read came into the file."""
        if self.stamp is None:
            return "renamed" if moved else ""
        if moved or self.created or self.stamp.inode != reading.stamp.inode:
            return "renamed"
        return "in place with a copy" if self.copied else "in place"

    def read(self, reading: FileReading) -> None:
        """This was read, whether or not it is reported."""
        self.times_read += 1
        self.racy = reading.is_racy
        self.changed = reading.status.changed

    def reported(self, reading: FileReading) -> None:
        """This is reported now."""
        self.checksum = reading.checksum
        self.stable = reading.stable
        self.copied = self.created = False


class FileRecords:
    """All notebooks, by folder and name."""

    def __init__(self) -> None:
        self._folders: dict[str, dict[str, FileRecord]] = {}
        self._paths: dict[int, str] = {}  # by inode, where it was last

    def __len__(self) -> int:
        return sum(map(len, self._folders.values()))

    def get(self, path: str) -> FileRecord | None:
        folder, name = os.path.split(path)
        return self._folders.get(folder, {}).get(name)

    def get_or_make(self, path: str) -> FileRecord:
        folder, name = os.path.split(path)
        return self._folders.setdefault(folder, {}).setdefault(name, FileRecord())

    def path_of(self, stamp: FileStamp) -> str | None:
        """A notebook that had just this stamp when it was last read."""
        path = self._paths.get(stamp.inode)
        record = None if path is None else self.get(path)
        return path if record is not None and record.stamp == stamp else None

    def stamped(self, path: str, record: FileRecord, stamp: FileStamp) -> None:
        """The file at this path looks like this."""
        self._unlist(path, record)
        record.stamp = stamp
        self._paths[stamp.inode] = path

    def move(self, old: str, new: str) -> None:
        record = self.drop(old)
        if record is not None:
            self.drop(new)
            folder, name = os.path.split(new)
            self._folders.setdefault(folder, {})[name] = record
            if record.stamp is not None:
                self._paths[record.stamp.inode] = new

    def drop(self, path: str) -> FileRecord | None:
        folder, name = os.path.split(path)
        record = self._folders.get(folder, {}).pop(name, None)
        if record is not None and not self._folders[folder]:
            del self._folders[folder]
        if record is not None:
            self._unlist(path, record)
        return record

    def _unlist(self, path: str, record: FileRecord) -> None:
        """Forget under which inode it was: a file that is replaced has another one each time."""
        if record.stamp is not None and self._paths.get(record.stamp.inode) == path:
            del self._paths[record.stamp.inode]

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
    """Those that are not certain yet.

    A notebook that moved is renamed if nothing takes its old name for a while: many programs
    move the old file aside before they put the new one there.
    """

    def __init__(self) -> None:
        self._pending: dict[str, _Pending] = {}  # by new name
        self._leaving: dict[str, str] = {}  # old name -> new name

    def is_pending(self, new: str) -> bool:
        """Whether it is not decided yet what became of a notebook that moved to this name."""
        return new in self._pending

    def begin(self, old: str, new: str) -> None:
        """A notebook moved from a name to one that was free, and is not pending."""
        self._pending[new] = _Pending(old)
        self._leaving[old] = new

    def hold(self, path: str, event: Event) -> bool:
        """Keep the event if it has to wait; returns whether it has."""
        pending = self._pending.get(path)
        if pending is not None:
            pending.held.append(event)
        return pending is not None

    def undone(self, old: str, new: str) -> list[Event] | None:
        """If moving `old` to `new` only takes back what is pending: what was held meanwhile."""
        if self._leaving.get(new) != old:
            return None
        del self._leaving[new]
        held = self._pending.pop(old).held
        return [replace(event, path=new) for event in held if isinstance(event, FileRead)]

    def new_name(self, old: str) -> str | None:
        """Where the notebook is that moved away from this name, if that is not decided."""
        return self._leaving.get(old)

    def cancelled(self, path: str) -> list[Event]:
        """Something has this name now: what moved away from it was not renamed; what was held for it."""
        new = self._leaving.pop(path, None)
        return [] if new is None else self._pending.pop(new).held

    def decided(self, old: str, new: str, at: float) -> list[Event]:
        """Long enough after `begin`: what is to be reported, if nothing came in between."""
        if self._leaving.get(old) != new:
            return []
        del self._leaving[old]
        return [Renamed(old, new, at), *self._pending.pop(new).held]
