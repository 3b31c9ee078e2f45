"""Owns: saves that are judged by a test: an oracle that knows the truth, or a verdict that a scenario gives.

Must not know: what is tested.  Invariant: all but the verdict is what the watcher runs for a save that
is judged alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from unittest.mock import patch

from nbmerge.lineage.heads import Heads
from nbmerge.lineage.judge import BaseJudgement
from nbmerge.lineage.versions import Context
from nbmerge.service.record import Recorded, Recorder, Saved

together = Recorder._judged_together


@contextmanager
def judged_by(
    verdict: Callable[..., BaseJudgement], asked: Callable[[], bool] = lambda: True
) -> Iterator[None]:
    """Within it saves get this verdict, as long as it is `asked` for."""

    def judged(self: Recorder, notebook_id: int, saved: Saved, heads: Heads) -> Recorded:
        if asked():
            return self._judged_alone(notebook_id, saved, heads, Context())
        return together(self, notebook_id, saved, heads)

    with (
        patch("nbmerge.lineage.derivation.judge", verdict),
        patch.object(Recorder, "_judged_together", judged),
    ):
        yield
