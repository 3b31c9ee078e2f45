"""Owns: what a save lacks of what writers who take part brought to the version that it seems to go on from.

Must not know: the store, how it was judged what a save goes on from.  Invariant: pure; work that a writer
who takes part has saved shortly before is never dropped in silence by somebody who says nothing: whether they
took it out or had never seen it cannot be known, so it is named.  A line that the save goes on from is not
lost.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from nbmerge.lineage.derivation import SHORTLY
from nbmerge.lineage.evidence import Cells, difference
from nbmerge.lineage.heads import Derivation, Outcome
from nbmerge.lineage.lines import becomes, telling
from nbmerge.lineage.settling import SETTLED
from nbmerge.lineage.versions import DECLARED, Graph, Origin, Version
from nbmerge.notebook.model import Notebook

_COMPARED = 100  # new lines with which one that is gone is compared
_LOOKED_AT = 200  # lines that are gone of which that is asked: to name a version one is enough


@dataclass(frozen=True, slots=True, eq=False)
class ToldStep:
    """What a writer who takes part made of the version `base`: the version `number`."""

    number: int
    base: int
    before: Notebook
    after: Notebook


def seen_by(derivation: Derivation) -> int | None:
    """The one version that a save is taken to go on from, if it may drop something of it unseen; None: its
    author saw all, or what it may have overwritten is named already."""
    if derivation.closes_all or derivation.outcome not in (Outcome.ACCEPT, Outcome.MERGE):
        return None
    if len(derivation.parents) != 1 or derivation.overwrites or derivation.why == SETTLED:
        return None
    return derivation.parents[0]


def told_shortly(versions: Iterable[Version], graph: Graph, seen: int, now: float) -> Sequence[Version]:
    """The saves of writers who take part that are in a version and not old, newest first."""
    told = [
        one
        for one in sorted(versions, key=lambda one: -one.number)
        if one.writer.way == DECLARED
        and one.origin is Origin.SAVED
        and len(one.parents) == 1
        and now - one.time < SHORTLY
    ]
    if not told:
        return []
    below = graph.united((seen,), oldest=told[-1].number)
    return [one for one in told if one.number in below]


def changes(save: Notebook, seen: Notebook) -> Counter[str]:
    """How many times more often (below 0: less) a save has each line than the version it goes on from."""
    return difference(Cells(), dict.fromkeys(save.cells), dict.fromkeys(seen.cells)).lines


def gone(changed: Counter[str]) -> Counter[str]:
    """The lines that a save has not; those that it has gone on from are among them: see `lost`."""
    return Counter({line: -number for line, number in changed.items() if number < 0})


def lost(changed: Counter[str], lines: Counter[str]) -> Counter[str]:
    """Those of the lines that are gone that a save has not gone on from; of very many the first."""
    new = list(islice((line for line, number in changed.items() if number > 0), _COMPARED))
    first = islice(lines.items(), _LOOKED_AT)
    return Counter({line: n for line, n in first if not any(becomes(line, one) for one in new)})


def _counted(notebook: Notebook) -> Counter[str]:
    return Counter(line for cell in notebook.cells for line in telling(cell.source))


def brought_since(before: Notebook, seen: Notebook, lines: Counter[str]) -> Counter[str]:
    """Those of the lines that an older version had not, or not as often as `seen`."""
    older, later = _counted(before), _counted(seen)
    return Counter({line: n for line, n in lines.items() if older[line] < later[line]})


def dropped(lines: Counter[str], steps: Iterable[ToldStep]) -> Iterator[ToldStep]:
    """The steps, the newest of which come first, that brought any of these lines."""
    left = +lines
    for step in steps:
        if not left:
            return
        cells = dict.fromkeys(step.after.cells), dict.fromkeys(step.before.cells)
        brought = left & +difference(Cells(), *cells).lines
        if brought:
            left -= brought
            yield step
