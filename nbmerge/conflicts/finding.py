"""Owns: which conflicts stand in a notebook, and whether markers are only an example, as in a lesson about
git.

Must not know: files, git, the store.
Invariant: every whole conflict between markers is found once, under the number and the id of its cell;
markers that a merge wrote are never taken for an example if the versions that were merged are known.

Without them nobody can be sure: what stands in a fence of markdown or in a string of Python under labels
that are not our own usual ones is taken for an example.
"""

from __future__ import annotations

import re
from dataclasses import replace
from enum import Enum

from nbmerge.conflicts.jujutsu import as_git_writes
from nbmerge.conflicts.nbdime import find_nbdime, may_hold_nbdime
from nbmerge.conflicts.values import Absent, InFile, InSource, OpenConflict, ShownBy, Term
from nbmerge.merge.engine import is_python
from nbmerge.merge.markers import DELETED, LEAST, Labels, Marked, conflicts_in
from nbmerge.merge.rules import faults
from nbmerge.merge.values import Terms, split
from nbmerge.notebook.model import CODE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nbmerge.conflicts.known import KnownMerge
    from nbmerge.conflicts.values import OpenConflict
    from nbmerge.merge.markers import Marked
    from nbmerge.merge.values import Lines
    from nbmerge.notebook.model import Cell, Notebook


_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_QUOTES = ('"""', "'''")
# What `nbmerge`, nbdime and the watcher call the sides unless they are told otherwise; lessons quote git.
_OURS = re.compile(r"local|remote|versions? \d+(?: and \d+)*(?:, .*)?|this notebook|conflict copy \(.*\)")


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


def looks_like_example(kind: str, lines: Lines, marked: Marked, python: bool) -> bool:
    """Whether a cell of this kind makes sense with the markers; `python`: whether its code is Python."""
    if kind == "markdown":
        return _in_a_fence(lines, marked)
    return kind == CODE and python and _in_a_string(lines)


def _seen(conflict: OpenConflict, marked: Marked, known: KnownMerge) -> Seen | None:
    """None if those versions have nothing to do with these markers."""
    text = "\n".join(line.rstrip("\r") for line in marked.lines)
    found = [any(_holds(cell, text) for cell in cells) for cells in known.marked]
    if any(found):
        return Seen.ALWAYS if all(found) else Seen.BEFORE
    if known.shows(marked):
        return Seen.MADE
    opening = marked.markers[0].rstrip("\r")
    if any(_holds(cell, opening) for cells in known.marked for cell in cells):
        return Seen.BEFORE
    return Seen.MADE if known.has_conflict_in_cell_of(conflict) else None


def _holds(cell: Cell, text: str) -> bool:
    return f"\n{text}\n" in f"\n{cell.source}\n".replace("\r\n", "\n")


def _has_labels_of_ours(marked: Marked) -> bool:
    local, _, remote = (label.removesuffix(f" {DELETED}") for label in marked.labels)
    return bool(_OURS.fullmatch(local) and _OURS.fullmatch(remote))


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


def _in_a_string(lines: Sequence[str]) -> bool:
    """Whether the code parses as it is, so that the markers stand in a string of several lines."""
    code = "\n".join(lines)
    if not any(quotes in code for quotes in _QUOTES) or code.lstrip().startswith("%%"):
        return False
    try:
        return not faults(code)
    except RecursionError:
        return False


_OPENING = "<" * LEAST


def may_hold_conflicts(data: bytes) -> bool:
    """Whether it is worth reading a notebook; False is certain, and costs a search of the bytes."""
    return b"<<<<<<<" in data or may_hold_nbdime(data)


def find_in_text(data: bytes) -> tuple[OpenConflict, ...]:
    """The conflicts in a file that is no JSON because git or jj left its markers in it."""
    lines = data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    numbers: Sequence[int] = range(1, len(lines) + 1)
    if b"\n+++++++" in data and (of_jj := as_git_writes(lines)) is not None:
        lines, numbers = of_jj
    return tuple(
        OpenConflict(
            InFile(numbers[marked.start]),
            None,
            ShownBy.GIT,
            Labels(*_labels(marked)),
            _terms(marked, may_be_deleted=False),
        )
        for marked in conflicts_in(lines)
    )


def find(
    notebook: Notebook, ask: Callable[[], KnownMerge | None] = lambda: None, merging: bool = False
) -> tuple[OpenConflict, ...]:
    """The open conflicts in a notebook, in order.

    `ask` gives what is known of the versions that were merged; it is asked at most once, and only
    about markers that may be an example, or if the notebook is known to be in a merge.
    """
    found = list(find_nbdime(notebook))
    answers: list[KnownMerge | None] = []
    python = is_python(notebook.frame)
    for place, cell in enumerate(notebook.cells):
        if _OPENING not in cell.source:
            continue
        lines = split(cell.source)[0]
        together = conflicts_in(lines)
        for marked in together:
            conflict = _between_markers(place, cell, marked)
            looks_like_one = looks_like_example(cell.type, *_alone(lines, marked, together), python)
            if (looks_like_one or merging) and not answers:
                answers.append(ask())
            if not is_example(conflict, marked, answers[0] if answers else None, looks_like_one):
                found.append(conflict)
    return tuple(sorted(found, key=lambda conflict: -1 if conflict.cell is None else conflict.cell))


def _alone(lines: Lines, marked: Marked, together: Sequence[Marked]) -> tuple[Lines, Marked]:
    """The lines with all other conflicts settled: what stands beside an example may be a true one."""
    before = [line for piece in _settled(lines, together, 0, marked.start) for line in piece]
    after = [line for piece in _settled(lines, together, marked.end, len(lines)) for line in piece]
    start = len(before)
    moved = replace(marked, start=start, end=start + marked.end - marked.start)
    return (*before, *marked.lines, *after), moved


def _settled(lines: Lines, conflicts: Sequence[Marked], start: int, end: int) -> Iterator[Lines]:
    """The lines of a range in which all conflicts are settled for one side."""
    for conflict in conflicts:
        if start <= conflict.start < end:
            yield lines[start : conflict.start]
            yield conflict.local
            start = conflict.end
    yield lines[start:end]


def _between_markers(place: int, cell: Cell, marked: Marked) -> OpenConflict:
    local, base, remote = (label.removesuffix(f" {DELETED}") for label in _labels(marked))
    labels = Labels(local, base, remote)
    return OpenConflict(
        InSource(place, marked), cell.id, ShownBy.NBMERGE, labels, _terms(marked, may_be_deleted=True)
    )


def _labels(marked: Marked) -> tuple[str, str, str]:
    """A label that says nothing but "(deleted)" is none."""
    local, base, remote = ("" if label == DELETED else label for label in marked.labels)
    return local, base, remote


def _terms(marked: Marked, may_be_deleted: bool) -> Terms[Term]:
    """What each side has; `may_be_deleted`: one without lines whose label says so has no such cell."""
    local, _, remote = (may_be_deleted and label.endswith(DELETED) for label in marked.labels)
    return Terms(
        Absent.UNKNOWN if marked.base is None else "\n".join(marked.base),
        Absent.DELETED if local and not marked.local else "\n".join(marked.local),
        Absent.DELETED if remote and not marked.remote else "\n".join(marked.remote),
    )
