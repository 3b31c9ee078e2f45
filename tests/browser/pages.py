"""Owns: pages made from notebooks in a few words.

Must not know: how pages are made.  Invariant: a page about a merge is made as the command makes it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbmerge.browser.cell_changes import CellChange, cell_changes
from nbmerge.browser.comparison import NamedContent
from nbmerge.cli.pages import comparison_of, report_of
from nbmerge.merge.files import InMemory, MergedFile, merge_sources
from nbmerge.merge.markers import Labels, MarkerStyle, Rendered
from nbmerge.merge.values import Policy, Terms
from nbmerge.notebook.reader import read
from tests.helpers.build import Cell, Notebook, notebook
from tests.helpers.spelling import JUPYTER, Spelling

if TYPE_CHECKING:
    from nbmerge.merge.files import Source


@dataclass(frozen=True)
class Files:
    """Three files of a merge, and what they are called."""

    base: Notebook | bytes
    local: Notebook | bytes
    remote: Notebook | bytes
    title: str = "merged.ipynb"
    names: tuple[str, str, str] = ("base.ipynb", "local.ipynb", "remote.ipynb")
    policy: Policy = field(default_factory=Policy)
    markers: MarkerStyle = field(default_factory=MarkerStyle)
    spelling: Spelling = JUPYTER

    @property
    def sources(self) -> Terms[Source]:
        base, local, remote = (
            InMemory(name, item if isinstance(item, bytes) else self.spelling.spell(item))
            for name, item in zip(self.names, (self.base, self.local, self.remote), strict=True)
        )
        return Terms(base, local, remote)

    @property
    def whole(self) -> MergedFile:
        sources = self.sources
        return merge_sources(sources.base, sources.local, sources.remote, self.policy, lambda: self.markers)

    @property
    def result(self) -> Rendered:
        return self.whole.rendered

    @property
    def page(self) -> str:
        return report_of(self.whole, self.sources, self.title, self.markers.labels)

    @property
    def cell_changes(self) -> list[CellChange]:
        return cell_changes(self.sources.map(lambda file: read(file.read(), file.name)), self.result)


def of_cells(base: list[Cell], local: list[Cell], remote: list[Cell]) -> Files:
    return Files(notebook(*base), notebook(*local), notebook(*remote))


def labelled(base: Cell, local: Cell, remote: Cell, labels: Labels = Labels()) -> Files:
    """Three versions of one cell."""
    before, ours, theirs = (notebook({"id": "one", **cell}) for cell in (base, local, remote))
    return Files(before, ours, theirs, markers=MarkerStyle(labels=labels))


def compared(old: Notebook, new: Notebook, names: tuple[str, str] = ("a@1", "a")) -> str:
    return comparison_of(
        *(NamedContent(name, JUPYTER.spell(item)) for name, item in zip(names, (old, new), strict=True))
    )
