"""Owns: what `nbmerge resolve --web` saves, each time somebody presses Save on the page.

Must not know: how conflicts are shown, what is said at the end.  Invariant: every save is one of what
the notebook held just before it, so that what others save meanwhile is merged; once that has
happened, the page is out of date and saves no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from nbmerge.cli.in_browser import settle_in_browser
from nbmerge.conflicts.values import Chosen, Edited
from nbmerge.errors import NotebookError
from nbmerge.service.resolve import Rewritten, Unresolved, write_resolution

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbmerge.browser.mergetool_answer import PageChoices
    from nbmerge.conflicts.choosing import Resolution
    from nbmerge.conflicts.known import Traced


@dataclass(frozen=True, slots=True)
class Resolved:
    """What was saved last: what was chosen, the notebook as it was settled, what became of the save."""

    chosen: Mapping[Traced, Chosen]
    settled: Resolution
    kept: Rewritten


def resolve_web(found: Unresolved, meant: Sequence[Traced], browser: str | None) -> Resolved | None:
    """Show the conflicts in the browser until the page is closed; what was saved last, if anything was."""
    saves: list[Resolved] = []

    def save(settled: Resolution, taken: PageChoices) -> None:
        held = found
        if saves:
            if saves[-1].kept.merged:
                again = "others have saved it meanwhile: close the page and resolve again"
                raise NotebookError(f"{found.path}: {again}")
            held = replace(found, version=saves[-1].kept.version)
        chosen = {**taken.chosen, **dict.fromkeys(taken.edited, Edited(""))}
        saves.append(Resolved(chosen, settled, write_resolution(held, settled)))

    settle_in_browser(found.path, found.notebook, meant, save, browser)
    return saves[-1] if saves else None
