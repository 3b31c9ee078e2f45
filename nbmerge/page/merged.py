"""Owns: the report of a merge as one page.

Must not know: files, how the merge was made.  Invariant: pure: the same notebooks, result and names
give the same page; every merged cell, deleted cell, conflict and decision is on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from nbmerge.merge.policy import Labels
from nbmerge.merge.threeway import Terms
from nbmerge.page.cells import Look, deleted_cell, merged_cell
from nbmerge.page.conflicts import Naming
from nbmerge.page.html import Html, document, fold, join, link, tag
from nbmerge.page.lines import By
from nbmerge.page.outputs import Album
from nbmerge.page.stories import Fate, Story, stories
from nbmerge.page.summary import notebook_section, top
from nbmerge.page.texts import counted
from nbmerge.page.wording import who

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from nbmerge.merge.results import Result
    from nbmerge.notebook.model import Notebook

_RUN = 3  # unchanged cells in a row that are folded


@dataclass(frozen=True, slots=True)
class Merge:
    """What is reported: three notebooks of one nbformat major, what came of them, and their names.

    `title` is what the merged notebook is called, `files` what its three sources are.
    """

    title: str
    sides: Terms[Notebook]
    result: Result
    files: Terms[str]
    labels: Labels = Labels()


def merge_page(merge: Merge) -> str:
    """The page: HTML, whole in itself."""
    told = stories(merge.sides, merge.result)
    labels = Terms(merge.labels.base, merge.labels.local, merge.labels.remote)
    naming = Naming(labels, merge.files)
    look = Look(naming, Album(), len(merge.result.conflicts))
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


def _cells(told: Sequence[Story], look: Look) -> Iterator[Html]:
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


def _cell(story: Story, look: Look) -> Html:
    return deleted_cell(story, look) if story.number is None else merged_cell(story, look)
