"""Owns: `nbmerge fix NOTEBOOK...`.

Must not know: how a notebook is rebuilt, how a file is replaced.  Invariant: a notebook that cannot be
rebuilt is left as it is, and the others are fixed all the same; with --check nothing is written at all.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from shlex import quote

from nbmerge.cli.arguments import Arguments, CommandParser, command
from nbmerge.cli.git_command import in_git
from nbmerge.cli.histories import service
from nbmerge.cli.program import to_type
from nbmerge.cli.report import decided, without_what_comes_back
from nbmerge.cli.streams import printable, write_error, write_text
from nbmerge.errors import (
    EXIT_CLEAN,
    EXIT_CONFLICTS,
    EXIT_SYSTEM,
    EXIT_UNREADABLE,
    NotebookError,
    SystemFailure,
)
from nbmerge.files import read_ordinary_file
from nbmerge.git.sides import GitSides, Source, find_sides, merged_again
from nbmerge.repair.rebuild import Hopeless, How, Outcome, Rebuilt, Sides, Sound, rebuild

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.service.notebook_service import Fixed

_WHAT = """
Repair notebooks that are not JSON any more, because git has put conflict markers between their lines or
because somebody has removed those badly. If the file is what git wrote, the versions that git merged are
merged again, cell by cell. If somebody has edited it since, its own text counts, and git's common version
shows what each side changed. Without git, the text is all there is; so it is with what jj writes, in any of
its styles.

Conflicts that are left are shown in the cells; `resolve` settles them. The broken file stays in the
history of the notebook: `show NOTEBOOK@N` prints it. A notebook that cannot be rebuilt is left as it is.

With --json each line is an object {"path", "result", "how", "conflicts", "decisions", "left_out", "stray",
"dropped", "broken", "version", "line", "reason"} as far as it applies: `result` is sound, clean, conflict or
failed, `how` is index, parents, text or markers, `broken` and `version` number the broken and the fixed file,
`stray` are the lines of markers of which the rest of the conflict is missing or which stand too deep in other
conflicts, `dropped` the lines of the broken file whose text is not in the fixed one.
"""
_EXITS = {
    EXIT_CLEAN: "all are notebooks now, without conflicts",
    EXIT_CONFLICTS: "all are notebooks now, conflicts are shown in some; with --check: some are broken",
    EXIT_UNREADABLE: "at least one cannot be read or rebuilt; it was left as it is",
    EXIT_SYSTEM: "at least one cannot be written; it was left as it is",
}
_ATTEMPTS = 3  # saves by others that may come in between
_NAMED = _CHOICES = 12  # cells and choices told of one notebook; --json has all
_FROM = {
    Source.INDEX.value: "git's index",
    Source.PARENTS.value: "the commits that git merged",
    How.TEXT.value: "its own text, as it was edited, and git's common version",
    How.MARKERS.value: "its own text alone",
}


@dataclass(frozen=True, slots=True)
class _Done:
    """What became of one notebook, or (where `fixed` is None) would become of it."""

    path: str
    outcome: Outcome
    sides: GitSides | None = None
    fixed: Fixed | None = None
    shown: int = 0  # conflicts, in a notebook that is sound
    refused: bool = False  # by the system; the outcome says how


def fix_parser() -> CommandParser:
    """The parser of `fix`."""
    parser = command("fix", _WHAT, _EXITS).with_state()
    parser.add_argument("notebooks", metavar="NOTEBOOK", nargs="+", help="the broken notebooks")
    parser.add_argument("--check", action="store_true", help="only say what would become of them")
    return parser.with_json("one JSON object a line; it counts cells from 0")


def run_fix(options: Arguments) -> int:
    """Run the command; its exit code.  Raises NbmergeError."""
    code = EXIT_CLEAN
    for path in dict.fromkeys(options.notebooks):
        done = _done(path, options.check, options.state)
        if options.json:
            write_text(json.dumps(_object(done)) + "\n")
        else:
            _tell(done, options.check)
        code = max(code, _code(done, options.check))
    return code


def _done(path: str, check: bool, state: str | None) -> _Done:
    """Fix one notebook, as far as the system lets us."""
    found: list[GitSides | None] = []
    try:
        for _ in range(_ATTEMPTS):
            data = _read(path)
            outcome = rebuild(data, lambda: _sides(path, found))
            if isinstance(outcome, Sound):
                return _Done(path, outcome, shown=_shown(data, path))
            sides = found[0] if found else None
            if check or not isinstance(outcome, Rebuilt):
                return _Done(path, outcome, sides)
            fixed = _written(path, data, outcome.data, state)
            if fixed is not None:
                return _Done(path, outcome, sides, fixed)
    except (NotebookError, SystemFailure) as error:
        why = Hopeless(str(error).removeprefix(f"{path}: ").removeprefix(f"{os.path.realpath(path)}: "))
        return _Done(path, why, refused=isinstance(error, SystemFailure))
    return _Done(path, Hopeless("other programs keep saving it"))


def _read(path: str) -> bytes:
    if os.path.isdir(path):
        raise NotebookError(f"{path}: is a folder; name the notebooks in it")
    return read_ordinary_file(path)


def _sides(path: str, found: list[GitSides | None]) -> Sides | None:
    """What git knows of a broken notebook; it is put into `found` too."""
    sides = find_sides(path)
    found[:] = [sides]
    if sides is None:
        return None
    return Sides(sides.base, sides.local, sides.remote, sides.labels, merged_again)


def _shown(data: bytes, path: str) -> int:
    """How many conflicts are shown in a notebook."""
    from nbmerge.conflicts.finding import find
    from nbmerge.conflicts.signs import may_hold_conflicts
    from nbmerge.notebook.reader import read

    return len(find(read(data, path))) if may_hold_conflicts(data) else 0


def _written(path: str, broken: bytes, data: bytes, state: str | None) -> Fixed | None:
    with service(state) as opened:
        return opened.put_rebuilt(path, broken, data)


def _code(done: _Done, check: bool) -> int:
    match done.outcome:
        case Sound():
            return EXIT_CONFLICTS if done.shown else EXIT_CLEAN
        case Rebuilt(conflicts=conflicts, stray=stray):
            return EXIT_CONFLICTS if conflicts or stray or check else EXIT_CLEAN
        case Hopeless():
            return EXIT_SYSTEM if done.refused else EXIT_UNREADABLE


def _tell(done: _Done, check: bool) -> None:
    path = printable(done.path)
    match done.outcome:
        case Sound():
            said = "it is a notebook; nothing to fix"
            if done.shown:
                said += f", but {_conflicts(done.shown)} shown in it: {to_type('resolve', done.path)}"
            write_text(f"{path}: {printable(said)}\n")
        case Hopeless() as hopeless:
            refused = "cannot be written" if done.refused else "cannot be rebuilt"
            line = "" if hopeless.line is None else f"line {hopeless.line}: "
            why = f"{refused}: {line}{hopeless.reason}; it was left as it is"
            write_error(f"nbmerge: {path}: {printable(why)}\n")
        case Rebuilt() as rebuilt:
            lines = _lines(done, rebuilt, check)
            write_text("".join(f"{printable(line)}\n" for line in lines))


def _lines(done: _Done, rebuilt: Rebuilt, check: bool) -> Iterator[str]:
    """What was made of a notebook, and what is next."""
    cells = sorted({conflict.cell + 1 for conflict in rebuilt.conflicts})
    left = "no conflicts are left"
    if cells:
        named = ", ".join(map(str, cells[:_NAMED])) + (", ..." if len(cells) > _NAMED else "")
        left = f"{_conflicts(len(rebuilt.conflicts))} shown in cell{'s' * (len(cells) > 1)} {named}"
    verb = "is broken; it can be rebuilt" if check else "rebuilt"
    yield f"{done.path}: {verb} from {_FROM[_how(done, rebuilt)]}; {left}"
    yield from (f"  {what}" for what in rebuilt.left_out)
    for line in rebuilt.stray[:_NAMED]:
        yield f"  line {line}: a marker without its others; all lines around it were kept: look at them"
    if rebuilt.stray[_NAMED:]:
        yield f"  line{_ranges(rebuilt.stray[_NAMED:])}: more such markers, or conflicts deep in others"
    if rebuilt.dropped:
        yield f"  not in the notebook any more: line{_ranges(rebuilt.dropped)}"
    choices = list(map(decided, without_what_comes_back(rebuilt.decisions, rebuilt.conflicts)))
    yield from (f"  {choice}" for choice in choices[:_CHOICES])
    if len(choices) > _CHOICES:
        yield f"  and {len(choices) - _CHOICES} choices more"
    if done.fixed is None:
        return
    broken = f"{done.path}@{done.fixed.broken.number}"
    yield f"  the broken file is version {done.fixed.broken.number}: {to_type('show', broken)}"
    if cells:
        yield f"  settle the conflicts: {to_type('resolve', done.path)}"
        if done.sides is not None and done.sides.unmerged:
            yield f"  then: git add {quote(done.path)}"
    elif done.sides is not None:
        yield from (f"  {line}" for line in in_git(done.path, done.sides))


def _ranges(numbers: tuple[int, ...]) -> str:
    """7 for one line, else s 7-9, 12."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    named = ", ".join("-".join(map(str, run)) for run in runs[:_NAMED]) + (
        ", ..." if len(runs) > _NAMED else ""
    )
    return f"{'s' * (len(numbers) > 1)} {named}"


def _object(done: _Done) -> dict[str, object]:
    found: dict[str, object] = {"path": done.path}
    match done.outcome:
        case Sound():
            found |= {"result": "sound", "conflicts": done.shown}
        case Hopeless(reason, line):
            found |= {"result": "failed", "reason": reason, "line": line}
        case Rebuilt() as rebuilt:
            found |= {
                "result": "conflict" if rebuilt.conflicts or rebuilt.stray else "clean",
                "how": _how(done, rebuilt),
                "conflicts": [conflict.as_json() for conflict in rebuilt.conflicts],
                "decisions": [decision.as_json() for decision in rebuilt.decisions],
                "left_out": list(rebuilt.left_out),
                "stray": list(rebuilt.stray),
                "dropped": list(rebuilt.dropped),
            }
            if done.fixed is not None:
                found |= {"broken": done.fixed.broken.number, "version": done.fixed.version.number}
    return found


def _how(done: _Done, rebuilt: Rebuilt) -> str:
    if rebuilt.how is How.SIDES and done.sides is not None:
        return done.sides.source.value
    return rebuilt.how.value


def _conflicts(number: int) -> str:
    return f"{number} conflict is" if number == 1 else f"{number} conflicts are"
