"""Owns: taking into the store what a watcher had read and was killed before it could record.

Must not know: how saves are noticed, what is printed.  Invariant: a journal is removed only when all that it
holds is in the store; what the store knows already is not recorded again; a journal that cannot be read or
removed keeps nobody from anything; the conflict copy of a sync tool is no notebook of its own.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from itertools import groupby

from nbmerge.environment.conflict_copies import Copy, copy_of
from nbmerge.errors import NotebookError
from nbmerge.files import read_file, reason
from nbmerge.lineage.versions import Origin
from nbmerge.observe.arrivals import read_journal, remove_journal
from nbmerge.observe.events import FileRead, Previous
from nbmerge.service.record import JUDGED, Recorder, Saved, found_in_file


@dataclass(frozen=True, slots=True)
class LeftJournal:
    """A journal that is still there; `why` is said of it, in one line for people."""

    path: str
    why: str


def take_in_arrivals(recorder: Recorder, journals: Iterable[str], most: int = JUDGED) -> list[LeftJournal]:
    """Record the saves in these journals and remove them; returns those that had to be left.

    `most`: so many new saves of a notebook are each judged; of more, only the last.  None may be open in a
    watcher that runs.  Raises NbmergeError if the store cannot take them: they stay there.
    """
    left: list[LeftJournal] = []
    for journal in journals:
        with recorder.store.lock():
            if os.path.exists(journal):  # else another process was first
                left += _taken_in(recorder, journal, most)
    return left


def keep_arrivals(recorder: Recorder, journals: Iterable[str]) -> list[LeftJournal]:
    """The same for saves before which the store has later ones: they are kept, and are no part of the
    notebook."""
    return take_in_arrivals(recorder, journals, most=0)


def remove_journals(journals: Iterable[str]) -> list[LeftJournal]:
    """Remove journals all of which is in the store; returns those that are still there."""
    left = []
    for journal in journals:
        try:
            remove_journal(journal)
        except OSError as error:
            why = f"cannot be removed: {reason(error)}; all that it holds is in the history"
            left.append(LeftJournal(journal, why))
    return left


def _taken_in(recorder: Recorder, journal: str, most: int) -> list[LeftJournal]:
    try:
        content = read_journal(journal)
    except NotebookError as error:
        why = str(error).removeprefix(f"{journal}: ")
        return [LeftJournal(journal, f"{why}; the saves that a watcher kept in it are left where they are")]
    by_path = sorted(content.saves, key=lambda arrival: arrival.path)
    for path, of_one in groupby(by_path, key=lambda arrival: arrival.path):
        copy = copy_of(path)
        with recorder.store.lock(path, *(() if copy is None else (copy.original,))):
            if copy is None or _has_history(recorder, path):
                _take_in(recorder, recorder.store.adopt(path), of_one, most)
            else:
                _take_in_copies(recorder, path, copy, of_one)
    recorder.store.flush()
    return remove_journals([journal]) if content.whole else [LeftJournal(journal, _DAMAGED)]


def _take_in(
    recorder: Recorder, notebook_id: int, arrived: Iterable[FileRead | Previous], most: int = JUDGED
) -> None:
    """Those before one that is known have been overwritten by it, and nobody asks what they were made from:
    where machines share a store another one may have recorded it first."""
    new: list[Saved] = []
    past = 0
    for one in arrived:
        if recorder.knows(notebook_id, one.data):
            past = len(new)
        else:
            new.append(_saved(one))
    rest = new[past:]
    judged = rest if len(rest) <= most else rest[-1:] if most else []
    recorder.keep(notebook_id, new[: len(new) - len(judged)])
    for saved in judged:
        recorder.record_unseen(notebook_id, saved)


def _take_in_copies(
    recorder: Recorder, path: str, copy: Copy, arrived: Iterable[FileRead | Previous]
) -> None:
    """What by its name is another side of a notebook: whoever watches looks at its file.

    What the file does not hold any more is kept with the notebook, or by itself if there is none.
    """
    held = _held(path)
    gone = [one for one in arrived if one.data != held]
    if not gone:
        return
    if _has_history(recorder, copy.original):
        saves = (replace(_saved(one), origin=Origin.COPY) for one in gone)
        recorder.keep(recorder.store.adopt(copy.original), saves)
    else:
        _take_in(recorder, recorder.store.adopt(path), gone)


def _has_history(recorder: Recorder, path: str) -> bool:
    notebook_id = recorder.store.notebook_id(path)
    return notebook_id is not None and recorder.store.heads(notebook_id) is not None


def _held(path: str) -> bytes | None:
    try:
        return read_file(path)
    except NotebookError:
        return None


def _saved(arrival: FileRead | Previous) -> Saved:
    match arrival:
        case FileRead():
            return found_in_file(arrival.data, arrival.at, arrival.way, arrival.stamp, in_file=False)
        case Previous():
            return found_in_file(arrival.data, arrival.at, "", None, in_file=False)


_DAMAGED = (
    "is damaged, or of another version of nbmerge; the saves in it that can be read are in the history, and"
    " the file is left as it is"
)
