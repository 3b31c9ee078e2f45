"""Owns: node processes that the tests of one file share.

Must not know: what is tested.  Invariant: without node these tests are skipped.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.helpers.node_process import NodeProcess


@pytest.fixture(scope="module")
def double() -> Iterator[NodeProcess]:
    """Pages with a stand-in for Jupyter's shared model; with the real one where NBMERGE_NODE_MODULES says."""
    from tests.jupyter_page.node_pages import node

    with node(os.environ.get("NBMERGE_NODE_MODULES", "")) as found:
        yield found
