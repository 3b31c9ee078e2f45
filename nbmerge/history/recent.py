"""Owns: the contents of the versions that were recorded last, in memory.

Must not know: anything of disk.  Invariant: what it gives is what the store holds: a
transaction that came to nothing, of which `undone` is the count, empties it.
"""

from __future__ import annotations

from nbmerge.history.pieces import Content

LIMIT = 16 << 20  # bytes of all together


class Recent:
    """The newest version of each of the notebooks that were saved last, so that what a save did
    not change need not be cut, hashed and looked up again."""

    def __init__(self) -> None:
        self._contents: dict[int, tuple[int, Content, int]] = {}  # the last one that was put stands last
        self._size = 0
        self._undone = 0

    def take(self, book: int, number: int, undone: int) -> Content | None:
        """The content of this version if it is known.  It is forgotten here: whoever took it may fail."""
        if undone != self._undone:
            self._contents.clear()
            self._size, self._undone = 0, undone
        known, content, size = self._contents.pop(book, (0, None, 0))
        self._size -= size
        return content if known == number else None

    def put(self, book: int, number: int, content: Content) -> None:
        """Remember a content that was just recorded."""
        size = sum(map(len, content.pieces))
        self._contents[book] = number, content, size
        self._size += size
        while self._size > LIMIT:
            _, _, size = self._contents.pop(next(iter(self._contents)))
            self._size -= size
