"""Owns: recording saves: as which version, with which lineage, and where that leaves the notebook.

Must not know: the disk, the clock, when to merge.  Invariant: a save is in the store, with its lineage,
before anything follows from it, in one transaction; bytes that are no notebook are kept too, and change
nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeAlias

from nbmerge.errors import NotebookError, UsageError
from nbmerge.files import digest
from nbmerge.history.store import Store
from nbmerge.history.values import Draft
from nbmerge.lineage import derivation as derivations
from nbmerge.lineage import heads as algebra
from nbmerge.lineage.derivation import Candidates
from nbmerge.lineage.heads import Derivation, Heads, HeadsChange, OpenTip, Outcome
from nbmerge.lineage.judge import Save, VersionContent
from nbmerge.lineage.versions import DECLARED, Context, Git, Origin, Version, Writer
from nbmerge.notebook.model import Cell, Notebook
from nbmerge.observe.events import FileStamp, WallTime
from nbmerge.service.cache import NotebookCache, same_notebook
from nbmerge.service.claims import put_right
from nbmerge.service.dropped import drops_of
from nbmerge.service.judging import NOT_JUDGED, READ, Judging

COMPARED = 12  # how many recent versions a save may derive from, besides tips
JUDGED = 8  # of so many saves of a notebook in a row each is judged; of more, only the last

FindBase: TypeAlias = Callable[[Callable[[str], Sequence[Version]]], Version | None]


@dataclass(frozen=True, slots=True)
class Saved:
    """The bytes of a save and what is known of it; `in_file`: the path holds them now; `name`: the digest of
    the bytes, once it is known."""

    data: bytes
    time: float
    writer: Writer = Writer()
    origin: Origin = Origin.SAVED
    in_file: bool = True
    name: str = ""

    @property
    def digest(self) -> str:
        """The name of the bytes."""
        return self.name or digest(self.data)


def found_in_file(
    data: bytes, at: WallTime, way: str, stamp: FileStamp | None, *, in_file: bool = True
) -> Saved:
    """What a file held, and what the way in which it got there tells of its writer."""
    owner = None if stamp is None else stamp.owner
    return Saved(data, at, Writer(way=way, owner=owner), in_file=in_file)


@dataclass(frozen=True, slots=True)
class DeclaredSave:
    """A save whose writer says what it was made from.

    `notebook` is what the bytes of `content` spell; `base` finds the version that is meant, given what
    finds those that are kept by how their digests begin, and `token` is how the writer named it: by what
    it was told, or by the `save_id` of a save whose answer it did not get.
    """

    path: str
    content: bytes
    notebook: Notebook
    base: FindBase
    token: str
    writer: str = ""
    save_id: str = ""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of a save; `version` is None where nothing had to be recorded.

    `told`: people are to be told, though nothing is open.
    """

    outcome: Outcome
    version: Version | None
    base: int | None
    why: str
    told: bool = False


@dataclass(frozen=True, slots=True)
class Recorder:
    """Records the saves of all notebooks of one store."""

    store: Store
    cache: NotebookCache
    judging: Judging = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "judging", Judging(self.store, self.cache))

    def record_save(self, notebook_id: int, saved: Saved, context: Context = Context()) -> Recorded:
        """Record a save.  Raises NotebookError if it is no notebook: nothing is recorded then."""
        saved = replace(saved, name=saved.digest)
        heads = self.store.heads(notebook_id)
        if heads is None:
            return self._first(notebook_id, saved)
        if saved.in_file and self._is_held(notebook_id, heads, saved.name):
            return Recorded(Outcome.SAME, None, heads.head, "the same bytes")
        head = self.cache.readable(notebook_id, heads.head)
        notebook = self.cache.put(saved.name, saved.data, head.cells if head is not None else ())
        saved = replace(saved, writer=replace(saved.writer, style=derivations.style_of(notebook)))
        derivation = derivations.certain(heads, context)
        if derivation is not None:
            return self.add(notebook_id, saved, derivation)
        beside_others = context.busy or not saved.in_file or len(heads.tips) > 1
        beside_others = beside_others or context.git is Git.WAITING
        if head is None or beside_others or self._is_shared(notebook_id, saved.time):
            return self._judged_alone(notebook_id, saved, heads, context)
        return self._judged_together(notebook_id, saved, heads)

    def _is_shared(self, notebook_id: int, now: float) -> bool:
        """Whether the history itself says that somebody else is there, but for merges: what those were
        judged by is judged anew."""
        latest = self.store.versions(notebook_id, last=2 * COMPARED)
        return bool(
            derivations.second_writer([one for one in latest if one.origin is not Origin.MERGED], now)
        )

    def _judged_alone(self, notebook_id: int, saved: Saved, heads: Heads, context: Context) -> Recorded:
        """Record a save that is judged by its content and the versions before it."""
        notebook = self.cache.put(saved.digest, saved.data)
        save = Save(notebook, saved.time, saved.writer)
        derivation = self.candidates(notebook_id, heads, notebook.cells).derivation(save, context)
        drops = drops_of(self.store, self.cache, notebook_id, save, derivation)
        return self.add(notebook_id, saved, replace(derivation, drops=drops))

    def _judged_together(self, notebook_id: int, saved: Saved, heads: Heads) -> Recorded:
        """Record a save, and then what it turns out to be together with those before it."""
        with self.store.together():
            draft = Draft(saved.time, saved.origin, (heads.head,), saved.writer)
            version = self.store.record(notebook_id, saved.data, draft, name=saved.name)
            found = self.judging.judge(notebook_id, heads, version)
            change = HeadsChange(heads, self.store.graph(notebook_id))
            for number, parents in {**found.revised, version.number: found.parents}.items():
                change = change.reparented(number, parents)
            after = algebra.save_recorded(heads, change.graph, version.number, found, saved.time)
            after = replace(after, open=tuple(self._but_held(notebook_id, after, version.digest)))
            if saved.in_file:
                after = after.with_head(version.number)
            self.store.explain(notebook_id, version.number, found.why)
            self.apply(notebook_id, replace(change, heads=after))
        version = self.store.version(notebook_id, version.number)
        return Recorded(found.outcome, version, found.base, found.why)

    def _but_held(self, notebook_id: int, heads: Heads, digest: str) -> Iterator[OpenTip]:
        """The open tips but for one that a save holds to the byte: that is not lost."""
        return (tip for tip in heads.open if self.store.version(notebook_id, tip.version).digest != digest)

    def record_unseen(self, notebook_id: int, saved: Saved, context: Context = Context()) -> Recorded:
        """Record what is not in the file any more, or may be no notebook: such bytes are only kept.

        What is known brings nothing: it was recorded before, and then the confirmation failed.
        """
        if not saved.in_file and self.knows(notebook_id, saved.data):
            return Recorded(Outcome.SAME, None, None, "known, and no longer in the file")
        try:
            return self.record_save(notebook_id, saved, context)
        except NotebookError:
            kept = self.record_unreadable(notebook_id, saved)
            return Recorded(Outcome.SAME, kept, None, "is no notebook")

    def keep(self, notebook_id: int, saves: Iterable[Saved]) -> int:
        """Keep saves of which nobody can tell what they were made from; returns how many are new.

        They are no part of the notebook, but a later save may turn out to go on from one of them.
        """
        count = 0
        with self.store.together():
            for saved in saves:
                if not self.knows(notebook_id, saved.data):
                    self._kept(notebook_id, saved)
                    count += 1
        return count

    def _kept(self, notebook_id: int, saved: Saved) -> None:
        heads = self.store.heads(notebook_id)
        head = None if heads is None else self.cache.readable(notebook_id, heads.head)
        try:
            notebook = self.cache.put(digest(saved.data), saved.data, head.cells if head is not None else ())
        except NotebookError:
            self.record_unreadable(notebook_id, saved)
            return
        if heads is None:
            self._first(notebook_id, saved)
            return
        writer = replace(saved.writer, style=derivations.style_of(notebook))
        draft = Draft(saved.time, saved.origin, (heads.head,), writer, NOT_JUDGED)
        self.store.record(notebook_id, saved.data, draft)

    def record_unreadable(self, notebook_id: int, saved: Saved) -> Version:
        """Keep bytes that are no notebook, for `show` and `fix`; the heads stay as they are."""
        found = self.store.find(notebook_id, digest(saved.data))
        if found is not None:
            return found
        heads = self.store.heads(notebook_id)
        parents = () if heads is None else (heads.head,)
        draft = Draft(saved.time, Origin.UNREADABLE, parents, saved.writer)
        return self.store.record(notebook_id, saved.data, draft)

    def record_in_sight_of_all(self, notebook_id: int, saved: Saved, why: str) -> Version:
        """Record a version that was made in sight of everything, and closes all tips."""
        heads = self.store.heads(notebook_id)
        if heads is None:
            recorded = self._first(notebook_id, saved)
        else:
            recorded = self.add(notebook_id, saved, derivations.seen_all(heads, why))
        assert recorded.version is not None
        return recorded.version

    def record_declared(self, notebook_id: int, sent: DeclaredSave, now: float) -> Version:
        """The version that such a save is; what was recorded already is not recorded twice.

        A save that was recorded, and whose content went on while its answer was lost, is what it started
        from.  Raises UsageError if its base is not known here; it is kept as an open tip then.
        """
        if self.store.is_shared:  # else nothing is far away
            self.store.foresee(notebook_id, sent.save_id, [digest(sent.content), *_asked_for(sent.base)])
        known = self.store.sent(notebook_id, sent.save_id) if sent.save_id else None
        base = known or self.declared_base(notebook_id, sent.base, sent.token)
        if base is None:
            kept = self.keep_without_base(notebook_id, sent, now)
            raise UsageError(
                f"{sent.path}: the version {sent.token!r} is not known here, nothing was written; what you "
                f"sent is version {kept.number}: `recover` merges it, or open the notebook again"
            )
        with self.store.together():
            version = self._declared(notebook_id, sent, base, now)
            if sent.save_id and (known is None or known.number != version.number):
                self.store.note_sent(notebook_id, sent.save_id, version.number)
        return version

    def declared_base(self, notebook_id: int, base: FindBase, token: str) -> Version | None:
        """The version that a writer says it started from, if it is kept; see `DeclaredSave`."""
        return base(partial(self.store.beginning, notebook_id)) or self.store.sent(notebook_id, token)

    def _declared(self, notebook_id: int, sent: DeclaredSave, base: Version, now: float) -> Version:
        name = digest(sent.content)
        if base.digest == name or same_notebook(self.cache.version(notebook_id, base.number), sent.notebook):
            return base  # how a writer spells JSON is not what a save is about
        for version in self.store.beginning(notebook_id, name):
            if version.parents == (base.number,):
                return version
        head = self.store.version(notebook_id, self.heads(notebook_id).head)
        if head.digest == name and self._is_untold(head, base):
            return put_right(self, notebook_id, head, base, sent.writer)
        writer = Writer(way=DECLARED, name=sent.writer)
        saved = Saved(sent.content, now, writer, in_file=False)
        recorded = self.record_save(notebook_id, saved, Context(declared_base=base.number)).version
        assert recorded is not None
        return recorded

    def record_respelled(self, notebook_id: int, sent: DeclaredSave, held: Version, now: float) -> Version:
        """The version that differs from what the file holds only in how its writer spells JSON."""
        writer = Writer(way=DECLARED, name=sent.writer)
        saved = Saved(sent.content, now, writer, in_file=False)
        same = derivations.respelled(self.heads(notebook_id), held.number)
        recorded = self.add(notebook_id, saved, same).version
        assert recorded is not None
        return recorded

    def taken_in(self, notebook_id: int, merge: Version) -> None:
        """A writer that takes part is given a merge and goes on from it, and so does the notebook.

        Not where a side is of an editor that may not have seen it: its next save replaces that side.
        """
        heads, graph = self.heads(notebook_id), self.store.graph(notebook_id)
        tips = (self.store.version(notebook_id, tip) for tip in heads.tips)
        if all(tip.writer.way == DECLARED or tip.origin is Origin.MERGED for tip in tips):
            change = HeadsChange(heads, graph).made_of((*heads.tips, merge.number))
            self.store.set_heads(notebook_id, change.heads)

    def knows(self, notebook_id: int, data: bytes) -> bool:
        """Whether these bytes are a version already."""
        return self.store.find(notebook_id, digest(data)) is not None

    def heads(self, notebook_id: int) -> Heads:
        """The heads of a notebook of which at least one version is known."""
        heads = self.store.heads(notebook_id)
        assert heads is not None
        return heads

    def is_due(self, notebook_id: int) -> bool:
        """Whether the file lacks something; not if nothing is known of the notebook."""
        heads = self.store.heads(notebook_id)
        return heads is not None and algebra.is_due(heads, self.store.graph(notebook_id))

    def reopen(self, notebook_id: int) -> bool:
        """All open tips are part of the notebook again; False if there are none."""
        heads = self.heads(notebook_id)
        if not heads.open:
            return False
        merges = self._open_merges(notebook_id, heads)
        self.apply(notebook_id, algebra.tips_reopened(heads, self.store.graph(notebook_id), merges))
        return True

    def apply(self, notebook_id: int, change: HeadsChange) -> None:
        """Note down what turned out about versions, and what the notebook is made of now."""
        with self.store.together():
            for number, parents in change.parents.items():
                self.store.reparent(notebook_id, number, parents)
            self.store.set_heads(notebook_id, change.heads)

    def add(self, notebook_id: int, saved: Saved, derivation: Derivation) -> Recorded:
        """Add the version that a save becomes, and what follows from it for the notebook."""
        with self.store.together():
            change = HeadsChange(self.heads(notebook_id), self.store.graph(notebook_id))
            if derivation.outcome is Outcome.MERGE and derivation.base is not None:
                merges = self._open_merges(notebook_id, change.heads)
                change = algebra.doubts_settled(change.heads, change.graph, derivation.base, merges)
                if change.parents:
                    self.apply(notebook_id, change)

            def after(new: Version) -> Heads:
                graph = change.graph.with_parents({new.number: derivation.parents})
                heads = algebra.save_recorded(change.heads, graph, new.number, derivation, saved.time)
                return heads.with_head(new.number) if saved.in_file else heads

            draft = Draft(saved.time, saved.origin, derivation.parents, saved.writer, derivation.why)
            version = self.store.record(notebook_id, saved.data, draft, after, saved.name)
        return Recorded(derivation.outcome, version, derivation.base, derivation.why, derivation.told)

    def candidates(self, notebook_id: int, heads: Heads, known: tuple[Cell, ...]) -> Candidates:
        """What a save may derive from; `known` are cells that it may share."""
        graph = self.store.graph(notebook_id)
        wanted = derivations.possible_bases(heads, graph)
        versions = self._versions(notebook_id, {heads.head, *wanted})
        head = next(version for version in versions if version.number == heads.head)
        content = self._content(notebook_id, head, known)
        older = list(self._older(notebook_id, heads, versions, wanted, known))
        return Candidates(heads, graph, content, older[::-1], versions)

    def _versions(self, notebook_id: int, numbers: Collection[int]) -> list[Version]:
        """The latest versions, and those of these numbers however old, ascending."""
        found = {version.number: version for version in self.store.versions(notebook_id, last=2 * COMPARED)}
        for number in numbers:
            if number not in found:
                found[number] = self.store.version(notebook_id, number)
        return [found[number] for number in sorted(found)]

    def _older(
        self,
        notebook_id: int,
        heads: Heads,
        versions: Sequence[Version],
        wanted: Collection[int],
        known: tuple[Cell, ...],
    ) -> Iterator[VersionContent]:
        """What a save may derive from besides the head, newest first: no content twice."""
        seen = {version.digest for version in versions if version.number == heads.head}
        room, recent = READ, 0
        for version in reversed(versions):
            is_recent = recent < COMPARED and (room > 0 or recent < 1)
            if version.digest in seen or not derivations.was_seen(version, heads):
                continue
            if not (version.number in wanted or is_recent):
                continue
            seen.add(version.digest)
            room -= version.size
            recent += 1
            content = self._content(notebook_id, version, known)
            if content is not None:
                living = len(heads.tips) > 1 and version.number in heads.tips
                yield replace(
                    content, living=living, pause=self._pause(notebook_id, version) if living else None
                )

    def _pause(self, notebook_id: int, version: Version) -> float | None:
        """The seconds between a save and the last one of its writer that it goes on from."""
        before = (self.store.version(notebook_id, number) for number in version.parents)
        mine = (one for one in before if one.origin in (Origin.FIRST, Origin.SAVED))
        return min(
            (version.time - one.time for one in mine if not one.writer.differs(version.writer)), default=None
        )

    def _content(self, notebook_id: int, version: Version, known: tuple[Cell, ...]) -> VersionContent | None:
        notebook = self.cache.readable(notebook_id, version.number, known)
        return None if notebook is None else VersionContent(version, notebook)

    def _first(self, notebook_id: int, saved: Saved) -> Recorded:
        style = derivations.style_of(self.cache.put(digest(saved.data), saved.data))
        origin = Origin.FIRST if saved.origin is Origin.SAVED else saved.origin
        draft = Draft(saved.time, origin, (), replace(saved.writer, style=style))
        version = self.store.record(notebook_id, saved.data, draft, lambda new: algebra.first(new.number))
        return Recorded(Outcome.FIRST, version, None, "the first version seen")

    def _is_held(self, notebook_id: int, heads: Heads, name: str) -> bool:
        """Whether the file is known to hold these bytes; also a write of ours that was cut short."""
        if self.store.version(notebook_id, heads.head).digest == name:
            return True
        found = self.store.find(notebook_id, name)
        if found is None or found.origin is not Origin.MERGED or found.number < heads.head:
            return False
        graph = self.store.graph(notebook_id)
        if any(graph.descends(tip, found.number) for tip in heads.tips):
            return False
        self.store.set_heads(notebook_id, heads.with_head(found.number))
        return True

    def record_written(
        self, notebook_id: int, sent: DeclaredSave, base: Version, now: float, *, in_file: bool
    ) -> Version:
        """The version that a save is which its writer has written, and tells now what it was made from.

        `in_file`: the file holds it, or held it just now and what it holds now is not recorded yet.
        """
        name = digest(sent.content)
        equal = self.store.beginning(notebook_id, name)
        for version in reversed(equal):
            if self._is_untold(version, base):
                return put_right(self, notebook_id, version, base, sent.writer)
            if version.parents == (base.number,):
                return version
        if equal and not in_file and base.digest == name:
            return base
        saved = Saved(sent.content, now, Writer(way=DECLARED, name=sent.writer), in_file=in_file)
        recorded = self.record_save(notebook_id, saved, Context(declared_base=base.number)).version
        return recorded or self.store.version(notebook_id, self.heads(notebook_id).head)

    @staticmethod
    def _is_untold(version: Version, base: Version) -> bool:
        """Whether it was guessed what a version was made from, which may be `base`."""
        is_save = version.origin is Origin.SAVED and version.writer.way != DECLARED
        return is_save and version.number > base.number

    def keep_without_base(self, notebook_id: int, sent: DeclaredSave, now: float) -> Version:
        """Keep a save of which nobody knows what it was made from, as an open tip."""
        found = self.store.find(notebook_id, digest(sent.content))
        if found is not None:
            return found
        heads = self.heads(notebook_id)
        base = derivations.nearest(
            sent.notebook, self.candidates(notebook_id, heads, sent.notebook.cells).older
        )
        parents = () if base is None else (base,)
        why = "its writer started from a version that is not known here; this is the nearest"
        draft = Draft(now, Origin.SAVED, parents, Writer(way=DECLARED, name=sent.writer), why)
        return self.store.record(
            notebook_id, sent.content, draft, lambda new: algebra.left_open(heads, new.number, now)
        )

    def _open_merges(self, notebook_id: int, heads: Heads) -> set[int]:
        """Which of the open tips are merges."""
        return self.merges_among(notebook_id, (tip.version for tip in heads.open))

    def merges_among(self, notebook_id: int, numbers: Iterable[int]) -> set[int]:
        """Which of these versions are merges."""
        return {one for one in numbers if self.store.version(notebook_id, one).origin is Origin.MERGED}


def _asked_for(base: FindBase) -> list[str]:
    """The beginnings of digests by which a base is looked for."""
    asked: list[str] = []

    def beginning(digits: str) -> tuple[Version, ...]:
        asked.append(digits)
        return ()

    base(beginning)
    return asked
