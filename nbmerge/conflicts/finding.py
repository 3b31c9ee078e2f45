"""Owns: which conflicts stand in a notebook, and which markers are left of some.

Must not know: files, git, the store.
Invariant: every whole conflict between markers is found once, under the number and the id of its cell; a
marker that is left is a line of none of them.
"""

from __future__ import annotations

from bisect import bisect_left

from nbmerge.conflicts.examples import is_example, look_like_examples, may_show_examples
from nbmerge.conflicts.jujutsu import as_git_writes
from nbmerge.conflicts.marker_cells import conflicts_between_cells, left_alone
from nbmerge.conflicts.nbdime import deleted_terms, find_nbdime
from nbmerge.conflicts.values import Absent, InFile, InSource, LeftMarker, OpenConflict, ShownBy, Term
from nbmerge.merge.engine import is_python
from nbmerge.merge.markers import DELETED, LEAST, Labels, Marked, conflicts_in, is_marker
from nbmerge.merge.values import Terms, split
from nbmerge.notebook.model import CODE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nbmerge.conflicts.known import KnownMerge
    from nbmerge.merge.values import Lines
    from nbmerge.notebook.model import Cell, Notebook


_EACH_ALONE = 20  # markers or conflicts of one cell, each of which costs reading its source once more
_OPENING = "<" * LEAST
_MARKERS = tuple(character * LEAST for character in "<>=|")


def find_in_text(data: bytes) -> tuple[OpenConflict, ...]:
    """The conflicts in a file that is no JSON because git or jj left its markers in it."""
    text = data.decode("utf-8", "replace").replace("\r\n", "\n")
    lines = text.split("\n")
    numbers: Sequence[int] = range(1, len(lines) + 1)
    if (of_jj := as_git_writes(text)) is not None:
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
        seem = _seem_examples(cell, lines, together, python)
        for marked, looks_like_one in zip(together, seem, strict=True):
            conflict = _between_markers(place, cell, marked)
            if (looks_like_one or merging) and not answers:
                answers.append(ask())
            if not is_example(conflict, marked, answers[0] if answers else None, looks_like_one):
                found.append(conflict)
    return tuple(sorted(found, key=lambda conflict: -1 if conflict.cell is None else conflict.cell))


def find_left(notebook: Notebook) -> tuple[LeftMarker, ...]:
    """The markers that belong to no whole conflict (any more), in order, but for those of an example.

    A separator is one in Python code alone: elsewhere it underlines a heading.
    """
    runs = conflicts_between_cells(notebook.cells)
    whole = {at for run in runs for at in (run.first, run.middle, run.last)}
    alone = set(left_alone(notebook.cells, whole))
    python = is_python(notebook.frame)
    found: list[LeftMarker] = []
    for at, cell in enumerate(notebook.cells):
        if at in alone:
            found.append(LeftMarker(at, cell.id, 0, cell.source.strip()))
        elif at not in whole and any(each in cell.source for each in _MARKERS):
            lines = split(cell.source)[0]
            found += [LeftMarker(at, cell.id, line, lines[line]) for line in _left_in(cell, lines, python)]
    return tuple(found)


def _left_in(cell: Cell, lines: Lines, python: bool) -> list[int]:
    """The lines of a cell that are such markers; in code that has many, one that is none spoils all."""
    conflicts = conflicts_in(lines)
    within = {line for one in conflicts for line in range(one.start, one.end)}
    first = 1 if deleted_terms(cell) else 0  # nbdime's line, which looks like a marker
    code = cell.type == CODE and python and not cell.source.lstrip().startswith("%%")
    marks = [at for at in range(first, len(lines)) if at not in within and _is_left(lines[at], code)]
    if not marks or not may_show_examples(cell.type, cell.source):
        return marks
    together = _seem_examples_among(cell, lines, within, marks, python)
    if cell.type != CODE or all(together) or not 1 < len(marks) <= _EACH_ALONE:
        return [at for at, seems in zip(marks, together, strict=True) if not seems]
    return [
        at
        for at in marks
        if not all(_seem_examples_among(cell, lines, {*within, *marks} - {at}, [at], python))
    ]


def _seem_examples_among(
    cell: Cell, lines: Lines, without: set[int], marks: list[int], python: bool
) -> Sequence[bool]:
    """Whether the markers in these lines look like examples where some of the others are not."""
    left = [at for at in range(len(lines)) if at not in without]
    places = (bisect_left(left, at) for at in marks)
    kept = [lines[at] for at in left]
    return look_like_examples(cell.type, kept, [range(place, place + 1) for place in places], python)


def _is_left(line: str, code: bool) -> bool:
    """Whether a line marks something; `code`: whether it stands in Python code."""
    if not is_marker(line):
        return False
    return line[0] in "<>" or (code and not line.startswith(line[0] * (LEAST + 1)))


def _seem_examples(cell: Cell, lines: Lines, together: Sequence[Marked], python: bool) -> Sequence[bool]:
    """Whether each conflict of a cell looks like an example; where there are many, all as they stand."""
    if len(together) > _EACH_ALONE:
        places = [range(marked.start, marked.end) for marked in together]
        return look_like_examples(cell.type, lines, places, python)
    return [_looks_like_example(cell, lines, marked, together, python) for marked in together]


def _looks_like_example(
    cell: Cell, lines: Lines, marked: Marked, together: Sequence[Marked], python: bool
) -> bool:
    """The other conflicts are settled for this: what stands beside an example may be a true one."""
    before = [line for piece in _settled(lines, together, 0, marked.start) for line in piece]
    after = [line for piece in _settled(lines, together, marked.end, len(lines)) for line in piece]
    start, end = len(before), len(before) + marked.end - marked.start
    alone = (*before, *marked.lines, *after)
    return all(look_like_examples(cell.type, alone, [range(start, end)], python))


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
