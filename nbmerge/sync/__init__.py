"""Saves whose writer says what it started from: for editors, servers, scripts and agents that take part.

    opened = open_notebook("nb.ipynb", writer="my editor")     # .content, .version
    answer = save("nb.ipynb", content, base=opened.version)    # .operations, .conflicts, .version

`answer.operations` bring the writer's own copy to what the notebook holds now; `apply` does it to
a notebook as `json.loads` gives it, and `answer.version` is the base of the next save.

The room owns the protocol and knows nothing of how a save is recorded, merged and written, which is the
service's.  To read in this order: `api` (the two calls), `operations` (what a front end does to its copy),
`tokens` (what a writer remembers).
"""

from nbmerge.service.notebook_service import Timing
from nbmerge.sync.api import Answer, Opened, open_notebook, save
from nbmerge.sync.operations import Delete, Insert, Move, Operation, Set, apply, operations

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
