"""Owns: what this machine gives nbmerge to work with: the file system of the current folder, the limits
of inotify, the state directory and its store, the watcher that runs, and Jupyter servers.

Must not know: how folders are watched, how files are replaced, what versions are.  Invariant: nothing is
made, opened for writing, mended or locked to find out; the watcher is not asked itself, its lock and its
last status tell; of Jupyter servers only those on loopback are asked, and no token is shown.
"""

from __future__ import annotations

import os
import shutil
import stat
import time
from collections.abc import Iterator
from dataclasses import dataclass

from nbmerge.disk.system import this_system
from nbmerge.doctor.values import Finding, Setting, counted, error, ok, warning
from nbmerge.environment.jupyter import (
    JupyterServer,
    JupyterServers,
    JupyterSessions,
    ask,
    data_folder,
    descriptions,
    listed,
    runtime_folder,
)
from nbmerge.environment.rooms import QUIET, Rooms
from nbmerge.errors import NbmergeError
from nbmerge.history.opening import (
    bytes_on_disk,
    distrusted,
    find_store,
    health,
    is_marked,
    stores_set_aside,
    verify,
)
from nbmerge.history.values import StoreLost
from nbmerge.observe.backend import mounts
from nbmerge.observe.names import Rules, read_rules
from nbmerge.observe.watched_tree import WatchedFolder, list_folder
from nbmerge.watch.daemon import log_path
from nbmerge.watch.status import WatcherStatus, last_words, read_status

_WATCHER = "watcher"


def running_watcher(setting: Setting) -> Iterator[Finding]:
    """Whether it runs, with which nbmerge, on what, and what went wrong last."""
    status = read_status(setting.state) if os.path.isdir(setting.state) else None
    if status is None or not status.running:
        yield _no_watcher(setting)
        return
    yield _watcher_line(status, setting)
    for path in status.paths:
        if not os.path.exists(path):
            message = f"the watcher is to watch {path}, which is not there"
            yield warning(_WATCHER, message, f"bring it back, or {setting.program} restart with other paths")
    if status.version is not None and status.version != setting.version:
        message = (
            f"the watcher is nbmerge {status.version}, not {setting.version}: it is older than the update"
        )
        yield warning(_WATCHER, message, f"{setting.program} restart")
    if status.last_error is not None:
        message = f"the watcher's last error: {status.last_error}"
        yield warning(_WATCHER, message, f"see {log_path(setting.state)}, or where it was started")


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


def _watcher_line(status: WatcherStatus, setting: Setting) -> Finding:
    on = ", ".join(status.paths) or "notebooks"
    here = "" if is_watched(setting.here, setting.state) else "; not the current folder"
    state = (
        f", {counted(status.notebooks, 'notebook')}"
        if status.ready
        else ", still looking at them for the first time"
    )
    return ok(_WATCHER, f"a watcher runs (process {status.pid}) on {on}{state}{here}")


def _no_watcher(setting: Setting) -> Finding:
    last = last_words(setting.state)
    start = f"{setting.program} start begins to watch"
    if last is not None and last.running and not last.idle:
        message = f"the last watcher (process {last.pid}) was killed at work; the next one finishes that"
        return warning(_WATCHER, message, start)
    return ok(_WATCHER, "no watcher runs", start)


_DISK, _EVENTS = "disk", "file system"


def current_folder(setting: Setting) -> Iterator[Finding]:
    """How notebooks here are replaced, and whether the system tells of saves."""
    if not setting.here:
        yield error(_DISK, "the current folder is gone", "cd to one that is there")
        return
    how = this_system().how
    if not os.access(setting.here, os.W_OK):
        message = (
            f"{setting.here} cannot be written: merges are written into the files themselves, with a journal"
        )
        yield warning(_DISK, message, "see who owns it; nothing to do if that is intended")
    else:
        yield ok(_DISK, f"notebooks here are {how}")
    mounted, real = mounts(), os.path.realpath(setting.here)
    silent = mounted.silent(real)
    if silent is not None:
        yield warning(
            _EVENTS,
            f"this folder is on {silent}, which does not report saves by other machines: nbmerge looks"
            " every few seconds, and sees only the last of several saves between two looks",
            "nothing to do; where you can, watch on the machine that has the disk",
        )
    else:
        kind = mounted.kind(real)
        yield ok(_EVENTS, f"this folder is on {kind or 'a local disk'}: the system reports every save")


_INOTIFY = "inotify"
_QUEUE = 16384  # the usual; after an overflow all folders are listed again
_LONGEST = 3.0  # seconds for counting


@dataclass(frozen=True, slots=True)
class Figures:
    """What the system allows, and what this user's programs have."""

    watches: int
    instances: int
    queue: int
    watches_used: int
    instances_used: int


def inotify_limits(setting: Setting) -> Iterator[Finding]:
    """Whether what is below the current folder can be watched."""
    if not setting.platform.startswith("linux") or not setting.here:
        return
    figures = read_figures()
    if is_watched(setting.here, setting.state):
        yield ok(_INOTIFY, f"{_in_words(figures)}; the folders below here are among them")
    else:
        yield judged(figures, *count_folders(setting.here, time.monotonic() + _LONGEST))
    if figures.instances_used >= figures.instances:
        yield warning(
            _INOTIFY,
            f"all {figures.instances} inotify instances of this user are in use: a watcher has to look"
            " every second instead",
            "end programs that watch files, or: sudo sysctl fs.inotify.max_user_instances=1024",
        )
    if figures.queue < _QUEUE:
        yield warning(
            _INOTIFY,
            f"inotify queues {figures.queue} events at most: after more at once all folders are listed again",
            f"sudo sysctl fs.inotify.max_queued_events={_QUEUE}",
        )


def judged(figures: Figures, needed: int, is_all: bool) -> Finding:
    """Whether so many folders more can be watched; not `is_all`: they were not all counted."""
    free = figures.watches - figures.watches_used
    folders = f"{'' if is_all else 'more than '}{counted(needed, 'folder')} below here"
    use = _in_words(figures)
    if needed <= free:
        return ok(_INOTIFY, f"{use}; {folders}")
    return warning(
        _INOTIFY,
        f"{use}, and there are {folders}: some could not be watched, only looked at every second",
        "sudo sysctl fs.inotify.max_user_watches=1048576, or leave folders out with a .nbmergeignore file",
    )


def read_figures(proc: str = "/proc") -> Figures:
    """The limits, and what this user's processes use of them, as far as they let themselves be seen."""
    watches, instances, queue = (
        _number(os.path.join(proc, "sys/fs/inotify", name))
        for name in ("max_user_watches", "max_user_instances", "max_queued_events")
    )
    used = list(_in_use(proc))
    return Figures(watches, instances, queue, sum(used), len(used))


def count_folders(folder: str, until: float) -> tuple[int, bool]:
    """How many folders a watcher of this one would watch, links aside, and whether that is all;
    `until` as the monotonic clock tells."""
    mounted = mounts()
    todo = [(os.path.realpath(folder), Rules(os.path.realpath(folder)))]
    found = 0
    while todo:
        if time.monotonic() > until:
            return found, False
        path, rules = todo.pop()
        if mounted.pseudo(path):
            continue
        one = WatchedFolder(path, read_rules(path, rules))
        try:
            todo.extend((below, one.rules) for below in list_folder(one).folders)
        except OSError:
            continue
        found += 1
    return found, True


def _in_words(figures: Figures) -> str:
    return f"{figures.watches_used:,} of {figures.watches:,} inotify watches in use"


def _in_use(proc: str) -> Iterator[int]:
    """The number of watches of each inotify instance of this user's processes."""
    for process in filter(str.isdigit, os.listdir(proc)):
        folder = os.path.join(proc, process, "fd")
        try:
            if os.stat(os.path.join(proc, process)).st_uid != os.getuid():
                continue
            held = [name for name in os.listdir(folder) if _is_inotify(os.path.join(folder, name))]
        except OSError:  # it has just ended, or is nobody's business
            continue
        for name in held:
            try:
                with open(os.path.join(proc, process, "fdinfo", name), encoding="ascii") as file:
                    yield sum(line.startswith("inotify ") for line in file)
            except OSError:
                continue


def _is_inotify(link: str) -> bool:
    try:
        return os.readlink(link) == "anon_inode:inotify"
    except OSError:
        return False


def _number(path: str) -> int:
    with open(path, encoding="ascii") as file:
        return int(file.read())


STATE, STORE, TIPS, INTEGRITY = "state directory", "store", "open tips", "integrity"
_TIGHT, _FULL = 500_000_000, 20_000_000  # bytes that are free


def state_directory(setting: Setting) -> Iterator[Finding]:
    """The state directory, or where it would be made."""
    there = os.path.isdir(setting.state)
    above = setting.state if there else _above(setting.state)
    elsewhere = "name another one with --state or NBMERGE_STATE_DIR"
    if not there and os.path.lexists(setting.state):
        yield error(STATE, f"{setting.state} is not a folder", elsewhere)
        return
    if not _can_write(above):
        message = f"{setting.state} cannot be {'written' if there else f'made: {above} cannot be written'}"
        yield error(STATE, message, f"see who owns it, or {elsewhere}")
    elif not there:
        yield ok(STATE, f"{setting.state} is made when it is needed")
    else:
        yield ok(STATE, setting.state)
    yield from _owned(setting)
    yield from _room(above)
    kind = mounts().silent(os.path.realpath(above))
    if kind is not None:
        message = f"the state directory is on {kind}, but its database needs a local disk"
        yield warning(STATE, message, elsewhere)


def store(setting: Setting) -> Iterator[Finding]:
    """What is in the store, how large it is, and what else lies there."""
    if setting.database is not None:
        return  # which has a check of its own
    path = _store(setting)
    if path is None and os.path.isdir(setting.state) and any(distrusted(setting.state)):
        return  # the check of its directory says why nobody looks at it
    if path is None:
        yield ok(STORE, "there is no store yet; it is made when the first version is recorded")
        return
    yield from _contents(path, setting)
    yield from _set_aside(setting)


def integrity(setting: Setting) -> Iterator[Finding]:
    """Whether all of the store can be read."""
    try:
        path = _store(setting)
        if path is None or is_marked(path):
            return
        verify(path)
    except StoreLost as lost:
        yield _damaged(str(lost))
    except NbmergeError:
        return  # the check of the store says why it cannot be read
    else:
        yield ok(INTEGRITY, "the store is sound: all of it was read")


def size(number: int) -> str:
    """So many bytes, for people."""
    return f"{number / 1e9:.1f} GB" if number >= 1e9 else f"{number / 1e6:.1f} MB"


def _contents(path: str, setting: Setting) -> Iterator[Finding]:
    if is_marked(path):
        yield _damaged(f"{path}: the store was found damaged")
        return
    try:
        found = health(path)
    except StoreLost:
        return  # the check of its integrity says so
    except NbmergeError as failure:
        message, _, advice = str(failure).partition("; ")
        yield error(STORE, message, advice)
        return
    if not os.access(path, os.W_OK):
        yield error(STORE, f"{path} cannot be written", "see who owns it; until then no notebook is merged")
    bulk = size(bytes_on_disk(path))
    if found.totals is None:
        yield ok(
            STORE, f"{path}, {bulk}, of an older nbmerge; the next command that needs it brings it up to date"
        )
        return
    totals = found.totals
    yield ok(
        STORE,
        f"{path}, {bulk}: {counted(totals.versions, 'version')} of {counted(totals.notebooks, 'notebook')}",
    )
    if totals.open_tips:
        versions, them = ("version that", "it") if totals.open_tips == 1 else ("versions that", "them")
        message = f"{totals.open_tips} {versions} a later save may have overwritten"
        advice = f"{setting.program} status names {them}; recover NOTEBOOK merges {them}"
        yield warning(TIPS, message, advice)


def _set_aside(setting: Setting) -> Iterator[Finding]:
    for path in stores_set_aside(setting.state):
        message = f"a damaged store was kept as {path} ({size(bytes_on_disk(path))})"
        yield warning(STORE, message, "remove it (with its -wal and -shm files) if you miss no version")


def _damaged(why: str) -> Finding:
    advice = "the next command that needs the store renames it and starts a new one"
    return error(INTEGRITY, why.partition("; ")[0], advice)


def _owned(setting: Setting) -> Iterator[Finding]:
    if os.name != "posix" or not os.path.isdir(setting.state):
        return
    refused = False
    for found in distrusted(setting.state):
        refused = True
        own = "name one of your own with --state or NBMERGE_STATE_DIR"
        advice = found.mend or (own if found.path == setting.state else f"remove it, or {own}")
        yield error(STATE, f"{found.path} {found.why}: nothing here is used until that is mended", advice)
    if not refused and stat.S_IMODE(os.stat(setting.state).st_mode) & 0o077:
        message = f"other users can read {setting.state}, which holds your notebooks"
        yield warning(STATE, message, f"chmod 700 {setting.state}")


def _room(folder: str) -> Iterator[Finding]:
    free = shutil.disk_usage(folder).free
    if free < _TIGHT:
        finding = error if free < _FULL else warning
        yield finding(
            STATE,
            f"only {size(free)} are free on its disk",
            "free some space: on a full disk nothing is merged",
        )


def _store(setting: Setting) -> str | None:
    """The store, if there is one that is this user's alone."""
    if (
        setting.database is not None
        or not os.path.isdir(setting.state)
        or next(distrusted(setting.state), None) is not None
    ):
        return None
    return find_store(setting.state)


def _above(path: str) -> str:
    """The next folder above that is there."""
    while not os.path.isdir(path):
        path = os.path.dirname(path)
    return path


def _can_write(folder: str) -> bool:
    """Whether files can be made in it, as far as the system says without trying."""
    if hasattr(os, "statvfs") and os.statvfs(folder).f_flag & os.ST_RDONLY:
        return False
    return os.access(folder, os.W_OK | os.X_OK)


_JUPYTER = "jupyter"
_UNSEEN = "nbmerge cannot see who has a notebook open there"
_TRIES = 5  # a busy server takes its time


def jupyter_servers(setting: Setting) -> Iterator[Finding]:
    """A line for each server; one if there is none."""
    where = setting.environment, setting.home, setting.platform
    folder = runtime_folder(*where)
    found = listed(folder)
    elsewhere = {info["pid"] for info, _ in descriptions(folder)} - {server.pid for server in found}
    for server in found:
        yield _jupyter_server(server, JupyterServers(folder, time.time), data_folder(*where))
    for process in sorted(elsewhere, key=str):
        message = f"the Jupyter server of process {process} does not listen on 127.0.0.1"
        yield warning(_JUPYTER, f"{message}: {_UNSEEN}", "start it with --ip=127.0.0.1")
    if not found and not elsewhere:
        yield ok(_JUPYTER, "no Jupyter server of this user runs here")


def _jupyter_server(server: JupyterServer, servers: JupyterServers, data: str) -> Finding:
    name = f"{server.words} ({server.root})"
    answer = _answer(server)
    if answer is None:
        return warning(
            _JUPYTER,
            f"{name} does not answer: {_UNSEEN}",
            f"see whether process {server.pid} hangs; if it is gone, jupyter server list tidies up",
        )
    if answer in (401, 403):
        message = f"{name} refuses to answer (status {answer}): {_UNSEEN}"
        return warning(_JUPYTER, message, "give it a token: programs cannot use a password")
    names = {one.name for one in JupyterSessions(servers, time.time).of(server) if one.is_notebook}
    opened = f"{counted(len(names), 'notebook')} with a kernel"
    if Rooms(servers, data, time.time).is_collaborative(server):
        return ok(
            _JUPYTER,
            f"{name}, {opened}, shares documents (jupyter-collaboration): what comes into a file from outside"
            f" replaces what was typed just then; merges wait until nobody has typed for {QUIET:.0f} s",
        )
    return ok(_JUPYTER, f"{name}, {opened}; each browser tab saves its own copy")


def _answer(server: JupyterServer) -> int | None:
    for _ in range(_TRIES):
        answer = ask(server, "GET", "api/sessions")
        if answer is not None:
            return answer[0]
    return None
