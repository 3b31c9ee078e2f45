"""Owns: the notebooks that simulated people start from: made up, and real ones where they are at hand.

Must not know: who works on them.  Invariant: nothing of a real one is ever written anywhere.
"""

from __future__ import annotations

import json
import tarfile
from functools import cache
from pathlib import Path
from random import Random

from tests.simulation.editor import notebook

HISTORIES = Path(__file__).parents[3] / "shared" / "corpus" / "histories.tar.xz"
LARGEST = 120_000  # bytes
CELLS = range(3, 120)


@cache
def real() -> tuple[bytes, ...]:
    """The first versions of real notebooks, by name; none where the corpus is absent."""
    if not HISTORIES.exists():
        return ()
    found = {}
    with tarfile.open(HISTORIES) as archive:
        for member in archive:
            if member.name.endswith("/v0.ipynb") and (file := archive.extractfile(member)) is not None:
                found[member.name] = file.read()
    return tuple(data for _, data in sorted(found.items()) if _is_usable(data))


def start(chance: Random, others: tuple[bytes, ...]) -> bytes:
    """One of the others, or one that is made up."""
    return chance.choice(others) if others and chance.random() < 0.5 else notebook(chance)


def _is_usable(data: bytes) -> bool:
    if len(data) > LARGEST:
        return False
    try:
        value = json.loads(data)
    except ValueError:
        return False
    return value.get("nbformat") == 4 and len(value.get("cells", ())) in CELLS
