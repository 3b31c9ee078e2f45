"""Owns: the lines of a broken file, and the texts that its conflict markers stand for.

Must not know: JSON, notebooks.  Invariant: every line but the markers of whole conflicts is
in the text of at least one side, with the number that it has in the file.

In a broken notebook no line of JSON looks like a marker, so those that somebody indented or made too
short count as well.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from nbmerge.conflicts.markers import LEAST, conflicts_in, marker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from nbmerge.conflicts.markers import Marked

_NEARLY = re.compile(r"[ \t]*(<{3,}|\|{3,}|={3,}|>{3,})(?:[ \t](.*))?[ \t]*")


@dataclass(frozen=True, slots=True)
class Text:
    """Lines without their ends; `numbers` are their places in the file, from 1."""

    lines: tuple[str, ...]
    numbers: tuple[int, ...]

    def without(self, numbers: Collection[int]) -> Text:
        """All but the lines with these numbers."""
        if not numbers:
            return self
        return self.at(place for place, number in enumerate(self.numbers) if number not in numbers)

    def at(self, places: Iterable[int]) -> Text:
        """The lines at these places."""
        places = tuple(places)
        return Text(tuple(self.lines[at] for at in places), tuple(self.numbers[at] for at in places))


@dataclass(frozen=True, slots=True)
class Variants:
    """What a text says with each of its conflicts taken for one side.

    `base` is None unless each conflict shows it; `conflicts` are the outermost ones, `stray` the
    numbers of the lines of markers that belong to none: they stay in all three.
    """

    local: Text
    base: Text | None
    remote: Text
    conflicts: tuple[Marked, ...]
    stray: tuple[int, ...]


def text_of(content: str) -> Text:
    """The lines of a file, markers written as git does."""
    lines = tuple(map(_with_marker, content.replace("\r", "").split("\n")))
    return Text(lines, tuple(range(1, len(lines) + 1)))


def variants(text: Text) -> Variants:
    """The sides of the outermost conflicts; their lines may hold conflicts in turn."""
    conflicts = conflicts_in(text.lines)
    local: list[int] = []
    base: list[int] = []
    remote: list[int] = []
    stray: list[int] = []
    at = 0
    for conflict in conflicts:
        plain = range(at, conflict.start)
        stray += (place for place in plain if is_marker(text.lines[place]))
        ours, common, theirs = parts(conflict)
        local += [*plain, *ours]
        base += [*plain, *common]
        remote += [*plain, *theirs]
        at = conflict.end
    rest = [*range(at, len(text.lines))]
    stray += (place for place in rest if is_marker(text.lines[place]))
    shown = bool(conflicts) and all(conflict.base is not None for conflict in conflicts)
    return Variants(
        text.at(local + rest),
        text.at(base + rest) if shown else None,
        text.at(remote + rest),
        conflicts,
        tuple(text.numbers[place] for place in stray),
    )


def parts(conflict: Marked) -> tuple[range, range, range]:
    """The places of its lines of local, base and remote."""
    ours = range(conflict.start + 1, conflict.start + 1 + len(conflict.local))
    common = range(ours.stop, ours.stop)
    if conflict.base is not None:
        common = range(ours.stop + 1, ours.stop + 1 + len(conflict.base))
    return ours, common, range(common.stop + 1, conflict.end - 1)


def is_marker(line: str) -> bool:
    """Whether a line of a broken notebook is one of markers."""
    mark = marker(line)
    return mark is not None and mark.size >= LEAST


def same_but_labels(one: Text, other: Text) -> bool:
    """Whether two texts have the same lines, whatever their markers call the sides."""
    return len(one.lines) == len(other.lines) and all(
        mine == theirs or (is_marker(mine) and is_marker(theirs) and _run(mine) == _run(theirs))
        for mine, theirs in zip(one.lines, other.lines, strict=True)
    )


def _run(line: str) -> str:
    return line.partition(" ")[0]


def _with_marker(line: str) -> str:
    """The line; one that was meant for a marker is written as one, of at least the usual size."""
    if line.lstrip(" \t")[:3] not in ("<<<", "|||", "===", ">>>"):
        return line
    found = _NEARLY.fullmatch(line)
    if found is None:
        return line
    run, label = found.groups()
    run = run[0] * max(len(run), LEAST)
    return f"{run} {label}" if label else run
