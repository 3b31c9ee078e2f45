"""What a killed watcher had read and not recorded: the next command takes it in, or says why it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from nbmerge.errors import NotebookError
from nbmerge.observe import arrivals
from nbmerge.observe.arrivals import ArrivalJournal, left_over
from nbmerge.observe.events import FileRead, FileStamp, WallTime
from nbmerge.service import arrivals as service
from tests.cli.past import BEGIN, Past
from tests.cli.world import BASE, LOCAL, REMOTE, Command
from tests.helpers.spelling import JUPYTER

STAMP = FileStamp(1, 1, 1)
LOST = JUPYTER.spell(REMOTE)


@pytest.fixture
def journal(past: Past) -> Path:
    """Of a watcher that was killed when it had read LOST."""
    past.saved(BASE, LOCAL)
    return kept(past, past.path, LOST)


def kept(past: Past, path: Path, data: bytes) -> Path:
    journal = ArrivalJournal(str(Path(past.state, "arrivals")))
    place = journal.keep(FileRead(str(path), data, STAMP, WallTime(BEGIN + 300), "in place"))
    journal.close()
    return Path(place.journal)


def test_a_journal_that_cannot_be_read_stays_and_is_told(
    journal: Path, past: Past, nbmerge: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: str) -> bytes:
        raise NotebookError(f"{path}: cannot be read: permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(arrivals, "read_file", refused)
        ended = nbmerge("log", "nb.ipynb")
    said = "cannot be read: permission denied; the saves that a watcher kept in it are left where they are"
    assert (ended.code, ended.line) == (0, f"nbmerge: {journal}: {said}")
    assert (nbmerge("log", "nb.ipynb").err, len(past.versions)) == ("", 3)


def test_a_journal_that_cannot_be_removed_is_taken_in_once(
    journal: Path, past: Past, nbmerge: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(path: str) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(service, "remove_journal", refused)
    for _ in range(2):
        ended = nbmerge("log", "nb.ipynb")
        said = "cannot be removed: permission denied; all that it holds is in the history"
        assert (ended.code, ended.line) == (0, f"nbmerge: {journal}: {said}")
    assert len(past.versions) == 3


def test_of_a_damaged_journal_is_taken_in_what_can_be_read(
    journal: Path, past: Past, nbmerge: Command
) -> None:
    journal.write_bytes(journal.read_bytes() + b"5 5 5\nhello world")
    ended = nbmerge("log", "nb.ipynb")
    assert (ended.code, len(past.versions)) == (0, 3)
    assert ended.line.startswith(f"nbmerge: {journal}: is damaged, or of another version of nbmerge; ")
    assert left_over(str(journal.parent)) == [str(journal)]
