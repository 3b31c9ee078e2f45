"""Owns: taking a save into the store: what it is, what it derives from, where that leaves the notebook.

Must not know: the disk, the clock, when to merge.  Invariant: a save is in the store, with
its lineage, before anything follows from it, in one transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations

from nbmerge.files import digest
from nbmerge.history.store import Store
from nbmerge.history.values import Draft
from nbmerge.lineage import arrival as arrivals
from nbmerge.lineage.arrival import Action, Arrival
from nbmerge.lineage.judge import Save, Shown
from nbmerge.lineage.situation import Git, Situation
from nbmerge.lineage.standing import Standing
from nbmerge.lineage.versions import Graph, Origin, Version, Writer
from nbmerge.notebook.model import Cell, Notebook
from nbmerge.reconcile.clues import is_merge_of, shows_the_same, signs_of, was_seen
from nbmerge.reconcile.judging import Judging
from nbmerge.reconcile.shelf import Shelf
from nbmerge.reconcile.writers import style_of

CANDIDATES = 12  # how many recent versions a save may derive from, besides tips
COMPARED = 64_000_000  # bytes of candidates that are read for one save


@dataclass(frozen=True, slots=True)
class Saved:
    """The bytes of a save and what is known of it; `in_file`: the path holds them now."""

    data: bytes
    time: float
    writer: Writer = Writer()
    origin: Origin = Origin.SAVED
    in_file: bool = True


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a save; `version` is None where nothing had to be recorded."""

    action: Action
    version: Version | None
    base: int | None
    why: str


@dataclass(frozen=True, slots=True)
class Taker:
    """Takes the saves of all notebooks of one store."""

    store: Store
    shelf: Shelf

    def take(self, book: int, saved: Saved, situation: Situation = Situation()) -> Taken:
        """Record a save.  Raises NotebookError if it is no notebook: nothing is recorded then."""
        name = digest(saved.data)
        standing = self.store.standing(book)
        if standing is None:
            return self._first(book, saved, name)
        if saved.in_file and self._is_held(book, standing, name):
            return Taken(Action.SAME, None, standing.head, "the same bytes")
        head = self.shelf.readable(book, standing.head)
        notebook = self.shelf.put(name, saved.data, head.cells if head is not None else ())
        saved = replace(saved, writer=replace(saved.writer, style=style_of(notebook)))
        arrival = self._arrival(book, standing, saved, notebook, situation)
        return self.record(book, standing, saved, arrival)

    def knows(self, book: int, data: bytes) -> bool:
        """Whether these bytes are a version already."""
        return self.store.find(book, digest(data)) is not None

    def replace_all(self, book: int, saved: Saved, why: str) -> Taken:
        """Record a version that was made in sight of everything, and closes all tips."""
        standing = self.store.standing(book)
        if standing is None:
            return self._first(book, saved, digest(saved.data))
        return self.record(book, standing, saved, arrivals.seen_all(standing, why))

    def keep_unreadable(self, book: int, saved: Saved) -> Version:
        """Keep bytes that are no notebook, for `show` and `fix`; where the notebook stands is as before."""
        found = self.store.find(book, digest(saved.data))
        if found is not None:
            return found
        standing = self.store.standing(book)
        parents = () if standing is None else (standing.head,)
        return self.store.record(
            book, saved.data, Draft(saved.time, Origin.UNREADABLE, parents, saved.writer)
        )

    def _first(self, book: int, saved: Saved, name: str) -> Taken:
        style = style_of(self.shelf.put(name, saved.data))
        origin = Origin.FIRST if saved.origin is Origin.SAVED else saved.origin
        draft = Draft(saved.time, origin, (), replace(saved.writer, style=style), "")
        version = self.store.record(book, saved.data, draft, lambda new: Standing(new.number, (new.number,)))
        return Taken(Action.FIRST, version, None, "the first version seen")

    def _is_held(self, book: int, standing: Standing, name: str) -> bool:
        """Whether the file is known to hold these bytes; also a write of ours that was cut short."""
        if self.store.version(book, standing.head).digest == name:
            return True
        found = self.store.find(book, name)
        if found is None or found.origin is not Origin.MERGED or found.number < standing.head:
            return False
        if found.number in self.store.graph(book).united(standing.tips):
            return False
        self.store.stand(book, standing.with_head(found.number))
        return True

    def _arrival(
        self, book: int, standing: Standing, saved: Saved, notebook: Notebook, situation: Situation
    ) -> Arrival:
        if situation.git is not Git.NONE:
            at_work = situation.git is Git.WORKING
            why = "git is at work" if at_work else "git put it there"
            return arrivals.seen_all(standing, why, Action.ACCEPT if at_work else Action.RESTORE)
        if situation.told is not None:
            return arrivals.told(standing, situation.told)
        versions = self.candidates(book, standing)
        head = self._shown(book, _numbered(versions, standing.head), notebook.cells)
        older = self.older(book, versions, standing, notebook.cells)
        for shown in reversed(older):
            if shown.notebook is notebook or (shown.living and shows_the_same(shown.notebook, notebook)):
                written = is_merge_of(_numbered(versions, standing.head), standing)
                return arrivals.returned(standing, self.store.graph(book), shown.version.number, written)
        if head is None:
            return Arrival(Action.ACCEPT, (standing.head,), standing.head, "what it followed is no notebook")
        situation = replace(situation, signs=(*situation.signs, *signs_of(versions, saved.time)))
        save = Save(notebook, saved.time, saved.writer)
        return Judging(standing, self.store.graph(book), save, situation).arrival(head, older)

    def candidates(self, book: int, standing: Standing) -> tuple[Version, ...]:
        """The head, the latest versions, and those that a save may derive from however old, ascending."""
        latest = self.store.versions(book, last=2 * CANDIDATES)
        found = {version.number: version for version in latest}
        for number in (standing.head, *self._wanted(book, standing)):
            if number not in found:
                found[number] = self.store.version(book, number)
        return tuple(found[number] for number in sorted(found))

    def _wanted(self, book: int, standing: Standing) -> set[int]:
        """Tips, open tips, and what several tips come from: somebody may have had it open ever since."""
        wanted = {*standing.tips, *(tip.version for tip in standing.open)}
        if len(standing.tips) > 1:
            graph = self.store.graph(book)
            for one, other in combinations(standing.tips, 2):
                wanted.update(graph.commons((one,), other))
        return wanted

    def older(
        self,
        book: int,
        versions: tuple[Version, ...],
        standing: Standing,
        known: tuple[Cell, ...],
    ) -> list[Shown]:
        """What a save may derive from besides the head; newest last."""
        wanted = self._wanted(book, standing)
        several = len(standing.tips) > 1
        found: list[Shown] = []
        names = {_numbered(versions, standing.head).digest}
        room = COMPARED
        recent = 0
        for version in reversed(versions):
            is_recent = recent < CANDIDATES and (room > 0 or recent < 1)
            if version.digest in names or not was_seen(version, standing):
                continue
            if not (version.number in wanted or is_recent):
                continue
            names.add(version.digest)
            room -= version.size
            recent += 1
            living = several and version.number in standing.tips
            shown = self._shown(book, version, known, living)
            if shown is not None:
                found.append(shown)
        return found[::-1]

    def _shown(
        self, book: int, version: Version, known: tuple[Cell, ...], living: bool = False
    ) -> Shown | None:
        notebook = self.shelf.readable(book, version.number, known)
        return None if notebook is None else Shown(version, notebook, living)

    def record(self, book: int, standing: Standing, saved: Saved, arrival: Arrival) -> Taken:
        """Add the version that a save becomes, and let the notebook stand where it leaves it."""
        with self.store.together():
            return self._recorded(book, standing, saved, arrival)

    def _recorded(self, book: int, standing: Standing, saved: Saved, arrival: Arrival) -> Taken:
        graph = self.store.graph(book)
        if arrival.action is Action.MERGE and arrival.base is not None:
            standing, graph = self._settled(book, standing, graph, arrival.base)

        def after(new: Version) -> Standing:
            grown = Graph({**graph.parents, new.number: arrival.parents})
            stands = arrivals.stand(standing, grown, new.number, arrival, saved.time)
            return stands.with_head(new.number) if saved.in_file else stands

        draft = Draft(saved.time, saved.origin, arrival.parents, saved.writer, arrival.why)
        version = self.store.record(book, saved.data, draft, after)
        return Taken(arrival.action, version, arrival.base, arrival.why)

    def _settled(self, book: int, standing: Standing, graph: Graph, base: int) -> tuple[Standing, Graph]:
        """Settle the doubts that go away when somebody goes on from `base`.

        A save that did not follow what it replaced goes on from something else, which may settle others.
        """
        bases = [base]
        while bases:
            revision = arrivals.settles(standing, bases[-1], graph)
            if revision is None:
                bases.pop()
                continue
            bases.extend(revision.parents)
            self.store.reparent(book, revision.number, revision.parents)
            overwritten = self.store.version(book, revision.overwritten)
            back = overwritten.parents if overwritten.origin is Origin.MERGED else (overwritten.number,)
            graph = self.store.graph(book)
            tips = graph.youngest((*back, *standing.tips))
            still = tuple(tip for tip in standing.open if tip.version != overwritten.number)
            standing = replace(standing, tips=tips, open=still)
        return standing, graph


def _numbered(versions: tuple[Version, ...], number: int) -> Version:
    return next(version for version in reversed(versions) if version.number == number)
