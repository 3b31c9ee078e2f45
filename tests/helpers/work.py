"""Owns: how much a call does, counted and not timed: the same on a busy machine.

Must not know: what is called.
Invariant: each line of Python that is run counts once, and each turn of a loop within a line.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def work(call: Callable[[], object]) -> int:
    """The steps that a call takes; what is done once (imports, caches) is done before."""
    count = 0

    def step(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal count
        count += event == "line"
        return step

    before = sys.gettrace()
    sys.settrace(step)
    try:
        call()
    finally:
        sys.settrace(before)
    return count
