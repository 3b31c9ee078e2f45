"""Owns: what a version is, how versions descend from each other, and what is known of a save besides
contents.

Must not know: where versions are kept, what a merge does, how things were found out.  Invariant: numbers
grow with time and a parent's number is smaller than its child's, so the graph has no cycle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum


class Origin(Enum):
    """How a version came about; the values are what people read."""

    FIRST = "first seen"
    SAVED = "saved"
    MERGED = "merged"
    RESTORED = "restored"
    COPY = "conflict copy"
    UNREADABLE = "unreadable"


DECLARED = "told"  # as it is spelled in stores


@dataclass(frozen=True, slots=True)
class Writer:
    """What gives away which program saved: how it spells JSON, how it replaces the file, whose it is.

    `way` is "in place", "in place with a copy" (jupyter_server), "renamed", DECLARED for a writer that
    takes part, or "" where it was not seen; `name` is what such a writer calls itself.  All but
    `name` is a guess.
    """

    style: str = ""
    way: str = ""
    owner: int | None = None
    name: str = ""

    @property
    def label(self) -> str:
        """A few words for people; "(a guess)" where it is one."""
        if self.name or self.way == DECLARED:
            return self.name or "a program that takes part"
        words = ", ".join(word for word in (self.style, self.way) if word)
        return f"{words} (a guess)" if words else ""


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


class Graph:
    """The versions of one notebook by number; those that were dropped are simply absent."""

    def __init__(self, parents: Mapping[int, tuple[int, ...]]) -> None:
        self.parents = parents

    def with_parents(self, changed: Mapping[int, tuple[int, ...]]) -> Graph:
        """The same where these versions, new ones among them, have these parents."""
        return Graph({**self.parents, **changed})

    def ancestors(self, number: int) -> frozenset[int]:
        """The version itself and everything that it descends from."""
        found: set[int] = set()
        waiting = [number]
        while waiting:
            one = waiting.pop()
            if one not in found:
                found.add(one)
                waiting.extend(self.parents.get(one, ()))
        return frozenset(found)

    def united(self, numbers: Iterable[int]) -> frozenset[int]:
        """Everything that at least one of the versions descends from."""
        return frozenset().union(*map(self.ancestors, numbers))

    def commons(self, some: Iterable[int], other: int) -> tuple[int, ...]:
        """The newest versions that both `other` and at least one of `some` descend from, ascending.

        More than one where lineages were merged crosswise.
        """
        shared = self.united(some) & self.ancestors(other)
        continued = {parent for one in shared for parent in self.parents.get(one, ())}
        return tuple(sorted(shared - continued))

    def youngest(self, numbers: Iterable[int]) -> tuple[int, ...]:
        """Those that no other one descends from, in their order."""
        order = list(dict.fromkeys(numbers))
        return tuple(
            one for one in order if not any(one != two and one in self.ancestors(two) for two in order)
        )


class Git(Enum):
    """What git has to do with a save."""

    NONE = "none"
    WORKING = "working"  # a merge, rebase, cherry-pick or checkout is under way: every write is meant
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
