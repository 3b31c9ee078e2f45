"""Owns: what a watcher tells about itself while it runs, and that there is one for each state directory.

Must not know: how notebooks are watched, what is done with the answer.  Invariant: a watcher
runs if and only if its lock is held: the system frees the lock of a process that dies, so a
process that happens to have the old number is never taken for it.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from dataclasses import asdict, dataclass, fields, replace

from nbmerge.errors import SystemFailure, UsageError
from nbmerge.files import for_this_user_only, read_small_file, reason

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

NAME = "watcher.json"
LOCK = "watcher.lock"
PATIENCE = 1.0  # seconds; whoever asks whether a watcher runs holds the lock for a moment
PAUSE = 0.02
_LARGEST = 16 << 20  # bytes of what a watcher of many folders tells


@dataclass(frozen=True, slots=True)
class WatcherStatus:
    """What `status --json` prints, in this order; `running` is never believed from a file.

    `notebooks` to `conflicts` are counts, and so are `waiting`, of notebooks whose tips are not merged yet,
    and `backlog`, of saves that are kept and not judged yet.  Only the store tells `conflicts` and `waiting`.
    `last_error`: of those that are not over; `idle`: nothing is pending; `ready`: every notebook was looked
    at once, and saves are noticed from now on; `version`: of the nbmerge that runs;
    `last_merge`: when the last merge was made, where, and what came from whom, as it was told;
    `background`: no terminal waits for it.
    """

    running: bool = False
    pid: int | None = None
    paths: tuple[str, ...] = ()
    notebooks: int = 0
    versions: int = 0
    merges: int = 0
    open_tips: int = 0
    conflicts: int = 0
    last_error: str | None = None
    idle: bool = True
    ready: bool = False
    version: str | None = None
    waiting: int = 0
    backlog: int = 0
    last_merge: str | None = None
    background: bool = False

    def as_json(self) -> dict[str, object]:
        """The object that people's programs read."""
        return {**asdict(self), "paths": list(self.paths)}


def write_status(directory: str, status: WatcherStatus) -> None:
    """Replace what the state directory tells, in one step; a power failure may lose it.

    On a full disk it is written over the old one, which has room enough: so that it tells what
    is wrong.  What cannot be written at all is given up: that is no reason to stop watching.
    """
    path = os.path.join(directory, NAME)
    beside = f"{path}.{os.getpid()}"
    text = json.dumps(status.as_json()).encode("ascii")
    try:
        with open(beside, "wb", opener=for_this_user_only) as file:
            file.write(text)
        os.replace(beside, path)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(beside)
        with contextlib.suppress(OSError), open(path, "r+b") as file:
            file.write(text)
            file.truncate()


def read_status(directory: str) -> WatcherStatus | None:
    """What the watcher of this state directory last told; None if there never was one.

    If it does not run, `running` is false, `pid` None and nothing is pending.
    """
    running = is_locked(directory)
    status = last_words(directory)
    if status is None:
        return WatcherStatus(running=True, idle=False) if running else None
    if running:
        return replace(status, running=True)
    return replace(status, running=False, pid=None, idle=True, ready=False)


def last_words(directory: str) -> WatcherStatus | None:
    """What a watcher wrote last, whether it still runs or not; one that was killed at work was not idle."""
    try:
        return _status_of(json.loads(read_small_file(os.path.join(directory, NAME), _LARGEST)))
    except (OSError, ValueError, TypeError):  # none, or not one of ours
        return None


def _status_of(found: object) -> WatcherStatus:
    if not isinstance(found, dict):
        raise TypeError("no object")
    known = {field.name: found[field.name] for field in fields(WatcherStatus) if field.name in found}
    status = WatcherStatus(**known)
    return replace(status, paths=tuple(status.paths))


class WatcherLock:
    """Held by a watcher as long as it runs: `with WatcherLock(directory, paths): ...`.

    Raises UsageError that names the other watcher if there is one.
    """

    def __init__(self, directory: str, paths: tuple[str, ...] = (), patience: float = PATIENCE) -> None:
        self._directory = directory
        self._paths = paths
        self._patience = patience
        self._descriptor: int | None = None

    def __enter__(self) -> None:
        descriptor = _opened(self._directory)
        try:
            self._wait(descriptor)
            before = read_status(self._directory) or WatcherStatus()
            begun = replace(
                before,
                pid=os.getpid(),
                paths=self._paths,
                idle=False,
                last_error=None,
                version=None,
                background=False,
            )
            write_status(self._directory, replace(begun, running=True, ready=False))
        except BaseException:
            os.close(descriptor)
            raise
        self._descriptor = descriptor

    def _wait(self, descriptor: int) -> None:
        end = time.monotonic() + self._patience
        while not _take(descriptor):
            if time.monotonic() > end:
                raise UsageError(already_runs(self._directory))
            time.sleep(PAUSE)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)  # frees the lock; nobody inherits the descriptor
            self._descriptor = None


def is_locked(directory: str) -> bool:
    """Whether a watcher runs on this state directory, in this process or another one."""
    if not os.path.exists(os.path.join(directory, LOCK)):
        return False
    descriptor = _opened(directory)
    try:
        return not _take(descriptor, shared=True)
    finally:
        os.close(descriptor)


def already_runs(directory: str) -> str:
    """What to say to somebody who wants a second watcher."""
    status = read_status(directory) or WatcherStatus()
    who = "a watcher" if status.pid is None else f"a watcher (process {status.pid})"
    what = f" on {', '.join(status.paths)}" if status.paths else ""
    return f"{who} runs already{what} (state directory {directory}); stop it first, or name another --state"


def _opened(directory: str) -> int:
    path = os.path.join(directory, LOCK)
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise SystemFailure(f"{path}: cannot be opened: {reason(error)}; see who owns it") from error


if sys.platform == "win32":
    import msvcrt

    def _take(descriptor: int, shared: bool = False) -> bool:
        """Lock it if nobody else has; there are no shared locks here, but askers are brief."""
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def _take(descriptor: int, shared: bool = False) -> bool:
        """Lock it if nobody else has; a shared lock only asks, and askers do not see each other."""
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except OSError as error:
            raise SystemFailure(f"the state directory cannot be locked: {reason(error)}") from error
        return True
