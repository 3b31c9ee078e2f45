"""Owns: whether markers in a source are only an example, as in a lesson about git.

Must not know: files, git, the store.
Invariant: markers that a merge wrote are never taken for an example if the versions that were merged are
known.

Without them nobody can be sure: what stands in a fence of markdown or in a string of Python under labels
that are not our own usual ones is taken for an example.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from enum import Enum
from operator import attrgetter

from nbmerge.merge.markers import DELETED
from nbmerge.merge.rules import faults
from nbmerge.notebook.model import CODE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbmerge.conflicts.known import KnownMerge
    from nbmerge.conflicts.values import OpenConflict
    from nbmerge.merge.markers import Marked


_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_FENCES = ("```", "~~~")
_QUOTES = ('"""', "'''")
# What `nbmerge`, nbdime and the watcher call the sides unless they are told otherwise; lessons quote git.
_OURS = re.compile(
    r"local|remote|versions? \d+(?: and \d+)*(?:, .*)?|this notebook|conflict copy \(.*\)"
    r"|(?:a program|Jupyter)\b.*|git(?: checkout)?"
)


class Seen(Enum):
    """What the versions that were merged tell about markers and the lines between them."""

    MADE = "made"  # their merge makes them, or made them and they were edited since; none has them
    BEFORE = "before"  # some of them have them, or others like them
    ALWAYS = "always"  # all of them have them


def is_example(
    conflict: OpenConflict, marked: Marked, known: KnownMerge | None, looks_like_one: bool
) -> bool:
    """Whether what stands between markers in a source is no conflict."""
    match None if known is None else _seen(conflict, marked, known):
        case Seen.MADE:
            return False
        case Seen.ALWAYS:
            return True
        case Seen.BEFORE:
            return looks_like_one
    return looks_like_one and not _has_labels_of_ours(marked)


def may_show_examples(kind: str, source: str) -> bool:
    """Whether anything in a cell can look like an example; False is certain, and costs a search."""
    return any(quotes in source for quotes in (_FENCES if kind == "markdown" else _QUOTES))


def look_like_examples(
    kind: str, lines: Sequence[str], places: Sequence[range], python: bool
) -> Sequence[bool]:
    """Whether a cell of this kind makes sense with the markers in these places among its lines; `python`:
    whether its code is Python.  Code is read once, with all of them in it: one that makes none spoils all."""
    if kind == "markdown":
        fences = list(_fences(lines))
        return [_is_within(fences, place) for place in places]
    return [kind == CODE and python and _in_a_string(lines)] * len(places)


def _seen(conflict: OpenConflict, marked: Marked, known: KnownMerge) -> Seen | None:
    """None if those versions have nothing to do with these markers."""
    lines = tuple(line.rstrip("\r") for line in marked.lines)
    found = [quoted.has_conflict(marked.size, lines) for quoted in known.quoted]
    if any(found):
        return Seen.ALWAYS if all(found) else Seen.BEFORE
    if known.shows(marked):
        return Seen.MADE
    if any(quoted.has_line(lines[0]) for quoted in known.quoted):
        return Seen.BEFORE
    return Seen.MADE if known.has_conflict_in_cell_of(conflict) else None


def _has_labels_of_ours(marked: Marked) -> bool:
    local, _, remote = (label.removesuffix(f" {DELETED}") for label in marked.labels)
    return bool(_OURS.fullmatch(local) and _OURS.fullmatch(remote))


def _fences(lines: Sequence[str]) -> Iterator[range]:
    """The lines between the fences, for each that is closed."""
    opened: tuple[int, str] | None = None  # where, and with what
    for at, line in enumerate(lines):
        found = _FENCE.match(line)
        if found is None:
            continue
        if opened is None:
            opened = (at, found.group(1))
        elif found.group(1).startswith(opened[1]) and not line.strip().strip(opened[1][0]):
            yield range(opened[0] + 1, at)
            opened = None


def _is_within(fences: list[range], place: range) -> bool:
    number = bisect_right(fences, place.start, key=attrgetter("start")) - 1
    return number >= 0 and place.stop <= fences[number].stop


def _in_a_string(lines: Sequence[str]) -> bool:
    """Whether the code parses as it is, so that the markers stand in a string of several lines."""
    code = "\n".join(lines)
    if not any(quotes in code for quotes in _QUOTES) or code.lstrip().startswith("%%"):
        return False
    try:
        return not faults(code)
    except RecursionError:
        return False
