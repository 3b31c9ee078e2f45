"""Owns: `nbmerge BASE LOCAL REMOTE`: its options, and what it writes and reports.

Must not know: how notebooks are merged.  Invariant: nothing is written before all is
read and merged, and nothing is reported before all is written.
"""

from __future__ import annotations

import os
from argparse import ArgumentTypeError
from dataclasses import dataclass

from nbmerge.cli import nbdime_options
from nbmerge.cli.arguments import Arguments, CommandParser, asked_for, command, page_file
from nbmerge.cli.program import COMMANDS, command_list, program_name
from nbmerge.cli.report import details, in_full, result_json, summary
from nbmerge.cli.streams import write_content, write_error, write_text
from nbmerge.errors import (
    EXIT_CLEAN,
    EXIT_CONFLICTS,
    EXIT_SYSTEM,
    EXIT_UNREADABLE,
    NotebookError,
    UsageError,
)
from nbmerge.files import FileSource, is_special, read_file, reason, replace_file
from nbmerge.merge.files import InMemory, merge_sources
from nbmerge.merge.markers import ConflictStyle, Labels, MarkerStyle
from nbmerge.merge.values import FAVORS, Favor, Outputs, Policy, Terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.cli.pages import HtmlPage
    from nbmerge.merge.files import MergedFile, Source
    from nbmerge.merge.markers import Rendered

LARGEST_MARKER = 1000
_WHAT = """
Merge what LOCAL and REMOTE each made of the notebook BASE, cell by cell. Where BASE is left out, empty or
/dev/null, the two have nothing in common.
"""
_AFTER_OPTIONS = """\
commands:
{commands}

  {program} COMMAND --help shows the help of a command

{exits}

examples:
  {program} base.ipynb mine.ipynb theirs.ipynb --output merged.ipynb
  {program} base.ipynb mine.ipynb theirs.ipynb --conflict-style diff3 > merged.ipynb
  {program} git install
"""
_EXITS = {
    EXIT_CLEAN: "merged without conflicts",
    EXIT_CONFLICTS: "merged, with conflicts that are shown in the cells",
    EXIT_UNREADABLE: "a file cannot be read or is not a notebook; nothing was written",
    EXIT_SYSTEM: "the result could not be written",
}


@dataclass(frozen=True, slots=True)
class MergeOptions:
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


class MergeParser(CommandParser):
    """The word `merge` may be left out, so that a mistyped command arrives here, too."""

    def parse(self, words: list[str]) -> Arguments:
        """What the words ask for; with --version they need not be complete.  Raises UsageError."""
        return Arguments(version=True) if asked_for(words, "--version") else super().parse(words)

    def check(self, words: list[str]) -> None:
        """Raises UsageError unless there are two or three."""
        super().check(words)
        match words:
            case [_, _] | [_, _, _]:
                return
            case []:
                self.error(f"name the files to merge: {_call()}")
            case [word, *_] if word.isalpha():
                raise UsageError(f"{word!r} is not a command ({', '.join(COMMANDS)}); to merge: {_call()}")
        files = "1 file was given" if len(words) == 1 else f"{len(words)} files were given"
        raise UsageError(f"{files}, two or three are needed: {_call()}")


def merge_parser() -> CommandParser:
    """The parser of the merge command, whose --help is that of the whole program, too."""
    program = program_name()
    parser = command("merge", _WHAT, _EXITS, MergeParser)
    parser.prog, parser.usage = program, f"{_call()} [options]\n       {program} COMMAND ..."
    after = {"program": program, "commands": command_list(), "exits": parser.epilog}
    parser.epilog = _AFTER_OPTIONS.format(**after)
    parser.add_argument("base", metavar="BASE", nargs="?", help="the last common version")
    parser.add_argument("local", metavar="LOCAL", help="one side (git's ours)")
    parser.add_argument("remote", metavar="REMOTE", help="the other side (git's theirs)")
    _add_options(parser)
    nbdime_options.add_to(parser)
    return parser


def run_merge(found: Arguments) -> int:
    """Run the command; its exit code.  Raises NbmergeError."""
    if found.version:
        write_text(_version())
        return EXIT_CLEAN
    options = merge_options(found)
    whole, page = _merge(options)
    _deliver(whole, options)
    if page is not None:
        page.write()
    _report(whole.rendered, options)
    return EXIT_CLEAN if whole.result.clean else EXIT_CONFLICTS


def merge_options(found: Arguments) -> MergeOptions:
    """What was asked for.  Raises UsageError."""
    if found.report == "-" and found.output is None:
        raise UsageError("standard output takes the merged notebook or the report; add --output OUT")
    files = (found.base, found.local, found.remote, found.output)
    how = (found.json, found.verbose, found.decisions, found.report)
    return MergeOptions(*files, _policy(found), _markers(found), *how)


def _call() -> str:
    return f"{program_name()} BASE LOCAL REMOTE"


def _add_options(parser: CommandParser) -> None:
    parser.add_argument(
        *("-o", "--output", "--out"),
        metavar="OUT",
        type=_output,
        help="write the merged notebook to this file, which may be one of the three; else, or if OUT is -,"
        " it goes to standard output",
    )
    parser.add_argument(
        "--report",
        metavar="FILE",
        type=page_file,
        help="also write an HTML page: all cells, who changed what, conflicts side by side, why something was"
        " chosen; FILE ends in .html or is -, standard output",
    )
    parser.with_json("report on standard error as one JSON object").add_argument(
        *("-v", "--verbose"),
        action="store_true",
        help="report every conflict and every choice that was made",
    )
    parser.add_argument(
        "--outputs",
        choices=[outputs.value for outputs in Outputs],
        help="whose outputs a cell gets that both changed; run (the default): those of the run of its source",
    )
    parser.add_argument(
        "--favor",
        choices=FAVORS,
        help="settle every conflict: for one side, or for both with local's lines first (union); each is"
        " reported as a choice",
    )
    parser.add_argument(
        "--conflict-style",
        choices=[style.value for style in ConflictStyle],
        default=ConflictStyle.MERGE.value,
        help="how conflicts are shown, as in git; diff3 and zdiff3 show the base too",
    )
    parser.add_argument(
        "--labels",
        nargs=3,
        metavar=("L", "B", "R"),
        type=_label,
        help="the names of local, base and remote in conflict markers",
    )
    parser.add_argument(
        "--marker-size", metavar="N", type=_size, default=7, help="length of conflict markers (default: 7)"
    )
    parser.add_argument("--version", action="store_true", help="show the version, and where it is installed")


def _policy(found: Arguments) -> Policy:
    """Where one of our options and one of nbdime's speak of the same thing, ours wins."""
    return Policy(
        outputs=Outputs(found.outputs) if found.outputs else nbdime_options.outputs(found),
        favor=Favor(found.favor) if found.favor else nbdime_options.favor(found),
        newer=nbdime_options.newer(found),
    )


def _markers(found: Arguments) -> MarkerStyle:
    local, base, remote = found.labels or ("local", "base", "remote")
    labels = Labels(local=local, base=base, remote=remote)
    return MarkerStyle(ConflictStyle(found.conflict_style), labels, found.marker_size)


def _output(text: str) -> str | None:
    """The name of a file; None for standard output, which is never replaced."""
    if not text:
        raise ArgumentTypeError("the name is empty")
    return None if text in ("-", "/dev/stdout") else text


def _size(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= LARGEST_MARKER):
        raise ArgumentTypeError(f"{text!r} is not a number from 1 to {LARGEST_MARKER}")
    return int(text)


def _label(text: str) -> str:
    """One line that can stand in a notebook."""
    return " ".join(text.encode("utf-8", "replace").decode("utf-8").splitlines()).strip()


def _merge(options: MergeOptions) -> tuple[MergedFile, HtmlPage | None]:
    """What came of it, and the page about it if there is to be one."""
    once = options.report is not None
    base = InMemory("base", b"") if options.base is None else _source(options.base, once)
    sides = (base, _source(options.local, once), _source(options.remote, once))
    if options.report is None:
        return merge_sources(*sides, options.policy, lambda: options.markers), None
    from nbmerge.cli.pages import HtmlPage, refuse_one_of, report_of

    refuse_one_of(options.report, (options.base, options.local, options.remote, options.output))
    whole = merge_sources(*sides, options.policy, lambda: options.markers)
    title = os.path.basename(options.output or options.local)
    return whole, HtmlPage(options.report, report_of(whole, Terms(*sides), title, options.markers.labels))


def _source(path: str, once: bool) -> Source:
    """A pipe is read at once: it can be read only once; and so is what a page is made of, too."""
    try:
        if once or is_special(path):
            return InMemory(path, read_file(path))
        with open(path, "rb"):
            return FileSource(path, path)
    except OSError as failure:
        why = f"{path}: cannot be read: {reason(failure)}"
        if path.isalpha() and not os.path.lexists(path):
            why += f" (it is not a command either; those are {', '.join(COMMANDS)})"
        raise NotebookError(why) from failure


def _deliver(whole: MergedFile, options: MergeOptions) -> None:
    """The notebook, or what nbdime's --decisions asks for, to where it belongs."""
    if options.output is not None:
        wanted = result_json(whole.rendered).encode() if options.decisions else whole.data
        replace_file(options.output, wanted)
    elif options.decisions:
        write_text("".join(f"{line}\n" for line in in_full(whole.rendered)))
    else:
        write_content(whole.data)


def _report(result: Rendered, options: MergeOptions) -> None:
    if options.json:
        write_error(result_json(result))
    else:
        lines = [summary(result), *(details(result.conflicts, result.decisions) if options.verbose else ())]
        write_error("".join(f"nbmerge: {line}\n" for line in lines))


def _version() -> str:
    import platform

    import nbmerge

    folder = os.path.dirname(os.path.abspath(nbmerge.__file__))
    return f"nbmerge {nbmerge.__version__} from {folder} (Python {platform.python_version()})\n"
