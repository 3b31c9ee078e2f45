"""Owns: the options of the merge command, and what it tells about itself.

Must not know: files, how a merge is made.  Invariant: options stand anywhere and are
never abbreviated; every mistake is a UsageError of one line.
"""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from dataclasses import dataclass

from nbmerge.cli import nbdime_options
from nbmerge.cli.arguments import USUAL_EXITS, Parser, exit_lines, formatter, split
from nbmerge.cli.program import program_name
from nbmerge.errors import EXIT_CLEAN, EXIT_CONFLICTS, EXIT_SYSTEM, EXIT_UNREADABLE, UsageError
from nbmerge.merge.markers import ConflictStyle, Labels, MarkerStyle
from nbmerge.merge.values import Outputs, Policy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from argparse import ArgumentParser
    from typing import Any

LARGEST_MARKER = 1000
COMMANDS = (
    *("merge", "git", "driver", "mergetool"),
    *("watch", "start", "stop", "restart", "status", "log", "show", "diff"),
    *("fix", "conflicts", "resolve", "restore", "recover", "open", "save", "replay", "demo", "doctor"),
    "completion",
)
_AFTER_OPTIONS = """\
commands:
  merge BASE LOCAL REMOTE   this one; the word `merge` may be left out
  git                       let git merge notebooks: `git install`, `git status`, `git uninstall`
  driver, mergetool         what git then calls for each notebook

  fix NOTEBOOK...           make notebooks again of those that git has broken
  conflicts [PATH...]       the conflicts that wait in notebooks
  resolve NOTEBOOK          settle them, one by one or all for one side

  demo                      see in ten seconds what `watch` does
  watch [PATH...]           merge notebooks whenever they are saved, until Ctrl-C
  start, stop, restart      the same in the background
  status                    whether it runs, and what may have been overwritten
  log NOTEBOOK              its versions
  show NOTEBOOK@N           print version N
  diff NOTEBOOK[@N] [@M]    how versions differ
  restore NOTEBOOK@N        bring version N back
  recover NOTEBOOK          merge what a later save may have overwritten
  open, save NOTEBOOK       for programs that edit notebooks and take part
  replay V0 V1 ...          what `watch` would do about these saves, and why
  doctor                    whether anything here keeps nbmerge from working
  completion SHELL          lets bash, zsh or fish complete all this

  {program} COMMAND --help tells more about each

{exits}

examples:
  {program} base.ipynb mine.ipynb theirs.ipynb --output merged.ipynb
  {program} base.ipynb mine.ipynb theirs.ipynb --conflict-style diff3 > merged.ipynb
  {program} git install
"""


_EXITS = {
    **USUAL_EXITS,
    EXIT_CLEAN: "merged without conflicts",
    EXIT_CONFLICTS: "merged, with conflicts that are shown in the cells",
    EXIT_UNREADABLE: "a file cannot be read or is no notebook; nothing was written",
    EXIT_SYSTEM: "the result could not be written",
}


@dataclass(frozen=True, slots=True)
class Options:
    """One call of the merge command; without `output` it goes to standard output."""

    base: str | None
    local: str
    remote: str
    output: str | None
    policy: Policy
    markers: MarkerStyle
    json: bool
    verbose: bool
    decisions: bool
    report: str | None


def parse(arguments: list[str]) -> Options:
    """What the arguments ask for.  Raises UsageError."""
    options, files = split(arguments)
    found, rest = parser().parse_known_args(options)
    for word in rest:
        if word.startswith("-") and word != "-":
            raise UsageError(f"there is no option {word}; {program_name()} --help lists all")
    base, local, remote = _files(rest + files)
    if found.report == "-" and found.output is None:
        raise UsageError("standard output takes the merged notebook or the report; add --output OUT")
    how = (found.json, found.verbose, found.decisions, found.report)
    return Options(base, local, remote, found.output, _policy(found), _markers(found), *how)


def help_text() -> str:
    """What --help prints."""
    return parser().format_help()


def _files(names: list[str]) -> tuple[str | None, str, str]:
    match names:
        case [base, local, remote] if all(names):
            return base, local, remote
        case [local, remote] if all(names):
            return None, local, remote
        case []:
            raise UsageError(f"name the files to merge: {_call()} ({program_name()} --help tells more)")
        case [word, *_] if word.isalpha() and all(names):
            raise UsageError(f"{word!r} is no command ({', '.join(COMMANDS)}); to merge: {_call()}")
    if not all(names):
        raise UsageError("the name of a file is empty")
    raise UsageError(f"{len(names)} file{'s' * (len(names) > 1)} named, two or three needed: {_call()}")


def _call() -> str:
    return f"{program_name()} BASE LOCAL REMOTE"


def _policy(found: Namespace) -> Policy:
    """Where one of our options and one of nbdime's speak of the same thing, ours wins."""
    return Policy(
        outputs=Outputs(found.outputs) if found.outputs else nbdime_options.outputs(found),
        favor=nbdime_options.favor(found),
        newer=nbdime_options.newer(found),
    )


def _markers(found: Namespace) -> MarkerStyle:
    local, base, remote = found.labels or ("local", "base", "remote")
    labels = Labels(local=local, base=base, remote=remote)
    return MarkerStyle(ConflictStyle(found.conflict_style), labels, found.marker_size)


def parser() -> Parser:
    """What the merge command understands."""
    program = program_name()
    found = Parser(
        prog=program,
        usage=f"{_call()} [options]\n       {program} COMMAND ...",
        description="Merge what LOCAL and REMOTE each made of the notebook BASE, cell by cell.\n"
        "Where BASE is left out, empty or /dev/null, the two have nothing in common.",
        epilog=_AFTER_OPTIONS.format(program=program, exits=exit_lines(_EXITS)),
        formatter_class=formatter,
        allow_abbrev=False,
        add_help=False,
    )
    found.call, found.exits = "merge BASE LOCAL REMOTE", _EXITS
    _add_ours(found)
    nbdime_options.add_to(found)
    return found


def _add_ours(parser: ArgumentParser) -> None:
    options = parser.add_argument_group("options")

    def add(*names: str, **more: Any) -> None:
        options.add_argument(*names, **more)

    add(
        *("-o", "--output", "--out"),
        metavar="OUT",
        type=_output,
        help="write the merged notebook to this file, which may be one of the three; else, or if OUT is -,"
        " it goes to standard output",
    )
    add(
        "--report",
        metavar="FILE",
        type=page_file,
        help="write a page for the browser, too: all cells, who changed what, conflicts side by side, why"
        " something was chosen; FILE ends in .html or is -, standard output",
    )
    add("--json", action="store_true", help="report on standard error as one JSON object")
    add("-v", "--verbose", action="store_true", help="report every conflict and every choice that was made")
    add(
        "--outputs",
        choices=[outputs.value for outputs in Outputs],
        help="whose outputs a cell gets that both changed; run (the default): those of the run of its source",
    )
    add(
        "--conflict-style",
        choices=[style.value for style in ConflictStyle],
        default=ConflictStyle.MERGE.value,
        help="how conflicts are shown, as in git; diff3 and zdiff3 show the base too",
    )
    add(
        "--labels",
        nargs=3,
        metavar=("L", "B", "R"),
        type=_label,
        help="what stands in the markers for local, base and remote",
    )
    add("--marker-size", metavar="N", type=_size, default=7, help="length of conflict markers (default: 7)")
    add("--debug", action="store_true", help="tell where in nbmerge an error came from")
    add("--version", action="store_true", help="tell which nbmerge this is, and where")
    add("-h", "--help", action="store_true", help="tell this")


def _output(text: str) -> str | None:
    """The name of a file; None for standard output, which is never replaced."""
    if not text:
        raise ArgumentTypeError("the name is empty")
    return None if text in ("-", "/dev/stdout") else text


def page_file(text: str) -> str:
    """The type of an option that names a page.

    It has to look like one: `--report BASE LOCAL REMOTE`, the name forgotten, must not replace BASE.
    """
    if text != "-" and not text.lower().endswith((".html", ".htm")):
        raise ArgumentTypeError(f"{text!r} is no name for a page: it must end in .html, or be -")
    return text


def _size(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= LARGEST_MARKER):
        raise ArgumentTypeError(f"{text!r} is no number from 1 to {LARGEST_MARKER}")
    return int(text)


def _label(text: str) -> str:
    """One line that can stand in a notebook."""
    return " ".join(text.encode("utf-8", "replace").decode("utf-8").splitlines()).strip()
