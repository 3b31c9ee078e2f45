"""Owns: `nbmerge log`: the versions of a notebook, who saved them and what each changed.

Must not know: where versions are kept, how changes are found.  Invariant: who saved is told as far as it is
known, and by no program's name where it may be another; what may have been overwritten is named with the
command that brings it back; versions that are shown as one row are counted in it, and the row ends with the
one that stood when they were over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from nbmerge.cli.arguments import Arguments, CommandParser, command
from nbmerge.cli.histories import NamedVersion, book_of, history, is_number
from nbmerge.cli.program import to_type
from nbmerge.cli.streams import printable, write_text
from nbmerge.errors import EXIT_CLEAN, NotebookError, UsageError
from nbmerge.files import digest, read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.lineage.changes import Changes
    from nbmerge.lineage.heads import Heads, OpenTip
    from nbmerge.lineage.versions import Version
    from nbmerge.service.changes import Development

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
_ONE_ROW = 3  # saves; fewer are listed
_PAUSE = 600.0  # seconds without a save that end a row


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

    notebook = NamedVersion(found.notebook, None)
    each = found.all or found.json or found.cell is not None
    with history(found.state) as store:
        notebook_id = book_of(store, notebook)
        heads = store.heads(notebook_id)
        assert heads is not None
        groups = [] if each else list(_grouped(store.versions(notebook_id), heads))
        done = development(store, notebook_id, None if each else {*_compared(groups)})
    shown = done.versions if found.cell is None else _of_cell(notebook, done, heads, found.cell)
    if found.json:
        write_text("".join(f"{json.dumps(one)}\n" for one in _objects(shown, done, heads)))
    else:
        groups = groups or [(version,) for version in shown]
        write_text("".join(f"{printable(line)}\n" for line in _rows(notebook, groups, done, heads)))
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


def _grouped(versions: Sequence[Version], heads: Heads) -> Iterator[tuple[Version, ...]]:
    """Saves of one writer that follow each other, together, if they are many enough."""
    opened = {tip.version for tip in heads.open}
    group: list[Version] = []
    for version in versions:
        if group and not _goes_on(group[-1], version, opened):
            yield from _rowed(group)
            group = []
        group.append(version)
    yield from _rowed(group)


def _compared(groups: Sequence[tuple[Version, ...]]) -> Iterator[int]:
    """The versions that are read to say what each row changed."""
    for group in groups:
        yield from (group[-1].number, *group[0].parents[:1])


def _goes_on(before: Version, version: Version, opened: set[int]) -> bool:
    from nbmerge.lineage.versions import Origin

    return (
        before.origin is version.origin is Origin.SAVED
        and version.parents == (before.number,)
        and (version.writer, version.by) == (before.writer, before.by)
        and not opened & {before.number, version.number}
        and version.time - before.time < _PAUSE
    )


def _rowed(group: list[Version]) -> Iterator[tuple[Version, ...]]:
    if len(group) >= _ONE_ROW:
        yield tuple(group)
    else:
        yield from ((version,) for version in group)


def _objects(shown: Sequence[Version], done: Development, heads: Heads) -> Iterator[dict[str, object]]:
    opened = {tip.version for tip in heads.open}
    for version in shown:
        changes = done.changes(version)
        yield {
            "version": version.number,
            "time": datetime.fromtimestamp(version.time, UTC).isoformat(timespec="milliseconds"),
            "origin": version.origin.value,
            "parents": list(version.parents),
            "writer": version.by,
            "size": version.size,
            "why": version.why,
            "head": version.number == heads.head,
            "open": version.number in opened,
            "changes": None if changes is None else changes.as_json(),
        }


def _rows(
    notebook: NamedVersion, groups: Sequence[tuple[Version, ...]], done: Development, heads: Heads
) -> Iterator[str]:
    opened = {tip.version: tip for tip in heads.open}
    rows = [_Listed(group, _told(group, done), opened.get(group[-1].number)).columns for group in groups]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for group, row in zip(groups, rows, strict=True):
        mark = "*" if any(version.number == heads.head for version in group) else " "
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        yield f"{mark} {'  '.join(cells)}".rstrip()
    yield f"* is what the file holds{_unless_newer(notebook, done.versions, heads)}"
    if any(len(group) > 1 for group in groups):
        yield f"{to_type('log', notebook.path, '--all')} lists each save"
    for tip in heads.open:
        yield open_tip_line(notebook.path, tip)


def _told(group: tuple[Version, ...], done: Development) -> str:
    """What a row says of what changed."""
    from nbmerge.lineage.versions import Origin

    first, last = group[0], group[-1]
    changes: Changes | None = done.changes(last) if len(group) == 1 else done.between(first, last)
    if changes is not None:
        return changes.words or "the same cells"
    if last.origin is Origin.UNREADABLE or last.number not in done.cells:
        return "is no notebook"
    count = len(done.cells[last.number])
    words = f"{count} cell{'s' * (count != 1)}"
    return f"{words}; what it came from is no longer kept" if first.parents else words


@dataclass(frozen=True, slots=True)
class _Listed:
    """A version, or several that are told as one; `tip` if a later save may have overwritten it."""

    versions: tuple[Version, ...]
    changes: str
    tip: OpenTip | None

    @property
    def columns(self) -> tuple[str, ...]:
        first, last = self.versions[0], self.versions[-1]
        name = f"@{last.number}" if first is last else f"@{first.number}-@{last.number}"
        when = datetime.fromtimestamp(last.time).strftime("%Y-%m-%d %H:%M:%S")
        notes = [last.by]
        if self.tip is not None:
            notes.append(f"overwritten by @{self.tip.by}?")
        size = f"{last.size:,} bytes"
        return name, when, self._came, size, self.changes, "; ".join(filter(None, notes))

    @property
    def _came(self) -> str:
        first, last = self.versions[0], self.versions[-1]
        came = first.origin.value
        if first is not last:
            came = f"{len(self.versions)} saves in {_lasting(last.time - first.time)}"
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
