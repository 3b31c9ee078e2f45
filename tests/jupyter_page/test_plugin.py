"""What of the page's part is on when some of it fails: the modules in node, as an application starts them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.node_process import NodeProcess, needs_node, node_process
from tests.jupyter_page.node_pages import PAGE

pytestmark = needs_node


@pytest.fixture
def page() -> Iterator[NodeProcess]:
    with node_process(Path(__file__).with_name("plugin.mjs"), str(PAGE)) as found:
        yield found


def test_what_cannot_be_shown_is_said_once_and_notebooks_are_merged_as_ever(page: NodeProcess) -> None:
    """This application shares no editors and no icons: nobody, no buttons and no history can be shown."""
    started = page.do("start")
    parts = "who else is here, buttons for conflicts, the history"
    assert started["said"] == [f"nbmerge merges as ever, but cannot show {parts}"]
    assert len(started["warned"]) == 3
    assert started["asked"] == ["GET about", "GET open"]
    for _ in range(2):
        ended = page.do("save")
        assert ended["saved"] == {"name": "nb.ipynb"}
    assert ended["asked"][2:] == ["PUT save"] * 2
    assert ended["said"][1:] == ["it waits"] * 2  # what came from others is said as ever
    assert len(ended["warned"]) == 3


def test_where_nothing_can_be_shown_notebooks_are_merged_all_the_same(page: NodeProcess) -> None:
    page.do("start", isBroken=True)
    assert page.do("save")["saved"] == {"name": "nb.ipynb"}


def test_a_panel_that_fails_leaves_the_later_ones_merged(page: NodeProcess) -> None:
    started = page.do("start", before=2)
    assert [one for one in started["warned"] if "leaves a notebook out" in one][1:]
    assert started["asked"] == ["GET about", "GET open"]
    assert page.do("save")["asked"][2:] == ["PUT save"]


def test_a_notebook_that_joins_and_leaves_is_told_to_all_also_where_one_fails(page: NodeProcess) -> None:
    told = page.do("hear")
    assert told["saved"] == ["nb.ipynb", "plain", "plain"]
    assert told["heard"] == [f"{what} nb.ipynb" for what in ("joined", "told", "left", "joined")]
    assert told["warned"] == 4
