"""Owns: what to do about a save, given the best explanations of the recent ones: what a mistake would cost.

Must not know: stores, how versions are merged, how it is told.  Invariant: the choice with the smallest
expected loss, in lines; nothing is merged that nobody is likely to have lost, and what may be lost is named,
each version once.

To accept a save whose author did not see something loses what that *added*.  To merge a save whose author
saw everything undoes their work: it brings back what they took out, or takes out what their page shows.  So
what only took out, replaced or doubled has nothing to lose, and is never carried out against a later save.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import cached_property

from nbmerge.lineage.contents import NO_RESULT, ComparedVersions, Content, compare, result_of
from nbmerge.lineage.lines import goes_on, is_tuned, said, telling, words
from nbmerge.lineage.writers import Explanation, weights
from nbmerge.notebook.model import Cell

_LIKELY = 0.004  # explanations less likely than this are not asked what would be lost
_ASKED = 6
_MORE_WORDS = 0.3  # share of words that come besides those of lines that are spelled otherwise
_MERGED, _WORTH_MERGING = 4, 0.04
_MISSING, _A_COPY, _RESULT = 0.8, 0.2, 0.4  # a line that is lost, each of it, a result
_BACK, _TAKEN_OUT = 0.7, 1.0  # a line brought back; one taken out that the page shows
_MAY_BE_OUT = 0.5  # the same where the likeliest truth takes it out, too


@dataclass(frozen=True, slots=True)
class Boldness:
    """How bold a merge is: `fight` is what it costs to merge a save that was meant (with `back` a line).

    It needs this `likelihood` that something was not seen, and to be so much better (`margin` times, and
    `gain` lines).  Something is named if the loss expected for it is `named` lines, and it is as likely as
    `named_likelihood`.
    """

    fight: float
    likelihood: float
    margin: float
    gain: float
    named: float
    named_likelihood: float
    back: float = 0.5


QUIET = Boldness(fight=6.0, likelihood=0.94, margin=1.3, gain=0.7, named=0.12, named_likelihood=0.015)
BUSY = Boldness(fight=0.5, likelihood=0.5, margin=1.0, gain=0.2, named=0.15, named_likelihood=0.02)


class Action(Enum):
    """What to do about a save."""

    ACCEPT = "accept"
    NAME = "name"
    MERGE = "merge"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to do, and what the notebook is made of then; `explanation` is None if no likely one says that.

    `named` are the versions that may be lost, and `instead` is the explanation that says so; `superseded`
    are versions that are in the save, though it was not made from them.
    """

    action: Action
    explanation: Explanation | None
    tips: tuple[int, ...]
    named: tuple[int, ...] = ()
    instead: Explanation | None = None
    superseded: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Group:
    """Explanations that agree about tips and what these are made of."""

    likelihood: float
    explanation: Explanation
    tips: tuple[int, ...]


@dataclass(eq=False)
class Choosing:
    """What to do about version `save`, which replaced `held`.

    `merged` gives the content of a merge of tips as an explanation sees them (None: it cannot be made);
    `known` are versions that were named before, `meant` those that somebody put there in sight of all.
    """

    contents: ComparedVersions
    explanations: Sequence[Explanation]
    save: int
    held: int
    merged: Callable[[Explanation, tuple[int, ...]], Content | None]
    known: Collection[int] = ()
    boldness: Boldness = QUIET
    meant: Collection[int] = ()

    def choose(self) -> Verdict:
        """The choice with the smallest expected loss."""
        if self._replaces_all():
            return Verdict(Action.NAME, None, (self.save,), (self.held,))
        others = [group for group in self.groups if group.tips != (self.save,)]
        stale = sum(group.likelihood for group in others if self._is_unseen(group))
        if stale >= self.boldness.likelihood:
            merge = self._merge()
            if merge is not None:
                return merge
        best = next((group.explanation for group in self.groups if group.tips == (self.save,)), None)
        named, instead = next(self._to_be_named(others), ((), None))
        action = Action.NAME if named else Action.ACCEPT
        superseded = self._half_typed(best) if best is not None else ()
        return Verdict(action, best, (self.save,), named, instead, superseded)

    def _half_typed(self, one: Explanation) -> tuple[int, ...]:
        """The saves that came late, of what the save goes on with."""
        return tuple(n for n in self._ends(one) if n != self.save and self._is_gone_on_from(n, one))

    def _replaces_all(self) -> bool:
        """Whether the save is another notebook than all that it may have been made from."""
        now = self.contents[self.save]
        found = (group.explanation.base for group in self.groups)
        bases = {self.held, *(base for base in found if base is not None and base in self.contents)}
        return all(is_another(now, self.contents[base]) for base in bases)

    @cached_property
    def groups(self) -> list[_Group]:
        """The likeliest first."""
        found: dict[object, _Group] = {}
        for likelihood, one in zip(weights(self.explanations), self.explanations, strict=True):
            tips = self._tips(one)
            since = tuple((n, bases) for n, bases in one.bases.items() if n >= min(tips))
            group = found.get((tips, since))
            both = likelihood + (group.likelihood if group else 0.0)
            found[tips, since] = _Group(both, group.explanation if group else one, tips)
        likely = [group for group in found.values() if group.likelihood >= _LIKELY]
        ordered = sorted(likely, key=lambda group: -group.likelihood)
        meant = (group for group in ordered[_ASKED:] if group.tips == (self.save,))
        return [*ordered[:_ASKED], *meant]

    def _tips(self, one: Explanation) -> tuple[int, ...]:
        """What the notebook is made of: the saves on which nobody went on, but for those that brought
        nothing and took out much; of what is not in the file any more, but for all that brought nothing."""
        return tuple(n for n in self._ends(one) if n == self.save or self._may_be_merged(n, one))

    @staticmethod
    def _ends(one: Explanation) -> tuple[int, ...]:
        """The saves on which nobody went on."""
        continued = 0
        for number in one.bases:
            continued |= one.below.get(number, 1 << number) & ~(1 << number)
        return tuple(number for number in one.bases if not continued >> number & 1)

    def _may_be_merged(self, number: int, one: Explanation) -> bool:
        """Whether a version brought something of its own to the notebook that the save is."""
        if number not in self.contents or self._is_bare(number, one) or self._is_gone_on_from(number, one):
            return False
        if number != self.held and not self._brought_something(number, one):
            return False
        return not is_another(self.contents[self.save], self.contents[number])

    def _brought_something(self, number: int, one: Explanation) -> bool:
        """Whether a version has lines or results that its base has not."""
        base = next(iter(one.bases.get(number, ())), None)
        if base is None or base not in self.contents:
            return True
        delta = self.contents.delta(number, base)
        return bool(delta.more) or any(result != NO_RESULT for result in delta.runs.values())

    def _is_gone_on_from(self, number: int, one: Explanation) -> bool:
        """Whether a version only brought lines with which the save goes on in the same cells: what somebody
        had half typed, and that was saved late."""
        base = next(iter(one.bases.get(number, ())), None)
        if base is None or base not in self.contents:
            return False
        delta = self.contents.delta(number, base)
        if not delta.more or any(result != NO_RESULT for result in delta.runs.values()):
            return False
        texts = {cell.id: telling(cell.source) for cell in self.contents[self.save].cells}
        there = [
            (line, cell.id) for cell in delta.ones for line in telling(cell.source) if line in delta.more
        ]
        return all(any(goes_on(line, other) for other in texts.get(id, ())) for line, id in there)

    def _is_unseen(self, group: _Group) -> bool:
        """Whether the save's author had not seen what the file held.  What only an earlier save may have
        dropped was decided with that: it comes back where somebody goes on from it, or joins a merge."""
        return self.held in group.tips

    # Merging.

    def _merge(self) -> Verdict | None:
        """The merge that is better than the save as it is, if one is."""
        now = self.contents[self.save]
        truths: list[tuple[_Group, Content]] = []
        for group in self._asked():
            if not self._is_unseen(group):
                truths.append((group, now))
                continue
            found = self.merged(group.explanation, group.tips)
            if found is not None:
                same = next((c for _, c in (*truths, (group, now)) if c.cells == found.cells), found)
                truths.append((group, same))
        stale = sum(group.likelihood for group, content in truths if content is not now)
        stale /= sum(group.likelihood for group, _ in truths) or 1.0
        if stale < self.boldness.likelihood:
            return None
        candidates = list(dict.fromkeys(content for _, content in truths if content is not now))
        expected = {
            content: sum(group.likelihood * self._loss(content, truth) for group, truth in truths)
            for content in (now, *candidates)
        }
        best = min(candidates, key=lambda content: expected[content], default=None)
        if best is None or expected[best] * self.boldness.margin + self.boldness.gain > expected[now]:
            return None
        group = next(group for group, content in truths if content is best)
        if self._is_bare(self.save, group.explanation) and not self._is_old(self.save, group.explanation):
            return None
        return Verdict(Action.MERGE, group.explanation, group.tips)

    def _asked(self) -> Iterator[_Group]:
        """The likeliest truths, and that the save is meant, however unlikely that is."""
        for place, group in enumerate(self.groups):
            is_worth_merging = place < _MERGED and group.likelihood >= _WORTH_MERGING
            if is_worth_merging or not self._is_unseen(group):
                yield group

    def _loss(self, written: Content, right: Content) -> float:
        """What it costs that one is written where the other would have been right, in lines."""
        now = self.contents[self.save]
        if written is right:
            return 0.0
        gap, since = compare(written, right), compare(written, now)
        lost, runs = gap.less, compare(right, written).runs
        if right is not now:
            lost = Counter({line: n for line, n in lost.items() if now.lines[line] < right.lines[line]})
            own = compare(right, now).runs
            runs = {source: result for source, result in runs.items() if source in own}
        loss = _in_lines(lost, gap.more, written.lines.keys() & lost.keys())
        gone = lost if loss else ()  # what is only spelled otherwise keeps its results
        loss += _RESULT * sum(1 for result in runs.values() if result != NO_RESULT)
        if written is now:
            return loss + _RESULT * sum(1 for cell in gap.others if _is_result_of(cell, gone))
        taken = since.less.total()
        if right is now:
            return loss + _TAKEN_OUT * taken + self.boldness.fight + self.boldness.back * since.more.total()
        return loss + _BACK * gap.more.total() + _MAY_BE_OUT * taken

    # Naming.

    def _to_be_named(self, others: Sequence[_Group]) -> Iterator[tuple[tuple[int, ...], Explanation | None]]:
        """Versions of which something may be lost, and what would have been made of them."""
        fresh = [group for group in others if self._new_tips(group)]
        lost = [group.likelihood * self._may_be_lost(group) for group in fresh]
        likely = sum(group.likelihood for group in fresh)
        if fresh and sum(lost) >= self.boldness.named and likely >= self.boldness.named_likelihood:
            most = fresh[lost.index(max(lost))]
            yield tuple(self._new_tips(most)), most.explanation
        for group in self.groups[:3]:
            for number in self._bare_and_lost(group):
                yield (number,), group.explanation
        if self._is_much_gone():
            yield (self.held,), None

    def _new_tips(self, group: _Group) -> list[int]:
        """Tips that were not named before."""
        return [tip for tip in group.tips if tip != self.save and tip not in self.known]

    def _may_be_lost(self, group: _Group) -> float:
        """What accepting the save loses if a group is right, in lines, without the merge being made."""
        one, loss = group.explanation, 0.0
        mine = one.below.get(self.save, 0)
        for tip in self._new_tips(group):
            common = (one.below.get(tip, 0) & mine).bit_length() - 1
            if common not in self.contents:
                continue
            brought, since = self.contents.delta(tip, common), self.contents.delta(self.save, tip)
            typed = self.contents.delta(self.save, common)
            gone = brought.more & since.less
            lost = Counter({line: n for line, n in gone.items() if not is_tuned(line, typed.more)})
            loss += _in_lines(lost, since.more, self.contents[self.save].lines.keys() & lost.keys())
            mine_again = typed.runs  # a later run takes the place of theirs
            results = (s for s, result in brought.runs.items() if result != NO_RESULT and s in since.runs)
            loss += _RESULT * sum(1 for s in results if mine_again.get(s, NO_RESULT) == NO_RESULT)
        return loss

    def _bare_and_lost(self, group: _Group) -> Iterator[int]:
        """What is never merged, of which something is not in the save."""
        one = group.explanation
        for number in one.bases:
            if number < self.save - _ASKED or number in (*group.tips, *self.known):
                continue
            if number not in self.contents or one.descends(self.save, number):
                continue
            if not self._is_bare(number, one) or self._is_old(number, one):
                continue
            brought = self.contents.delta(number, one.bases[number][0]).more
            missing = self.contents.delta(self.save, number).less
            if len(brought.keys() & missing.keys()) * group.likelihood >= self.boldness.named:
                yield number

    def _is_much_gone(self) -> bool:
        """Whether the save lacks more than two thirds of what it replaced."""
        before, now = self.contents[self.held], self.contents[self.save]
        delta = self.contents.delta(self.save, self.held)
        gone = delta.less.total()
        if gone < 5 or gone <= before.size * 2 / 3 or not _in_lines(delta.less, delta.more, ()):
            return False
        return len(now.cells) < 1 + len(before.cells) * 2 / 3 or gone > 0.8 * before.size

    def _is_old(self, number: int, one: Explanation) -> bool:
        """Whether a version is just what an older one of its own past was."""
        past = one.below.get(number, 0)
        return any(past >> older & 1 for older in self.contents.earlier_alike(number))

    def _is_bare(self, number: int, one: Explanation) -> bool:
        """Whether a version brought nothing of its own: an older one as it was, or one of which much is gone
        or doubled; or is another notebook."""
        base = next(iter(one.bases.get(number, ())), None)
        if base is None or number in self.meant or not {base, number} <= set(self.contents):
            return False
        mine, before = self.contents[number], self.contents[base]
        delta = self.contents.delta(number, base)
        if delta.is_empty:
            return self._is_bare(base, one)
        if self._is_old(number, one) or is_another(mine, before):
            return True
        if any(result != NO_RESULT for result in delta.runs.values()):
            return False
        if any(n == mine.lines[line] for line, n in delta.more.items()):
            return False
        return delta.less.total() > max(4.0, 0.3 * before.size) or delta.more.total() >= 5


def _is_result_of(cell: Cell, lines: Collection[str]) -> bool:
    """Whether a cell has a result of a source with one of these lines."""
    return result_of(cell) != NO_RESULT and any(line in lines for line in telling(cell.source))


def _in_lines(lost: Counter[str], instead: Counter[str], left: Collection[str]) -> float:
    """What lines are worth that are not there (any more, or so often: those that are `left`): nothing if all
    their words are."""
    if not lost:
        return 0.0
    what, other = said(lost.elements()), said(instead.elements())
    if what and not what - other and (other - what).total() <= _MORE_WORDS * what.total():
        return 0.0  # only spaced or broken otherwise
    return _MISSING * (len(lost) - len(left)) + _A_COPY * lost.total()


def is_another(mine: Content, before: Content) -> bool:
    """Whether a notebook has next to nothing to do with the one before."""
    if len(before.lines) < 5 or not mine.ids.isdisjoint(before.ids):
        return False
    if 3 * len(mine.lines.keys() & before.lines.keys()) >= len(before.lines):
        return False
    old = frozenset(word for line in before.lines for word in words(line))
    new = frozenset(word for line in mine.lines for word in words(line))
    return 3 * len(old & new) < len(old)
