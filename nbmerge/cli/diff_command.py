"""Owns: `nbmerge diff NOTEBOOK[@N] [@M]`: nbdime's terminal diff of two contents, or a page about them.

Must not know: where versions are kept.  Invariant: nbdime is loaded here alone, once both
contents are known to be notebooks; its configuration, git and the screen do not change what
it prints but for the colours.
"""

from __future__ import annotations

import io
import os
import sys
import warnings

from nbmerge.cli.arguments import command, understand
from nbmerge.cli.histories import Named, add_state, book_of, history, is_number, named, version_of
from nbmerge.cli.options import page_file
from nbmerge.cli.pages import Content, Page, comparison_of
from nbmerge.cli.program import program_name
from nbmerge.cli.streams import printable, write_text
from nbmerge.errors import EXIT_CLEAN, NotebookError, UsageError
from nbmerge.files import digest, read_file
from nbmerge.lineage.versions import Origin
from nbmerge.notebook.reader import read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.cli.arguments import Parser
    from nbmerge.history.store import Store

_CALL = "diff NOTEBOOK[@N] [@M] [--html FILE] [--state DIR]"
_WHAT = """
Show how two versions of a notebook differ, from @N to @M: nbdime's diff, coloured on a terminal. Without
@M, from @N to what the file holds now; without both, from the newest version that is something else than
what the file holds.
"""


def run(arguments: list[str]) -> int:
    """Run the command; its exit code.  Raises NbmergeError."""
    heard = understand(parser(), arguments)
    if heard is None:
        return EXIT_CLEAN
    options, words = heard
    notebook, numbers = _meant(words)
    with history(options.state) as store:
        notebook_id = book_of(store, notebook)
        if len(numbers) == 2:
            old, new = (_version(store, notebook_id, notebook, number) for number in numbers)
        else:
            new = Content(notebook.path, read_file(notebook.path))
            number = numbers[0] if numbers else _newest_other(store, notebook_id, notebook, new.data)
            old = _version(store, notebook_id, notebook, number)
    if options.html is None:
        write_text(_diff(old, new))
    else:
        Page(options.html, comparison_of(old, new)).write()
    return EXIT_CLEAN


def parser() -> Parser:
    """What `diff` understands."""
    options = command(_CALL, _WHAT)
    options.add_argument(
        "--html",
        metavar="FILE",
        type=page_file,
        help="write a page for the browser instead; FILE ends in .html or is -, standard output",
    )
    add_state(options)
    return options


def _meant(words: list[str]) -> tuple[Named, list[int]]:
    """The notebook and the numbers of the versions, at most two."""
    match words:
        case [one]:
            notebook, second = named(one), None
        case [one, two] if two.startswith("@") and is_number(two[1:]):
            notebook, second = named(one), int(two[1:])
        case []:
            raise UsageError(f"name the notebook: {program_name()} {_CALL}")
        case _:
            raise UsageError(f"one notebook and at most one more @M can be named: {program_name()} {_CALL}")
    return notebook, [number for number in (notebook.number, second) if number is not None]


def _version(store: Store, notebook_id: int, notebook: Named, number: int) -> Content:
    version = version_of(store, notebook_id, notebook, number)
    return Content(f"{notebook.path}@{number}", store.data(notebook_id, version.number))


def _newest_other(store: Store, notebook_id: int, notebook: Named, data: bytes) -> int:
    held = digest(data)
    for version in reversed(store.versions(notebook_id)):
        if version.digest != held and version.origin is not Origin.UNREADABLE:
            return version.number
    raise NotebookError(f"{notebook.path}: no other version of it is known")


def _diff(old: Content, new: Content) -> str:
    for content in (old, new):
        read(content.data, content.name)  # says what is wrong in our words
    if old.data == new.data:
        return f"{printable(old.name)} and {printable(new.name)} are the same\n"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nbformat's, about what either notebook lacks
        from nbdime.diffing.notebooks import diff_notebooks
        from nbdime.prettyprint import PrettyPrintConfig, pretty_print_diff
        from nbdime.utils import read_notebook

        before, after = (
            read_notebook(io.StringIO(content.data.decode("utf-8-sig", "replace")), on_null="empty")
            for content in (old, new)
        )
        changes = diff_notebooks(before, after)
        out = io.StringIO()
        config = PrettyPrintConfig(out=out, use_git=False, use_diff=False, use_color=_on_a_terminal())
        pretty_print_diff(before, changes, "", config)
    shown = out.getvalue() or "only their spelling differs\n"
    return f"--- {printable(old.name)}\n+++ {printable(new.name)}\n{shown}"


def _on_a_terminal() -> bool:
    """Whether colours are seen, and wanted (https://no-color.org)."""
    return sys.stdout is not None and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
