"""What is shown of notebooks and names holds nothing that a terminal obeys, whatever command shows it.

`show`, `open` and a merge to standard output are left out: they give the bytes of a notebook, exactly.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from nbmerge.cli.program import COMMANDS
from tests.cli.past import Past
from tests.cli.world import Command
from tests.helpers.build import Notebook, code, conflict, markdown, notebook

EVIL = "\x1b]0;evil\x07 \x1b[31m \x9b31m \u202e \u2066 \x08 \x7f \r"
NAME = "n\x1b[31m\x07\u202e\x9b.ipynb"
OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


def evil(text: str, *more: str) -> Notebook:
    cells = [
        code(f"{EVIL} = {text}", id="one", out=f"{EVIL}{text}\n", tags=[EVIL]),
        markdown(EVIL + text, id="two"),
    ]
    return notebook(*cells, *(code(f"{EVIL}{each}", id=f"more{n}") for n, each in enumerate(more)))


CALLS = {
    "log": ["{}"],
    "diff": ["{}@1"],
    "lost": ["{}"],
    "status": [],
    "conflicts": ["{}"],
    "resolve": ["{}"],
    "recover": ["{}"],
    "restore": ["{}@1"],
    "fix": ["{}"],
    "replay": ["{}", "{}"],
    "save": ["{}", "--base", "1.0000.x", "{}"],
    "merge": ["{}", "{}", "other.ipynb", "--output", "out.ipynb"],
    "doctor": [],
    "stop": [],
    "store": ["copy", "{state}", "copied"],
}
EXACT = {"show", "open"}
ELSEWHERE = {"git", "driver", "vscode", "mergetool", "demo", "watch", "start", "restart", "serve"} | {
    "completion"
}


def test_every_command_is_thought_of() -> None:
    assert CALLS.keys() | EXACT | ELSEWHERE == COMMANDS.keys()


@pytest.fixture
def nasty(past: Past) -> Past:
    """A notebook with a name like that, a history, a doubt and a conflict."""
    named = Past(past.path.parent / NAME, past.state)
    markers = evil("x", "y")
    markers["cells"][2]["source"] = [conflict([EVIL], ["other"])]
    named.saved(evil("1", "gone"), evil("2"), markers)
    named.doubted(2, 1, 3)
    shutil.copy(named.path, named.path.parent / "other.ipynb")
    return named


@pytest.mark.parametrize("name", CALLS)
def test_nothing_that_a_terminal_obeys_comes_out(
    nasty: Past, nbmerge: Command, folder: Path, name: str
) -> None:
    ended = nbmerge(name, *(word.format(NAME, state=nasty.state) for word in CALLS[name]))
    text = ended.out.decode("utf-8", "replace") + ended.err
    assert OBEYED.findall(text) == []
    assert os.path.exists(nasty.path)


def test_a_traceback_holds_nothing_either(nbmerge: Command) -> None:
    ended = nbmerge("--debug", NAME, NAME, NAME)
    assert "Traceback" in ended.err
    assert OBEYED.findall(ended.err) == []


def test_versions_that_are_shown_alike_are_not_said_to_be_alike(past: Past, nbmerge: Command) -> None:
    past.saved(notebook(code("x = '\\x1b'", id="one")), notebook(code("x = '\x1b'", id="one")))
    assert nbmerge("diff", "nb.ipynb@1").out.endswith(b"only characters that are shown alike here differ\n")


def test_objects_hold_nothing_either(nasty: Past, nbmerge: Command) -> None:
    for name in ("log", "conflicts"):
        ended = nbmerge(name, NAME, "--json")
        assert OBEYED.findall(ended.out.decode()) == []
