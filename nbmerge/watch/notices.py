"""Owns: what the watcher tells, as values: for people one line, for programs an object.

Must not know: streams, what is done about it.  Invariant: a notice names the notebook and,
where something can be brought back, the version to ask for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from nbmerge.lineage.arrival import Action
from nbmerge.lineage.standing import Standing
from nbmerge.lineage.versions import Version
from nbmerge.reconcile.take import Taken
from nbmerge.reconcile.union import Union


@dataclass(frozen=True, slots=True)
class Notice:
    """`kind` is merged, ambiguous, dropped, copy, unreadable, tug, overflow, trouble or error."""

    kind: str
    path: str
    message: str
    details: dict[str, object] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        return {"event": self.kind, "path": self.path, "message": self.message, **self.details}


def merged(path: str, version: Version, union: Union, versions: tuple[Version, ...]) -> Notice:
    """The file now holds a merge."""
    by_number = {one.number: one for one in versions}
    sides = _named([by_number[tip] for tip in union.tips])
    cells = sorted({conflict.cell + 1 for conflict in union.conflicts})
    outcome = ""
    if cells:
        noun = "conflict" if len(union.conflicts) == 1 else "conflicts"
        where = "cell" if len(cells) == 1 else "cells"
        outcome = f", {len(union.conflicts)} {noun} in {where} {', '.join(map(str, cells))}"
    details: dict[str, object] = {
        "version": version.number,
        "tips": list(union.tips),
        "bases": list(union.bases),
        "conflicts": [conflict.as_json() for conflict in union.conflicts],
        "decisions": [decision.as_json() for decision in union.decisions],
    }
    made = "put back" if len(union.tips) == 1 else "merged"
    return Notice("merged", path, f"{made} {sides}: version {version.number}{outcome}", details)


def taken(path: str, done: Taken, standing: Standing | None) -> Iterator[Notice]:
    """What is worth telling about a save besides the merge that may follow."""
    if done.version is None or standing is None:
        return
    number = done.version.number
    for tip in standing.open:
        if tip.by != number:
            continue
        kind = "ambiguous" if done.action is Action.AMBIGUOUS else "dropped"
        message = (
            f"version {number} may have overwritten version {tip.version} ({done.why}); it was accepted,"
            f" `recover` merges the two"
        )
        yield Notice(kind, path, message, {"version": number, "open_tip": tip.version, "base": tip.base})


def _named(versions: list[Version]) -> str:
    """Who saved them is told where they said it; guesses are for `log`."""
    return " and ".join(
        f"version {version.number}" + (f" by {version.writer.name}" if version.writer.name else "")
        for version in versions
    )
