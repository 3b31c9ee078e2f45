"""The merge engine: pure functions from three notebooks to one."""

from nbmerge.merge.engine import merge
from nbmerge.merge.policy import ConflictStyle, Favor, Labels, Outputs, Policy, Side
from nbmerge.merge.results import Conflict, Decision, Result

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
