"""Whether what comes of operations is trusted is asked only where there are outputs in them."""

from __future__ import annotations

import pytest

from nbmerge.jupyter.notebooks import bring_results, operations_shown
from nbmerge.notebook.reader import read
from nbmerge.sync import operations
from tests.helpers.build import Notebook, code, markdown, notebook
from tests.helpers.spelling import JUPYTER

START = notebook(markdown("# A", id="a"), code("one = 1", id="one", count=1, out="1\n"))
TITLE, ONE = START["cells"]


@pytest.mark.parametrize(
    ("other", "wanted"),
    [
        (notebook(markdown("# B", id="a"), ONE), False),
        (notebook(ONE, TITLE), False),
        (notebook(TITLE), False),
        (notebook(TITLE, ONE, markdown("b", id="b")), False),
        (notebook(TITLE, ONE | {"metadata": {"tags": ["x"]}}), False),
        (notebook(TITLE, code("one = 1", id="one", count=2, out="2\n")), True),
        (notebook(TITLE, ONE, code("two = 2", id="two")), True),
        (START | {"nbformat": 3, "worksheets": []}, True),
    ],
)
def test_operations_bring_results(other: Notebook, wanted: bool) -> None:
    todo = operations(read(JUPYTER.spell(START)), read(JUPYTER.spell(other)))
    assert bring_results(todo) is wanted
    if not wanted:
        assert len(operations_shown(todo)) == len(todo) > 0
