"""Owns: one browser for all tests of the page, and notebooks to open in it.

Must not know: what is tested.  Invariant: each test has pages, processes and a state directory of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.helpers.browser import Browser
    from tests.web.desk import Desk


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    pytest.importorskip("websocket", reason="jupyter_server, which brings it, is not installed")
    from tests.helpers.browser import browser as real

    with real() as found:
        yield found


@pytest.fixture
def desk(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Desk]:
    """A folder with a notebook in it, and the tools that are opened on it."""
    from tests.web.desk import Desk

    found = Desk(tmp_path, lambda: request.getfixturevalue("browser"))
    yield found
    found.clear()
