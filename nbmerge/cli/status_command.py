"""Owns: `nbmerge status`: whether a watcher runs, what it has done, and what waits for somebody.

Must not know: how notebooks are watched, how a process is found.  Invariant: what needs somebody is named
with the command that sees to it; `--json` has the same keys whether a watcher runs or not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nbmerge.cli.arguments import Arguments, CommandParser, command
from nbmerge.cli.histories import history
from nbmerge.cli.program import program_name, to_type
from nbmerge.cli.streams import printable, write_text
from nbmerge.errors import EXIT_CLEAN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.history.store import Store
    from nbmerge.lineage.heads import OpenTip
    from nbmerge.watch.status import WatcherStatus

_STATUS = """
Show whether a watcher runs with this state directory, in the foreground or in the background, and which
versions may have been overwritten (open tips). Notebooks are named whose file lacks something yet, because
saves follow one another or merging takes too long. The last line tells of the last merge.

With --json it is one object {"running", "pid", "paths", "notebooks", "versions", "merges", "open_tips",
"conflicts", "last_error", "idle", "waiting", "backlog"}; `idle` is true when nothing is pending: all that
was saved is recorded and merged; `conflicts` counts the notebooks that show some, `waiting` those whose file
lacks something, `backlog` the saves that are kept and wait to be judged. `last_error` is null again when it
is over.
"""
_TIPS_SHOWN = 20
_INTERNAL = ("ready", "version", "last_merge", "background")
_COUNTED = {"notebooks": "notebook", "versions": "version", "merges": "merge", "open_tips": "open tip"}


def status_parser() -> CommandParser:
    """The parser of `status`."""
    return command("status", _STATUS).with_json("one JSON object").with_state()


def run_status(found: Arguments) -> int:
    """Run `status`; its exit code.  Raises NbmergeError."""
    import json
    from dataclasses import replace

    from nbmerge.history.address import without_password
    from nbmerge.history.opening import database_of, state_directory
    from nbmerge.history.values import StoreAway
    from nbmerge.service.standing import showing_conflicts_in, waiting_in
    from nbmerge.watch.status import WatcherStatus, read_status

    directory = state_directory(found.state)
    status = read_status(directory) or WatcherStatus()
    tips: list[tuple[str, OpenTip]] = []
    waiting, conflicts = [], list[str]()
    try:
        with history(found.state) as store:
            if not status.running:
                status = _counted(status, store)
            tips = [] if found.json or not status.open_tips else list(_open_tips(store))
            waiting, conflicts = waiting_in(store), showing_conflicts_in(store)
    except StoreAway as away:
        kept = "saves go on, nothing is merged; what is saved is kept on this machine until it is back"
        status = replace(status, last_error=f"{away}; {kept}")
    status = replace(status, waiting=len(waiting), conflicts=len(conflicts))
    if found.json:
        told = {name: value for name, value in status.as_json().items() if name not in _INTERNAL}
        write_text(json.dumps(told) + "\n")
    else:
        database = database_of(found.state)
        where = (
            f"state directory {directory}" if database is None else f"database {without_password(database)}"
        )
        lines = [*_lines(status, where), *_about_notebooks(waiting, conflicts, tips)]
        lines += [] if status.last_merge is None else [f"last merge: {status.last_merge}"]
        write_text("".join(f"{printable(line)}\n" for line in lines))
    return EXIT_CLEAN


def _counted(status: WatcherStatus, store: Store) -> WatcherStatus:
    from dataclasses import asdict, replace

    totals = asdict(store.totals())
    return replace(status, **{name: totals[name] for name in _COUNTED})


def _open_tips(store: Store) -> Iterator[tuple[str, OpenTip]]:
    for notebook, heads in store.standings():
        yield from ((notebook.path, tip) for tip in heads.open)


def _lines(status: WatcherStatus, where: str) -> Iterator[str]:
    if status.running:
        pending = "" if status.idle else ", at work" if status.ready else ", starting"
        if status.backlog:
            pending += f", {status.backlog} saves wait to be judged"
        yield f"watching {', '.join(status.paths) or 'notebooks'} (process {status.pid}{pending})"
    else:
        yield f"not running; {program_name()} start begins to watch"
    yield f"{_counts(status)} ({where})"
    if status.last_error is not None:
        yield f"last error: {status.last_error}"


def _about_notebooks(
    waiting: Sequence[str], conflicts: Sequence[str], tips: Sequence[tuple[str, OpenTip]]
) -> Iterator[str]:
    from nbmerge.cli.log_command import open_tip_line

    for path in conflicts[:_TIPS_SHOWN]:
        yield f"{path}: shows conflicts; `{to_type('resolve', path)}` explains them"
    for path in waiting[:_TIPS_SHOWN]:
        yield f"{path}: a merge waits; `{to_type('recover', path)}` makes it now"
    for path, tip in tips[:_TIPS_SHOWN]:
        yield f"{path}: {open_tip_line(path, tip)}"
    if len(tips) > _TIPS_SHOWN:
        yield f"and {len(tips) - _TIPS_SHOWN} more"


def _counts(status: WatcherStatus) -> str:
    found = [(getattr(status, name), noun) for name, noun in _COUNTED.items()]
    return ", ".join(f"{count} {noun}{'s' * (count != 1)}" for count, noun in found)
