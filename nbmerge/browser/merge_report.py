"""Owns: the top of a merge's page: the verdict, the sides, the map of the cells, all that was decided.
the report of a merge as one page.

Must not know: how a cell looks.
files, how the merge was made.
Invariant: each conflict and each decision is listed, with a way to
its cell where it has one.
pure: the same notebooks, result and names
give the same page; every merged cell, deleted cell, conflict and decision is on it.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby

from nbmerge.browser.cells import CellView, Naming, cell_id, conflict_id, deleted_cell, merged_cell
from nbmerge.browser.html import Html, counted, document, first_line, fold, join, link, tag
from nbmerge.browser.outputs import Album, changes, merged_table
from nbmerge.browser.sources import By, lines, place, taken, what_happened, who
from nbmerge.browser.stories import Fate, Story, notes_by_cell, stories
from nbmerge.merge.markers import Labels
from nbmerge.merge.values import Terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbmerge.merge.markers import Rendered
    from nbmerge.merge.values import Conflict, Decision
    from nbmerge.notebook.model import Notebook


_LEGEND = {"local", "remote", "both"}
_LISTED = 12  # decisions; more are folded


def top(title: str, told: Sequence[Story], result: Rendered, naming: Naming) -> Html:
    """What there is to know before the cells."""
    return tag(
        "header",
        tag("p", "nbmerge: what came of a merge", class_="eyebrow"),
        tag("h1", title),
        _verdict(told, result),
        _sides(told, naming),
        _map(told),
        _conflicts(told),
        _decisions(told, result),
        id="summary",
    )


def notebook_section(sides: Terms[Notebook], result: Rendered) -> Html | None:
    """What changed in the notebook beside its cells."""
    frames = sides.map(lambda notebook: notebook.frame)
    found = list(changes(frames, result.notebook.frame))
    if not found:
        return None
    content = merged_table(found)
    about = f"The notebook's own metadata: {counted(len(found), 'change')}"
    return tag("section", fold(about, content), id="notebook")


def _verdict(told: Sequence[Story], result: Rendered) -> Html:
    conflicts, choices = len(result.conflicts), len(result.decisions)
    noted = f"; {counted(choices, 'choice')} made without asking" if choices else ""
    if not conflicts:
        return tag("p", f"Merged without conflicts{noted}.", class_="verdict clean")
    cells = sum(1 for story in told if story.conflicts)
    where = f"in {counted(cells, 'cell')}"
    return tag("p", f"{counted(conflicts, 'conflict')} to decide {where}{noted}.", class_="verdict clash")


def _sides(told: Sequence[Story], naming: Naming) -> Html:
    """The three files, and what each side did."""
    rows: list[Html] = []
    for by in (By.BASE, By.LOCAL, By.REMOTE):
        label, file = (getattr(names, by.value) for names in (naming.labels, naming.files))
        called = f" ({label})" if label not in ("", by.value, file) else ""
        did = "" if by is By.BASE else _did(told, by)
        rows += [
            tag("dt", who(by)),
            tag("dd", tag("code", file), called, tag("span", did, class_="soft")),
        ]
    return tag("dl", *rows, class_="sides")


def _did(told: Sequence[Story], by: By) -> str:
    """`: changed 3 cells, inserted 1 cell`."""
    counts = Counter(story.did(by) for story in told)
    moved = sum(1 for story in told if story.moved in (by, By.BOTH))
    done = [(fate.value, counts[fate]) for fate in (Fate.CHANGED, Fate.INSERTED, Fate.DELETED)]
    named = [f"{what} {counted(number, 'cell')}" for what, number in [*done, ("moved", moved)] if number]
    return f": {', '.join(named)}" if named else ": changed no cell"


def _map(told: Sequence[Story]) -> Html:
    """All cells at one glance; what is unchanged is no link, so that few keys lead through."""
    squares = tag("nav", *map(_square, told), class_="map", aria_label="cells")
    touched_by = {(story.moved or story.by).value for story in told if not story.conflicts}
    touched = sorted(touched_by & _LEGEND)
    marks = [tag("span", name, class_=f"who {name}") for name in touched]
    if any(story.conflicts for story in told):
        marks.append(tag("span", "conflict", class_="who full"))
    legend = tag("p", "Each square is a cell; who touched it:", *marks, class_="legend")
    return join([squares, legend if marks else None])


def _square(story: Story) -> Html:
    if story.number is None:
        return tag("span", "\u00d7", class_=f"gone {story.by.value}", title=f"deleted by {story.by.value}")
    number = str(story.number + 1)
    if story.conflicts:
        return link(conflict_id(story.first), number, class_="clash", title=f"cell {number}: conflict")
    if story.quiet:
        return tag("span", number, title=f"cell {number}: unchanged")
    by, what = story.by, story.fate.value
    if story.moved and story.fate is Fate.SAME:
        by, what = story.moved, "moved"
    return link(cell_id(story.number), number, class_=by.value, title=f"cell {number}: {what} by {by.value}")


def _conflicts(told: Sequence[Story]) -> Html | None:
    rows = [
        _conflict(conflict, story.first + number)
        for story in told
        for number, conflict in enumerate(story.conflicts)
    ]
    if not rows:
        return None
    return tag("section", tag("h2", "Conflicts"), tag("ol", *rows, class_="list"))


def _conflict(conflict: Conflict, number: int) -> Html:
    local, remote = lines(conflict.local or ""), lines(conflict.remote or "")
    text = "\n".join([line for line in local if line not in remote] or remote or local)
    way = link(conflict_id(number), f"cell {conflict.cell + 1}")
    return tag("li", way, f": {what_happened(conflict)} ", tag("code", first_line(text)))


def _decisions(told: Sequence[Story], result: Rendered) -> Html | None:
    """All that was decided, by cell."""
    rows = list(_rows(told, result))
    if not rows:
        return None
    shown = tag("ul", *rows[:_LISTED], class_="list")
    rest = rows[_LISTED:]
    more = fold(f"{len(rest)} more", tag("ul", *rest, class_="list")) if rest else None
    return tag("section", tag("h2", "Chosen without asking"), shown, more)


def _rows(told: Sequence[Story], result: Rendered) -> Iterator[Html]:
    for decision in notes_by_cell(result)[""]:
        yield _decision(place(decision), decision)
    for story in told:
        for decision in story.notes:
            if story.number is None:
                where: Html | str = (
                    "a deleted cell" if story.row.base is None else f"cell {story.row.base + 1} of base"
                )
            else:
                where = link(cell_id(story.number), f"cell {story.number + 1}")
            yield _decision(join([where, f", {place(decision)}"]), decision)


def _decision(where: Html | str, decision: Decision) -> Html:
    return tag("li", where, ": ", taken(decision), f" {decision.reason}")


_RUN = 3  # unchanged cells in a row that are folded


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
    told = stories(merge.sides, merge.result)
    labels = Terms(merge.labels.base, merge.labels.local, merge.labels.remote)
    naming = Naming(labels, merge.files)
    look = CellView(naming, Album(), len(merge.result.conflicts))
    verdict = counted(look.conflicts, "conflict") if look.conflicts else "no conflicts"
    first, what = ("conflict-1", "To the first conflict") if look.conflicts else ("cells", "To the cells")
    skip = link(first, what, class_="skip")
    page = tag(
        "div",
        top(merge.title, told, merge.result, naming),
        notebook_section(merge.sides, merge.result),
        tag("main", tag("h2", "The merged notebook"), *_cells(told, look), id="cells"),
        tag("footer", "Made by nbmerge. This page asks for nothing from the network and runs nothing."),
        class_="page",
    )
    return document(f"{merge.title}: merge, {verdict}", skip, page)


def _cells(told: Sequence[Story], look: CellView) -> Iterator[Html]:
    """All cells; where many in a row are unchanged, or deleted by the same side, they are folded."""
    for kind, group in groupby(told, key=_kind):
        run = list(group)
        shown = [_cell(story, look) for story in run]
        if kind is not None and len(run) >= _RUN:
            yield fold(_about(kind, run), *shown, class_="run")
        else:
            yield from shown


def _kind(story: Story) -> By | None:
    """What a cell has in common with its neighbours: nothing, or that it is unchanged, or gone."""
    if story.quiet:
        return By.BASE
    return story.by if story.number is None and not story.notes else None


def _about(kind: By, run: Sequence[Story]) -> Html:
    """What is folded."""
    numbers = [story.number + 1 for story in run if story.number is not None]
    if not numbers:
        return join([who(kind, "deleted by"), f" {len(run)} cells"])
    only_counts = any(story.fate is not Fate.SAME for story in run)
    more = "; some have another execution count" if only_counts else ""
    return join([f"{len(run)} unchanged cells, {numbers[0]} to {numbers[-1]}{more}"])


def _cell(story: Story, look: CellView) -> Html:
    return deleted_cell(story, look) if story.number is None else merged_cell(story, look)
