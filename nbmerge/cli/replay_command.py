"""Owns: `nbmerge replay`, the watcher's decisions for files taken as successive saves.

Must not know: how it decides.  Invariant: one line for each file, in their order, printed as
soon as it is decided; nothing on disk is touched but FINAL.
"""

from __future__ import annotations

import json

from nbmerge.cli.arguments import Arguments, CommandParser, command, number_of
from nbmerge.cli.streams import printable, write_text
from nbmerge.errors import EXIT_CLEAN, EXIT_CONFLICTS, NotebookError
from nbmerge.files import read_file, replace_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.service.replay import Step

_WHAT = """
Take files as successive saves of one notebook and say, for each, what the watcher would do and why:
`first`; `same` (the same bytes again); `accept` (it follows the save before it: nothing is written);
`restore` (an older save, brought back on purpose); `merge` (its author had not seen the save before it:
the two are merged); `ambiguous` (it may be so: the save is accepted, the one before it is kept as an
open tip).

Saves are numbered from 0. With --json each line is an object {"save", "action", "base", "conflicts", "why"}:
`base` is the save that it derives from, `conflicts` how many conflicts the merge that was written shows.
"""


def replay_parser() -> CommandParser:
    """The parser of `replay`."""
    exits = {EXIT_CONFLICTS: "conflicts are shown in the notebook at the end"}
    parser = command("replay", _WHAT, exits).with_json("one JSON object a line")
    parser.add_argument("saves", metavar="SAVE", nargs="+", help="the saves, oldest first")
    parser.add_argument("--out", metavar="FINAL", help="write what the file would hold at the end")
    parser.add_argument(
        "--interval",
        metavar="S",
        type=number_of("seconds"),
        default=120.0,
        help="seconds between saves (default: 120)",
    )
    parser.add_argument("--second-writer", action="store_true", help="as if a second writer were known")
    return parser


def run_replay(found: Arguments) -> int:
    """Run the command; its exit code.  Raises NbmergeError."""
    from nbmerge.history.opening import open_store
    from nbmerge.service.replay import Replay

    store = open_store(None, lambda: 0.0).store
    replay = Replay(store, found.interval, found.second_writer)
    conflicts = 0
    done = 0
    try:
        for step in replay.run(map(read_file, found.saves)):
            write_text(_object(step) if found.json else _line(step))
            conflicts = step.conflicts if step.writes else min(conflicts, _shown(replay.file.data))
            done = step.save + 1
    except NotebookError as error:
        message = str(error).removeprefix(f"save {done}: ")
        where = "" if message == str(error) else f"{found.saves[done]}: "
        raise NotebookError(where + message) from error
    finally:
        store.close()
    if found.out is not None:
        replace_file(found.out, replay.file.data)
    return EXIT_CONFLICTS if conflicts else EXIT_CLEAN


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
