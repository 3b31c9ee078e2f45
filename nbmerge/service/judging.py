"""Owns: the judgement of saves of which nobody says what they were made from, with the store's versions.

Must not know: the disk, what is printed.  Invariant: what is thought of a notebook follows from its versions
alone; it is kept between saves only because thinking it anew costs time, and is thought anew after a restart.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from nbmerge.errors import NbmergeError
from nbmerge.files import digest
from nbmerge.history.store import Store
from nbmerge.lineage import writers
from nbmerge.lineage.choice import BUSY, QUIET, Action, Boldness, Choosing, Verdict
from nbmerge.lineage.contents import ComparedVersions, Content
from nbmerge.lineage.derivation import was_seen
from nbmerge.lineage.editing import Edit, edit
from nbmerge.lineage.evidence import Trial
from nbmerge.lineage.heads import Derivation, Heads, Outcome
from nbmerge.lineage.judge import Save, Sequential, Stale, VersionContent, in_words, judge
from nbmerge.lineage.versions import DECLARED, Context, Graph, Origin, Version
from nbmerge.lineage.writers import Explanation, Facts
from nbmerge.service.cache import NotebookCache
from nbmerge.service.tips import merge_tips

NOT_JUDGED = "one of many saves that followed each other too fast to be judged: only kept"
READ = 64_000_000  # bytes of versions that are compared with a save
_REBUILT = 12  # versions that are thought through after a restart
_KEPT = 6_000_000  # bytes of versions, as files spell them, that thoughts hold between saves
# Bytes of comparisons that are held between saves; those of the latest notebook may take four times that.
_COMPARISONS = 12_000_000
_COMPARED = 12  # versions with which a save is compared alone
# How much the verdict on the save alone counts, in nats: that it is stale, or made from the head.
_STALE, _SEEN = 3.0, 0.3
_UNDONE = 4  # versions that somebody undoes in one go
_KNOWN = 0.8  # likelihood of two writers that makes a notebook busy


@dataclass(slots=True)
class _Thoughts:
    """What is thought of one notebook: the versions that were taken in, and the explanations of them;
    `named` are those that people were told of because they may be lost, `alone` those that were not judged
    here, and `put_back` those that no editor wrote."""

    contents: ComparedVersions = field(default_factory=ComparedVersions)
    versions: dict[int, Version] = field(default_factory=dict)
    explanations: tuple[Explanation, ...] = ()
    named: set[int] = field(default_factory=set)
    alone: set[int] = field(default_factory=set)
    put_back: set[int] = field(default_factory=set)

    @property
    def last(self) -> int:
        """The newest version that was taken in, 0 if none was."""
        return max(self.versions, default=0)

    def were_wrong(self, version: Version) -> bool:
        """Whether its writer has told since what a version was made from."""
        thought = self.versions.get(version.number)
        return thought is not None and version.writer.way == DECLARED != thought.writer.way

    @property
    def size(self) -> int:
        """How many bytes the versions have that are held."""
        return sum(self.versions[number].size for number in self.contents if number in self.versions)

    @property
    def meant(self) -> frozenset[int]:
        """Versions that a command put there: whoever gave it saw everything."""
        return frozenset(n for n, one in self.versions.items() if one.origin is Origin.RESTORED)

    @property
    def passing(self) -> frozenset[int]:
        """Saves that only stood in the file until a merge took their place."""
        merges = (one for one in self.versions.values() if one.origin is Origin.MERGED)
        return frozenset(merge.number - 1 for merge in merges) & self.versions.keys()

    def is_put_back(self, save: Version) -> bool:
        """Whether a save is an older version to the byte, and written in another way than that was: a sync
        tool or a backup put it there, and not an editor that has it open.

        Of a version that was there when the watching began no way is known: then in a way of no editor.
        """
        others = [one for one in self.versions.values() if one is not save]
        same = [one for one in others if one.digest == save.digest]
        if not save.writer.way or not same:
            return False
        editors = (one for one in others if one.number not in self.put_back)
        ways = {one.writer.way for one in same} - {""} or {one.writer.way for one in editors}
        return save.writer.way not in ways

    def sides_of(self, number: int) -> tuple[int, ...]:
        """A version, and what it was merged from: who was told of a merge was told of its sides."""
        one = self.versions.get(number)
        return (number, *(one.parents if one is not None and one.origin is Origin.MERGED else ()))

    def may_not_be_meant(self, save: int, held: int) -> bool:
        """Whether an older version is back and drops more than a line: nothing tells an undo from an old
        page that is saved unchanged.  If that was itself an older one, nothing new is dropped."""
        if not self.is_old(save) or self.is_old(held):
            return False
        return self.contents.delta(save, held).less.total() > 1

    def undoes_order(self, save: int, held: int) -> bool:
        """Whether cells that were moved are back where they were: nothing that is lost tells it."""
        if held not in self.contents:
            return False
        before = max((one for one in self.contents if one < held), default=held)
        trial = Trial(self.contents[save].notebook, self.contents[held].notebook)
        return before != held and trial.weigh(self.contents[before].notebook).undoes_order

    def is_old(self, number: int) -> bool:
        """Whether a version holds just what an older one does."""
        return number in self.contents and any(True for _ in self.contents.earlier_alike(number))

    def keep_only(self, numbers: Iterable[int]) -> None:
        """Forget the contents of all other versions."""
        last = self.last
        self.contents.keep_only(numbers)
        held = frozenset(self.contents)
        self.versions = {n: version for n, version in self.versions.items() if n in held or n == last}
        self.explanations = tuple(one.within(held) for one in self.explanations)


@dataclass(slots=True)
class Judging:
    """Judges the saves of all notebooks of one store."""

    store: Store
    cache: NotebookCache
    _thoughts: OrderedDict[int, _Thoughts] = field(default_factory=OrderedDict)

    def judge(self, notebook_id: int, heads: Heads, save: Version) -> Derivation:
        """What a save that is recorded already derives from, and what follows; `heads` are those before.

        It is of a notebook of which nothing outside its versions says that somebody else writes to it.
        """
        thoughts = self._up_to(notebook_id, heads, save.number)
        self._forget(thoughts, heads)
        sides = writers.sides(thoughts.explanations)
        self._take_in(notebook_id, thoughts, save, heads.head)
        thoughts.named |= {one for tip in heads.open for one in thoughts.sides_of(tip.version)}
        verdict = Choosing(
            thoughts.contents,
            thoughts.explanations,
            save.number,
            heads.head,
            _Merging(self, notebook_id, thoughts, heads.head, self.store.graph(notebook_id)),
            thoughts.named,
            self._boldness(thoughts, sides),
            thoughts.meant,
        ).choose()
        if verdict.action is Action.ACCEPT and (
            thoughts.may_not_be_meant(save.number, heads.head)
            or thoughts.undoes_order(save.number, heads.head)
        ):
            verdict = replace(verdict, action=Action.NAME, named=(heads.head,))
        thoughts.named |= set(verdict.named)
        self._let_go(thoughts)
        revised = self._revised(notebook_id, thoughts, verdict, save.number)
        return _derivation(thoughts, heads, save, verdict, revised)

    @staticmethod
    def _boldness(thoughts: _Thoughts, sides: float) -> Boldness:
        return BUSY if max(sides, writers.other_hands(thoughts.explanations)) > _KNOWN else QUIET

    def _revised(
        self, notebook_id: int, thoughts: _Thoughts, verdict: Verdict, save: int
    ) -> Mapping[int, tuple[int, ...]]:
        """The versions of which an explanation says something else than is stored; but a version that the
        notebook would no longer come from, and that is neither merged nor named, stays where it stands."""
        one = verdict.explanation
        if one is None:
            return {}
        stored = self.store.graph(notebook_id).parents
        ends = (*verdict.tips, *verdict.named, *verdict.superseded)

        def is_kept(number: int) -> bool:
            version = thoughts.versions.get(number)
            if version is not None and version.origin is Origin.MERGED:
                return all(map(is_kept, version.parents))
            return any(one.descends(end, number) for end in ends)

        return {
            number: bases
            for number, bases in one.bases.items()
            if number != save
            and not set(bases) <= set(stored.get(number, bases))
            and all(map(is_kept, stored.get(number, ())))
        }

    # What is known of the versions before.

    def _up_to(self, notebook_id: int, heads: Heads, number: int) -> _Thoughts:
        """What is thought of the versions before one."""
        before = [
            one for one in self.store.versions(notebook_id, last=writers.WINDOW + 1) if one.number < number
        ]
        thoughts = self._thoughts.pop(notebook_id, None)
        if thoughts is not None and any(map(thoughts.were_wrong, before)):
            thoughts = None
        doubted = {tip.by for tip in heads.open}
        anchors = {heads.head, *heads.tips, *(tip.version for tip in heads.open)}
        if thoughts is None or thoughts.last not in {version.number for version in before}:
            thoughts, before = _Thoughts(), before[-_REBUILT:]
            old = (one for one in anchors if before and one < before[0].number)
            before = [*(self.store.version(notebook_id, one) for one in sorted(old)), *before]
        self._thoughts[notebook_id] = thoughts
        held = thoughts.last
        for version in before:
            if version.number > thoughts.last:
                if version.number not in doubted:
                    thoughts.alone.add(version.number)
                self._take_in(notebook_id, thoughts, version, held)
                held = version.number if version.number in thoughts.contents else held
        for wanted in anchors:
            self._hold(notebook_id, thoughts, wanted)
        return thoughts

    def _hold(self, notebook_id: int, thoughts: _Thoughts, number: int) -> bool:
        """Whether a version's content is known then."""
        if number in thoughts.contents:
            return True
        notebook = self.cache.readable(notebook_id, number, self.cache.latest)
        if notebook is None:
            return False
        thoughts.contents.add(number, notebook)
        thoughts.versions.setdefault(number, self.store.version(notebook_id, number))
        return True

    def _take_in(self, notebook_id: int, thoughts: _Thoughts, version: Version, held: int) -> None:
        """Think through one more version, which took the place of `held`."""
        number, before = version.number, thoughts.explanations
        thoughts.versions[number] = version
        if version.origin is Origin.UNREADABLE or not self._hold(notebook_id, thoughts, number):
            return
        if not before:
            thoughts.explanations = writers.first(number, version.writer)
        elif version.origin is Origin.MERGED or version.why == NOT_JUDGED:
            thoughts.explanations = tuple(one.with_version(number, version.parents) for one in before)
        elif thoughts.is_put_back(version):
            thoughts.put_back.add(number)
            thoughts.explanations = tuple(one.certain(number, (held,)) for one in before)
        elif version.origin is not Origin.SAVED or version.writer.way == DECLARED:
            thoughts.explanations = tuple(one.certain(number, version.parents) for one in before)
        else:
            facts = _facts(thoughts, version, held)
            decided = version.parents if number in thoughts.alone else ()
            thoughts.explanations = writers.explained(before, facts, decided) or tuple(
                one.certain(number, version.parents) for one in before
            )

    def _let_go(self, latest: _Thoughts) -> None:
        """Forget the thoughts that were used longest ago, until the rest is small; of the latest, if it is
        large itself, what can be found anew."""
        if latest.size > _KEPT:
            latest.contents.let_go()
        while len(self._thoughts) > 1 and sum(one.size for one in self._thoughts.values()) > _KEPT:
            self._thoughts.popitem(last=False)
        self._forget_comparisons(latest)

    def _forget_comparisons(self, latest: _Thoughts) -> None:
        """What the versions of some twenty small notebooks have in common takes more than all else here:
        where it is much, those that were saved longest ago are compared anew at their next save."""
        held = sum(one.contents.compared for one in self._thoughts.values())
        for one in list(self._thoughts.values()):
            if held <= (_COMPARISONS if one is not latest else 4 * _COMPARISONS):
                break
            held -= one.contents.compared
            one.contents.forget_comparisons()

    def _forget(self, thoughts: _Thoughts, heads: Heads) -> None:
        """Forget what is too old to matter."""
        kept = {heads.head, *heads.tips, *(tip.version for tip in heads.open)}
        room = READ
        for number in sorted(thoughts.versions, reverse=True)[: writers.WINDOW]:
            version = thoughts.versions[number]
            if room > 0 and was_seen(version, heads):
                kept.add(number)
                room -= version.size
        thoughts.keep_only(kept)


@dataclass(frozen=True, slots=True)
class _Merging:
    """Merges tips as an explanation sees them."""

    judging: Judging
    notebook_id: int
    thoughts: _Thoughts
    head: int
    graph: Graph

    def __call__(self, one: Explanation, tips: tuple[int, ...]) -> Content | None:
        """What they make together; None if it cannot be made."""
        if len(tips) == 1:
            return self.thoughts.contents[tips[0]]
        store, known = self.judging.store, self.judging.cache
        heads, graph = Heads(self.head, tips), self.graph.with_parents(one.bases)
        try:
            merge = merge_tips(store, self.notebook_id, heads, known, graph=graph)
            return self.thoughts.contents.read(0, known.put(digest(merge.data), merge.data, known.latest))
        except NbmergeError:
            return None


def _facts(thoughts: _Thoughts, save: Version, held: int) -> Facts:
    """What explanations of a save are looked for in."""
    contents, number = thoughts.contents, save.number
    window = sorted(one for one in contents if one < number)
    everything = sum(1 << one for one in window)

    @cache
    def edit_of(base: int) -> Edit:
        return edit(contents, number, base, [one for one in window if one != base])

    @cache
    def cost(base: int, below: int) -> float:
        others = everything & ~(1 << base)
        return edit_of(base).cost(below & others, others & ~below)

    @cache
    def is_same(base: int) -> bool:
        return contents[base].cells == contents[number].cells

    @cache
    def has_text_of(base: int) -> bool:
        mine, theirs = contents[number].cells, contents[base].cells
        return len(mine) == len(theirs) and all(
            one is two or one.key == two.key for one, two in zip(mine, theirs, strict=True)
        )

    @cache
    def shows(version: int, last: int) -> bool | None:
        gain = contents.delta(version, last).more
        since = contents.delta(number, version).lines
        return any(since.get(line, 0) > -n for line, n in gain.items()) if gain else None

    alone = _alone(thoughts, save, held, window)
    return Facts(
        number, save.writer, window, held, thoughts.passing, cost, is_same, has_text_of, shows, *alone
    )


def _alone(thoughts: _Thoughts, save: Version, held: int, window: Sequence[int]) -> tuple[float, float]:
    """How surprising it is, judging this save alone, that its author had seen, or had not seen, `held`."""
    contents, versions = thoughts.contents, thoughts.versions
    if held not in contents:
        return 0.0, 0.0
    older = [VersionContent(versions[n], contents[n].notebook) for n in window if n != held][-_COMPARED:]
    head = VersionContent(versions[held], contents[held].notebook)
    match judge(Save(contents[save.number].notebook, save.time, save.writer), head, older, Context()):
        case Stale(base):
            return (0.0, 0.0) if _may_be_undone(contents, save.number, held, base) else (_STALE, 0.0)
        case Sequential():
            return 0.0, _SEEN
    return 0.0, 0.0


def _may_be_undone(contents: ComparedVersions, save: int, held: int, base: int) -> bool:
    """Whether a save that looks stale shows as well what an undo leaves: the text of one of the last few
    versions without any of its own, and no older results; or one without the copies that were made since."""
    if base not in contents:
        return False
    copied = contents.delta(held, base).more.keys()
    if copied and copied <= contents[base].lines.keys():
        return True
    if held - base > _UNDONE or contents.delta(save, base).lines:
        return False
    evidence = Trial(contents[save].notebook, contents[held].notebook).weigh(contents[base].notebook)
    return not evidence.runs


def _derivation(
    thoughts: _Thoughts,
    heads: Heads,
    save: Version,
    verdict: Verdict,
    revised: Mapping[int, tuple[int, ...]],
) -> Derivation:
    """What a verdict says of the save, in words and for the notebook."""
    one = verdict.explanation
    parents = (heads.head,) if one is None else one.bases[save.number]
    outcome, base, why = _told(thoughts, heads, save, verdict, parents[0])
    left_out = _left_out(heads, verdict)
    superseded = tuple(
        tip for tip in left_out if tip in verdict.superseded or _is_in(thoughts.contents, tip, verdict)
    )
    if outcome is Outcome.RESTORE:
        superseded = (*superseded, base)  # who has just that before them has not lost it
    open_ones = tuple(tip for tip in left_out if tip not in superseded)
    parents = tuple(dict.fromkeys((*parents, *superseded)))
    overwrites = tuple(dict.fromkeys((*verdict.named, *open_ones)))
    return Derivation(outcome, parents, base, why, overwrites, tips=verdict.tips, revised=revised)


def _told(
    thoughts: _Thoughts, heads: Heads, save: Version, verdict: Verdict, seen: int
) -> tuple[Outcome, int, str]:
    """What a verdict is called, the version that the save was made from, and why; `seen` is its parent."""
    one = verdict.explanation
    made_from = seen if one is None or one.base is None else one.base
    match verdict.action:
        case Action.MERGE:
            return Outcome.MERGE, made_from, _words(thoughts, save.number, heads.head, seen)
        case Action.NAME:
            other = seen if verdict.instead is None else verdict.instead.bases[save.number][0]
            return Outcome.AMBIGUOUS, other, _words(thoughts, save.number, verdict.named[0], other)
    if made_from != seen and thoughts.versions[made_from].digest == save.digest:
        return Outcome.RESTORE, made_from, f"the same as version {made_from}"
    why = "shows what came before" if seen == heads.head else f"goes on from version {seen}"
    return Outcome.ACCEPT, seen, why


def _left_out(heads: Heads, verdict: Verdict) -> tuple[int, ...]:
    """What the notebook was made of that is neither in the save nor a tip beside it, and not open yet."""
    one = verdict.explanation
    if one is None:
        return ()
    known = {*verdict.named, *verdict.tips, *(tip.version for tip in heads.open)}
    return tuple(
        tip
        for tip in heads.tips
        if tip not in known and not any(one.descends(end, tip) for end in verdict.tips)
    )


def _is_in(contents: ComparedVersions, tip: int, verdict: Verdict) -> bool:
    """Whether what the notebook is made of goes on from a version that holds just what a tip does."""
    one = verdict.explanation
    if one is None or tip not in contents:
        return False
    return any(one.descends(end, alike) for alike in contents.earlier_alike(tip) for end in verdict.tips)


def _words(thoughts: _Thoughts, save: int, unseen: int, base: int) -> str:
    """Why a save is taken to have been made from a version, by somebody who had not seen another one."""
    contents = thoughts.contents
    if base == unseen or base not in contents or unseen not in contents:
        return f"goes on from version {base}"
    evidence = Trial(contents[save].notebook, contents[unseen].notebook).weigh(contents[base].notebook)
    words = in_words(evidence, unseen)
    return f"goes on from version {base}" + (f": {words}" if words else "")
