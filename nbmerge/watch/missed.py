"""Owns: when people are told of saves that nobody could read, and in which words.

Must not know: how it was noticed, what else is told.  Invariant: every such save is told of once, at
the latest when the watcher ends; of one notebook there is one notice in `PAUSE` seconds, the first at once.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

PAUSE = 30.0


@dataclass(slots=True)
class _Untold:
    """Saves of one notebook that are told of together at `until`, and the time in which they were missed."""

    until: float
    count: int = 0
    first: float = 0.0
    last: float = 0.0


@dataclass(slots=True)
class MissedNotices:
    """Those of all notebooks; each notice is a path and a message."""

    waiting: dict[str, _Untold] = field(default_factory=dict)

    def missed(self, path: str, count: int, now: float) -> Iterator[tuple[str, str]]:
        """So many more saves were missed."""
        yield from self.ripe(now)
        one = self.waiting.get(path)
        if one is None:
            self.waiting[path] = _Untold(now + PAUSE)
            yield path, _message(count, 0.0)
            return
        one.first = one.first if one.count else now
        one.count, one.last = one.count + count, now

    def ripe(self, now: float) -> Iterator[tuple[str, str]]:
        """The notices whose time has come."""
        for path in [path for path, one in self.waiting.items() if one.until <= now]:
            one = self.waiting.pop(path)
            if one.count:
                self.waiting[path] = _Untold(now + PAUSE)
                yield path, _message(one.count, one.last - one.first)

    def next_time(self) -> float | None:
        """When something is to be told."""
        return min((one.until for one in self.waiting.values() if one.count), default=None)

    def rest(self) -> Iterator[tuple[str, str]]:
        """What was not told yet."""
        yield from self.ripe(float("inf"))


def _message(count: int, seconds: float) -> str:
    if count == 1:
        return "a save was overwritten by the next one before nbmerge could read it"
    within = f" in {seconds:.0f} s" if seconds >= 1 else ""
    return f"{count} saves{within} were overwritten by the next one before nbmerge could read them"
