"""Owns: what a cell with open conflicts looks like while they are settled: its lines, each conflict as a
card with three columns, and what both sides ran; and the cells between, folded.

Must not know: what is chosen, the frame of the page.  Invariant: each conflict is one card, at its place
among the lines of its cell; whatever is known of its sides and of its base is in it; a card names
everything that can be done with it, and nothing that cannot.
"""

from __future__ import annotations

from dataclasses import dataclass

from nbmerge.browser.html import Html, counted, fold, join, tag
from nbmerge.browser.offers import Offer, Way
from nbmerge.browser.outputs import PictureBudget, is_text, outputs_box, shown_attachments
from nbmerge.browser.sources import (
    Author,
    changed_lines,
    lines,
    no_sign,
    plain_source,
    shown_lines,
    source_box,
)
from nbmerge.conflicts.values import Absent, CellRuns, InMetadata, InOutputs, InSource
from nbmerge.merge.values import split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbmerge.conflicts.values import OpenConflict, Term
    from nbmerge.notebook.model import Cell, Notebook

_AROUND = 3  # cells before and behind a conflict that are shown, folded
_BASE_IN_SIGHT = 12  # lines


@dataclass(frozen=True, slots=True)
class Persons:
    """Which side is whose: `mine` is local's, but for a rebase; and who wrote each last, and when, "" where
    that is not known."""

    mine: Author = Author.LOCAL
    local: str = ""
    remote: str = ""

    @property
    def theirs(self) -> Author:
        return Author.REMOTE if self.mine is Author.LOCAL else Author.LOCAL

    @property
    def sides(self) -> tuple[Author, Author]:
        """In the order in which they are shown."""
        return self.mine, self.theirs

    def name(self, side: Author) -> str:
        """As it stands on buttons and above columns."""
        return "mine" if side is self.mine else "theirs"

    def way(self, way: Way) -> str:
        """What a way is called."""
        match way:
            case Way.BASE:
                return "base"
            case Way.BOTH | Way.BOTH_REMOTE_FIRST:
                local_first = (way is Way.BOTH) == (self.mine is Author.LOCAL)
                return "both, mine first" if local_first else "both, theirs first"
        return self.name(Author(way.value))

    def ways(self) -> tuple[Way, ...]:
        """In the order in which they are shown."""
        mine_first = (Way.BOTH, Way.BOTH_REMOTE_FIRST)
        both = mine_first if self.mine is Author.LOCAL else mine_first[::-1]
        mine, theirs = (Way(side.value) for side in self.sides)
        return (mine, theirs, *both, Way.BASE)


@dataclass(frozen=True, slots=True)
class OpenView:
    """What all cells of the page share."""

    notebook: Notebook
    persons: Persons
    conflicts: int
    budget: PictureBudget


KEYS = {"mine": "1", "theirs": "2", "both, mine first": "3", "both, theirs first": "4", "base": "0"}


def conflict_anchor(number: int) -> str:
    """The id of a conflict's card."""
    return f"conflict-{number + 1}"


def way_button(way: Way, persons: Persons, attribute: str = "data_way", more: str = "") -> Html:
    """A button that settles in one way; `more` says what that means."""
    name = persons.way(way)
    said = (f"Take {name}" if name in ("mine", "theirs") else name.capitalize()) + more
    data: dict[str, str] = {attribute: way.value, "data_key": KEYS[name]}
    if attribute == "data_way":
        data |= {"title": f"key {KEYS[name]}", "aria_pressed": "false"}
    return tag("button", said, type="button", **data)


def open_cell(cell: int, found: Sequence[Offer], view: OpenView) -> Html:
    """A cell with conflicts in it."""
    shown = view.notebook.cells[cell]
    in_source = [offer for offer in found if isinstance(offer.traced.conflict.place, InSource)]
    others = [offer for offer in found if offer not in in_source]
    body = [
        _bar(cell, shown, len(found)),
        *(_card(offer, view) for offer in others),
        _source(shown, in_source, view) if in_source or not _is_marker_cell(found) else None,
        shown_attachments(shown.value.get("attachments"), view.budget),
        _ran(shown, found, view),
    ]
    return tag("article", *body, class_="cell clash", id=f"cell-{cell + 1}")


def frame_conflicts(found: Sequence[Offer], view: OpenView) -> Html:
    """Conflicts that are in no cell."""
    head = tag("div", tag("h2", "The notebook's own metadata"), class_="bar")
    return tag("article", head, *(_card(offer, view) for offer in found), class_="cell clash")


def between(first: int, last: int, view: OpenView) -> Html | None:
    """The cells from `first` to before `last`, which are not settled here; those nearest can be looked at."""
    number = last - first
    if number <= 0:
        return None
    places = range(first, last)
    at_start, at_end = first == 0, last == len(view.notebook.cells)
    head = () if at_start else places[:_AROUND]
    tail = () if at_end else places[max(len(head), number - _AROUND) :]
    left = number - len(head) - len(tail)
    note = tag("p", f"{counted(left, 'more cell')}, not shown here", class_="cut") if left else None
    cells = [_around(place, view) for place in head], [_around(place, view) for place in tail]
    names = f"Cells {first + 1} to {last}" if number > 1 else f"Cell {last}"
    return fold(names, *cells[0], note, *cells[1], class_="run")


def _around(place: int, view: OpenView) -> Html:
    cell = view.notebook.cells[place]
    text = is_text(cell)
    box = source_box(plain_source(lines(cell.source), text=text), text=text)
    ran = counted(len(cell.outputs), "output") if cell.outputs else ""
    head = tag("div", tag("h2", f"Cell {place + 1}"), tag("span", cell.type), tag("span", ran), class_="bar")
    return tag("div", head, box, class_="cell")


def _bar(number: int, cell: Cell, conflicts: int) -> Html:
    marks = [
        tag("span", cell.type),
        tag("span", counted(conflicts, "conflict"), class_="who clash") if conflicts > 1 else None,
        tag("code", cell.id, class_="id") if cell.id else None,
    ]
    return tag("div", tag("h2", f"Cell {number + 1}"), *marks, class_="bar")


def _is_marker_cell(found: Sequence[Offer]) -> bool:
    return any(isinstance(offer.traced.conflict.place, CellRuns) for offer in found)


def _source(cell: Cell, found: Sequence[Offer], view: OpenView) -> Html:
    """The source, each conflict at its place."""
    text, shown = is_text(cell), split(cell.source)[0]
    parts: list[Html] = []
    at = 0
    for offer in found:
        parts += [_plain(shown[at : offer.takes.start], text), _card(offer, view)]
        at = max(at, offer.takes.stop)
    return join([*parts, _plain(shown[at:], text)])


def _plain(shown: Sequence[str], text: bool) -> Html:
    return source_box(plain_source(shown, text=text), text=text) if shown else Html("")


def _card(offer: Offer, view: OpenView) -> Html:
    number, name = offer.number, f"name-{offer.number + 1}"
    conflict = offer.traced.conflict
    head = tag(
        "div",
        tag("h3", f"Conflict {number + 1} of {view.conflicts}", id=name),
        tag("span", _what_happened(conflict, view.persons)),
        tag("span", "open", class_="who clash", data_state=True),
        class_="bar",
    )
    mine, theirs = (_side(offer, side, view) for side in view.persons.sides)
    columns = tag("div", _base(offer, view), mine, theirs, _result(offer), class_="three")
    return tag(
        "section",
        head,
        _buttons(offer, view),
        columns,
        class_="conflict",
        id=conflict_anchor(number),
        role="group",
        aria_labelledby=name,
        tabindex="-1",
        data_conflict=number,
    )


def _buttons(offer: Offer, view: OpenView) -> Html:
    ways = (way for way in view.persons.ways() if way in offer.ways)
    buttons = [way_button(way, view.persons, more=_means(way, offer)) for way in ways]
    if offer.can_be_written:
        buttons.append(tag("button", "Edit as text", type="button", data_edit=True))
    buttons.append(tag("button", "Leave open", type="button", data_reopen=True, hidden=True))
    return tag("div", *buttons, class_="do", role="group", aria_label=f"settle conflict {offer.number + 1}")


def _means(way: Way, offer: Offer) -> str:
    """What a side means for a cell that one of them deleted."""
    terms = offer.traced.conflict.terms
    if Absent.DELETED not in (terms.local, terms.remote) or way not in (Way.LOCAL, Way.REMOTE):
        return ""
    return ": delete the cell" if getattr(terms, way.value) is Absent.DELETED else ": keep the cell"


def _what_happened(conflict: OpenConflict, persons: Persons) -> str:
    terms = conflict.terms
    mine, theirs = (getattr(terms, side.value) for side in persons.sides)
    match conflict.place:
        case CellRuns():
            return "each side has other cells here"
        case InOutputs():
            return "each side has other outputs"
        case InMetadata():
            return "each side has other metadata"
    match mine, terms.base, theirs:
        case Absent.DELETED, _, _:
            said = "you deleted the cell, they edited it"
        case _, _, Absent.DELETED:
            said = "they deleted the cell, you edited it"
        case _, Absent.UNKNOWN, _:
            said = "the two sides differ here"
        case _, "" | Absent.DELETED, _:
            said = "both inserted something different here"
        case _:
            said = "both changed this, differently"
    return said


def _side(offer: Offer, side: Author, view: OpenView) -> Html:
    conflict = offer.traced.conflict
    told = (getattr(conflict.labels, side.value), getattr(view.persons, side.value))
    words = ": ".join(word for word in told if word not in ("", side.value))
    more = tag("span", f" {words}", class_="soft") if words else None
    mark = tag("span", view.persons.name(side), class_=f"who {side.value}")
    if isinstance(conflict.place, CellRuns):
        content = _run(conflict.place, side, view)
    else:
        content = _term(offer, side, view)
    place = view.persons.name(side)
    return tag("div", tag("h4", mark, more), content, class_=f"side {side.value} {place}")


def _run(place: CellRuns, side: Author, view: OpenView) -> Html:
    """The cells of one side between marker cells."""
    ends = (place.first, place.middle) if side is Author.LOCAL else (place.middle, place.last)
    cells = [view.notebook.cells[at] for at in range(ends[0] + 1, ends[1])]
    if not cells:
        return tag("p", "no cell", class_="empty")
    return join(
        tag(
            "div",
            _plain(lines(cell.source), is_text(cell)),
            outputs_box(cell.outputs, view.budget),
            class_="one",
        )
        for cell in cells
    )


def _term(offer: Offer, side: Author, view: OpenView) -> Html:
    """What one side has, against base, or against the other side where that is not known."""
    terms = offer.traced.conflict.terms
    term: Term = getattr(terms, side.value)
    other = terms.remote if side is Author.LOCAL else terms.local
    if term is Absent.DELETED:
        return tag("p", "the cell is deleted", class_="empty")
    if term is Absent.UNKNOWN:
        return tag("p", "not known", class_="empty")
    mine = _lines_of(offer, Way(side.value), term)
    if not mine:
        gone = isinstance(terms.base, str) and terms.base
        return tag("p", "nothing: these lines are taken out" if gone else "nothing", class_="empty")
    against = other if terms.base in (Absent.UNKNOWN, Absent.DELETED, "") else terms.base
    way = Way.BASE if against is terms.base else Way.REMOTE if side is Author.LOCAL else Way.LOCAL
    changed = changed_lines(_lines_of(offer, way, against), mine, side)
    alone = other is Absent.DELETED
    kept = [line for line in changed if alone or not line.gone]
    text = _is_text(offer, view)
    return source_box(shown_lines(kept, text=text, sign=no_sign), text=text)


def _lines_of(offer: Offer, way: Way, term: Term) -> list[str]:
    text = offer.ways.get(way)
    return lines(text if text is not None else term if isinstance(term, str) else "")


def _is_text(offer: Offer, view: OpenView) -> bool:
    conflict = offer.traced.conflict
    return isinstance(conflict.place, InSource) and is_text(view.notebook.cells[offer.cell])


def _base(offer: Offer, view: OpenView) -> Html | None:
    base = offer.traced.conflict.terms.base
    if not isinstance(base, str) or not base:
        return None
    shown, text = lines(base), _is_text(offer, view)
    box = source_box(plain_source(shown, text=text), text=text)
    in_sight = len(shown) <= _BASE_IN_SIGHT
    return fold("base: before both changes", box, class_="side base", open=in_sight)


def _result(offer: Offer) -> Html:
    """The column in which the result stands, to be edited."""
    name = f"text-{offer.number + 1}"
    title = f"Result of conflict {offer.number + 1}"
    head = tag("h4", tag("span", "result", class_="who"), tag("span", "", class_="soft", data_words=True))
    content: list[Html] = [head]
    if offer.can_be_written:
        hint = "open: choose above, or write here"
        more = {"spellcheck": "false", "autocomplete": "off", "rows": "1", "placeholder": hint}
        content.append(tag("textarea", "", id=name, aria_label=title, **more))
    content.append(tag("p", "", class_="along", data_note=True))
    return tag("div", *content, class_="side result")


def _ran(cell: Cell, found: Sequence[Offer], view: OpenView) -> Html | None:
    """The outputs of both sides, and those that the cell shows."""
    cells = found[0].traced.cells
    sides: dict[Author, Cell | None] = {Author.LOCAL: cells.local, Author.REMOTE: cells.remote}
    boxes = list(_boxes(sides, view))
    shown = None if _is_marker_cell(found) else outputs_box(cell.outputs, view.budget)
    if not boxes:
        return shown
    alike = len(boxes) == 2 and _same_outputs(*sides.values())
    pair = tag(
        "div", *boxes[: 1 if alike else 2], class_="pair" if len(boxes) == 2 and not alike else "alone"
    )
    return join([shown, tag("div", pair, class_="more")])


def _boxes(sides: dict[Author, Cell | None], view: OpenView) -> Iterator[Html]:
    alike = _same_outputs(*sides.values())
    for side in view.persons.sides:
        cell = sides[side]
        if cell is not None and cell.outputs:
            mark = tag("span", view.persons.name(side), class_=f"who {side.value}")
            said = "outputs, the same on both sides" if alike else join(["outputs of ", mark])
            yield tag("div", outputs_box(cell.outputs, view.budget, said), class_="side")


def _same_outputs(one: Cell | None, other: Cell | None) -> bool:
    return one is not None and other is not None and one.plain_outputs == other.plain_outputs
