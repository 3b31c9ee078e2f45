"""Owns: what it takes to fix a broken notebook of 10 MB, from the call to the end of the process.

Must not know: how nbmerge works inside.  Invariant: every figure is of a whole process in which the
notebook was rebuilt and recorded; the median of several runs.

    python -m tests.bench.repair
"""

from __future__ import annotations

import copy
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.notebooks import Notebook, _cell, _notebook, _printed, pictures

RUNS = 5
NAME = "n.ipynb"


def main() -> int:
    """Print the table."""
    print("nbmerge fix, 10 MB, seconds: of printed lines, of pictures")
    made = [printed(), pictures(10)]
    for what in ("git's versions", "edited, git's base", "the text alone", "the text alone, no JSON"):
        print(f"  {what:26}" + "".join(f"{_median(notebook, what):8.2f}" for notebook in made))
    return 0


def printed() -> Notebook:
    """3,000 cells, 10 MB in 240,000 lines."""
    return _notebook([_cell(number, 12, _printed(number, 55)) for number in range(3000)])


def _median(notebook: Notebook, what: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        broken = _broken(Path(folder), notebook, what)
        return statistics.median(_run(Path(folder), broken) for _ in range(RUNS))


def _broken(folder: Path, notebook: Notebook, what: str) -> bytes:
    """The file that is to be fixed; if git is to help, in a repository where its merge waits."""
    repository = folder if "git" in what else folder / "elsewhere"
    repository.mkdir(exist_ok=True)
    git = ["git", "-C", str(repository), "-c", "user.name=n", "-c", "user.email=n@example.org"]
    file = repository / NAME
    _quiet([*git, "init", "-q", "-b", "main"])
    sides = {"base": notebook, "main": _edited(notebook, "mine"), "topic": _edited(notebook, "theirs")}
    for branch, side in sides.items():
        if branch == "topic":
            _quiet([*git, "checkout", "-q", "-b", "topic", "main~1"])
        file.write_text(json.dumps(side, indent=1) + "\n", encoding="utf-8")
        _quiet([*git, "add", NAME])
        _quiet([*git, "commit", "-q", "-m", branch])
    _quiet([*git, "checkout", "-q", "main"])
    subprocess.run([*git, "merge", "-q", "topic"], check=False, capture_output=True)
    text = file.read_bytes()
    assert b"<<<<<<<" in text
    if what.startswith("edited"):
        text = text.replace(b'    "value_5_1', b'    "by_hand = 1\\n",\n    "value_5_1', 1)
        assert b"by_hand" in text
    return text.replace(b'\n   ],\n   "source"', b'\n   ]\n   "source"', 1) if "JSON" in what else text


def _edited(notebook: Notebook, who: str) -> Notebook:
    made = copy.deepcopy(notebook)
    for cell in made["cells"][::10]:
        cell["source"][1] = f"{who} = 1\n"
    return made


def _run(folder: Path, broken: bytes) -> float:
    (folder / NAME).write_bytes(broken)
    with tempfile.TemporaryDirectory() as state:
        command = [sys.executable, "-m", "nbmerge", "fix", NAME, "--state", state]
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
        start = time.perf_counter()
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, check=False)
        took = time.perf_counter() - start
    assert done.returncode in (0, 1), done
    return took


def _quiet(command: list[str]) -> None:
    subprocess.run(command, check=True, capture_output=True)


if __name__ == "__main__":
    raise SystemExit(main())
