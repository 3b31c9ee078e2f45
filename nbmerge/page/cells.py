"""Owns: what one cell of a merge looks like.

Must not know: other cells, the frame of the page.  Invariant: whatever the story of a cell tells is
shown: its parts, its conflicts, the outputs that were left out, each decision with its reason.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from nbmerge.conflicts.markers import conflicts_in, marker
from nbmerge.merge.threeway import Terms
from nbmerge.page.conflicts import Naming, Place, panel
from nbmerge.page.html import Html, fold, join, link, tag
from nbmerge.page.lines import By, Contested, Line, lines, merged_lines
from nbmerge.page.metadata import changes
from nbmerge.page.metadata_table import merged_table
from nbmerge.page.outputs import Album, shown_attachments
from nbmerge.page.parts import is_text, metadata_box, metadata_of, outputs_box
from nbmerge.page.sources import plain_source, shown_lines, source_box
from nbmerge.page.stories import Fate, Story
from nbmerge.page.texts import counted, first_line
from nbmerge.page.wording import place, taken, who

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbmerge.notebook.model import Cell


@dataclass(frozen=True, slots=True)
class Look:
    """What all cells of a page share; `conflicts` is how many there are."""

    naming: Naming
    album: Album
    conflicts: int


def cell_id(number: int) -> str:
    """The anchor of a merged cell."""
    return f"cell-{number + 1}"


def merged_cell(story: Story, look: Look) -> Html:
    """One cell of the merged notebook."""
    assert story.number is not None
    cell = story.cell
    clash = bool(story.conflicts)
    body = [
        _bar(story),
        _parts(story),
        source_box(_source(story, look), text=is_text(cell)),
        shown_attachments(cell.value.get("attachments"), look.album),
        outputs_box(cell.outputs, look.album),
        _left_out(story, look),
        _metadata(story),
        notes(story),
    ]
    return tag("article", *body, class_="cell clash" if clash else "cell", id=cell_id(story.number))


def deleted_cell(story: Story, look: Look) -> Html:
    """A cell that is gone, folded."""
    cell = story.cell
    was = "" if story.row.base is None else f" (cell {story.row.base + 1} of base) "
    summary = join([who(story.by, "deleted by"), was, tag("code", first_line(cell.source))])
    text = is_text(cell)
    content = [
        source_box(plain_source(lines(cell.source), text=text), text=text),
        outputs_box(cell.outputs, look.album),
        notes(story),
    ]
    return fold(summary, tag("div", *content, class_="cell"), class_="goner")


def notes(story: Story) -> Html | None:
    """The decisions about a cell, each with its reason."""
    if not story.notes:
        return None
    said = (tag("li", f"{place(note)}: ", taken(note), f" {note.reason}") for note in story.notes)
    return tag("ul", *said, class_="notes")


def _bar(story: Story) -> Html:
    cell, number = story.cell, story.number or 0
    name = tag("h3", link(cell_id(number), f"Cell {number + 1}"))
    count = cell.count
    marks = [
        tag("span", cell.type if count is None else f"{cell.type} [{count}]"),
        *_marks(story),
        _clash_mark(story),
        tag("code", cell.id, class_="id") if cell.id else None,
    ]
    return tag("div", name, *marks, class_="bar")


def _marks(story: Story) -> Iterator[Html]:
    """Who did what to the cell."""
    if story.fate is Fate.SAME:
        yield tag("span", "unchanged")
    elif deleted_by := story.deleted_by:
        yield who(deleted_by, "deleted by")
        yield who(By.REMOTE if deleted_by is By.LOCAL else By.LOCAL, "edited by")
    else:
        alike = " alike" if story.alike else ""
        yield who(story.by, f"{'run again' if story.run_again else story.fate.value}{alike} by")
    if story.moved:
        yield who(story.moved, "moved by")


def _clash_mark(story: Story) -> Html | None:
    conflicts = len(story.conflicts)
    return tag("span", counted(conflicts, "conflict"), class_="who clash") if conflicts else None


def _parts(story: Story) -> Html | None:
    if story.fate is Fate.SAME or not story.parts:
        return None
    parts = (tag("span", f"{part.name} ", who(part.by, "from")) for part in story.parts)
    return tag("div", *parts, class_="parts")


def _source(story: Story, look: Look) -> Html:
    """The merged source; conflicts stand in it at their places."""
    text = is_text(story.cell)
    merged = _pieces(story)
    sides = Terms(*([] if cell is None else lines(cell.source) for cell in story.cells))
    if story.fate is Fate.SAME and not story.conflicts:
        return plain_source([item for item in merged if isinstance(item, str)], text=text)
    parts: list[Html] = []
    run: list[Line] = []
    for item in [*merged_lines(merged, sides), None]:
        if isinstance(item, Line):
            run.append(item)
            continue
        parts.append(shown_lines(run, text=text))
        run = []
        if item is not None:
            conflict = story.conflicts[item.number]
            number = story.first + item.number
            parts.append(panel(conflict, item, Place(number, look.conflicts), look.naming, text=text))
    return join(parts)


def _pieces(story: Story) -> list[str | Contested]:
    """The lines of the merged source, each conflict as one piece."""
    shown = lines(story.cell.source)
    if not story.conflicts:
        return list(shown)
    marks = [mark for line in shown if (mark := marker(line)) is not None and mark.character == "<"]
    found = conflicts_in(shown, max((mark.size for mark in marks), default=1))
    if len(found) != len(story.conflicts):  # never so for our own markers; then all come first
        return [*(_contested(number, story) for number in range(len(story.conflicts))), *shown]
    pieces: list[str | Contested] = []
    at = 0
    for number, marked in enumerate(found):
        contested = replace(_contested(number, story), local=marked.local, remote=marked.remote)
        pieces += [*shown[at : marked.start], contested]
        at = marked.end
    return [*pieces, *shown[at:]]


def _contested(number: int, story: Story) -> Contested:
    conflict = story.conflicts[number]
    base, local, remote = (tuple(lines(t or "")) for t in (conflict.base, conflict.local, conflict.remote))
    return Contested(number, base, local, remote)


def _left_out(story: Story, look: Look) -> Html | None:
    """The outputs that a side made and the merged cell does not have."""
    sides = list(_dropped(story))
    if not sides:
        return None
    boxes = [tag("div", _dropped_by(by, cell, look), class_="side") for by, cell in sides]
    content = tag("div", *boxes, class_="pair") if len(boxes) == 2 else boxes[0]
    names = " and ".join(by.value for by, _ in sides)
    folded = fold(
        f"outputs of {names} that the merged notebook does not have", content, open=bool(story.conflicts)
    )
    return tag("div", folded, class_="more")


def _dropped_by(by: By, cell: Cell, look: Look) -> Html | None:
    return outputs_box(cell.outputs, look.album, who(by))


def _dropped(story: Story) -> Iterator[tuple[By, Cell]]:
    known = [cell.plain_outputs for cell in (story.merged, story.cells.base) if cell is not None]
    for by, cell in ((By.LOCAL, story.cells.local), (By.REMOTE, story.cells.remote)):
        if cell is not None and cell.outputs and cell.plain_outputs not in known:
            yield by, cell


def _metadata(story: Story) -> Html | None:
    if story.fate is Fate.SAME or not any(part.name == "metadata" for part in story.parts):
        return None
    base, local, remote, merged = (
        metadata_of(cell) for cell in (story.cells.base, story.cells.local, story.cells.remote, story.merged)
    )
    return metadata_box(list(changes(Terms(base, local, remote), merged)), merged_table)
