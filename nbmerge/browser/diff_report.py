"""Owns: what changed from one notebook to another, as one page.

Must not know: files, where the notebooks come from.  Invariant: pure: the same two notebooks and
names give the same page; every cell of both is on it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby

from nbmerge.browser.html import Html, counted, document, fold, join, link, tag
from nbmerge.browser.outputs import (
    Album,
    changes,
    compared_table,
    is_text,
    metadata_box,
    metadata_of,
    outputs_box,
    shown_attachments,
)
from nbmerge.browser.sources import By, added_or_removed, changed_lines, lines, shown_lines, source_box
from nbmerge.browser.stories import Fate, Story, same_content, stories
from nbmerge.merge.markers import render
from nbmerge.merge.values import Result, Side, Terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbmerge.notebook.model import Cell, Notebook


_RUN = 3  # unchanged cells in a row that are folded


@dataclass(frozen=True, slots=True)
class NamedNotebook:
    """A notebook, and what it is called."""

    name: str
    notebook: Notebook


def diff_page(old: NamedNotebook, new: NamedNotebook) -> str:
    """The page: HTML, whole in itself."""
    # one side changed everything, the other nothing: a comparison is a merge without a rival
    sides = Terms(old.notebook, new.notebook, old.notebook)
    told = stories(sides, render(Result(new.notebook, {}, taken=Side.LOCAL)))
    album = Album()
    frames = sides.map(lambda notebook: notebook.frame)
    frame = list(changes(frames, new.notebook.frame))
    page = tag(
        "div",
        _top(old, new, told, bool(frame)),
        tag("section", metadata_box(frame, compared_table), class_="cell") if frame else None,
        tag("main", *_cells(told, album), id="cells"),
        tag("footer", "Made by nbmerge. This page asks for nothing from the network and runs nothing."),
        class_="page diff",
    )
    return document(f"{new.name}: what changed", link("cells", "To the cells", class_="skip"), page)


def _top(old: NamedNotebook, new: NamedNotebook, told: Sequence[Story], frame: bool) -> Html:
    names = (("before", old.name, "gone"), ("after", new.name, "added"))
    files = (
        part
        for what, name, kind in names
        for part in (tag("dt", tag("span", what, class_=f"who {kind}")), tag("dd", tag("code", name)))
    )
    return tag(
        "header",
        tag("p", "nbmerge: what changed", class_="eyebrow"),
        tag("h1", new.name),
        tag("p", _verdict(told, frame), class_="verdict plain"),
        tag("dl", *files, class_="sides"),
        tag("nav", *map(_square, told), class_="map", aria_label="cells"),
        id="summary",
    )


def _verdict(told: Sequence[Story], frame: bool) -> str:
    counts = Counter(story.fate for story in told)
    moved = sum(1 for story in told if story.moved)
    done = [(fate.value, counts[fate]) for fate in (Fate.CHANGED, Fate.INSERTED, Fate.DELETED)]
    named = [f"{counted(number, 'cell')} {what}" for what, number in [*done, ("moved", moved)] if number]
    if frame:
        named.append("the notebook's metadata changed")
    return f"{', '.join(named)}." if named else "The same, but for how it is spelled."


def _square(story: Story) -> Html:
    if story.number is None:
        return tag("span", "\u00d7", class_="gone", title="deleted")
    number = str(story.number + 1)
    if story.quiet:
        return tag("span", number, title=f"cell {number}: unchanged")
    kind = "both" if story.fate is Fate.INSERTED else "local"
    return link(_id(story.number), number, class_=kind, title=f"cell {number}: {_what(story)}")


def _what(story: Story) -> str:
    return "moved" if story.fate is Fate.SAME else story.fate.value


def _id(number: int) -> str:
    return f"cell-{number + 1}"


def _cells(told: Sequence[Story], album: Album) -> Iterator[Html]:
    """All cells; where many in a row are unchanged, they are folded."""
    for quiet, group in groupby(told, key=lambda story: story.quiet):
        run = list(group)
        shown = [_cell(story, album) for story in run]
        if quiet and len(run) >= _RUN:
            yield fold(f"{len(run)} unchanged cells", *shown, class_="run")
        else:
            yield from shown


def _cell(story: Story, album: Album) -> Html:
    old, new = story.cells.base, story.merged
    cell = story.cell
    text = is_text(cell)
    before = [] if old is None else lines(old.source)
    after = [] if new is None else lines(new.source)
    source = shown_lines(changed_lines(before, after, By.MIXED), text=text, sign=added_or_removed)
    body = (
        _bar(story),
        source_box(source, text=text),
        None if new is None else shown_attachments(new.value.get("attachments"), album),
        _outputs(old, new, album),
        _metadata(old, new),
    )
    return tag("article", *body, class_="cell", id=None if story.number is None else _id(story.number))


def _bar(story: Story) -> Html:
    was = "" if story.row.base is None else f"was cell {story.row.base + 1}"
    number = story.number
    name = tag("h3", "Deleted cell" if number is None else link(_id(number), f"Cell {number + 1}"))
    kind = {Fate.SAME: "", Fate.CHANGED: "local", Fate.INSERTED: "added", Fate.DELETED: "gone"}[story.fate]
    shifted = story.row.base is not None and story.row.base != number
    marks = [
        tag("span", _kinds(story)),
        tag("span", story.fate.value, class_=f"who {kind}" if kind else None),
        tag("span", "moved", class_="who local") if story.moved else None,
        tag("span", was) if shifted else None,
        tag("code", story.cell.id, class_="id") if story.cell.id else None,
    ]
    return tag("div", name, *marks, class_="bar")


def _kinds(story: Story) -> str:
    """`code [3]`, or what became of both: `markdown, now code; [3], now [4]`."""
    old, new = story.cells.base, story.merged
    kinds = list(dict.fromkeys(cell.type for cell in (old, new) if cell is not None))
    counts = list(dict.fromkeys(f"[{cell.count or ' '}]" for cell in (old, new) if cell is not None))
    shown = [] if counts == ["[ ]"] else [", now ".join(counts)]
    return " ".join([", now ".join(kinds), *shown])


def _outputs(old: Cell | None, new: Cell | None, album: Album) -> Html | None:
    """The outputs, those before and after side by side where they differ."""
    if old is None or new is None or old.plain_outputs == new.plain_outputs:
        kept = new or old
        return None if kept is None else outputs_box(kept.outputs, album)
    sides = [_side("before", "gone", old, album), _side("after", "added", new, album)]
    return tag("div", *sides, class_="pair")


def _side(name: str, kind: str, cell: Cell, album: Album) -> Html:
    head = join([tag("span", name, class_=f"who {kind}"), " outputs"])
    nothing = tag("div", tag("h4", head), tag("p", "none", class_="empty"), class_="outs")
    return tag("div", outputs_box(cell.outputs, album, head) or nothing)


def _metadata(old: Cell | None, new: Cell | None) -> Html | None:
    if old is None or new is None or same_content(old, new):
        return None
    before, after = metadata_of(old), metadata_of(new)
    return metadata_box(list(changes(Terms(before, after, before), after)), compared_table)
