"""The process that the extension asks: whatever becomes of it, each question is answered or fails."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from nbmerge import __version__
from nbmerge.vscode.package import extension
from tests.helpers.build import code, notebook
from tests.helpers.node_process import NODE, needs_node
from tests.helpers.spelling import JUPYTER
from tests.vscode.windows import ROOT

pytestmark = needs_node
_ASK = Path(__file__).with_name("ask.mjs")
SERVE = [sys.executable, "-m", "nbmerge", "serve"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The unpacked extension."""
    found = tmp_path / "extension"
    found.mkdir()
    for name, content in extension(str(ROOT / "data"), __version__).files.items():
        (found / name).write_bytes(content)
    return found


def asked(folder: Path, command: list[str], *questions: object) -> dict[str, Any]:
    assert NODE is not None
    environment = os.environ | {"NBMERGE_STATE_DIR": str(folder.parent / "state"), "PYTHONPATH": str(ROOT)}
    call = [NODE, str(_ASK), str(folder), json.dumps(questions), *command]
    ended = subprocess.run(call, capture_output=True, env=environment, timeout=60, check=True)
    found: dict[str, Any] = json.loads(ended.stdout)
    return found


def put(path: Path, text: str) -> str:
    path.write_bytes(JUPYTER.spell(notebook(code(text, id="a"))))
    return str(path)


def program(script: str) -> list[str]:
    return [sys.executable, "-c", script]


def test_it_answers_and_tells_of_changes(folder: Path) -> None:
    path = put(folder.parent / "nb.ipynb", "a = 1")
    other = put(folder.parent / "other.ipynb", "a = 2")
    now = {"path": path}
    changes = {"from": other, "to": path}
    found = asked(folder, SERVE, ["open", now], ["head", now], ["follow", now], 300, changes, 1500)
    first, head, followed = found["answers"]
    assert first["version"] == head["version"] == followed["version"]
    assert "a = 1" in first["content"]
    assert found["states"] == [None]
    assert found["changed"] == [
        [path, asked(folder, SERVE, ["head", {"path": path}])["answers"][0]["version"]]
    ]


def test_what_is_wrong_with_a_notebook_is_said(folder: Path) -> None:
    path = folder.parent / "nb.ipynb"
    path.write_text("{")
    (found,) = asked(folder, SERVE, ["open", {"path": str(path)}])["answers"]
    assert found["failed"] == "no notebook"


def test_a_program_that_is_not_there(folder: Path) -> None:
    found = asked(folder, ["/nowhere/nbmerge"], *([["head", {"path": "x"}]] * 5))
    assert {one["failed"] for one in found["answers"]} == {"ended"}
    assert len(found["states"]) == 3  # it is not started over and over
    assert "/nowhere/nbmerge" in found["states"][0]


def test_a_program_that_ends_in_the_middle(folder: Path) -> None:
    found = asked(folder, program("input()"), ["head", {"path": "x"}], ["head", {"path": "x"}])
    assert [one["failed"] for one in found["answers"]] == ["ended", "ended"]


@pytest.mark.parametrize("line", ["Traceback (most recent call last):", "", "null", "[1]", '"text"', "{}"])
def test_what_another_program_prints_is_passed_over(folder: Path, line: str) -> None:
    found = asked(folder, program(f"print({line!r}, flush=True); input()"), ["head", {"path": "x"}])
    assert [one["failed"] for one in found["answers"]] == ["ended"]


def test_a_program_that_only_repeats_gives_no_answer(folder: Path) -> None:
    (found,) = asked(folder, program("print(input(), flush=True); input()"), ["head", {"path": "x"}])[
        "answers"
    ]
    assert found == {"failed": "bug", "why": "no answer of nbmerge"}
