"""Owns: `nbmerge watch`, and how what the watcher tells is shown.

Must not know: how notebooks are watched.  Invariant: each notice is one line that is out at
once; a reader that went away ends the watch, a log that cannot be written does not.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import time
from dataclasses import replace

from nbmerge.cli.arguments import command, understand
from nbmerge.cli.printing import Printer
from nbmerge.cli.program import spelled_out
from nbmerge.cli.streams import printable
from nbmerge.cli.watch_options import WORDS, add_watch_options, watch_options
from nbmerge.errors import EXIT_CLEAN, EXIT_USAGE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.cli.arguments import Parser
    from nbmerge.watch.runner import Notice

_CALL = f"watch {WORDS} [--json]"
_WHAT = """
Watch notebooks, single ones or all below the folders (without PATH: the current one), and merge them
whenever two programs save over each other. One line is printed for each merge, and nothing else unless
something is wrong. Ctrl-C and SIGTERM end it when what is begun is finished; so does a reader of its output
who goes away, at the next line. One who does not read holds nothing up: what is too much is left out.

With --json each line is an object {"event", "path", "message", ...}; from the event "ready" on saves are
noticed.
"""
_EXITS = {EXIT_CLEAN: "ended as asked", EXIT_USAGE: "the call is wrong, or another watcher runs already"}


def run(arguments: list[str]) -> int:
    """Run the command; its exit code.  Raises NbmergeError."""
    heard = understand(parser(), arguments)
    if heard is None:
        return EXIT_CLEAN
    found, paths = heard
    import nbmerge
    from nbmerge.watch.assembly import Stop, run_watch

    options = replace(watch_options(found, paths), version=nbmerge.__version__)

    gc.enable()  # this call is not over soon
    stop = Stop()
    as_line = _object if found.json else line_of if found.log else _timed
    if found.log:
        from nbmerge.watch.daemon import Log

        log = Log(options.state or ".")
        run_watch(options, lambda notice: log.write(as_line(notice)), stop)
        return EXIT_CLEAN
    printer = Printer(lambda number: as_line(_left_out(number)), stop.ask)
    if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # as nohup does
        signal.signal(signal.SIGHUP, lambda *_: stop.ask())
    run_watch(options, lambda notice: printer.line(as_line(notice)), stop)
    printer.finish()
    return EXIT_CLEAN


def parser() -> Parser:
    """What `watch` understands."""
    options = command(_CALL, _WHAT, _EXITS)
    add_watch_options(options)
    options.add_argument("--json", action="store_true", help="one JSON object a line")
    options.add_argument(
        "--log", action="store_true", help="print to watcher.log in the state directory, as `start` does"
    )
    return options


def line_of(notice: Notice) -> str:
    """A notice for people; commands that it names can be typed as they stand."""
    path = _near(notice.path)
    message = spelled_out(notice.message, path)
    return printable(f"{path}: {message}" if path else message)


def _timed(notice: Notice) -> str:
    """The same with the time of day; the log has its own."""
    return line_of(notice) if notice.kind == "ready" else f"{time.strftime('%H:%M:%S')} {line_of(notice)}"


def _object(notice: Notice) -> str:
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
    return Notice("unread", "", f"{lines} left out here, for nobody read them", {"lines": number})
