"""Saves whose writer says what it started from: for editors, servers, scripts and agents that take part.

    opened = open_notebook("nb.ipynb", writer="my editor")     # .content, .version
    answer = save("nb.ipynb", content, base=opened.version)    # .operations, .conflicts, .version

`answer.operations` bring the writer's own copy to what the notebook holds now; `apply` does it to
a notebook as `json.loads` gives it, and `answer.version` is the base of the next save.

`pull` does the same for a copy that is not being saved, `identify` finds the version that a copy shows, and
`claim` says of a file that its writer has
written itself which version it was made from.

The room owns the protocol and knows nothing of how a save is recorded, merged and written, which is the
service's.  To read in this order: `api` (the calls), `operations` (what a front end does to its copy),
`tokens` (what a writer remembers), `pulling`, `settling` (conflicts in a copy), `came` (what others saved, in
figures).
"""

from nbmerge.service.notebook_service import Timing
from nbmerge.sync.api import (
    Answer,
    Claimed,
    Opened,
    Participation,
    claim,
    identify,
    open_notebook,
    participating,
    pull,
    save,
)
from nbmerge.sync.came import Came
from nbmerge.sync.operations import Delete, Insert, Move, Operation, Set, apply, operations
from nbmerge.sync.pulling import Pulled, brought_in
from nbmerge.sync.settling import ChoiceInCopy, ConflictInCopy, Settled
from nbmerge.sync.tokens import without_writer

__all__ = [
    "Answer",
    "Came",
    "ChoiceInCopy",
    "Claimed",
    "ConflictInCopy",
    "Delete",
    "Insert",
    "Move",
    "Noted",
    "Opened",
    "Operation",
    "Participation",
    "Pulled",
    "Set",
    "Settled",
    "Timing",
    "apply",
    "brought_in",
    "claim",
    "identify",
    "open_notebook",
    "operations",
    "participating",
    "pull",
    "save",
    "without_writer",
]
