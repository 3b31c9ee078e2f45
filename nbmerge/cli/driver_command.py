"""Owns: `nbmerge driver`, what git calls to merge one notebook.

Must not know: how notebooks are merged.  Invariant: an exit code up to 128 is given only
when the local file holds both sides; git would take that file for the result.
"""

from __future__ import annotations

import gc
import os
import sys

from nbmerge.cli.streams import printable, write_error, write_text
from nbmerge.errors import EXIT_CLEAN, EXIT_CONFLICTS, EXIT_DRIVER_FAILED
from nbmerge.git.driver import MergeStatus, merge_files, parse_call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import NoReturn

    from nbmerge.cli.arguments import CommandParser
    from nbmerge.git.driver import Call, DriverResult

_WHAT = """
What git calls to merge one notebook, after `git install`. The result is written to %A. What cannot be merged
as a notebook is merged as text.
"""
_LINES = 12  # a merge of many notebooks must stay readable


_PLACEHOLDERS = {
    "%O": "the file of base",
    "%A": "the file of local, which is replaced by the result",
    "%B": "the file of remote",
    "%L": "the length of conflict markers",
    "%P": "the path in the repository",
    "%S": "the name of base",
    "%X": "the name of local",
    "%Y": "the name of remote",
}


def run_driver(words: list[str]) -> int:
    """Merge; the exit code for git."""
    if words in (["-h"], ["--help"]):
        write_text(driver_parser().format_help())
        return EXIT_CLEAN
    answer = _answer(words)
    return EXIT_DRIVER_FAILED if answer is None else answer.for_git


def driver_parser() -> CommandParser:
    """What --help and the manual show of `driver`; `run_driver` parses by hand, which is faster."""
    from nbmerge.cli.arguments import USUAL_EXITS, command

    exits = dict.fromkeys(USUAL_EXITS, "") | {
        EXIT_CLEAN: "merged without conflicts",
        EXIT_CONFLICTS: "merged, with conflicts that are shown in the file",
        EXIT_DRIVER_FAILED: "nothing was written; git must not take the file for the result",
    }
    parser = command("driver", _WHAT, exits)
    for name, what in _PLACEHOLDERS.items():
        parser.add_argument(name[1], metavar=name, nargs="?" if name[1] in "SXY" else None, help=what)
    return parser


def entry() -> NoReturn:
    """Merge for the shell line in git's configuration, and answer in its codes.

    Called without arguments it only shows that the driver can be loaded.
    """
    gc.disable()  # a call is over before looking for garbage could pay
    answer = _answer(sys.argv[1:]) if sys.argv[1:] else MergeStatus.CLEAN
    # All is written; taking the interpreter apart would cost milliseconds.
    os._exit(EXIT_DRIVER_FAILED if answer is None else answer.for_entry)


def _answer(words: list[str]) -> MergeStatus | None:
    """Merge and say on stderr what is to be said; None if it cannot be told what came out."""
    try:
        call = parse_call(words)
        outcome = merge_files(call)
        for line in _lines(call, outcome):
            write_error(f"nbmerge: {printable(line)}\n")
    except (Exception, KeyboardInterrupt) as error:
        from nbmerge.cli.report import failure_of

        write_error(f"nbmerge: {failure_of(error).message}\n")
        return None
    return outcome.answer


def _lines(call: Call, outcome: DriverResult) -> Iterator[str]:
    """What to say: why it is merged as text, or which conflicts there are and what was chosen."""
    if outcome.result is None:
        yield outcome.reason
    elif outcome.result.conflicts or outcome.result.decisions:
        from nbmerge.cli.report import details, without_what_comes_back
        from nbmerge.git.labels import is_virtual

        if is_virtual(call):
            return  # nobody ever sees that notebook
        result = outcome.result
        told = without_what_comes_back(result.decisions, result.conflicts)
        found = list(details(result.conflicts, told))
        yield from (f"{call.path}: {line}" for line in found[:_LINES])
        if len(found) > _LINES:
            yield f"{call.path}: and {len(found) - _LINES} more"
        typed = _typed(call.path)
        if outcome.offered:
            yield f"{call.path}: look at what is settled as before; git waits for: git add {typed}"
        if outcome.result.conflicts:
            settle = "to settle them, with the outputs of the side that you choose"
            yield f"{call.path}: {settle}: nbmerge-on-save resolve {typed}"


def _typed(path: str) -> str:
    """The path, which is told from the top of the work tree, for a command in the folder where git was
    called; git runs its drivers at the top."""
    from shlex import quote

    return quote(os.path.relpath(path, os.environ.get("GIT_PREFIX") or os.curdir))
