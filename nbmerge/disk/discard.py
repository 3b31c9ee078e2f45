"""Owns: removing a file whose bytes are kept elsewhere.

Must not know: where.  Invariant: nothing is removed but the bytes that were named; whoever
wrote in between keeps what they wrote.
"""

from __future__ import annotations

import contextlib
import os

from nbmerge.files import digest


def discard(path: str, expected: str) -> bool:
    """Remove the file if it still holds the bytes of that digest; whether it is gone.

    It is moved aside first: a save that comes at that moment makes a new file, and bytes
    that changed at the last moment are put back.  Raises OSError if it cannot be removed.
    """
    folder, name = os.path.split(path)
    aside = os.path.join(folder, f".nbmerge-{os.getpid()}-{name}.tmp")
    try:
        os.rename(path, aside)
    except FileNotFoundError:
        return True
    with open(aside, "rb") as file:
        same = digest(file.read()) == expected
    if same:
        os.unlink(aside)
        return True
    with contextlib.suppress(FileExistsError):
        os.link(aside, path)
        os.unlink(aside)
    return False
