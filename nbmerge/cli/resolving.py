"""Owns: the open conflicts of a notebook as the commands ask for them, with what to type where there are
none.

Must not know: how conflicts are found, resolved and written.  Invariant: the history is opened once, and
only if a conflict may be in the notebook.
"""

from __future__ import annotations

from contextlib import contextmanager

from nbmerge.cli.histories import service
from nbmerge.cli.program import to_type
from nbmerge.cli.report import place
from nbmerge.conflicts.values import CellRuns
from nbmerge.errors import NotebookError, UsageError
from nbmerge.files import read_ordinary_file
from nbmerge.service.resolve import find_unresolved, may_be_unresolved

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbmerge.conflicts.known import Traced
    from nbmerge.service.resolve import Unresolved


@contextmanager
def open_conflicts(path: str, state: str | None) -> Iterator[Unresolved | None]:
    """The conflicts in a notebook, with all that is known about them; None if there are none.

    Raises NotebookError if it is no notebook, SystemFailure if its version cannot be recorded.
    """
    data = read_ordinary_file(path)
    try:
        may_be = may_be_unresolved(data, path)
    except NotebookError as error:
        raise NotebookError(f"{error}; {to_type('fix', path)} rebuilds it if that can be done") from None
    if not may_be:
        yield None
        return
    with service(state) as opened:
        yield find_unresolved(opened, path)


def in_cell(found: Unresolved, named: str) -> tuple[Traced, ...]:
    """The conflicts in one cell, by its number from 1 or its id.  Raises UsageError if it has none."""
    number = int(named) - 1 if named.isascii() and named.isdigit() and len(named) < 9 else -1
    meant = tuple(each for each in found.conflicts if _stands_in(each, number))
    meant = meant or tuple(each for each in found.conflicts if each.conflict.id == named)
    if not meant:
        cells = ", ".join(dict.fromkeys(place(each.conflict) for each in found.conflicts))
        raise UsageError(f"{found.path}: no conflict is in cell {named}; there are some in {cells}")
    return meant


def _stands_in(traced: Traced, cell: int) -> bool:
    match traced.conflict.place:
        case CellRuns(first, _, last):
            return first <= cell <= last
    return traced.conflict.cell == cell
