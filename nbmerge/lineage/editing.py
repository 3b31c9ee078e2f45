"""Owns: how surprising it is that a save was made from a given version by somebody who has a given past.

Must not know: who the writers are, what follows.  Invariant: pure; nothing is surprising that an editor does
all day (typing, running, deleting a little); what is surprising has a bound, so that no amount of one kind
outweighs everything else.

The costs are negative logarithms of likelihoods, up to a constant, in nats (a difference of 0.7 doubles the
odds).  They were fitted by hand to real histories, to real merges taken as overlapping saves, and to
simulated people; none of them stands on a cliff.

What tells most is *where a line comes from* that the save has and its supposed base has not: typed (cheap,
by the word), back from the writer's own past (undo: seldom), or of a version that only somebody else had
(foreign: hardly ever, so that base is wrong).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from math import log
from typing import TypeVar

from nbmerge.lineage.contents import NO_RESULT, ComparedVersions, Content, Delta
from nbmerge.lineage.evidence import carried
from nbmerge.lineage.lines import said, telling, words
from nbmerge.notebook.model import Cell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.lineage.contents import Result

T = TypeVar("T")

_LOOKED_AT = 200  # lines of each kind; more prove no more
_MATCHED = 60  # lines that are compared word by word
_EVOLVED = 0.5  # share of words that a line keeps which somebody went on with
_RESPELLED = 0.3  # share of lines that a formatter leaves over at most
_SAME_WORDS = 0.5  # share of words, at least, where most lines are only respelled
_ALIKE = 8  # lines that share a word, of which a formatter may have made another one
_WHOLE = 12  # characters of a line that somebody else hardly types by chance


@dataclass(frozen=True, slots=True)
class _Line:
    """A line that the save has and the base has not; `holders`: bits of the versions that have it.

    `words` are to be typed if it is new; `source` is the number of the base's line that it was made of.
    """

    text: str
    holders: int
    words: float
    source: int | None


@dataclass(frozen=True, slots=True)
class Edit:
    """A save as an edit of one version.  Numbers of versions are bits of masks."""

    is_none: bool = False
    lines: tuple[_Line, ...] = ()
    texts: tuple[int, ...] = ()  # holders of whole cells that the base lacks
    ids: tuple[int, ...] = ()  # holders of ids that the base lacks
    results: tuple[int, ...] = ()  # holders of results that differ from the base's
    carried: tuple[tuple[int, float], ...] = ()  # holders of results that stand beside another text there
    cleared: bool = False
    gone: tuple[int, ...] = ()  # for each line that only the base has, its cell there
    respelled: bool = False  # lines have the same words, otherwise spaced or broken: no other lines above
    moved: int = 0

    def cost(self, past: int, elsewhere: int) -> float:
        """How surprising it is, for a writer who had the versions of `past`; `elsewhere` are the others."""
        if self.is_none:
            return _NOTHING
        back = [line for line in self.lines if line.holders & past]
        rest = [line for line in self.lines if not line.holders & past]
        foreign = [line for line in rest if line.holders & elsewhere]
        typed = [line for line in rest if not line.holders & elsewhere]
        whole = sum(1 for holders in self.texts if holders & past)
        ids = sum(1 for holders in self.ids if not holders & past and holders & elsewhere)
        return (
            _cost_of_back(len(back), whole)
            + _cost_of_foreign(foreign)
            + _cost_of_typed(typed)
            + self._cost_of_gone(typed)
            + _curve(ids, 8.0, 8.0, 12.0)
            + self._cost_of_results(past, elsewhere)
            + self._cost_of_carried(past, elsewhere)
            + min(3.0, 1.6 * self.moved)
            + (1.5 if self.respelled else 0.0)
        )

    def _cost_of_gone(self, typed: Sequence[_Line]) -> float:
        went_on = {line.source for line in typed if line.source is not None}
        gone = [cell for number, cell in enumerate(self.gone) if number not in went_on]
        if not gone:
            return 0.0
        return min(8.0, 1.0 + 1.5 * log(1 + len(set(gone))) + 0.4 * log(len(gone)))

    def _cost_of_carried(self, past: int, elsewhere: int) -> float:
        unseen = (cost for holders, cost in self.carried if not holders & past and holders & elsewhere)
        return min(_MOST_CARRIED, sum(unseen))

    def _cost_of_results(self, past: int, elsewhere: int) -> float:
        restored = sum(1 for holders in self.results if holders & past)
        foreign = sum(1 for holders in self.results if not holders & past and holders & elsewhere)
        run = len(self.results) - restored - foreign
        return (
            min(3.0, 0.7 * run)
            + _curve(restored, 0.8, 0.3, 2.5)
            + _curve(foreign, 1.0, 0.7, 5.0)
            + (2.5 if self.cleared else 0.0)
        )


_CARRIED, _MOST_CARRIED = 6.0, 10.0  # the result of one text beside another one
_NOTHING = 2.5  # nobody saves what they had, but by habit


def _cost_of_back(lines: int, whole: int) -> float:
    return min(8.0, 1.8 + 0.4 * log(1 + lines) + 2.5 * log(1 + whole)) if lines else 0.0


def _cost_of_foreign(lines: Sequence[_Line]) -> float:
    return _curve(sum(min(1.0, len(line.text) / _WHOLE) for line in lines), 2.4, 1.5, 5.0) if lines else 0.0


def _cost_of_typed(lines: Sequence[_Line]) -> float:
    cost = sum(0.3 + 0.35 * line.words for line in lines[:_MATCHED])
    return cost if cost < 6.0 else 6.0 + log(cost / 6.0)


def _curve(number: float, first: float, further: float, most: float) -> float:
    return 0.0 if number <= 0 else min(most, first + further * (number - 1))


def edit(contents: ComparedVersions, save: int, base: int, others: Sequence[int]) -> Edit:
    """Version `save` as an edit of `base`; `others` are the other versions, where things may come from."""
    delta = contents.delta(save, base)
    if delta.is_empty and contents[save].cells == contents[base].cells:
        return Edit(is_none=True)
    deltas = [(1 << other, contents.delta(other, base)) for other in others]
    more, less = _but_respelled(delta)
    respelled = len(more) + len(less) < len(delta.more) + len(delta.less)
    more = more[:_LOOKED_AT]
    found = _lines(contents[save], contents[base], delta, more, less)
    holders = _holders(more, ((bit, one.more) for bit, one in deltas))
    fresh = frozenset(more)
    whole = [text for text in islice(delta.new, _LOOKED_AT) if not fresh.isdisjoint(telling(text[1]))]
    ids = list(islice(delta.ids, _LOOKED_AT))
    results = [(source, result) for source, result in delta.runs.items() if result != NO_RESULT]
    order = contents[save].order - contents[base].order if not more and not less else ()
    return Edit(
        lines=tuple(_Line(line, holders[line], number, source) for line, number, source in found),
        texts=tuple(_holders(whole, ((bit, one.new) for bit, one in deltas)).values()),
        ids=tuple(_holders(ids, ((bit, one.ids) for bit, one in deltas)).values()),
        results=tuple(_holders_of(result, deltas) for result in results[:_LOOKED_AT]),
        carried=tuple(_carried(delta, deltas)),
        cleared=len(results) < len(delta.runs),
        gone=tuple(_places(delta.others, less)),
        moved=len(order),
        respelled=respelled,
    )


def _holders(things: Sequence[T], versions: Iterable[tuple[int, Collection[T]]]) -> dict[T, int]:
    """The bits of the versions that hold each thing."""
    found = dict.fromkeys(things, 0)
    for bit, held in versions if found else ():
        few, many = (held, found) if len(held) < len(found) else (found, held)
        for thing in few:
            if thing in many:
                found[thing] |= bit
    return found


def _holders_of(run: tuple[str, Result], deltas: Iterable[tuple[int, Delta]]) -> int:
    """The same for the result of a source, which cannot be looked up."""
    source, result = run
    return sum(bit for bit, delta in deltas if delta.runs.get(source) == result)


def _carried(delta: Delta, deltas: Iterable[tuple[int, Delta]]) -> Iterator[tuple[int, float]]:
    """The bits of versions, for each of their results that the save shows beside another text, and how
    surprising that is for who did not have them."""
    mine = [cell for cell in islice(delta.ones, _LOOKED_AT) if cell.outputs]
    found = defaultdict[Cell, int](int)
    for bit, other in deltas if mine else ():
        for cell in carried(mine, other):
            found[cell] |= bit
    return ((bits, _CARRIED if cell.id is not None else _CARRIED / 2) for cell, bits in found.items())


def _but_respelled(delta: Delta) -> tuple[list[str], list[str]]:
    """Lines that came and went; if most of them are the same words, spaced or broken otherwise, the rest."""
    if min(len(delta.more), len(delta.less)) < 2:
        return list(delta.more), list(delta.less)
    plus, minus = list(delta.more.elements()), list(delta.less.elements())
    came, went = said(plus), said(minus)
    if (came & went).total() < _SAME_WORDS * max(came.total(), went.total()):
        return list(delta.more), list(delta.less)  # what is compared below line by line takes long
    most = int(_RESPELLED * (len(plus) + len(minus)))
    more = _with_words_of_their_own(plus, _Said(minus, delta.others), most)
    less = _with_words_of_their_own(minus, _Said(plus, delta.ones), most - len(more))
    if len(more) + len(less) > most:
        return list(delta.more), list(delta.less)
    return list(dict.fromkeys(more)), list(dict.fromkeys(less))


def _with_words_of_their_own(lines: Sequence[str], others: _Said, most: int) -> list[str]:
    """Lines but for those that a formatter may have made of others: it breaks one, or joins whole ones.

    If there are more than `most`, only that many and one.
    """
    found: list[str] = []
    for line in lines:
        if len(found) > most:
            break
        if not others.has(said((line,))):
            found.append(line)
    return found


class _Said:
    """What lines say that were not used yet; also those of their `cells` that are too short to tell much."""

    def __init__(self, lines: Sequence[str], cells: Iterable[Cell]) -> None:
        self._left = [said((line,)) for line in lines]
        self._short = said(line for cell in cells for line in _short_lines(cell.source))
        self._places = defaultdict[str, list[int]](list)
        for at, words_of_line in enumerate(self._left):
            for word in words_of_line:
                self._places[word].append(at)

    def has(self, wanted: Counter[str]) -> bool:
        """Whether a part of one line says this, or several whole lines do; these are used then."""
        if not wanted:
            return False
        rare = self._places.get(min(wanted, key=lambda word: len(self._places.get(word, ()))), ())
        for at in rare[:_ALIKE]:
            if wanted <= self._left[at]:
                self._left[at] -= wanted
                return True
        places = (self._places.get(word, ()) for word in wanted)
        near = {at for found in places if len(found) <= _ALIKE for at in found}
        rest, whole = wanted, list[int]()
        for at in sorted(near):
            if self._left[at] and self._left[at] <= rest:
                rest = rest - self._left[at]
                whole.append(at)
        if not whole or not rest <= self._short:
            return False
        self._short -= rest
        for at in whole:
            self._left[at] = Counter()
        return True


def _short_lines(source: str) -> Iterator[str]:
    tell = frozenset(telling(source))
    return (line for line in source.split("\n") if line.strip() not in tell)


def _places(cells: Iterable[Cell], lines: Iterable[str]) -> Iterator[int]:
    """For each line the number of the cell in which it stands."""
    places: dict[str, int] = {}
    for number, cell in enumerate(cells):
        for line in telling(cell.source):
            places.setdefault(line, number)
    return (places.get(line, -1) for line in lines)


def _ids_of(cells: Iterable[Cell], lines: Iterable[str]) -> dict[str, str | None]:
    wanted, found = set(lines), dict[str, str | None]()
    for cell in cells:
        for line in telling(cell.source):
            if line in wanted:
                found.setdefault(line, cell.id)
    return found


def _lines(
    save: Content, base: Content, delta: Delta, more: Sequence[str], less: Sequence[str]
) -> Iterator[tuple[str, float, int | None]]:
    """New lines, with how many words had to be typed, and the number of the line in `less` that they were
    made of: one in the same cell, where cells have ids."""
    has_ids = save.shares_ids(base)
    new, old = _ids_of(delta.ones, more), _ids_of(delta.others, less)
    pool = defaultdict[str | None, list[tuple[int, frozenset[str]]]](list)
    for at, line in enumerate(less[:_MATCHED]):
        pool[old.get(line) if has_ids else None].append((at, frozenset(words(line))))
    for number, line in enumerate(more):
        own = frozenset(words(line))
        best, source = 0.0, None
        for at, theirs in pool[new.get(line) if has_ids else None] if number < _MATCHED else ():
            alike = 2 * len(own & theirs) / ((len(own) + len(theirs)) or 1)
            if alike > best:
                best, source = alike, at
        went_on = best > _EVOLVED
        yield line, len(own) * (1 - best if went_on else 1.0), source if went_on else None
