"""Owns: what people and programs are told about a merge or a failure.

Must not know: streams, options.  Invariant: lines for people are single and hold no
control characters, and count cells from 1; objects for programs are complete and plain
ASCII, and count from 0 as JSON does.
"""

from __future__ import annotations

from nbmerge.cli.program import spelled_out
from nbmerge.cli.streams import printable
from nbmerge.errors import (
    EXIT_BUG,
    EXIT_INTERRUPTED,
    EXIT_SYSTEM,
    NbmergeError,
    NotebookError,
    SystemFailure,
    UsageError,
)
from nbmerge.files import reason
from nbmerge.frozen import frozen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbmerge.conflicts.values import OpenConflict, Term
    from nbmerge.merge.markers import Rendered
    from nbmerge.merge.values import Conflict, Decision, Result

_CELLS_NAMED = 12
_KINDS = ((UsageError, "usage"), (NotebookError, "notebook"), (SystemFailure, "system"))


@frozen
class Failure:
    """Why nothing came of a call; `kind` is usage, notebook, system or bug."""

    kind: str
    message: str
    exit_code: int


def failure_of(error: BaseException) -> Failure:
    """Who is to blame for an exception, and what to say."""
    match error:
        case NbmergeError():
            kind = next((kind for blamed, kind in _KINDS if isinstance(error, blamed)), "bug")
            return Failure(kind, printable(spelled_out(str(error))), error.exit_code)
        case KeyboardInterrupt():
            return Failure("system", "interrupted", EXIT_INTERRUPTED)
        case MemoryError():
            return Failure("system", "there is not enough memory", EXIT_SYSTEM)
        case OSError():
            where = f"{error.filename}: " if error.filename else ""
            return Failure("system", printable(f"{where}{reason(error)}"), EXIT_SYSTEM)
    what = printable(f"{type(error).__name__}: {error}".rstrip(": "))
    message = f"a bug in nbmerge, please report it ({what}); --debug shows the traceback"
    return Failure("bug", message, EXIT_BUG)


def summary(result: Rendered | Result) -> str:
    """The line that ends a merge."""
    if result.clean:
        outcome = "merged without conflicts"
    else:
        cells = sorted({conflict.cell + 1 for conflict in result.conflicts})
        outcome = f"{_counted(len(result.conflicts), 'conflict')} in {_cells(cells)}"
    if not result.decisions:
        return outcome
    listed = "it" if len(result.decisions) == 1 else "them"
    return f"{outcome}; {_counted(len(result.decisions), 'choice')} noted (--verbose lists {listed})"


def details(conflicts: Iterable[Conflict], decisions: Iterable[Decision]) -> Iterator[str]:
    """A line for each conflict and each decision."""
    for conflict in conflicts:
        yield f"conflict in {_place(conflict)}: {_what_happened(conflict)}"
    yield from map(decided, decisions)


def without_what_comes_back(
    decisions: Iterable[Decision], conflicts: Iterable[Conflict]
) -> tuple[Decision, ...]:
    """The outputs of a cell in conflict are not lost where `resolve` finds them in git or the history."""
    contested = {f"/cells/{conflict.cell}/outputs" for conflict in conflicts}
    return tuple(decision for decision in decisions if decision.path not in contested)


def in_full(result: Rendered | Result) -> Iterator[str]:
    """The same with the three texts of each conflict, to be read instead of the notebook."""
    for conflict in result.conflicts:
        yield f"conflict in {_place(conflict)}: {_what_happened(conflict)}"
        for name, text in _terms(conflict):
            yield f"  {name}:"
            for line in text.split("\n"):
                yield f"    {printable(line.expandtabs())}".rstrip()
    yield from map(decided, result.decisions)
    if not result.conflicts and not result.decisions:
        yield "nothing had to be decided"


def result_json(result: Rendered | Result) -> str:
    """The object of a merge."""
    return _json(
        {
            "result": "clean" if result.clean else "conflict",
            "conflicts": [conflict.as_json() for conflict in result.conflicts],
            "decisions": [decision.as_json() for decision in result.decisions],
        }
    )


def failure_json(failure: Failure, traceback: str | None = None) -> str:
    """The object of a call that came to nothing."""
    error = {"kind": failure.kind, "message": failure.message}
    if traceback is not None:
        error["traceback"] = traceback
    return _json({"result": "error", "conflicts": [], "decisions": [], "error": error})


def _json(value: dict[str, object]) -> str:
    import json

    return json.dumps(value) + "\n"


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _cells(numbers: list[int]) -> str:
    if len(numbers) == 1:
        return f"cell {numbers[0]}"
    if len(numbers) > _CELLS_NAMED:
        named = ", ".join(map(str, numbers[:_CELLS_NAMED]))
        return f"cells {named} and {len(numbers) - _CELLS_NAMED} more"
    return f"cells {', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"


def _place(conflict: Conflict) -> str:
    return cell_named(conflict.cell, conflict.id)


def _what_happened(conflict: Conflict) -> str:
    if conflict.local is None:
        return "local deleted it, remote edited it"
    if conflict.remote is None:
        return "remote deleted it, local edited it"
    return "both changed it" if conflict.base is not None else "both inserted it"


def _terms(conflict: Conflict) -> Iterator[tuple[str, str]]:
    for name, text in (("base", conflict.base), ("local", conflict.local), ("remote", conflict.remote)):
        if text is not None:
            yield name, text


def decided(decision: Decision) -> str:
    """A choice in one line."""
    return printable(f"{_where(decision.path)}: {decision.took}: {decision.reason}")


def _where(path: str) -> str:
    """A JSON pointer as people say it: `/cells/2/outputs` is `cell 3, outputs`."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in path.split("/")[1:]]
    if len(steps) > 1 and steps[0] == "cells" and steps[1].isdigit():
        steps[:2] = [f"cell {int(steps[1]) + 1}"]
        return ", ".join([steps[0], ".".join(steps[1:])]) if len(steps) > 1 else steps[0]
    return ".".join(steps) or "the notebook"


def place(conflict: OpenConflict) -> str:
    """Where it stands, in words."""
    from nbmerge.conflicts.values import CellRuns, InFile, InMetadata, InOutputs

    match conflict.place:
        case InFile(line):
            return f"line {line}, no notebook any more"
        case InMetadata(None):
            return "metadata of the notebook"
        case InMetadata():
            return f"{cell_of(conflict)}, metadata"
        case InOutputs():
            return f"{cell_of(conflict)}, outputs"
        case CellRuns(first, _, last):
            return f"cells {first + 1} to {last + 1}"
    return cell_of(conflict)


def cell_of(conflict: OpenConflict) -> str:
    """Its cell as people name it."""
    return cell_named(conflict.cell or 0, conflict.id)


def cell_named(cell: int, id: str | None) -> str:
    """A cell, by its place from 0 and its id, as people name it."""
    named = f" (id {printable(id)})" if id is not None else ""
    return f"cell {cell + 1}{named}"


def sides(conflict: OpenConflict) -> tuple[tuple[str, Term], tuple[str, Term]]:
    """Local's and remote's name, with what the markers call them, and term."""
    labels, terms = conflict.labels, conflict.terms
    return (_named("local", labels.local), terms.local), (_named("remote", labels.remote), terms.remote)


def _named(side: str, label: str) -> str:
    return f"{side} ({printable(label)})" if label and label != side else side
