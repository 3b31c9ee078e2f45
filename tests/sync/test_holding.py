"""An editor that is just writing its file itself is waited for, but not for long, and not by itself."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from nbmerge.service.holding import LONGEST, Holds
from nbmerge.sync import Participation, Timing, participating
from tests.helpers.build import code, notebook
from tests.helpers.spelling import JUPYTER

PATIENCE = 0.05


@pytest.fixture
def path(tmp_path: Path) -> str:
    (tmp_path / "nb.ipynb").write_bytes(JUPYTER.spell(notebook(code("a = 1", id="a"))))
    return str(tmp_path / "nb.ipynb")


def test_others_wait_until_it_is_released(tmp_path: Path, path: str) -> None:
    one, other = Holds(str(tmp_path)), Holds(str(tmp_path))
    assert one.take(path, PATIENCE)
    assert other.is_held(path)
    assert not one.is_held(path)
    assert not other.take(path, PATIENCE)
    other.release(path)
    assert other.is_held(path)
    one.release(path)
    assert not other.is_held(path)
    assert other.take(path, PATIENCE)


def test_another_name_for_the_file_is_the_same_file(tmp_path: Path, path: str) -> None:
    (tmp_path / "link.ipynb").symlink_to(path)
    Holds(str(tmp_path)).take(path, PATIENCE)
    assert Holds(str(tmp_path)).is_held(str(tmp_path / "link.ipynb"))


def test_who_forgets_it_is_not_waited_for(tmp_path: Path, path: str) -> None:
    Holds(str(tmp_path)).take(path, PATIENCE)
    (file,) = (tmp_path / "holds").iterdir()
    for age in (LONGEST + 1, -100):  # a clock may have been put back
        os.utime(file, (time.time() - age, time.time() - age))
        assert not Holds(str(tmp_path)).is_held(path)
        assert Holds(str(tmp_path)).take(path, PATIENCE)


def test_where_nothing_can_be_written_nobody_waits(tmp_path: Path, path: str) -> None:
    (tmp_path / "holds").write_text("in the way")
    assert Holds(str(tmp_path)).take(path, PATIENCE)
    assert not Holds(str(tmp_path)).is_held(path)
    assert Holds(None).take(path, PATIENCE)


def test_a_save_of_another_process_waits_for_the_claim(tmp_path: Path, path: str) -> None:
    state = str(tmp_path / "state")
    slept: list[float] = []

    def sleep(seconds: float) -> None:
        slept.append(seconds)
        assert Path(path).read_bytes() == first
        if len(slept) == 3:
            claimed(editor, path)
        time.sleep(0.01)

    timing = Timing(settle=0.0, pause=0.01)
    with participating(state, timing) as editor, participating(state, timing, sleep) as tab:
        opened = tab.open_notebook(path)
        first = opened.content
        editor.hold(path)
        mine = JUPYTER.spell(notebook(code("a = 1", id="a"), code("tab", id="b")))
        answer = tab.save(path, mine, opened.version)
    assert len(slept) >= 3
    assert b"tab" in answer.content
    assert b"editor" in answer.content


def claimed(editor: Participation, path: str) -> None:
    """The editor writes, and says what from."""
    version = editor.head(path)
    text = JUPYTER.spell(notebook(code("a = 1\neditor = 2", id="a")))
    Path(path).write_bytes(text)
    editor.claim(path, version, text)
