"""Owns: finding in the store what a save drops of the work of writers who take part, also of those who tell
of theirs later.

Must not know: what comes of it, the disk.  Invariant: where a save drops nothing, or only what was there
before any of them saved, next to nothing is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from nbmerge.history.store import Store
from nbmerge.lineage import dropping
from nbmerge.lineage.dropping import ToldStep
from nbmerge.lineage.heads import Derivation, OpenTip
from nbmerge.lineage.judge import Save
from nbmerge.lineage.settling import SETTLED
from nbmerge.lineage.versions import DECLARED, Origin, Version
from nbmerge.notebook.model import Cell
from nbmerge.service.cache import NotebookCache

_LOOKED_AT = 64  # versions among which those are looked for that writers who take part saved
_READ = 64_000_000  # bytes of them that are read


def drops_of(
    store: Store, cache: NotebookCache, notebook_id: int, save: Save, derivation: Derivation
) -> dict[int, int]:
    """The versions of which a save lacks something although it seems to go on from them, each with what was
    there before."""
    seen, known = dropping.seen_by(derivation), save.notebook.cells
    if seen is None:
        return {}
    versions = store.versions(notebook_id, last=_LOOKED_AT)
    told = dropping.told_shortly(versions, store.graph(notebook_id), seen, save.time)
    held = cache.readable(notebook_id, seen, known) if told else None
    if held is None:
        return {}
    changed = dropping.changes(save.notebook, held)
    lines = dropping.gone(changed)
    if not lines:
        return {}
    steps = _Steps(cache, notebook_id, known)
    if (oldest := steps.of(told[-1])) is not None:
        lines = dropping.brought_since(oldest.before, held, lines)  # most often none: nothing more is read
    lines = dropping.lost(changed, lines)
    return {step.number: step.base for step in dropping.dropped(lines, steps.all(told))}


def dropped_since(store: Store, cache: NotebookCache, notebook_id: int, told: Version) -> OpenTip | None:
    """The first later save that lacks something of a version although it seems to go on from it, where the
    version's writer tells only now that they wrote it: as an open tip."""
    later = [one for one in store.versions(notebook_id, last=_LOOKED_AT) if one.number > told.number]
    step = _Steps(cache, notebook_id, cache.latest).of(told) if later else None
    if step is None:
        return None
    graph, room = store.graph(notebook_id), _READ
    for one in later:
        is_guessed = one.origin is Origin.SAVED and one.writer.way != DECLARED and len(one.parents) == 1
        if not is_guessed or one.why == SETTLED or not graph.descends(one.parents[0], told.number):
            continue
        room -= one.size
        seen, saved = (cache.readable(notebook_id, n, step.after.cells) for n in (one.parents[0], one.number))
        if room < 0 or seen is None or saved is None:
            continue
        changed = dropping.changes(saved, seen)
        if any(dropping.dropped(dropping.lost(changed, dropping.gone(changed)), [step])):
            return OpenTip(step.number, step.base, one.number, one.time, seen=True)
    return None


@dataclass(frozen=True, slots=True)
class _Steps:
    cache: NotebookCache
    notebook_id: int
    known: tuple[Cell, ...]

    def of(self, version: Version) -> ToldStep | None:
        [base] = version.parents
        before = self.cache.readable(self.notebook_id, base, self.known)
        after = self.cache.readable(self.notebook_id, version.number, self.known)
        return None if before is None or after is None else ToldStep(version.number, base, before, after)

    def all(self, told: Sequence[Version]) -> Iterator[ToldStep]:
        room = _READ
        for version in told:
            room -= version.size
            if room > 0 and (step := self.of(version)) is not None:
                yield step
