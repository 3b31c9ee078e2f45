"""Owns: why a file is read.

Must not know: files.  Invariant: a cause says what happened, not what follows.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a file is read: it was `made`, a writer `closed` it, it was `moved` there, it is `asked` for.

    `ours`: by a program that says so in the name it moved from.
    """

    closed: bool = False
    moved: bool = False
    asked: bool = False
    made: bool = False
    ours: bool = False
