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

from nbdime.diffing.notebooks import notebook_differs, notebook_predicates
from nbdime.merging import merge_notebooks
from nbformat.v4 import nbjson

from tests.helpers.build import Notebook, Trio

CRASHES = (KeyError, IndexError, TypeError, AssertionError, ValueError)  # what nbdime 4 may end in
NOT_COMPARED = ("source", "execution_count", "id")


@dataclass(frozen=True)
class ByNbdime:
    """A merged notebook, and nbdime's decisions that are conflicts."""

    data: bytes
    conflicts: list[Any]

    @property
    def notebook(self) -> Notebook:
        found: Notebook = json.loads(self.data)
        return found

    @property
    def shows_all(self) -> bool:
        """Whether every conflict stands in the notebook with both sides as they were.

        Of some conflicts nbdime shows nothing.  It drops the outputs of a cell that both inserted,
        shows what one side replaced by cells of its own as a part of that side, and of outputs that
        both replaced by others it takes out only the first.
        """
        return not any(
            (one.action != "custom" and one.common_path[-1:] != ("source",))
            or (one.common_path == ("cells",) and len(one.custom_diff[0].valuelist) == 1)
            or (one.common_path == ("cells",) and len(one.local_diff + one.remote_diff) > 2)
            or any(entry.get("length", 1) > 1 for entry in one.local_diff + one.remote_diff)
            for one in self.conflicts
        )


def merged(trio: Trio, strategy: str = "inline", outputs: str | None = None) -> ByNbdime:
    """The merge with these strategies of nbdime's command.  Raises one of CRASHES where nbdime does."""
    options = Namespace(
        merge_strategy=strategy,
        input_strategy=None,
        output_strategy=outputs,
        ignore_transients=True,
        log_level="INFO",
    )
    for remembered in (notebook_differs, notebook_predicates):  # from one merge to the next
        remembered.clear()
    logging.getLogger("nbdime").setLevel(logging.CRITICAL)
    sides = [nbjson.reads(json.dumps(side)) for side in trio.files()]  # type: ignore[no-untyped-call]
    result, decisions = merge_notebooks(*sides, options)
    text: str = nbjson.writes(result)  # type: ignore[no-untyped-call]
    return ByNbdime(text.encode() + b"\n", [decision for decision in decisions if decision.conflict])


def merged_or_none(trio: Trio, strategy: str = "inline") -> ByNbdime | None:
    """The merge; None where nbdime crashes."""
    try:
        return merged(trio, strategy)
    except CRASHES:
        return None


def around_sources(value: Any, key: str = "") -> Any:
    """What can be compared with nbdime's choice of a side: for markers in sources it asks git, for a
    side it merges lines its own way; counts and ids it makes up."""
    if key in NOT_COMPARED:
        return None
    if isinstance(value, dict):
        return {name: around_sources(item, name) for name, item in value.items()}
    if isinstance(value, list) and value and all(isinstance(item, str) for item in value) and key != "tags":
        return "".join(value)
    return [around_sources(item) for item in value] if isinstance(value, list) else value
