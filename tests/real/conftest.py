"""Owns: the place that each test has for itself.

Must not know: what is tested there.  Invariant: nothing runs after the test.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.real.place import Place


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A folder with one notebook; nobody watches it yet."""
    from tests.daemon.machine import Machine
    from tests.real.people import Paper, first_notebook
    from tests.real.place import Place

    machine = Machine(tmp_path)
    machine.folder.mkdir()
    machine.path.write_bytes(first_notebook(Random(0)))
    yield Place(machine, Paper(machine.path))
    machine.clean_up()
