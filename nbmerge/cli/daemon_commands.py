"""Owns: `nbmerge start`, `stop`, `restart` and `status`: the watcher in the background.

Must not know: how processes are started and ended, how a watcher works.  Invariant: what is said is what is
so: "watching" when saves are noticed, "stopped" when the process is gone; `status` says the same of a
watcher in the foreground, and without one the figures are the store's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from nbmerge.cli.arguments import Arguments, CommandParser, command
from nbmerge.cli.histories import history
from nbmerge.cli.program import program_name
from nbmerge.cli.streams import printable, write_text
from nbmerge.cli.watch_commands import WATCHER_EXITS, as_arguments, watch_options, with_watch_options
from nbmerge.errors import EXIT_CLEAN

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.history.store import Store
    from nbmerge.lineage.heads import OpenTip
    from nbmerge.watch.login import Login
    from nbmerge.watch.status import WatcherStatus

_ABOUT = """

There is one watcher for each state directory; it prints to watcher.log there. `watch --help` explains the
options.
"""
_START = f"""
Watch notebooks in the background, as `watch` does in the foreground, until `stop`; closing the terminal
does not end it. Without PATH: the current folder.

With --at-login it is also started whenever you log in: by a systemd user unit, or by a launchd agent on
macOS. `stop --at-login` takes that back.{_ABOUT}"""
_STOP = (
    "Stop the watcher, also one in the foreground; it finishes what is begun. If none runs, that is no error."
)
_RESTART = f"""
Stop the watcher, if there is one, and start it in the background. Without PATH or options: with those that
it had.{_ABOUT}"""
_STATUS = """
Show whether a watcher runs with this state directory, in the foreground or in the background, and which
versions may have been overwritten (open tips).

With --json it is one object {"running", "pid", "paths", "notebooks", "versions", "merges", "open_tips",
"last_error", "idle"}; `idle` is true when nothing is pending: all that was saved is recorded and merged.
"""
_TIPS_SHOWN = 20
_INTERNAL = ("ready", "version")
_COUNTED = {"notebooks": "notebook", "versions": "version", "merges": "merge", "open_tips": "open tip"}


def start_parser() -> CommandParser:
    """The parser of `start`."""
    parser = with_watch_options(command("start", _START, WATCHER_EXITS))
    parser.add_argument("--at-login", action="store_true", help="also start it at each login from now on")
    return parser


def run_start(found: Arguments) -> int:
    """Run `start`; its exit code.  Raises NbmergeError."""
    options = watch_options(found)
    directory = options.state or "."
    begin = ["watch", "--log", *as_arguments(options)]
    if found.at_login:
        from nbmerge.watch.daemon import launch
        from nbmerge.watch.status import already_runs, is_locked

        path = _login().add(directory, launch(program_name(), begin))
        _say(f"{path}: starts it at each login")
        if is_locked(directory):
            _say(already_runs(directory))
            return EXIT_CLEAN
    _say(_started(directory, begin))
    return EXIT_CLEAN


def stop_parser() -> CommandParser:
    """The parser of `stop`."""
    parser = command("stop", _STOP).with_state()
    parser.add_argument("--at-login", action="store_true", help="also do not start it at login any more")
    return parser


def run_stop(found: Arguments) -> int:
    """Run `stop`; its exit code.  Raises NbmergeError."""
    from nbmerge.history.opening import state_directory

    directory = state_directory(found.state)
    if found.at_login:
        path = _login().remove(directory)
        _say("it was not started at login" if path is None else f"{path}: removed")
    _say(_stopped(directory))
    return EXIT_CLEAN


def restart_parser() -> CommandParser:
    """The parser of `restart`."""
    return with_watch_options(command("restart", _RESTART, WATCHER_EXITS))


def run_restart(found: Arguments) -> int:
    """Run `restart`; its exit code.  Raises NbmergeError."""
    from nbmerge.history.opening import state_directory
    from nbmerge.watch.daemon import remembered
    from nbmerge.watch.status import WatcherStatus, read_status

    directory = state_directory(found.state)
    before = read_status(directory) or WatcherStatus()
    begin = remembered(directory) if _is_bare(found) else None
    if begin is None:
        found.paths = found.paths or list(before.paths)
        begin = ["watch", "--log", *as_arguments(watch_options(found))]
    if before.running:
        _say(_stopped(directory))
    _say(_started(directory, begin))
    return EXIT_CLEAN


def status_parser() -> CommandParser:
    """The parser of `status`."""
    return command("status", _STATUS).with_json("one JSON object").with_state()


def run_status(found: Arguments) -> int:
    """Run `status`; its exit code.  Raises NbmergeError."""
    import json

    from nbmerge.history.opening import state_directory
    from nbmerge.watch.status import WatcherStatus, read_status

    directory = state_directory(found.state)
    status = read_status(directory) or WatcherStatus()
    with history(directory) as store:
        if not status.running:
            status = _counted(status, store)
        tips = [] if found.json or not status.open_tips else list(_open_tips(store))
    if found.json:
        shown = {name: value for name, value in status.as_json().items() if name not in _INTERNAL}
        write_text(json.dumps(shown) + "\n")
    else:
        write_text("".join(f"{printable(line)}\n" for line in _lines(status, directory, tips)))
    return EXIT_CLEAN


def _is_bare(found: Arguments) -> bool:
    """Whether nothing was given about how to watch."""
    given = (found.settle, found.keep_days, found.keep_mb)
    return not (found.paths or found.poll or found.exclude) and all(value is None for value in given)


def _started(directory: str, words: list[str]) -> str:
    from nbmerge.watch.daemon import start

    status = start(directory, program_name(), words)
    if not status.ready:
        told = f"{program_name()} status shows when it is ready"
        return f"started (process {status.pid}); it is still looking at the notebooks: {told}"
    notebooks = "1 notebook" if status.notebooks == 1 else f"{status.notebooks} notebooks"
    return f"watching {notebooks} in {', '.join(status.paths)} (process {status.pid})"


def _stopped(directory: str) -> str:
    from nbmerge.watch.daemon import stop

    status = stop(directory)
    return "no watcher was running" if status is None else f"stopped (process {status.pid})"


def _login() -> Login:
    from nbmerge.watch.login import Login

    return Login(os.environ, os.path.expanduser("~"))


def _say(line: str) -> None:
    write_text(f"{printable(line)}\n")


def _counted(status: WatcherStatus, store: Store) -> WatcherStatus:
    from dataclasses import asdict, replace

    totals = asdict(store.totals())
    return replace(status, **{name: totals[name] for name in _COUNTED})


def _open_tips(store: Store) -> Iterator[tuple[str, OpenTip]]:
    for notebook in store.notebooks():
        heads = store.heads(notebook.id)
        yield from ((notebook.path, tip) for tip in (heads.open if heads is not None else ()))


def _lines(status: WatcherStatus, directory: str, tips: list[tuple[str, OpenTip]]) -> Iterator[str]:
    from nbmerge.cli.history_commands import open_tip_line

    if status.running:
        pending = "" if status.idle else ", at work" if status.ready else ", starting"
        yield f"watching {', '.join(status.paths) or 'notebooks'} (process {status.pid}{pending})"
    else:
        yield f"not running; {program_name()} start begins to watch"
    yield f"{_counts(status)} (state directory {directory})"
    if status.last_error is not None:
        yield f"last error: {status.last_error}"
    for path, tip in tips[:_TIPS_SHOWN]:
        yield f"{path}: {open_tip_line(path, tip)}"
    if len(tips) > _TIPS_SHOWN:
        yield f"and {len(tips) - _TIPS_SHOWN} more"


def _counts(status: WatcherStatus) -> str:
    found = [(getattr(status, name), noun) for name, noun in _COUNTED.items()]
    return ", ".join(f"{count} {noun}{'s' * (count != 1)}" for count, noun in found)
