"""A state directory that others can write: every command that would look into it says so, and ends."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from nbmerge.cli.program import COMMANDS
from tests.cli.past import Past
from tests.cli.world import BASE, LOCAL, REMOTE, Command, snapshot

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes of Unix")
USES_NONE = {"merge", "git", "driver", "vscode", "demo", "replay", "doctor", "completion", "conflicts"}
BY_GIT = {"fix", "mergetool"}  # only where git does not know what they ask for
CALLS = {
    "resolve": ["nb.ipynb", "--local"],
    "watch": ["."],
    "start": ["."],
    "stop": [],
    "restart": ["."],
    "status": [],
    "log": ["nb.ipynb"],
    "show": ["nb.ipynb@1"],
    "diff": ["nb.ipynb@1"],
    "restore": ["nb.ipynb@1"],
    "recover": ["nb.ipynb"],
    "lost": ["nb.ipynb"],
    "open": ["nb.ipynb"],
    "serve": [],
    "store": ["copy", "{state}", "copied"],
    "save": ["nb.ipynb", "--base", "x", "local.ipynb"],
}


def test_every_command_is_thought_of() -> None:
    assert CALLS.keys() | USES_NONE | BY_GIT == COMMANDS.keys()


@pytest.mark.parametrize("name", CALLS)
def test_it_is_refused_at_once(past: Past, nbmerge: Command, folder: Path, name: str) -> None:
    past.saved(BASE, LOCAL)
    nbmerge("base.ipynb", "local.ipynb", "rival.ipynb", "--output", "nb.ipynb")  # with a conflict in it
    state = Path(past.state)
    state.chmod(0o777)
    before, there = snapshot(folder), snapshot(state)
    ended = nbmerge(name, *(word.format(state=state) for word in CALLS[name]))
    assert (ended.code, ended.out) == (4, b"")
    assert re.search(f"can be written by other users.*; type: chmod go-w {state}; or ", ended.line)
    assert (snapshot(folder), snapshot(state)) == (before, there)
    state.chmod(0o755)
    assert nbmerge("log", "nb.ipynb").code == 0


def test_a_merge_needs_none(past: Past, nbmerge: Command) -> None:
    Path(past.state).mkdir()
    Path(past.state).chmod(0o777)
    past.put(REMOTE)
    assert nbmerge("base.ipynb", "local.ipynb", "nb.ipynb").code == 0


def test_broken_notebooks_are_not_rebuilt(past: Past, nbmerge: Command, folder: Path) -> None:
    Path(past.state).mkdir()
    Path(past.state).chmod(0o777)
    lines = (folder / "local.ipynb").read_text().splitlines(keepends=True)
    at = next(number for number, line in enumerate(lines) if "a = 2" in line)
    sides = f"<<<<<<< HEAD\n{lines[at]}=======\n{lines[at].replace('2', '9')}>>>>>>> theirs\n"
    broken = past.put("".join([*lines[:at], sides, *lines[at + 1 :]]).encode())
    ended = nbmerge("fix", "nb.ipynb")
    assert ended.code == 4
    assert "type: chmod go-w" in ended.err
    assert past.path.read_bytes() == broken
