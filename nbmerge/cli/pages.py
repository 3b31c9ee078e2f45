"""Owns: the HTML pages of `--report` and `diff --html`: where they go, and what they are made of.

Must not know: how a page looks.  Invariant: a page is made from the very bytes that were merged or
compared, before anything is written; no notebook is ever replaced by one.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

from nbmerge.cli.streams import write_bytes
from nbmerge.errors import NotebookError, UsageError
from nbmerge.files import replace_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from nbmerge.browser.comparison import NamedContent
    from nbmerge.merge.files import MergedFile, Source
    from nbmerge.merge.markers import Labels
    from nbmerge.merge.values import Terms


@dataclass(frozen=True, slots=True)
class HtmlPage:
    """A page, and the file that it is for; `-` is standard output."""

    where: str
    text: str

    def write(self) -> None:
        """Bring it there.  Raises SystemFailure."""
        data = self.text.encode()
        if self.where == "-":
            write_bytes(data)
        else:
            replace_file(self.where, data)


def refuse_one_of(page: str, files: tuple[str | None, ...]) -> None:
    """Raises UsageError if the page would replace one of these files."""
    for file in files:
        if file is not None and os.path.realpath(file) == os.path.realpath(page):
            raise UsageError(f"{page}: the report would replace a file of the merge; choose another name")


def report_of(whole: MergedFile, files: Terms[Source], title: str, labels: Labels) -> str:
    """The page about a merge of these files.  Raises NotebookError."""
    from nbmerge.browser.comparison import in_one_major
    from nbmerge.browser.reports import Merge, merge_page
    from nbmerge.notebook.reader import read

    rendered = whole.rendered
    try:
        sides = in_one_major(files)
        taken = whole.result.taken
        shown = getattr(sides, taken.value) if taken is not None else read(whole.data, files.local.name)
        rendered = replace(rendered, notebook=shown)
        return merge_page(Merge(title, sides, rendered, files.map(lambda file: file.name), labels))
    except RecursionError:
        raise NotebookError(f"{files.local.name}: is nested too deeply to be shown") from None


def comparison_of(old: NamedContent, new: NamedContent) -> str:
    """The page about what changed.  Raises NotebookError."""
    from nbmerge.browser.comparison import both_read
    from nbmerge.browser.reports import NamedNotebook, diff_page

    try:
        before, after = both_read(old, new)
        return diff_page(NamedNotebook(old.name, before), NamedNotebook(new.name, after))
    except RecursionError:
        raise NotebookError(f"{new.name}: is nested too deeply to be shown") from None
