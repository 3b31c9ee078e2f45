"""Owns: which outputs and which execution count a merged code cell gets.

Must not know: how the source was merged, only what came out.  Invariant: outputs never
stand under a source that did not make them, unless the caller asked for that by policy.
"""

from __future__ import annotations

import re

from nbmerge.frozen import frozen
from nbmerge.merge.values import Decided, Notes, Outputs, Policy, Side, decide

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.notebook.jsontext import Json
    from nbmerge.notebook.model import Cell

_COMMENT_OR_BLANK = r"^\s*(?:#(?!\s*%%).*)?$"


@frozen
class Run:
    """What one execution of a source left behind."""

    outputs: list[Json]
    count: Json
    plain: Json

    @property
    def happened(self) -> bool:
        return bool(self.outputs) or self.count is not None


NO_RUN = Run([], None, [])


def run_of(cell: Cell | None) -> Run:
    """What the cell shows of its last execution."""
    if cell is None or cell.type != "code":
        return NO_RUN
    return Run(cell.outputs, cell.value.get(cell.count_field), cell.plain_outputs)


def merge_run(
    base: Cell | None, local: Cell, remote: Cell, source: str | None, policy: Policy, notes: Notes
) -> Run:
    """The run that belongs to the merged source (None: the source is in conflict)."""
    ours, theirs, before = run_of(local), run_of(remote), run_of(base)
    contested = ours != theirs and ours != before and theirs != before
    made_by_local = source is not None and made(source, local)
    made_by_remote = source is not None and made(source, remote)
    stale = not made_by_local and not made_by_remote
    if stale or (contested and policy.outputs is not Outputs.RUN):
        return unowned_run(before, ours, theirs, policy, source is None, notes)
    if made_by_local and made_by_remote:
        return _of_one_source(before, ours, theirs, policy.newer, notes)
    chosen, dropped, side = (ours, theirs, "local") if made_by_local else (theirs, ours, "remote")
    if dropped not in (before, chosen):
        notes.below("outputs").add(side, "they follow the source; the other side's belong to another one")
    return chosen


def unowned_run(before: Run, ours: Run, theirs: Run, policy: Policy, conflict: bool, notes: Notes) -> Run:
    """No run belongs to the source that came out: none, unless the policy names one."""
    if not (ours.happened or theirs.happened):
        return NO_RUN
    if policy.outputs is Outputs.RUN:
        why = "the source is in conflict" if conflict else "the merged source was never run"
        notes.below("outputs").add("nothing", f"{why}; --outputs local or remote brings outputs back")
        return NO_RUN
    notes.below("outputs").add(policy.outputs.value, "asked for with --outputs")
    return _asked_for(policy.outputs, before, ours, theirs)


def no_run_for_text(base: Cell | None, local: Cell, remote: Cell, notes: Notes) -> Run:
    """A cell that is no code has no outputs, also if a side has just run it."""
    if any(run.happened and run != run_of(base) for run in (run_of(local), run_of(remote))):
        notes.below("outputs").add("nothing", "only a code cell has outputs")
    return NO_RUN


def made(source: str, cell: Cell) -> bool:
    """True if the cell's outputs are those of this source, comments and blank lines apart."""
    return cell.type == "code" and (source == cell.source or _bare(source) == _bare(cell.source))


def _bare(source: str) -> list[str]:
    if '"""' in source or "'''" in source:  # a line of a string may look like a comment
        return [source]
    return [line for line in source.split("\n") if not re.match(_COMMENT_OR_BLANK, line)]


def _of_one_source(before: Run, ours: Run, theirs: Run, newer: Side, notes: Notes) -> Run:
    """Both sides hold the same source: the side that ran it; both did: the later run.

    A side that still shows base's run has not run the source, whether that is new or not.
    """
    law = decide(before, ours, theirs, plain=lambda run: (run.plain, run.count))
    if isinstance(law, Decided):
        return law.value
    later, earlier = (theirs, ours) if newer is Side.REMOTE else (ours, theirs)
    if later.outputs or not earlier.outputs:
        side = newer
    else:
        side, later = newer.other, earlier
    if ours.plain != theirs.plain:
        notes.below("outputs").add(side.value, "run by both sides")
    else:
        notes.below("execution_count").add(side.value, "run by both sides")
    return later


def _asked_for(outputs: Outputs, before: Run, ours: Run, theirs: Run) -> Run:
    match outputs:
        case Outputs.LOCAL:
            return ours
        case Outputs.REMOTE:
            return theirs
        case Outputs.BASE:
            return before
        case Outputs.UNION:
            more = [item for item in theirs.outputs if item not in ours.outputs]
            count = ours.count if ours.count is not None else theirs.count
            return Run(ours.outputs + more, count, [])
        case _:
            return NO_RUN
