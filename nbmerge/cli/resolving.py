"""Owns: the open conflicts of a notebook as the commands ask for them, with what to type where there are
none.

Must not know: how conflicts are found, resolved and written.  Invariant: the history is opened once, and
only if a conflict may be in the notebook.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from nbmerge.cli.histories import service
from nbmerge.cli.program import to_type
from nbmerge.cli.report import place
from nbmerge.conflicts.values import CellRuns
from nbmerge.errors import NotebookError, UsageError
from nbmerge.files import read_ordinary_file
from nbmerge.service.resolve import find_unresolved, may_be_unresolved, write_resolution

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from nbmerge.cli.in_browser import SeenConflicts
    from nbmerge.conflicts.choosing import Resolution
    from nbmerge.conflicts.known import Traced
    from nbmerge.conflicts.values import Chosen
    from nbmerge.merge.values import Decision
    from nbmerge.service.resolve import Rewritten, Unresolved


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


@dataclass(eq=False)
class Resolving:
    """A notebook whose conflicts, or those of one cell, are settled in the browser; what was saved in all:
    each save is one of what was seen last."""

    found: Unresolved
    cell: str | None
    chosen: list[Chosen] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    kept: Rewritten | None = None  # by the last save
    by_others: bool = False  # nothing is left, and nothing was saved here
    elsewhere: bool = False  # what is left is in other cells than the one that was named

    @property
    def path(self) -> str:
        """The notebook's."""
        return self.found.path

    @property
    def left(self) -> str:
        """What the last save left, where nothing of it is settled here."""
        if self.elsewhere or (self.kept is not None and self.kept.left):
            return "conflicts of other cells are left"
        if self.kept is not None and self.kept.markers:
            return "a marker of a conflict was left, the terminal says where"
        return "no conflict is left"

    def look(self) -> SeenConflicts | None:
        """What is to be settled now."""
        found = find_unresolved(self.found.service, self.path)
        self.by_others = found is None and self.kept is None
        self.elsewhere = False
        if found is None:
            if self.kept is not None:
                self.kept = replace(self.kept, left=0)  # others may have settled what it had left
            return None
        self.found = found
        try:
            meant = found.conflicts if self.cell is None else in_cell(found, self.cell)
        except UsageError:
            self.elsewhere = True
            return None
        return self.seen(meant)

    def seen(self, meant: Sequence[Traced]) -> SeenConflicts:
        """These conflicts of what was found last."""
        from nbmerge.cli.in_browser import SeenConflicts

        return SeenConflicts(self.found.notebook, meant, self.found.version.digest)

    def save(self, settled: Resolution, chosen: Mapping[Traced, Chosen]) -> None:
        """Write what was made of them."""
        self.kept = write_resolution(self.found, settled)
        self.chosen += chosen.values()
        self.decisions += settled.decisions
