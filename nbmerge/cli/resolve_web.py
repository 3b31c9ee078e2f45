"""Owns: what `nbmerge resolve --web` saves, each time somebody presses Save on the page.

Must not know: how conflicts are shown, what is said at the end.  Invariant: every save is one of what
the notebook held just before it, so that what others save meanwhile is merged; once that has
happened, the page is out of date and saves no more.
"""

from __future__ import annotations

from dataclasses import dataclass

from nbmerge.cli.in_browser import settle_in_browser
from nbmerge.errors import NotebookError
from nbmerge.notebook.writer import write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbmerge.conflicts.choosing import Settled
    from nbmerge.conflicts.known import Traced
    from nbmerge.conflicts.returned import Taken
    from nbmerge.notebook.model import Notebook
    from nbmerge.sync.answers import Answer


@dataclass(frozen=True, slots=True)
class Resolved:
    """What was saved last: the notebook as it was settled, what was decided, what became of the save."""

    settled: Settled
    decided: Taken
    answer: Answer


@dataclass(slots=True)
class Saves:
    """The saves of one page; `version` is the token of what the notebook held when it was read."""

    path: str
    version: str
    state: str | None
    last: Resolved | None = None

    def keep(self, settled: Settled, decided: Taken) -> None:
        """Save what was settled.  Raises NbmergeError if it could not be written."""
        from nbmerge.sync.api import save

        if self.last is not None and self.last.answer.merged:
            raise NotebookError(
                f"{self.path}: others have saved it meanwhile: close the page and resolve again"
            )
        answer = save(self.path, write(settled.notebook), self.version, state=self.state)
        self.version = answer.version
        self.last = Resolved(settled, decided, answer)


def resolve_web(
    saves: Saves, notebook: Notebook, conflicts: Sequence[Traced], browser: str | None
) -> Resolved | None:
    """Show the conflicts in the browser until the page is closed; what was saved last, if anything was."""
    settle_in_browser(saves.path, notebook, conflicts, saves.keep, browser)
    return saves.last
