"""Owns: what somebody has chosen so far for the open conflicts of a notebook, how it is taken back, and
what of it outlives the page.

Must not know: how it is asked for, where it is kept, how it is written.  Invariant: nothing is chosen that
cannot be settled like that; each step can be taken back, the last one first; what is brought back from a
draft is chosen only for the very same conflict.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from nbmerge.browser.offers import Offer, Way, why_not
from nbmerge.conflicts.choosing import choose
from nbmerge.conflicts.values import Absent, NotKnown
from nbmerge.notebook.model import CODE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import TypeAlias

    from nbmerge.conflicts.choosing import Resolution
    from nbmerge.conflicts.known import Traced
    from nbmerge.conflicts.values import Chosen
    from nbmerge.notebook.model import Cell, Notebook

    Draft: TypeAlias = list[dict[str, object]]  # as JSON has it

_STEPS = 1000  # that can be taken back
_TYPING = "typing"  # steps of this kind about one conflict are one


class UnfitChoiceError(ValueError):
    """What was asked for cannot be; the message says why, in one line."""


@dataclass(frozen=True, slots=True)
class _Step:
    """What was chosen before something else was, for each conflict that it was about."""

    kind: str
    before: Mapping[int, Chosen | None]


@dataclass(eq=False)
class Choices:
    """What is chosen, by the number of the conflict."""

    notebook: Notebook
    offers: Sequence[Offer]
    chosen: dict[int, Chosen] = field(default_factory=dict)
    _past: list[_Step] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._of_cell: dict[int, set[int]] = defaultdict(set)
        for offer in self.offers:
            if offer.traced.conflict.cell is not None:
                self._of_cell[offer.cell].add(offer.number)

    def take(self, number: int, way: Way) -> list[int]:
        """Settle one conflict in a way; those that changed.  Raises UnfitChoice."""
        offer = self._offer(number)
        if way not in offer.ways:
            raise UnfitChoiceError("this conflict cannot be settled like that")
        return self._set({number: self._possible(offer, offer.chosen(way))})

    def take_all(self, way: Way) -> list[int]:
        """Settle all that are open, as far as that way is there; those that changed."""
        found: dict[int, Chosen | None] = {}
        for offer in self.offers:
            chosen = offer.chosen(way) if way in offer.ways and not self.is_settled(offer.number) else None
            if chosen is not None and why_not(self.notebook, offer, chosen) is None:
                found[offer.number] = chosen
        return self._set(found)

    def write(self, number: int, text: str) -> list[int]:
        """Settle one with a text; those that changed.  Raises UnfitChoice."""
        offer = self._offer(number)
        if not offer.can_be_written:
            raise UnfitChoiceError("this conflict cannot be edited as text: choose a side")
        return self._set({number: self._possible(offer, offer.written(text))}, _TYPING)

    def begin_to_write(self, number: int) -> list[int]:
        """Give one a text to begin with, if it has none; those that changed.  Raises UnfitChoice."""
        offer, chosen = self._offer(number), self.chosen.get(number)
        has_text = chosen is not None and offer.text_of(chosen) is not None
        return [] if has_text else self.write(number, offer.start())

    def reopen(self, number: int) -> list[int]:
        """Take back what was chosen for one; those that changed.  Raises UnfitChoice."""
        return self._set({self._offer(number).number: None})

    def reopen_all(self) -> list[int]:
        """Begin anew; those that changed."""
        return self._set(dict.fromkeys(self.chosen))

    def undo(self) -> list[int]:
        """Take the last step back; those that changed."""
        if not self._past:
            return []
        before = self._past.pop().before
        self._put(before)
        return sorted(before)

    @property
    def can_undo(self) -> bool:
        return bool(self._past)

    @property
    def settled(self) -> int:
        """How many are."""
        return sum(self.is_settled(number) for number in self.chosen)

    def is_settled(self, number: int) -> bool:
        """Whether it is settled: a text with markers in it leaves it open."""
        chosen = self.chosen.get(number)
        return chosen is not None and not self.offers[number].leaves_markers(chosen)

    def beside(self, numbers: Iterable[int]) -> list[int]:
        """The others in the same cells: what becomes of its outputs depends on all of them."""
        known = set(numbers)
        cells = (self._of_cell.get(self.offers[number].cell, set()) for number in known)
        return sorted(set().union(*(cell for cell in cells if cell & known)) - known)

    def by_conflict(self) -> dict[Traced, Chosen]:
        """What is chosen, as it is settled."""
        return {self.offers[number].traced: chosen for number, chosen in sorted(self.chosen.items())}

    def settle(self) -> Resolution:
        """The notebook with all that is chosen.  Raises NotKnown."""
        return choose(self.notebook, self.by_conflict())

    def comes_along(self, number: int) -> str:
        """What becomes of the outputs of its cell, in words; "" where there is nothing to say."""
        offer = self.offers[number]
        together = self._of_cell.get(offer.cell, set())
        if number not in together or not together <= self.chosen.keys():
            return ""
        before = self.notebook.cells[offer.cell]
        sides = [cell for cell in offer.traced.cells if cell is not None]
        ran = any(cell.outputs for cell in sides)
        if before.type != CODE or not ran:
            return ""
        after = self._cell_after(offer.cell, together)
        if after is None:
            return ""
        if after.outputs:
            return "Its outputs come along."
        return "Without outputs: neither side has run this text." if not self._gone(together) else ""

    def _gone(self, numbers: Iterable[int]) -> bool:
        """Whether one of them is settled by taking the cell out."""
        return any(
            getattr(self.offers[number].traced.conflict.terms, way.value, None) is Absent.DELETED
            for number in numbers
            if (way := self.offers[number].way_of(self.chosen[number])) is not None
        )

    def _cell_after(self, place: int, numbers: Iterable[int]) -> Cell | None:
        """The cell as it will be; None if it goes, or cannot be told."""
        chosen = {self.offers[number].traced: self.chosen[number] for number in numbers}
        try:
            cells = choose(self.notebook, chosen).notebook.cells
        except NotKnown:
            return None
        return cells[place] if len(cells) == len(self.notebook.cells) else None

    def _offer(self, number: int) -> Offer:
        if not 0 <= number < len(self.offers):
            raise UnfitChoiceError("there is no such conflict")
        return self.offers[number]

    def _possible(self, offer: Offer, chosen: Chosen) -> Chosen:
        reason = why_not(self.notebook, offer, chosen)
        if reason is not None:
            raise UnfitChoiceError(reason)
        return chosen

    def _set(self, new: Mapping[int, Chosen | None], kind: str = "") -> list[int]:
        changed = {number: self.chosen.get(number) for number, one in new.items()}
        changed = {number: before for number, before in changed.items() if before != new[number]}
        last = self._past[-1] if self._past else None
        goes_on = (
            kind == _TYPING and last is not None and last.kind == kind and last.before.keys() == new.keys()
        )
        if changed and not goes_on:
            self._past = [*self._past[1 - _STEPS :], _Step(kind, changed)]
        self._put(new)
        return sorted(changed)

    def _put(self, chosen: Mapping[int, Chosen | None]) -> None:
        for number, one in chosen.items():
            if one is None:
                self.chosen.pop(number, None)
            else:
                self.chosen[number] = one

    def draft(self) -> Draft:
        """What is chosen, to be kept for another time."""
        return [
            {"conflict": key, "nth": nth, **self._told(offer)}
            for offer, key, nth in self._named()
            if offer.number in self.chosen
        ]

    def recall(self, draft: Draft) -> Draft:
        """Choose what a draft, which may hold anything, says for conflicts that are here; the rest of it."""
        waiting = {(key, nth): offer for offer, key, nth in self._named()}
        found: dict[int, Chosen | None] = {}
        others: Draft = []
        for each in draft:
            match each:
                case {"conflict": str(key), "nth": int(nth)} if (key, nth) in waiting:
                    offer = waiting[key, nth]
                    chosen = _chosen_in(each, offer)
                    if chosen is not None and why_not(self.notebook, offer, chosen) is None:
                        found[offer.number] = chosen
                case _:
                    others.append(each)
        self._set(found)
        return others

    def _named(self) -> Iterator[tuple[Offer, str, int]]:
        """Each with what tells it from others, and how many that are the same stand before it."""
        seen: Counter[str] = Counter()
        for offer in self.offers:
            yield offer, offer.key, seen[offer.key]
            seen[offer.key] += 1

    def _told(self, offer: Offer) -> dict[str, object]:
        chosen = self.chosen[offer.number]
        way = offer.way_of(chosen)
        return {"text": offer.text_of(chosen)} if way is None else {"way": way.value}


def _chosen_in(told: Mapping[str, object], offer: Offer) -> Chosen | None:
    match told:
        case {"text": str(text)} if offer.can_be_written:
            return offer.written(text)
        case {"way": str(name)}:
            way = next((way for way in offer.ways if way.value == name), None)
            return None if way is None else offer.chosen(way)
    return None
