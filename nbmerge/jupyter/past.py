"""Owns: what a page is told of a notebook's past, and what it can have done about it.

Must not know: requests, how versions are kept, how a page shows them.  Invariant: it is the service that the
commands use; whatever is done is a version that can be undone by restoring the one that is named with it;
what is told of a notebook is told of what its file holds at that moment.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from nbmerge.browser.comparison import NamedContent, compared_cells
from nbmerge.browser.html import STYLE
from nbmerge.errors import NotebookError, UsageError
from nbmerge.notebook.reader import read
from nbmerge.service.listing import WantedRows, doubted, page_of, version_as_json
from nbmerge.service.lost import LostName, lost_rows, put_lost_back
from nbmerge.service.notebook_service import NotebookService
from nbmerge.service.restoring import number_before, restore_cell

Answer = dict[str, object]
LOST_SHOWN = 100
_LINES_SHOWN = 40  # of something that is lost, which may be very long
_WIDTH_SHOWN = 400


@dataclass(slots=True)
class Begun:
    """What was done of a request when the connection to the store broke: it is asked once more then, and does
    not do twice what is undone by that.  `before`: the version that the file held; `wanted`: that is to be
    restored; `is_dismissing`: that was tried; `conflicts`: it is done, and so many are shown."""

    has_looked: bool = False
    before: int | None = None
    wanted: int | None = None
    is_dismissing: bool = False
    conflicts: int | None = None


@dataclass(frozen=True, slots=True)
class Past:
    """The past of the notebook in a file, for one request."""

    service: NotebookService
    file: str
    begun: Begun = field(default_factory=Begun)

    def history(self, wanted: WantedRows) -> Answer:
        """{"rows", "older", "doubts", "head"}: a page of the versions; doubts with the first page only."""
        store = self.service.store
        notebook_id, head = self._now()
        heads = self.service.recorder.heads(notebook_id)
        page = page_of(store, notebook_id, heads, wanted)
        doubts = [] if wanted.before else doubted(store, notebook_id, heads)
        return {
            "rows": [row.as_json(heads) for row in page.rows],
            "older": page.older,
            "doubts": [{"version": one.as_json(heads), "by": by.as_json(heads)} for one, by in doubts],
            "head": head,
        }

    def version(self, number: int) -> Answer:
        """{"version", "cells", "style", "head", "before", "after"}: a version, cell by cell beside what the
        file holds now; and which versions stand before and after it."""
        store = self.service.store
        notebook_id, head = self._now()
        kept = store.versions(notebook_id)
        place = next((at for at, one in enumerate(kept) if one.number == number), None)
        if place is None:
            raise UsageError(f"{self.file}: version {number} is not kept")
        then = NamedContent(f"{self.file}@{number}", store.data(notebook_id, number))
        now = NamedContent(self.file, store.data(notebook_id, head))
        return {
            "version": version_as_json(kept[place], self.service.recorder.heads(notebook_id), None),
            "cells": compared_cells(then, now),
            "style": STYLE,
            "head": head,
            "before": kept[place - 1].number if place else None,
            "after": kept[place + 1].number if place + 1 < len(kept) else None,
        }

    def lost(self, words: tuple[str, ...]) -> Answer:
        """{"lost", "more"}: what was saved once and is not there now, and how much of it is not listed."""
        store = self.service.store
        notebook_id, head = self._now()
        now = read(store.data(notebook_id, head), self.file)
        found = [row for row in lost_rows(store, notebook_id, now) if row.holds(words)]
        rows = [row.as_json() | _shortened(row.found.text) for row in found[:LOST_SHOWN]]
        return {"lost": rows, "more": len(found) - len(rows)}

    def restore(self, number: int) -> Answer:
        """Make the file hold a version again."""

        def work() -> int:
            done = self.service.restore(self.file, number)
            return 0 if done is None or done.merged is None else len(done.merged.merge.conflicts)

        return self._done(work)

    def restore_cell(self, number: int, cell: int) -> Answer:
        """Make one cell what it was."""
        return self._done(lambda: len(restore_cell(self.service, self.file, number, cell).conflicts))

    def restore_before(self) -> Answer:
        """Make the file hold what it held before."""

        def work() -> int:
            if self.begun.wanted is None:
                self.begun.wanted = number_before(self.service, self.file)
            done = self.service.restore(self.file, self.begun.wanted)
            return 0 if done is None or done.merged is None else len(done.merged.merge.conflicts)

        return self._done(work)

    def put_back(self, name: LostName) -> Answer:
        """Put what is lost into the notebook again."""
        return self._done(lambda: len(put_lost_back(self.service, self.file, name)[1].conflicts))

    def recover(self) -> Answer:
        """Merge all that may have been overwritten."""

        def work() -> int:
            done = self.service.reopen(self.file)
            return 0 if done is None else len(done.merge.conflicts)

        return self._done(work)

    def dismiss(self, number: int) -> Answer:
        """What may have overwritten a version was meant."""

        def work() -> int:
            is_again, self.begun.is_dismissing = self.begun.is_dismissing, True
            if not self.service.dismiss(self.file, number) and not is_again:
                raise UsageError(f"{self.file}: version {number} is not open: nothing asks about it any more")
            return 0

        return self._done(work)

    def _now(self) -> tuple[int, int]:
        """The notebook's number in the store, and that of the version that the file holds."""
        for _ in self.service.record_late():
            pass
        with self.service.at(self.file) as (notebook_id, _):
            return notebook_id, self.service.head(notebook_id).number

    def _done(self, work: Callable[[], int]) -> Answer:
        """{"version", "before", "conflicts"}: what the file holds now and held before (null: no notebook),
        and how many conflicts it shows by that."""
        begun = self.begun
        if not begun.has_looked:
            with suppress(NotebookError):
                _, begun.before = self._now()
            begun.has_looked = True
        if begun.conflicts is None:
            begun.conflicts = work()
        _, head = self._now()
        return {"version": head, "before": begun.before, "conflicts": begun.conflicts}


def _shortened(text: str) -> dict[str, object]:
    lines = text.split("\n")
    shown = "\n".join(line[:_WIDTH_SHOWN] for line in lines[:_LINES_SHOWN])
    return {"text": shown, "lines": len(lines)}
