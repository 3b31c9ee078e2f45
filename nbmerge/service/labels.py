"""Owns: what stands behind the markers of conflicts between versions: who wrote what each side shows.

Must not know: how conflicts arise, what becomes of them.  Invariant: the words are those of whoever first
saved that text on its side, however often that side was saved since, and by whom; a number stands only where
nothing better is known; the same history gives the same words.

A side is the newest version of a lineage, in which several may have saved one after the other, merges among
them.  So each conflict is followed from there to where its text came in.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property, partial

from nbmerge.history.store import Store
from nbmerge.lineage.versions import Graph, Origin, Version
from nbmerge.merge.markers import Labels
from nbmerge.merge.values import Conflict
from nbmerge.notebook.model import Notebook
from nbmerge.service.cache import NotebookCache

_READ = 16  # versions of a side; where more wrote in turns the last one that was read stands for those before


@dataclass(frozen=True, eq=False)
class Descent:
    """What two sides of a merge descend from: `tips`, which were merged before, and `remote`."""

    store: Store
    notebook_id: int
    cache: NotebookCache
    graph: Graph
    bases: tuple[int, ...]
    tips: tuple[int, ...]
    remote: Version

    @property
    def name(self) -> Hashable:
        """All that the words depend on, besides what the versions hold."""
        tips = (*self.tips, self.remote.number)
        since = sorted(self.graph.since(tips, self.bases))
        return tips, self.bases, tuple((number, self.graph.parents.get(number)) for number in since)

    def labels(self, conflict: Conflict) -> Labels:
        """What stands behind the markers of a conflict."""
        if self.remote.origin is Origin.COPY:  # other machines have other histories, and make the same of it
            return Labels("this notebook", "common version", f"conflict copy ({self.remote.writer.name})")
        local, remote = self.authors(conflict)
        for words in (_by, _by_and_when):
            if words(local) != words(remote):
                return Labels(words(local), "common version", words(remote))
        return Labels(_numbered(local), "common version", _numbered(remote))

    def authors(self, conflict: Conflict) -> tuple[Sequence[Version], Sequence[Version]]:
        """The saves that brought in what each side shows of a conflict, local's and remote's."""
        local = self._authors(self.tips, partial(_shows, conflict, conflict.local))
        return local, self._authors((self.remote.number,), partial(_shows, conflict, conflict.remote))

    def _authors(self, tips: Sequence[int], shows: Callable[[Notebook], bool]) -> list[Version]:
        """Those who brought in what a side shows of a conflict."""
        own, parents, room = self._own(tips), tips, _READ
        author: Version | None = None
        if len(tips) == 1:
            author, parents = self._version(tips[0]), self._before(tips[0], own)
        while parents and room:
            last = self._version(parents[0])
            if author is None or len(parents) > 1 or last.by != author.by:
                holders = [number for number in parents if self._holds(number, shows)]
                room -= len(parents)
                if not holders:
                    break
                author = last = self._version(max(holders))
            parents = self._before(last.number, own)
        return list(self._people((author.number,) if author is not None else tips, own))

    def _own(self, tips: Sequence[int]) -> frozenset[int]:
        """What only this side descends from."""
        return self.graph.since(tips, self.bases)

    def _before(self, number: int, own: frozenset[int]) -> list[int]:
        return [parent for parent in self.graph.parents.get(number, ()) if parent in own]

    def _holds(self, number: int, shows: Callable[[Notebook], bool]) -> bool:
        notebook = self.cache.readable(self.notebook_id, number, self.cache.latest)
        return notebook is not None and shows(notebook)

    def _people(self, numbers: Iterable[int], own: frozenset[int]) -> Iterator[Version]:
        """The versions that people saved: those that were merged in place of a merge."""
        for number in sorted(numbers):
            version, before = self._version(number), self._before(number, own)
            if version.origin is Origin.MERGED and before:
                yield from self._people(before, own)
            else:
                yield version

    def _version(self, number: int) -> Version:
        if number not in self._versions:
            self._versions[number] = self.store.version(self.notebook_id, number)
        return self._versions[number]

    @cached_property
    def _versions(self) -> dict[int, Version]:
        return {}


def _shows(conflict: Conflict, term: str | None, notebook: Notebook) -> bool:
    """Whether a notebook shows what a side of a conflict does, in the same cell where that is known."""
    cells = [cell for cell in notebook.cells if cell.id == conflict.id]
    if term is None:
        base = conflict.base
        return not cells if conflict.id is not None else all(cell.source != base for cell in notebook.cells)
    if conflict.id is None or not cells:
        cells = list(notebook.cells)
    if not term:  # it took out what was there
        return not any(_holds(cell.source, conflict.base or "") for cell in cells)
    return any(_holds(cell.source, term) for cell in cells)


def _holds(source: str, lines: str) -> bool:
    return f"\n{lines}\n" in f"\n{source}\n"


def _by(authors: Sequence[Version]) -> str:
    return " and ".join(dict.fromkeys(one.by or f"version {one.number}" for one in authors))


def _by_and_when(authors: Sequence[Version]) -> str:
    """The same with the time of the last of them."""
    newest = max(authors, key=lambda one: one.number)
    return f"{_by(authors)}, {datetime.fromtimestamp(newest.time).strftime('%Y-%m-%d %H:%M:%S')}"


def _numbered(authors: Sequence[Version]) -> str:
    """The same where even the time does not tell them apart."""
    return f"{_by_and_when(authors)}, version {max(one.number for one in authors)}"
