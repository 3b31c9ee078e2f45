"""What a killed watcher had read and not recorded: the next command takes it in, or says why it cannot."""

from __future__ import annotations

import os
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


CALLS = {
    "log": ["nb.ipynb"],
    "restore": ["nb.ipynb@1"],
    "recover": ["nb.ipynb"],
    "open": ["nb.ipynb"],
    "lost": ["nb.ipynb", "--put-back", "1"],
}


@pytest.mark.parametrize("name", CALLS)
def test_every_command_that_opens_the_history_takes_it_in(
    journal: Path, past: Past, nbmerge: Command, name: str
) -> None:
    assert nbmerge(name, *CALLS[name]).code == 0
    assert past.holds(LOST)
    assert not journal.exists()


@pytest.mark.skipif(os.name != "posix", reason="modes of Unix")
@pytest.mark.parametrize("name", ["log", "recover"])
def test_a_journal_that_others_can_write_is_told_and_not_believed(
    journal: Path, past: Past, nbmerge: Command, name: str
) -> None:
    journal.chmod(0o666)
    ended = nbmerge(name, *CALLS[name])
    said = "can be written by other users, so it was left as it is; remove it if you know nothing of it"
    assert (ended.code, ended.line) == (0, f"nbmerge: {journal}: {said}")
    assert not past.holds(LOST)


COPIES = ["nb.sync-conflict-20240105-093344-ABCDEFG", "nb (Ann's conflicted copy 2024-01-05)", "nb (1)"]


@pytest.mark.parametrize("name", COPIES)
@pytest.mark.parametrize("there", [True, False])
def test_a_conflict_copy_is_no_notebook(past: Past, nbmerge: Command, name: str, there: bool) -> None:
    """Its file is looked at by whoever watches; where that is gone, it is kept with its notebook."""
    past.saved(BASE, LOCAL)
    copy = past.path.with_name(f"{name}.ipynb")
    journal = kept(past, copy, LOST)
    if there:
        copy.write_bytes(LOST)
    assert nbmerge("log", "nb.ipynb").code == 0
    assert len(past.versions) == (2 if there else 3)
    assert past.heads.head == 2
    assert not journal.exists()
    with past.service() as service:
        assert [found.path for found in service.store.notebooks()] == [str(past.path)]


def test_a_notebook_that_is_only_called_like_a_copy_goes_on(past: Past, nbmerge: Command) -> None:
    past.saved(BASE, LOCAL)
    other = Past(past.path.with_name("nb (1).ipynb"), past.state)
    other.saved(BASE)
    kept(past, other.path, LOST)
    assert nbmerge("log", "nb (1).ipynb").code == 0
    assert (len(past.versions), len(other.versions)) == (2, 2)


def test_a_copy_of_nothing_that_is_known_is_kept_by_itself(past: Past, nbmerge: Command) -> None:
    copy = past.path.with_name("other.sync-conflict-20240105-093344-ABCDEFG.ipynb")
    kept(past, copy, LOST)
    assert nbmerge("log", copy.name).code == 0
