"""Owns: which kinds of tries there are, and how much of the time each gets.

Must not know: what a try consists of.  Invariant: a try is a function of seed, number and an empty folder.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.soak import hostile, in_process, processes, told
from tests.soak.figures import Attempt


@dataclass(frozen=True)
class Kind:
    """`share` of the time, in proportion."""

    attempt: Callable[[str, int, Path], Attempt]
    share: float


KINDS = {
    "merge": Kind(in_process.merge_and_write, 3),
    "people": Kind(in_process.people_at_work, 3),
    "saves": Kind(told.told_save, 1),
    "full": Kind(in_process.full_disk, 1),
    "refused": Kind(in_process.refused_write, 1),
    "calls": Kind(processes.system_calls, 1),
    "watchers": Kind(processes.watchers, 1),
    "told": Kind(processes.told_writers, 1),
    "twenty": Kind(processes.twenty_writers, 1),
    "hostile": Kind(hostile.hostile_files, 1),
}


def lacking(kind: str) -> str:
    """What a kind needs and is not there; empty if nothing is."""
    if kind == "full" and os.geteuid() != 0:
        return "only root can mount a small disk"
    if kind == "calls" and shutil.which("strace") is None:
        return "there is no strace"
    return ""
