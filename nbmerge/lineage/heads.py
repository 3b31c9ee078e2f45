"""Owns: where a notebook stands: what its file holds, what it is made of, what is open.

Must not know: contents, disk.  Invariant: `tips` is never empty and none of them descends
from another; whatever was saved and is neither a tip nor below one is an open tip.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class OpenTip:
    """A version that a later save may have overwritten.

    `by` is that save, and `base` the version that it was made from if its author never saw
    this one.
    """

    version: int
    base: int | None
    by: int
    since: float


@dataclass(frozen=True, slots=True)
class Heads:
    """`head` is what the file holds.  `tips` are what the notebook is made of: the head alone,
    or the sides of a merge on top of which nobody has saved yet (or which is still to be written).

    `answered` are the tips after whose repeated save the merge was already written once more.
    """

    head: int
    tips: tuple[int, ...]
    open: tuple[OpenTip, ...] = ()
    answered: tuple[int, ...] = ()

    def with_head(self, head: int) -> Heads:
        """The same when the file holds another version."""
        return replace(self, head=head)
