"""Owns: the conflicts that jj (Jujutsu) writes between the lines of a file, written as git does.

Must not know: notebooks, JSON, what becomes of the sides.
Invariant: every line of every side and base is kept, with its number in the file; what is not a whole
conflict as jj writes it stays as it is.

    conflict = open section+ close          section = diff | side | base
    diff  = %%%%%%% [label] [\\\\\\\\\\\\\\ label]  lines that begin with a blank (both), - (base) or + (side)
    side  = +++++++ [label]  lines          base = ------- [label]  lines

All markers of one conflict are of one size, 7 or more.  Sides and bases are in order; a conflict of three
sides is shown as one of two, the first of which is itself in conflict.  One of more than 64 sides is none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import zip_longest

from nbmerge.merge.markers import LEAST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import TypeAlias

    Numbered: TypeAlias = tuple[str, int]  # a line, and its number in the file

_MARKER = re.compile(r"(<+|%+|\++|-+|\\+|>+)(?:[ \t]+(.*))?")
_FROM_TO = re.compile(r"(?:changes from|diff from:)\s+(.*?)(?:\s+to:?\s+(.*))?", re.I)
_CONTENTS = re.compile(r"contents of\s+", re.I)
_SIDE = "\n" + "+" * LEAST
_MOST_SIDES = 64  # each level of a conflict shown as nested ones repeats the labels of those within
_NO_END = re.compile(r"\s*\((?:no|adds|removes) terminating newline\)")


@dataclass(slots=True)
class _Term:
    """A side or a base: its label, and its lines."""

    marker: int
    label: str
    lines: list[Numbered] = field(default_factory=list)


@dataclass(slots=True)
class _Conflict:
    """One that is being read, section by section."""

    size: int
    sides: list[_Term] = field(default_factory=list)
    bases: list[_Term] = field(default_factory=list)
    is_diff: bool = False
    last: list[_Term] = field(default_factory=list)  # to which lines go that are of no diff

    def begin(self, kind: str, label: str, number: int) -> None:
        """A section of that kind."""
        self.is_diff = kind == "%"
        label = _NO_END.sub("", label)
        if self.is_diff:
            found = _FROM_TO.fullmatch(label)
            base, side = (found.group(1), found.group(2) or "") if found else (label, "")
            self.bases.append(_Term(number, base))
            self.sides.append(_Term(number, side))
        else:
            terms = self.sides if kind == "+" else self.bases
            terms.append(_Term(number, _CONTENTS.sub("", label)))
        self.last = self.sides if kind == "+" else self.bases

    def continues(self, label: str) -> None:
        """The label of a diff goes on in a line of its own."""
        self.sides[-1].label = _NO_END.sub("", label).removeprefix("to:").strip()

    def add(self, line: str, number: int) -> bool:
        """A line of the section; False if it can be none."""
        if not self.is_diff:
            self.last[-1].lines.append((line, number))
            return True
        sign, rest = line[:1], line[1:]
        if sign in ("", " ", "-"):
            self.bases[-1].lines.append((rest, number))
        if sign in ("", " ", "+"):
            self.sides[-1].lines.append((rest, number))
        return sign in ("", " ", "-", "+")

    def as_git_writes(self, start: int, end: int) -> list[Numbered]:
        """The whole of it, as nested conflicts of two sides; its own markers stand in the lines `start` and
        `end` of the file."""
        first, *others = self.sides
        lines, label = first.lines, first.label
        for side, base in zip_longest(others, self.bases):
            lines = [
                (_marker("<", self.size, label), start),
                *lines,
                *([] if base is None else [(_marker("|", self.size, base.label), base.marker), *base.lines]),
                ("=" * self.size, side.marker),
                *side.lines,
                (_marker(">", self.size, side.label), end),
            ]
            label = " and ".join(filter(None, (label, side.label)))
        return lines


def _marker(character: str, size: int, label: str) -> str:
    return f"{character * size} {label}" if label else character * size


def as_git_writes(content: str) -> tuple[list[str], list[int]] | None:
    """The lines with jj's conflicts written as git's, and their numbers in the file; None if there are none.

    A line may stand there more than once, as what a diff does not change is in its base and in its side.
    """
    if _SIDE not in content:  # each has a side as it is
        return None
    lines = content.split("\n")
    written: list[Numbered] = []
    at = 0
    for start, end, conflict in _conflicts(lines):
        written += [(lines[place], place + 1) for place in range(at, start)]
        written += conflict.as_git_writes(start + 1, end)
        at = end
    if not at:
        return None
    written += [(lines[place], place + 1) for place in range(at, len(lines))]
    return [line for line, _ in written], [number for _, number in written]


def _conflicts(lines: Sequence[str]) -> Iterator[tuple[int, int, _Conflict]]:
    """Each whole conflict and the lines that it takes up."""
    at = 0
    while at < len(lines):
        if lines[at].startswith("<" * LEAST) and (found := _read(lines, at)) is not None:
            end, conflict = found
            yield at, end, conflict
            at = end
        else:
            at += 1


def _read(lines: Sequence[str], start: int) -> tuple[int, _Conflict] | None:
    """The conflict that begins there, and the place behind it."""
    opening = _MARKER.fullmatch(lines[start])
    if opening is None:
        return None
    conflict = _Conflict(len(opening.group(1)))
    for place in range(start + 1, len(lines)):
        line = lines[place]
        found = _MARKER.fullmatch(line)
        kind = found.group(1)[0] if found is not None and len(found.group(1)) == conflict.size else ""
        label = (found.group(2) or "").strip() if found is not None else ""
        if kind == ">":
            whole = 1 < len(conflict.sides) <= _MOST_SIDES and len(conflict.bases) < len(conflict.sides)
            return (place + 1, conflict) if whole else None
        if kind and kind in "%+-":
            conflict.begin(kind, label, place + 1)
        elif kind == "\\" and conflict.is_diff and lines[place - 1].startswith("%" * conflict.size):
            conflict.continues(label)
        elif kind == "<" or not conflict.sides + conflict.bases or not conflict.add(line, place + 1):
            return None
    return None
