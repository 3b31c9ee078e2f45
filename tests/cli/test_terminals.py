"""A notebook that is printed on a terminal cannot command it; anywhere else it comes byte for byte."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.past import Past
from tests.cli.world import Command
from tests.helpers.build import code, notebook

pseudo = pytest.importorskip("tests.cli.pseudo", reason="a terminal of Unix")

EVIL = json.dumps(notebook(code("clear", id="one")), indent=1).replace("clear", "\x9b2Jcaf\xe9\x7f").encode()
BROKEN = b"{\r\n\x1b[2J\x1b]0;title\x07\tnot \xff a notebook\x00"


@pytest.mark.parametrize(
    ("content", "command"),
    [
        (EVIL, ["open", "nb.ipynb"]),
        (EVIL, ["nb.ipynb"] * 3),
        (EVIL, ["show", "nb.ipynb@1"]),
        (BROKEN, ["show", "nb.ipynb@2"]),
    ],
    ids=["open", "merge", "show", "broken"],
)
def test_no_control_characters(
    past: Past, nbmerge: Command, folder: Path, content: bytes, command: list[str]
) -> None:
    past.saved(EVIL)
    past.broken(BROKEN)
    terminal = pseudo.Terminal(*command, where=folder, NBMERGE_STATE_DIR=past.state)
    assert terminal.end() == 0
    shown = terminal.seen.replace("\r\n", "\n")
    assert all(character.isprintable() or character in "\n\t" or character == " " for character in shown)
    said = {EVIL: "\\x9b2Jcaf\xe9\\x7f", BROKEN: "\\x1b[2J\\x1b]0;title\\x07"}[content]
    assert said in shown
    assert nbmerge(*command).out == content
