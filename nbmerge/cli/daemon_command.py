"""Owns: `nbmerge start|stop|restart`.

Must not know: how processes are started and ended.  Invariant: what is said is what is so:
"watching" when saves are noticed, "stopped" when the process is gone.
"""

from __future__ import annotations

import os

from nbmerge.cli.arguments import command, understand
from nbmerge.cli.histories import add_state
from nbmerge.cli.program import program_name
from nbmerge.cli.streams import printable, write_text
from nbmerge.cli.watch_options import WORDS, add_watch_options, as_arguments, watch_options
from nbmerge.errors import EXIT_CLEAN, EXIT_USAGE, UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.cli.arguments import Parser
    from nbmerge.watch.login import Login

_START = f"start {WORDS} [--at-login]"
_STOP = "stop [--state DIR] [--at-login]"
_RESTART = f"restart {WORDS}"
_ABOUT = """

There is one watcher for each state directory; it prints to watcher.log there. `watch` tells about the
options.
"""
_STARTED = f"""
Watch notebooks in the background, as `watch` does in the foreground, until `stop`; closing the terminal
does not end it. Without PATH: the current folder.

With --at-login it is also started whenever you log in: by a systemd user unit, or by a launchd agent on
macOS. `stop --at-login` takes that back.{_ABOUT}"""
_STOPPED = (
    "End the watcher, also one in the foreground; it finishes what is begun. It is no error if there is none."
)
_RESTARTED = f"""
Stop the watcher, if there is one, and start it in the background. Without PATH or options: with those that
it had.{_ABOUT}"""
_EXITS = {EXIT_USAGE: "the call is wrong, or another watcher runs already"}


def start(arguments: list[str]) -> int:
    """Run `start`; its exit code.  Raises NbmergeError."""
    heard = understand(start_parser(), arguments)
    if heard is not None:
        found, paths = heard
        options = watch_options(found, paths)
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


def start_parser() -> Parser:
    """What `start` understands."""
    options = command(_START, _STARTED, _EXITS)
    add_watch_options(options)
    options.add_argument("--at-login", action="store_true", help="from now on at each login, too")
    return options


def stop(arguments: list[str]) -> int:
    """Run `stop`; its exit code.  Raises NbmergeError."""
    from nbmerge.history.opening import state_directory

    heard = understand(stop_parser(), arguments)
    if heard is not None:
        found, words = heard
        if words:
            raise UsageError(f"{words[0]!r} is too much: {program_name()} {_STOP}")
        directory = state_directory(found.state)
        if found.at_login:
            path = _login().remove(directory)
            _say("it was not started at login" if path is None else f"{path}: removed")
        _say(_stopped(directory))
    return EXIT_CLEAN


def stop_parser() -> Parser:
    """What `stop` understands."""
    options = command(_STOP, _STOPPED)
    add_state(options)
    options.add_argument("--at-login", action="store_true", help="no longer start it at login, either")
    return options


def restart(arguments: list[str]) -> int:
    """Run `restart`; its exit code.  Raises NbmergeError."""
    from nbmerge.history.opening import state_directory
    from nbmerge.watch.daemon import remembered
    from nbmerge.watch.status import WatcherStatus, read_status

    heard = understand(restart_parser(), arguments)
    if heard is not None:
        found, paths = heard
        directory = state_directory(found.state)
        before = read_status(directory) or WatcherStatus()
        begin = remembered(directory) if _is_bare(arguments) else None
        if begin is None:
            begin = ["watch", "--log", *as_arguments(watch_options(found, paths or list(before.paths)))]
        if before.running:
            _say(_stopped(directory))
        _say(_started(directory, begin))
    return EXIT_CLEAN


def restart_parser() -> Parser:
    """What `restart` understands."""
    options = command(_RESTART, _RESTARTED, _EXITS)
    add_watch_options(options)
    return options


def _is_bare(arguments: list[str]) -> bool:
    """Whether nothing is said about how to watch."""
    rest = list(arguments)
    while rest and rest[0].startswith(("--state", "--debug")):
        del rest[: 2 if rest[0] == "--state" else 1]
    return not rest


def _started(directory: str, arguments: list[str]) -> str:
    from nbmerge.watch.daemon import start as begin

    status = begin(directory, program_name(), arguments)
    if not status.ready:
        told = f"{program_name()} status tells when it is ready"
        return f"started (process {status.pid}); it is still looking at the notebooks: {told}"
    notebooks = "1 notebook" if status.notebooks == 1 else f"{status.notebooks} notebooks"
    return f"watching {notebooks} in {', '.join(status.paths)} (process {status.pid})"


def _stopped(directory: str) -> str:
    from nbmerge.watch.daemon import stop as end

    status = end(directory)
    return "no watcher was running" if status is None else f"stopped (process {status.pid})"


def _login() -> Login:
    from nbmerge.watch.login import Login

    return Login(os.environ, os.path.expanduser("~"))


def _say(line: str) -> None:
    write_text(f"{printable(line)}\n")
