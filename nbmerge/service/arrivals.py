"""Owns: taking into the store what a watcher had read and was killed before it could record.

Must not know: how saves are noticed, what is printed.  Invariant: a journal is removed only when all that it
holds is in the store; what the store knows already is not recorded again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import groupby

from nbmerge.observe.arrivals import arrivals, remove_journal
from nbmerge.observe.events import FileRead, Previous
from nbmerge.service.record import JUDGED, Recorder, Saved, found_in_file


def take_in_arrivals(recorder: Recorder, journals: Iterable[str]) -> int:
    """Record the saves in these journals; returns how many were not known.

    None may be of a watcher that runs.  Raises NbmergeError if the store cannot take them: they stay there.
    """
    found = 0
    for journal in journals:
        with recorder.store.lock():
            if not os.path.exists(journal):
                continue  # another process was first
            by_path = sorted(arrivals(journal), key=lambda arrival: arrival.path)
            for path, of_one in groupby(by_path, key=lambda arrival: arrival.path):
                found += _take_in(recorder, recorder.store.adopt(path), of_one)
            recorder.store.flush()
            remove_journal(journal)
    return found


def _take_in(recorder: Recorder, notebook_id: int, arrived: Iterable[FileRead | Previous]) -> int:
    new = [_saved(one) for one in arrived if not recorder.knows(notebook_id, one.data)]
    judged = new if len(new) <= JUDGED else new[-1:]
    recorder.keep(notebook_id, new[: len(new) - len(judged)])
    for saved in judged:
        recorder.record_unseen(notebook_id, saved)
    return len(new)


def _saved(arrival: FileRead | Previous) -> Saved:
    match arrival:
        case FileRead():
            return found_in_file(arrival.data, arrival.at, arrival.way, arrival.stamp, in_file=False)
        case Previous():
            return found_in_file(arrival.data, arrival.at, "", None, in_file=False)
