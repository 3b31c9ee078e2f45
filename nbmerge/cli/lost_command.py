"""Owns: `nbmerge lost`: what was saved once and is not in the notebook now, listed and put back.

Must not know: how it is found, how a notebook is written.  Invariant: numbers name the same things in every
form of the list, also where only a part of it is shown; nothing is left out without being counted.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from nbmerge.cli.arguments import Arguments, CommandParser, command, version_number
from nbmerge.cli.histories import NamedVersion, book_of, history, service
from nbmerge.cli.program import to_type
from nbmerge.cli.streams import printable, write_text
from nbmerge.errors import EXIT_CLEAN, EXIT_CONFLICTS, UsageError
from nbmerge.files import read_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.lineage.lost import Lost
    from nbmerge.lineage.versions import Version
    from nbmerge.service.lost import LostRow

_LOST = """
List the lines, cells and results that were saved once and are not in the notebook now, what went last
first. WORDS: only what holds all of them. Nothing is judged here: what somebody took out on purpose is in
the list as well.

--put-back N writes number N of the list into the notebook again: a cell behind the one that it stood behind,
lines into their cell, a result to its code if that is still the same. It is a save like any other:
`restore` undoes it.

With --json each line is an object {"number", "kind", "cell", "id", "text", "last", "gone", "time", "writer"}:
`kind` is cell, lines or result; `cell` counts from 1 in version `last`, the last one that had it; `gone` is
the first version without it (null: it is not saved yet), `time` when that was saved, and `writer` by whom.
"""
_SHOWN = 50
_LINES_SHOWN = 6


def lost_parser() -> CommandParser:
    """The parser of `lost`."""
    exits = {EXIT_CONFLICTS: "put back; a save that came just then conflicts with it"}
    parser = command("lost", _LOST, exits).with_notebook()
    parser.add_argument("words", metavar="WORDS", nargs="*", help="only what holds all of these words")
    parser.add_argument("--put-back", metavar="N", type=int, help="put number N into the notebook again")
    parser.add_argument(
        "--since", metavar="N", type=version_number, help="only what went with version N or later"
    )
    parser.add_argument("--all", action="store_true", help=f"list everything, not only the first {_SHOWN}")
    return parser.with_json("one JSON object a line").with_state()


def run_lost(found: Arguments) -> int:
    """Run `lost`; its exit code.  Raises NbmergeError."""
    if found.put_back is not None:
        if found.words or found.json or found.since is not None:
            raise UsageError(
                "--put-back takes a number of the whole list, and neither words nor other options"
            )
        return _put_back(found)
    rows = _rows(found)
    shown = [row for row in rows if row.holds(found.words) and _went_since(row, found.since)]
    if found.json:
        import json

        write_text("".join(f"{json.dumps(row.as_json())}\n" for row in shown))
    else:
        lines = _lines(found.notebook, shown, None if found.all else _SHOWN)
        write_text("".join(f"{printable(line)}\n" for line in lines))
    return EXIT_CLEAN


def _rows(found: Arguments) -> list[LostRow]:
    from nbmerge.notebook.reader import read
    from nbmerge.service.lost import lost_rows

    notebook = NamedVersion(found.notebook, None)
    with history(found.state) as store:
        notebook_id = book_of(store, notebook)
        return lost_rows(store, notebook_id, read(read_file(notebook.path), notebook.path))


def _went_since(row: LostRow, since: int | None) -> bool:
    return since is None or row.gone is None or row.gone.number >= since


def _put_back(found: Arguments) -> int:
    from nbmerge.service.lost import put_lost_back

    notebook = NamedVersion(found.notebook, None)
    with service(found.state) as opened:
        book_of(opened.store, notebook)
        one, held = put_lost_back(opened, notebook.path, found.put_back)
    said = f"{_what(one)} of version {one.last} is in the notebook again: version {held.version.number}"
    write_text(printable(f"{notebook.path}: {said}") + "\n")
    return EXIT_CONFLICTS if held.conflicts else EXIT_CLEAN


def _lines(path: str, rows: list[LostRow], most: int | None) -> Iterator[str]:
    if not rows:
        yield f"{path}: nothing of this kind is lost: all of it is in the notebook"
        return
    for row in rows[:most]:
        yield f"{row.number:>3}  {_what(row.found)}, {_when(row.gone)}"
        text = row.found.text.split("\n")
        yield from (f"       {line}" for line in text[:_LINES_SHOWN])
        if len(text) > _LINES_SHOWN:
            yield f"       ... {len(text) - _LINES_SHOWN} lines more"
    if most is not None and len(rows) > most:
        yield f"and {len(rows) - most} more: {to_type('lost', path, '--all')}"
    yield f"{to_type('lost', path, '--put-back', 'N')} puts number N back"


def _what(found: Lost) -> str:
    place = f"cell {found.place + 1}"
    count = len(found.lines)
    return {
        "cell": place,
        "lines": f"{count} line{'s' * (count != 1)} of {place}",
        "result": f"the result of {place}",
    }[found.kind.value]


def _when(gone: Version | None) -> str:
    if gone is None:
        return "went since the last version"
    when = datetime.fromtimestamp(gone.time).strftime("%Y-%m-%d %H:%M:%S")
    by = f" ({gone.by})" if gone.by else ""
    return f"went with @{gone.number} at {when}{by}"
