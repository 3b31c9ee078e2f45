"""Owns: what the current folder's file system lets nbmerge do.

Must not know: how files are replaced.  Invariant: nothing is written to find out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from nbmerge.disk.platforms import this_system
from nbmerge.doctor.values import Finding, Setting, error, ok, warning
from nbmerge.observe.filesystems import mounts

_DISK, _EVENTS = "disk", "file system"


def folder(setting: Setting) -> Iterator[Finding]:
    """How notebooks here are replaced, and whether the system tells of saves."""
    if not setting.here:
        yield error(_DISK, "the current folder is gone", "cd to one that is there")
        return
    how = this_system().how
    if not os.access(setting.here, os.W_OK):
        message = (
            f"{setting.here} cannot be written: merges are written into the files themselves, with a journal"
        )
        yield warning(_DISK, message, "see who owns it; nothing to do if that is meant")
    else:
        yield ok(_DISK, f"notebooks here are {how}")
    mounted, real = mounts(), os.path.realpath(setting.here)
    silent = mounted.silent(real)
    if silent is not None:
        yield warning(
            _EVENTS,
            f"this folder is on {silent}, which does not tell of saves by other machines: nbmerge looks every"
            " few seconds, and sees two saves between two looks as one",
            "nothing to do; where you can, watch on the machine that has the disk",
        )
    else:
        kind = mounted.kind(real)
        yield ok(_EVENTS, f"this folder is on {kind or 'a local disk'}: the system tells of every save")
