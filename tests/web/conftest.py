"""Owns: a folder in which notebooks are opened in the browser.

Must not know: what is tested.  Invariant: each test has pages, processes and a state directory of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.web.desk import Desk


@pytest.fixture
def desk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Desk]:
    """A folder with a notebook in it, and the tools that are opened on it."""
    from tests.web.desk import Desk

    found = Desk(tmp_path, lambda: request.getfixturevalue("chromium"))
    yield found
    found.clear()
