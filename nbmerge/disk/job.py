"""Owns: what a replacement starts from, as a value, and the ways in which it can turn out impossible.

Must not know: how files are replaced.  Invariant: none of these exceptions means that anything changed.
"""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Job:
    """A file that is to be replaced: what it holds, and what it shall hold."""

    path: str  # as the caller names it, absolute
    target: str  # without links
    status: os.stat_result
    found: bytes
    expected: str  # SHA-256 of found
    data: bytes


class CannotExchangeError(Exception):
    """This file must be written in place: an exchange would change more than its bytes."""


class ChangedMeanwhileError(Exception):
    """The file is no longer what it was a moment ago."""


def stamp(status: os.stat_result) -> tuple[int, int, int, int]:
    """What differs after a write."""
    return status.st_dev, status.st_ino, status.st_mtime_ns, status.st_size
