"""Owns: notebooks as nbdime itself merges them, and what nbdime makes of its conflicts for one side.

Must not know: how nbmerge finds or settles conflicts.  Invariant: what comes back is what nbdime's
command writes, or would write if its result were a valid notebook.
"""

from __future__ import annotations

import json
import logging
from argparse import Namespace
from dataclasses import dataclass
from typing import Any

from nbdime.diffing.notebooks import reset_notebook_differ
from nbdime.merging import merge_notebooks
from nbformat.v4 import nbjson

from tests.helpers.build import Notebook, Trio

CRASHES = (KeyError, IndexError, TypeError, AssertionError, ValueError)  # what nbdime 4 may end in


@dataclass(frozen=True)
class ByNbdime:
    """A merged notebook, and nbdime's decisions that are conflicts."""

    data: bytes
    conflicts: list[Any]

    @property
    def notebook(self) -> Notebook:
        found: Notebook = json.loads(self.data)
        return found


def merged(trio: Trio, strategy: str = "inline", outputs: str | None = None) -> ByNbdime:
    """The merge with these strategies of nbdime's command.  Raises one of CRASHES where nbdime does."""
    options = Namespace(
        merge_strategy=strategy,
        input_strategy=None,
        output_strategy=outputs,
        ignore_transients=True,
        log_level="INFO",
    )
    reset_notebook_differ()  # it remembers from one merge to the next
    logging.getLogger("nbdime").setLevel(logging.CRITICAL)
    sides = [nbjson.reads(json.dumps(side)) for side in trio.files()]  # type: ignore[no-untyped-call]
    result, decisions = merge_notebooks(*sides, options)
    text: str = nbjson.writes(result)  # type: ignore[no-untyped-call]
    return ByNbdime(text.encode() + b"\n", [decision for decision in decisions if decision.conflict])
