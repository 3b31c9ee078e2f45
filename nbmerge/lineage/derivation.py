"""Owns: what a save derives from and what follows, by all that is known of it and of the versions before it.

Must not know: the store, disk, how notebooks are read.  Invariant: pure; what is certain (git, a declared
base, the content of an older version) goes before what is judged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from nbmerge.lineage.choice import is_another
from nbmerge.lineage.contents import ComparedVersions
from nbmerge.lineage.evidence import Trial
from nbmerge.lineage.heads import Derivation, Heads, Outcome, only_owner
from nbmerge.lineage.insisting import Insisting
from nbmerge.lineage.judge import BaseJudgement, Save, Sequential, Stale, Unsure, VersionContent, judge
from nbmerge.lineage.lines import markers, telling
from nbmerge.lineage.settling import SETTLED, Conflicts, Reply
from nbmerge.lineage.versions import (
    DECLARED,
    GIT_AT_WORK,
    GIT_PUT,
    GIT_WAITS,
    RESPELLED,
    USUAL_STYLE,
    Context,
    Git,
    Graph,
    Origin,
    Version,
)
from nbmerge.notebook.model import Notebook

SHORTLY = 900.0  # seconds for which a merge keeps saying that there are two writers
_MOMENT = 3.0  # seconds in which saves of one editor may overtake each other
OPENED = 5.0  # seconds that somebody needs to open a notebook that was just saved


def certain(heads: Heads, context: Context) -> Derivation | None:
    """What follows from a save where it need not be judged: git's, or one whose writer names the base."""
    if context.git is Git.WORKING:
        return seen_all(heads, GIT_AT_WORK)
    if context.git is Git.REPLACED:
        return seen_all(heads, GIT_PUT, Outcome.RESTORE)
    if context.declared_base is not None:
        return declared(heads, context.declared_base)
    return None


def seen_all(heads: Heads, why: str, outcome: Outcome = Outcome.ACCEPT) -> Derivation:
    """A save that replaces whatever there was: git's, a restored version, a resolved conflict."""
    parents = tuple(dict.fromkeys((heads.head, *heads.tips)))
    return Derivation(outcome, parents, heads.head, why, closes_all=True)


def while_git_waits(judged: Derivation, heads: Heads, drops: bool) -> Derivation:
    """A save in a merge, a rebase that waits for people: accepted whatever it is, for they may take out what
    they will.  One that would be merged otherwise, and drops what no conflict is about, may come from a
    page that was opened before: what it replaced is named."""
    accepted = seen_all(heads, GIT_WAITS)
    undoes = judged.outcome in (Outcome.MERGE, Outcome.AMBIGUOUS, Outcome.RESTORE)
    if not (undoes and drops):
        return accepted
    why = f"{GIT_WAITS}, and it seems to go on from version {judged.base}"
    return replace(accepted, outcome=Outcome.AMBIGUOUS, base=judged.base, why=why, overwrites=(heads.head,))


def drops_beside_conflicts(head: Notebook, save: Notebook) -> bool:
    """Whether a save lacks a telling line of a cell that shows no conflict."""
    there = {line for cell in save.cells for line in telling(cell.source)}
    kept = (cell for cell in head.cells if not markers([cell]))
    return any(line not in there for cell in kept for line in telling(cell.source))


def declared(heads: Heads, base: int) -> Derivation:
    """A save whose writer names the version that it started from."""
    outcome = Outcome.ACCEPT if base == heads.head else Outcome.MERGE
    return Derivation(outcome, (base,), base, told(base))


def told(base: int) -> str:
    """Why a version is taken to derive from another one, if its writer says so."""
    return f"its writer started from version {base}"


def respelled(heads: Heads, version: int) -> Derivation:
    """A save that differs from a version only in its spelling: whoever made it saw all that is in that."""
    outcome = Outcome.ACCEPT if version == heads.head else Outcome.MERGE
    return Derivation(outcome, (version,), version, RESPELLED)


def settled(heads: Heads, version: int) -> Derivation:
    """A save that shows just what an older version holds, by somebody who saw the conflict."""
    return Derivation(Outcome.ACCEPT, (heads.head,), version, SETTLED, told=True)


def returned(heads: Heads, graph: Graph, version: int, written: bool) -> Derivation:
    """A save that shows nothing but what an older version holds.

    Where there is one tip only, that is meant.  If the version is one of several tips, its editor has
    not seen the others, and the merge is written (`written`: the file held it already: again).
    Again only once: the second time somebody who has seen the merge took the rest out.  Any other
    older version may be what an editor went back to, or what another one has open: a doubt
    about the tip that alone descends from it, else about what the file holds.
    """
    head, tips = heads.head, heads.tips
    same = f"the same as version {version}"
    if len(tips) == 1:
        return Derivation(Outcome.RESTORE, (head,), version, same)
    if version in heads.answered and written:
        others = tuple(tip for tip in tips if tip != version)
        why = f"version {version} again, after the merge was written twice: what it lacks was removed"
        return Derivation(Outcome.ACCEPT, (head,), head, why, overwrites=others)
    if version in tips:
        answers = written or version in heads.answered
        why = f"{same}, whose editor has not seen the rest"
        return Derivation(Outcome.MERGE, (version,), version, why, answers=answers)
    doubted = only_owner(heads, graph, version) or head
    return Derivation(Outcome.AMBIGUOUS, (doubted,), version, same, overwrites=(doubted,))


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """What a save of a notebook may derive from: the head (None: it is no notebook) and `older` versions,
    newest last; `recent` are the newest versions, whatever they hold."""

    heads: Heads
    graph: Graph
    head: VersionContent | None
    older: Sequence[VersionContent]
    recent: Sequence[Version]

    def derivation(self, save: Save, context: Context) -> Derivation:
        """What a save is taken for by its content, and in which git it is made."""
        found = self._by_content(save, context)
        if context.git is not Git.WAITING or self.head is None:
            return found
        return while_git_waits(found, self.heads, drops_beside_conflicts(self.head.notebook, save.notebook))

    def _by_content(self, save: Save, context: Context) -> Derivation:
        for shown in reversed(self.older):
            same = shown.living and shows_the_same(shown.notebook, save.notebook)
            if same or shown.notebook is save.notebook:
                return self._returned(shown.version.number, save)
        if self.head is None:
            head = self.heads.head
            return Derivation(Outcome.ACCEPT, (head,), head, "what it followed is no notebook")
        known = (*context.second_writer, *second_writer(self.recent, save.time))
        return self._judged(self.head, save, replace(context, second_writer=known))

    def _returned(self, version: int, save: Save) -> Derivation:
        """A save that shows nothing but what an older version holds; while the file shows a conflict, the
        second time, or if it is on no side, that is how it was settled, unless another program did."""
        conflicts = self._conflicts
        if conflicts is not None and conflicts.places and self._holds_merge:
            if version in self.heads.answered:
                return settled(self.heads, version)
            is_settled = conflicts.answer(save.notebook) is Reply.SETTLED
            ways = {shown.version.writer.way for shown in self.older if shown.living}
            if version not in self.heads.tips and is_settled and save.writer.way in ways:
                return settled(self.heads, version)
        if len(self.heads.tips) == 1 and self.head is not None:
            before = next(shown for shown in self.older if shown.version.number == version)
            return self._returned_beside(before, self.head, save)
        return self._undone_beside(version, save) or returned(
            self.heads, self.graph, version, self._holds_merge
        )

    def _undone_beside(self, version: int, save: Save) -> Derivation | None:
        """The same where an editor that saved just now went back in its own past, while the file held a merge
        that it had no time to open."""
        tip = max(self.heads.tips)
        mine = next((one.version for one in self.older if one.version.number == tip), None)
        if mine is None or mine.writer.differs(save.writer) or version in self.heads.tips:
            return None
        if self.head is None or not self._holds_merge or not self.graph.descends(tip, version):
            return None
        if save.time - self.head.version.time >= OPENED:
            return None
        why = f"the same as version {version}, before anybody had time to open the merge"
        return Derivation(Outcome.MERGE, (tip,), version, why)

    def _returned_beside(self, before: VersionContent, head: VersionContent, save: Save) -> Derivation:
        """The same where one tip is there, which nobody else may have seen.

        Nothing tells an undo from an old page that is saved unchanged, but that another hand saved meanwhile.
        """
        version, held = before.version.number, head.version.number
        same = f"the same as version {version}"
        evidence = Trial(save.notebook, head.notebook).weigh(before.notebook)
        if evidence.has_nothing_to_lose(self._until(version)):
            return Derivation(Outcome.RESTORE, (held,), version, same)
        mine, theirs = before.version.writer, head.version.writer
        if theirs.differs(save.writer) and not mine.differs(save.writer):
            return Derivation(Outcome.MERGE, (version,), version, f"{same}, and another program saved since")
        return Derivation(Outcome.AMBIGUOUS, (held,), version, same, overwrites=(held,))

    @property
    def _conflicts(self) -> Conflicts | None:
        """Those that the file shows if it holds a merge of the tips."""
        sides = {shown.version.number: shown.notebook for shown in self.older if shown.living}
        return Conflicts(self.head.notebook, sides) if self.head is not None and len(sides) > 1 else None

    @property
    def _holds_merge(self) -> bool:
        """Whether the file holds the merge of the tips: nobody has saved on top of it."""
        head = next(version for version in self.recent if version.number == self.heads.head)
        return head.origin is Origin.MERGED and set(head.parents) == set(self.heads.tips)

    def _judged(self, head: VersionContent, save: Save, context: Context) -> Derivation:
        if len(self.heads.tips) == 1 and self._is_another(save, head):
            held = head.version.number
            why = "shares next to nothing with what was there"
            return Derivation(Outcome.AMBIGUOUS, (held,), held, why, overwrites=(held,))
        judgement = self._unless_refused(judge(save, head, self.older, context), head, save.time)
        match judgement:
            case Sequential(certain=False) if len(self.heads.tips) > 1:
                judgement = self._reloaded(head, save, context) or judgement
            case Stale(base) if len(self.heads.tips) == 1 and not self._is_merged_below(
                self.heads.head, base
            ):
                judgement = self._weighed(judgement, save, head)
        if isinstance(judgement, Stale):
            taken_back = self._taken_back(judgement, head, save, context)
            if taken_back is not None:
                return taken_back
        return by_judgement(judgement, self.heads.head, self.heads)

    def _unless_refused(self, judgement: BaseJudgement, head: VersionContent, now: float) -> BaseJudgement:
        """The same but for one more merge that its writer drops again."""
        if not isinstance(judgement, Stale):
            return judgement
        tip = next((one for one in self.older if one.version.number == judgement.base), None)
        merges = Insisting(self.graph, (*self.older, head), head.version.number)
        if tip is None or not merges.is_in_vain(tip, now):
            return judgement
        return Unsure(judgement.base, f"{judgement.evidence}, as before, and nobody else saved since")

    def _weighed(self, stale: Stale, save: Save, head: VersionContent) -> BaseJudgement:
        """What a mistake would cost: who only took out has nothing to lose, and is never carried out against
        a page that still shows it; what much was taken out of is named and not merged.

        Saves within a moment may be of one editor, and have come in the wrong order.
        """
        base = next((shown for shown in self.older if shown.version.number == stale.base), None)
        if base is None:
            return stale
        evidence = Trial(save.notebook, head.notebook).weigh(base.notebook)
        is_meant = head.version.origin is Origin.RESTORED  # by a command
        at = head.version.time
        if not is_meant and evidence.has_nothing_to_lose(
            self._until(stale.base), late=at - base.version.time < _MOMENT
        ):
            return Sequential(f"shows again what version {head.version.number} only took out")
        came_late = save.time - at < _MOMENT and evidence.is_half_typed
        return Unsure(stale.base, stale.evidence) if evidence.is_bare or came_late else stale

    def _until(self, version: int) -> Iterator[Notebook]:
        """What versions held until then: what came later is work that its author did not see."""
        return (shown.notebook for shown in self.older if shown.version.number <= version)

    @staticmethod
    def _is_another(save: Save, head: VersionContent) -> bool:
        contents = ComparedVersions()
        return is_another(contents.read(0, save.notebook), contents.read(0, head.notebook))

    def _reloaded(self, head: VersionContent, save: Save, context: Context) -> Stale | None:
        """An earlier merge shows much of what this one does: whoever had that before them saw no more."""
        merges = [shown for shown in self.older if shown.version.origin is Origin.MERGED]
        judgement = judge(save, head, merges, context) if merges else None
        return judgement if isinstance(judgement, Stale) else None

    def _taken_back(
        self, stale: Stale, head: VersionContent, save: Save, context: Context
    ) -> Derivation | None:
        """An editor that takes something back goes on from its tip, unless it lacks all that this brought.

        If it does, it may be another editor, but hardly where nobody else had time to open that version.
        """
        owner = only_owner(self.heads, self.graph, stale.base)
        contents = {shown.version.number: shown for shown in self.older}
        if owner is None or owner not in contents or stale.base not in contents:
            return None
        if self._is_merged_below(owner, stale.base):
            return None
        base = contents[stale.base]
        again = judge(save, contents[owner], [base], context)
        if isinstance(again, Stale) and _stood(base, (*self.older, head)) < OPENED:
            again = Unsure(again.base, again.evidence)
        return by_judgement(again, owner, self.heads)

    def _is_merged_below(self, number: int, base: int) -> bool:
        """Whether a version goes on from a merge of what `base` became: whoever still has that open, and not
        the merge, did not write the version."""
        between = (one.number for one in self.recent if one.origin is Origin.MERGED and one.number > base)
        return any(self.graph.descends(number, one) and self.graph.descends(one, base) for one in between)


def by_judgement(judgement: BaseJudgement, followed: int, heads: Heads) -> Derivation:
    """A save that was judged by what it shows; `followed` is the version that it was compared with."""
    match judgement:
        case Sequential(evidence, _):
            outcome = Outcome.ACCEPT if followed == heads.head else Outcome.MERGE
            return Derivation(outcome, (followed,), followed, evidence)
        case Stale(base, evidence):
            return Derivation(Outcome.MERGE, (base,), base, evidence)
        case Unsure(base, evidence):
            return Derivation(Outcome.AMBIGUOUS, (followed,), base, evidence, overwrites=(followed,))


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


def possible_bases(heads: Heads, graph: Graph) -> set[int]:
    """Versions that a save may derive from however old they are: tips, open tips, and what several tips
    come from.  Somebody may have had one of them open ever since."""
    wanted = {*heads.tips, *(tip.version for tip in heads.open)}
    for one, other in combinations(heads.tips, 2):
        wanted.update(graph.commons((one,), other))
    return wanted


def nearest(notebook: Notebook, older: Sequence[VersionContent]) -> int | None:
    """The version that a notebook has most in common with; the newest of equals, None without any."""
    lines = _lines(notebook)
    found = min(older, key=lambda shown: (_distance(lines, shown), -shown.version.number), default=None)
    return None if found is None else found.version.number


def second_writer(versions: Sequence[Version], now: float) -> tuple[str, ...]:
    """What the history itself says about a second writer; `now` in seconds since the epoch."""
    for version in reversed(versions):
        if now - version.time > SHORTLY:
            break
        if version.origin is Origin.MERGED:
            return ("two writers were merged not long ago",)
        if version.why == SETTLED:
            return ("a conflict was settled not long ago",)
        if version.origin is Origin.COPY:
            return ("a sync tool left a conflict copy not long ago",)
        if version.writer.way == DECLARED:
            return ("a program that takes part saved not long ago",)
    return ()


def style_of(notebook: Notebook) -> str:
    """How the notebook is spelled, in a few words: the closest known program, else its habits; a guess."""
    indent = notebook.style.layout.indent
    if any(isinstance(cell.value.get(cell.source_field), str) for cell in notebook.cells):
        return f"sources as one string, {_indented(indent)}"
    ends = notebook.style.tail.endswith("\n")
    if indent == " " and ends and notebook.style.layout.ascii is not True:
        return USUAL_STYLE
    return f"{_indented(indent)}{'' if ends else ', no newline at the end'}"


def _indented(indent: str | None) -> str:
    match indent:
        case None:
            return "in one line"
        case "\t":
            return "indented with tabs"
    return f"indented by {len(indent)}"


def _stood(one: VersionContent, others: Sequence[VersionContent]) -> float:
    """For how many seconds the file held a version."""
    later = [other.version for other in others if other.version.number > one.version.number]
    return min((version.time for version in later), default=float("inf")) - one.version.time


def _distance(lines: Counter[str], shown: VersionContent) -> int:
    theirs = _lines(shown.notebook)
    return ((lines - theirs) + (theirs - lines)).total()


def _lines(notebook: Notebook) -> Counter[str]:
    return Counter(line for cell in notebook.cells for line in cell.source.split("\n"))
