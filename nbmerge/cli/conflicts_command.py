"""Owns: `nbmerge conflicts [PATH...]`.

Must not know: how conflicts are found.  Invariant: writes nothing; what is shown of a notebook holds
no control characters; every conflict comes with what to type next.
"""

from __future__ import annotations

from nbmerge.cli.arguments import Parser, command, understand
from nbmerge.cli.histories import add_state
from nbmerge.cli.program import to_type
from nbmerge.cli.streams import ReaderGone, printable, write_error, write_text
from nbmerge.errors import EXIT_CLEAN, EXIT_CONFLICTS, EXIT_UNREADABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.service.resolve import Looked

_CALL = "conflicts [PATH...] [--json] [--state DIR]"
_WHAT = """
List the conflicts that wait in notebooks: those that nbmerge shows in cells, those of nbdime in cells,
outputs and metadata, and the markers with which git breaks a notebook. A folder is searched with all
below it; without a PATH, the current folder. Markers that a notebook shows as an example are no conflict.
"""
_EXITS = {
    EXIT_CLEAN: "there are none",
    EXIT_CONFLICTS: "there are some",
    EXIT_UNREADABLE: "a notebook cannot be read (the others were looked at all the same)",
}


def parser() -> Parser:
    """What `conflicts` understands."""
    made = command(_CALL, _WHAT, _EXITS)
    made.add_argument("--json", action="store_true", help="print one JSON object; it counts cells from 0")
    add_state(made)
    return made


def run(arguments: list[str]) -> int:
    """Run the command; its exit code.  Raises NbmergeError."""
    from nbmerge.service.resolve import Looking, notebooks

    heard = understand(parser(), arguments)
    if heard is None:
        return EXIT_CLEAN
    options, words = heard
    looking = Looking(options.state)
    found: list[Looked] = []
    unreadable: list[Looked] = []
    number = 0
    for path in notebooks(words or ["."]):
        number += 1
        looked = looking.at(path)
        if looked.error:
            unreadable.append(looked)
        elif looked.conflicts:
            found.append(looked)
            if not options.json:
                try:
                    write_text(_told(looked))
                except ReaderGone:  # as after `| head`
                    return EXIT_CONFLICTS
    if options.json:
        write_text(_all_as_json(number, found, unreadable))
    else:
        write_error("".join(f"nbmerge: {printable(looked.error)}\n" for looked in unreadable))
        write_text(_summary(number, found))
    if unreadable:
        return EXIT_UNREADABLE
    return EXIT_CONFLICTS if found else EXIT_CLEAN


def _told(looked: Looked) -> str:
    from nbmerge.cli.conflict_lines import told

    lines = [line for conflict in looked.conflicts for line in told(looked.path, conflict)]
    return "".join(f"{line}\n" for line in lines)


def _summary(number: int, found: list[Looked]) -> str:
    looked_at = f"{number} notebook{'s' * (number != 1)}"
    conflicts = [conflict for looked in found for conflict in looked.conflicts]
    if not conflicts:
        return f"no conflicts in {looked_at}\n"
    from nbmerge.conflicts.values import ShownBy

    broken = [looked.path for looked in found if looked.conflicts[0].writer is ShownBy.GIT]
    whole = [looked.path for looked in found if looked.conflicts[0].writer is not ShownBy.GIT]
    calls = [to_type("fix", path) for path in broken[:1]] + [to_type("resolve", path) for path in whole[:1]]
    count = f"{len(conflicts)} conflict{'s' * (len(conflicts) != 1)}"
    return f"{count} in {len(found)} of {looked_at}; next: {printable(', '.join(calls))}\n"


def _all_as_json(number: int, found: list[Looked], unreadable: list[Looked]) -> str:
    import json

    from nbmerge.cli.conflict_lines import as_json

    conflicts = [as_json(looked.path, conflict) for looked in found for conflict in looked.conflicts]
    errors = [{"path": looked.path, "message": looked.error} for looked in unreadable]
    return json.dumps({"notebooks": number, "conflicts": conflicts, "errors": errors}) + "\n"
