"""Owns: `nbmerge replay`, the watcher's decisions for files taken as successive saves.

Must not know: how it decides.  Invariant: one line for each file, in their order, printed as
soon as it is decided; nothing on disk is touched but FINAL.
"""

from __future__ import annotations

import json

from nbmerge.cli.arguments import command, seconds, understand
from nbmerge.cli.program import program_name
from nbmerge.cli.streams import printable, write_text
from nbmerge.errors import EXIT_CLEAN, EXIT_CONFLICTS, NotebookError, UsageError
from nbmerge.files import read_file, replace_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.cli.arguments import Parser
    from nbmerge.service.replay import Step

_CALL = "replay V0 V1 ... [--json] [--out FINAL] [--interval S] [--second-writer]"
_WHAT = """
Take files as successive saves of one notebook and tell, for each, what the watcher would do and why:
`first`; `same` (the same bytes again); `accept` (it follows the save before it: nothing is written);
`restore` (an older save, brought back on purpose); `merge` (its author had not seen the save before it:
the two are merged); `ambiguous` (it may be so: the save is accepted, the one before it is kept as an
open tip).

Saves are numbered from 0. With --json each line is an object {"save", "action", "base", "conflicts", "why"}:
`base` is the save that it derives from, `conflicts` how many conflicts the merge that was written shows.
"""


def run(arguments: list[str]) -> int:
    """Run the command; its exit code.  Raises NbmergeError."""
    heard = understand(parser(), arguments)
    if heard is None:
        return EXIT_CLEAN
    options, paths = heard
    if not paths:
        raise UsageError(f"name the saves, oldest first: {program_name()} {_CALL}")
    conflicts = _replay(paths, options.interval, options.second_writer, options.json, options.out)
    return EXIT_CONFLICTS if conflicts else EXIT_CLEAN


def parser() -> Parser:
    """What `replay` understands."""
    options = command(_CALL, _WHAT, {EXIT_CONFLICTS: "conflicts are shown in the notebook at the end"})
    options.add_argument("--json", action="store_true", help="one JSON object a line")
    options.add_argument("--out", metavar="FINAL", help="write what the file would hold at the end")
    options.add_argument(
        "--interval", metavar="S", type=seconds, default=120.0, help="seconds between saves (default: 120)"
    )
    options.add_argument("--second-writer", action="store_true", help="as if a second writer were known")
    return options


def _replay(paths: list[str], interval: float, second_writer: bool, as_json: bool, out: str | None) -> int:
    """Print the steps; how many conflicts the file shows at the end."""
    from nbmerge.history.opening import open_store
    from nbmerge.service.replay import Replay

    store = open_store(None, lambda: 0.0).store
    replay = Replay(store, interval, second_writer)
    conflicts = 0
    done = 0
    try:
        for step in replay.run(map(read_file, paths)):
            write_text(_object(step) if as_json else _line(step))
            conflicts = step.conflicts if step.writes else min(conflicts, _shown(replay.file.data))
            done = step.save + 1
    except NotebookError as error:
        message = str(error).removeprefix(f"save {done}: ")
        raise NotebookError(message if message == str(error) else f"{paths[done]}: {message}") from error
    finally:
        store.close()
    if out is not None:
        replace_file(out, replay.file.data)
    return conflicts


def _shown(data: bytes) -> int:
    """How many conflicts of a merge are still there, at most: its labels name versions."""
    return data.count(b"<<<<<<< version ")


def _object(step: Step) -> str:
    found = {
        "save": step.save,
        "action": step.action.value,
        "base": step.base,
        "conflicts": step.conflicts,
        "why": step.why,
    }
    return json.dumps(found) + "\n"


def _line(step: Step) -> str:
    base = "" if step.base is None or step.action.value in ("first", "same") else f" from {step.base}"
    shown = f" [{step.conflicts} conflict{'s' * (step.conflicts > 1)}]" if step.conflicts else ""
    return printable(f"{step.save}: {step.action.value}{base}{shown}: {step.why}") + "\n"
