"""Owns: the page on which open conflicts are settled, and what it is told of each when something was
chosen.

Must not know: how it is served, what is done with the choices, how a cell looks.  Invariant: the page itself
holds nothing that runs; every conflict of the notebook is on it once, with a way from the top to it; what
was chosen is told in words of the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from nbmerge.browser.html import Html, counted, link, tag
from nbmerge.browser.open_cells import (
    OpenView,
    Persons,
    between,
    conflict_anchor,
    frame_conflicts,
    open_cell,
    way_button,
)
from nbmerge.browser.outputs import PictureBudget
from nbmerge.conflicts.values import CellRuns

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from nbmerge.browser.choices import Choices
    from nbmerge.browser.offers import Offer


@dataclass(frozen=True, slots=True)
class SettlePage:
    """What the page is about.

    `edition` tells it from what was shown before of the same notebook, when its conflicts had other numbers.
    `notes` are sentences for those who choose, `news` what has happened just before, `recalled` says which
    choices of an earlier time are here again.
    """

    title: str
    choices: Choices
    persons: Persons
    edition: int = 1
    notes: Sequence[str] = ()
    news: Sequence[str] = ()
    recalled: str = ""


_KEYS = (
    ("j or n", "next conflict"),
    ("k or p", "previous conflict"),
    ("o", "next one that is open"),
    ("1", "take mine"),
    ("2", "take theirs"),
    ("3", "both, mine first"),
    ("4", "both, theirs first"),
    ("0", "base"),
    ("e", "edit as text"),
    ("Escape", "from the text back to the conflict"),
    ("x", "leave it open"),
    ("u", "undo"),
    ("Ctrl-S", "save"),
    ("?", "this list"),
)


_HINT = "j and k go from conflict to conflict, 1 and 2 take a side; ? lists all keys."


def settle_document(page: SettlePage, number: int) -> str:
    """The page; `number` tells this time of opening it from others."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="referrer", content="no-referrer"),
        tag("title", f"{page.title}: settle conflicts"),
        tag("link", rel="icon", href="data:,"),
        tag("link", rel="stylesheet", href="report.css"),
        tag("link", rel="stylesheet", href="settle.css"),
        tag("script", type="module", src="settle.js"),
    )
    total = len(page.choices.offers)
    body = tag(
        "body",
        link(conflict_anchor(0), "To the first conflict", class_="skip"),
        _bar(total),
        tag("div", _top(page), tag("main", *_cells(page), id="cells"), _foot(), class_="page", id="page"),
        _help(),
        tag("noscript", "This page needs JavaScript."),
        data_page=number,
        data_edition=page.edition,
    )
    return f"<!doctype html>\n{tag('html', head, body, lang='en').text}\n"


def _button(text: str, name: str, **more: str | bool) -> Html:
    return tag("button", text, type="button", id=name, **more)


def _bar(total: int) -> Html:
    """What stays in sight: how far it is, and what there is to press at any time."""
    ways = (
        _button("Previous", "previous", title="k or p"),
        _button("Next", "next", title="j or n"),
        _button("Undo", "undo", title="u", disabled=True),
        _button("? Keys", "help", aria_haspopup="dialog"),
    )
    ends = (
        _button("Close without saving", "close"),
        _button("Save", "save", class_="first", disabled=True, title="Ctrl-S"),
    )
    progress = tag("progress", id="progress", max=str(total), value="0", aria_labelledby="count")
    count = tag("span", f"0 of {total} settled", id="count")
    return tag(
        "div",
        tag("div", progress, count, class_="how-far"),
        tag("div", *ways, class_="ways", role="group", aria_label="go"),
        tag("div", *ends, class_="ways", role="group", aria_label="end"),
        tag("p", _HINT, id="said", role="status", class_="said"),
        tag("p", "", id="failed", role="alert", class_="alert", hidden=True),
        _look_again(),
        class_="tools",
        role="region",
        aria_label="progress and tools",
    )


def _look_again() -> Html:
    """What is shown when others have written the notebook; its words are filled in then, to be read out."""
    words = tag("span", "", id="changed-words", role="alert")
    about = " Your choices stay where the conflict is the same."
    return tag(
        "p", words, " ", _button("Look again", "again"), about, id="changed", class_="alert", hidden=True
    )


def _top(page: SettlePage) -> Html:
    offers = page.choices.offers
    cells = len({offer.traced.conflict.cell for offer in offers})
    said = f"{counted(len(offers), 'conflict')} in {counted(cells, 'cell')}"
    all_ways = (way_button(way, page.persons, "data_all") for way in page.persons.ways())
    squares = (
        link(conflict_anchor(offer.number), str(offer.number + 1), class_="clash", data_square=offer.number)
        for offer in offers
    )
    news = [tag("p", each, class_="verdict clean", data_news=True) for each in page.news]
    if page.recalled:
        afresh = _button("Start afresh", "afresh")
        news.append(tag("p", f"{page.recalled} ", afresh, class_="verdict plain"))
    return tag(
        "header",
        tag("p", "nbmerge: settle conflicts", class_="eyebrow"),
        tag("h1", page.title),
        *news,
        tag("p", f"{said}. Choose for each, or write it yourself; nothing is written before you save."),
        *(tag("p", note, class_="soft") for note in page.notes),
        tag("nav", *squares, class_="map", aria_label="conflicts"),
        tag(
            "div",
            tag("span", "All that are left:"),
            *all_ways,
            class_="do all",
            role="group",
            aria_label="all",
        ),
        id="summary",
    )


def _foot() -> Html:
    return tag("footer", "Served by nbmerge on this machine alone. Nothing in the notebook runs here.")


def _help() -> Html:
    rows = (tag("tr", tag("th", tag("kbd", key), scope="row"), tag("td", what)) for key, what in _KEYS)
    switch = tag(
        "label", tag("input", type="checkbox", id="with-keys", checked=True), " keys of one letter work"
    )
    content = (
        tag("h2", "Keys", id="keys-name"),
        tag("table", tag("tbody", *rows)),
        tag("p", switch),
        _button("Close", "help-close"),
    )
    return tag("dialog", *content, id="keys", aria_labelledby="keys-name")


def _cells(page: SettlePage) -> Iterator[Html | None]:
    """All cells with conflicts, and folded between them the others."""
    notebook = page.choices.notebook
    view = OpenView(notebook, page.persons, len(page.choices.offers), PictureBudget())
    behind = 0
    for cell, group in groupby(page.choices.offers, key=lambda offer: offer.traced.conflict.cell):
        found = list(group)
        if cell is None:
            yield frame_conflicts(found, view)
            continue
        yield between(behind, cell, view)
        yield open_cell(cell, found, view)
        behind = max(behind, cell + 1, *_ends(found))
    yield between(behind, len(notebook.cells), view)


def _ends(found: Iterable[Offer]) -> Iterator[int]:
    """Behind the cells that a conflict between cells takes up."""
    yield 0
    for offer in found:
        place = offer.traced.conflict.place
        if isinstance(place, CellRuns):
            yield place.last + 1


def told(page: SettlePage, changed: Sequence[int], said: str) -> dict[str, object]:
    """What the page shows now that these conflicts are settled otherwise: as JSON."""
    choices = page.choices
    return {
        "total": len(choices.offers),
        "settled": choices.settled,
        "unsaved": len(choices.chosen),
        "undo": choices.can_undo,
        "said": said,
        "conflicts": [_told(page, number) for number in (*changed, *choices.beside(changed))],
    }


def _told(page: SettlePage, number: int) -> dict[str, object]:
    choices = page.choices
    offer, chosen = choices.offers[number], choices.chosen.get(number)
    told: dict[str, object] = {"number": number, "settled": choices.is_settled(number)}
    if chosen is None:
        return told | {"way": "", "words": "", "text": "", "note": ""}
    way, text, words = offer.way_of(chosen), offer.text_of(chosen), _words(page, number)
    note = choices.comes_along(number)
    if offer.leaves_markers(chosen):
        note = "Markers are in this text: the conflict stays open."
    elif text is None:
        note = _without_text(offer, page, words)
    return told | {"way": "edited" if way is None else way.value, "words": words, "text": text, "note": note}


def _words(page: SettlePage, number: int) -> str:
    """How one is settled; "" while it is open."""
    chosen = page.choices.chosen.get(number)
    if chosen is None:
        return ""
    way = page.choices.offers[number].way_of(chosen)
    return "as you wrote it" if way is None else page.persons.way(way)


def _without_text(offer: Offer, page: SettlePage, words: str) -> str:
    if offer.traced.conflict.place.kind in ("source", "cell"):
        return "The cell is taken out."
    return f"Kept: {words}."


def said_of(page: SettlePage, changed: Sequence[int]) -> str:
    """What has just been done, for those who do not see it."""
    if len(changed) == 1:
        words = _words(page, changed[0]) or "open again"
        return f"Conflict {changed[0] + 1}: {words}."
    return f"{counted(len(changed), 'conflict')} changed." if changed else "Nothing changed."
