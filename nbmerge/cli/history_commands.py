"""Owns: `nbmerge show`, `diff`, `restore` and `recover`: looking at versions and bringing them back.

Must not know: where versions are kept, how a file is replaced, how a merge is made.  Invariant: whatever is
brought back can be undone in the same way.  nbdime is loaded here alone; its configuration, git and the
screen do not change what it prints but for the colours.
"""

from __future__ import annotations

from nbmerge.cli.arguments import (
    Arguments,
    CommandParser,
    command,
    page_file,
    version_number,
)
from nbmerge.cli.histories import (
    NamedVersion,
    book_of,
    history,
    is_number,
    named,
    named_version,
    service,
    version_of,
)
from nbmerge.cli.program import to_type
from nbmerge.cli.streams import printable, write_content, write_text
from nbmerge.errors import EXIT_CLEAN, EXIT_CONFLICTS, NotebookError, UsageError
from nbmerge.files import digest, read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.browser.comparison import NamedContent
    from nbmerge.history.store import Store

_SHOW = """
Print a version of a notebook exactly as it was saved; `log` lists the versions. The notebook need not
exist any more. A terminal is sent no control characters: they are escaped there.
"""
_DIFF = """
Show how two versions of a notebook differ, from @N to @M: nbdime's diff, coloured on a terminal. Without
@M, from @N to what the file holds now; without both, from what the file held before the last save came (a
save that was merged at once is not what it held).
"""
_RESTORE = """
Write version N back to the file; `log` lists the versions. What the file holds now is recorded first, and
what is restored is a version of its own, so that this can be undone too. It closes open tips (versions
that a later save may have overwritten). The file need not exist any more.
"""
_RECOVER = """
Merge what a later save may have overwritten (open tips, see `log`) into the notebook. What the file holds
now is recorded first. --dismiss N says that what came after version N was meant: N is open no more, and stays
in the history.
"""


def show_parser() -> CommandParser:
    """The parser of `show`."""
    return command("show", _SHOW).with_notebook("NOTEBOOK@N").with_state()


def run_show(found: Arguments) -> int:
    """Run `show`: the bytes that were saved; its exit code.  Raises NbmergeError."""
    notebook, number = named_version(found.notebook)
    with history(found.state) as store:
        notebook_id = book_of(store, notebook)
        data = store.data(notebook_id, version_of(store, notebook_id, notebook, number).number)
    write_content(data)
    return EXIT_CLEAN


def diff_parser() -> CommandParser:
    """The parser of `diff`."""
    parser = command("diff", _DIFF).with_notebook("NOTEBOOK[@N]").with_state()
    parser.add_argument("second", metavar="@M", nargs="?", help="the version to compare with")
    parser.add_argument(
        "--html",
        metavar="FILE",
        type=page_file,
        help="write an HTML page instead; FILE ends in .html or is -, standard output",
    )
    return parser


def run_diff(found: Arguments) -> int:
    """Run `diff`; its exit code.  Raises NbmergeError."""
    from nbmerge.browser.comparison import NamedContent
    from nbmerge.cli.pages import HtmlPage, comparison_of

    notebook, numbers = _compared(found.notebook, found.second)
    with history(found.state) as store:
        notebook_id = book_of(store, notebook)
        if len(numbers) == 2:
            old, new = (_content(store, notebook_id, notebook, number) for number in numbers)
        else:
            new = NamedContent(notebook.path, read_file(notebook.path))
            number = numbers[0] if numbers else _before(store, notebook_id, notebook, new.data)
            old = _content(store, notebook_id, notebook, number)
    if found.html is None:
        write_text(_diff(old, new))
    else:
        HtmlPage(found.html, comparison_of(old, new)).write()
    return EXIT_CLEAN


def restore_parser() -> CommandParser:
    """The parser of `restore`."""
    exits = {EXIT_CONFLICTS: "done, but a save that came just then conflicts with it"}
    return command("restore", _RESTORE, exits).with_notebook("NOTEBOOK@N").with_state()


def run_restore(found: Arguments) -> int:
    """Run `restore`; its exit code.  Raises NbmergeError."""
    notebook, number = named_version(found.notebook)
    with service(found.state) as opened:
        version_of(opened.store, book_of(opened.store, notebook), notebook, number)
        done = opened.restore(notebook.path, number)
    if done is None:
        said = f"holds version {number} already"
    else:
        said = f"version {number} is restored, as version {done.version.number}"
        if done.merged is not None:
            said += f"; a save that came just then was merged with it: version {done.merged.version.number}"
    write_text(f"{printable(notebook.path)}: {said}\n")
    return EXIT_CONFLICTS if done and done.merged and done.merged.merge.conflicts else EXIT_CLEAN


def recover_parser() -> CommandParser:
    """The parser of `recover`."""
    exits = {EXIT_CONFLICTS: "done; conflicts are shown in the notebook"}
    parser = command("recover", _RECOVER, exits).with_notebook().with_state()
    parser.add_argument(
        "--dismiss", metavar="N", type=version_number, help="leave version N as it is, and ask no more"
    )
    return parser


def run_recover(found: Arguments) -> int:
    """Run `recover`; its exit code.  Raises NbmergeError."""
    from nbmerge.service.changes import brought
    from nbmerge.watch.runner import merged

    notebook = NamedVersion(found.notebook, None)
    if found.dismiss is not None:
        _dismiss(notebook, found.dismiss, found.state)
        return EXIT_CLEAN
    with service(found.state) as opened:
        notebook_id = book_of(opened.store, notebook)
        done = opened.reopen(notebook.path)
        tips = () if done is None else done.merge.tips
        versions = [opened.store.version(notebook_id, tip) for tip in tips]
        cache = opened.recorder.cache
        news = {} if done is None else brought(cache, notebook_id, done.version, done.merge)
    if done is None:
        said = "nothing in its history is open; nothing was changed"
    else:
        said = merged(notebook.path, done.version, done.merge, versions, news).message
    write_text(printable(f"{notebook.path}: {said}") + "\n")
    return EXIT_CONFLICTS if done and done.merge.conflicts else EXIT_CLEAN


def _dismiss(notebook: NamedVersion, number: int, state: str | None) -> None:
    with service(state) as opened:
        book_of(opened.store, notebook)
        if not opened.dismiss(notebook.path, number):
            look = to_type("log", notebook.path)
            raise UsageError(f"{notebook.path}: version {number} is not open; {look} says what is")
    write_text(f"{printable(notebook.path)}: version {number} is open no more; it stays in the history\n")


def _compared(first: str, second: str | None) -> tuple[NamedVersion, list[int]]:
    """The notebook and the numbers of the versions, at most two."""
    notebook, numbers = named(first), []
    if notebook.number is not None:
        numbers.append(notebook.number)
    if second is not None:
        if not (second.startswith("@") and is_number(second[1:])):
            raise UsageError(f"{second!r} is not the number of a version of {notebook.path}, such as @3")
        numbers.append(int(second[1:]))
    return notebook, numbers


def _content(store: Store, notebook_id: int, notebook: NamedVersion, number: int) -> NamedContent:
    from nbmerge.browser.comparison import NamedContent

    version = version_of(store, notebook_id, notebook, number)
    return NamedContent(f"{notebook.path}@{number}", store.data(notebook_id, version.number))


def _before(store: Store, notebook_id: int, notebook: NamedVersion, data: bytes) -> int:
    from nbmerge.lineage.versions import Origin
    from nbmerge.service.changes import version_before

    held = digest(data)
    found = version_before(store, notebook_id, held)
    if found is not None:
        return found.number
    for version in reversed(store.versions(notebook_id)):
        if version.digest != held and version.origin is not Origin.UNREADABLE:
            return version.number
    raise NotebookError(f"{notebook.path}: no other version of it is known")


_SPELLING = "the way they are written in JSON differs"


def _diff(old: NamedContent, new: NamedContent) -> str:
    import io
    import warnings

    from nbmerge.cli.streams import cleaned
    from nbmerge.cli.terminal import colours_are_seen
    from nbmerge.notebook.reader import read

    for content in (old, new):
        read(content.data, content.name)  # says what is wrong in our words
    if old.data == new.data:
        return f"{printable(old.name)} and {printable(new.name)} are the same\n"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nbformat's, about what either notebook lacks
        from nbdime.diffing.notebooks import diff_notebooks
        from nbdime.prettyprint import PrettyPrintConfig, pretty_print_diff
        from nbdime.utils import read_notebook

        as_saved = [
            read_notebook(io.StringIO(content.data.decode("utf-8-sig", "replace")), on_null="empty")
            for content in (old, new)
        ]
        before, after = map(cleaned, as_saved)
        changes = diff_notebooks(before, after)
        out = io.StringIO()
        config = PrettyPrintConfig(out=out, use_git=False, use_diff=False, use_color=colours_are_seen())
        pretty_print_diff(before, changes, "", config)
    unseen = "characters that are shown alike here differ" if as_saved[0] != as_saved[1] else _SPELLING
    shown = out.getvalue() or f"only {unseen}\n"
    return f"--- {printable(old.name)}\n+++ {printable(new.name)}\n{shown}"
