"""Owns: the machine that each test has for itself.

Must not know: what is tested on it.  Invariant: nothing runs after the test.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.daemon.machine import Machine


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A folder with one notebook, and a state directory that is not there yet."""
    from tests.daemon.machine import BASE, Machine
    from tests.helpers.spelling import JUPYTER

    made = Machine(tmp_path)
    made.folder.mkdir()
    made.path.write_bytes(JUPYTER.spell(BASE))
    yield made
    made.clean_up()
