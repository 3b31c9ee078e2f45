"""Owns: which conflicts stand in a notebook.

Must not know: files, git, the store.  Invariant: every whole conflict between markers is found once,
under the number and the id of its cell; examples of markers are none.
"""

from __future__ import annotations

from dataclasses import replace

from nbmerge.conflicts.examples import is_example, looks_like_example
from nbmerge.conflicts.markers import LEAST, Marked, conflicts_in
from nbmerge.conflicts.nbdime import find_nbdime, may_hold_nbdime
from nbmerge.conflicts.values import Absent, InFile, InSource, OpenConflict, Term, Writer
from nbmerge.merge.engine import is_python
from nbmerge.merge.policy import Labels
from nbmerge.merge.text import split
from nbmerge.merge.threeway import Terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nbmerge.conflicts.known import Known
    from nbmerge.conflicts.markers import Lines
    from nbmerge.notebook.model import Cell, Notebook

_OPENING = "<" * LEAST
DELETED = " (deleted)"  # what ends the label of a side that has no such cell


def may_hold_conflicts(data: bytes) -> bool:
    """Whether it is worth reading a notebook; False is certain, and costs a search of the bytes."""
    return b"<<<<<<<" in data or may_hold_nbdime(data)


def find_in_text(data: bytes) -> tuple[OpenConflict, ...]:
    """The conflicts in a file that is no JSON because git left its markers in it."""
    lines = data.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    return tuple(
        OpenConflict(
            InFile(marked.start + 1),
            None,
            Writer.GIT,
            Labels(*_labels(marked)),
            _terms(marked, may_be_deleted=False),
        )
        for marked in conflicts_in(lines)
    )


def find(
    notebook: Notebook, ask: Callable[[], Known | None] = lambda: None, merging: bool = False
) -> tuple[OpenConflict, ...]:
    """The open conflicts in a notebook, in order.

    `ask` gives what is known of the versions that were merged; it is asked at most once, and only
    about markers that may be an example, or if the notebook is known to be in a merge.
    """
    found = list(find_nbdime(notebook))
    answers: list[Known | None] = []
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
    local, base, remote = (label.removesuffix(DELETED) for label in _labels(marked))
    labels = Labels(local, base, remote)
    return OpenConflict(
        InSource(place, marked), cell.id, Writer.NBMERGE, labels, _terms(marked, may_be_deleted=True)
    )


def _labels(marked: Marked) -> tuple[str, str, str]:
    """A label that says nothing but "(deleted)" is none."""
    local, base, remote = ("" if label == DELETED.strip() else label for label in marked.labels)
    return local, base, remote


def _terms(marked: Marked, may_be_deleted: bool) -> Terms[Term]:
    """What each side has; `may_be_deleted`: one without lines whose label says so has no such cell."""
    local, _, remote = (may_be_deleted and label.endswith(DELETED.strip()) for label in marked.labels)
    return Terms(
        Absent.UNKNOWN if marked.base is None else "\n".join(marked.base),
        Absent.DELETED if local and not marked.local else "\n".join(marked.local),
        Absent.DELETED if remote and not marked.remote else "\n".join(marked.remote),
    )
