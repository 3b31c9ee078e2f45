"""Owns: what the conflict copy of a sync tool descends from.

Must not know: names of copies, disk.  Invariant: a copy is concurrent with what the file
holds, whatever was thought of the save that put it there; so it never descends from the head.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from nbmerge.lineage.judge import Shown
from nbmerge.notebook.model import Notebook


def base_of_copy(copy: Notebook, older: Sequence[Shown]) -> int | None:
    """The version that the copy has most in common with; the newest of equals, None without any."""
    lines = _lines(copy)
    nearest = min(older, key=lambda shown: (_distance(lines, shown), -shown.version.number), default=None)
    return None if nearest is None else nearest.version.number


def _distance(lines: Counter[str], shown: Shown) -> int:
    theirs = _lines(shown.notebook)
    return ((lines - theirs) + (theirs - lines)).total()


def _lines(notebook: Notebook) -> Counter[str]:
    return Counter(line for cell in notebook.cells for line in cell.source.split("\n"))
