"""Owns: a folder with notebooks, and the command line to be typed in it.

Must not know: what a merge gives.  Invariant: a call in this process and a call in another one are
written alike.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from nbmerge.cli.main import run

if TYPE_CHECKING:
    from tests.cli.past import Past
    from tests.cli.world import Command, Ended

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder: base, local, remote, and a rival whose first cell conflicts with local's."""
    from tests.cli.world import BASE, LOCAL, REMOTE, RIVAL, save

    for name, content in (("base", BASE), ("local", LOCAL), ("remote", REMOTE), ("rival", RIVAL)):
        save(tmp_path / f"{name}.ipynb", content)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def nbmerge(folder: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> Command:
    """The command line, called in this process."""
    from tests.cli.world import Ended

    def call(*arguments: str) -> Ended:
        capsysbinary.readouterr()
        exit_code = run(list(arguments))
        seen = capsysbinary.readouterr()
        return Ended(exit_code, seen.out, seen.err.decode())

    return call


@pytest.fixture
def process(folder: Path) -> Command:
    """A shell line in a process of its own; `$nbmerge` in it is the command."""
    from tests.cli.world import Ended

    def call(line: str) -> Ended:
        command = f"{sys.executable} -W error -m nbmerge"
        environment = os.environ | {"nbmerge": command, "PYTHONPATH": str(ROOT)}
        ended = subprocess.run(
            ["bash", "-c", line], cwd=folder, env=environment, capture_output=True, check=False, timeout=60
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr.decode())

    return call


@pytest.fixture
def past(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Past:
    """`nb.ipynb`, which has no history yet, and a state directory of its own for all commands."""
    from tests.cli.past import Past

    monkeypatch.setenv("NBMERGE_STATE_DIR", str(folder / "state"))
    return Past(folder / "nb.ipynb", str(folder / "state"))
