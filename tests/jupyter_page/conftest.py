"""Owns: node processes, and a server with two tabs of JupyterLab, that the tests of one file share.

Must not know: what is tested.  Invariant: without node these tests are skipped; a file has its own server.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.helpers.build import Notebook
    from tests.helpers.node_process import NodeProcess
    from tests.jupyter_page.lab import Server, Tab


@pytest.fixture(scope="module")
def double() -> Iterator[NodeProcess]:
    """Pages with a stand-in for Jupyter's shared model; with the real one where NBMERGE_NODE_MODULES says."""
    from tests.jupyter_page.node_pages import node

    with node(os.environ.get("NBMERGE_NODE_MODULES", "")) as found:
        yield found


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server without notebooks."""
    from tests.jupyter_page.lab import server

    with server(tmp_path_factory.mktemp("lab")) as found:
        yield found


@pytest.fixture(scope="module")
def tabs(there: Server, chromium_program: Browser) -> tuple[Tab, Tab]:
    """Two tabs in it."""
    from tests.jupyter_page.lab import new_tab

    return new_tab(chromium_program, there), new_tab(chromium_program, there)


@pytest.fixture
def both(
    there: Server, tabs: tuple[Tab, Tab], beginning: Notebook, request: pytest.FixtureRequest
) -> Iterator[tuple[Tab, Tab]]:
    """Two tabs that show the same notebook, `beginning`; at the end neither has asked anything."""
    name = f"{request.node.name}.ipynb"
    there.put(name, beginning)
    for tab in tabs:
        tab.show(name)
    yield tabs
    assert [tab.dialogs() for tab in tabs] == [[], []]
