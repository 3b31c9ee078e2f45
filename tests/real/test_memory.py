"""What a watcher takes while many notebooks are saved."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from tests.bench.notebooks import Editor, megabyte
from tests.bench.watch import watching

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux")
MOST = 100  # MB


def memory(pids: Sequence[int]) -> float:
    """MB of some processes; what they share counts once."""
    found = 0
    for pid in pids:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        found += next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return found / 1024


def _are(versions: int, status: dict[str, object]) -> bool:
    return status["versions"] == versions


def save_all(editors: list[Editor], turn: int) -> None:
    for name, editor in enumerate(editors):
        editor.type(f"turn_{turn} = {name}")
        editor.save()


def saved_in_turn(folder: Path, number: int, turns: int) -> None:
    """So many notebooks of 1 MB, so often; the memory is looked at whenever all is recorded."""
    editors = [Editor(folder / f"{name}.ipynb", megabyte()) for name in range(number)]
    save_all(editors, 0)
    with watching(folder) as running:
        for turn in range(turns + 1):
            if turn:
                save_all(editors, turn)
            running.wait(partial(_are, number * (turn + 1)), 300)
            assert memory(running.processes) < MOST


def test_many_notebooks_that_are_saved_in_turn(tmp_path: Path) -> None:
    saved_in_turn(tmp_path, 40, 1)


@pytest.mark.slow
def test_very_many_notebooks_that_are_saved_in_turn(tmp_path: Path) -> None:
    saved_in_turn(tmp_path, 200, 3)
