"""Owns: what the versions of a notebook tell of each other without a judge.
the guess which program wrote a notebook.
what a save is compared with when it is judged: the head first, then what else may explain it.
taking a save into the store: what it is, what it derives from, where that leaves the notebook.

Must not know: stores, what follows from it.
who is running.
stores, bytes, how evidence is weighed.
the disk, the clock, when to merge.
Invariant: pure.
what is said is a guess from the spelling alone;
the same spelling gives the same words.
pure.
a save is in the store, with
its lineage, before anything follows from it, in one transaction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from nbmerge.files import digest
from nbmerge.history.store import Store
from nbmerge.history.values import Draft
from nbmerge.lineage import arrival as arrivals
from nbmerge.lineage.arrival import Arrival, Outcome
from nbmerge.lineage.heads import Heads
from nbmerge.lineage.judge import Save, Sequential, Stale, Unsure, VersionContent, judge
from nbmerge.lineage.versions import TOLD, Context, Git, Graph, Origin, Version, Writer
from nbmerge.notebook.model import Cell, Notebook
from nbmerge.service.cache import NotebookCache

SHORTLY = 900.0  # seconds for which a merge keeps saying that there are two writers


def shows_the_same(one: Notebook, two: Notebook) -> bool:
    """Whether two notebooks hold the same work: sources and outputs; counts and metadata aside."""
    return len(one.cells) == len(two.cells) and all(
        a is b or (a.key == b.key and a.plain_outputs == b.plain_outputs)
        for a, b in zip(one.cells, two.cells, strict=True)
    )


def was_seen(version: Version, heads: Heads) -> bool:
    """Whether an editor can have read it: not if it is a merge that has not reached the file."""
    if version.origin is Origin.MERGED:
        return version.number <= heads.head
    return version.origin is not Origin.UNREADABLE


def is_merge_of(head: Version, heads: Heads) -> bool:
    """Whether the head is the merge of the tips: nobody has saved on top of it."""
    return head.origin is Origin.MERGED and set(head.parents) == set(heads.tips)


def signs_of(versions: tuple[Version, ...], now: float) -> tuple[str, ...]:
    """What the history itself says about a second writer."""
    for version in reversed(versions):
        if now - version.time > SHORTLY:
            break
        if version.origin is Origin.MERGED:
            return ("two writers were merged not long ago",)
        if version.origin is Origin.COPY:
            return ("a sync tool left a conflict copy not long ago",)
        if version.writer.way == TOLD:
            return ("a program that takes part saved not long ago",)
    return ()


def style_of(notebook: Notebook) -> str:
    """How the notebook is spelled, in a few words: the closest known program, else its habits."""
    indent = notebook.style.layout.indent
    if any(isinstance(cell.value.get(cell.source_field), str) for cell in notebook.cells):
        return f"sources as one string, {_indented(indent)}"
    ends = notebook.style.tail.endswith("\n")
    if indent == " " and ends and notebook.style.layout.ascii is not True:
        return "Jupyter or VS Code"
    return f"{_indented(indent)}{'' if ends else ', no newline at the end'}"


def _indented(indent: str | None) -> str:
    match indent:
        case None:
            return "in one line"
        case "\t":
            return "indented with tabs"
    return f"indented by {len(indent)}"


OPENED = 5.0  # seconds that somebody needs to open a notebook that was just saved


@dataclass(frozen=True, slots=True, eq=False)
class Judging:
    """One save of a notebook that stands so."""

    heads: Heads
    graph: Graph
    save: Save
    situation: Context

    def arrival(self, head: VersionContent, older: Sequence[VersionContent]) -> Arrival:
        """What follows from the save; `older` are the versions that it may derive from besides the head."""
        verdict = judge(self.save, head, older, self.situation)
        if isinstance(verdict, Sequential) and len(self.heads.tips) > 1:
            verdict = self._reloaded(head, older) or verdict
        if isinstance(verdict, Stale):
            return self._taken_back(verdict, head, older) or arrivals.judged(self.heads, verdict)
        return arrivals.judged(self.heads, verdict)

    def _reloaded(self, head: VersionContent, older: Sequence[VersionContent]) -> Stale | None:
        """An earlier merge shows much of what this one does: whoever had that before them saw no more."""
        merges = [shown for shown in older if shown.version.origin is Origin.MERGED]
        verdict = judge(self.save, head, merges, self.situation) if merges else None
        return verdict if isinstance(verdict, Stale) else None

    def _taken_back(
        self, verdict: Stale, head: VersionContent, older: Sequence[VersionContent]
    ) -> Arrival | None:
        """An editor that takes something back goes on from its tip, unless it lacks all that this brought.

        If it does, it may be another editor, but hardly where nobody else had time to open that version.
        """
        owner = arrivals.owner(self.heads, self.graph, verdict.base)
        tip = next((shown for shown in older if shown.version.number == owner), None)
        base = next((shown for shown in older if shown.version.number == verdict.base), None)
        if tip is None or base is None:
            return None
        again = judge(self.save, tip, [base], self.situation)
        if isinstance(again, Stale) and _stood(base, (*older, head)) < OPENED:
            again = Unsure(again.base, again.evidence)
        return arrivals.judged(self.heads, again, owner)


def _stood(one: VersionContent, others: Sequence[VersionContent]) -> float:
    """For how many seconds the file held a version."""
    later = [other.version for other in others if other.version.number > one.version.number]
    return min((version.time for version in later), default=float("inf")) - one.version.time


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

    action: Outcome
    version: Version | None
    base: int | None
    why: str


@dataclass(frozen=True, slots=True)
class Taker:
    """Takes the saves of all notebooks of one store."""

    store: Store
    cache: NotebookCache

    def take(self, notebook_id: int, saved: Saved, situation: Context = Context()) -> Taken:
        """Record a save.  Raises NotebookError if it is no notebook: nothing is recorded then."""
        name = digest(saved.data)
        heads = self.store.heads(notebook_id)
        if heads is None:
            return self._first(notebook_id, saved, name)
        if saved.in_file and self._is_held(notebook_id, heads, name):
            return Taken(Outcome.SAME, None, heads.head, "the same bytes")
        head = self.cache.readable(notebook_id, heads.head)
        notebook = self.cache.put(name, saved.data, head.cells if head is not None else ())
        saved = replace(saved, writer=replace(saved.writer, style=style_of(notebook)))
        arrival = self._arrival(notebook_id, heads, saved, notebook, situation)
        return self.record(notebook_id, heads, saved, arrival)

    def knows(self, notebook_id: int, data: bytes) -> bool:
        """Whether these bytes are a version already."""
        return self.store.find(notebook_id, digest(data)) is not None

    def replace_all(self, notebook_id: int, saved: Saved, why: str) -> Taken:
        """Record a version that was made in sight of everything, and closes all tips."""
        heads = self.store.heads(notebook_id)
        if heads is None:
            return self._first(notebook_id, saved, digest(saved.data))
        return self.record(notebook_id, heads, saved, arrivals.seen_all(heads, why))

    def keep_unreadable(self, notebook_id: int, saved: Saved) -> Version:
        """Keep bytes that are no notebook, for `show` and `fix`; where the notebook stands is as before."""
        found = self.store.find(notebook_id, digest(saved.data))
        if found is not None:
            return found
        heads = self.store.heads(notebook_id)
        parents = () if heads is None else (heads.head,)
        return self.store.record(
            notebook_id, saved.data, Draft(saved.time, Origin.UNREADABLE, parents, saved.writer)
        )

    def _first(self, notebook_id: int, saved: Saved, name: str) -> Taken:
        style = style_of(self.cache.put(name, saved.data))
        origin = Origin.FIRST if saved.origin is Origin.SAVED else saved.origin
        draft = Draft(saved.time, origin, (), replace(saved.writer, style=style), "")
        version = self.store.record(
            notebook_id, saved.data, draft, lambda new: Heads(new.number, (new.number,))
        )
        return Taken(Outcome.FIRST, version, None, "the first version seen")

    def _is_held(self, notebook_id: int, heads: Heads, name: str) -> bool:
        """Whether the file is known to hold these bytes; also a write of ours that was cut short."""
        if self.store.version(notebook_id, heads.head).digest == name:
            return True
        found = self.store.find(notebook_id, name)
        if found is None or found.origin is not Origin.MERGED or found.number < heads.head:
            return False
        if found.number in self.store.graph(notebook_id).united(heads.tips):
            return False
        self.store.set_heads(notebook_id, heads.with_head(found.number))
        return True

    def _arrival(
        self, notebook_id: int, heads: Heads, saved: Saved, notebook: Notebook, situation: Context
    ) -> Arrival:
        if situation.git is not Git.NONE:
            at_work = situation.git is Git.WORKING
            why = "git is at work" if at_work else "git put it there"
            return arrivals.seen_all(heads, why, Outcome.ACCEPT if at_work else Outcome.RESTORE)
        if situation.told is not None:
            return arrivals.told(heads, situation.told)
        versions = self.candidates(notebook_id, heads)
        head = self._shown(notebook_id, _numbered(versions, heads.head), notebook.cells)
        older = self.older(notebook_id, versions, heads, notebook.cells)
        for shown in reversed(older):
            if shown.notebook is notebook or (shown.living and shows_the_same(shown.notebook, notebook)):
                written = is_merge_of(_numbered(versions, heads.head), heads)
                return arrivals.returned(heads, self.store.graph(notebook_id), shown.version.number, written)
        if head is None:
            return Arrival(Outcome.ACCEPT, (heads.head,), heads.head, "what it followed is no notebook")
        situation = replace(situation, signs=(*situation.signs, *signs_of(versions, saved.time)))
        save = Save(notebook, saved.time, saved.writer)
        return Judging(heads, self.store.graph(notebook_id), save, situation).arrival(head, older)

    def candidates(self, notebook_id: int, heads: Heads) -> tuple[Version, ...]:
        """The head, the latest versions, and those that a save may derive from however old, ascending."""
        latest = self.store.versions(notebook_id, last=2 * CANDIDATES)
        found = {version.number: version for version in latest}
        for number in (heads.head, *self._wanted(notebook_id, heads)):
            if number not in found:
                found[number] = self.store.version(notebook_id, number)
        return tuple(found[number] for number in sorted(found))

    def _wanted(self, notebook_id: int, heads: Heads) -> set[int]:
        """Tips, open tips, and what several tips come from: somebody may have had it open ever since."""
        wanted = {*heads.tips, *(tip.version for tip in heads.open)}
        if len(heads.tips) > 1:
            graph = self.store.graph(notebook_id)
            for one, other in combinations(heads.tips, 2):
                wanted.update(graph.commons((one,), other))
        return wanted

    def older(
        self,
        notebook_id: int,
        versions: tuple[Version, ...],
        heads: Heads,
        known: tuple[Cell, ...],
    ) -> list[VersionContent]:
        """What a save may derive from besides the head; newest last."""
        wanted = self._wanted(notebook_id, heads)
        several = len(heads.tips) > 1
        found: list[VersionContent] = []
        names = {_numbered(versions, heads.head).digest}
        room = COMPARED
        recent = 0
        for version in reversed(versions):
            is_recent = recent < CANDIDATES and (room > 0 or recent < 1)
            if version.digest in names or not was_seen(version, heads):
                continue
            if not (version.number in wanted or is_recent):
                continue
            names.add(version.digest)
            room -= version.size
            recent += 1
            living = several and version.number in heads.tips
            shown = self._shown(notebook_id, version, known, living)
            if shown is not None:
                found.append(shown)
        return found[::-1]

    def _shown(
        self, notebook_id: int, version: Version, known: tuple[Cell, ...], living: bool = False
    ) -> VersionContent | None:
        notebook = self.cache.readable(notebook_id, version.number, known)
        return None if notebook is None else VersionContent(version, notebook, living)

    def record(self, notebook_id: int, heads: Heads, saved: Saved, arrival: Arrival) -> Taken:
        """Add the version that a save becomes, and let the notebook stand where it leaves it."""
        with self.store.together():
            return self._recorded(notebook_id, heads, saved, arrival)

    def _recorded(self, notebook_id: int, heads: Heads, saved: Saved, arrival: Arrival) -> Taken:
        graph = self.store.graph(notebook_id)
        if arrival.action is Outcome.MERGE and arrival.base is not None:
            heads, graph = self._settled(notebook_id, heads, graph, arrival.base)

        def after(new: Version) -> Heads:
            grown = Graph({**graph.parents, new.number: arrival.parents})
            stands = arrivals.stand(heads, grown, new.number, arrival, saved.time)
            return stands.with_head(new.number) if saved.in_file else stands

        draft = Draft(saved.time, saved.origin, arrival.parents, saved.writer, arrival.why)
        version = self.store.record(notebook_id, saved.data, draft, after)
        return Taken(arrival.action, version, arrival.base, arrival.why)

    def _settled(self, notebook_id: int, heads: Heads, graph: Graph, base: int) -> tuple[Heads, Graph]:
        """Settle the doubts that go away when somebody goes on from `base`.

        A save that did not follow what it replaced goes on from something else, which may settle others.
        """
        bases = [base]
        while bases:
            revision = arrivals.settles(heads, bases[-1], graph)
            if revision is None:
                bases.pop()
                continue
            bases.extend(revision.parents)
            self.store.reparent(notebook_id, revision.number, revision.parents)
            overwritten = self.store.version(notebook_id, revision.overwritten)
            back = overwritten.parents if overwritten.origin is Origin.MERGED else (overwritten.number,)
            graph = self.store.graph(notebook_id)
            tips = graph.youngest((*back, *heads.tips))
            still = tuple(tip for tip in heads.open if tip.version != overwritten.number)
            heads = replace(heads, tips=tips, open=still)
        return heads, graph


def _numbered(versions: tuple[Version, ...], number: int) -> Version:
    return next(version for version in reversed(versions) if version.number == number)
