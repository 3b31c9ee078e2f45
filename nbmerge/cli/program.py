"""Owns: the name under which this program was started.

Must not know: any command.  Invariant: what a message tells people to type starts this
program, also where another package's `nbmerge` comes first on PATH.
"""

from __future__ import annotations

import os
import sys


def program_name() -> str:
    """`nbmerge`, `nbmerge-on-save`, or `python -m nbmerge`."""
    name = os.path.basename(sys.argv[0]) if sys.argv else ""
    name = name.removesuffix(".exe")
    return name if name in ("nbmerge", "nbmerge-on-save") else "python -m nbmerge"


def to_type(*words: str) -> str:
    """A call of this program as it can be typed in a shell."""
    from shlex import quote

    return " ".join([program_name(), *map(quote, words)])
