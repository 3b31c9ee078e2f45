"""Owns: how much evidence is enough, quiet and busy.

Must not know: versions, how evidence is told.  Invariant: a merge needs more than a doubt, and
a quiet notebook needs more for a merge than a busy one.

The numbers are from real notebooks: histories of one author, and pairs of versions that were
written without a sight of each other.  What carries most is how much of the head's change is
undone, in lines and words, and whether the text of whole cells is back.  Nothing here is exact,
and no number stands on a cliff: figures change little where they are moved by a third.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from math import log1p

from nbmerge.lineage.evidence import Evidence

_REPLACED = 2 / 3  # a head that shares less with the older version is another notebook


class Degree(Enum):
    """How sure it is that a save was made from an older version."""

    NONE = "none"
    DOUBT = "doubt"
    SURE = "sure"


@dataclass(frozen=True, slots=True)
class Weighed:
    """Evidence, and the least share of undone lines among this version and those between it and
    the head: an author who never saw a version never saw what came after it, either."""

    evidence: Evidence
    rate: float

    def degree(self, busy: bool) -> Degree:
        """How sure it is, when a second writer is known (`busy`) and when not."""
        if self.evidence.carried:
            return Degree.NONE
        if self.evidence.undoes_results:
            return Degree.SURE
        if not self.evidence.lines.undone:
            return Degree.SURE if busy and self.evidence.undoes_order else Degree.NONE
        if busy:
            return self._busy()
        if self._is_plain():
            return Degree.SURE
        return Degree.DOUBT if self._is_thinkable() else Degree.NONE

    def of_tip(self) -> Degree:
        """The same for a tip whose editor is known not to have seen the head, a merge, when it last
        saved: it has not seen it yet unless the save shows something that the merge brought.
        """
        evidence, lines = self.evidence, self.evidence.lines
        if evidence.carried:
            return Degree.NONE
        if not lines.changed:
            return Degree.SURE if evidence.restored and not evidence.kept else Degree.NONE
        if not lines.undone or evidence.kept or lines.kept >= lines.undone:
            return Degree.NONE
        return Degree.SURE if 4 * lines.kept <= lines.undone else Degree.DOUBT

    @property
    def shows_head(self) -> bool:
        """Something that the head brought is plainly there."""
        evidence, lines = self.evidence, self.evidence.lines
        return lines.kept > 0 and (bool(evidence.kept) or lines.kept >= lines.undone)

    @property
    def insistence(self) -> int:
        """How often a merge for this is written, if its result is dropped every time."""
        evidence = self.evidence
        if self._is_plain():
            return 3
        all_gone = self.rate >= 0.9 and evidence.words.rate >= 0.5 and evidence.words.undone >= 10
        return 2 if all_gone else 1

    def _busy(self) -> Degree:
        evidence = self.evidence
        inverted = evidence.texts or (self._is_undone() and evidence.words.rate > 0)
        if inverted and self.rate >= -0.5 and self._balance() > 0:
            return Degree.SURE
        if evidence.texts or (self.rate >= -0.5 and evidence.evolved < evidence.lines.gone):
            return Degree.DOUBT
        return Degree.NONE

    def _is_undone(self) -> bool:
        """Lines and words together are rather undone than kept; one line alone proves nothing."""
        words = self.evidence.words.rate
        if self.rate < 0 or self.rate + words < 0.3:
            return False
        return self.evidence.lines.undone > 1 or words > 0.2

    def _balance(self) -> float:
        """What speaks for it less what speaks against it: lines, words, texts, and whole cells."""
        evidence = self.evidence
        cells = log1p(evidence.restored.total()) - log1p(evidence.kept.total())
        return self.rate + 0.4 * evidence.words.rate + log1p(evidence.texts) + 0.25 * cells

    def _is_thinkable(self) -> bool:
        """Enough for a doubt in a quiet notebook: a whole text is back, or what the head did is
        undone and no cell of it kept; the last scratch cell that was deleted is not enough."""
        evidence = self.evidence
        restored = evidence.restored.total()
        if evidence.texts and (self.rate > -0.5 or (restored and self.rate > -0.9)):
            return True
        if not self._is_undone() or evidence.kept.total() > restored:
            return False
        return not self._only_added or evidence.words.gone >= 10

    @property
    def _only_added(self) -> bool:
        lines = self.evidence.lines
        return not (lines.back or lines.absent or self.evidence.texts)

    def _is_plain(self) -> bool:
        """The strongest evidence, for a notebook on which nothing hints at a second writer."""
        evidence = self.evidence
        restored, kept = evidence.restored.total(), evidence.kept.total()
        if self.rate < 0.3 or kept > restored or evidence.is_return or evidence.replaced > _REPLACED:
            return False
        if evidence.lines.undone < 2:
            return False  # a line that was tried and taken out again
        if restored > 1 and restored >= 2 * kept:
            return True
        if evidence.texts > 1 and kept <= 1 and self._is_back:
            return True
        return not kept and (self._is_one_cell_back() or self._is_back_in_place() or self._is_all_gone())

    @property
    def _is_back(self) -> bool:
        return self.evidence.lines.back >= self.evidence.lines.absent

    def _is_one_cell_back(self) -> bool:
        """As it was, outputs included, which undo does not bring back; or very much of it."""
        evidence = self.evidence
        return (
            evidence.texts == 1 and self._is_back and (bool(evidence.restored) or evidence.lines.undone > 5)
        )

    def _is_back_in_place(self) -> bool:
        """Lines are back inside cells that the save changed elsewhere."""
        evidence = self.evidence
        if self.rate < 0.8 or not evidence.lines.back or evidence.lines.undone < 3:
            return False
        return evidence.words.rate >= 0.5 and not evidence.evolved

    def _is_all_gone(self) -> bool:
        """The head only added, in several places, and the save shows none of it; nobody deletes so much
        of the latest work while they do less."""
        evidence = self.evidence
        if self.rate < 0.9 or evidence.words.rate < 0.9 or evidence.missing < 3:
            return False
        return evidence.lines.gone >= 8 and evidence.own <= evidence.lines.undone
