"""Owns: open conflicts settled in the browser: what the page asks for, done; what is chosen kept until it
is saved.

Must not know: how a conflict is found, settled or shown, how a notebook is written.  Invariant: whatever was
chosen is kept outside the page before it is answered, and the notebook is written only when somebody saves;
what fails is said on the page, and a save that failed also at the terminal.
"""

from __future__ import annotations

import json
import os
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime

from nbmerge.browser.choices import Choices, UnfitChoiceError
from nbmerge.browser.html import counted
from nbmerge.browser.offers import Way, offers
from nbmerge.browser.open_cells import Persons
from nbmerge.browser.settle_page import SettlePage, said_of, settle_document, told
from nbmerge.browser.site import PageAnswer
from nbmerge.browser.sources import Author
from nbmerge.cli.git_command import turned_round
from nbmerge.cli.report import failure_of
from nbmerge.cli.streams import printable, write_error, write_text
from nbmerge.conflicts.values import NotKnown
from nbmerge.errors import NbmergeError, UsageError
from nbmerge.files import digest, read_file
from nbmerge.git.authors import authors_of
from nbmerge.service.drafts import draft_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Protocol

    from nbmerge.browser.choices import Draft
    from nbmerge.browser.site import Asked, Where
    from nbmerge.browser.visit import Visit
    from nbmerge.conflicts.choosing import Resolution
    from nbmerge.conflicts.known import Traced
    from nbmerge.conflicts.values import Chosen
    from nbmerge.notebook.model import Notebook
    from nbmerge.service.drafts import KeptDraft

    class Settled(Protocol):
        """A notebook whose conflicts are settled."""

        @property
        def path(self) -> str: ...

        @property
        def left(self) -> str:
            """What is left in it where nothing is to be settled any more, in words."""

        def look(self) -> SeenConflicts | None:
            """What there is to settle now; None if nothing is.  Raises NbmergeError."""

        def save(self, settled: Resolution, chosen: Mapping[Traced, Chosen]) -> None:
            """Write what was made of what was seen last.  Raises NbmergeError."""


@dataclass(frozen=True, slots=True)
class SeenConflicts:
    """A notebook, the conflicts that are to be settled, and the digest of what the file held, if it did."""

    notebook: Notebook
    conflicts: Sequence[Traced]
    digest: str | None


_TURNED_ROUND = (
    "In a rebase, mine is your own commit (remote, which git calls theirs), "
    "and theirs is the branch that you rebase onto (local, which git calls ours)."
)


@dataclass
class Session:
    """One visit to the page of one notebook, from what was seen first."""

    notebook: Settled
    seen: SeenConflicts
    kept: KeptDraft | None
    persons: Persons = field(default_factory=Persons)
    page: SettlePage = field(init=False)

    def __post_init__(self) -> None:
        self._stamp, self._edition = _stamp_of(self.notebook.path), 0
        self._see(self.seen)
        self._step = 0  # how often something was chosen
        self._others: Draft = []  # what is kept about conflicts that are not shown here
        found = None if self.kept is None else self.kept.read()
        if found is not None:
            self._others = self.page.choices.recall(found.choices)
            when = datetime.fromtimestamp(found.time).strftime("%H:%M")
            said = (
                f"What was chosen at {when} and not saved is here again: {self.unsaved} of {self._total()}."
            )
            self.page = replace(self.page, recalled=said if self.unsaved else "")

    @property
    def unsaved(self) -> int:
        """How many choices are not in the notebook."""
        return len(self.page.choices.chosen)

    def answer(self, asked: Asked) -> PageAnswer:
        """What the page is told."""
        match asked.sent:
            case {"edition": edition} if edition != self.page.edition:
                return _json({"again": True})  # another tab has gone on
        try:
            return self._answer(asked.what, asked.sent)
        except UnfitChoiceError as error:
            return _json({"failed": str(error)}, 409)
        except NbmergeError as error:
            return _json({"failed": failure_of(error).message}, 409)

    def _answer(self, what: str, sent: object) -> PageAnswer:
        match what, sent:
            case "", int() as number:
                return self._document(number)
            case "state", _:
                return self._told(range(self._total()), "")
            case "look", _:
                return _json({"changed": self._has_changed(), "step": self._step})
            case "close", _:
                return _json({"over": self._closed()}, is_last=True)
        if what in ("again", "save"):
            return self._again() if what == "again" else self._save()
        return self._done(self._changed(what, sent))

    def _changed(self, what: str, sent: object) -> Sequence[int]:
        """The conflicts that something chosen has changed.  Raises UnfitChoice."""
        choices = self.page.choices
        match what, sent:
            case "take", {"conflict": int() as number, "way": str() as way}:
                changed = choices.take(number, _way(way))
            case "take-all", {"way": str() as way}:
                changed = choices.take_all(_way(way))
            case "write", {"conflict": int() as number, "text": str() as text}:
                changed = choices.write(number, text)
            case "edit", {"conflict": int() as number}:
                changed = choices.begin_to_write(number)
            case "reopen", {"conflict": int() as number}:
                changed = choices.reopen(number)
            case "reopen-all", _:
                self.page = replace(self.page, recalled="")
                changed = choices.reopen_all()
            case "undo", _:
                changed = choices.undo()
            case _:
                raise UnfitChoiceError("there is no such thing to do")
        return changed

    def _document(self, number: int) -> PageAnswer:
        text = settle_document(self.page, number)
        self.page = replace(self.page, news=())
        return PageAnswer(text)

    def _closed(self) -> str:
        kept = self.unsaved and self.kept is not None
        said = "Closed without saving; what you chose is kept for a day." if kept else "Closed."
        return f"{said} You can close this page."

    def _total(self) -> int:
        return len(self.page.choices.offers)

    def _done(self, changed: Sequence[int]) -> PageAnswer:
        """After something was chosen: it is kept, and told."""
        self._step += 1
        said = said_of(self.page, changed)
        return self._told(changed, said, self._keep() if changed else "")

    def _told(self, changed: Sequence[int], said: str, failed: str = "") -> PageAnswer:
        more = {"failed": failed} if failed else {}
        return _json(
            told(self.page, changed, said) | {"changed": self._has_changed(), "step": self._step} | more
        )

    def _keep(self) -> str:
        """Keep what is chosen; why it cannot be kept, if so."""
        if self.kept is None:
            return ""
        try:
            self.kept.keep([*self._others, *self.page.choices.draft()])
        except NbmergeError as error:
            return f"If this page is closed, what was chosen is gone: {failure_of(error).message}"
        return ""

    def _has_changed(self) -> bool:
        """Whether the file holds something else than what was looked at."""
        stamp = _stamp_of(self.notebook.path)
        if stamp == self._stamp or self.seen.digest is None:
            return stamp != self._stamp
        with suppress(NbmergeError):
            if digest(read_file(self.notebook.path)) == self.seen.digest:
                self._stamp = stamp
                return False
        return True

    def _see(self, seen: SeenConflicts, news: str = "") -> None:
        self.seen = seen
        choices = Choices(seen.notebook, offers(seen.notebook, seen.conflicts))
        notes = () if self.persons.mine is Author.LOCAL else (_TURNED_ROUND,)
        name = printable(os.path.basename(self.notebook.path))
        self._edition += 1
        self.page = SettlePage(name, choices, self.persons, self._edition, notes, (news,) if news else ())

    def _again(self) -> PageAnswer:
        """Look at the notebook anew; what was chosen stays where the conflict is the same."""
        kept, before = self.page.choices.draft(), len(self.page.choices.chosen)
        stamp = _stamp_of(self.notebook.path)
        seen = self.notebook.look()
        self._stamp = stamp
        if seen is None:
            self._see_nothing()
            left = self.notebook.left
            return _json({"over": f"{left[0].upper()}{left[1:]}; you can close this page."}, is_last=True)
        self._see(seen)
        self.page.choices.recall(kept)
        stay = self.unsaved
        lost = f" {before - stay} that are no more are gone." if stay < before else ""
        news = f"This is the notebook as it is now. {stay} of your {before} choices are here.{lost}"
        self.page = replace(self.page, news=(news,))
        self._keep()
        return _json({"again": True})

    def _see_nothing(self) -> None:
        """Nothing is left to settle, or to keep."""
        self.page.choices.chosen.clear()
        self._keep()

    def _save(self) -> PageAnswer:
        choices = self.page.choices
        if not choices.chosen:
            raise UnfitChoiceError("nothing is chosen yet")
        settled = counted(choices.settled, "conflict")
        try:
            self.notebook.save(self._settled(), choices.by_conflict())
        except NbmergeError as error:
            write_error(f"nbmerge: not saved: {failure_of(error).message}\n")
            raise
        self._see_nothing()
        self._stamp = _stamp_of(self.notebook.path)
        seen = self.notebook.look()
        if seen is None:
            return _json({"over": f"Saved; {self.notebook.left}. You can close this page."}, is_last=True)
        self._see(seen, f"Saved: {settled} settled; what is left is shown here.")
        return _json({"again": True})

    def _settled(self) -> Resolution:
        try:
            return self.page.choices.settle()
        except NotKnown as error:
            raise UsageError(f"{self.notebook.path}: {error}") from error


def _way(name: str) -> Way:
    try:
        return Way(name)
    except ValueError:
        raise UnfitChoiceError("there is no such way") from None


def _json(value: Mapping[str, object], code: int = 200, is_last: bool = False) -> PageAnswer:
    return PageAnswer(json.dumps(value), code, is_last)


def _stamp_of(path: str) -> tuple[int, ...] | None:
    """What changes when a file is written."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def settle_in_browser(
    visit: Visit, notebook: Settled, seen: SeenConflicts, state: str | None, browser: str | None = None
) -> None:
    """Show the conflicts of a notebook until the page is closed; say what is kept though it was not saved.

    `browser` is as in `open_in_browser`.  Raises SystemFailure if the page cannot be served.
    """
    from nbmerge.browser.visit import open_in_browser

    persons = Persons(
        Author.REMOTE if turned_round(notebook.path) else Author.LOCAL, *authors_of(notebook.path)
    )
    session = Session(notebook, seen, _draft(notebook.path, state), persons)

    def tell(where: Where) -> None:
        opened = open_in_browser(where, browser)
        lead = "in the browser" if opened else "open it in a browser"
        write_text(f"{printable(notebook.path)}: {lead}: {where.url}\n")
        write_text("save and close it there; Ctrl-C ends it here\n")

    try:
        visit.run(tell, session.answer)
    finally:
        if session.unsaved and session.kept is not None and session.kept.read() is not None:
            choices = counted(session.unsaved, "choice")
            write_text(f"{choices} not saved, but kept for a day: the page shows them again\n")


def _draft(path: str, state: str | None) -> KeptDraft | None:
    try:
        return draft_of(path, state, time.time)
    except NbmergeError as error:
        write_error(f"nbmerge: what is chosen is not kept before it is saved: {failure_of(error).message}\n")
        return None
