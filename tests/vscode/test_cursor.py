"""Where others' cells push the one with the cursor away, the keys stay in it, if that is where they go."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.helpers.node_process import NodeProcess, needs_node
from tests.vscode.windows import host

pytestmark = needs_node


@pytest.fixture(scope="module")
def process(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeProcess]:
    with host(tmp_path_factory.mktemp("extension")) as found:
        yield found


def test_the_keys_stay_in_the_cell_where_somebody_types(process: NodeProcess) -> None:
    assert process.do("pushed", milliseconds=3000) == {"keys": "cell", "selected": 1}


def test_they_are_not_taken_from_a_terminal_where_the_cell_has_long_had_none(process: NodeProcess) -> None:
    """VS Code goes on to call the cell's editor the active one; the cell is only selected again."""
    assert process.do("pushed", milliseconds=60_000) == {"keys": "elsewhere", "selected": 1}
