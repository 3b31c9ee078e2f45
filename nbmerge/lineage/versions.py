"""Owns: what a version is, how versions descend from each other, and what is known of a save besides
contents.

Must not know: where versions are kept, what a merge does, how things were found out.  Invariant: numbers
grow with time and a parent's number is smaller than its child's, so the graph has no cycle.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from heapq import heapify, heappop, heappush


class Origin(Enum):
    """How a version came about; the values are what people read."""

    FIRST = "first seen"
    SAVED = "saved"
    MERGED = "merged"
    RESTORED = "restored"
    COPY = "conflict copy"
    UNREADABLE = "unreadable"


DECLARED = "told"  # as it is spelled in stores, like all of these
IN_PLACE, WITH_COPY, RENAMED = "in place", "in place with a copy", "renamed"
USUAL_STYLE = "Jupyter or VS Code"
GIT_AT_WORK, GIT_PUT = "git is at work", "git put it there"  # why such a version was taken as it is
GIT_WAITS = "git waits for somebody to finish what it does"  # why a save of somebody's was
# Why a version stands for the one before it: who goes on from what that was made of goes on from this, too.
RESPELLED, MADE_AGAIN = "the same, as its writer spells JSON", "the same merge, by what is known now"
_FIRST, _SECOND, _BOTH, _BELOW = 1, 2, 3, 4  # sides that a version is below; below one that is below both


@dataclass(frozen=True, slots=True)
class Writer:
    """What gives away which program saved: how it spells JSON, how it replaces the file, whose it is.

    `way` is IN_PLACE, WITH_COPY (jupyter_server), RENAMED, DECLARED for a writer that takes part, or ""
    where it was not seen; `name` is what such a writer calls itself, or what a sync tool's copy is called
    after.  All but `name` is a guess.
    """

    style: str = ""
    way: str = ""
    owner: int | None = None
    name: str = ""

    def differs(self, other: Writer) -> bool:
        """Whether it plainly is another one, by its habits."""
        mine, theirs = (self.style, self.way, self.owner), (other.style, other.way, other.owner)
        return any(
            a != b for a, b in zip(mine, theirs, strict=True) if a not in ("", None) and b not in ("", None)
        )

    @property
    def called(self) -> str:
        """The shortest words for it, for where it is told apart by something else."""
        if self.name or self.way == DECLARED:
            return self.name or "a program that takes part"
        return "Jupyter" if self.way == WITH_COPY and not self._habit else "a program"

    @property
    def label(self) -> str:
        """What is known of it, in a few words for people; "" for nothing."""
        if self.called != "a program":
            return self.called
        way = {
            IN_PLACE: ", in place",
            WITH_COPY: ", in place with a copy",
            RENAMED: " that replaces the file",
        }
        words = f"a program{way.get(self.way, '')}"
        return f"{words} ({self._habit})" if self._habit else words if self.way else ""

    @property
    def _habit(self) -> str:
        """How it spells JSON, where that is not as most do."""
        return "" if self.style == USUAL_STYLE else self.style


_GIT = {GIT_AT_WORK: "git", GIT_PUT: "git checkout"}


@dataclass(frozen=True, slots=True)
class Version:
    """One stored content of a notebook.

    `number` counts from 1 for each notebook; `time` is in seconds since the epoch;
    `digest` names the exact bytes; `parents` are the versions that its author had seen;
    `why` says in words why it was taken to descend from them.
    """

    number: int
    digest: str
    time: float
    origin: Origin
    parents: tuple[int, ...] = ()
    writer: Writer = Writer()
    size: int = 0
    why: str = ""

    @property
    def by(self) -> str:
        """Who wrote it, in a few words for people; "" where nothing is known, and for what nbmerge made."""
        return _GIT.get(self.why, self.writer.label)

    @property
    def called(self) -> str:
        """The shortest words for who wrote it."""
        return _GIT.get(self.why, self.writer.called)


@dataclass(frozen=True, slots=True, eq=False)
class _Changed(Mapping[int, tuple[int, ...]]):
    """Parents of which some are others than those that are stored."""

    stored: Mapping[int, tuple[int, ...]]
    changed: Mapping[int, tuple[int, ...]]

    def __getitem__(self, number: int) -> tuple[int, ...]:
        return self.changed[number] if number in self.changed else self.stored[number]

    def __iter__(self) -> Iterator[int]:
        return iter({**self.stored, **self.changed})

    def __len__(self) -> int:
        return len({**self.stored, **self.changed})


class Graph:
    """The versions of one notebook by number; those that were dropped are simply absent.

    Every question but `ancestors` and `united` looks only at what is newer than the oldest version that
    it is about, or than its answer: a history may be long, and each save asks.
    """

    def __init__(self, parents: Mapping[int, tuple[int, ...]]) -> None:
        self.parents = parents

    def with_parents(self, changed: Mapping[int, tuple[int, ...]]) -> Graph:
        """The same where these versions, new ones among them, have these parents."""
        before = self.parents
        if isinstance(before, _Changed):
            return Graph(_Changed(before.stored, {**before.changed, **changed}))
        return Graph(_Changed(before, changed))

    def ancestors(self, number: int) -> frozenset[int]:
        """The version itself and everything that it descends from."""
        return self.united((number,))

    def united(self, numbers: Iterable[int], oldest: int = 0) -> frozenset[int]:
        """Everything, from the version `oldest` on, that at least one of the versions descends from."""
        found: set[int] = set()
        waiting = list(numbers)
        while waiting:
            one = waiting.pop()
            if one >= oldest and one not in found:
                found.add(one)
                waiting.extend(self.parents.get(one, ()))
        return frozenset(found)

    def descends(self, number: int, other: int) -> bool:
        """Whether a version is the other one or descends from it."""
        return number == other or other in self.united((number,), oldest=other)

    def since(self, numbers: Iterable[int], others: Iterable[int]) -> frozenset[int]:
        """What the versions descend from and none of the others does, themselves included."""
        return frozenset(one for one, sides in self._downward(numbers, others, _FIRST) if sides == _FIRST)

    def commons(self, some: Iterable[int], other: int) -> tuple[int, ...]:
        """The newest versions that both `other` and at least one of `some` descend from, ascending.

        More than one where lineages were merged crosswise.
        """
        found = self._downward(some, (other,), _FIRST, _SECOND, _BOTH)
        return tuple(one for one, sides in found if sides == _BOTH)[::-1]

    def youngest(self, numbers: Iterable[int]) -> tuple[int, ...]:
        """Those that no other one descends from, in their order."""
        order = list(dict.fromkeys(numbers))
        above = (parent for one in order for parent in self.parents.get(one, ()))
        continued = self.united(above, oldest=min(order)) if len(order) > 1 else ()
        return tuple(one for one in order if one not in continued)

    def _downward(
        self, some: Iterable[int], others: Iterable[int], *wanted: int
    ) -> Iterator[tuple[int, int]]:
        """Versions below some and others, newest first, each with the sides that it is below: bits.

        What is below one of both sides is marked as such, too; it ends where no version waits any more
        whose sides are among the wanted ones (as git's `paint_down_to_common` does).
        """
        sides: dict[int, int] = {}
        for numbers, side in ((some, _FIRST), (others, _SECOND)):
            for number in numbers:
                sides[number] = sides.get(number, 0) | side
        waiting = [-number for number in sides]
        heapify(waiting)
        open_ones = sum(one in wanted for one in sides.values())
        while open_ones:
            one = -heappop(waiting)
            found = sides.pop(one)
            open_ones -= found in wanted
            yield one, found
            handed_on = found | _BELOW if found == _BOTH else found
            for parent in self.parents.get(one, ()):
                before = sides.get(parent)
                if before is None:
                    heappush(waiting, -parent)
                sides[parent] = (before or 0) | handed_on
                open_ones += (sides[parent] in wanted) - (before in wanted)


class Git(Enum):
    """What git has to do with a save."""

    NONE = "none"
    WORKING = "working"  # it is just writing files, in a merge, rebase, cherry-pick or checkout
    WAITING = "waiting"  # it wrote some time ago and waits for people to finish: every write is accepted
    REPLACED = "replaced"  # the content is a blob of this path, and HEAD, index or reflog moved


@dataclass(frozen=True, slots=True)
class Context:
    """What is known of a save besides its content.

    `second_writer`: why somebody else is known to write to the notebook, in words for people; none: quiet.
    `declared_base` is the version that the writer says it started from.
    """

    second_writer: tuple[str, ...] = ()
    git: Git = Git.NONE
    declared_base: int | None = None

    @property
    def busy(self) -> bool:
        return bool(self.second_writer)
