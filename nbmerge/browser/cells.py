"""Owns: what a conflict looks like: base, and the two sides beside each other.
what one cell of a merge looks like.

Must not know: the cell around it.
other cells, the frame of the page.
Invariant: both sides and the base are shown whenever they are
known; a side that deleted the cell says so.
whatever the story of a cell tells is
shown: its parts, its conflicts, the outputs that were left out, each decision with its reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from nbmerge.browser.html import Html, counted, first_line, fold, join, link, tag
from nbmerge.browser.outputs import (
    Album,
    changes,
    is_text,
    merged_table,
    metadata_box,
    metadata_of,
    outputs_box,
    shown_attachments,
)
from nbmerge.browser.sources import (
    By,
    ConflictingLines,
    Line,
    changed_lines,
    lines,
    merged_lines,
    no_sign,
    place,
    plain_source,
    shown_lines,
    source_box,
    taken,
    what_happened,
    who,
)
from nbmerge.browser.stories import Fate, Story
from nbmerge.merge.values import Clash, Terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbmerge.merge.markers import Lines
    from nbmerge.merge.values import Conflict, Terms
    from nbmerge.notebook.model import Cell


_BASE_IN_SIGHT = 12  # lines


@dataclass(frozen=True, slots=True)
class Naming:
    """What the sides are called: their labels and, for the top of the page, their files."""

    labels: Terms[str]
    files: Terms[str]

    def side(self, by: By) -> Html:
        """A side as the head of its column."""
        label = getattr(self.labels, by.value)
        more = tag("span", f" {label}", class_="soft") if label not in ("", by.value) else None
        return tag("h4", who(by), more)


@dataclass(frozen=True, slots=True)
class Place:
    """Which one of all conflicts of the notebook it is, from 0."""

    number: int
    total: int


def panel(conflict: Conflict, shown: ConflictingLines, place: Place, naming: Naming, *, text: bool) -> Html:
    """A conflict; `shown` are the lines of the sides that stand between its markers."""
    head = tag(
        "div",
        tag("h3", f"Conflict {place.number + 1} of {place.total}"),
        tag("span", what_happened(conflict)),
        _ways(place.number, place.total),
        class_="bar",
    )
    columns = (_column(conflict, shown, by, naming, text) for by in (By.LOCAL, By.REMOTE))
    content = (head, _base(conflict, naming, text), tag("div", *columns, class_="pair"))
    return tag("section", *content, class_="conflict", id=conflict_id(place.number))


def conflict_id(number: int) -> str:
    """The anchor of a conflict."""
    return f"conflict-{number + 1}"


def _ways(number: int, total: int) -> Html:
    """To the ones before and behind, and to the list."""
    ways = [link("summary", "list")]
    if number > 0:
        ways.append(link(conflict_id(number - 1), "← previous"))
    if number + 1 < total:
        ways.append(link(conflict_id(number + 1), "next →"))
    return tag("nav", *ways, class_="go", aria_label="conflicts")


def _base(conflict: Conflict, naming: Naming, text: bool) -> Html | None:
    if not conflict.base:
        return None
    shown = lines(conflict.base)
    box = source_box(plain_source(shown, text=text), text=text)
    deleted = conflict.local is None or conflict.remote is None
    if deleted or len(shown) > _BASE_IN_SIGHT:
        folded = fold(f"base, {len(shown)} lines", box)
        return tag("div", folded, class_="side base more")
    return tag("div", naming.side(By.BASE), box, class_="side base term")


def _column(conflict: Conflict, shown: ConflictingLines, by: By, naming: Naming, text: bool) -> Html:
    mine: Sequence[str] = getattr(shown, by.value)
    other = shown.remote if by is By.LOCAL else shown.local
    whole: str | None = getattr(conflict, by.value)
    if whole is None:
        content = tag("p", "deleted the cell", class_="empty")
    elif not mine:
        gone = conflict.base and not whole
        content = tag("p", "nothing: took these lines out" if gone else "nothing here", class_="empty")
    else:
        changed = changed_lines(shown.base or other, mine, by)
        alone = conflict.local is None or conflict.remote is None
        kept = [line for line in changed if alone or not line.gone]
        content = source_box(shown_lines(kept, text=text, sign=no_sign), text=text)
    return tag("div", naming.side(by), content, class_=f"side {by.value}")


@dataclass(frozen=True, slots=True)
class CellView:
    """What all cells of a page share; `conflicts` is how many there are."""

    naming: Naming
    album: Album
    conflicts: int


def cell_id(number: int) -> str:
    """The anchor of a merged cell."""
    return f"cell-{number + 1}"


def merged_cell(story: Story, look: CellView) -> Html:
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


def deleted_cell(story: Story, look: CellView) -> Html:
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


def _source(story: Story, look: CellView) -> Html:
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


def _pieces(story: Story) -> list[str | ConflictingLines]:
    """The lines of the merged source, each conflict as one piece."""
    if not story.pieces:
        return list(lines(story.cell.source))
    numbers = count()
    pieces: list[str | ConflictingLines] = []
    for piece in story.pieces:
        if isinstance(piece, Clash):
            pieces.append(ConflictingLines(next(numbers), *map(_without_returns, piece)))
        else:
            pieces += _without_returns(piece)
    return pieces


def _without_returns(lines: Lines) -> Lines:
    """As the sides' lines are shown, where a text has ends of both kinds."""
    return tuple(line.removesuffix("\r") for line in lines)


def _left_out(story: Story, look: CellView) -> Html | None:
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


def _dropped_by(by: By, cell: Cell, look: CellView) -> Html | None:
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
