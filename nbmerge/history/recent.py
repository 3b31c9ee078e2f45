"""Owns: what is remembered of the notebooks that this process has locked, so that a question about them
takes no way to the database and back; also the contents that were recorded last.

Must not know: where it comes from, who else has the database.  Invariant: what it says is what the database
says: nobody else changes a notebook while it is locked; from one lock to the next it is remembered as long as
the notebook has the same generation, which each change of it counts up; a transaction that came to nothing
empties it.  Where nothing is locked by itself (one machine) it knows nothing, and nothing is asked of it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from nbmerge.history.pieces import StoredContent
from nbmerge.lineage.heads import Heads
from nbmerge.lineage.versions import Version

WINDOW = 64  # versions that are read with the lock: a judgement looks at fewer
MOST = 2 * WINDOW  # that are remembered
NOTEBOOKS = 200  # that are remembered
HELD = 16 << 20  # bytes of all contents that are held in memory

Glance = tuple[int, int, int]


@dataclass(slots=True)
class KnownNotebook:
    """A notebook as the database has it: all its versions after `floor`, and which of them are kept."""

    notebook_id: int
    name: bytes
    generation: int
    last: int
    heads: Heads | None
    glance: Glance | None
    floor: int = 0
    versions: dict[int, Version] = field(default_factory=dict)
    kept: set[int] = field(default_factory=set)
    sought: dict[str, Version | None] = field(default_factory=dict)  # by digest, while it is locked
    older: dict[int, Version] = field(default_factory=dict)  # that were asked for, while it is locked
    read: dict[int, bytes] = field(default_factory=dict)  # contents likewise: a merge reads some twice
    read_size: int = 0

    def newest(self, count: int | None) -> tuple[Version, ...] | None:
        """The newest versions that are kept, ascending; None: it is not known which."""
        found = [self.versions[number] for number in sorted(self.kept, reverse=True)[:count]]
        if self.floor and (count is None or len(found) < count):
            return None
        return tuple(reversed(found))

    def version(self, number: int) -> Version | None:
        """One of the versions that are known."""
        return self.versions.get(number) or self.older.get(number)

    def with_digest(self, digest: str) -> Version | None:
        """The newest version with these bytes that is kept, of those that are known."""
        return next(
            (
                self.versions[one]
                for one in sorted(self.kept, reverse=True)
                if self.versions[one].digest == digest
            ),
            None,
        )

    def was_read(self, number: int, data: bytes) -> None:
        """Remember what a version holds, while it is locked; of much the last."""
        self.read[number] = data
        self.read_size += len(data)
        while self.read_size > HELD and len(self.read) > 1:
            self.read_size -= len(self.read.pop(next(iter(self.read))))

    def forget_what_was_asked(self) -> None:
        """It is locked no more."""
        self.sought.clear()
        self.older.clear()
        self.read.clear()
        self.read_size = 0

    def parents(self) -> dict[int, tuple[int, ...]]:
        """The parents of the versions that are known."""
        return {number: version.parents for number, version in self.versions.items()}

    def add(self, version: Version) -> None:
        """A version was recorded."""
        self.versions[version.number] = version
        self.kept.add(version.number)
        self.last = version.number
        if len(self.versions) > MOST:
            for number in sorted(self.versions)[:WINDOW]:
                del self.versions[number]
                self.kept.discard(number)
                self.floor = number

    def change(self, number: int, change: Callable[[Version], Version]) -> None:
        """Something about a version was changed."""
        for known in (self.versions, self.older):
            if number in known:
                known[number] = change(known[number])

    def reparented(self, number: int, parents: tuple[int, ...]) -> None:
        """A version has other parents."""
        self.change(number, lambda version: replace(version, parents=parents))

    def fill(self, versions: Iterable[tuple[Version, bool]]) -> None:
        """The newest versions, newest first, and whether they are kept."""
        for version, is_kept in versions:
            self.versions[version.number] = version
            if is_kept:
                self.kept.add(version.number)
        if len(self.versions) >= WINDOW:
            self.floor = min(self.versions) - 1


class NewestContents:
    """The newest version of each of the notebooks that were saved last, in memory, so that what a save
    did not change need not be cut, hashed and looked up again.

    It gives what the store holds: a transaction that came to nothing, of which `undone` is the count,
    empties it.
    """

    def __init__(self) -> None:
        # by notebook: version, content, its size; the one that was put last stands last
        self._contents: dict[int, tuple[int, StoredContent, int]] = {}
        self._size = 0
        self._undone = 0

    def take(self, notebook_id: int, number: int, undone: int) -> StoredContent | None:
        """The content of this version if it is known.  It is forgotten here: whoever took it may fail."""
        if undone != self._undone:
            self._contents.clear()
            self._size, self._undone = 0, undone
        known, content, size = self._contents.pop(notebook_id, (0, None, 0))
        self._size -= size
        return content if known == number else None

    def look(self, notebook_id: int, number: int, undone: int) -> bytes | None:
        """What this version holds if it is known, which it stays."""
        known, content, _ = self._contents.get(notebook_id, (0, None, 0))
        if undone != self._undone or known != number or content is None or not content.pieces:
            return None
        return b"".join(content.pieces)

    def put(self, notebook_id: int, number: int, content: StoredContent) -> None:
        """Remember a content that was just recorded."""
        size = sum(map(len, content.pieces))
        self._contents[notebook_id] = number, content, size
        self._size += size
        while self._size > HELD:
            _, _, size = self._contents.pop(next(iter(self._contents)))
            self._size -= size


class RecentNotebooks:
    """The notebooks that were locked last; those that are locked now can be asked."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, KnownNotebook] = OrderedDict()
        self._locked: dict[int, KnownNotebook] = {}
        self._undone = 0

    def named(self, name: bytes) -> KnownNotebook | None:
        """What is known of a notebook that is locked."""
        found = self._known.get(name)
        return found if found is not None and found.notebook_id in self._locked else None

    def of(self, notebook_id: int) -> KnownNotebook | None:
        """The same by its number."""
        return self._locked.get(notebook_id)

    def generation(self, name: bytes) -> int:
        """Up to which generation a notebook is known; -1: it is not."""
        found = self._known.get(name)
        return -1 if found is None else found.generation

    def lock(self, name: bytes, found: KnownNotebook | None) -> None:
        """It is locked from now on, and this is what the database says; None: it is not there yet."""
        if found is None:
            self._known.pop(name, None)
            return
        self._known[name] = self._locked[found.notebook_id] = found
        self._known.move_to_end(name)
        while len(self._known) > NOTEBOOKS:
            self._known.popitem(last=False)

    def known(self, name: bytes) -> KnownNotebook | None:
        """What was known when it was locked before."""
        return self._known.get(name)

    def unlock(self, name: bytes) -> None:
        """It is not locked any more."""
        if (found := self._known.get(name)) is not None:
            self._locked.pop(found.notebook_id, None)

    def forget(self, *notebook_ids: int | None) -> None:
        """These are not known any more."""
        for notebook_id in notebook_ids:
            for name in [one for one, known in self._known.items() if known.notebook_id == notebook_id]:
                del self._known[name]
            if notebook_id is not None:
                self._locked.pop(notebook_id, None)

    def forget_all(self) -> None:
        """Nothing is known any more."""
        self._known.clear()
        self._locked.clear()
