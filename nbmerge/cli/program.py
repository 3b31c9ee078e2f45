"""Owns: the name under which this program was started.

Must not know: any command.  Invariant: what a message tells people to type starts this
program, also where another package's `nbmerge` comes first on PATH.
"""

from __future__ import annotations

import os
import re
import sys

_NAMED = re.compile(r"`(log|recover|restore|show|start)`")


def program_name() -> str:
    """`nbmerge`, `nbmerge-on-save`, or `python -m nbmerge`."""
    name = os.path.basename(sys.argv[0]) if sys.argv else ""
    name = name.removesuffix(".exe")
    return name if name in ("nbmerge", "nbmerge-on-save") else "python -m nbmerge"


def to_type(*words: str) -> str:
    """A call of this program as it can be typed in a shell."""
    from shlex import quote

    return " ".join([program_name(), *map(quote, words)])


def spelled_out(message: str, *words: str) -> str:
    """A message from below, which names commands as `log`, with what can be typed; `words` are theirs."""
    return _NAMED.sub(lambda found: f"`{to_type(found[1], *filter(None, words))}`", message)
