"""`nbmerge doctor`, as it is typed: lines, JSON, exit codes, colours; and that it leaves no trace."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from nbmerge.cli import doctor_command
from nbmerge.doctor import checks
from nbmerge.doctor.values import Check, Finding, Setting, error, ok, warning
from tests.cli.world import Command

ROOT = Path(__file__).parents[2]


def look(setting: Setting) -> list[Finding]:
    return [ok("a", "fine"), warning("b", "odd \x1b[31m", "mind it"), error("c", "broken", "mend it")]


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "CHECKS", (Check("a", look),))


@pytest.mark.usefixtures("three")
def test_a_line_for_each_finding(nbmerge: Command) -> None:
    ended = nbmerge("doctor")
    assert (ended.code, ended.err) == (1, "")
    assert ended.out.decode().splitlines() == [
        "ok       fine",
        "warning  odd \\x1b[31m  - mind it",
        "error    broken  - mend it",
    ]


@pytest.mark.usefixtures("three")
def test_json_is_one_object(nbmerge: Command) -> None:
    ended = nbmerge("doctor", "--json")
    assert ended.code == 1
    told = json.loads(ended.out)
    assert list(told) == ["ok", "checks"]
    assert told["ok"] is False
    assert told["checks"][2] == {"name": "c", "state": "error", "message": "broken", "advice": "mend it"}


def test_warnings_are_no_failure(nbmerge: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "CHECKS", (Check("a", lambda setting: look(setting)[:2]),))
    assert nbmerge("doctor").code == 0
    assert json.loads(nbmerge("doctor", "--json").out)["ok"] is True


def test_a_word_is_too_much(nbmerge: Command) -> None:
    ended = nbmerge("doctor", "notebook.ipynb")
    assert (ended.code, ended.out) == (2, b"")


def test_the_real_checks_leave_no_trace(nbmerge: Command, tmp_path: Path) -> None:
    state = tmp_path / "not" / "there"
    ended = nbmerge("doctor", "--json", f"--state={state}")
    told = json.loads(ended.out)
    assert (ended.code == 0) is told["ok"]
    names = {check["name"] for check in told["checks"]}
    assert {
        "nbmerge",
        "python",
        "sqlite",
        "nbformat",
        "command nbmerge",
        "store",
        "watcher",
        "jupyter",
    } <= names
    assert not (tmp_path / "not").exists()


def test_a_folder_that_is_gone(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    ran = subprocess.run(
        ["sh", "-c", f'cd "{gone}" && rmdir "{gone}" && exec {sys.executable} -m nbmerge doctor'],
        env={"PYTHONPATH": str(ROOT), "HOME": str(tmp_path), "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (1, "")
    assert "error    the current folder is gone  - cd to one that is there" in ran.stdout


@pytest.mark.parametrize(("quiet", "coloured"), [("", True), ("1", False)])
def test_colours_on_a_terminal_where_they_are_wanted(tmp_path: Path, quiet: str, coloured: bool) -> None:
    ours, its = pty.openpty()
    environment = {
        "PYTHONPATH": str(ROOT),
        "HOME": str(tmp_path),
        "NO_COLOR": quiet,
        "PATH": os.environ["PATH"],
    }
    subprocess.run([sys.executable, "-m", "nbmerge", "doctor"], stdout=its, env=environment, check=False)
    os.close(its)
    shown = os.read(ours, 1 << 16).decode()
    os.close(ours)
    assert bool(re.search(r"^\x1b\[32mok     \x1b\[0m", shown, re.M)) is coloured
    assert ("\x1b" in shown) is coloured
    assert doctor_command.doctor_parser().exits[1] == "there is an error"
