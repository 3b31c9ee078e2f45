"""Owns: `nbmerge BASE LOCAL REMOTE`.

Must not know: how notebooks are merged.  Invariant: nothing is written before all is
read and merged, and nothing is reported before all is written.
"""

from __future__ import annotations

import os

from nbmerge.cli.arguments import asked_for
from nbmerge.cli.options import COMMANDS, Options, help_text, parse, parser
from nbmerge.cli.report import details, in_full, result_json, summary
from nbmerge.cli.streams import write_bytes, write_error, write_text
from nbmerge.errors import EXIT_CLEAN, EXIT_CONFLICTS, NotebookError
from nbmerge.files import FileSource, is_special, read_file, reason, replace_file
from nbmerge.merge.files import InMemory, merge_sources
from nbmerge.merge.values import Terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.cli.pages import Page
    from nbmerge.merge.files import MergedFile, Source
    from nbmerge.merge.markers import Rendered

__all__ = ["parser", "run"]


def run(arguments: list[str]) -> int:
    """Run the command; its exit code.  Raises NbmergeError."""
    if asked_for(arguments, "-h", "--help"):
        write_text(help_text())
        return EXIT_CLEAN
    if asked_for(arguments, "--version"):
        write_text(_version())
        return EXIT_CLEAN
    options = parse(arguments)
    whole, page = _merge(options)
    _deliver(whole, options)
    if page is not None:
        page.write()
    _report(whole.rendered, options)
    return EXIT_CLEAN if whole.result.clean else EXIT_CONFLICTS


def _merge(options: Options) -> tuple[MergedFile, Page | None]:
    """What came of it, and the page about it if there is to be one."""
    once = options.report is not None
    base = InMemory("base", b"") if options.base is None else _source(options.base, once)
    sides = (base, _source(options.local, once), _source(options.remote, once))
    if options.report is None:
        return merge_sources(*sides, options.policy, lambda: options.markers), None
    from nbmerge.cli.pages import Page, refuse_one_of, report_of

    refuse_one_of(options.report, (options.base, options.local, options.remote, options.output))
    whole = merge_sources(*sides, options.policy, lambda: options.markers)
    title = os.path.basename(options.output or options.local)
    return whole, Page(options.report, report_of(whole, Terms(*sides), title, options.markers.labels))


def _source(path: str, once: bool) -> Source:
    """A pipe is read at once: it can be read only once; and so is what a page is made of, too."""
    try:
        if once or is_special(path):
            return InMemory(path, read_file(path))
        with open(path, "rb"):
            return FileSource(path, path)
    except OSError as failure:
        error = NotebookError(f"{path}: cannot be read: {reason(failure)}")
        if path.isalpha() and not os.path.lexists(path):
            commands = ", ".join(COMMANDS)
            raise NotebookError(f"{error} (and there is no such command, only {commands})") from failure
        raise error from failure


def _deliver(whole: MergedFile, options: Options) -> None:
    """The notebook, or what nbdime's --decisions asks for, to where it belongs."""
    if options.output is not None:
        wanted = result_json(whole.rendered).encode() if options.decisions else whole.data
        replace_file(options.output, wanted)
    elif options.decisions:
        write_text("".join(f"{line}\n" for line in in_full(whole.rendered)))
    else:
        write_bytes(whole.data)


def _report(result: Rendered, options: Options) -> None:
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
