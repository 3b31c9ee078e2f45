"""Owns: conflict copies that wait until it is clear what their original holds.

Must not know: contents, disk, other notebooks.  Invariant: a copy waits with its original or
stands on its own, never both.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from nbmerge.signs.copies import Copy

STAYS = 30.0  # seconds for which a copy of what the file holds waits for the other side to arrive


@dataclass(slots=True)
class WaitingCopy:
    """A file that by its name is a copy; `data` is None until it was read.

    `renamed`: the original was given this name, which clients do before they put the other
    side in its place, and people do for reasons of their own.  `last`: it has waited long enough.
    """

    path: str
    copy: Copy
    at: float
    data: bytes | None = None
    renamed: bool = False
    last: bool = False


@dataclass(slots=True)
class Copies:
    """The copies of one notebook, by path."""

    waiting: dict[str, WaitingCopy] = field(default_factory=dict)

    def came(self, path: str, copy: Copy, at: float, data: bytes | None = None) -> None:
        """A copy was seen, which is to be taken at that time; without `data`: by a rename."""
        one = self.waiting.setdefault(path, WaitingCopy(path, copy, at, renamed=data is None))
        one.at = max(one.at, at)
        one.data = one.data if data is None else data

    def stays(self, one: WaitingCopy, now: float) -> None:
        """It holds what the file holds: perhaps the other side is still to come."""
        one.at, one.last = now + STAYS, True
        self.waiting[one.path] = one

    def changed(self, at: float) -> None:
        """The original holds something else now."""
        for one in self.waiting.values():
            one.at, one.last = min(one.at, at), False

    def next_time(self) -> float | None:
        return min((one.at for one in self.waiting.values()), default=None)

    def ripe(self, now: float) -> WaitingCopy | None:
        """One whose time has come, the first in an order that every machine agrees on."""
        due = [one for one in self.waiting.values() if one.at <= now]
        return min(due, key=lambda one: one.copy.key, default=None)

    def is_fresh(self) -> bool:
        """Whether one is to be taken before anything is written."""
        return any(not one.last for one in self.waiting.values())
