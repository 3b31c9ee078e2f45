"""An editor that takes over a file by itself finds out which version it shows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nbmerge import sync
from nbmerge.errors import NotebookError
from tests.helpers.build import Notebook, code, notebook
from tests.helpers.spelling import JUPYTER


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("NBMERGE_STATE_DIR", str(tmp_path / "state"))
    return str(tmp_path / "nb.ipynb")


def saved(path: str, content: Notebook) -> str:
    Path(path).write_bytes(JUPYTER.spell(content))
    return sync.open_notebook(path).version


def of(number: int) -> Notebook:
    return notebook(code(f"a = {number}", id="a"), code("b", id="b"))


def test_a_version_is_found_by_what_it_says(path: str) -> None:
    versions = [saved(path, of(number)) for number in range(4)]
    for number, version in enumerate(versions):
        assert sync.identify(path, json.dumps(of(number)).encode()) == version


def test_what_was_never_saved_is_no_version(path: str) -> None:
    saved(path, of(1))
    assert sync.identify(path, JUPYTER.spell(of(2))) == ""


def test_of_equal_ones_it_is_the_newest(path: str) -> None:
    saved(path, of(1))
    saved(path, of(2))
    newest = saved(path, of(1))
    assert sync.identify(path, JUPYTER.spell(of(1))) == newest


def test_what_is_no_notebook_is_refused(path: str) -> None:
    saved(path, of(1))
    with pytest.raises(NotebookError):
        sync.identify(path, b"[]")
