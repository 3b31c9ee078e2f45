"""Owns: whether markers in a cell are an example, as in a lesson about git, and no conflict.

Must not know: files.  Invariant: markers that a merge wrote are never taken for an example if the
versions that were merged are known; else only what the cell itself shows counts.

Without them nobody can be sure: what stands in a fence of markdown or in a string of Python under
labels that are not a merge's own usual ones is taken for an example.
"""

from __future__ import annotations

import re
from enum import Enum

from nbmerge.merge.guard import faults
from nbmerge.merge.policy import Labels
from nbmerge.notebook.model import CODE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbmerge.conflicts.known import Known
    from nbmerge.conflicts.markers import Lines, Marked
    from nbmerge.conflicts.values import OpenConflict
    from nbmerge.notebook.model import Cell

_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_USUAL = Labels()


class Seen(Enum):
    """What the versions that were merged tell about markers and the lines between them."""

    MADE = "made"  # their merge makes them, none has them
    BEFORE = "before"  # some of them have them
    ALWAYS = "always"  # all of them have them


def is_example(conflict: OpenConflict, marked: Marked, known: Known | None, looks_like_one: bool) -> bool:
    """Whether what stands between markers in a source is no conflict."""
    match None if known is None else _seen(conflict, marked, known):
        case Seen.MADE:
            return False
        case Seen.ALWAYS:
            return True
        case Seen.BEFORE:
            return looks_like_one
    return looks_like_one and not _has_usual_labels(marked)


def looks_like_example(cell: Cell, lines: Lines, marked: Marked, python: bool) -> bool:
    """Whether the cell would make sense with the markers; `python`: whether its code is Python."""
    if cell.type == "markdown":
        return _in_a_fence(lines, marked)
    return cell.type == CODE and python and not cell.source.lstrip().startswith("%%") and _is_whole(cell)


def _seen(conflict: OpenConflict, marked: Marked, known: Known) -> Seen | None:
    """None if those versions have nothing to do with these markers."""
    text = "\n".join(line.rstrip("\r") for line in marked.lines)
    found = [any(_holds(cell, text) for cell in side.cells) for side in known.sides]
    if any(found):
        return Seen.ALWAYS if all(found) else Seen.BEFORE
    return Seen.MADE if known.gives(conflict) else None


def _holds(cell: Cell, text: str) -> bool:
    return "<<<<<<<" in cell.source and f"\n{text}\n" in f"\n{cell.source}\n".replace("\r\n", "\n")


def _has_usual_labels(marked: Marked) -> bool:
    """Those that `nbmerge` and nbdime write unless they are told others; lessons quote git's."""
    local, _, remote = (label.removesuffix(" (deleted)") for label in marked.labels)
    return (local, remote) == (_USUAL.local, _USUAL.remote)


def _in_a_fence(lines: Sequence[str], marked: Marked) -> bool:
    """Whether one fence is open all the way from before the conflict to behind it."""
    opened: tuple[int, str] | None = None  # where, and with what
    for at, line in enumerate(lines):
        found = _FENCE.match(line)
        if opened is None:
            if at >= marked.start:
                return False
            opened = (at, found.group(1)) if found else None
        elif found and found.group(1).startswith(opened[1]) and not line.strip().strip(opened[1][0]):
            if at >= marked.end:
                return True
            if at >= marked.start:
                return False
            opened = None
    return False


def _is_whole(cell: Cell) -> bool:
    """Whether the code parses as it is, so that the markers stand in a string."""
    try:
        return not faults(cell.source)
    except RecursionError:
        return False
