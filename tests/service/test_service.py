"""What the service says it did, and whom it keeps waiting meanwhile."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from nbmerge.history.store import Store
from nbmerge.notebook.model import Notebook
from nbmerge.service import lost
from nbmerge.service.notebook_service import open_service
from nbmerge.service.record import Saved
from tests.cli.past import BEGIN, Past
from tests.cli.world import BASE, LOCAL, REMOTE, RIVAL
from tests.helpers.locks import is_free
from tests.helpers.spelling import JUPYTER


@pytest.fixture
def past(tmp_path: Path) -> Past:
    found = Past(tmp_path / "nb.ipynb", str(tmp_path / "state"))
    found.saved(BASE, LOCAL)
    return found


def test_what_another_program_records_is_not_counted_as_kept(past: Past) -> None:
    with past.service() as service, past.service() as other:
        notebook_id = service.store.adopt(os.path.realpath(past.path))
        own, begin = service.store, Store.together

        def together(store: Store) -> AbstractContextManager[None]:
            if store is own:  # just before the transaction begins
                other.recorder.keep(notebook_id, [Saved(JUPYTER.spell(RIVAL), BEGIN)])
            return begin(store)

        saves = [Saved(JUPYTER.spell(REMOTE), BEGIN), Saved(JUPYTER.spell(LOCAL), BEGIN)]  # one is known
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Store, "together", together)
            assert service.recorder.keep(notebook_id, saves) == 1


def test_nobody_waits_while_what_is_lost_is_looked_for(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    found: list[bool] = []
    past.saved(BASE)

    def lost_rows(store: Store, notebook_id: int, now: Notebook) -> list[lost.LostRow]:
        found.append(is_free(store))
        return real(store, notebook_id, now)

    real = lost.lost_rows
    monkeypatch.setattr(lost, "lost_rows", lost_rows)
    with open_service(past.state) as service:
        lost.put_lost_back(service, str(past.path), 1)
    assert found == [True]
