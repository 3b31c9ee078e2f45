"""Owns: the state directory and the store in it: whether it is there, can be written, is sound.

Must not know: what versions are.  Invariant: nothing is made, opened for writing, mended or locked.
"""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator

from nbmerge.doctor.values import Finding, Setting, counted, error, ok, warning
from nbmerge.errors import NbmergeError
from nbmerge.history.health import bytes_on_disk, health, is_marked, stores_set_aside, verify
from nbmerge.history.opening import find_store
from nbmerge.history.values import StoreLost
from nbmerge.observe.filesystems import mounts

PLACE, STORE, TIPS, WHOLE = "state directory", "store", "open tips", "integrity"
_TIGHT, _FULL = 500_000_000, 20_000_000  # bytes that are free


def place(setting: Setting) -> Iterator[Finding]:
    """The state directory, or where it would be made."""
    there = os.path.isdir(setting.state)
    above = setting.state if there else _above(setting.state)
    elsewhere = "name another one with --state or NBMERGE_STATE_DIR"
    if not there and os.path.lexists(setting.state):
        yield error(PLACE, f"{setting.state} is no folder", elsewhere)
        return
    if not _can_write(above):
        message = f"{setting.state} cannot be {'written' if there else f'made: {above} cannot be written'}"
        yield error(PLACE, message, f"see who owns it, or {elsewhere}")
    elif not there:
        yield ok(PLACE, f"{setting.state} is made when it is needed")
    else:
        yield ok(PLACE, setting.state)
    yield from _owned(setting)
    yield from _room(above)
    kind = mounts().silent(os.path.realpath(above))
    if kind is not None:
        message = f"the state directory is on {kind}: SQLite's log needs a local disk"
        yield warning(PLACE, message, elsewhere)


def store(setting: Setting) -> Iterator[Finding]:
    """What is in the store, how large it is, and what else lies there."""
    path = _store(setting)
    if path is None:
        yield ok(STORE, "there is no store yet: the first version makes it")
        return
    yield from _contents(path, setting)
    yield from _set_aside(setting)


def whole(setting: Setting) -> Iterator[Finding]:
    """Whether all of the store can be read."""
    try:
        path = _store(setting)
        if path is None or is_marked(path):
            return
        verify(path)
    except StoreLost as lost:
        yield _damaged(str(lost))
    except NbmergeError:
        return  # `store` says why it cannot be read
    else:
        yield ok(WHOLE, "the store is sound: all of it was read")


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
        return  # the check of the whole says so
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
        one = totals.open_tips == 1
        message = (
            f"{totals.open_tips} version{' that' if one else 's that'} a later save may have overwritten"
        )
        advice = (
            f"{setting.program} status names {'it' if one else 'them'}; recover NOTEBOOK merges what is open"
        )
        yield warning(TIPS, message, advice)


def _set_aside(setting: Setting) -> Iterator[Finding]:
    for path in stores_set_aside(setting.state):
        message = f"a damaged store was kept as {path} ({size(bytes_on_disk(path))})"
        yield warning(STORE, message, "remove it (and its -wal and -shm) if you miss no version")


def _damaged(why: str) -> Finding:
    advice = "the next command that needs it keeps it under another name and begins a new one"
    return error(WHOLE, why.partition("; ")[0], advice)


def _owned(setting: Setting) -> Iterator[Finding]:
    if os.name != "posix" or not os.path.isdir(setting.state):
        return
    found = os.stat(setting.state)
    if found.st_uid != os.getuid():
        message = f"{setting.state} belongs to another user (number {found.st_uid}): it is theirs to use"
        yield warning(PLACE, message, "name one of your own with --state or NBMERGE_STATE_DIR")
    elif stat.S_IMODE(found.st_mode) & 0o077:
        message = f"others can look into {setting.state}, which holds your notebooks"
        yield warning(PLACE, message, f"chmod 700 {setting.state}")


def _room(folder: str) -> Iterator[Finding]:
    free = shutil.disk_usage(folder).free
    if free < _TIGHT:
        told = error if free < _FULL else warning
        yield told(
            PLACE, f"{size(free)} are free on its disk", "free some space: on a full one nothing is merged"
        )


def _store(setting: Setting) -> str | None:
    return find_store(setting.state) if os.path.isdir(setting.state) else None


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
