"""What a network drive remembers of a file is not taken for a save of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nbmerge.history.store import Store
from nbmerge.service.notebook_service import NotebookService, open_service
from nbmerge.service.views import REMEMBERED
from nbmerge.sync import save
from tests.helpers.build import Notebook, code, notebook
from tests.helpers.spelling import JUPYTER
from tests.sync.writers import Desk

OLD = notebook(code("one = 1", id="one"), code("two = 2", id="two"))
NEW = notebook(code("one = 11", id="one"), code("two = 2", id="two"))
OTHER = notebook(code("one = 1", id="one"), code("two = 22", id="two"))


class Drive:
    """A network drive on which this machine, which has been at work for a while, reads a file."""

    def __init__(self, desk: Desk, service: NotebookService) -> None:
        self.desk, self.service, self.now = desk, service, 0.0
        service.views.stopwatch = lambda: self.now
        service.views.is_remote = lambda path: True

    def shows(self, content: Notebook) -> int:
        """The version of which the store says that the file holds it, after it was read as this."""
        self.desk.put(content)
        with self.service.at(str(self.desk.path)) as (notebook_id, _):
            return self.service.head(notebook_id).number


@pytest.fixture
def drive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Drive]:
    monkeypatch.setattr(Store, "is_shared", True)
    (tmp_path / "notebooks").mkdir()
    desk = Desk(tmp_path / "notebooks", str(tmp_path / "state"))
    with open_service(desk.state) as service:
        found = Drive(desk, service)
        assert found.shows(OLD) == 1
        version = desk.writer("on another machine").version
        save(str(desk.path), JUPYTER.spell(NEW), version, "on another machine", desk.state)
        yield found


def test_an_older_version_is_no_save_while_the_drive_may_remember_it(drive: Drive) -> None:
    assert drive.shows(OLD) == 2
    drive.now = REMEMBERED / 2
    assert drive.shows(OLD) == 2
    assert drive.shows(NEW) == 2
    assert len(drive.desk.versions()) == 2


def test_an_older_version_that_stays_has_been_put_back(drive: Drive) -> None:
    assert drive.shows(OLD) == 2
    drive.now = REMEMBERED + 1
    assert drive.shows(OLD) == 3


def test_what_was_never_there_is_a_save_at_once(drive: Drive) -> None:
    assert drive.shows(OTHER) == 3


def test_what_this_machine_has_put_there_is_not_doubted(drive: Drive) -> None:
    assert drive.shows(OTHER) == 3
    assert drive.shows(OLD) == 4


def test_on_a_drive_of_its_own_nothing_is_doubted(drive: Drive) -> None:
    drive.service.views.is_remote = lambda path: False
    assert drive.shows(OLD) == 3
