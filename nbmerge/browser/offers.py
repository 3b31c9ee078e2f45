"""Owns: the ways in which a person can settle each open conflict, and the text that each of them gives.

Must not know: what was chosen, how it is shown.  Invariant: what is chosen here is a value that
`conflicts.choosing` takes; a text that is what one of the ways gives is that way, so that it brings back what
a side had under it; a text says exactly what stands there afterwards, the lines around the markers that are a
part of the conflict included.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from hashlib import sha256
from itertools import groupby

from nbmerge.conflicts.choosing import choose
from nbmerge.conflicts.values import (
    Absent,
    CellRuns,
    Choice,
    Edited,
    InId,
    InMetadata,
    InOutputs,
    InSource,
    NotKnown,
)
from nbmerge.merge.markers import conflicts_in
from nbmerge.merge.values import Terms, split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from typing import TypeAlias

    from nbmerge.conflicts.known import Traced
    from nbmerge.conflicts.values import Chosen, Term
    from nbmerge.merge.values import Lines
    from nbmerge.notebook.model import Notebook

    Ways: TypeAlias = "dict[Way, str | None]"


class Way(Enum):
    """How a conflict is settled with one key; `BOTH` has local's lines first."""

    LOCAL = "local"
    REMOTE = "remote"
    BASE = "base"
    BOTH = "both"
    BOTH_REMOTE_FIRST = "both-remote"


# A field of text gives these back as a line's end; they are shown by other signs while it is edited.
_RETURN = "\r"
_INSTEAD = "\u240d\u2424\u240a" + "".join(map(chr, range(0xE000, 0xE100)))


@dataclass(frozen=True, eq=False)
class Offer:
    """One conflict, the `number`-th from 0 of those that are to be settled.

    `ways` are those that there are, each with the text that it gives; None: it gives none, for the cell goes,
    or whole cells or outputs stay.  `takes` are the lines of the cell's source that it takes up.
    """

    number: int
    traced: Traced
    ways: Mapping[Way, str | None]
    can_be_written: bool
    takes: range = field(default=range(0))
    instead: str = ""  # the sign that stands for a carriage return

    @property
    def cell(self) -> int:
        return self.traced.conflict.cell or 0

    @cached_property
    def key(self) -> str:
        """The same for the same conflict in another version of the notebook."""
        conflict = self.traced.conflict
        terms = [term.value if isinstance(term, Absent) else f"={term}" for term in conflict.terms]
        told = "\0".join((conflict.place.kind, conflict.id or "", *terms))
        return sha256(told.encode("utf-8", "surrogatepass")).hexdigest()

    def shown(self, text: str) -> str:
        """A text as it is edited."""
        return text.replace(_RETURN, self.instead) if self.instead else text

    def chosen(self, way: Way) -> Chosen:
        """What settling it in one of its ways is."""
        if way is not Way.BOTH_REMOTE_FIRST:
            return Choice(way.value)
        place = self.traced.conflict.place
        assert isinstance(place, InSource)
        return Edited("\n".join((*place.marked.remote, *place.marked.local)))

    def written(self, shown: str) -> Chosen:
        """What a text is that somebody wrote in its place: one of the ways, if it is what that gives."""
        text = shown.replace(self.instead, _RETURN) if self.instead else shown
        way = next((way for way, gives in self.ways.items() if gives == text), None)
        if way is not None:
            return self.chosen(way)
        place = self.traced.conflict.place
        return Edited(text, whole=isinstance(place, InSource) and bool(place.head or place.tail))

    def way_of(self, chosen: Chosen) -> Way | None:
        """The way that something chosen is; None for a text."""
        return next((way for way in self.ways if self.chosen(way) == chosen), None)

    def text_of(self, chosen: Chosen) -> str | None:
        """The text that something chosen gives, as it is edited."""
        way = self.way_of(chosen)
        text = self.ways[way] if way is not None else chosen.text if isinstance(chosen, Edited) else None
        return None if text is None else self.shown(text)

    def leaves_markers(self, chosen: Chosen) -> bool:
        """Whether it is in conflict still: somebody left markers in the text."""
        return isinstance(chosen, Edited) and bool(conflicts_in(chosen.text.split("\n")))

    def start(self) -> str:
        """The text that somebody who writes one begins with."""
        ways = (Way.BOTH, Way.LOCAL, Way.REMOTE)
        texts = (text for way in ways if (text := self.ways.get(way)) is not None)
        return self.shown(next(texts, ""))


def offers(notebook: Notebook, conflicts: Sequence[Traced]) -> tuple[Offer, ...]:
    """The conflicts, which `find` found in this very notebook, in their order."""
    return tuple(_offers(notebook, conflicts))


def why_not(notebook: Notebook, offer: Offer, chosen: Chosen) -> str | None:
    """Why a conflict cannot be settled like this; None if it can."""
    if isinstance(offer.traced.conflict.place, InSource):
        return None  # it is offered only what is known
    try:
        choose(notebook, {offer.traced: chosen})
    except NotKnown as error:
        return str(error)
    return None


def _offers(notebook: Notebook, conflicts: Sequence[Traced]) -> Iterator[Offer]:
    numbered = enumerate(conflicts)
    for cell, group in groupby(numbered, key=lambda one: one[1].conflict.cell):
        end = 0  # of the lines that those before take up
        lines: Lines = ()
        if cell is not None:
            lines = split(notebook.cells[cell].source)[0]
        for number, traced in group:
            offer = _offer(number, traced, lines, end)
            end = max(end, offer.takes.stop)
            yield offer


def _offer(number: int, traced: Traced, lines: Lines, end: int) -> Offer:
    conflict = traced.conflict
    terms, place = conflict.terms, conflict.place
    if isinstance(place, InSource):
        marked = place.marked
        first = max(end, marked.start - place.head)
        last = min(len(lines), marked.end + place.tail)
        around = lines[first : marked.start], lines[marked.end : last]
        found = _ways_in_source(terms, place, *around)
        instead = _stand_in(found)
        return Offer(number, traced, found, can_be_written=True, takes=range(first, last), instead=instead)
    ways: Ways = {Way.LOCAL: _text(terms.local), Way.REMOTE: _text(terms.remote)}
    if isinstance(place, CellRuns | InOutputs):
        ways = dict.fromkeys((Way.LOCAL, Way.REMOTE, Way.BOTH))
    elif isinstance(place, InMetadata):
        ways |= {Way.BASE: _text(terms.base)} if isinstance(terms.base, str) else {}
        ways[Way.BOTH] = None
    can_be_written = not isinstance(place, CellRuns | InOutputs | InId)
    return Offer(number, traced, ways, can_be_written, instead=_stand_in(ways))


def _ways_in_source(terms: Terms[Term], place: InSource, head: Lines, tail: Lines) -> Ways:
    marked = place.marked
    found: Ways = {}
    for way, term, lines in (
        (Way.LOCAL, terms.local, marked.local),
        (Way.REMOTE, terms.remote, marked.remote),
    ):
        found[way] = None if term is Absent.DELETED else "\n".join((*head, *lines, *tail))
    match terms.base:
        case Absent.DELETED:
            found[Way.BASE] = ""
        case str() as base:
            found[Way.BASE] = base
    if Absent.DELETED not in (terms.local, terms.remote):
        found[Way.BOTH] = "\n".join((*head, *marked.local, *marked.remote, *tail))
        found[Way.BOTH_REMOTE_FIRST] = "\n".join((*head, *marked.remote, *marked.local, *tail))
    return found


def _text(term: Term) -> str | None:
    return term if isinstance(term, str) else None


def _stand_in(ways: Ways) -> str:
    """A sign that none of the texts holds, if one is needed."""
    texts = "".join(text for text in ways.values() if text is not None)
    if _RETURN not in texts:
        return ""
    return next((sign for sign in _INSTEAD if sign not in texts), "")
