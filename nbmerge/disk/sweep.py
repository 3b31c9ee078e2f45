"""Owns: temporary files in the notebooks' folders that no journal of ours speaks of.

Must not know: what is in them.  Invariant: a file that may hold a save is never removed here, and no
file of a process that is alive.
"""

from __future__ import annotations

import contextlib
import os

from nbmerge.disk.displaced import Watch
from nbmerge.disk.journal import Entry, Journal, Kind, lives
from nbmerge.disk.names import mark, told_by
from nbmerge.disk.system import System


def sweep(system: System, journal: Journal, watch: Watch, folder: str) -> None:
    """Remove what dead processes left in a folder.

    A displaced file whose journal is lost, or is another state directory's, is looked after from now on.
    """
    with contextlib.suppress(OSError):
        names = system.names(folder)
        ours = {name: told for name in names if (told := told_by(name)) is not None}
        looked_after = journal.spoken_of() if ours else set()
        for name, told in ours.items():
            path = os.path.join(folder, name)
            if path in looked_after or lives(told[0], system):
                continue
            if told[1] is None:
                watch.removed += system.unlink(path)
                continue
            for other in names:
                if mark(other) == told[1]:
                    target = os.path.join(folder, other)
                    watch.take(journal.begin(Entry(Kind.EXCHANGE, target, target, aside=path)))
