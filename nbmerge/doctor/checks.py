"""Owns: the list of all checks, in the order in which they are told.

Must not know: how any of them looks.  Invariant: each has a name by which it is told if it fails.
"""

from __future__ import annotations

from nbmerge.doctor import commands, driver, folder, jupyter, limits, storage, versions, watcher
from nbmerge.doctor.values import Check

CHECKS = (
    Check("nbmerge", versions.programs),
    Check("packages", versions.packages),
    Check("command", commands.commands),
    Check("git", versions.git),
    Check(driver.DRIVER, driver.driver),
    Check(driver.FILTER, driver.others),
    Check("disk", folder.folder),
    Check("inotify", limits.limits),
    Check(storage.PLACE, storage.place),
    Check(storage.STORE, storage.store),
    Check(storage.WHOLE, storage.whole, patience=60.0),
    Check("watcher", watcher.watcher),
    Check("jupyter", jupyter.jupyter),
)
