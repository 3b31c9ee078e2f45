"""Owns: `nbmerge watch`, and `start`, `stop` and `restart` for the watcher in the background.

Must not know: how notebooks are watched, how processes are started and ended.
Invariant: what is said is what is so: "watching" when saves are noticed, "stopped" when the process is gone.
Each notice is one line that is out at once; printing never waits for the reader: what is not read stays
within a bound, and how many lines were left out is said where they are missing; a reader that went away
ends the watch, a log that cannot be written does not.  The words that `as_arguments` gives are parsed as
the same values in every current folder.
"""

from __future__ import annotations

import os
import sys
import time
from collections import deque
from collections.abc import Callable
from threading import Condition, Thread

from nbmerge.cli.arguments import Arguments, CommandParser, command, number_of
from nbmerge.cli.program import program_name, spelled_out, to_type
from nbmerge.cli.streams import printable, write_text
from nbmerge.errors import EXIT_CLEAN, EXIT_USAGE, NotebookError, SystemFailure, UsageError
from nbmerge.files import reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.watch.assembly import WatchOptions
    from nbmerge.watch.login import Login
    from nbmerge.watch.runner import Notice
    from nbmerge.watch.status import WatcherStatus

LIMIT = 1_000_000  # bytes that wait for the reader
PATIENCE = 1.0  # seconds that a reader gets for the rest
_PAUSE = 0.05  # seconds until a stream that takes nothing and does not wait is tried again
_MEGABYTE = 1_000_000
_WATCH = """
Watch notebooks, single ones or all below the folders (without PATH: the current one), and merge them
whenever two programs save over each other. One line is printed for each merge, and nothing else unless
something is wrong. Ctrl-C and SIGTERM end it as soon as what is begun is finished; so does closing the pipe
that it prints to. A reader who is too slow does not hold it up: lines that are not read in time are left out.

With --json each line is an object {"event", "path", "message", ...}; from the event "ready" on saves are
noticed.
"""
WATCHER_EXITS = {EXIT_USAGE: "invalid arguments, or another watcher is running already"}


def watch_parser() -> CommandParser:
    """The parser of `watch`."""
    exits = {EXIT_CLEAN: "stopped as asked", **WATCHER_EXITS}
    parser = with_watch_options(command("watch", _WATCH, exits)).with_json("one JSON object a line")
    parser.add_argument(
        "--log", action="store_true", help="print to watcher.log in the state directory, as `start` does"
    )
    return parser


def run_watch(found: Arguments) -> int:
    """Run `watch`; its exit code.  Raises NbmergeError."""
    import gc
    import signal
    from dataclasses import replace

    import nbmerge
    from nbmerge.watch import assembly

    options = replace(watch_options(found), version=nbmerge.__version__, background=found.log)
    gc.enable()  # this call is not over soon
    stop = assembly.Stop()
    as_line = _object if found.json else line_of if found.log else _timed
    if found.log:
        from nbmerge.watch.daemon import Log

        log = Log(_directory(options))
        assembly.run_watch(options, lambda notice: log.write(as_line(notice)), stop)
        return EXIT_CLEAN
    printer = Printer(lambda number: as_line(_left_out(number)), stop.ask)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup does
        signal.signal(signal.SIGHUP, lambda *_: stop.ask())
    assembly.run_watch(options, lambda notice: printer.line(as_line(notice)), stop)
    printer.finish()
    return EXIT_CLEAN


def with_watch_options(parser: CommandParser) -> CommandParser:
    """With the paths and options of `watch`, `start` and `restart`; what is not given is None or empty."""
    parser.add_argument("paths", metavar="PATH", nargs="*", help="notebooks, and folders of notebooks")
    parser.with_state().add_argument(
        "--settle",
        metavar="S",
        type=number_of("seconds"),
        help="seconds without a save before a merge is written (default: 1)",
    )
    parser.add_argument(
        "--poll",
        action="store_true",
        help="look at the files at intervals; always done where the system does not report changes",
    )
    parser.add_argument(
        "--exclude",
        metavar="PATTERN",
        action="append",
        default=[],
        help="leave out what matches, as in .gitignore; may be repeated (or write a .nbmergeignore)",
    )
    parser.add_argument(
        "--keep-days", metavar="N", type=number_of("days"), help="drop older versions (default: 60)"
    )
    parser.add_argument(
        "--keep-mb",
        metavar="N",
        type=number_of("megabytes"),
        help="drop the oldest versions where all take more megabytes than this (default: 2147; in a database:"
        " no limit)",
    )
    return parser


def watch_options(found: Arguments) -> WatchOptions:
    """What the options ask for.  Raises NotebookError if a path is not there."""
    from nbmerge.history.opening import database_of, state_directory
    from nbmerge.history.values import Retention
    from nbmerge.watch.assembly import WatchOptions

    for path in found.paths:
        if not os.path.exists(path):
            raise NotebookError(f"{path}: there is no such file or folder to watch")
    usual = Retention()
    return WatchOptions(
        paths=tuple(map(os.path.abspath, found.paths or ["."])),
        state=database_of(found.state) or state_directory(found.state),
        settle=1.0 if found.settle is None else found.settle,
        roots=tuple(found.root),
        poll=True if found.poll else None,
        exclude=tuple(found.exclude),
        retention=Retention(
            usual.days if found.keep_days is None else found.keep_days,
            None if found.keep_mb is None else int(found.keep_mb * _MEGABYTE),
        ),
    )


def as_arguments(options: WatchOptions) -> tuple[str, ...]:
    """The words that ask for these options, for a process that is started elsewhere: everybody can read them,
    so no password is among them."""
    from nbmerge.history.address import is_database, without_password

    where = options.state
    if where is not None and is_database(where):
        where = without_password(where)
    state = [] if where is None else [f"--state={where}"]
    poll = ["--poll"] if options.poll else []
    roots = [f"--root={root}" for root in options.roots]
    exclude = [f"--exclude={pattern}" for pattern in options.exclude]
    size = options.retention.size
    keep = [f"--keep-days={options.retention.days}"]
    keep += [] if size is None else [f"--keep-mb={size / _MEGABYTE}"]
    return (*state, *roots, f"--settle={options.settle}", *poll, *exclude, *keep, "--", *options.paths)


def _directory(options: WatchOptions) -> str:
    """This machine's state directory."""
    from nbmerge.history.opening import state_directory

    return state_directory(options.state)


def line_of(notice: Notice) -> str:
    """A notice for people; commands that it names can be typed as they stand."""
    path = _near(notice.path)
    message = spelled_out(notice.message, path)
    return printable(f"{path}: {message}" if path else message)


class Printer:
    """Prints lines to standard output, each at once, in a thread of its own.

    `left_out` makes the line that stands for so many that were left out; `gone` is called, in
    that thread, when nobody can read any more: `failure` says why.
    """

    def __init__(self, left_out: Callable[[int], str], gone: Callable[[], None]) -> None:
        self.failure: SystemFailure | None = None
        self._left_out = left_out
        self._gone = gone
        self._waiting: deque[bytes] = deque()
        self._size = self._missing = 0
        self._ending = False
        self._news = Condition()
        self._thread = Thread(target=self._run, name="nbmerge-print", daemon=True)
        self._thread.start()

    def line(self, text: str) -> None:
        """Print a line, soon; if too much waits already it is counted instead."""
        line = _encoded(text)
        with self._news:
            if self._size and self._size + len(line) > LIMIT:
                self._missing += 1
            else:
                self._add(line)
            self._news.notify()

    def finish(self) -> None:
        """Give the reader a moment for what is left.  Raises SystemFailure if there is none."""
        with self._news:
            self._ending = True
            self._news.notify()
        self._thread.join(PATIENCE)
        if self.failure is not None:
            raise self.failure

    def _add(self, line: bytes) -> None:
        self._tell_missing()
        self._waiting.append(line)
        self._size += len(line)

    def _tell_missing(self) -> None:
        if self._missing:
            line = _encoded(self._left_out(self._missing))
            self._missing = 0
            self._waiting.append(line)
            self._size += len(line)

    def _run(self) -> None:
        try:
            while (line := self._next()) is not None:
                self._write(line)
        except OSError as error:
            self.failure = SystemFailure(f"standard output: cannot be written: {reason(error)}")
        except SystemFailure as failure:
            self.failure = failure
        if self.failure is not None:
            self._gone()

    def _next(self) -> bytes | None:
        """What to print next; None at the end."""
        with self._news:
            self._news.wait_for(lambda: self._waiting or self._missing or self._ending)
            if not self._waiting:
                self._tell_missing()
            if not self._waiting:
                return None
            line = self._waiting.popleft()
            self._size -= len(line)
            return line

    def _write(self, line: bytes) -> None:
        if sys.stdout is None:
            raise SystemFailure("standard output: cannot be written: it is closed")
        # Not through the buffer: its lock would be held at the end by a thread that is stuck.
        raw = getattr(sys.stdout.buffer, "raw", sys.stdout.buffer)
        rest = memoryview(line)
        while rest:
            written = raw.write(rest)
            if written is None:  # the stream does not wait: somebody else set it so
                time.sleep(_PAUSE)
            else:
                rest = rest[written:]


def _encoded(text: str) -> bytes:
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return f"{text}\n".encode(encoding, "backslashreplace")


def _timed(notice: Notice) -> str:
    """The same with the time of day; the log has its own."""
    return line_of(notice) if notice.kind == "ready" else f"{time.strftime('%H:%M:%S')} {line_of(notice)}"


def _object(notice: Notice) -> str:
    import json

    return json.dumps(notice.as_json())


def _near(path: str) -> str:
    """The path as it is typed in the current folder."""
    if not path:
        return path
    try:
        near = os.path.relpath(path)
    except (ValueError, OSError):  # another drive, or the folder is gone
        return path
    return path if near.startswith(os.pardir) else near


def _left_out(number: int) -> Notice:
    from nbmerge.watch.runner import Notice

    lines = "1 line was" if number == 1 else f"{number} lines were"
    return Notice("unread", "", f"{lines} left out here, because nobody read them", {"lines": number})


_ABOUT = """

There is one watcher for each state directory; it prints to watcher.log there. `watch --help` explains the
options.
"""
_START = f"""
Watch notebooks in the background, as `watch` does in the foreground, until `stop`; closing the terminal
does not end it. Without PATH: the current folder. Where one runs in the background already,
`start OTHER` has it watch OTHER as well, with the options that it has.

With --at-login it is also started whenever you log in: by a systemd user unit, or by a launchd agent on
macOS. `stop --at-login` takes that back.{_ABOUT}"""
_STOP = (
    "Stop the watcher, also one in the foreground; it finishes what is begun. If none runs, that is no error."
)
_RESTART = f"""
Stop the watcher, if there is one, and start it in the background: with the folders that it had and those that
are named, and with the options that it had if none is given. To watch fewer folders: `stop`, then
`start`.{_ABOUT}"""


def start_parser() -> CommandParser:
    """The parser of `start`."""
    parser = with_watch_options(command("start", _START, WATCHER_EXITS))
    parser.add_argument("--at-login", action="store_true", help="also start it at each login from now on")
    return parser


def run_start(found: Arguments) -> int:
    """Run `start`; its exit code.  Raises NbmergeError."""
    from nbmerge.cli.watched_paths import uncovered
    from nbmerge.watch.status import WatcherStatus, read_status

    options = watch_options(found)
    directory = _directory(options)
    running = read_status(directory) or WatcherStatus()
    new = uncovered(options.paths, running.paths) if running.running and found.paths else ()
    added = new if running.paths and not _has_options(found) else ()
    begin = ["watch", "--log", *as_arguments(options)]
    if added:
        begin = _going_on(directory, begin, _still_there((*running.paths, *added)))
    if found.at_login:
        from nbmerge.watch.daemon import launch
        from nbmerge.watch.status import already_runs, is_locked

        _refuse_password(options)
        path = _login().add(directory, launch(program_name(), begin))
        _say(f"{path}: starts it at each login")
        if is_locked(directory) and not added:
            _say(already_runs(directory))
            return EXIT_CLEAN
    if added:
        _refuse_in_foreground(running, added)
        _stopped(directory)
    _say(_started(directory, begin, options.state))
    if added and not found.at_login and _login().has(directory):
        words = to_type("start", "--at-login", *running.paths, *added)
        _say(f"at each login it is still started without {', '.join(added)}; {words} changes that")
    return EXIT_CLEAN


def _refuse_in_foreground(running: WatcherStatus, added: tuple[str, ...]) -> None:
    """What somebody runs in a terminal is not ended unasked.  Raises UsageError."""
    if not running.background:
        raise UsageError(
            f"a watcher (process {running.pid}) runs in the foreground on {', '.join(running.paths)};"
            f" {to_type('restart', *added)} ends it, and watches these and {', '.join(added)}"
            " in the background"
        )


def _still_there(paths: tuple[str, ...]) -> tuple[str, ...]:
    """Those that are not gone; of the others people are told, if any is left to be watched."""
    there = tuple(path for path in paths if os.path.exists(path))
    for path in paths:
        if there and path not in there:
            _say(f"{path}: is not there any more, and so not watched")
    return there or paths


def _going_on(directory: str, begin: list[str], paths: tuple[str, ...]) -> list[str]:
    """The words for the watcher that was last started here, with these paths; else those to begin with."""
    from nbmerge.cli.watched_paths import with_paths
    from nbmerge.watch.daemon import remembered

    before = remembered(directory)
    words = None if before is None else with_paths(before, paths)
    return (with_paths(begin, paths) or begin) if words is None else words


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
    from nbmerge.cli.watched_paths import uncovered
    from nbmerge.history.opening import database_of, state_directory
    from nbmerge.watch.status import WatcherStatus, read_status

    directory = state_directory(found.state)
    before = read_status(directory) or WatcherStatus()
    named = watch_options(found).paths if found.paths else ()
    paths = _still_there((*before.paths, *uncovered(named, before.paths)))
    found.paths = list(paths)
    begin = ["watch", "--log", *as_arguments(watch_options(found))]
    if paths and not _has_options(found):
        begin = _going_on(directory, begin, paths)
    if before.running:
        _say(_stopped(directory))
    _say(_started(directory, begin, database_of(found.state)))
    return EXIT_CLEAN


def _has_options(found: Arguments) -> bool:
    """Whether anything was given about how to watch, besides what."""
    given = (found.settle, found.keep_days, found.keep_mb)
    return bool(found.poll or found.exclude or found.root) or any(value is not None for value in given)


def _refuse_password(options: WatchOptions) -> None:
    """What is started at login reads its words from a file, which is no place for one.  Raises UsageError."""
    from nbmerge.history.address import is_database, password_in

    if options.state is not None and is_database(options.state) and password_in(options.state) is not None:
        raise UsageError("--at-login: the address holds a password; put that into ~/.pgpass")


def _started(directory: str, words: list[str], state: str | None) -> str:
    from nbmerge.history.address import is_database, password_in
    from nbmerge.watch.daemon import start

    password = password_in(state) if state is not None and is_database(state) else None
    secrets = {} if password is None else {"PGPASSWORD": password}  # which only its owner can read
    status = start(directory, program_name(), words, secrets=secrets)
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
