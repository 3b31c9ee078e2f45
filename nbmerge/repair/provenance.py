"""Owns: whether a text is what git made of three known versions, or whether somebody edited it since.

Must not know: JSON.  Invariant: a text is untouched only if every line in it is explained by the versions,
and every line of theirs that it lacks is one that the other side deleted.

git merges with one of several diffs, in three styles, and versions of it differ, so its work is not done
again here; it is checked.
"""

from __future__ import annotations

import re
from collections import Counter
from enum import Enum

from nbmerge.merge.sequences import align

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TypeAlias

    from nbmerge.merge.values import Terms
    from nbmerge.repair.text import Text, Variants

    Lines: TypeAlias = Sequence[str]

_COMMON = re.compile(r'[ \t]*("\w+": )?([\[\]{}, ]*|null|\d+|"\w*"|"\\n")[, \t]*')
_SHARE = 0.5  # of the lines; with fewer in common the versions are of another file, or another time


class Provenance(Enum):
    """How a text and the three versions stand to each other."""

    UNTOUCHED = "untouched"
    EDITED = "edited"
    MIXED = "mixed"  # edited between markers too, so that nothing says what base is to them
    FOREIGN = "foreign"


def provenance_of(text: Text, shown: Variants, versions: Terms[Lines]) -> Provenance:
    """How a text with markers in it (`shown` are its sides) stands to three versions, by their lines.

    An absent base has none.
    """
    comparing = _Comparing(text, shown, versions)
    sides_are_known = comparing.sides_are_known()
    if sides_are_known and comparing.untouched():
        return Provenance.UNTOUCHED
    if not comparing.related():
        return Provenance.FOREIGN
    return Provenance.EDITED if sides_are_known else Provenance.MIXED


class _Comparing:
    """Which lines of a text stand in local and in remote."""

    def __init__(self, text: Text, shown: Variants, versions: Terms[Lines]) -> None:
        self.text, self.sides, self.versions = text, shown, versions
        self.local, self.remote = _without_stray(shown.local, shown), _without_stray(shown.remote, shown)
        self.lines = {*self.local.lines, *self.remote.lines}
        self.unknown = self.lines.difference(versions.local).difference(versions.remote)
        self.shown = [set(self.local.numbers), set(self.remote.numbers)]

    def sides_are_known(self) -> bool:
        """What stands between markers stands in one piece in the version that they say it is of."""
        lines, conflicts = self.text.lines, self.sides.conflicts
        local = ([*lines[each.local.start : each.local.stop]] for each in conflicts)
        remote = ([*lines[each.remote.start : each.remote.stop]] for each in conflicts)
        return _in_order(local, self.versions.local) and _in_order(remote, self.versions.remote)

    def untouched(self) -> bool:
        if not self.plain_may_be_known():
            return False
        self.from_local, self.lacks_local = _found(self.versions.local, self.local)
        self.from_remote, self.lacks_remote = _found(self.versions.remote, self.remote)
        if not self.plain_is_known():
            return False
        gone_locally, new_locally = _changes(self.versions.base, self.versions.local)
        gone_remotely, new_remotely = _changes(self.versions.base, self.versions.remote)
        ours, theirs = self.from_local - self.from_remote, self.from_remote - self.from_local
        return (
            self.lacks_local <= _telling(gone_remotely)
            and self.lacks_remote <= _telling(gone_locally)
            and self.plain(ours) <= _telling(new_locally)
            and self.plain(theirs) <= _telling(new_remotely)
            and not self.both_kept(ours, theirs)
        )

    def plain_may_be_known(self) -> bool:
        """Whether every line stands anywhere in a version: fast to see, and mostly enough."""
        unknown = self.unknown.difference(self.versions.base if self.sides.stray else ())
        return all(not line.strip() for line in unknown)

    def plain_is_known(self) -> bool:
        known = self.from_local | self.from_remote
        base = set(self.versions.base) if self.sides.stray else set()
        shown_by_both = self.shown[0] & self.shown[1]
        return all(
            number in known or not line.strip() or line in base
            for line, number in zip(self.local.lines, self.local.numbers, strict=True)
            if number in shown_by_both
        )

    def plain(self, numbers: set[int]) -> Counter[str]:
        """The telling lines among those with these numbers, outside of conflicts."""
        ours, theirs = self.shown
        return _telling(self.text.lines[number - 1] for number in numbers & ours & theirs)

    def both_kept(self, ours: set[int], theirs: set[int]) -> bool:
        """Whether local's and remote's lines stand side by side: git would show a conflict there, so
        somebody settled it for both.  Where markers are damaged or all gone, theirs may have been there.
        """
        if self.sides.stray or not self.sides.conflicts:
            return False
        last = ""
        for number in self.local.numbers:
            now = "ours" if number in ours else "theirs" if number in theirs else ""
            in_conflict = number not in self.shown[1]
            if now and last and now != last and not in_conflict:
                return True
            last = "" if in_conflict else now
        return False

    def related(self) -> bool:
        """Whether most of the text is in the versions, whatever its indentation."""
        if len(self.unknown) <= _SHARE * len(self.lines):
            return True
        known = {line.strip() for lines in self.versions for line in lines}
        return sum(line.strip() in known for line in self.lines) >= _SHARE * len(self.lines)


def _without_stray(side: Text, shown: Variants) -> Text:
    stray = set(shown.stray)
    return side.without([place for place in side.markers if side.numbers[place] in stray])


def _in_order(parts: Iterable[Lines], version: Lines) -> bool:
    """Whether each part stands in one piece in a version, one behind the other."""
    whole = "\n".join(["", *version, ""])
    at = 0
    for part in parts:
        if part:
            lines = "\n".join(["", *part, ""])
            at = whole.find(lines, at)
            if at < 0:
                return False
            at += len(lines) - 1  # the end of the last line is the beginning of the next
    return True


def _found(version: Lines, side: Text) -> tuple[set[int], Counter[str]]:
    """The numbers of the lines of a text that stand in a version, and the telling lines that it lacks."""
    pairs = align(version, side.lines)
    there, here = {i for i, _ in pairs}, {j for _, j in pairs}
    lacks = _telling(line for i, line in enumerate(version) if i not in there)
    elsewhere = _telling(line for j, line in enumerate(side.lines) if j not in here)
    return {side.numbers[j] for j in here}, lacks - elsewhere


def _changes(base: Lines, side: Lines) -> tuple[list[str], list[str]]:
    """The lines that a side deleted, and those that it added."""
    pairs = align(base, side)
    before, after = {i for i, _ in pairs}, {j for _, j in pairs}
    gone = [line for i, line in enumerate(base) if i not in before]
    return gone, [line for j, line in enumerate(side) if j not in after]


def _telling(lines: Iterable[str]) -> Counter[str]:
    """The lines that are not in every notebook, without their indentation, counted."""
    return Counter(line.strip() for line in lines if not _COMMON.fullmatch(line))
