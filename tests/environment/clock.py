"""Owns: a clock that a test can push on."""

from __future__ import annotations

import time
from dataclasses import dataclass


@dataclass
class Clock:
    """Real time, plus what the test lets pass."""

    passed: float = 0.0

    def __call__(self) -> float:
        return time.time() + self.passed
