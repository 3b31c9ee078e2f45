"""Owns: how the watcher of the state directory does, if there is one.

Must not know: how it works.  Invariant: it is not asked itself: its lock and its last words tell.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from nbmerge.doctor.values import Finding, Setting, counted, ok, warning
from nbmerge.errors import NbmergeError
from nbmerge.watch.log import log_path
from nbmerge.watch.status import Status, last_words, read_status

_NAME = "watcher"


def watcher(setting: Setting) -> Iterator[Finding]:
    """Whether it runs, with which nbmerge, on what, and what went wrong last."""
    status = read_status(setting.state) if os.path.isdir(setting.state) else None
    if status is None or not status.running:
        yield _absent(setting)
        return
    yield _present(status, setting)
    for path in status.paths:
        if not os.path.exists(path):
            message = f"{path} is to be watched, but is not there"
            yield warning(_NAME, message, f"bring it back, or {setting.program} restart with other paths")
    if status.version is not None and status.version != setting.version:
        message = (
            f"the watcher is nbmerge {status.version}, not {setting.version}: it began before the update"
        )
        yield warning(_NAME, message, f"{setting.program} restart")
    if status.last_error is not None:
        message = f"the watcher said last: {status.last_error}"
        yield warning(_NAME, message, f"see {log_path(setting.state)}, or where it was started")


def is_watched(folder: str, state: str) -> bool:
    """Whether a watcher runs that watches this folder, as far as can be told."""
    try:
        status = read_status(state) if folder and os.path.isdir(state) else None
    except NbmergeError:
        return False
    if status is None or not status.running:
        return False
    real = os.path.join(os.path.realpath(folder), "")
    return any(real.startswith(os.path.join(os.path.realpath(path), "")) for path in status.paths)


def _present(status: Status, setting: Setting) -> Finding:
    on = ", ".join(status.paths) or "notebooks"
    here = "" if is_watched(setting.here, setting.state) else "; not the current folder"
    state = (
        f", {counted(status.notebooks, 'notebook')}"
        if status.ready
        else ", still looking at them for the first time"
    )
    return ok(_NAME, f"a watcher runs (process {status.pid}) on {on}{state}{here}")


def _absent(setting: Setting) -> Finding:
    last = last_words(setting.state)
    start = f"{setting.program} start begins to watch"
    if last is not None and last.running and not last.idle:
        message = f"the last watcher (process {last.pid}) was killed at work; its next start finishes that"
        return warning(_NAME, message, start)
    return ok(_NAME, "no watcher runs", start)
