"""Owns: a watcher that survives the terminal: starting it, ending it, and its log file.

Must not know: what it watches, what is logged, how words on a command line are meant.  Invariant: `start`
returns when saves are noticed or says why not, `stop` when the watcher has finished; all log files together
stay below a few megabytes, and a log that cannot be written is given up, never a reason to stop.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from nbmerge.errors import EXIT_UNREADABLE, EXIT_USAGE, NotebookError, SystemFailure, UsageError
from nbmerge.files import for_this_user_only, read_small_file, reason
from nbmerge.watch.status import WatcherStatus, already_runs, read_status

NAME = "watcher.log"
LIMIT = 1_000_000  # bytes
KEPT = 3  # older logs
_LARGEST = 1 << 20  # bytes of arguments


def log_path(directory: str) -> str:
    """Where the log of the watcher of this state directory is."""
    return os.path.join(directory, NAME)


def open_log(directory: str) -> int:
    """A descriptor that appends to the log; only its owner may read it."""
    return os.open(log_path(directory), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


class Log:
    """Takes over standard output and standard error of this process, so that nothing gets lost."""

    def __init__(self, directory: str, limit: int = LIMIT) -> None:
        self._directory = directory
        self._limit = limit
        self._redirect()

    def write(self, line: str) -> None:
        """Add a line, with the time."""
        stamp = time.strftime("%Y-%m-%d %H:%M:%S")
        with contextlib.suppress(OSError):
            if not os.fstat(1).st_nlink:  # somebody removed it
                self._redirect()
            os.write(1, f"{stamp} {line}\n".encode("utf-8", "backslashreplace"))
            if os.fstat(1).st_size > self._limit:
                self._rotate()

    def _rotate(self) -> None:
        path = log_path(self._directory)
        for number in range(KEPT - 1, 0, -1):
            with contextlib.suppress(FileNotFoundError):
                os.replace(f"{path}.{number}", f"{path}.{number + 1}")
        os.replace(path, f"{path}.1")
        self._redirect()

    def _redirect(self) -> None:
        with contextlib.suppress(OSError):
            descriptor = open_log(self._directory)
            os.dup2(descriptor, 1)
            os.dup2(descriptor, 2)
            os.close(descriptor)


ARGUMENTS = "daemon.json"
_PAUSE = 0.05
_DETACHED = 0x00000200 | 0x00000008 if sys.platform == "win32" else 0  # a group of its own, no console
_ENDS_IN = 60.0  # seconds; writing the largest merges takes a few
_READY_IN = 30.0


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait, in seconds, and with which clock."""

    ready: float = _READY_IN
    end: float = _ENDS_IN
    now: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep


def launch(program: str, arguments: Sequence[str]) -> list[str]:
    """The command line that runs this package with this interpreter, from whatever folder.

    `program` is the name under which it shall speak of itself.
    """
    if not sys.executable:
        raise SystemFailure("this Python does not know its own path: run nbmerge with an installed one")
    root = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    begin = (
        f"import sys; sys.argv[0] = {program!r}; sys.path[:0] = [{root!r}] * ({root!r} not in sys.path); "
        "from nbmerge.__main__ import main; sys.exit(main())"
    )
    return [sys.executable, "-P", "-c", begin, *arguments]


def start(
    directory: str,
    program: str,
    arguments: Sequence[str],
    patience: Patience = Patience(),
    *,
    secrets: Mapping[str, str] | None = None,
) -> WatcherStatus:
    """Start a watcher in the background; its status, `ready` unless it takes long to look at all.

    `arguments` are those of the command that watches and logs in this state directory, which everybody can
    read; `secrets` go into its environment.
    Raises UsageError if a watcher runs already, and what the watcher says if it ends.
    """
    if (read_status(directory) or WatcherStatus()).running:
        raise UsageError(already_runs(directory))
    log, before = _log(directory)
    try:
        process = subprocess.Popen(
            launch(program, arguments),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=directory,
            start_new_session=True,
            env={**os.environ, **(secrets or {})},
            creationflags=_DETACHED,
        )
    except OSError as error:
        raise SystemFailure(f"{sys.executable}: cannot be started: {reason(error)}") from error
    finally:
        os.close(log)
    status = _ready(directory, process, before, patience)
    process.returncode = 0  # from now on it is nobody's child
    _remember(directory, arguments)
    return status


def stop(directory: str, patience: Patience = Patience()) -> WatcherStatus | None:
    """End the watcher of this state directory, in the background or not; the status it had, None
    if there was none.  Raises SystemFailure if it cannot be ended or does not end."""
    status = read_status(directory)
    if status is None or not status.running:
        return None
    if status.pid is None:
        raise SystemFailure(f"a watcher runs on {directory}, but its process is not known; end it yourself")
    try:
        os.kill(status.pid, signal.SIGTERM)
    except ProcessLookupError:
        pass
    except OSError as error:
        raise SystemFailure(f"process {status.pid}: cannot be ended: {reason(error)}") from error
    end = patience.now() + patience.end
    while (read_status(directory) or WatcherStatus()).running:
        if patience.now() > end:
            raise SystemFailure(
                f"process {status.pid}: asked to end, but after {patience.end:.0f} s it still runs; "
                f"see {log_path(directory)}, or end it with: kill -9 {status.pid}"
            )
        patience.sleep(_PAUSE)
    return status


def remembered(directory: str) -> list[str] | None:
    """The arguments of the watcher that was last started here; None if there was none."""
    try:
        found = json.loads(read_small_file(os.path.join(directory, ARGUMENTS), _LARGEST))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, list) and all(isinstance(word, str) for word in found) else None


def _remember(directory: str, arguments: Sequence[str]) -> None:
    path = os.path.join(directory, ARGUMENTS)
    with (
        contextlib.suppress(OSError),
        open(path, "w", encoding="ascii", opener=for_this_user_only) as file,
    ):
        json.dump(list(arguments), file)


def _log(directory: str) -> tuple[int, int]:
    """The log, and how long it is."""
    try:
        log = open_log(directory)
        return log, os.fstat(log).st_size
    except OSError as error:
        raise SystemFailure(f"{log_path(directory)}: cannot be written: {reason(error)}") from error


def _ready(
    directory: str, process: subprocess.Popen[bytes], before: int, patience: Patience
) -> WatcherStatus:
    end = patience.now() + patience.ready
    while True:
        ended = process.poll()
        if ended is not None:
            raise _failure(directory, ended, before)
        status = read_status(directory)
        if status is not None and status.running and status.pid == process.pid:
            if status.ready or patience.now() > end:
                return status
        elif patience.now() > end:
            process.kill()
            process.wait()
            raise SystemFailure(
                f"the watcher did not start in {patience.ready:.0f} s; see {log_path(directory)}"
            )
        patience.sleep(_PAUSE)


def _failure(directory: str, code: int, before: int) -> UsageError | NotebookError | SystemFailure:
    """What the watcher said last before it ended."""
    said = ""
    with contextlib.suppress(OSError), open(log_path(directory), encoding="utf-8", errors="replace") as file:
        file.seek(before)
        said = (file.read().splitlines() or [""])[-1].removeprefix("nbmerge: ")
    message = said or f"the watcher ended at once (exit {code}); see {log_path(directory)}"
    match code:
        case c if c == EXIT_USAGE:
            return UsageError(message)
        case c if c == EXIT_UNREADABLE:
            return NotebookError(message)
    return SystemFailure(message)
