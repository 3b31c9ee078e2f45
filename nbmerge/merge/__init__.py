"""The merge engine: pure functions from three notebooks to one."""

from nbmerge.merge.engine import merge
from nbmerge.merge.values import (
    Conflict,
    ConflictStyle,
    Decision,
    Favor,
    Labels,
    Outputs,
    Policy,
    Result,
    Side,
)

__all__ = [
    "Conflict",
    "ConflictStyle",
    "Decision",
    "Favor",
    "Labels",
    "Outputs",
    "Policy",
    "Result",
    "Side",
    "merge",
]
