"""Owns: what was tried, in figures: tries, saves, kills, writes that were refused, what was lost.

Must not know: how it is tried.  Invariant: a try that broke off counts as one in which something was lost.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass
class Attempt:
    """What happened in one try.  `refused`: writes that the system is known to have refused;
    `lost`: what was saved and is not there any more, or whatever else does not hold."""

    saves: int = 0
    kills: int = 0
    refused: int = 0
    lost: list[str] = field(default_factory=list)

    def expect(self, holds: bool, what: str) -> None:
        """Note what does not hold."""
        if not holds:
            self.lost.append(what)


@dataclass
class Figures:
    """The sum of all tries of one kind."""

    kind: str
    tries: int = 0
    saves: int = 0
    kills: int = 0
    refused: int = 0
    lost: int = 0
    seconds: float = 0.0

    def add(self, attempt: Attempt, seconds: float) -> None:
        self.tries += 1
        self.saves += attempt.saves
        self.kills += attempt.kills
        self.refused += attempt.refused
        self.lost += len(attempt.lost)
        self.seconds += seconds

    def __str__(self) -> str:
        return (
            f"{self.kind:<12} {self.tries:>6} tries {self.saves:>7} saves {self.kills:>6} kills"
            f" {self.refused:>6} writes refused {self.lost:>4} lost {self.seconds:>6.0f} s"
        )


def total(figures: Iterable[Figures]) -> Figures:
    """All kinds together."""
    found = Figures("all")
    for one in figures:
        for name in ("tries", "saves", "kills", "refused", "lost", "seconds"):
            setattr(found, name, getattr(found, name) + getattr(one, name))
    return found
