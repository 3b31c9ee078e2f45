"""Owns: `nbmerge log NOTEBOOK`, and how a version is told in a line.

Must not know: where versions are kept.  Invariant: what is only guessed is called a guess;
what may have been overwritten is named with the command that brings it back.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime

from nbmerge.cli.arguments import command, the_one, understand
from nbmerge.cli.histories import Named, add_state, book_of, history
from nbmerge.cli.program import to_type
from nbmerge.cli.streams import printable, write_text
from nbmerge.errors import EXIT_CLEAN, NotebookError
from nbmerge.files import digest, read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.cli.arguments import Parser
    from nbmerge.lineage.heads import Heads, OpenTip
    from nbmerge.lineage.versions import Version

_CALL = "log NOTEBOOK [--json] [--state DIR]"
_WHAT = """
List the versions of a notebook that are kept, newest last. @N names version N for `show`, `diff` and
`restore`. The notebook need not be there any more.

With --json each line is an object {"version", "time", "origin", "parents", "writer", "size", "why",
"head", "open"}: `head` is true for what the file held when it was last looked at, `open` for a version
that a later save may have overwritten.
"""


def run(arguments: list[str]) -> int:
    """Run the command; its exit code.  Raises NbmergeError."""
    heard = understand(parser(), arguments)
    if heard is None:
        return EXIT_CLEAN
    options, words = heard
    notebook = Named(the_one(words, "notebook", _CALL), None)
    with history(options.state) as store:
        notebook_id = book_of(store, notebook)
        versions, heads = store.versions(notebook_id), store.heads(notebook_id)
    assert heads is not None
    lines = _objects(versions, heads) if options.json else _lines(notebook, versions, heads)
    write_text("".join(f"{line}\n" for line in lines))
    return EXIT_CLEAN


def parser() -> Parser:
    """What `log` understands."""
    options = command(_CALL, _WHAT)
    options.add_argument("--json", action="store_true", help="one JSON object a line")
    add_state(options)
    return options


def _objects(versions: tuple[Version, ...], heads: Heads) -> Iterator[str]:
    opened = {tip.version for tip in heads.open}
    for version in versions:
        found = {
            "version": version.number,
            "time": datetime.fromtimestamp(version.time, UTC).isoformat(timespec="milliseconds"),
            "origin": version.origin.value,
            "parents": list(version.parents),
            "writer": version.writer.label,
            "size": version.size,
            "why": version.why,
            "head": version.number == heads.head,
            "open": version.number in opened,
        }
        yield json.dumps(found)


def _lines(notebook: Named, versions: tuple[Version, ...], heads: Heads) -> Iterator[str]:
    opened = {tip.version: tip for tip in heads.open}
    rows = [_row(version, opened.get(version.number)) for version in versions]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for version, row in zip(versions, rows, strict=True):
        mark = "*" if version.number == heads.head else " "
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield printable(f"{mark} {'  '.join(cells)}".rstrip())
    yield printable(f"* is what the file holds{_unless_newer(notebook, versions, heads)}")
    for tip in heads.open:
        yield printable(open_line(notebook.path, tip))


def open_line(path: str, tip: OpenTip) -> str:
    """What is open, and what can be done about it."""
    return (
        f"@{tip.version} may have been overwritten by @{tip.by}: `{to_type('recover', path)}` merges it,"
        f" `{to_type('restore', f'{path}@{tip.version}')}` puts it back as it was"
    )


def _row(version: Version, tip: OpenTip | None) -> tuple[str, ...]:
    when = datetime.fromtimestamp(version.time).strftime("%Y-%m-%d %H:%M:%S")
    came = version.origin.value
    others = [parent for parent in version.parents if parent != version.number - 1]
    if others:
        came += f" from {' and '.join(f'@{parent}' for parent in version.parents)}"
    notes = [version.writer.label]
    if tip is not None:
        notes.append(f"overwritten by @{tip.by}?")
    return f"@{version.number}", when, came, f"{version.size:,} bytes", "; ".join(filter(None, notes))


def _unless_newer(notebook: Named, versions: tuple[Version, ...], heads: Heads) -> str:
    """A file that changed since is told about, too: nobody watches it, or not yet."""
    held = next((one.digest for one in versions if one.number == heads.head), None)
    try:
        found = digest(read_file(notebook.path))
    except NotebookError:
        return f"; but {notebook.path} cannot be read now"
    return "" if found == held else " as far as is known; it has changed since, and that is not recorded yet"
