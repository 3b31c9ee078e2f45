"""What a watcher takes while many notebooks are saved."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import pytest

from tests.bench.notebooks import Editor, megabyte, pictures
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


@pytest.mark.slow
def test_many_notebooks_that_are_saved_in_turn(tmp_path: Path) -> None:
    saved_in_turn(tmp_path, 40, 1)


@pytest.mark.slow
def test_very_many_notebooks_that_are_saved_in_turn(tmp_path: Path) -> None:
    saved_in_turn(tmp_path, 200, 3)


def highest(pids: Sequence[int]) -> float:
    """The most that some processes ever had, in MB; what they share counts for each."""
    lines = [line for pid in pids for line in Path(f"/proc/{pid}/status").read_text().splitlines()]
    return sum(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


@pytest.mark.parametrize("megabytes", [pytest.param(300, marks=pytest.mark.slow)])
def test_one_large_notebook_takes_at_most_four_times_its_size(tmp_path: Path, megabytes: int) -> None:
    editor = Editor(tmp_path / "large.ipynb", pictures(megabytes))
    Editor(tmp_path / "other.ipynb", megabyte()).save()
    with watching(tmp_path) as running:
        before = highest(running.processes)
        for turn in range(3):
            editor.type(f"turn_{turn} = 1")
            editor.save()
            running.wait(partial(_are, turn + 2), 300)
        size = os.path.getsize(editor.path) / 1_048_576
        assert highest(running.processes) - before < 4 * size


def peak(*arguments: str | Path) -> float:
    """The most that a command ever had, in MB."""
    command = [sys.executable, "-m", "nbmerge", *arguments]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as process:
        _, code, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(code)
    assert process.returncode == 0
    return used.ru_maxrss / 1024


@pytest.mark.slow
@pytest.mark.parametrize("renewed", [False, True], ids=["kept", "renewed"])
def test_a_merge_of_large_notebooks_takes_at_most_four_times_one_of_them(
    tmp_path: Path, renewed: bool
) -> None:
    """Whose pictures are those of base, or of which each side has made every other one anew."""
    editor = Editor(tmp_path / "base.ipynb", pictures(300))
    editor.save()
    size = os.path.getsize(editor.path) / 1_048_576
    for side, name in enumerate(("local.ipynb", "remote.ipynb")):
        editor.path = tmp_path / name
        for cell in editor.notebook["cells"][side :: 2 if renewed else 1000]:
            cell["source"].append(f"side = {side}\n")
            if renewed:
                data = cell["outputs"][0]["data"]
                data["image/png"] = data["image/png"][::-1]
        editor.save()
    names = [tmp_path / f"{name}.ipynb" for name in ("base", "local", "remote")]
    assert peak(*names, "--output", tmp_path / "out.ipynb") - peak("--version") < 4 * size
