"""Owns: what a save itself hints of a second writer: its style and way of writing, and its haste.

Must not know: contents beyond counts, how much a hint weighs.  Invariant: what was not seen
hints at nothing.
"""

from __future__ import annotations

from nbmerge.lineage.versions import Writer

_HANDS = 1.0  # seconds that hands need for a change to one more cell, undo and paste included


def same_hand(save: Writer, head: Writer, older: Writer) -> str | None:
    """In words, if the save was written as the older version was, and the head was not."""
    if save.name and save.name == older.name != head.name:
        return f"{save.name} wrote both"
    if save.owner is not None and save.owner == older.owner != head.owner and head.owner is not None:
        return "the same user wrote both"
    if save.style and save.style == older.style != head.style and head.style:
        return "both are spelled alike"
    if save.way and save.way == older.way != head.way and head.way:
        return "both were written the same way"
    return None


def in_haste(seconds: float, cells: int) -> str | None:
    """In words, if hands could not have changed so many cells in the time since the head."""
    if cells < 2 or not 0 <= seconds < _HANDS * (cells - 1):
        return None
    return f"{cells} cells changed within {seconds:.1f} s"
