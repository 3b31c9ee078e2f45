"""Owns: what one cell of a merge looks like, its conflicts with base and the two sides beside each other.

Must not know: other cells, the frame of the page.  Invariant: whatever is known of a cell is shown: its
parts, its conflicts, the outputs that were left out, each decision with its reason; of a conflict both
sides and the base, whenever they are known.  A side that deleted the cell says so.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count

from nbmerge.browser.cell_changes import CellChange, CellStatus
from nbmerge.browser.html import Html, counted, first_line, fold, join, link, tag
from nbmerge.browser.outputs import (
    PictureBudget,
    is_text,
    merged_table,
    metadata_box,
    metadata_changes,
    metadata_of,
    outputs_box,
    shown_attachments,
)
from nbmerge.browser.sources import (
    Author,
    ConflictingLines,
    Line,
    author_mark,
    changed_lines,
    decision_place,
    lines,
    merged_lines,
    no_sign,
    plain_source,
    shown_lines,
    source_box,
    taken_mark,
    what_happened,
)
from nbmerge.merge.values import Clash, Terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbmerge.merge.values import Conflict, Lines, Terms
    from nbmerge.notebook.model import Cell


_BASE_IN_SIGHT = 12  # lines


@dataclass(frozen=True, slots=True)
class Naming:
    """What the sides are called: their labels and, for the top of the page, their files."""

    labels: Terms[str]
    files: Terms[str]

    def side(self, author: Author) -> Html:
        """A side as the head of its column."""
        label = getattr(self.labels, author.value)
        more = tag("span", f" {label}", class_="soft") if label not in ("", author.value) else None
        return tag("h4", author_mark(author), more)


@dataclass(frozen=True, slots=True)
class CellView:
    """What all cells of a page share; `conflicts` is how many there are."""

    naming: Naming
    budget: PictureBudget
    conflicts: int


def conflict_panel(change: CellChange, shown: ConflictingLines, view: CellView) -> Html:
    """A conflict; `shown` are the lines of the sides that stand between its markers."""
    conflict, number = change.conflicts[shown.number], change.first + shown.number
    naming, text = view.naming, is_text(change.cell)
    head = tag(
        "div",
        tag("h3", f"Conflict {number + 1} of {view.conflicts}"),
        tag("span", what_happened(conflict)),
        _ways(number, view.conflicts),
        class_="bar",
    )
    columns = (_column(conflict, shown, author, naming, text) for author in (Author.LOCAL, Author.REMOTE))
    content = (head, _base(conflict, naming, text), tag("div", *columns, class_="pair"))
    return tag("section", *content, class_="conflict", id=conflict_id(number))


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
    return tag("div", naming.side(Author.BASE), box, class_="side base term")


def _column(conflict: Conflict, shown: ConflictingLines, author: Author, naming: Naming, text: bool) -> Html:
    mine: Sequence[str] = getattr(shown, author.value)
    other = shown.remote if author is Author.LOCAL else shown.local
    whole: str | None = getattr(conflict, author.value)
    if whole is None:
        content = tag("p", "deleted the cell", class_="empty")
    elif not mine:
        gone = conflict.base and not whole
        content = tag("p", "nothing: took these lines out" if gone else "nothing here", class_="empty")
    else:
        changed = changed_lines(shown.base or other, mine, author)
        alone = conflict.local is None or conflict.remote is None
        kept = [line for line in changed if alone or not line.gone]
        content = source_box(shown_lines(kept, text=text, sign=no_sign), text=text)
    return tag("div", naming.side(author), content, class_=f"side {author.value}")


def cell_id(number: int) -> str:
    """The anchor of a merged cell."""
    return f"cell-{number + 1}"


def merged_cell(change: CellChange, view: CellView) -> Html:
    """One cell of the merged notebook."""
    assert change.number is not None
    cell = change.cell
    clash = bool(change.conflicts)
    body = [
        _bar(change),
        _parts(change),
        source_box(_source(change, view), text=is_text(cell)),
        shown_attachments(cell.value.get("attachments"), view.budget),
        outputs_box(cell.outputs, view.budget),
        _left_out(change, view),
        _metadata(change),
        notes(change),
    ]
    return tag("article", *body, class_="cell clash" if clash else "cell", id=cell_id(change.number))


def deleted_cell(change: CellChange, view: CellView) -> Html:
    """A cell that is gone, folded."""
    cell = change.cell
    was = "" if change.row.base is None else f" (cell {change.row.base + 1} of base) "
    summary = join([author_mark(change.author, "deleted by"), was, tag("code", first_line(cell.source))])
    text = is_text(cell)
    content = [
        source_box(plain_source(lines(cell.source), text=text), text=text),
        outputs_box(cell.outputs, view.budget),
        notes(change),
    ]
    return fold(summary, tag("div", *content, class_="cell"), class_="goner")


def notes(change: CellChange) -> Html | None:
    """The decisions about a cell, each with its reason."""
    if not change.notes:
        return None
    said = (
        tag("li", f"{decision_place(note)}: ", taken_mark(note), f" {note.reason}") for note in change.notes
    )
    return tag("ul", *said, class_="notes")


def _bar(change: CellChange) -> Html:
    cell, number = change.cell, change.number or 0
    name = tag("h3", link(cell_id(number), f"Cell {number + 1}"))
    count = cell.count
    marks = [
        tag("span", cell.type if count is None else f"{cell.type} [{count}]"),
        *_marks(change),
        _clash_mark(change),
        tag("code", cell.id, class_="id") if cell.id else None,
    ]
    return tag("div", name, *marks, class_="bar")


def _marks(change: CellChange) -> Iterator[Html]:
    """Who did what to the cell."""
    if change.status is CellStatus.SAME:
        yield tag("span", "unchanged")
    elif deleted_by := change.deleted_by:
        yield author_mark(deleted_by, "deleted by")
        yield author_mark(Author.REMOTE if deleted_by is Author.LOCAL else Author.LOCAL, "edited by")
    else:
        alike = " alike" if change.alike else ""
        yield author_mark(
            change.author, f"{'run again' if change.run_again else change.status.value}{alike} by"
        )
    if change.moved:
        yield author_mark(change.moved, "moved by")


def _clash_mark(change: CellChange) -> Html | None:
    conflicts = len(change.conflicts)
    return tag("span", counted(conflicts, "conflict"), class_="who clash") if conflicts else None


def _parts(change: CellChange) -> Html | None:
    if change.status is CellStatus.SAME or not change.parts:
        return None
    parts = (tag("span", f"{part.name} ", author_mark(part.author, "from")) for part in change.parts)
    return tag("div", *parts, class_="parts")


def _source(change: CellChange, view: CellView) -> Html:
    """The merged source; conflicts stand in it at their places."""
    text = is_text(change.cell)
    merged = _pieces(change)
    sides = Terms(*([] if cell is None else lines(cell.source) for cell in change.cells))
    if change.status is CellStatus.SAME and not change.conflicts:
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
            parts.append(conflict_panel(change, item, view))
    return join(parts)


def _pieces(change: CellChange) -> list[str | ConflictingLines]:
    """The lines of the merged source, each conflict as one piece."""
    if not change.pieces:
        return list(lines(change.cell.source))
    numbers = count()
    pieces: list[str | ConflictingLines] = []
    for piece in change.pieces:
        if isinstance(piece, Clash):
            pieces.append(ConflictingLines(next(numbers), *map(_without_returns, piece)))
        else:
            pieces += _without_returns(piece)
    return pieces


def _without_returns(lines: Lines) -> Lines:
    """As the sides' lines are shown, where a text has ends of both kinds."""
    return tuple(line.removesuffix("\r") for line in lines)


def _left_out(change: CellChange, view: CellView) -> Html | None:
    """The outputs that a side made and the merged cell does not have."""
    sides = list(_dropped(change))
    if not sides:
        return None
    boxes = [
        tag("div", outputs_box(cell.outputs, view.budget, author_mark(author)), class_="side")
        for author, cell in sides
    ]
    content = tag("div", *boxes, class_="pair") if len(boxes) == 2 else boxes[0]
    names = " and ".join(author.value for author, _ in sides)
    about = f"outputs of {names} that the merged notebook does not have"
    return tag("div", fold(about, content, open=bool(change.conflicts)), class_="more")


def _dropped(change: CellChange) -> Iterator[tuple[Author, Cell]]:
    known = [cell.plain_outputs for cell in (change.merged, change.cells.base) if cell is not None]
    for author, cell in ((Author.LOCAL, change.cells.local), (Author.REMOTE, change.cells.remote)):
        if cell is not None and cell.outputs and cell.plain_outputs not in known:
            yield author, cell


def _metadata(change: CellChange) -> Html | None:
    if change.status is CellStatus.SAME or not any(part.name == "metadata" for part in change.parts):
        return None
    sides, merged = change.cells.map(metadata_of), metadata_of(change.merged)
    return metadata_box(list(metadata_changes(sides, merged)), merged_table)
