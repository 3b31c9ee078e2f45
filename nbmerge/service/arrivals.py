"""Owns: taking into the store what a watcher had read and was killed before it could record.

Must not know: how saves are noticed, what is printed.  Invariant: a journal is removed only when all that it
holds is in the store; what the store knows already is not recorded again.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from itertools import groupby

from nbmerge.lineage.versions import Origin, Writer
from nbmerge.observe.arrivals import Arrival, arrivals, remove_journal
from nbmerge.service.record import Recorder, Saved

_JUDGED = 8  # of so many saves of a notebook each is judged; of more, only the last


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


def _take_in(recorder: Recorder, notebook_id: int, arrived: Iterable[Arrival]) -> int:
    new = [one for one in arrived if not recorder.knows(notebook_id, one.data)]
    if len(new) > _JUDGED:
        recorder.keep(notebook_id, map(_saved, new[:-1]))
    for one in new[-1:] if len(new) > _JUDGED else new:
        recorder.record_unseen(notebook_id, _saved(one))
    return len(new)


def _saved(arrival: Arrival) -> Saved:
    owner = None if arrival.stamp is None else arrival.stamp.owner
    writer = Writer(way=arrival.way, owner=owner)
    return Saved(arrival.data, arrival.at, writer, Origin.SAVED, in_file=False)
