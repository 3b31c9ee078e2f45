"""Saves whose writer says what it started from: for editors, servers, scripts and agents that take part.

    opened = open_notebook("nb.ipynb", writer="my editor")     # .content, .version
    answer = save("nb.ipynb", content, base=opened.version)    # .operations, .conflicts, .version

`answer.operations` bring the writer's own copy to what the notebook holds now; `apply` does it to
a notebook as `json.loads` gives it, and `answer.version` is the base of the next save.
"""

from nbmerge.sync.answers import Answer, Opened
from nbmerge.sync.api import open_notebook, save
from nbmerge.sync.apply import apply
from nbmerge.sync.operations import Delete, Insert, Move, Operation, Set, operations
from nbmerge.sync.saving import Timing

__all__ = [
    "Answer",
    "Delete",
    "Insert",
    "Move",
    "Opened",
    "Operation",
    "Set",
    "Timing",
    "apply",
    "open_notebook",
    "operations",
    "save",
]
