"""Owns: which fields that were read make one cell.

Must not know: text, trees, notebooks as files.  Invariant: every line of a source that was read is in
one cell, in the order of the file.

A program writes the fields of every cell in one order.  So where a field comes that belongs before the
last one, or that is there already, the end of a cell and the beginning of the next one are lost.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from nbmerge.notebook.model import joined
from nbmerge.repair.events import SOURCES, Closed, Field, Frame, Loose, Opened, Whole

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TypeAlias

    from nbmerge.notebook.jsontext import Json
    from nbmerge.repair.events import Event

    Item: TypeAlias = "Whole | Frame | Draft"

_USUAL = ("cell_type", "execution_count", "id", "metadata", "outputs", "source")
_PLAIN = ("cell_type", "id", "execution_count", "prompt_number", "language", "collapsed", "level")


@dataclass(slots=True)
class Draft:
    """A cell that was put together from what was read; `row` is its first line."""

    row: int
    column: int | None = None
    fields: dict[str, Json] = field(default_factory=dict)
    sealed: bool = False
    last: str = ""

    @property
    def has_source(self) -> bool:
        return any(key in self.fields for key in SOURCES)


def gather(events: Sequence[Event]) -> list[Item]:
    """Whole cells, cells put together, and the members of notebooks, in order."""
    return _joined(_Gathering(_order(events)).run(events))


def _order(events: Iterable[Event]) -> list[str]:
    """The order of the fields in the cells that are whole."""
    order: list[str] = []
    for event in events:
        if isinstance(event, Whole):
            order += [key for key in event.value if key not in order]
            if "outputs" in event.value:
                break
    return order + [key for key in _USUAL if key not in order]


class _Gathering:
    """One pass over what was read."""

    def __init__(self, order: list[str]) -> None:
        self.rank = {key: place for place, key in enumerate(order)}
        self.items: list[Item] = []
        self.draft: Draft | None = None

    def run(self, events: Iterable[Event]) -> list[Item]:
        for event in events:
            match event:
                case Whole() | Frame():
                    self.finish()
                    self.items.append(event)
                case Opened(row, sealed):
                    self.begin(row).sealed = sealed
                case Closed():
                    self.finish()
                case Field():
                    self.field(event)
                case Loose():
                    self.loose(event)
        self.finish()
        return self.items

    def begin(self, row: int) -> Draft:
        self.finish()
        self.draft = Draft(row)
        return self.draft

    def finish(self) -> None:
        if self.draft is not None:
            self.items.append(self.draft)
            self.draft = None

    def field(self, event: Field) -> None:
        draft = self.draft
        if draft is None or self.begins_another(draft, event.key):
            draft = self.begin(event.row)
        if draft.column is None:
            draft.column = event.column
        known = draft.fields.get(event.key)
        draft.fields[event.key] = _both(event.key, known, event.value)
        draft.last = event.key

    def begins_another(self, draft: Draft, key: str) -> bool:
        if draft.sealed or not draft.last:
            return False
        if key == draft.last:
            return key in SOURCES
        return self.rank.get(key, 0) < self.rank.get(draft.last, 0)

    def loose(self, event: Loose) -> None:
        """A line of a source: of the cell that it stands in, or of one of which no more is left."""
        draft = self.draft or self.begin(event.row)
        before = joined(draft.fields.get("source")) or ""
        end = "\n" if before and not before.endswith("\n") else ""
        draft.fields["source"] = f"{before}{end}{event.line}"
        draft.last = "source"


def _both(key: str, known: Json, new: Json) -> Json:
    """A field that stands twice, one directly behind the other, for which there can be one value only."""
    match known, new:
        case list(), list() if key == "outputs":
            return known + [output for output in new if output not in known]
        case dict(), dict():
            return new | known
        case None, _:
            return new
    return known if key in _PLAIN else new


def _joined(items: list[Item]) -> list[Item]:
    """Two halves become one cell: the first has a kind and no text, the second a text and no kind."""
    found: list[Item] = []
    for item in items:
        last = found[-1] if found else None
        if (
            isinstance(item, Draft)
            and isinstance(last, Draft)
            and not last.has_source
            and "cell_type" not in item.fields
        ):
            last.fields = {**last.fields, **item.fields}
            last.column = item.column if last.column is None else last.column
        else:
            found.append(item)
    return found
