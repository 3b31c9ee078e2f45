"""Owns: whether what a file shows may be an older state of it, which another machine has replaced by now.

Must not know: what is done about it.  Invariant: bytes that no version has are always a save; bytes of an
older version are doubted only where machines share the store, the file lies on a network drive, and the
head came from elsewhere not longer ago, by this machine's own stopwatch, than such a drive remembers what
it has read.  No date and no time of a file is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from nbmerge.history.store import Store

REMEMBERED = 65.0  # seconds; NFS remembers for 60 at most, if nobody has told it otherwise


def on_a_network(path: str) -> bool:
    """Whether other machines may write to the drive without the system's noticing."""
    from nbmerge.observe.backend import mounts

    return mounts().silent(path) is not None


@dataclass(slots=True)
class Views:
    """What this process has seen of heads that others have set."""

    store: Store
    stopwatch: Callable[[], float]
    is_remote: Callable[[str], bool] = on_a_network
    _since: dict[int, tuple[int, float]] = field(default_factory=dict)  # the head, when it was news

    def may_be_old(self, notebook_id: int, path: str, name: str) -> bool:
        """Whether a file that shows bytes with this digest may hold the head all the same."""
        if not self.store.is_shared:
            return False
        heads, found = self.store.heads(notebook_id), self.store.find(notebook_id, name)
        if heads is None or found is None or found.number >= heads.head or not self.is_remote(path):
            return False
        now = self.stopwatch()
        head, since = self._since.get(notebook_id, (-1, 0.0))
        if head != heads.head:
            since = now
            self._since[notebook_id] = heads.head, since
        return now - since < REMEMBERED

    def is_ours(self, notebook_id: int) -> None:
        """The head was set by this process, from what it has read or written: the drive knows it, too."""
        heads = self.store.heads(notebook_id) if self.store.is_shared else None
        if heads is not None:
            self._since[notebook_id] = heads.head, float("-inf")
