"""Owns: two notebooks beside each other, cell by cell: what became of each cell, and how that is shown.

Must not know: files, the page that the cells are on.  Invariant: pure: the same notebooks give the same
cells; every cell of both is there once, at the place where it stands or would stand; what is shown of a cell
is made of elements and attributes of our own, whatever the notebooks hold.
"""

from __future__ import annotations

from dataclasses import dataclass

from nbmerge.browser.cell_changes import CellChange, cell_changes, same_content
from nbmerge.browser.html import Html, join, tag
from nbmerge.browser.outputs import (
    PictureBudget,
    compared_table,
    is_text,
    metadata_box,
    metadata_changes,
    metadata_of,
    outputs_box,
    shown_attachments,
)
from nbmerge.browser.sources import Author, added_or_removed, changed_lines, lines, shown_lines, source_box
from nbmerge.errors import NotebookError
from nbmerge.merge.files import InMemory
from nbmerge.merge.markers import render
from nbmerge.merge.values import Result, Side, Terms
from nbmerge.notebook.reader import BOM, read
from nbmerge.notebook.versions import empty_beside, harmonise

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.merge.files import Source
    from nbmerge.notebook.model import Cell, Notebook

PICTURES_BESIDE = 12_000_000  # characters of all pictures, where a page has other things to show, too


@dataclass(frozen=True, slots=True)
class NamedContent:
    """What is compared, and what it is called."""

    name: str
    data: bytes


def in_one_major(files: Terms[Source]) -> Terms[Notebook]:
    """The notebooks in one nbformat major, as a merge has them.  Raises NotebookError."""
    data = files.base.read()
    empty = not data.removeprefix(BOM).strip()
    before = None if empty else read(data, files.base.name)
    known = () if before is None else before.cells
    local, remote = (read(file.read(), file.name, known) for file in (files.local, files.remote))
    base = before or empty_beside(local, remote)
    sides, _ = harmonise((base, local, remote), (files.base, files.local, files.remote))
    return Terms(*sides)


def both_read(old: NamedContent, new: NamedContent) -> tuple[Notebook, Notebook]:
    """Two notebooks that can be compared.  Raises NotebookError."""
    before, after = InMemory(old.name, old.data), InMemory(new.name, new.data)
    sides = in_one_major(Terms(before, after, before))
    return sides.base, sides.local


def compared_changes(old: Notebook, new: Notebook) -> list[CellChange]:
    """What became of each cell."""
    # one side changed everything, the other nothing: a comparison is a merge without a rival
    sides = Terms(old, new, old)
    return cell_changes(sides, render(Result(new, {}, taken=Side.LOCAL)))


def compared_body(change: CellChange, budget: PictureBudget) -> list[Html | None]:
    """What a cell holds, before and after."""
    old, new = change.cells.base, change.merged
    text = is_text(change.cell)
    before, after = ([] if cell is None else lines(cell.source) for cell in (old, new))
    source = shown_lines(changed_lines(before, after, Author.MIXED), text=text, sign=added_or_removed)
    return [
        source_box(source, text=text),
        None if new is None else shown_attachments(new.value.get("attachments"), budget),
        _outputs(old, new, budget),
        _metadata(old, new),
    ]


def compared_kinds(change: CellChange) -> str:
    """`code [3]`, or what became of both: `markdown, now code; [3], now [4]`."""
    kinds, counts = _kinds(change)
    return " ".join(", now ".join(each) for each in (kinds, counts) if each)


def _kinds(change: CellChange) -> tuple[list[str], list[str]]:
    """The types and the execution counts before and after, both where they differ."""
    cells = [cell for cell in (change.cells.base, change.merged) if cell is not None]
    kinds = list(dict.fromkeys(cell.type for cell in cells))
    counts = list(dict.fromkeys(f"[{cell.count or ' '}]" for cell in cells))
    return kinds, [] if counts == ["[ ]"] else counts


def compared_cells(old: NamedContent, new: NamedContent) -> list[dict[str, object]]:
    """All cells for a page that has a frame of its own: {"then", "now", "status", "moved", "quiet", "kinds",
    "counts", "id", "html"}; the numbers count from 1, null: it is not there.  Raises NotebookError."""
    budget = PictureBudget(PICTURES_BESIDE)
    try:
        return [_as_json(change, budget) for change in compared_changes(*both_read(old, new))]
    except RecursionError:
        raise NotebookError(f"{old.name}: is nested too deeply to be shown") from None


def _as_json(change: CellChange, budget: PictureBudget) -> dict[str, object]:
    kinds, counts = _kinds(change)
    return {
        "then": None if change.row.base is None else change.row.base + 1,
        "now": None if change.number is None else change.number + 1,
        "status": change.status.value,
        "moved": change.moved is not None,
        "quiet": change.quiet,
        "kinds": kinds,
        "counts": counts,
        "id": change.cell.id,
        "html": join(compared_body(change, budget)).text,
    }


def _outputs(old: Cell | None, new: Cell | None, budget: PictureBudget) -> Html | None:
    """The outputs, those before and after side by side where they differ."""
    if old is None or new is None or old.plain_outputs == new.plain_outputs:
        kept = new or old
        return None if kept is None else outputs_box(kept.outputs, budget)
    sides = [_outputs_of("before", "gone", old, budget), _outputs_of("after", "added", new, budget)]
    return tag("div", *sides, class_="pair")


def _outputs_of(name: str, kind: str, cell: Cell, budget: PictureBudget) -> Html:
    head = join([tag("span", name, class_=f"who {kind}"), " outputs"])
    nothing = tag("div", tag("h4", head), tag("p", "none", class_="empty"), class_="outs")
    return tag("div", outputs_box(cell.outputs, budget, head) or nothing)


def _metadata(old: Cell | None, new: Cell | None) -> Html | None:
    if old is None or new is None or same_content(old, new):
        return None
    before, after = metadata_of(old), metadata_of(new)
    return metadata_box(list(metadata_changes(Terms(before, after, before), after)), compared_table)
