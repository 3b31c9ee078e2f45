"""Owns: the names of our temporary files, and what each of them says.

Must not know: what is in them.  Invariant: a name of the first kind may be removed when its process is
gone; one of the second kind may hold a save.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from hashlib import sha256
from itertools import count

_OURS = re.compile(r"\.nbmerge-(\d+)-\d+(?:-([0-9a-f]{8}))?\.tmp")


def names_beside(target: str, pid: int) -> Iterator[tuple[str, str]]:
    """Names for the new file while it is written, and for the old one afterwards."""
    folder, name = os.path.split(target)
    for number in count():
        stem = os.path.join(folder, f".nbmerge-{pid}-{number}")
        yield f"{stem}.tmp", f"{stem}-{mark(name)}.tmp"


def told_by(name: str) -> tuple[int, str | None] | None:
    """The process that made the file, and the mark of the file that it may be the displaced one of."""
    match = _OURS.fullmatch(name)
    return (int(match[1]), match[2]) if match else None


def mark(name: str) -> str:
    """A file's name in eight characters: tells whose save it is, should the journal be lost."""
    return sha256(os.fsencode(name)).hexdigest()[:8]
