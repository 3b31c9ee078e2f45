"""Owns: open conflicts settled in the browser, on nbdime's page for merges, and what `resolve --web` saves.

Must not know: how conflicts are found, what is said at the end.  Invariant: each time somebody saves there,
what was decided is handed over whole; a save that fails is reported there and here; every save is one of what
the notebook held just before it, so that what others save meanwhile is merged; once that has happened, the
page is out of date and saves no more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from nbmerge.browser.mergetool_answer import PageChoices, UnfitAnswerError, settle, taken
from nbmerge.browser.mergetool_page import Decisions, Deleted, Reduced, Runs, reduce
from nbmerge.cli.report import failure_of
from nbmerge.cli.streams import printable, write_error, write_text
from nbmerge.conflicts.values import Chosen, Edited, NotKnown
from nbmerge.errors import NbmergeError, NotebookError, UsageError
from nbmerge.service.resolve import Rewritten, Unresolved, write_resolution

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from nbmerge.browser.site import PageContent, Where
    from nbmerge.conflicts.choosing import Resolution
    from nbmerge.conflicts.known import Traced
    from nbmerge.notebook.model import Notebook


@dataclass(frozen=True, slots=True)
class Resolved:
    """What was saved last: what was chosen, the notebook as it was settled, what became of the save."""

    chosen: Mapping[Traced, Chosen]
    settled: Resolution
    kept: Rewritten


def settle_in_browser(
    name: str,
    notebook: Notebook,
    conflicts: Sequence[Traced],
    keep: Callable[[Resolution, PageChoices], None],
    browser: str | None = None,
) -> PageChoices | None:
    """Show the conflicts of a notebook until the page is closed; what was saved last, if anything was.

    `keep` writes the notebook, each time somebody saves; it may raise NbmergeError.  `browser` is as
    in `open_in_browser`.  Raises UsageError if there is nothing to show.
    """
    from nbmerge.browser.mergetool import open_in_browser, show

    reduced = reduce(notebook, conflicts)
    if not reduced.parts:
        raise UsageError(f"{name}: its conflicts are in outputs or metadata: choose with --local or --remote")
    made = Decisions(notebook, reduced.parts)
    answer = made.answer()
    saved: list[PageChoices] = []

    def take(sent: object) -> None:
        try:
            decided = _taken(name, notebook, reduced, answer["base"], sent)
            keep(_settled(name, notebook, decided), decided)
        except NbmergeError as error:
            write_error(f"nbmerge: not saved: {failure_of(error).message}\n")
            raise
        saved.append(decided)

    def tell(where: Where) -> None:
        opened = open_in_browser(where, browser)
        lead = "in the browser" if opened else "open it in a browser"
        write_text(f"{printable(name)}: {lead}: {where.url}\n")
        write_text("save and close it there; Ctrl-C ends it here\n")

    show(_page(name, conflicts, reduced, made.shows_base, answer), tell, take)
    return saved[-1] if saved else None


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


def _page(
    name: str, conflicts: Sequence[Traced], reduced: Reduced, shows_base: bool, answer: dict[str, object]
) -> PageContent:
    from nbmerge.browser.site import PageContent

    number = len(conflicts) - len(reduced.apart)
    title = f"{printable(name)}: {number} conflict{'s' * (number != 1)}"
    labels = conflicts[0].conflict.labels
    sides = (_named("local", labels.local), _named("base", labels.base), _named("remote", labels.remote))
    return PageContent(answer, title, sides, shows_base, " ".join(_notes(reduced)))


def _notes(reduced: Reduced) -> Iterator[str]:
    if any(isinstance(part, Deleted | Runs) for part in reduced.parts):
        yield "Cells are taken out with Delete cell; Resolve Conflict keeps the others as they are shown."
    if reduced.apart:
        yield f"Not shown here: {len(reduced.apart)} in outputs or metadata."


def _named(side: str, label: str) -> str:
    return f"{side}: {printable(label)}" if label and label != side else side


def _taken(name: str, notebook: Notebook, reduced: Reduced, base: object, sent: object) -> PageChoices:
    try:
        return taken(notebook, reduced, base, sent)
    except UnfitAnswerError as error:
        raise NotebookError(f"{name}: what the page sent cannot be used ({error}): load it again") from error


def _settled(name: str, notebook: Notebook, decided: PageChoices) -> Resolution:
    try:
        return settle(notebook, decided)
    except NotKnown as error:
        raise UsageError(f"{name}: {error}") from error
