"""Owns: `nbmerge status`.

Must not know: how a watcher works.  Invariant: says the same of a watcher in the foreground
and of one in the background; without one the figures are the store's.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

from nbmerge.cli.arguments import command, understand
from nbmerge.cli.histories import add_state, history
from nbmerge.cli.log_command import open_line
from nbmerge.cli.program import program_name
from nbmerge.cli.streams import printable, write_text
from nbmerge.errors import EXIT_CLEAN, UsageError
from nbmerge.watch.status import WatcherStatus, read_status

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.cli.arguments import Parser
    from nbmerge.history.store import Store
    from nbmerge.lineage.heads import OpenTip

_CALL = "status [--json] [--state DIR]"
_WHAT = """
Tell whether a watcher runs with this state directory, in the foreground or in the background, and which
versions may have been overwritten (open tips).

With --json it is one object {"running", "pid", "paths", "notebooks", "versions", "merges", "open_tips",
"last_error", "idle"}; `idle` is true when nothing is pending: all that was saved is recorded and merged.
"""
_SHOWN = 20
_KEPT_BACK = ("ready", "version")


def run(arguments: list[str]) -> int:
    """Run the command; its exit code.  Raises NbmergeError."""
    from nbmerge.history.opening import state_directory

    heard = understand(parser(), arguments)
    if heard is None:
        return EXIT_CLEAN
    options, words = heard
    if words:
        raise UsageError(f"{words[0]!r} is too much: {program_name()} {_CALL}")
    directory = state_directory(options.state)
    status = read_status(directory) or WatcherStatus()
    with history(directory) as store:
        if not status.running:
            status = _counted(status, store)
        tips = [] if options.json or not status.open_tips else list(_open_tips(store))
    if options.json:
        write_text(json.dumps(_object(status)) + "\n")
    else:
        write_text("".join(f"{printable(line)}\n" for line in _lines(status, directory, tips)))
    return EXIT_CLEAN


def parser() -> Parser:
    """What `status` understands."""
    options = command(_CALL, _WHAT)
    options.add_argument("--json", action="store_true", help="one JSON object")
    add_state(options)
    return options


def _counted(status: WatcherStatus, store: Store) -> WatcherStatus:
    totals = store.totals()
    return replace(
        status,
        notebooks=totals.notebooks,
        versions=totals.versions,
        merges=totals.merges,
        open_tips=totals.open_tips,
    )


def _object(status: WatcherStatus) -> dict[str, object]:
    return {name: value for name, value in status.as_json().items() if name not in _KEPT_BACK}


def _open_tips(store: Store) -> Iterator[tuple[str, OpenTip]]:
    for notebook_id in store.notebooks():
        heads = store.heads(notebook_id.id)
        yield from ((notebook_id.path, tip) for tip in (heads.open if heads is not None else ()))


def _lines(status: WatcherStatus, directory: str, tips: list[tuple[str, OpenTip]]) -> Iterator[str]:
    if status.running:
        pending = "" if status.idle else ", at work" if status.ready else ", starting"
        yield f"watching {', '.join(status.paths) or 'notebooks'} (process {status.pid}{pending})"
    else:
        yield f"not running; {program_name()} start begins to watch"
    yield f"{_counts(status)} (state directory {directory})"
    if status.last_error is not None:
        yield f"last error: {status.last_error}"
    for path, tip in tips[:_SHOWN]:
        yield f"{path}: {open_line(path, tip)}"
    if len(tips) > _SHOWN:
        yield f"and {len(tips) - _SHOWN} more"


def _counts(status: WatcherStatus) -> str:
    counts = (
        (status.notebooks, "notebook"),
        (status.versions, "version"),
        (status.merges, "merge"),
        (status.open_tips, "open tip"),
    )
    return ", ".join(f"{count} {noun}{'s' * (count != 1)}" for count, noun in counts)
