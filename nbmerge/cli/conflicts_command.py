"""Owns: `nbmerge conflicts`: what waits for a person as lines for people and as objects for programs.

Must not know: how conflicts are found, what becomes of them.  Invariant: writes nothing; lines hold no
control characters and count cells from 1; objects count from 0 but say the number that people use too.
"""

from __future__ import annotations

import os
from dataclasses import replace
from itertools import zip_longest

from nbmerge.cli.arguments import Arguments, CommandParser, command
from nbmerge.cli.program import to_type
from nbmerge.cli.report import cell_named, place, sides
from nbmerge.cli.streams import ReaderGone, printable, write_error, write_text
from nbmerge.conflicts.values import Absent, InFile, OpenConflict, Term
from nbmerge.errors import EXIT_CLEAN, EXIT_CONFLICTS, EXIT_UNREADABLE
from nbmerge.merge.sequences import common_ends

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbmerge.git.waiting import OpenQuestion
    from nbmerge.service.resolve import Looked

_WHAT = """
List the conflicts in notebooks: those that nbmerge shows in cells, those of nbdime in cells, outputs and
metadata, cells of nbdev's that are markers, and git's markers in files that are not JSON any more; also
single markers that were forgotten, and notebooks about which git waits for a decision (one side deleted what
the other changed, or both renamed it). Folders are searched with all folders in them; without PATH, the
current one. Markers that a notebook shows as an example do not count.
"""
_EXITS = {
    EXIT_CLEAN: "nothing waits for anybody",
    EXIT_CONFLICTS: "something does",
    EXIT_UNREADABLE: "a notebook cannot be read; the others were searched",
}
_FIRST = 3  # lines of each side
_WIDTH = 160  # characters of a line
_LOOKED_AT = 20_000  # characters of a line; pictures may stand in one
_BEFORE = 40  # characters before the first one that differs


def conflicts_parser() -> CommandParser:
    """The parser of `conflicts`."""
    parser = command("conflicts", _WHAT, _EXITS).with_state()
    parser.add_argument("paths", metavar="PATH", nargs="*", help="notebooks, and folders of notebooks")
    return parser.with_json("print one JSON object; it counts cells from 0")


def run_conflicts(options: Arguments) -> int:
    """Run the command; its exit code.  Raises NbmergeError."""
    from nbmerge.service.resolve import Looking, notebooks

    looking = Looking(options.state)
    found: list[Looked] = []
    unreadable: list[Looked] = []
    told: set[OpenQuestion] = set()
    number = 0
    for path in notebooks(options.paths or ["."], looking):
        looked = _once(looking.at(path), told)
        if looked.is_settled and not looked.error and not os.path.lexists(path):
            continue  # the old name of a notebook that was told of under a new one
        number += 1
        if looked.error:
            unreadable.append(looked)
        if looked.is_settled:
            continue
        found.append(looked)
        if not options.json:
            try:
                write_text(_lines(looked))
            except ReaderGone:  # as after `| head`
                return EXIT_CONFLICTS
    if options.json:
        write_text(_all_as_json(number, found, unreadable))
    else:
        write_error("".join(f"nbmerge: {printable(looked.error)}\n" for looked in unreadable))
        write_text(_summary(number, len(unreadable), found))
    if unreadable:
        return EXIT_UNREADABLE
    return EXIT_CONFLICTS if found else EXIT_CLEAN


def _once(looked: Looked, told: set[OpenQuestion]) -> Looked:
    """The same, but that git's question about a file that has several names is told of under one."""
    if looked.waiting in told:
        return replace(looked, waiting=None)
    if looked.waiting is not None:
        told.add(looked.waiting)
    return looked


def lines_of(path: str, conflict: OpenConflict) -> list[str]:
    """The conflict as `conflicts` lists it: where it is, and how each side begins."""
    lines = [f"{printable(path)}: {place(conflict)}"]
    (ours, local), (theirs, remote) = sides(conflict)
    for name, term, other in ((ours, local, remote), (theirs, remote, local)):
        lines.append(f"  {name}:")
        lines += [f"    {line}" for line in _first_lines(term, other)]
    return lines


def as_json(path: str, conflict: OpenConflict) -> dict[str, object]:
    """The conflict for programs: a term is null where there is no such cell, absent where not known."""
    cell = conflict.cell
    found: dict[str, object] = {
        "path": path,
        "in": conflict.place.kind,
        "by": conflict.writer.value,
        "cell": cell,
        "number": None if cell is None else cell + 1,
        "id": conflict.id,
        "line": conflict.place.line if isinstance(conflict.place, InFile) else None,
        "labels": {"local": conflict.labels.local, "remote": conflict.labels.remote},
    }
    terms = {"base": conflict.terms.base, "local": conflict.terms.local, "remote": conflict.terms.remote}
    for name, term in terms.items():
        if term is not Absent.UNKNOWN:
            found[name] = term if isinstance(term, str) else None
    return found


def loose_ends(looked: Looked) -> Iterator[str]:
    """Lines about what no side can be chosen for: markers that were forgotten, and what git asks."""
    path = printable(looked.path)
    for left in looked.markers:
        where = f"{cell_named(left.cell, left.id)}, line {left.line + 1}"
        yield f"{path}: {where}: a conflict marker was left: delete the line"
        yield f"    {_cut(left.text, '')}"
    if looked.waiting is not None:
        from nbmerge.cli.git_command import answers, asked, turned_round

        yield f"{path}: git waits for a decision: {asked(looked.waiting)}"
        yield from (f"  {what}: {printable(call)}" for what, call in answers(looked.waiting))
        if note := turned_round(looked.path):
            yield f"  note: {note}"


def _lines(looked: Looked) -> str:
    lines = [line for conflict in looked.conflicts for line in lines_of(looked.path, conflict)]
    return "".join(f"{line}\n" for line in (*lines, *loose_ends(looked)))


def _summary(number: int, unreadable: int, found: list[Looked]) -> str:
    looked_at = f"{number} notebook{'s' * (number != 1)}"
    if unreadable:
        looked_at += f", of which {unreadable} cannot be read"
    if not found:
        return f"no conflicts in {looked_at}\n"
    counted = (
        (sum(len(looked.conflicts) for looked in found), "conflict"),
        (sum(len(looked.markers) for looked in found), "marker left"),
        (sum(looked.waiting is not None for looked in found), "decision for git"),
    )
    counts = ", ".join(f"{count} {_plural(what, count)}" for count, what in counted if count)
    calls = _next(found)
    then = f"; next: {printable(', '.join(calls))}" if calls else ""
    return f"{counts} in {len(found)} of {looked_at}{then}\n"


def _plural(what: str, count: int) -> str:
    noun, _, rest = what.partition(" ")
    return f"{noun}{'s' * (count != 1)} {rest}".rstrip()


def _next(found: list[Looked]) -> list[str]:
    """What to type for the first notebook of each kind."""
    from nbmerge.conflicts.values import ShownBy

    shown = [looked for looked in found if looked.conflicts]
    broken = [looked.path for looked in shown if looked.conflicts[0].writer is ShownBy.GIT]
    whole = [looked.path for looked in shown if looked.conflicts[0].writer is not ShownBy.GIT]
    return [to_type("fix", path) for path in broken[:1]] + [to_type("resolve", path) for path in whole[:1]]


def _all_as_json(number: int, found: list[Looked], unreadable: list[Looked]) -> str:
    import json

    conflicts = [one for looked in found for one in _objects(looked)]
    errors = [{"path": looked.path, "message": looked.error} for looked in unreadable]
    return json.dumps({"notebooks": number, "conflicts": conflicts, "errors": errors}) + "\n"


def _objects(looked: Looked) -> Iterator[dict[str, object]]:
    yield from (as_json(looked.path, conflict) for conflict in looked.conflicts)
    for left in looked.markers:
        yield {
            "path": looked.path,
            "in": left.kind,
            "by": None,
            "cell": left.cell,
            "number": left.cell + 1,
            "id": left.id,
            "line": left.line,
            "text": left.text,
        }
    if looked.waiting is not None:
        from nbmerge.cli.git_command import answers, asked

        yield {
            "path": looked.path,
            "in": "git",
            "by": "git",
            "cell": None,
            "number": None,
            "id": None,
            "line": None,
            "state": looked.waiting.question.value,
            "paths": list(looked.waiting.paths),
            "message": asked(looked.waiting),
            "commands": [call for _, call in answers(looked.waiting)],
        }


def _first_lines(term: Term, other: Term) -> list[str]:
    """The first lines of a term, printable; long ones from where those of the other term differ."""
    if term is Absent.DELETED:
        return ["(the cell is deleted)"]
    if not isinstance(term, str):
        return ["(not known)"]
    if not term:
        return ["(nothing)"]
    lines = term.split("\n")
    beside = other.split("\n") if isinstance(other, str) else []
    same, _ = common_ends(lines, beside)
    start = same if same >= _FIRST and same < len(lines) else 0
    more = len(lines) - start - _FIRST
    pairs = zip_longest(lines[start : start + _FIRST], beside[start : start + _FIRST], fillvalue="")
    shown = [_cut(*pair) for pair in pairs][: len(lines) - start]
    before = [f"... {start} lines that both have"] if start else []
    return before + shown + ([f"... {more} more line{'s' * (more != 1)}"] if more > 0 else [])


def _cut(line: str, other: str) -> str:
    """What of a line is shown."""
    text, beside = (printable(each[:_LOOKED_AT].expandtabs()) for each in (line, other))
    if len(text) <= _WIDTH:
        return text
    same, _ = common_ends(text, beside)
    start = max(0, min(same - _BEFORE, len(text) - _WIDTH))
    return f"{'...' * (start > 0)}{text[start : start + _WIDTH]}{'...' * (start + _WIDTH < len(text))}"
