"""A pipe that is called like a notebook: whoever waited for it would wait for ever."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.cli.world import Command

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")


def test_a_search_passes_by_it(nbmerge: Command, folder: Path) -> None:
    os.mkfifo(folder / "pipe.ipynb")
    assert nbmerge("conflicts").out == b"no conflicts in 4 notebooks\n"


@pytest.mark.parametrize("command", ["conflicts", "resolve", "fix"])
def test_named_it_is_refused(nbmerge: Command, folder: Path, command: str) -> None:
    os.mkfifo(folder / "pipe.ipynb")
    ended = nbmerge(command, "pipe.ipynb")
    assert (ended.code, "is no ordinary file" in ended.err) == (3, True)
