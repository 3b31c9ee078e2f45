"""Owns: the judgement which version a save derives from, and its evidence in words.

Must not know: stores, disk, the time of day, what follows from the judgement.  Invariant: pure; without
evidence the save is taken to follow the head, for one writer is never to be disturbed; what is said was
counted, and what was not seen hints at nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from nbmerge.lineage.evidence import Evidence, Trial, count_changes
from nbmerge.lineage.lines import markers, telling
from nbmerge.lineage.settling import Conflicts, Reply
from nbmerge.lineage.thresholds import Degree, Weighed
from nbmerge.lineage.versions import Context, Graph, Origin, Version, Writer
from nbmerge.notebook.model import Notebook

_HANDS = 1.0  # seconds that hands need for a change to one more cell, undo and paste included


def same_hand(save: Writer, head: Writer, older: Writer) -> str | None:
    """In words, if the save was written as the older version was, and the head was not."""
    if save.name and save.name == older.name != head.name:
        return f"{save.name} wrote both"
    if save.owner is not None and save.owner == older.owner != head.owner and head.owner is not None:
        return "the same user wrote both"
    if save.style and save.style == older.style != head.style and head.style:
        return "both are spelled alike"
    if save.way and save.way == older.way != head.way and head.way:
        return "both were written the same way"
    return None


def in_haste(seconds: float, cells: int) -> str | None:
    """In words, if hands could not have changed so many cells in the time since the head."""
    if cells < 2 or not 0 <= seconds < _HANDS * (cells - 1):
        return None
    return f"{cells} cells changed within {seconds:.1f} s"


def in_words(evidence: Evidence, head: int) -> str:
    """What the save shows of the changes of version `head`."""
    found = [_back(evidence, head), _gone(evidence, head), _moved(evidence, head), _seen(evidence)]
    return ", ".join(part for part in found if part)


def _back(evidence: Evidence, head: int) -> str:
    things = []
    if evidence.lines.back:
        whole = f" ({_number(evidence.texts, 'whole cell')})" if evidence.texts else ""
        things.append(_number(evidence.lines.back, "line") + whole)
    if evidence.runs:
        things.append("the outputs of " + _number(evidence.runs, "cell"))
    return f"brings back {' and '.join(things)} that version {head} had replaced" if things else ""


def _gone(evidence: Evidence, head: int) -> str:
    lines = evidence.lines
    if not lines.gone:
        return ""
    if not lines.kept:
        return f"shows nothing of the {_number(lines.gone, 'line')} that version {head} brought"
    return f"lacks {lines.gone} of {_number(lines.gone + lines.kept, 'line')} that version {head} brought"


def _moved(evidence: Evidence, head: int) -> str:
    return f"has the cells in the order that version {head} changed" if evidence.undoes_order else ""


def _seen(evidence: Evidence) -> str:
    kept = evidence.kept.total()
    return f"keeps {_number(kept, 'cell')} as it made {'it' if kept == 1 else 'them'}" if kept else ""


def _number(number: int, thing: str) -> str:
    return f"{number} {thing}" + ("" if number == 1 else "s")


_TUNED = 3  # versions in a row in which a value was different each time


@dataclass(frozen=True, slots=True, eq=False)
class VersionContent:
    """A version and what it holds.

    `living`: the tip of a lineage whose writer has not seen the head, which is a merge; `pause`, if it is
    known, are the seconds between this save of that writer and the one before.
    """

    version: Version
    notebook: Notebook
    living: bool = False
    pause: float | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Save:
    """What was just saved; `time` in seconds since the epoch."""

    notebook: Notebook
    time: float
    writer: Writer = Writer()


@dataclass(frozen=True, slots=True)
class Sequential:
    """The author had the head before them; `certain`: nothing else is to be looked for."""

    evidence: str
    certain: bool = False


@dataclass(frozen=True, slots=True)
class Stale:
    """The author had version `base` before them, and never saw the head."""

    base: int
    evidence: str


@dataclass(frozen=True, slots=True)
class Unsure:
    """If the author did not see the head, they had `base` before them."""

    base: int
    evidence: str


BaseJudgement = Sequential | Stale | Unsure


@dataclass(frozen=True, slots=True, eq=False)
class _Candidate:
    content: VersionContent
    weighed: Weighed
    hint: str | None  # of a second writer

    def degree(self, busy: bool) -> Degree:
        """A hint counts where more than one line is at stake: the same tool writes on most days."""
        if self.content.living:
            return self.weighed.of_tip()
        return self.weighed.degree(busy or (self.hint is not None and self.weighed.evidence.lines.undone > 1))

    def why(self, head: VersionContent) -> str:
        words = in_words(self.weighed.evidence, head.version.number)
        return words if self.hint is None else f"{words}; {self.hint}"


def judge(
    save: Save, head: VersionContent, older: Sequence[VersionContent], context: Context
) -> BaseJudgement:
    """Which version the save derives from; `older` are the other candidates, newest last.

    That it was not made from the head may show against any of them; then it was made from the one
    that it is closest to.
    """
    return _answer(save, head, older) or _weighed(save, head, older, context)


def _weighed(
    save: Save, head: VersionContent, older: Sequence[VersionContent], context: Context
) -> BaseJudgement:
    """The same where it says nothing of conflicts."""
    candidates = _candidates(save, head, older)
    if _shows_merge(candidates) or _shows_conflict(save, head, older):
        return Sequential("shows what was merged")
    if not context.busy:
        for one in candidates:
            if one.weighed.evidence.is_return and not one.content.living:
                number = one.content.version.number
                return Unsure(number, f"the same as version {number}, but for how it is spelled")
    degrees = {one: one.degree(context.busy) for one in candidates}
    found = [one for one in candidates if degrees[one] is not Degree.NONE]
    if not found:
        return Sequential(
            "shows what came before" if candidates else "takes back nothing of what came before"
        )
    one = _nearest(found)
    number = one.content.version.number
    if Degree.SURE not in degrees.values():
        return _doubted(save, one, head, older)
    return Stale(number, one.why(head))


def _nearest(found: Sequence[_Candidate]) -> _Candidate:
    """The one that the save is closest to; but who deletes much of their own brings nothing older back."""
    one = min(found, key=_distance)
    if one.content.living:
        return one
    tips = (tip for tip in found if tip.content.living and not _brings_back(tip, one))
    return min(tips, key=_distance, default=one)


def _distance(one: _Candidate) -> tuple[int, int]:
    """In lines; of two that are as near in cells, for those tell also of runs."""
    since = one.weighed.evidence.since_older
    return since.distance, since.ones.total() + since.others.total()


def _brings_back(tip: _Candidate, older: _Candidate) -> bool:
    """Whether the save shows anything of an older version that a tip does not have."""
    since_tip, since_older = (one.weighed.evidence.since_older for one in (tip, older))
    lines = since_older.lines
    if any(number > max(0, lines[line]) for line, number in since_tip.lines.items()):
        return True
    return any(map(telling, (cell.source for cell in since_tip.ones - since_older.ones)))


def _doubted(
    save: Save, one: _Candidate, head: VersionContent, older: Sequence[VersionContent]
) -> Sequential | Unsure:
    """What there is some evidence for, but if it only shows a value that somebody tunes."""
    if _is_tuned_again(save, head, older):
        return Sequential(f"goes on with the value that version {head.version.number} changed")
    return Unsure(one.content.version.number, one.why(head))


def _is_tuned_again(save: Save, head: VersionContent, older: Sequence[VersionContent]) -> bool:
    """Whether the save only changes a value of the head's, which was changed twice in a row: one author
    tunes it; no older value is back, or it would be no mere doubt."""
    contents = {shown.version.number: shown for shown in (*older, head)}
    row = [head]
    while len(row) < _TUNED and row[-1].version.parents:
        before = contents.get(row[-1].version.parents[0])
        if before is None or before.version.writer.differs(save.writer):
            return False
        row.append(before)
    if len(row) < _TUNED or head.version.writer.differs(save.writer):
        return False
    books = [save.notebook, *(shown.notebook for shown in row)]
    steps = [Trial(now, before).since_head.tuned for now, before in pairwise(books)]
    return bool(steps[0]) and all(steps[0] <= step for step in steps)


def _answer(save: Save, head: VersionContent, older: Sequence[VersionContent]) -> Sequential | Stale | None:
    """What the save was made from, if it plainly shows that its author saw the conflicts of a merge."""
    sides = {one.version.number: one.notebook for one in older if one.living}
    if head.version.origin is not Origin.MERGED or len(sides) < 2:
        return None
    answer = Conflicts(head.notebook, sides).answer(save.notebook)
    if answer is Reply.UNKNOWN:
        return None
    made_from = head
    for one in reversed(older):
        if one.version.origin is not Origin.MERGED or one.living:
            continue
        since = Conflicts(made_from.notebook, {one.version.number: one.notebook})
        if not since.is_older(save.notebook, one.version.number):
            break
        made_from = one
    if made_from is head:
        return Sequential(answer.value, certain=True)
    return Stale(made_from.version.number, f"{answer.value} of version {made_from.version.number}")


def _shows_conflict(save: Save, head: VersionContent, older: Sequence[VersionContent]) -> bool:
    """Whether the save still holds a marker that only the merge wrote, which the head is."""
    if head.version.origin is not Origin.MERGED:
        return False
    marks = markers(head.notebook.cells) & markers(save.notebook.cells)
    return bool(marks) and not any(marks <= markers(shown.notebook.cells) for shown in older)


def _shows_merge(candidates: Sequence[_Candidate]) -> bool:
    """Whether the save holds something of every side of the merge that the head is."""
    sides = [one.weighed for one in candidates if one.content.living]
    return len(sides) > 1 and all(side.shows_head for side in sides)


def _candidates(save: Save, head: VersionContent, older: Sequence[VersionContent]) -> list[_Candidate]:
    """The versions since which something was changed that the save undoes, newest first."""
    trial = Trial(save.notebook, head.notebook)
    graph = _graph((*older, head))
    seen = graph.ancestors(head.version.number)
    haste = in_haste(save.time - head.version.time, trial.since_head.new.total())
    weighed: dict[int, Evidence] = {}
    found = []
    for shown in reversed(older):
        evidence = trial.weigh(shown.notebook)
        number = shown.version.number
        later = [one for other, one in weighed.items() if other in seen and number in graph.ancestors(other)]
        weighed[number] = evidence
        if evidence.lines.undone or shown.living or evidence.undoes_results or evidence.undoes_order:
            rate = min((_rate(evidence, one) for one in (evidence, *later)), default=1.0)
            hint = haste or same_hand(save.writer, head.version.writer, shown.version.writer)
            found.append(_Candidate(shown, Weighed(evidence, rate), hint))
    return found


def _rate(evidence: Evidence, later: Evidence) -> float:
    """How much of what the head changed since a later version is undone: where the head is as the version
    in question again, nobody who had that can tell more."""
    since = evidence.by_head.lines
    changes = {line: number for line, number in later.by_head.lines.items() if since.get(line)}
    counted = count_changes(changes, evidence.since_head.lines)
    return counted.rate if counted.changed else 1.0


def _graph(shown: Iterable[VersionContent]) -> Graph:
    return Graph({one.version.number: one.version.parents for one in shown})
