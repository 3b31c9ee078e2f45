"""Owns: the conflicts that a writer's copy shows, and what has to be done to it to settle one of them.

Must not know: writing, who asks, how a front end shows a conflict.  Invariant: nothing is saved and nothing
is recorded; what comes of a choice is, to the byte, what `resolve` makes of a file that holds this copy:
text, outputs, count and metadata.

A copy is not what the file holds: somebody may be typing in it.  What is known of its conflicts is what git
and the history know of the version that the copy goes on from.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from nbmerge.conflicts.choosing import choose
from nbmerge.conflicts.finding import find
from nbmerge.conflicts.known import trace
from nbmerge.conflicts.values import Absent, Choice, InSource, NotKnown
from nbmerge.errors import NbmergeError, UsageError
from nbmerge.lineage.heads import Heads
from nbmerge.merge.values import Conflict
from nbmerge.notebook.writer import write
from nbmerge.service.merged_before import MergedBefore, merged_before
from nbmerge.service.tips import descent
from nbmerge.sync.operations import Operation, operations
from nbmerge.sync.tokens import token_of, version_in

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbmerge.conflicts.known import Traced
    from nbmerge.conflicts.values import Term
    from nbmerge.lineage.versions import Version
    from nbmerge.notebook.model import Notebook
    from nbmerge.service.labels import Descent
    from nbmerge.service.notebook_service import NotebookService


@dataclass(frozen=True, slots=True)
class Authored:
    """Who brought in a side of a conflict: the tokens of the saves, and the time of the last, in seconds
    since the epoch; None and none where that is not known."""

    versions: tuple[str, ...] = ()
    time: float | None = None


@dataclass(frozen=True, slots=True)
class ConflictInCopy:
    """A conflict: the place of its cell, the line of its first marker, and what markers do not tell."""

    cell: int
    line: int
    has_base: bool
    local: Authored = Authored()
    remote: Authored = Authored()


@dataclass(frozen=True, slots=True)
class ChoiceInCopy:
    """What is chosen for the conflict whose first marker stands in a line of a cell; both count from 0."""

    cell: int
    line: int
    choice: Choice


@dataclass(frozen=True, slots=True)
class Settled:
    """`operations` change the copy, `content` is what they make of it; `source` is the notebook whose results
    come back, "" for none."""

    operations: tuple[Operation, ...]
    content: Notebook
    source: bytes = b""


def conflicts_in_copy(
    service: NotebookService, path: str, token: str, copy: Notebook
) -> tuple[ConflictInCopy, ...]:
    """The conflicts between markers in a copy made of the version that a token stands for.

    Raises UsageError if that is not known here, NotebookError if the file is no notebook.
    """
    return tuple(_told(service, _Standing.of(service, path, token, copy)))


def settle_in_copy(
    service: NotebookService, path: str, token: str, copy: Notebook, chosen: ChoiceInCopy
) -> Settled:
    """What settles a conflict in a copy.

    Raises as `conflicts_in_copy` does, and UsageError also if no conflict stands there, or if what was chosen
    is not known.
    """
    standing = _Standing.of(service, path, token, copy)
    meant = next((one for one in standing.conflicts if _place(one) == (chosen.cell, chosen.line)), None)
    if meant is None:
        raise UsageError(f"{path}: no conflict stands in line {chosen.line + 1} of cell {chosen.cell + 1}")
    try:
        made = choose(copy, {meant: chosen.choice}).notebook
    except NotKnown as error:
        raise UsageError(f"{path}: {error}") from error
    return Settled(operations(copy, made), made, standing.side(chosen.choice))


@dataclass(frozen=True, slots=True)
class _Standing:
    """What stands in a copy, and what is known of it."""

    notebook_id: int
    conflicts: tuple[Traced, ...]
    merged: MergedBefore | None

    @staticmethod
    def of(service: NotebookService, path: str, token: str, copy: Notebook) -> _Standing:
        """Raises as `conflicts_in_copy` does."""
        from nbmerge.git.sides import find_sides

        with service.at(path) as (notebook_id, _):
            base = service.recorder.declared_base(notebook_id, partial(version_in, token), token)
        if base is None:
            raise UsageError(f"{path}: the version {token!r} is not known here; open the notebook again")
        git = find_sides(path)
        merged = merged_before(service.store, notebook_id, base, copy, git)
        known = None if merged is None else merged.known
        found = find(copy, lambda: known, merging=git is not None and git.unmerged)
        in_source = [one for one in found if isinstance(one.place, InSource)]
        return _Standing(notebook_id, trace(in_source, copy, known), merged)

    def was_made(self, one: Traced) -> bool:
        """Whether the merge made it: somebody may have typed markers or brought them from elsewhere."""
        place = one.conflict.place
        assert isinstance(place, InSource)
        return self.merged is not None and self.merged.known.shows(place.marked)

    def side(self, choice: Choice) -> bytes:
        """The notebook of one side of the merge."""
        sides = None if self.merged is None else self.merged.known.sides
        match choice:
            case Choice.LOCAL if sides is not None:
                return write(sides.local)
            case Choice.REMOTE if sides is not None:
                return write(sides.remote)
            case Choice.BASE if sides is not None:
                return write(sides.base)
        return b""


def _told(service: NotebookService, standing: _Standing) -> Iterator[ConflictInCopy]:
    people = _people(service, standing)
    for one in standing.conflicts:
        cell, line = _place(one)
        has_base = one.conflict.terms.base is not Absent.UNKNOWN
        if people is None or not standing.was_made(one):
            yield ConflictInCopy(cell, line, has_base)
            continue
        local, remote = people.authors(_as_made(one))
        yield ConflictInCopy(cell, line, has_base, _authored(local), _authored(remote))


def _people(service: NotebookService, standing: _Standing) -> Descent | None:
    merge = None if standing.merged is None else standing.merged.version
    if merge is None:
        return None
    try:
        return descent(service.store, standing.notebook_id, Heads(merge.number, merge.parents))
    except NbmergeError:
        return None  # a version of it is no longer kept


def _place(traced: Traced) -> tuple[int, int]:
    place = traced.conflict.place
    assert isinstance(place, InSource)
    return place.cell, place.marked.start


def _as_made(traced: Traced) -> Conflict:
    """The conflict as a merge tells it, as far as markers show it."""
    base, local, remote = map(_text, traced.conflict.terms)
    return Conflict(_place(traced)[0], traced.conflict.id, base, local, remote)


def _text(term: Term) -> str | None:
    return None if isinstance(term, Absent) else term


def _authored(versions: Sequence[Version]) -> Authored:
    newest = max(versions, key=lambda one: one.number)
    return Authored(tuple(map(token_of, versions)), newest.time)
