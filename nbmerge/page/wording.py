"""Owns: the words and marks for who did something, and for what was decided.

Must not know: how pages are laid out.  Invariant: one word for one thing, on every page.
"""

from __future__ import annotations

from nbmerge.page.html import Html, tag
from nbmerge.page.lines import By

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.merge.results import Conflict, Decision

NAMES = {
    By.BASE: "base",
    By.LOCAL: "local",
    By.REMOTE: "remote",
    By.BOTH: "both",
    By.MIXED: "local and remote",
}
SIGNS = {By.BASE: "", By.LOCAL: "L", By.REMOTE: "R", By.BOTH: "LR", By.MIXED: "L+R"}
_TAKEN = {"both": "both kept", "nothing": "left out", "higher": "the higher one", "clear": "left out"}


def who(by: By, before: str = "") -> Html:
    """Who did something, as a small mark."""
    text = f"{before} {NAMES[by]}".strip()
    return tag("span", text, class_=f"who {by.value}")


def taken(decision: Decision) -> Html:
    """What was taken, as a small mark."""
    by = next((by for by in By if by.value == decision.took), None)
    text = _TAKEN.get(decision.took, f"{decision.took} taken")
    return tag("span", text, class_="who" if by is None else f"who {by.value}")


def place(decision: Decision) -> str:
    """What of the cell (or of the notebook) was decided, in words."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in decision.path.split("/")[1:]]
    if len(steps) > 1 and steps[0] == "cells":
        return ".".join(steps[2:]).replace("_", " ") or "the cell"
    return ".".join(steps) or "the notebook"


def what_happened(conflict: Conflict) -> str:
    """How a conflict came about."""
    if conflict.local is None:
        return "local deleted the cell, remote edited it"
    if conflict.remote is None:
        return "remote deleted the cell, local edited it"
    if conflict.base is None:
        return "both inserted this cell, with different content"
    if not conflict.base:
        return "both inserted something different here"
    return "both changed this, differently"
