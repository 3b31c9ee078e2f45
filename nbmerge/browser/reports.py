"""Owns: the two reports as pages: what came of a merge, and what changed from one notebook to another.

Must not know: files, how the merge was made, how a cell of a merge looks.  Invariant: pure: the same
notebooks, result and names give the same page.  Every cell, conflict and decision is on it, with a way
from the top to its cell where it has one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby

from nbmerge.browser.cell_changes import CellChange, CellStatus, cell_changes, notes_by_cell
from nbmerge.browser.cells import CellView, Naming, cell_id, conflict_id, deleted_cell, merged_cell
from nbmerge.browser.comparison import compared_body, compared_changes, compared_kinds
from nbmerge.browser.html import Html, counted, document, first_line, fold, join, link, tag
from nbmerge.browser.outputs import (
    PictureBudget,
    compared_table,
    merged_table,
    metadata_box,
    metadata_changes,
)
from nbmerge.browser.sources import (
    Author,
    author_mark,
    decision_place,
    lines,
    taken_mark,
    what_happened,
)
from nbmerge.merge.markers import Labels, Rendered
from nbmerge.merge.values import Terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from nbmerge.merge.values import Conflict, Decision
    from nbmerge.notebook.model import Notebook

_LEGEND = {"local", "remote", "both"}
_LISTED = 12  # decisions; more are folded
_RUN = 3  # unchanged cells in a row that are folded


def _page(title: str, skip: Html, kind: str, above: Iterable[Html | None], cells: Iterable[Html]) -> str:
    said = "Made by nbmerge. This page asks for nothing from the network and runs nothing."
    page = tag("div", *above, tag("main", *cells, id="cells"), tag("footer", said), class_=kind)
    return document(title, skip, page)


def _counts(changed: Iterable[CellStatus], moved: int) -> list[tuple[str, str]]:
    """What was done, and to how many cells: `("changed", "3 cells")`."""
    counts = Counter(changed)
    done = [(status.value, counts[status]) for status in list(CellStatus)[1:]]
    return [(what, counted(number, "cell")) for what, number in [*done, ("moved", moved)] if number]


def _square(change: CellChange, kind: str, by: str = "") -> Html:
    """A cell in the map; what is unchanged is no link, so that few keys lead through."""
    what = "moved" if change.moved and change.status is CellStatus.SAME else change.status.value
    if change.number is None:
        return tag("span", "\u00d7", class_="gone" + (by and f" {kind}"), title=f"{what}{by}")
    number = str(change.number + 1)
    if change.quiet:
        return tag("span", number, title=f"cell {number}: unchanged")
    return link(cell_id(change.number), number, class_=kind, title=f"cell {number}: {what}{by}")


def _folded(
    changes: Sequence[CellChange],
    kind_of: Callable[[CellChange], Author | None],
    shown: Callable[[CellChange], Html],
    about: Callable[[Author, Sequence[CellChange]], Html | str],
) -> Iterator[Html]:
    """All cells; where many in a row are of one kind they are folded."""
    for kind, group in groupby(changes, key=kind_of):
        run = list(group)
        if kind is not None and len(run) >= _RUN:
            yield fold(about(kind, run), *map(shown, run), class_="run")
        else:
            yield from map(shown, run)


# What came of a merge.


@dataclass(frozen=True, slots=True)
class Merge:
    """What is reported: three notebooks of one nbformat major, what came of them, and their names.

    `title` is what the merged notebook is called, `files` what its three sources are.
    """

    title: str
    sides: Terms[Notebook]
    result: Rendered
    files: Terms[str]
    labels: Labels = Labels()


def merge_page(merge: Merge) -> str:
    """The page: HTML, whole in itself."""
    changes = cell_changes(merge.sides, merge.result)
    labels = Terms(merge.labels.base, merge.labels.local, merge.labels.remote)
    view = CellView(Naming(labels, merge.files), PictureBudget(), len(merge.result.conflicts))
    verdict = counted(view.conflicts, "conflict") if view.conflicts else "no conflicts"
    first, what = ("conflict-1", "To the first conflict") if view.conflicts else ("cells", "To the cells")

    def shown(change: CellChange) -> Html:
        return deleted_cell(change, view) if change.number is None else merged_cell(change, view)

    cells = [tag("h2", "The merged notebook"), *_folded(changes, _kind, shown, _about)]
    above = (_merge_top(merge, changes, view.naming), _frame_section(merge))
    skip = link(first, what, class_="skip")
    return _page(f"{merge.title}: merge, {verdict}", skip, "page", above, cells)


def _kind(change: CellChange) -> Author | None:
    """What a cell has in common with its neighbours: nothing, or that it is unchanged, or gone."""
    if change.quiet:
        return Author.BASE
    return change.author if change.number is None and not change.notes else None


def _about(kind: Author, run: Sequence[CellChange]) -> Html:
    """What is folded."""
    numbers = [change.number + 1 for change in run if change.number is not None]
    if not numbers:
        return join([author_mark(kind, "deleted by"), f" {len(run)} cells"])
    only_counts = any(change.status is not CellStatus.SAME for change in run)
    more = "; some have another execution count" if only_counts else ""
    return join([f"{len(run)} unchanged cells, {numbers[0]} to {numbers[-1]}{more}"])


def _merge_top(merge: Merge, changes: Sequence[CellChange], naming: Naming) -> Html:
    """What there is to know before the cells."""
    return tag(
        "header",
        tag("p", "nbmerge: what came of a merge", class_="eyebrow"),
        tag("h1", merge.title),
        _verdict(changes, merge.result),
        _sides(changes, naming),
        _map(changes),
        _conflicts(changes),
        _decisions(changes, merge.result),
        id="summary",
    )


def _frame_section(merge: Merge) -> Html | None:
    """What changed in the notebook beside its cells."""
    frames = merge.sides.map(lambda notebook: notebook.frame)
    found = list(metadata_changes(frames, merge.result.notebook.frame))
    if not found:
        return None
    about = f"The notebook's own metadata: {counted(len(found), 'change')}"
    return tag("section", fold(about, merged_table(found)), id="notebook")


def _verdict(changes: Sequence[CellChange], result: Rendered) -> Html:
    conflicts, choices = len(result.conflicts), len(result.decisions)
    noted = f"; {counted(choices, 'choice')} made without asking" if choices else ""
    if not conflicts:
        return tag("p", f"Merged without conflicts{noted}.", class_="verdict clean")
    where = f"in {counted(sum(1 for change in changes if change.conflicts), 'cell')}"
    return tag("p", f"{counted(conflicts, 'conflict')} to decide {where}{noted}.", class_="verdict clash")


def _sides(changes: Sequence[CellChange], naming: Naming) -> Html:
    """The three files, and what each side did."""
    rows: list[Html] = []
    for author in (Author.BASE, Author.LOCAL, Author.REMOTE):
        label, file = (getattr(names, author.value) for names in (naming.labels, naming.files))
        called = f" ({label})" if label not in ("", author.value, file) else ""
        did = "" if author is Author.BASE else _did(changes, author)
        about = tag("dd", tag("code", file), called, tag("span", did, class_="soft"))
        rows += [tag("dt", author_mark(author)), about]
    return tag("dl", *rows, class_="sides")


def _did(changes: Sequence[CellChange], side: Author) -> str:
    """`: changed 3 cells, inserted 1 cell`."""
    moved = sum(1 for change in changes if change.moved in (side, Author.BOTH))
    done = _counts((change.status_on(side) for change in changes), moved)
    return f": {', '.join(map(' '.join, done)) or 'changed no cell'}"


def _map(changes: Sequence[CellChange]) -> Html:
    """All cells at one glance."""
    squares = tag("nav", *map(_merge_square, changes), class_="map", aria_label="cells")
    touched = {(change.moved or change.author).value for change in changes if not change.conflicts}
    marks = [tag("span", name, class_=f"who {name}") for name in sorted(touched & _LEGEND)]
    if any(change.conflicts for change in changes):
        marks.append(tag("span", "conflict", class_="who full"))
    legend = tag("p", "Each square is a cell; who touched it:", *marks, class_="legend")
    return join([squares, legend if marks else None])


def _merge_square(change: CellChange) -> Html:
    if change.conflicts:
        number = str((change.number or 0) + 1)
        return link(conflict_id(change.first), number, class_="clash", title=f"cell {number}: conflict")
    moved_only = change.moved if change.status is CellStatus.SAME else None
    author = (moved_only or change.author).value
    return _square(change, author, f" by {author}")


def _conflicts(changes: Sequence[CellChange]) -> Html | None:
    rows = [
        _conflict(conflict, number)
        for change in changes
        for number, conflict in enumerate(change.conflicts, change.first)
    ]
    return tag("section", tag("h2", "Conflicts"), tag("ol", *rows, class_="list")) if rows else None


def _conflict(conflict: Conflict, number: int) -> Html:
    local, remote = lines(conflict.local or ""), lines(conflict.remote or "")
    text = "\n".join([line for line in local if line not in remote] or remote or local)
    way = link(conflict_id(number), f"cell {conflict.cell + 1}")
    return tag("li", way, f": {what_happened(conflict)} ", tag("code", first_line(text)))


def _decisions(changes: Sequence[CellChange], result: Rendered) -> Html | None:
    """All that was decided, by cell."""
    rows = list(_decision_rows(changes, result))
    if not rows:
        return None
    rest = rows[_LISTED:]
    more = fold(f"{len(rest)} more", tag("ul", *rest, class_="list")) if rest else None
    listed = tag("ul", *rows[:_LISTED], class_="list")
    return tag("section", tag("h2", "Chosen without asking"), listed, more)


def _decision_rows(changes: Sequence[CellChange], result: Rendered) -> Iterator[Html]:
    for decision in notes_by_cell(result)[""]:
        yield _decision(decision_place(decision), decision)
    for change in changes:
        for decision in change.notes:
            yield _decision(join([_where(change), f", {decision_place(decision)}"]), decision)


def _where(change: CellChange) -> Html | str:
    if change.number is not None:
        return link(cell_id(change.number), f"cell {change.number + 1}")
    return "a deleted cell" if change.row.base is None else f"cell {change.row.base + 1} of base"


def _decision(where: Html | str, decision: Decision) -> Html:
    return tag("li", where, ": ", taken_mark(decision), f" {decision.reason}")


# What changed from one notebook to another.


@dataclass(frozen=True, slots=True)
class NamedNotebook:
    """A notebook, and what it is called."""

    name: str
    notebook: Notebook


def diff_page(old: NamedNotebook, new: NamedNotebook) -> str:
    """The page: HTML, whole in itself."""
    changes = compared_changes(old.notebook, new.notebook)
    budget = PictureBudget()
    before, after = old.notebook.frame, new.notebook.frame
    frame = list(metadata_changes(Terms(before, after, before), after))
    cells = _folded(
        changes,
        lambda change: Author.BASE if change.quiet else None,
        lambda change: _compared_cell(change, budget),
        lambda _, run: f"{len(run)} unchanged cells",
    )
    section = tag("section", metadata_box(frame, compared_table), class_="cell") if frame else None
    above = (_diff_top(old, new, changes, bool(frame)), section)
    skip = link("cells", "To the cells", class_="skip")
    return _page(f"{new.name}: what changed", skip, "page diff", above, cells)


def _diff_top(old: NamedNotebook, new: NamedNotebook, changes: Sequence[CellChange], frame: bool) -> Html:
    names = (("before", old.name, "gone"), ("after", new.name, "added"))
    files = (
        part
        for what, name, kind in names
        for part in (tag("dt", tag("span", what, class_=f"who {kind}")), tag("dd", tag("code", name)))
    )
    squares = (
        _square(change, "both" if change.status is CellStatus.INSERTED else "local") for change in changes
    )
    return tag(
        "header",
        tag("p", "nbmerge: what changed", class_="eyebrow"),
        tag("h1", new.name),
        tag("p", _what_changed(changes, frame), class_="verdict plain"),
        tag("dl", *files, class_="sides"),
        tag("nav", *squares, class_="map", aria_label="cells"),
        id="summary",
    )


def _what_changed(changes: Sequence[CellChange], frame: bool) -> str:
    done = _counts((change.status for change in changes), sum(1 for change in changes if change.moved))
    named = [f"{cells} {what}" for what, cells in done]
    if frame:
        named.append("the notebook's metadata changed")
    return f"{', '.join(named)}." if named else "The same, but for how it is spelled."


def _compared_cell(change: CellChange, budget: PictureBudget) -> Html:
    anchor = None if change.number is None else cell_id(change.number)
    return tag("article", _compared_bar(change), *compared_body(change, budget), class_="cell", id=anchor)


def _compared_bar(change: CellChange) -> Html:
    number, was = change.number, change.row.base
    name = tag("h3", "Deleted cell" if number is None else link(cell_id(number), f"Cell {number + 1}"))
    kinds = dict(zip(CellStatus, ("", "local", "added", "gone"), strict=True))
    kind = kinds[change.status]
    marks = [
        tag("span", compared_kinds(change)),
        tag("span", change.status.value, class_=f"who {kind}" if kind else None),
        tag("span", "moved", class_="who local") if change.moved else None,
        tag("span", f"was cell {was + 1}") if was is not None and was != number else None,
        tag("code", change.cell.id, class_="id") if change.cell.id else None,
    ]
    return tag("div", name, *marks, class_="bar")
