"""Owns: whether Linux lets a watcher watch so many folders, and what of it is in use.

Must not know: how folders are watched.  Invariant: only /proc is read, and the folders below the
current one are listed for a moment at most.

inotify(7): a user has so many watches (one a folder) and instances (one a program, mostly), and a
queue holds so many events.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass

from nbmerge.doctor.values import Finding, Setting, counted, ok, warning
from nbmerge.doctor.watcher import is_watched
from nbmerge.observe.filesystems import mounts
from nbmerge.observe.ignore import Rules, read_rules
from nbmerge.observe.tree import Folder, list_folder

_NAME = "inotify"
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


def limits(setting: Setting) -> Iterator[Finding]:
    """Whether what is below the current folder can be watched."""
    if not setting.platform.startswith("linux") or not setting.here:
        return
    figures = read()
    if is_watched(setting.here, setting.state):
        yield ok(_NAME, f"{_in_words(figures)}; the folders below here are among them")
    else:
        yield judged(figures, *count(setting.here, time.monotonic() + _LONGEST))
    if figures.instances_used >= figures.instances:
        yield warning(
            _NAME,
            f"all {figures.instances} inotify instances of this user are in use: a watcher has to poll",
            "end programs that watch files, or: sudo sysctl fs.inotify.max_user_instances=1024",
        )
    if figures.queue < _QUEUE:
        yield warning(
            _NAME,
            f"inotify keeps {figures.queue} events at most: after many at once all is listed again",
            f"sudo sysctl fs.inotify.max_queued_events={_QUEUE}",
        )


def judged(figures: Figures, needed: int, is_all: bool) -> Finding:
    """Whether so many folders more can be watched; not `is_all`: they were not all counted."""
    free = figures.watches - figures.watches_used
    folders = f"{'' if is_all else 'more than '}{counted(needed, 'folder')} below here"
    use = _in_words(figures)
    if needed <= free:
        return ok(_NAME, f"{use}; {folders}")
    return warning(
        _NAME,
        f"{use}, and there are {folders}: some could not be watched, only looked at every second",
        "sudo sysctl fs.inotify.max_user_watches=1048576, or leave folders out by a .nbmergeignore",
    )


def read(proc: str = "/proc") -> Figures:
    """The limits, and what this user's processes use of them, as far as they let themselves be seen."""
    watches, instances, queue = (
        _number(os.path.join(proc, "sys/fs/inotify", name))
        for name in ("max_user_watches", "max_user_instances", "max_queued_events")
    )
    used = list(_in_use(proc))
    return Figures(watches, instances, queue, sum(used), len(used))


def count(folder: str, until: float) -> tuple[int, bool]:
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
        one = Folder(path, read_rules(path, rules), whole=True)
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
