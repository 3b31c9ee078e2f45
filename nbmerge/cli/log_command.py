"""Owns: `nbmerge log`: the versions of a notebook, who saved them and what each changed.

Must not know: where versions are kept, how changes are found.  Invariant: who saved is told as far as it is
known, and by no program's name where it may be another; what may have been overwritten is named with the
command that brings it back; versions that are shown as one row are counted in it, and the row ends with the
one that stood when they were over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from nbmerge.cli.arguments import Arguments, CommandParser, command
from nbmerge.cli.histories import NamedVersion, book_of, history, is_number
from nbmerge.cli.program import to_type
from nbmerge.cli.streams import printable, write_text
from nbmerge.errors import EXIT_CLEAN, NotebookError, UsageError
from nbmerge.files import digest, read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.lineage.heads import Heads, OpenTip
    from nbmerge.lineage.versions import Version
    from nbmerge.service.changes import Development
    from nbmerge.service.listing import HistoryRow

_LOG = """
List the versions of a notebook that are kept, newest last: when and how each came, what it changed against
the one before it on its own line, and who saved it. @N names version N for `show`, `diff` and `restore`. The
notebook need not exist any more.

Three or more saves of one program that follow each other, none ten minutes after the one before, are one
row; --all lists each. --cell shows only the versions that changed one cell: the number that it has in the
file now, or its id.

With --json each line is an object {"version", "time", "origin", "parents", "writer", "size", "why",
"head", "open", "changes"}: `head` is true for what the file held when it was last looked at, `open` for a
version that a later save may have overwritten. `changes` is {"added", "removed", "lines", "ran", "cleared",
"moved", "other", "text"}: numbers of cells, those of `removed` in the version before; null where there is
nothing to compare with.
"""


def log_parser() -> CommandParser:
    """The parser of `log`."""
    parser = command("log", _LOG).with_notebook()
    parser.add_argument(
        "--all", action="store_true", help="list each save, also where many follow each other"
    )
    parser.add_argument("--cell", metavar="N|ID", help="only the versions that changed this cell")
    return parser.with_json("one JSON object a line").with_state()


def run_log(found: Arguments) -> int:
    """Run `log`; its exit code.  Raises NbmergeError."""
    import json

    from nbmerge.service.changes import development
    from nbmerge.service.listing import grouped, rows_in, rows_of, version_as_json

    notebook = NamedVersion(found.notebook, None)
    each = found.all or found.json or found.cell is not None
    with history(found.state) as store:
        notebook_id = book_of(store, notebook)
        heads = store.heads(notebook_id)
        assert heads is not None
        versions = store.versions(notebook_id)
        if each:
            done = development(store, notebook_id)
            shown = done.versions if found.cell is None else _of_cell(notebook, done, heads, found.cell)
            rows = rows_in(done, [(version,) for version in shown], heads)
        else:
            rows = rows_of(store, notebook_id, grouped(versions, heads), heads)
    if found.json:
        objects = (version_as_json(row.last, heads, row.changes) for row in rows)
        write_text("".join(f"{json.dumps(one)}\n" for one in objects))
    else:
        write_text("".join(f"{printable(line)}\n" for line in _lines(notebook, rows, versions, heads)))
    return EXIT_CLEAN


def open_tip_line(path: str, tip: OpenTip) -> str:
    """What is open, and what can be done about it."""
    return (
        f"@{tip.version} may have been overwritten by @{tip.by}: `{to_type('recover', path)}` merges it,"
        f" `{to_type('restore', f'{path}@{tip.version}')}` puts it back as it was"
    )


def _of_cell(notebook: NamedVersion, done: Development, heads: Heads, word: str) -> list[Version]:
    """The versions that changed a cell.  Raises UsageError if there never was such a cell."""
    cells = done.cells.get(heads.head, ())
    if is_number(word) and 0 < int(word) <= len(cells):
        return done.touching(heads.head, int(word) - 1)
    place = done.with_id(word)
    if place is None:
        there = f"it has {len(cells)} cells" if is_number(word) else "no version has a cell with this id"
        raise UsageError(f"{notebook.path}: there is no cell {word}: {there}")
    return done.touching(*place)


def _lines(
    notebook: NamedVersion, rows: Sequence[HistoryRow], versions: Sequence[Version], heads: Heads
) -> Iterator[str]:
    listed = [_Listed(row).columns for row in rows]
    widths = [max(map(len, column)) for column in zip(*listed, strict=True)]
    for row, columns in zip(rows, listed, strict=True):
        mark = "*" if any(version.number == heads.head for version in row.versions) else " "
        cells = (cell.ljust(width) for cell, width in zip(columns, widths, strict=True))
        yield f"{mark} {'  '.join(cells)}".rstrip()
    yield f"* is what the file holds{_unless_newer(notebook, versions, heads)}"
    if any(len(row.versions) > 1 for row in rows):
        yield f"{to_type('log', notebook.path, '--all')} lists each save"
    for tip in heads.open:
        yield open_tip_line(notebook.path, tip)


@dataclass(frozen=True, slots=True)
class _Listed:
    """A row as it is printed."""

    row: HistoryRow

    @property
    def columns(self) -> tuple[str, ...]:
        first, last, tip = self.row.first, self.row.last, self.row.tip
        name = f"@{last.number}" if first is last else f"@{first.number}-@{last.number}"
        when = datetime.fromtimestamp(last.time).strftime("%Y-%m-%d %H:%M:%S")
        notes = [last.by]
        if tip is not None:
            notes.append(f"overwritten by @{tip.by}?")
        size = f"{last.size:,} bytes"
        return name, when, self._came, size, self._changed, "; ".join(filter(None, notes))

    @property
    def _changed(self) -> str:
        """What changed."""
        if self.row.changes is not None:
            return self.row.changes.words or "the same cells"
        count = self.row.cells
        if count is None:
            return "is no notebook"
        words = f"{count} cell{'s' * (count != 1)}"
        return f"{words}; what it came from is no longer kept" if self.row.first.parents else words

    @property
    def _came(self) -> str:
        first, last = self.row.first, self.row.last
        came = first.origin.value
        if first is not last:
            came = f"{len(self.row.versions)} saves in {_lasting(last.time - first.time)}"
        if any(parent != first.number - 1 for parent in first.parents):
            came += f" from {' and '.join(f'@{parent}' for parent in first.parents)}"
        return came


def _lasting(seconds: float) -> str:
    if seconds < 100:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def _unless_newer(notebook: NamedVersion, versions: Sequence[Version], heads: Heads) -> str:
    """What is added where nobody watches the file, or not yet, and it changed since."""
    held = next((one.digest for one in versions if one.number == heads.head), None)
    try:
        found = digest(read_file(notebook.path))
    except NotebookError:
        return f"; but {notebook.path} cannot be read now"
    return "" if found == held else " as far as is known; it has changed since, and that is not recorded yet"
