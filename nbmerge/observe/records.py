"""Owns: what is known of each notebook: how its file looked when it was last read, which saves were read.

Must not know: where notes come from, when files are read.  Invariant: what is not certain to
have been told counts as not told.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from nbmerge.observe.events import Glance
from nbmerge.observe.reading import Reading, Sight
from nbmerge.observe.tally import Tally


class Record:
    """One notebook.  `glance` and `checksum` are of the last content that was told, None if none was.

    `touched`: as in Sight; `stable`: it did not change while it was read; `racy`: it may have
    changed since without looking different; `looks`: how often it was read; `awaited`: it will be
    read if no writer closes it soon; `copied`: jupyter_server's copy was there since the last
    save; `made`: the name was given to another file since; `saves`: which were read.
    """

    __slots__ = (
        "awaited", "checksum", "copied", "glance", "looks",
        "made", "racy", "saves", "stable", "touched",
    )  # fmt: skip

    def __init__(self) -> None:
        self.saves = Tally()
        self.glance: Glance | None = None
        self.checksum: int | None = None
        self.touched: int | None = None
        self.looks = 0
        self.stable = True
        self.awaited = self.copied = self.made = self.racy = False

    def holds(self, reading: Reading) -> bool:
        """Whether just this was told last, not the same bytes saved once more."""
        return self.checksum == reading.checksum and (not self.stable or self.glance == reading.glance)

    def looks_like(self, sight: Sight) -> bool:
        """Whether the file looks as it did when it was last read."""
        return self.glance == sight.glance and self.touched in (sight.touched, None) and not self.racy

    def read(self, reading: Reading) -> None:
        """This was read, whether or not it is told."""
        self.looks += 1
        self.racy = reading.is_racy
        self.touched = reading.sight.touched

    def way(self, reading: Reading, moved: bool) -> str:
        """How the save that was just read came into the file."""
        if self.glance is None:
            return "renamed" if moved else ""
        if moved or self.made or self.glance.inode != reading.glance.inode:
            return "renamed"
        return "in place with a copy" if self.copied else "in place"

    def told(self, reading: Reading) -> None:
        """This was told of it now."""
        self.glance = reading.glance
        self.checksum = reading.checksum
        self.stable = reading.stable
        self.copied = self.made = False


class Records:
    """All notebooks, by folder and name."""

    def __init__(self) -> None:
        self._folders: dict[str, dict[str, Record]] = {}

    def __len__(self) -> int:
        return sum(map(len, self._folders.values()))

    def get(self, path: str) -> Record | None:
        folder, name = os.path.split(path)
        return self._folders.get(folder, {}).get(name)

    def make(self, path: str) -> Record:
        """The record of a notebook, a new one if need be."""
        folder, name = os.path.split(path)
        return self._folders.setdefault(folder, {}).setdefault(name, Record())

    def path_of(self, glance: Glance) -> str | None:
        """A notebook that looked just so when it was last read."""
        for folder, names in self._folders.items():
            for name, record in names.items():
                if record.glance == glance:
                    return os.path.join(folder, name)
        return None

    def put(self, path: str, record: Record) -> None:
        folder, name = os.path.split(path)
        self._folders.setdefault(folder, {})[name] = record

    def drop(self, path: str) -> Record | None:
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
