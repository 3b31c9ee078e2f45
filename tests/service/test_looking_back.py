"""Looking back and bringing back, as commands and pages share it: rows, pages of rows, one cell, a doubt."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from nbmerge.errors import UsageError
from nbmerge.lineage.versions import Context, Writer
from nbmerge.notebook.reader import read
from nbmerge.service.listing import HistoryRow, WantedRows, page_of
from nbmerge.service.notebook_service import NotebookService, open_service
from nbmerge.service.record import Saved
from nbmerge.service.restoring import number_before, restore_cell
from tests.cli.past import Past
from tests.cli.world import BASE, LOCAL, REMOTE
from tests.helpers.build import Notebook, code, markdown, notebook, notebook3

THEN = notebook(
    code("a = 1", id="one", out="1\n", count=1),
    markdown("# Gone", id="gone"),
    code("b = 1", id="two"),
    code("a = 1", id="twin"),
)
NOW = notebook(code("a = 2", id="one"), code("b = 1\nc = 2", id="two"), code("a = 1", id="twin"))


@pytest.fixture
def past(tmp_path: Path) -> Past:
    return Past(tmp_path / "nb.ipynb", str(tmp_path / "state"))


def sources(past: Past) -> list[str]:
    return [cell.source for cell in read(past.path.read_bytes()).cells]


@pytest.mark.parametrize(
    ("cell", "made"),
    [
        (1, ["a = 1", "b = 1\nc = 2", "a = 1"]),
        (2, ["a = 2", "# Gone", "b = 1\nc = 2", "a = 1"]),
        (3, ["a = 2", "b = 1", "a = 1"]),
    ],
)
def test_one_cell_is_what_it_was_and_the_others_are_as_they_are(
    past: Past, cell: int, made: list[str]
) -> None:
    past.saved(THEN, NOW)
    with open_service(past.state) as service:
        restore_cell(service, str(past.path), 1, cell)
    assert sources(past) == made
    ids = [one.id for one in read(past.path.read_bytes()).cells]
    assert len(set(ids)) == len(ids)
    with open_service(past.state) as service:
        service.restore(str(past.path), 2)
    assert sources(past) == ["a = 2", "b = 1\nc = 2", "a = 1"]


def test_a_cell_comes_with_its_result(past: Past) -> None:
    past.saved(THEN, NOW)
    with open_service(past.state) as service:
        restore_cell(service, str(past.path), 1, 1)
    first = read(past.path.read_bytes()).cells[0]
    assert (first.id, first.count is None, len(first.outputs)) == ("one", False, 1)


def test_a_cell_without_an_id_gets_none(past: Past) -> None:
    past.saved(notebook(code("a = 1"), code("b = 1")), notebook(code("a = 2"), code("b = 1")))
    with open_service(past.state) as service:
        restore_cell(service, str(past.path), 1, 1)
    assert [(one.id, one.source) for one in read(past.path.read_bytes()).cells] == [
        (None, "a = 1"),
        (None, "b = 1"),
    ]


@pytest.mark.parametrize(("then", "cell"), [(THEN, 5), (notebook3(code("a = 1")), 1)])
def test_what_cannot_be_brought_back_is_said_and_nothing_changes(
    past: Past, then: Notebook, cell: int
) -> None:
    past.saved(then, NOW)
    held = past.path.read_bytes()
    with open_service(past.state) as service, pytest.raises(UsageError):
        restore_cell(service, str(past.path), 1, cell)
    assert past.path.read_bytes() == held


def test_the_version_before_where_there_is_none(past: Past) -> None:
    past.saved(THEN)
    with open_service(past.state) as service, pytest.raises(UsageError):
        number_before(service, str(past.path))


def rows(service: NotebookService, past: Past, wanted: WantedRows) -> tuple[list[HistoryRow], int]:
    notebook_id = service.store.adopt(os.path.realpath(past.path))
    page = page_of(service.store, notebook_id, service.recorder.heads(notebook_id), wanted)
    return list(page.rows), page.older


def test_pages_that_follow_each_other_leave_no_row_out(past: Past) -> None:
    """Whatever their size, and also of the rows that hold some words."""
    for turn, number in enumerate([1, 2, 3, 5, 5, 7]):  # some rows are of several saves
        contents = (notebook(code(f"a = {number}\nx = {save}", id="one")) for save in range(1 + turn % 4))
        past.saved(*contents, writer=f"w{turn}")
    with open_service(past.state) as service:
        for words in ((), ("a",), ("x = 1",), ("w3", "x = 2"), ("none",)):
            whole, older = rows(service, past, WantedRows(1000, words=words))
            assert older == 0
            for most in (1, 2, 5):
                found: list[HistoryRow] = []
                before = 0
                while not found or before:
                    part, before = rows(service, past, WantedRows(most, before, words))
                    found += part
                    if not whole:
                        break
                assert [row.versions for row in found] == [row.versions for row in whole]
        every, _ = rows(service, past, WantedRows(1000))
    versions = [one.number for row in reversed(every) for one in row.versions]
    assert versions == [one.number for one in past.versions]


@pytest.mark.parametrize("restarted", [False, True])
def test_a_doubt_that_was_dismissed_does_not_come_back(past: Past, restarted: bool) -> None:
    agents = code("x = 1\ny = 2\nz = 3\nprint(x, y, z)", id="agent")
    page = notebook(*LOCAL["cells"])

    def saved(service: NotebookService, *contents: Notebook) -> int:
        notebook_id = service.store.adopt(os.path.realpath(past.path))
        for content in contents:
            data = past.put(content)
            time = 1e9 + 120 * len(service.store.versions(notebook_id))
            writer = Writer(style="Jupyter or VS Code", way="in place with a copy")
            service.recorder.record_save(notebook_id, Saved(data, time, writer), Context())
        return notebook_id

    later = [notebook(*REMOTE["cells"][:1], *page["cells"][1:]), notebook(*page["cells"][:2])]
    with open_service(past.state) as service:
        notebook_id = saved(service, BASE, notebook(*BASE["cells"], agents), page)
        [doubt] = service.recorder.heads(notebook_id).open
        assert service.dismiss(str(past.path), doubt.version)
        assert not service.dismiss(str(past.path), doubt.version)
        if not restarted:
            saved(service, *later)
    if restarted:
        with open_service(past.state) as service:
            saved(service, *later)
    assert doubt.version not in {tip.version for tip in past.heads.open}
    assert past.heads.tips == (past.versions[-1].number,)
